"""Whether a store is as it was written: rows and checkpoints in, a report out. Nothing here reads a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lychgate.reports.evidence.canonical import NotCanonicalError
from lychgate.reports.evidence.checkpoints import Checkpoint
from lychgate.reports.evidence.pruned import Pruned, Range, months_before
from lychgate.reports.evidence.record import BrokenRecordError, Header, Row, genesis, moment_of
from pydantic import ValidationError

SKEW = timedelta(minutes=5)  # by which clocks of several writers may differ


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written. `sequence` is the record, or the first of several that are missing."""

    sequence: Any
    what: str

    def __str__(self) -> str:
        return f"record {self.sequence}: {self.what}" if self.sequence is not None else self.what


@dataclass(slots=True)
class Report:
    """What a check has found, and what it cannot know.

    `unproven` says what could have been done to the store without being seen here; `noticed` what is odd, but may be.
    `proven_to` is the last record that a checkpoint vouches for.
    """

    store: str
    count: int = 0
    first: int | None = None
    newest: Header | None = None
    findings: list[Finding] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    pruned: list[Range] = field(default_factory=list)
    proven_to: int | None = None

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def pruned_to(self) -> int:
        """The last record that was pruned; 0 for none."""
        return self.pruned[-1].last if self.pruned else 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "store": self.store,
            "intact": self.intact,
            "records": self.count,
            "first": self.first,
            "newest": {"sequence": self.newest.sequence, "hash": self.newest.hash} if self.newest else None,
            "proven_to": self.proven_to,
            "findings": [{"record": one.sequence, "what": one.what} for one in self.findings],
            "unproven": self.unproven,
            "noticed": self.noticed,
            "pruned": [one.model_dump() for one in self.pruned],
        }


def check(rows: Iterable[Row], store: str, checkpoints: Sequence[Checkpoint] = (), *, documents: bool = True) -> Report:
    """Go over every record in its order, and hold the chain against the checkpoints.

    Without `documents` those of prunings alone are looked at: the rows need no others.
    """
    checking = _Checking(Report(store), checkpoints, documents)
    for row in rows:
        checking.take(row)
    checking.end()
    return checking.report


