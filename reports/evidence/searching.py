"""What a reader asks of the store: which decisions, and which resources were judged by which rule in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import orjson
from lychgate.reports.evidence.record import Header, Row, moment_of, stamp
from lychgate.reports.evidence.store import Snapshot

from lychgate.model.labels import OTHER_DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records; None and () for any. `stack` may be without its project, `commit` the beginning of one.

    `since` and `until` are moments at which records were written.
    """

    kinds: tuple[str, ...] = ()
    stack: str | None = None
    application: str | None = None
    environment: str | None = None
    tenant: str | None = None
    commit: str | None = None
    branch: str | None = None
    pipeline: str | None = None
    requester: str | None = None
    decision: str | None = None
    since: str | None = None
    until: str | None = None

    def takes(self, header: Header) -> bool:
        """Whether a record is one of these."""
        facts = header.facts
        plain = ("environment", "branch", "pipeline", "requester")
        return (
            (not self.kinds or facts.kind in self.kinds)
            and (self.stack is None or any(is_stack(self.stack, one) for one in facts.stacks))
            and (self.application is None or self.application in facts.applications)
            and (self.tenant is None or self.tenant in facts.tenants)
            and (self.commit is None or (facts.commit or "").startswith(self.commit))
            and (self.decision is None or self.decision in (facts.decision, facts.outcome))
            and all(getattr(self, name) in (None, getattr(facts, name)) for name in plain)
            and (self.since is None or header.recorded_at >= self.since)
            and (self.until is None or header.recorded_at <= self.until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one rule said of one resource, in one record. `waiver` is the one that stands for it, whole."""

    record: int
    recorded_at: str
    stack: str
    type: str
    name: str
    urn: str
    classification: str | None
    in_scope: bool | None
    rule: str
    requirements: tuple[str, ...]
    level: str
    outcome: str
    message: str
    waiver: Mapping[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which judgements: `type` and `rule` may hold *; a requirement takes in those below it; None for any."""

    requirement: str | None = None
    type: str | None = None
    rule: str | None = None
    outcome: str | None = None
    waived: bool = False
    in_scope: bool = False

    def takes(self, one: Judged) -> bool:
        """Whether a judgement is one of these."""
        below = f"{self.requirement}."
        return (
            (
                self.requirement is None
                or any(each == self.requirement or each.startswith(below) for each in one.requirements)
            )
            and (self.type is None or fnmatchcase(one.type.lower(), self.type.lower()))
            and (self.rule is None or fnmatchcase(one.rule, self.rule))
            and (self.outcome is None or one.outcome == self.outcome)
            and (not self.waived or one.waiver is not None)
            and (not self.in_scope or one.in_scope is not False)
        )


def find(snapshot: Snapshot, wanted: Wanted) -> list[Header]:
    """The headers of records, in their order. Raises BrokenRecordError for one that cannot be read."""
    headers = (row.header(snapshot.id) for row in snapshot.rows(documents=False))
    return [header for header in headers if wanted.takes(header)]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stood at a moment: the newest record of each stack, and what is to be known of them.

    `stacks` are those of which a check is the newest record; of a record that is not there, all count.
    """

    headers: list[Header]
    notes: list[str] = field(default_factory=list)
    stacks: Mapping[int, set[str]] = field(default_factory=dict)


def newest_at(headers: Iterable[Header], moment: str) -> Standing:
    """Of each stack the newest record at a moment: of what was carried out, else of a check. What was removed is gone.

    A sync that was refused has changed nothing: the one before it stands. So it does where one has failed, and that is
    noted, since what was deployed then nobody has judged.
    """
    carried: dict[str, Header] = {}
    failed: dict[str, Header] = {}
    checked: dict[str, Header] = {}
    for header in headers:
        if header.recorded_at > moment:
            continue
        facts = header.facts
        for stack in facts.stacks:
            if facts.kind == "check":
                checked[stack] = header
            elif facts.outcome == "applied":
                carried[bare(stack)] = header
                failed.pop(bare(stack), None)
            elif facts.outcome in ("begun", "failed", "cancelled"):
                failed[bare(stack)] = header
    checked = {stack: one for stack, one in checked.items() if bare(stack) not in carried}
    newest = {one.sequence: one for one in (*checked.values(), *carried.values()) if one.facts.kind != "removal"}
    notes = [f"{stack}: judged in a check; that it was deployed is not recorded" for stack in sorted(checked)]
    for stack, one in sorted(failed.items()):
        words = f"a {one.facts.kind} since was {one.facts.outcome} (record {one.sequence})"
        notes.append(f"{stack}: {words}: what was deployed then may differ")
    stacks: dict[int, set[str]] = {}
    for stack, one in checked.items():
        stacks.setdefault(one.sequence, set()).add(stack)
    return Standing([newest[sequence] for sequence in sorted(newest)], notes, stacks)


def judged(row: Row, header: Header, asked: Asked) -> Iterator[Judged]:
    """The judgements of a record: of a sync, those of its own stack, as it was deployed where that was judged.

    Raises BrokenRecordError for a document that is not the one that was recorded.
    """
    document = orjson.loads(row.content())
    verdict = document if header.facts.kind == "check" else document.get("after") or document.get("verdict")
    if not verdict:
        return
    own = None if header.facts.kind == "check" else document["stack"]
    labels = {(one["stack"], one["urn"]): one["labels"] for one in verdict.get("resources", ())}
    waivers = {(one["rule"], one["ticket"]): one for one in verdict["waivers"]}
    for one in verdict["judgements"]:
        if own is not None and not is_stack(own, one["stack"]):
            continue
        known = labels.get((one["stack"], one["urn"]))
        classification = known.get("classification") if known is not None else None
        found = Judged(
            record=header.sequence,
            recorded_at=header.recorded_at,
            stack=one["stack"],
            type=one["type"],
            name=one["name"],
            urn=one["urn"],
            classification=classification,
            in_scope=None if known is None else classification not in OTHER_DATA,
            rule=one["rule"],
            requirements=tuple(one["requirements"]),
            level=one["level"],
            outcome=one["outcome"],
            message=one["message"],
            waiver=_waiver(waivers, one),
        )
        if asked.takes(found):
            yield found


def _waiver(waivers: Mapping[tuple[str, str], Mapping[str, Any]], one: Mapping[str, Any]) -> Mapping[str, Any] | None:
    ticket = one["waiver"]
    return waivers.get((one["rule"], ticket), {"ticket": ticket}) if ticket else None


def bare(stack: str) -> str:
    """A stack without its project: a sync names it so."""
    return stack.rpartition("/")[2]


def is_stack(wanted: str, name: str) -> bool:
    """Whether a stack has this name, which may be without its project."""
    return name == wanted or bare(name) == wanted


def moment_before(text: str) -> str:
    """A moment as records hold it; a day alone is its end. Raises ValueError."""
    moment = moment_of(text)
    return stamp(moment.replace(hour=23, minute=59, second=59, microsecond=999_999) if len(text) == 10 else moment)
