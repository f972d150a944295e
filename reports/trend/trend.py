"""What a trend says. Moments are datetimes in UTC; series have one entry for each of `Trend.moments`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from statistics import fmean, median
from typing import Any, Literal, NamedTuple

# Why a finding is open no longer. Only what was judged again and passes is mended.
End = Literal["mended", "waived", "removed", "no longer judged"]
ENDS: tuple[End, ...] = ("mended", "waived", "removed", "no longer judged")
FEW = 5  # mended findings below which a mean says little


class Counts(NamedTuple):
    """Judgements by outcome; `undetermined` are those of a rule that could not decide, or crashed."""

    failed: int = 0
    undetermined: int = 0
    waived: int = 0
    passed: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sum."""
        return Counts(*map(sum, zip(self, other, strict=True)))

    @property
    def state(self) -> str:
        """The worst of them in one word; empty where nothing was judged."""
        return next((name for name, number in zip(self._fields, self, strict=True) if number), "")


# The name of an application, say, or None where a resource has none -> counts at each moment.
Series = dict[str | None, list[Counts]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that a resource breaks, open from the first verdict that shows it.

    `at_least`: older records were pruned, and it may have been open before. `again`: it was shown and had ended before.
    """

    stack: str
    rule: str
    urn: str
    type: str
    name: str
    severity: str
    layer: str
    level: str
    application: str | None
    tenant: str | None
    requirements: tuple[str, ...]
    opened: datetime
    record: int
    at_least: bool
    again: bool


@dataclass(slots=True)
class Flow:
    """What happened to findings after one moment, and until the next."""

    opened: int = 0
    again: int = 0
    ended: dict[End, int] = field(default_factory=lambda: dict.fromkeys(ENDS, 0))


@dataclass(frozen=True, slots=True)
class Mending:
    """How long findings were open that were mended in the range, in days; None where there were none.

    `number` are those of the mean; `older` were open longer than the store can say, and are not in it.
    """

    number: int
    older: int
    mean: float | None
    median: float | None
    longest: float | None

    @classmethod
    def of(cls, days: Sequence[float], older: int) -> Mending:
        """The statistics of some durations."""
        if not days:
            return cls(0, older, None, None, None)
        return cls(len(days), older, fmean(days), median(days), max(days))

    @property
    def few(self) -> bool:
        """Whether a mean says little."""
        return self.number < FEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement over time. `kind` is the weakest that the newest verdicts say of it: undetermined, manual,
    contributed or decided; None where they are of a format that does not say. Never a percentage."""

    id: str
    title: str
    kind: str | None
    counts: list[Counts]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverAge:
    """A waiver that the newest verdict of its stack lists.

    `since` is its first day as any version of it has said (`told`), else the day on which a verdict first listed it.
    `renewed` is how often it was given a later last day. `left` is in days, negative when over; None for no date.
    `void` is why it waives nothing, though it has not ended.
    """

    rule: str
    stack: str
    urn: str
    severity: str | None
    owner: str
    approver: str
    ticket: str
    reason: str
    expires: str
    used: bool
    void: str | None
    since: str
    told: bool
    age: int
    left: int | None
    renewed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A stack at the end, and the record that says how it stands. `deployed`: of a sync that was applied."""

    stack: str
    environment: str | None
    record: int
    at: datetime
    deployed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a trend was made from. `hash` is that of the newest record of the store; `proven_to` the last record that a
    signed checkpoint vouches for. `left_out` are checks that do not count, by their branch."""

    store: str
    records: int
    used: int
    newest: int
    hash: str
    proven_to: int | None
    unproven: Sequence[str]
    left_out: Mapping[str | None, int]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A range of the store. Series name what was ever counted in the range; `pairs` is how it stands at the end, by
    severity and layer. `flows[n]` is what happened between `moments[n]` and the next."""

    since: datetime
    until: datetime
    selection: Mapping[str, str]
    moments: list[datetime]
    severities: Series
    layers: Series
    applications: Series
    tenants: Series
    stacks: Series
    requirements: list[Requirement]
    pairs: dict[tuple[str, str], Counts]
    flows: list[Flow]
    mending: dict[str, Mending]
    open: list[Finding]
    waivers: list[WaiverAge]
    standing: list[Standing]
    sources: Sources

    @property
    def totals(self) -> list[Counts]:
        """All judgements at each moment."""
        return [added(series[at] for series in self.severities.values()) for at in range(len(self.moments))]

    def age(self, one: Finding) -> float:
        """How long a finding is open, in days."""
        return days(self.until - one.opened)


def added(counts: Iterable[Counts]) -> Counts:
    """The sum."""
    found = Counts()
    for one in counts:
        found = found.plus(one)
    return found


def days(span: timedelta) -> float:
    """A span in days."""
    return span / timedelta(days=1)


def moments_of(since: datetime, until: datetime) -> list[datetime]:
    """The moments at which posture is looked at: both ends, and each day, week or four weeks between them, so that
    there are about a hundred at most for two years."""
    span = days(until - since)
    step = timedelta(days=1 if span <= 120 else 7 if span <= 840 else 28)
    between = [since + step * number for number in range(math.ceil((until - since) / step))]
    return [*between, until]


def as_dict(trend: Trend) -> dict[str, Any]:
    """For JSON. Names that a resource does not say are null; moments are RFC 3339."""
    return {
        "version": "1",
        "since": trend.since,
        "until": trend.until,
        "selection": dict(trend.selection),
        "moments": trend.moments,
        "series": {
            name: [
                {"name": key, "counts": [one._asdict() for one in counts]}
                for key, counts in getattr(trend, name).items()
            ]
            for name in ("severities", "layers", "applications", "tenants", "stacks")
        },
        "requirements": [
            {"id": one.id, "title": one.title, "kind": one.kind, "counts": [each._asdict() for each in one.counts]}
            for one in trend.requirements
        ],
        "flows": trend.flows,
        "mending": trend.mending,
        "open": [asdict(one) | {"days": trend.age(one)} for one in trend.open],
        "waivers": trend.waivers,
        "stacks": trend.standing,
        "sources": {
            **{name: getattr(trend.sources, name) for name in Sources.__slots__ if name != "left_out"},
            "left_out": [{"branch": branch, "checks": count} for branch, count in trend.sources.left_out.items()],
        },
    }