class _Checking:
    def __init__(self, report: Report, checkpoints: Sequence[Checkpoint], documents: bool) -> None:
        self.report, self.documents = report, documents
        self.strangers = [one for one in checkpoints if one.store != report.store]
        self.checkpoints = [one for one in checkpoints if one.store == report.store]
        self.of: dict[int, list[Checkpoint]] = {}
        for one in self.checkpoints:
            self.of.setdefault(one.sequence, []).append(one)
        self.expected = 1
        # Hashes to which the next record may chain; none where that cannot be said.
        self.ends: set[Any] = {genesis(report.store)}
        self.start: Row | None = None
        self.prune: tuple[Header, Pruned] | None = None
        self.when: datetime | None = None

    def found(self, sequence: Any, what: str) -> None:
        self.report.findings.append(Finding(sequence, what))

    def take(self, row: Row) -> None:
        """One row more."""
        sequence = row.sequence
        self.report.count += 1
        if not isinstance(sequence, int):
            self.found(sequence, "its number is none")
            return
        if self.start is None:
            self.start, self.report.first = row, sequence
            if sequence > 1:  # the end says whether they were pruned
                self.expected, self.ends = sequence, set()
        header = self._content(row, sequence)
        self._place(row, sequence, whole=header is not None and header.hash == row.hash)
        self.ends = {row.hash} | ({header.hash} if header else set())
        self.expected = sequence + 1
        if header is not None:
            self.report.newest = header
            self._time(header)
            self._held(header)

    def _place(self, row: Row, sequence: int, whole: bool) -> None:
        """Its number, and what it chains to; not that of a record that is not `whole`, of which more was told."""
        if sequence > self.expected:
            self.found(self.expected, f"{_missing(self.expected, sequence - 1)}: deleted")
        elif sequence < self.expected:
            self.found(sequence, "a number that was given already")
        elif whole and self.ends and row.values["previous"] not in self.ends:
            if sequence == 1:
                self.found(sequence, "is not the first record of this store")
            else:
                what = f"is not the record that record {sequence} was chained to"
                self.found(sequence - 1, f"{what}: one of the two was put in place of another")

    def _content(self, row: Row, sequence: int) -> Header | None:
        """Its header against its hash, its document against its header."""
        header: Header | None = None
        try:
            header = row.header(self.report.store)
            if header.hash != row.hash:
                what = "its header is not what its hash was made of: who, what, when, its place or its hash was changed"
                self.found(sequence, what)
        except BrokenRecordError as error:
            self.found(sequence, f"{error}: it was changed")
        except NotCanonicalError as error:
            self.found(sequence, f"its header holds {error}: it was changed")
            header = None
        if not self.documents and row.values["kind"] != "prune":
            return header
        try:
            data = row.content()
        except BrokenRecordError as error:
            self.found(sequence, str(error))
            return header
        if header is not None and header.facts.kind == "prune":
            self._pruning(header, data)
        return header

    def _pruning(self, header: Header, data: bytes) -> None:
        try:
            told = Pruned.model_validate_json(data)
            before, at = moment_of(told.gone.before), moment_of(header.recorded_at)
            allowed = moment_of(told.gone.recorded_to) < before <= months_before(at, told.gone.months)
        except (ValidationError, ValueError):
            self.found(header.sequence, "a record of pruning that says nothing of what went")
            return
        if not told.whole or told.gone.last != header.facts.pruned_to or told.gone.last >= header.sequence:
            self.found(header.sequence, "a record of pruning that disagrees with itself")
            return
        if not allowed:
            self.found(header.sequence, f"records were pruned that were younger than {told.gone.months} months")
        if self.prune and told.earlier != self.prune[1].ranges:
            self.found(header.sequence, "a record of pruning that disagrees with the one before it")
        self.prune = header, told
        self.report.pruned = told.ranges

    def _time(self, header: Header) -> None:
        try:
            when = moment_of(header.recorded_at)
        except ValueError:
            self.found(header.sequence, "its time is none")
            return
        if self.when and when < self.when - SKEW:
            words = f"record {header.sequence} says an earlier time than the one before it: a clock was wrong"
            self.report.noticed.append(words)
        self.when = max(when, self.when or when)

    def _held(self, header: Header) -> None:
        """Against the checkpoints of this record."""
        for one in self.of.get(header.sequence, ()):
            if one.hash == header.hash:
                self.report.proven_to = header.sequence
                continue
            since = self.report.proven_to or self.report.pruned_to
            where = f"records from {since + 1} to {header.sequence}" if since + 1 < header.sequence else "it"
            self.found(header.sequence, f"is not what the checkpoint of {one.at} has signed: {where} were written anew")

    def end(self) -> None:
        """What only the end shows."""
        self._beginning()
        last = self.expected - 1 if self.start else 0
        for one in self.strangers:
            what = f"the checkpoint {one.file} of {one.at} is of the store {one.store}: this one was put in its place"
            self.found(None, what)
        beyond = [one for one in self.checkpoints if one.sequence > last]
        if beyond:
            newest = beyond[-1]
            what = f"{_missing(last + 1, newest.sequence)}: cut off the end"
            self.found(last + 1, f"{what}; the checkpoint of {newest.at} has signed it")
        first = self.report.first or 0
        for one in self.checkpoints:
            if one.sequence < first:
                self._gone(one)
        self.report.unproven.extend(self._unproven(last))

    def _beginning(self) -> None:
        """Whether what is missing before the first record was pruned."""
        if self.start is None:
            return
        first = self.start.sequence
        gone = self.report.pruned[-1] if self.report.pruned else None
        if gone is None or gone.last < first - 1:
            since = (gone.last if gone else 0) + 1
            if since < first:
                self.found(since, f"{_missing(since, first - 1)}: deleted")
        elif gone.last >= first:
            self.found(first, "was pruned, and is there again")
        elif gone.hash != self.start.values["previous"]:
            self.found(first, "does not chain to the last record that was pruned")

    def _gone(self, one: Checkpoint) -> None:
        """A checkpoint of a record that was pruned: it still says when that was recorded, and its hash."""
        for gone in self.report.pruned:
            if not gone.first <= one.sequence <= gone.last:
                continue
            try:
                young = moment_of(one.recorded_at) >= moment_of(gone.before)
            except ValueError:
                young = True
            if young:
                what = f"was pruned, though by the checkpoint of {one.at} it was recorded at {one.recorded_at}"
                self.found(one.sequence, f"{what}, not before {gone.before}")
            if one.sequence == gone.last and one.hash != gone.hash:
                self.found(one.sequence, f"the pruned record is not what the checkpoint of {one.at} has signed")

    def _unproven(self, last: int) -> Iterator[str]:
        if not self.start:
            if not self.checkpoints:
                yield "that there never was a record: no checkpoint is given"
            return
        proven = self.report.proven_to
        if proven is None:
            given = "none that is given holds" if self.checkpoints or self.strangers else "none is given"
            what = "that nothing was cut off the end, and that the chain was not written anew as a whole"
            yield f"{what}: that takes a checkpoint, and {given}"
        else:
            at = self.of[proven][-1].at
            what = f"that nothing was cut off the end since the newest checkpoint (record {proven}, {at})"
            many = f"records {proven + 1} to {last} were" if proven + 1 < last else f"record {last} was"
            yield what + (f", and that {many} not written anew" if proven < last else "")
        if self.prune and (proven is None or proven < self.prune[0].sequence):
            gone = self.report.pruned[-1]
            what = f"that records {gone.first} to {gone.last} were as old as their pruning says"
            yield f"{what}: that takes a checkpoint made since"


def _missing(first: int, last: int) -> str:
    return f"records {first} to {last} are missing" if first < last else "is missing"
