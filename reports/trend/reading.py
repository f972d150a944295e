"""Records of the store that count for a trend, as events, one document in memory at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import orjson
from lychgate.reports.evidence.checking import Report
from lychgate.reports.evidence.record import Header, Row, moment_of, stamp
from lychgate.reports.evidence.searching import Wanted, bare, find, is_stack, newest_at
from lychgate.reports.evidence.store import Snapshot
from lychgate.reports.trend.history import Event, History, Part, Selection
from lychgate.reports.trend.trend import Sources, Standing, Trend

from lychgate.model.errors import InputError

OLD = timedelta(days=30)  # after which a stack's newest verdict is called old


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a trend is asked for. `branches` are those whose checks count, and may hold *; a check of which nobody said
    the branch has the empty one. Syncs count whatever their branch: they are what is deployed."""

    since: datetime
    until: datetime
    environment: str | None = None
    selection: Selection = field(default_factory=Selection)
    branches: Sequence[str] = ("*",)

    def counts(self, header: Header) -> bool:
        """Whether a record is of what is deployed, or a check of a branch that counts."""
        return header.facts.kind != "check" or any(
            fnmatchcase(header.facts.branch or "", pattern) for pattern in self.branches
        )


def trend_of(snapshot: Snapshot, report: Report, asked: Asked) -> Trend:
    """The trend of a store, which must be intact by a report on its chain.

    Every record before `until` is read, also those before `since`: how long a finding is open follows from them.
    Raises BrokenRecordError for a document that is not the one that was recorded, InputError where nothing counts.
    """
    assert report.intact
    headers = find(snapshot, Wanted(kinds=("check", "sync", "removal"), environment=asked.environment))
    before = [header for header in headers if header.recorded_at <= stamp(asked.until)]
    left_out = Counter(one.facts.branch for one in before if not asked.counts(one))
    told = [one for one in before if asked.counts(one)]
    used = [one for one in told if one.facts.kind == "check" or one.facts.outcome == "applied"]
    history = History(asked.since, asked.until, asked.selection, pruned=bool(report.pruned))
    for header in sorted(used, key=lambda one: (one.recorded_at, one.sequence)):
        if header.facts.kind == "check" and all(bare(stack) in history.deployed for stack in header.facts.stacks):
            continue  # what is deployed counts: the document need not be read
        row = snapshot.row(header.sequence)
        assert row is not None
        history.take(event_of(row, header))
    newest = report.newest
    if newest is None or not history.found:
        raise _nothing(asked, left_out)
    selection = {"environment": asked.environment} | asdict(asked.selection)
    parts = history.parts_of_trend()
    notes = [
        *_old(parts["standing"], asked.until), *_environments(history), *_rulesets(history),
        *newest_at(told, stamp(asked.until)).notes,
    ]  # fmt: skip
    return Trend(
        **parts,
        selection={name: value for name, value in selection.items() if value is not None},
        sources=Sources(
            store=report.store, records=report.count, used=len(used), newest=newest.sequence, hash=newest.hash,
            proven_to=report.proven_to, unproven=report.unproven, left_out=dict(left_out.most_common()),
            notes=[note for note in notes if asked.selection.stacks(note.partition(":")[0])],
        ),
    )  # fmt: skip


def _is_deployed(header: Header, history: History) -> bool:
    """Whether a check is of nothing but stacks that were synced before."""
    stacks = header.facts.stacks
    return header.facts.kind == "check" and bool(stacks) and all(bare(one) in history.deployed for one in stacks)


def _old(standing: Iterable[Standing], until: datetime) -> Iterator[str]:
    """What has not been judged for long may stand otherwise by now."""
    for one in standing:
        if until - one.at > OLD:
            yield f"{one.stack}: judged last on {one.at:%Y-%m-%d}, {(until - one.at).days} days before the end"


def _environments(history: History) -> Iterator[str]:
    for stack, found in sorted(history.environments.items()):
        if len(found) > 1:
            names = ", ".join(sorted(str(one) for one in found))
            yield f"{stack}: judged for several environments ({names}): what passes in one is not mended in another"


def _rulesets(history: History) -> Iterator[str]:
    for stack, at in sorted(history.other_rules.items()):
        yield f"{stack}: judged by another ruleset since {at:%Y-%m-%d}: what passes since may have been mended by that"


def _nothing(asked: Asked, left_out: Mapping[str | None, int]) -> InputError:
    found = f"up to {stamp(asked.until)[:19]}Z no record counts that is of what is asked for"
    expected = "what `lychgate evidence list` shows: syncs that were applied, or checks"
    if checks := sum(left_out.values()):
        found += f"; {checks} check{'s' * (checks != 1)} of other branches, or of none that is known, left out"
        expected = "--branch NAME, or --branch '*' for every check"
    return InputError("report --since", found=found, expected=expected)


def event_of(row: Row, header: Header) -> Event:
    """What a record says. Raises BrokenRecordError for a document that is not the one that was recorded."""
    facts, at = header.facts, moment_of(header.recorded_at)
    if facts.kind == "check":
        verdict = orjson.loads(row.content())
        names = {one["name"] for one in verdict["stacks"]} | {one["stack"] for one in verdict["judgements"]}
        return Event(at, header.sequence, None, facts.environment, _parts(verdict, names), ruleset=facts.ruleset)
    document = orjson.loads(row.content())
    own = document["stack"]
    verdict = document.get("after") or document.get("verdict") or {"judgements": [], "waivers": []}
    named = {one["name"] for one in verdict.get("stacks", ())} | {one["stack"] for one in verdict["judgements"]}
    names = {name for name in named if is_stack(own, name)} or {own}
    return Event(
        at, header.sequence, own, facts.environment, () if facts.kind == "removal" else _parts(verdict, names),
        removal=facts.kind == "removal", application=_one(facts.applications), tenant=_one(facts.tenants),
        ruleset=facts.ruleset,
    )  # fmt: skip


def _parts(verdict: dict[str, Any], names: Iterable[str]) -> list[Part]:
    """Stack by stack; of a sync, whose siblings are judged with it, its own alone."""
    judgements: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for one in verdict["judgements"]:
        if one["stack"] in judgements:
            judgements[one["stack"]].append(one)
    labels: dict[str, dict[str, dict[str, str]]] = {name: {} for name in judgements}
    for one in verdict.get("resources", ()):
        if one["stack"] in labels:
            labels[one["stack"]][one["urn"]] = one["labels"]
    return [
        Part(
            name, found, labels[name] if "resources" in verdict else None, verdict.get("requirements", ()),
            verdict["waivers"],
        )
        for name, found in sorted(judgements.items())
    ]  # fmt: skip


def _one(words: Sequence[str]) -> str | None:
    return words[0] if words else None
