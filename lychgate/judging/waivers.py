"""Waivers: findings that somebody accepts, for a reason and until a day. They stand in the user's waivers.yaml."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lychgate.judging.framework import Text
from lychgate.judging.ruleset import RuleFacts, Ruleset, read, unknown_rule
from lychgate.model.document import Document
from lychgate.model.errors import InputError, shown
from lychgate.model.people import is_one_of, same_person
from lychgate.model.validation import load

State = Literal["active", "expired", "not yet", "void"]
# What a waiver says by hand: who has written one of these lines has written it.
WRITTEN = ("rule", "urn", "reason", "approver", "expires")


class WaiverEntry(BaseModel):
    """A waiver as it is written. `urn` is exact, or a pattern in which `*` stands for any run of characters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Text
    stack: Text
    urn: Text
    owner: Text
    reason: Text
    compensating_control: Text | None = None
    ticket: Text
    approver: Text
    created: date | None = None
    expires: date


class WaiversFile(BaseModel):
    """The waivers file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    waivers: list[WaiverEntry]


@dataclass(frozen=True, slots=True)
class Waiver:
    """A waiver and its state at the day it is judged.

    `expired` after its last day, `not yet` before it was created, `void` where it waives nothing though it is in time:
    `why` says the reason. `lines` are those of the file that it stands on, by key; `authors` are the names of who has
    written them last, None where that is not known.
    """

    rule: str
    stack: str
    urn: str
    owner: str
    reason: str
    ticket: str
    approver: str
    expires: date
    created: date | None
    compensating_control: str | None
    state: State
    line: int
    why: str = ""
    authors: tuple[str, ...] | None = None

    @property
    def expired(self) -> bool:
        """Whether its last day is over: then the finding counts again."""
        return self.state == "expired"


@dataclass(frozen=True, slots=True)
class Written:
    """Where a waivers file stands, as messages name it, and who has written each of its lines last (by line, names and
    addresses); None where nobody can tell."""

    file: str
    authors: Mapping[int, Collection[str]] | None = None


Retired = Mapping[tuple[str, str, str], str]


class Waivers:
    """All waivers of a run; remembers what each was used for. `file` is theirs, as messages name it.

    `retired` accepts failures without one: rule, stack and name of what its owner has declared to be retired -> where.
    Whoever judges takes that from files of its own, never from the graph.
    """

    def __init__(self, waivers: Sequence[Waiver] = (), file: str = "", retired: Retired = MappingProxyType({})) -> None:
        self.all = tuple(waivers)
        self.file = file
        self.retired = retired
        self._covers: dict[int, list[str]] = {}
        self._by_rule: dict[tuple[str, str], list[tuple[re.Pattern[str], Waiver]]] = {}
        # An active waiver comes before an expired one, an exact one before a pattern.
        for waiver in sorted(self.all, key=lambda waiver: (waiver.expired, "*" in waiver.urn)):
            if waiver.state in ("active", "expired"):
                self._by_rule.setdefault((waiver.rule, waiver.stack), []).append((pattern_of(waiver.urn), waiver))

    def match(self, rule_id: str, stack: str, urn: str) -> Waiver | None:
        """The waiver of a finding, which counts as used from now on; it may be one that has expired (`expired`)."""
        for pattern, waiver in self._by_rule.get((rule_id, stack), ()):
            if pattern.fullmatch(urn):
                self._covers.setdefault(id(waiver), []).append(urn)
                return waiver
        return None

    def anew(self, retired: Retired | None = None) -> Waivers:
        """The same, of which none was needed yet; with `retired`, accepting that."""
        return Waivers(self.all, self.file, self.retired if retired is None else retired)

    def covers(self, waiver: Waiver) -> Sequence[str]:
        """The URNs of the findings that a waiver was needed for."""
        return self._covers.get(id(waiver), ())

    def unused(self) -> tuple[Waiver, ...]:
        """The waivers that no finding needed, in the order of the file."""
        return tuple(waiver for waiver in self.all if not self.covers(waiver))


def load_waivers(
    path: Path,
    ruleset: Ruleset,
    known_rules: Mapping[str, RuleFacts],
    as_of: date,
    written: Written | None = None,
) -> Waivers:
    """The waivers of a file, as they stand on a day (a datetime counts as its day in UTC).

    Expired ones are kept: the finding they once covered says so. So are those whose pattern is too wide, or that their
    own approver has written: they waive nothing, which rules of their own tell. Raises InputError, with every error of
    the file, for an unknown rule, one that must not be waived, an approver who is the owner, and a waiver that lasts
    longer than the ruleset allows for the rule's severity.
    """
    return waivers_of(read(path), ruleset, known_rules, as_of, written or Written(str(path)))


def waivers_of(
    document: Document, ruleset: Ruleset, known_rules: Mapping[str, RuleFacts], as_of: date, written: Written
) -> Waivers:
    """The waivers of a document; see `load_waivers`."""
    entries = load(document, WaiversFile).waivers
    day = as_of.astimezone(UTC).date() if isinstance(as_of, datetime) else as_of
    errors = [
        error
        for index, entry in enumerate(entries)
        for error in _errors(entry, _At(document, index), ruleset, known_rules, day)
    ]
    if errors:
        raise InputError.of(errors)
    return Waivers(
        [_waiver(entry, _At(document, index), day, written) for index, entry in enumerate(entries)], written.file
    )


def _waiver(entry: WaiverEntry, at: _At, day: date, written: Written) -> Waiver:
    authors = _authors(entry, at, written)
    state: State = "active"
    if day > entry.expires:
        state = "expired"
    elif entry.created and day < entry.created:
        state = "not yet"
    why = _void(entry, authors or ()) if state == "active" else ""
    line = at.document.position(("waivers", at.index))[0]
    return Waiver(**dict(entry), state="void" if why else state, line=line, why=why, authors=authors)


def _authors(entry: WaiverEntry, at: _At, written: Written) -> tuple[str, ...] | None:
    """Who has written an entry; None where somebody not known has written a part, and nobody known is the approver."""
    if written.authors is None:
        return None
    lines = {line for key in WRITTEN for line in at.document.lines(("waivers", at.index, key))}
    names = tuple(sorted({name for line in lines for name in written.authors.get(line, ())}))
    return names if lines <= written.authors.keys() or is_one_of(entry.approver, names) else None


def _void(entry: WaiverEntry, authors: Collection[str]) -> str:
    """Why a waiver waives nothing though it is in time; empty where it does."""
    if "*" in entry.urn and not narrow(entry.urn):
        return "its pattern is too wide"
    return "its approver has written it" if is_one_of(entry.approver, authors) else ""


@dataclass(frozen=True, slots=True)
class _At:
    """An entry's place in the file."""

    document: Document
    index: int

    def error(self, key: str, found: str, expected: str) -> InputError:
        return self.document.error(("waivers", self.index, key), found, expected)


