"""Declared access: what a workload `uses` becomes rights, variables, secrets and ways through the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.components.base import Access, Port
from lychgate.provisioner.models.application import USE, Workload
from lychgate.provisioner.models.references import CALL, EXTERNAL, MODES


@dataclass(frozen=True, slots=True)
class Called:
    """A workload that is called: in which namespace, under which name, at which port; `scope` is its stack's."""

    scope: Scope
    name: str
    port: int

    @property
    def url(self) -> str:
        """Where it answers, inside of the cluster."""
        return f"https://{self.name}.{self.scope.namespace}.svc.cluster.local"


@dataclass(slots=True)
class Granted:
    """All that one workload gets by what it uses."""

    access: list[Access] = field(default_factory=list)
    statements: list[Mapping[str, Any]] = field(default_factory=list)
    environment: dict[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: dict[str, pulumi.Input[str]] = field(default_factory=dict)
    ports: dict[str, Port] = field(default_factory=dict)
    called: list[Called] = field(default_factory=list)
    externals: list[str] = field(default_factory=list)


# A thing by its name, and the tenant whose part of it is meant (None: all of it).
Find = Callable[[str], tuple[Any, str | None]]


def granted(scope: Scope, workload: Workload, find: Find) -> Granted:
    """What a workload gets; `find` leads from a resource's name to its component."""
    got = Granted()
    for use in workload.uses:
        parts = USE.fullmatch(use)
        assert parts is not None  # the model has checked it
        owner, name, mode = parts["application"], parts["name"], parts["mode"]
        if owner == EXTERNAL:
            got.externals.append(name)
            got.access.append({"target": use, "mode": "call"})
            continue
        target = scope if owner is None else scope.other(owner)
        called = target.application.workloads.get(name)
        if called is not None:
            got.called.append(Called(target, name, getattr(called, "port", 0)))
            got.environment[f"{variable(name)}_URL"] = got.called[-1].url
            got.access.append({"target": use.partition(":")[0], "mode": CALL[0]})
            continue
        resource = scope.application.resources[name]
        if not resource.serves(scope.environment_name, scope.tenant):
            continue
        thing, tenant = find(name)
        mode = mode or MODES[type(resource)][0]
        _add(got, name, thing.use(mode, tenant=tenant))
        access: Access = {"target": name, "mode": mode}
        got.access.append({**access, "tenant": tenant} if tenant else access)
    return got


def _add(got: Granted, name: str, use: Any) -> None:
    got.statements += use.statements
    got.environment |= {f"{variable(name)}_{suffix}": value for suffix, value in use.environment.items()}
    got.secrets |= {f"{name}-{suffix}".rstrip("-").lower(): value for suffix, value in use.secrets.items()}
    if use.ports:
        (got.ports[name],) = use.ports


def variable(name: str) -> str:
    """A name as the beginning of an environment variable."""
    return name.upper().replace("-", "_")
