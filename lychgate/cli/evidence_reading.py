"""`lychgate evidence list, show, verify`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import orjson

from lychgate.cli.evidence import address
from lychgate.cli.evidence_showing import show_document, show_headers, show_judged, show_report
from lychgate.model.errors import InputError, either, nearest
from lychgate.model.escaping import escape
from lychgate.reports.evidence.checking import Report, check
from lychgate.reports.evidence.checkpoints import Checkpoint, read_all
from lychgate.reports.evidence.databases import StoreError
from lychgate.reports.evidence.record import KINDS, BrokenRecordError, Header
from lychgate.reports.evidence.searching import Asked, Judged, Standing, Wanted, find, judged, moment_before, newest_at
from lychgate.reports.evidence.store import Snapshot, Store
from lychgate.reports.signing.keys import ServiceError, read_key

CLEAN, FOUND, REFUSED = 0, 1, 4

P = ParamSpec("P")


def refusals(command: Callable[P, int]) -> Callable[P, int]:
    """An outside service that refuses, such as a database, is no defect: its word, and the exit status for it. So is a
    record that is broken."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except (StoreError, ServiceError) as error:
            print(f"lychgate: {escape(str(error))}", file=sys.stderr)
            return REFUSED
        except BrokenRecordError as error:
            print(f"lychgate: a record: {escape(str(error))}: see `lychgate evidence verify`", file=sys.stderr)
            return FOUND

    return run


def trusted(checkpoints: Sequence[Path], keys: Sequence[str]) -> list[Checkpoint]:
    """The checkpoints in files and folders, as the keys have signed them. Raises InputError."""
    if bool(checkpoints) != bool(keys):
        missing = "--key" if checkpoints else "--checkpoints"
        raise InputError(missing, found="checkpoints prove something with their key alone", expected="both, or neither")
    return read_all(checkpoints, [read_key(key) for key in keys])


def wanted(**given: Any) -> Wanted:
    """Which records are asked for. Raises InputError."""
    kinds = tuple(given.pop("kinds") or ())
    for kind in kinds:
        if kind not in KINDS:
            raise InputError(
                "--kind", found=f"unknown kind {kind!r}", expected=either(KINDS), hint=nearest(kind, KINDS)
            )
    since, until = given.pop("since"), given.pop("until")
    return Wanted(
        kinds=kinds,
        since=moment("--since", since, begins=True) if since else None,
        until=moment("--until", until) if until else None,
        **given,
    )


def moment(option: str, text: str, *, begins: bool = False) -> str:
    """A moment as records hold it; a day alone is its end, or its beginning. Raises InputError."""
    try:
        return moment_before(f"{text}T00:00" if begins and len(text) == len("2026-11-30") else text)
    except (ValueError, OverflowError):
        expected = "2026-11-30 or 2026-11-30T12:00:00Z"
        raise InputError(option, found=f"{text!r} is no moment", expected=expected) from None


@contextmanager
def opened(given: str | None) -> Iterator[Snapshot]:
    """One state of a store that is there."""
    with Store.open(address(given)).read() as snapshot:
        yield snapshot


@refusals
def list_records(store: str | None, which: Wanted, at: str | None, json: bool) -> int:
    """Print the headers of records."""
    with opened(store) as snapshot:
        found = _standing(find(snapshot, which), at)
    if json:
        _print({"records": [_told(one) for one in found.headers], "notes": found.notes})
    else:
        show_headers(found.headers)
        _notes(found.notes)
    return CLEAN


@refusals
def show_records(
    store: str | None, record: int | None, which: Wanted, at: str | None, asked: Asked,
    checkpoints: Sequence[Path], keys: Sequence[str], json: bool,
) -> int:  # fmt: skip
    """Print one record, or the judgements of those that are asked for; and whether all of it is as it was written."""
    known = trusted(checkpoints, keys)
    with opened(store) as snapshot:
        report = check(snapshot.chain(), snapshot.id, known, documents=False)
        if record is not None:
            found = Standing([_one(snapshot, record)])
        else:
            found = _standing(find(snapshot, which), at)
        if record is not None and asked == Asked():
            row = snapshot.row(record)
            assert row is not None
            document = orjson.loads(row.content())
            if json:
                _print({"record": _told(found.headers[0]), "document": document, "integrity": report.as_dict()})
            else:
                show_document(found.headers[0], document)
        else:
            told = [(header, _judged(snapshot, header, asked, found)) for header in found.headers]
            if json:
                _print({
                    "at": moment("--at", at) if at else None,
                    "records": [_told(header) for header, _ in told],
                    "judgements": [one.as_dict() for _, judgements in told for one in judgements],
                    "notes": found.notes,
                    "integrity": report.as_dict(),
                })  # fmt: skip
            else:
                show_judged(told)
                _notes(found.notes)
    if not json:
        show_report(report, documents=False)
    return CLEAN if report.intact else FOUND


@refusals
def verify_store(store: str | None, checkpoints: Sequence[Path], keys: Sequence[str], json: bool) -> int:
    """Check every record, and print what was found."""
    known = trusted(checkpoints, keys)
    with opened(store) as snapshot:
        report = check(snapshot.rows(), snapshot.id, known)
    if json:
        _print(report.as_dict())
    else:
        show_report(report)
    return CLEAN if report.intact else FOUND


def checked(snapshot: Snapshot, known: Sequence[Checkpoint]) -> Report:
    """The whole check of a store, with its documents."""
    return check(snapshot.rows(), snapshot.id, known)


def _standing(headers: list[Header], at: str | None) -> Standing:
    return newest_at(headers, moment("--at", at)) if at else Standing(headers)


def _one(snapshot: Snapshot, record: int) -> Header:
    row = snapshot.row(record)
    if row is None:
        newest = snapshot.newest()
        there = f"the newest is {newest.sequence}" if newest else "the store is empty"
        raise InputError("show", found=f"there is no record {record}", expected=f"one that there is: {there}")
    return row.header(snapshot.id)


def _judged(snapshot: Snapshot, header: Header, asked: Asked, standing: Standing) -> list[Judged]:
    row, stacks = snapshot.row(header.sequence), standing.stacks.get(header.sequence)
    found = judged(row, header, asked) if row and header.facts.kind != "prune" else ()
    return [one for one in found if stacks is None or one.stack in stacks]


def _told(header: Header) -> dict[str, Any]:
    return header.as_dict() | {"hash": header.hash}


def _notes(notes: Sequence[str]) -> None:
    for one in notes:
        print(f"lychgate: {escape(one)}", file=sys.stderr)


def _print(value: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()