def _errors(
    entry: WaiverEntry, at: _At, ruleset: Ruleset, known_rules: Mapping[str, RuleFacts], day: date
) -> Iterator[InputError]:
    rule = known_rules.get(entry.rule)
    if rule is None:
        yield unknown_rule(at.document, ("waivers", at.index, "rule"), entry.rule, known_rules)
    elif ruleset.never_waive(rule.id):
        yield at.error(
            "rule", f"{rule.id} must not be waived", f"no waiver: the ruleset {ruleset.name} says never_waive"
        )
    else:
        yield from _too_long(entry, at, ruleset, rule, day)
    if "*" in entry.stack:
        yield at.error("stack", f"the pattern {shown(entry.stack)}", "the name of one stack")
    if same_person(entry.approver, entry.owner):
        yield at.error("approver", f"the approver {shown(entry.approver)} is also the owner", "a second person")


def _too_long(entry: WaiverEntry, at: _At, ruleset: Ruleset, rule: RuleFacts, day: date) -> Iterator[InputError]:
    limit = ruleset.waiver_limits[rule.severity]
    begins = entry.created or day
    days = (entry.expires - begins).days
    if entry.created and days < 0:
        yield at.error(
            "expires", f"the waiver ends on {entry.expires}, before it begins", f"a day after {entry.created}"
        )
    elif days > limit:
        allowed = (
            f"at most {limit} days for a rule of severity {rule.severity}" if limit else "no waiver of this severity"
        )
        yield at.error("expires", f"the waiver lasts {days} days, from {begins} to {entry.expires}", allowed)


def narrow(pattern: str) -> bool:
    """Whether a pattern over URNs (urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME) fixes a type and a part of a name.

    What stands before the type (parents, stack, project) may vary: the waiver's `stack` fixes it.
    """
    parts = pattern.split("::")
    if len(parts) != 4:
        return False
    kind = parts[2].rpartition("$")[2].removeprefix("*")
    return "*" not in kind and kind.count(":") == 2 and any(len(piece) >= 3 for piece in parts[3].split("*"))


def pattern_of(urn: str) -> re.Pattern[str]:
    """A part of a URN varies by itself: a name may hold `::` and look like another type."""
    return re.compile("(?:(?!::).)*".join(re.escape(piece) for piece in urn.split("*")), re.DOTALL)
