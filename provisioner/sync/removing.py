"""Whether a stack may be taken away: policy packs do not run when Pulumi destroys, so it is judged here.

Pure: what is deployed, there and around it, is read by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.application import USE
from lychgate.provisioner.models.names import SHARED, SINGLE, parts_of
from lychgate.provisioner.sync.capturing import PROJECT
from lychgate.provisioner.sync.difference import difference
from lychgate.provisioner.sync.planning import State, neighbours
from lychgate.provisioner.sync.records import Difference

from lychgate.model.graph import Graph

REFERENCE = "pulumi:pulumi:StackReference"
Kind = Literal["unread", "nothing", "used", "protected"]


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a stack may not be taken away as it is; `about` is a URN, or the name of a stack."""

    kind: Kind
    about: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"kind": self.kind, "about": self.about, "message": self.message}


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes with a stack, and what is against it."""

    stack: str
    difference: Difference
    objections: tuple[Objection, ...]

    @property
    def allowed(self) -> bool:
        """Whether nothing is against it."""
        return not self.objections

    @property
    def undetermined(self) -> bool:
        """Whether all that is against it is that something is not known."""
        return bool(self.objections) and all(one.kind == "unread" for one in self.objections)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = [one.as_dict() for one in self.objections]
        return {"stack": self.stack, "allowed": self.allowed, "objections": told, **self.difference.as_dict()}


def judge_removal(scope: Scope, state: State, others: Mapping[str, State]) -> Removal:
    """Judge the removal of a stack; `others` are the states of the stacks around it, by stack.

    Whether the data that goes with it may be lost is a matter of the preflight.
    """
    deployed = state.deployed
    there = deployed.graph if deployed else Graph()
    goes = difference(Graph(), there, leftovers=deployed.leftovers if deployed else ())
    if state.unread:
        objections = [Objection("unread", scope.stack, f"what is deployed could not be read: {state.unread}")]
    elif not there.resources and not goes.changes:
        objections = [Objection("nothing", scope.stack, "nothing is deployed, so that there is nothing to take away")]
    else:
        objections = [*_used(scope, others), *_protected(goes)]
    return Removal(scope.stack, goes, tuple(objections))


def _protected(goes: Difference) -> Iterator[Objection]:
    for one in goes.protected:
        message = (
            f"{one.name} is protected, and Pulumi refuses to delete it. Write `retiring` into the application's file: "
            "that is a sync of its own, judged and kept like any other. Remove the stack after it."
        )
        yield Objection("protected", goes.redact(one.urn), goes.redact(message))


def _used(scope: Scope, others: Mapping[str, State]) -> Iterator[Objection]:
    """Deployed stacks that use this one: as the files say, or as their own state does."""
    known = {one.stack: one for one in neighbours(scope)}
    for name in others.keys() - known.keys():  # of which the files say nothing any more
        if parts := parts_of(name):
            known[name] = Scope(scope.platform, *parts)
    for _, one in sorted(known.items()):
        state = others.get(one.stack, State(unread="nobody has read it"))
        if state.unread:
            yield Objection("unread", one.stack, f"whether {one.stack} uses this stack is not known: {state.unread}")
            continue
        graph = state.deployed.graph if state.deployed else Graph()
        if not graph.resources:
            continue
        if why := _says(one, scope):
            yield Objection("used", one.stack, f"{one.stack} is deployed, and {why}. Remove it first.")
        elif _refers(graph, scope):
            message = f"{one.stack} reads the outputs of this stack. Sync it without that, or remove it, first."
            yield Objection("used", one.stack, message)


def _says(user: Scope, scope: Scope) -> str:
    """Why the files say that a stack uses another one; empty where they do not."""
    if user.name == scope.name:
        return "its tenant uses what the tenants share" if scope.tenant == SHARED and user.tenant != SHARED else ""
    spec = scope.platform.applications.get(user.name)
    target = SINGLE if scope.tenant == SINGLE else user.tenant
    if spec is None or user.tenant == SHARED or scope.tenant != target:
        return ""
    for name, workload in spec.workloads.items():
        for use in workload.uses:
            parts = USE.fullmatch(use)
            if parts is not None and parts["application"] == scope.name:
                return f"its workload {name} uses {use}"
    return ""


def _refers(graph: Graph, scope: Scope) -> bool:
    full = f"{scope.platform.file.organization}/{PROJECT}/{scope.stack}"
    return any(one.type == REFERENCE and one.properties.get("name") == full for one in graph.resources)
