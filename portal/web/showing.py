"""What the pages show of verdicts: each finding and each change once for all its stacks, and what each comes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from lychgate.portal.changes import Changed, Property
from lychgate.portal.web.standing import Count, Verdict, count, own
from lychgate.provisioner.models.names import parts_of
from lychgate.reports.reading import TOLD, blocks, rank, where

if TYPE_CHECKING:
    from lychgate.portal.verdicts import Judged

Standing = Literal["stops", "before", "advice", "waived"]
OPEN: Mapping[Standing, str] = {"before": "Open now, without the waiver"}
TITLES: Mapping[Standing, str] = {
    "stops": "Stops it",
    "before": "There before, and not brought by this",
    "advice": "Advice, which stops nothing",
    "waived": "Waived",
}


@dataclass(slots=True)
class Finding:
    """The same finding in one or several stacks."""

    one: dict[str, Any]
    standing: Standing
    where: str
    fix: str
    stacks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of a verdict: what it is of, what its judgements come to, how many that stop it the request brings."""

    name: str
    application: str
    environment: str
    tenant: str
    count: Count
    brought: int


@dataclass(slots=True)
class Alike:
    """Stacks in which the same happens to the same resources; of properties that become something else in each of
    them, such as names that hold the tenant's, only the path is told."""

    changes: list[Changed]
    stacks: list[str]


def changes(judged: Judged) -> list[Alike]:
    """What happens to resources, where something does first."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for stack, many in judged.changes.items():
        key = tuple(
            (one.action, one.type, one.name, one.notes, *(each.path for each in one.properties)) for one in many
        )
        found.setdefault(key, []).append(stack)
    alike = [Alike([*_common([judged.changes[stack] for stack in stacks])], stacks) for stacks in found.values()]
    return sorted(alike, key=lambda one: not one.changes)


def _common(stacks: Sequence[tuple[Changed, ...]]) -> Iterator[Changed]:
    for many in zip(*stacks, strict=True):
        places = zip(*(one.properties for one in many), strict=True)
        told = (each[0] if len(set(each)) == 1 else Property(each[0].path, "", "") for each in places)
        yield replace(many[0], properties=tuple(told))


def findings(verdicts: Iterable[Verdict], stack: str | None = None, *, as_is: bool = False) -> list[Finding]:
    """What was found, what stops first; with `stack` in that one alone. `as_is`: nobody brings any of it."""
    found: dict[tuple[Any, ...], Finding] = {}
    for verdict in verdicts:
        fixes = {rule["id"]: rule["remediation"] for rule in verdict.get("rules", ())}
        for one in verdict["judgements"]:
            name = one["stack"].rpartition("/")[2]
            if one["outcome"] not in TOLD or stack not in (None, name):
                continue
            standing = _standing(one, as_is)
            key = (one["rule"], one["type"], one["outcome"], one["message"], standing, where(one))
            fix = " ".join(fixes.get(one["rule"], "").split()) if one["outcome"] != "waived" else ""
            found.setdefault(key, Finding(one, standing, where(one), fix)).stacks.append(name)
    return sorted(found.values(), key=lambda one: (list(TITLES).index(one.standing), rank(one.one)))


def _standing(one: dict[str, Any], as_is: bool) -> Standing:
    if one["outcome"] == "waived":
        return "waived"
    if not blocks(one, True):
        return "advice"
    return "before" if as_is or one["introduced"] is False else "stops"


def stacks(judged: Judged, application: str) -> list[Stack]:
    """The stacks of a request's verdicts, those of its application first."""
    found = list(_stacks(judged))
    return sorted(found, key=lambda one: (one.application != application, one.application, one.environment, one.tenant))


def _stacks(judged: Judged) -> Iterator[Stack]:
    for verdict in judged.verdicts.values():
        for name in sorted({one["name"].rpartition("/")[2] for one in verdict["stacks"]}):
            there = own(verdict, name)
            brought = sum(blocks(one, True) and one["introduced"] is not False for one in there)
            application, environment, tenant = parts_of(name) or (name, "", "")
            yield Stack(name, application, environment, tenant, count(there), brought)
