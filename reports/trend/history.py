"""From verdicts in the order of their time to a trend; a stack's newest verdict is all that is held of it.

What counts is what `evidence show --at` shows: of a stack the newest sync that was applied, else the newest check. A
sync that was refused or has failed moves nothing, and what was removed is gone.

A finding is one rule on one resource (stack, rule and URN, which is what a fingerprint is made of; not the fingerprint,
since a document may lie about that). It is open from the first verdict that shows it fail, and stays open while it
fails or is not determined. It is mended by a later verdict of its stack, for the same environment, in which the same
rule says that it passes. Where a waiver covers it, it is waived; where the resource is gone, removed; where the rule
was not asked any more, or says that it does not apply, nobody judges it any longer. What comes back is opened again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from lychgate.reports.evidence.searching import bare
from lychgate.reports.trend.trend import (
    Counts,
    End,
    Finding,
    Flow,
    Mending,
    Requirement,
    Series,
    Standing,
    WaiverAge,
    days,
    moments_of,
)
from lychgate.reports.trend.waivers import Waivers

from lychgate.model.outcome import LAYERS, SEVERITIES

Key = tuple[str, str]  # rule, URN
PLACES = {"fail": 0, "unknown": 1, "error": 1, "waived": 2, "pass": 3}  # outcome -> its place in Counts
WORST = ("fail", "error", "unknown", "waived", "not applicable", "pass")
KINDS = ("undetermined", "manual", "contributed", "decided")  # the weakest claim first


@dataclass(frozen=True, slots=True)
class Part:
    """What one record says of one stack, in the words of the verdict (`model.verdict`).

    `labels`: URN -> labels of every resource; None where the record does not hold resources.
    """

    stack: str
    judgements: Sequence[Mapping[str, Any]]
    labels: Mapping[str, Mapping[str, str]] | None = None
    requirements: Sequence[Mapping[str, Any]] = ()
    waivers: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A record that counts: a check, or a sync or removal that was carried out, of the stack `own` (no project).

    `application` and `tenant` are those of a sync, for resources that carry no label of their own.
    """

    at: datetime
    record: int
    own: str | None
    environment: str | None
    parts: Sequence[Part]
    removal: bool = False
    application: str | None = None
    tenant: str | None = None
    ruleset: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose judgements count; None for any."""

    application: str | None = None
    tenant: str | None = None
    stack: str | None = None

    def stacks(self, name: str) -> bool:
        """Whether a stack is meant."""
        return self.stack is None or self.stack in (name, bare(name))

    def takes(self, application: str | None, tenant: str | None) -> bool:
        """Whether what has these labels is meant."""
        return self.application in (None, application) and self.tenant in (None, tenant)


# Severity, layer, requirements, application, tenant: what judgements are counted by.
_Group = tuple[str, str, tuple[str, ...], str | None, str | None]
_Sums = dict[str, dict[Any, Counts]]


@dataclass
class _Stack:
    """The newest verdict of a stack, as far as later ones are compared with it."""

    standing: Standing
    groups: dict[_Group, list[int]]
    kinds: dict[str, str]
    waivers: list[Mapping[str, Any]]
    severities: dict[str, str]
    open: dict[Key, Finding] = field(default_factory=dict)

    @cached_property
    def sums(self) -> _Sums:
        """The counts by each thing that a series names."""
        found: dict[str, defaultdict[Any, list[int]]] = {name: defaultdict(lambda: [0] * 4) for name in _SERIES}
        for (severity, layer, requirements, application, tenant), counts in self.groups.items():
            keys: list[tuple[str, Any]] = [
                ("severities", severity), ("layers", layer), ("pairs", (severity, layer)), ("tenants", tenant),
                ("applications", application), ("stacks", self.standing.stack),
                *(("requirements", one) for one in requirements),
            ]  # fmt: skip
            for name, key in keys:
                total = found[name][key]
                for place, number in enumerate(counts):
                    total[place] += number
        return {name: {key: Counts(*counts) for key, counts in sums.items()} for name, sums in found.items()}


_SERIES = ("severities", "layers", "pairs", "applications", "tenants", "stacks", "requirements")


@dataclass
class History:
    """Goes over events, which must come in the order of `at`, and knows at the end what a trend says.

    `pruned`: whether records before the first were deleted, so that what the first verdict of a stack shows may be
    older. Moments are aware datetimes.
    """

    since: datetime
    until: datetime
    selection: Selection = field(default_factory=Selection)
    pruned: bool = False

    def __post_init__(self) -> None:
        self.moments = moments_of(self.since, self.until)
        self.flows = [Flow() for _ in self.moments[1:]]
        self.stacks: dict[str, _Stack] = {}
        self.deployed: dict[str, int] = {}  # stack without project -> the newest sync or removal that was applied
        self.seen: dict[str, int] = {}  # stack -> the newest record that has moved it
        self.ended: set[tuple[str, str, str]] = set()
        self.mended: dict[str, list[float]] = defaultdict(list)
        self.older: Counter[str] = Counter()
        self.waivers = Waivers()
        self.titles: dict[str, str] = {}
        self.snapshots: list[_Sums] = []
        self.found = False  # whether anything of what is selected was ever judged, or stood
        self.environments: dict[str, set[str | None]] = defaultdict(set)
        self.rulesets: dict[str, str] = {}  # stack -> digest of the newest
        self.other_rules: dict[str, datetime] = {}  # stack -> when its ruleset last became another one in the range

    def take(self, event: Event) -> None:
        """One record more. One after the end of the range is not looked at."""
        if event.at > self.until:
            return
        self._look(event.at)
        if event.own is None:
            for part in event.parts:
                # An older record comes late by a wrong clock: what is newer stands.
                if bare(part.stack) not in self.deployed and self.seen.get(part.stack, 0) < event.record:
                    self._replace(part, event)
        elif self.deployed.get(event.own, 0) < event.record:
            self.deployed[event.own] = event.record
            told = {part.stack for part in event.parts}
            for name in [name for name in self.stacks if bare(name) == event.own and name not in told]:
                self._close(name, event, "removed" if event.removal else "no longer judged")
            for part in event.parts:
                self._replace(part, event)

    def _look(self, before: datetime) -> None:
        """Keep how it stands at every moment that has passed."""
        while len(self.snapshots) < len(self.moments) and self.moments[len(self.snapshots)] < before:
            self.snapshots.append(self._sums())

    def _sums(self) -> _Sums:
        sums: _Sums = {name: {} for name in _SERIES}
        for stack in self.stacks.values():
            for name, counts in stack.sums.items():
                total = sums[name]
                for key, one in counts.items():
                    known = total.get(key)
                    total[key] = known.plus(one) if known else one
        return sums

    def _close(self, name: str, event: Event, why: End) -> None:
        for finding in self.stacks.pop(name).open.values():
            self._end(finding, event, why)

    def _replace(self, part: Part, event: Event) -> None:
        """The newest verdict of a stack takes the place of the one before."""
        if not self.selection.stacks(part.stack):
            return
        first = part.stack not in self.seen
        self.seen[part.stack] = event.record
        self.environments[part.stack].add(event.environment)
        before = self.stacks.get(part.stack)
        stack = self.stacks[part.stack] = _counted(part, event, self.selection)
        self.found |= self._selected(stack)
        found = _worst(part.judgements)
        same = before is not None and before.standing.environment == event.environment
        self._ruled(part.stack, event)
        for key, finding in before.open.items() if before else ():
            why = _end(key, found.get(key), part, same)
            if why is None:
                stack.open[key] = finding
            else:
                self._end(finding, event, why)
        for key, one in found.items():
            if one["outcome"] == "fail" and key not in stack.open:
                stack.open[key] = self._open(key, one, part, event, at_least=first and self.pruned)
        for requirement in part.requirements:
            self.titles.setdefault(requirement["id"], requirement["title"])
        self.waivers.remember(stack.waivers, event.at)

    def _ruled(self, stack: str, event: Event) -> None:
        if event.ruleset is None:
            return
        if self.rulesets.get(stack, event.ruleset) != event.ruleset and event.at > self.since:
            self.other_rules[stack] = event.at
        self.rulesets[stack] = event.ruleset

    def _open(self, key: Key, one: Mapping[str, Any], part: Part, event: Event, *, at_least: bool) -> Finding:
        application, tenant = _labels((part.labels or {}).get(one["urn"], {}), event)
        finding = Finding(
            stack=part.stack, urn=one["urn"], type=one["type"], name=one["name"], rule=one["rule"],
            severity=one["severity"], layer=one["layer"], level=one["level"], application=application, tenant=tenant,
            requirements=tuple(one["requirements"]), opened=event.at, record=event.record, at_least=at_least,
            again=(part.stack, *key) in self.ended,
        )  # fmt: skip
        if flow := self._flow(finding, event):
            flow.opened += 1
            flow.again += finding.again
        return finding

    def _end(self, finding: Finding, event: Event, why: End) -> None:
        self.ended.add((finding.stack, finding.rule, finding.urn))
        flow = self._flow(finding, event)
        if flow is None:
            return
        flow.ended[why] += 1
        if why == "mended" and finding.at_least:
            self.older[finding.severity] += 1
        elif why == "mended":
            self.mended[finding.severity].append(days(event.at - finding.opened))

    def _flow(self, finding: Finding, event: Event) -> Flow | None:
        """Where to count what happens to a finding; None before the range, and for what is not selected."""
        if event.at <= self.since or not self.selection.takes(finding.application, finding.tenant):
            return None
        return self.flows[bisect_left(self.moments, event.at) - 1]

    def end(self) -> None:
        """There is no further record."""
        while len(self.snapshots) < len(self.moments):
            self.snapshots.append(self._sums())

    def series(self, name: str, order: Sequence[str] = ()) -> Series:
        """One thing over time: in the order of words that are known, else by name; resources without one last."""
        keys = {key for sums in self.snapshots for key in sums[name]}
        place = {word: number for number, word in enumerate(order)}
        known = sorted(keys, key=lambda key: (key is None, place.get(key, len(place)), key or ""))
        return {key: [sums[name].get(key, Counts()) for sums in self.snapshots] for key in known}

    def parts_of_trend(self) -> dict[str, Any]:
        """All of a `Trend` that follows from the events."""
        self.end()
        durations = {name: Mending.of(self.mended[name], self.older[name]) for name in SEVERITIES}
        every = [one for found in self.mended.values() for one in found]
        return {
            "since": self.since,
            "until": self.until,
            "moments": self.moments,
            "severities": {name: [Counts()] * len(self.moments) for name in SEVERITIES}
            | self.series("severities", SEVERITIES),
            "layers": self.series("layers", LAYERS),
            "applications": self.series("applications"),
            "tenants": self.series("tenants"),
            "stacks": self.series("stacks"),
            "requirements": self._requirements(),
            "pairs": dict(sorted(self.snapshots[-1]["pairs"].items())),
            "flows": self.flows,
            "mending": {**durations, "all": Mending.of(every, self.older.total())},
            "open": self._still_open(),
            "waivers": self._waivers(),
            "standing": [stack.standing for _, stack in sorted(self.stacks.items()) if self._selected(stack)],
        }

    def _selected(self, stack: _Stack) -> bool:
        """Whether a stack stands for what is selected: of an application or tenant it has something that was judged."""
        return bool(stack.groups) or self.selection.takes(None, None)

    def _still_open(self) -> list[Finding]:
        found = [
            one
            for stack in self.stacks.values()
            for one in stack.open.values()
            if self.selection.takes(one.application, one.tenant)
        ]
        return sorted(found, key=lambda one: (one.opened, SEVERITIES.index(one.severity), one.rule, one.stack, one.urn))

    def _requirements(self) -> list[Requirement]:
        """Those that a verdict has named or a judgement counts for, in the order of their numbers."""
        series = self.series("requirements")
        kinds: dict[str, set[str]] = defaultdict(set)
        for stack in filter(self._selected, self.stacks.values()):
            for name, kind in stack.kinds.items():
                kinds[name].add(kind)
        found = []
        for name in sorted({*kinds, *(key for key in series if key is not None)}, key=_numbered):
            counts = series.get(name, [Counts()] * len(self.moments))
            kinds[name] |= {"undetermined"} if counts[-1].undetermined else set()
            weakest = next((kind for kind in KINDS if kind in kinds[name]), None)
            found.append(Requirement(id=name, title=self.titles.get(name, ""), kind=weakest, counts=counts))
        return found

    def _waivers(self) -> list[WaiverAge]:
        day = self.until.date()
        found = [
            one for stack in self.stacks.values() for one in self.waivers.ages(stack.waivers, stack.severities, day)
        ]
        return sorted(found, key=lambda one: (one.expires, one.rule, one.stack, one.urn))


def _end(key: Key, one: Mapping[str, Any] | None, part: Part, same: bool) -> End | None:
    """Why a finding is open no longer; None while it is. `same`: whether both verdicts are for one environment."""
    if one is None:
        gone = part.labels is not None and key[1] not in part.labels
        return "removed" if gone else "no longer judged"
    outcome = one["outcome"]
    if outcome == "waived":
        return "waived"
    if outcome == "pass" and same:
        return "mended"
    return "no longer judged" if outcome in ("pass", "not applicable") else None


def _worst(judgements: Sequence[Mapping[str, Any]]) -> dict[Key, Mapping[str, Any]]:
    """What each rule says of each resource; the worst, should it have said several things."""
    found: dict[Key, Mapping[str, Any]] = {}
    for one in judgements:
        key = one["rule"], one["urn"]
        known = found.get(key)
        if known is None or WORST.index(one["outcome"]) < WORST.index(known["outcome"]):
            found[key] = one
    return found


def _counted(part: Part, event: Event, selection: Selection) -> _Stack:
    """The hot loop: it runs once for every judgement of every record."""
    groups: dict[_Group, list[int]] = {}
    covered: set[tuple[str, str]] = set()
    severities: dict[str, str] = {}
    labels = {urn: _labels(known, event) for urn, known in (part.labels or {}).items()}
    without = _labels({}, event)
    for one in part.judgements:
        application, tenant = labels.get(one["urn"], without)
        severities[one["rule"]] = one["severity"]
        if not selection.takes(application, tenant):
            continue
        if one["waiver"]:
            covered.add((one["rule"], one["waiver"]))
        if (place := PLACES.get(one["outcome"])) is not None:
            key = one["severity"], one["layer"], tuple(one["requirements"]), application, tenant
            counts = groups.get(key)
            if counts is None:
                counts = groups[key] = [0] * 4
            counts[place] += 1
    every = selection.takes(None, None)
    return _Stack(
        Standing(
            stack=part.stack, environment=event.environment, record=event.record, at=event.at,
            deployed=event.own is not None,
        ),
        groups,
        {one["id"]: one["state"] for one in part.requirements},
        [
            one
            for one in part.waivers
            if one["stack"] == part.stack and (every or (one["rule"], one["ticket"]) in covered)
        ],
        severities,
    )  # fmt: skip


def _labels(known: Mapping[str, str], event: Event) -> tuple[str | None, str | None]:
    return known.get("application", event.application), known.get("tenant", event.tenant)


def _numbered(name: str) -> list[tuple[bool, int, str]]:
    """1.10 comes after 1.9, and A1 after the numbers."""
    parts = name.split(".")
    return [(not one.isdecimal(), int(one[:9]) if one.isdecimal() else 0, one) for one in parts]
