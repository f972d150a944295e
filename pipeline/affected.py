"""From the files that a change touches to the stacks that it can change. Not sure is affected, never left out.

What a stack is made from: its application's file, its environment, its tenant, `platform.yaml`, Lychgate's own code; of
the applications that it uses their files; of the workloads that use it what they are called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lychgate.pipeline.places import Kind, Places
from lychgate.provisioner.models.application import USE, Application
from lychgate.provisioner.models.names import SHARED, stack_name
from lychgate.provisioner.models.platform import Platform

from lychgate.model.escaping import flat

Name = tuple[str, str, str]  # application, environment, tenant
UNREAD = "the platform as it was cannot be read"
EVERY: tuple[Kind, ...] = ("platform", "policies", "code")


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of the platform, and why it is affected, or gone."""

    application: str
    environment: str
    tenant: str
    reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name."""
        return stack_name(self.application, self.environment, self.tenant)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = {name: getattr(self, name) for name in ("application", "environment", "tenant")}
        return {"stack": self.name, **told, "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True)
class Affected:
    """What a change does to stacks: those it affects, those that are no longer there, and of each of its files what it
    is. `before` is the platform as it was; None where that cannot be told."""

    stacks: tuple[Stack, ...]
    gone: tuple[Stack, ...]
    files: dict[str, Kind]
    before: Platform | None

    @property
    def without_effect(self) -> list[str]:
        """The files of which no stack is made."""
        return [path for path, kind in self.files.items() if kind in ("pipeline", "other")]


def affected(before: Platform | None, now: Platform, places: Places, files: Iterable[str]) -> Affected:
    """The stacks that a change of these files, as paths in the repository, affects."""
    work = _Work(before, now)
    kinds: dict[str, Kind] = {}
    for path in sorted(files):
        kinds[path], name = places.kind(path)
        work.changed(path, kinds[path], name)
    stacks = tuple(Stack(*one, tuple(reasons)) for one, reasons in sorted(work.found.items()) if one in work.now)
    gone = [(one, work.found.get(one) or ["its files are no longer there"]) for one in work.before - work.now]
    return Affected(stacks, tuple(Stack(*one, tuple(reasons)) for one, reasons in sorted(gone)), kinds, before)


class _Work:
    """One change under way: `found` are reasons by stack."""

    def __init__(self, before: Platform | None, now: Platform) -> None:
        self.sides = [one for one in (before, now) if one is not None]
        self.before, self.now = set(stacks_of(before)) if before else set[Name](), set(stacks_of(now))
        self.found: dict[Name, list[str]] = {}
        if before is None:
            self._add(UNREAD)
        for one in sorted(self.now - self.before) if before else ():
            self.found[one] = ["it is new"]

    def _add(self, reason: str, **only: str) -> None:
        """A reason for the stacks of an application, an environment or a tenant; for all where none is named."""
        for one in self.before | self.now:
            told = dict(zip(("application", "environment", "tenant"), one, strict=True))
            if all(told[key] == value for key, value in only.items()):
                reasons = self.found.setdefault(one, [])
                reasons += [] if reason in reasons else [reason]

    def changed(self, path: str, kind: Kind, name: str) -> None:
        """Take a file that has changed."""
        why = f"{flat(path)} has changed"
        if kind in EVERY:
            self._add(why)
        elif kind == "environment":
            self._add(why, environment=name)
        elif kind == "tenants":
            for tenant in self._tenants():
                self._add(f"{why}: {tenant}", tenant=tenant)
        elif kind == "application":
            self._add(why, application=name)
            self._others(name)

    def _tenants(self) -> list[str]:
        """The tenants of which something else is said than before."""
        if len(self.sides) < 2:
            return []  # all are affected already
        before, now = (one.tenants for one in self.sides)
        return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))

    def _others(self, name: str) -> None:
        """The stacks of applications that use a changed one, or that it uses otherwise than before."""
        for other in sorted({one for side in self.sides for one in side.applications} - {name}):
            if any(_calls(side, other, name) for side in self.sides):
                reason = f"{other} uses {name}, which has changed"
            elif len({_calls(side, name, other) for side in self.sides}) > 1:
                reason = f"{name}, which has changed, uses {other} otherwise"
            else:
                continue
            for tenant in {one[2] for one in self.before | self.now if one[0] == other} - {SHARED}:  # it calls nothing
                self._add(reason, application=other, tenant=tenant)


def stacks_of(platform: Platform) -> Iterator[Name]:
    """The names of all stacks of a platform."""
    for name, application in platform.applications.items():
        for environment in platform.environments:
            yield from ((name, environment, tenant) for tenant in (SHARED, *application.tenants))


def _calls(platform: Platform, name: str, other: str) -> tuple[Any, ...]:
    """How an application uses another: which workload which thing, and for which tenants; empty where it does not."""
    application: Application | None = platform.applications.get(name)
    if application is None:
        return ()
    uses = [
        (caller, use)
        for caller, workload in application.workloads.items()
        for use in workload.uses
        if (USE.fullmatch(use) or {"application": None})["application"] == other
    ]
    return (tuple(application.tenants), *uses) if uses else ()
