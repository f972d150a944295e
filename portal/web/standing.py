"""What the store of evidence says of each stack: the newest record that is of what stands, and its judgements.

A check counts if it is of a main branch: a merge request's says nothing of what stands. A sync counts once it was
applied. Of a store that is not as it was written nothing is called passed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

import orjson
from lychgate.reports.document import parse
from lychgate.reports.evidence.sync_record import Found
from lychgate.reports.reading import blocks, mandatory
from pydantic import ValidationError

from lychgate.model.errors import InputError

if TYPE_CHECKING:
    from lychgate.reports.evidence.databases import Address
    from lychgate.reports.evidence.record import Header
    from lychgate.reports.evidence.store import Snapshot, Store

State = Literal["passed", "findings", "undetermined", "not judged", "never judged", "removed"]
WAIVABLE = ("fail", "unknown")
MOST_VERDICTS = 50  # that are kept in memory
Verdict = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Count:
    """What the judgements on a stack come to: mandatory findings, mandatory judgements that could not be determined,
    advice, what is waived, and all."""

    findings: int
    undetermined: int
    advice: int
    waived: int
    judged: int

    @property
    def state(self) -> State:
        """In a word. What nothing was judged of has not passed."""
        if self.findings:
            return "findings"
        if self.undetermined:
            return "undetermined"
        return "passed" if self.judged else "not judged"


def count(judgements: Sequence[Mapping[str, Any]]) -> Count:
    """Count judgements, as a strict ruleset does."""
    stopping = [one for one in judgements if blocks(dict(one), True)]
    undetermined = sum(one["outcome"] == "unknown" for one in stopping)
    advice = sum(one["outcome"] in ("fail", "unknown") and not mandatory(dict(one)) for one in judgements)
    waived = sum(one["outcome"] == "waived" for one in judgements)
    judged = sum(one["outcome"] != "not applicable" for one in judgements)
    return Count(len(stopping) - undetermined, undetermined, advice, waived, judged)


@dataclass(frozen=True, slots=True)
class Stood:
    """What is known of one stack. `header` is of the record; None where there is none. `open` are findings that a
    waiver may be asked for (fingerprint, rule, name); `used` says of waivers, by rule and URN, whether one was needed.
    """

    state: State
    header: Header | None = None
    count: Count | None = None
    open: Sequence[tuple[str, str, str]] = ()
    used: Mapping[tuple[str, str], bool] = field(default_factory=dict)


NEVER = Stood("never judged")


@dataclass(frozen=True, slots=True)
class Board:
    """What is known of all stacks, by their names without a project, and what is wrong with the store."""

    stacks: Mapping[str, Stood] = field(default_factory=dict)
    trouble: str = ""

    def of(self, stack: str) -> Stood:
        """What is known of one."""
        return self.stacks.get(stack, NEVER)


class Standing:
    """The store, read again where something was recorded since. Its methods raise StoreError and BrokenRecordError."""

    def __init__(self, where: Callable[[], Address], branches: Sequence[str]) -> None:
        self._where, self._branches = where, branches
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._seen: tuple[Any, Any] | None = None
        self._board = Board()
        self._verdicts: OrderedDict[tuple[int, str], Verdict | None] = OrderedDict()

    def board(self) -> Board:
        """What the store says now."""
        with self._lock:
            store = self._opened()
            if store is None:
                where = self._where().shown
                return Board(trouble=f"There is no store of evidence at {where}: `lychgate evidence import` makes it.")
            with store.read() as snapshot:
                newest = snapshot.newest()
                seen = (newest.sequence, newest.hash) if newest else (0, None)
                if seen != self._seen:
                    self._board, self._seen = self._read(snapshot), seen
            return self._board

    def record(self, sequence: int) -> tuple[Header, Verdict | None]:
        """A record, and the verdict in it, if it holds one. Raises InputError where there is no such record."""
        with self._lock:
            store = self._opened()
            if store is not None and 0 < sequence < 2**63:
                with store.read() as snapshot:
                    if (row := snapshot.row(sequence)) is not None:
                        header = row.header(snapshot.id)
                        return header, self._verdict(header, snapshot)
        raise InputError("record", found=f"there is no record {sequence}", expected="one that there is")

    def _opened(self) -> Store | None:
        from lychgate.reports.evidence.store import Store  # which takes a while to load

        if self._store is None:
            with suppress(InputError):
                self._store = Store.open(self._where())
        return self._store

    def _read(self, snapshot: Snapshot) -> Board:
        from lychgate.reports.evidence.checking import check  # which brings all that signs

        if not check(snapshot.chain(), snapshot.id, documents=False).intact:
            return Board(trouble="The store of evidence is not as it was written: see `lychgate evidence verify`.")
        newest: dict[str, Header] = {}
        for row in snapshot.rows(documents=False):
            header = row.header(snapshot.id)
            if self._counts(header):
                newest |= {name_of(stack): header for stack in header.facts.stacks}
        return Board({stack: self._stood(stack, header, snapshot) for stack, header in newest.items()})

    def _counts(self, header: Header) -> bool:
        """Whether a record is of what stands."""
        facts = header.facts
        if facts.kind == "check":
            return any(fnmatchcase(facts.branch or "", pattern) for pattern in self._branches)
        return facts.kind in ("sync", "removal") and facts.outcome == "applied"

    def _stood(self, stack: str, header: Header, snapshot: Snapshot) -> Stood:
        if header.facts.kind == "removal":
            return Stood("removed", header)
        verdict = self._verdict(header, snapshot)
        judgements = own(verdict, stack) if verdict else []
        waivers = verdict["waivers"] if verdict else []
        counted = count(judgements)
        return Stood(
            counted.state, header, counted,
            open=[(one["fingerprint"], one["rule"], one["name"]) for one in judgements if one["outcome"] in WAIVABLE],
            used={(one["rule"], one["urn"]): one["used"] for one in waivers if name_of(one["stack"]) == stack},
        )  # fmt: skip

    def _verdict(self, header: Header, snapshot: Snapshot) -> Verdict | None:
        """The verdict in a record's document: of a sync that on what was deployed, where there is one."""
        key = (header.sequence, header.document_digest)
        if key not in self._verdicts:
            row = snapshot.row(header.sequence)
            document = orjson.loads(row.content()) if row and header.facts.kind != "prune" else {}
            found = document if header.facts.kind == "check" else document.get("after") or document.get("verdict")
            self._verdicts[key] = _whole(orjson.dumps(found), f"record {header.sequence}") if found else None
            while len(self._verdicts) > MOST_VERDICTS:
                self._verdicts.popitem(last=False)
        return self._verdicts[key]


def _whole(verdict: bytes, name: str) -> Verdict | None:
    """A verdict with all that it may leave out, None where it is none that can be read. Of an early sync there are its
    judgements and waivers alone."""
    with suppress(InputError):
        return parse(verdict, name)
    with suppress(ValidationError):
        return Found.model_validate_json(verdict).model_dump()
    return None


def name_of(stack: str) -> str:
    """A stack's name without its project."""
    return stack.rpartition("/")[2]


def own(verdict: Verdict, stack: str) -> list[dict[str, Any]]:
    """The judgements of a verdict on one stack, by its name without a project."""
    return [one for one in verdict["judgements"] if name_of(one["stack"]) == stack]
