"""What the pages show of verdicts: each finding once for all its stacks, and what was judged of each stack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

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
class Resources:
    """Which resources a request makes and takes away, type and name, alike in these stacks."""

    made: list[tuple[str, str]]
    gone: list[tuple[str, str]]
    stacks: list[str]


def resources(judged: Judged, application: str, recorded: Callable[[str], Verdict | None]) -> list[Resources]:
    """What comes and goes in the stacks of an application of which `recorded` has a verdict from before."""
    found: dict[tuple[Any, ...], Resources] = {}
    for verdict in judged.verdicts.values():
        for name in sorted({one["stack"].rpartition("/")[2] for one in verdict["resources"]}):
            earlier = recorded(name) if name.partition(".")[0] == application else None
            if earlier is not None:
                now, before = _resources(verdict, name), _resources(earlier, name)
                made, gone = sorted(now - before), sorted(before - now)
                key = (tuple(made), tuple(gone))
                found.setdefault(key, Resources(made, gone, [])).stacks.append(name)
    return sorted(found.values(), key=lambda one: not (one.made or one.gone))


def _resources(verdict: Verdict, stack: str) -> set[tuple[str, str]]:
    return {
        (one["type"], one["name"])
        for one in verdict["resources"]
        if one["stack"].rpartition("/")[2] == stack and not one["component"]
    }


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
