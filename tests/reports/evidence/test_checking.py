"""Whatever is done to a store is found, and what cannot be found without a checkpoint is said."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lychgate.reports.evidence.checking import Report, check
from lychgate.reports.evidence.checkpoints import Checkpoint
from lychgate.reports.evidence.record import SEVERAL, Header, Row, genesis, row_of
from lychgate.reports.evidence.schema import HEADER
from lychgate.reports.evidence.store import Store

from tests.reports.evidence.records import Clock, checkpoint_of, entry, fill, tamper


def checked(store: Store, *checkpoints: Checkpoint) -> Report:
    with store.read() as snapshot:
        return check(snapshot.rows(), snapshot.id, checkpoints)


def said(report: Report) -> str:
    return "\n".join(map(str, report.findings))


def test_a_store_as_it_was_written_is_intact_and_what_is_not_proven_is_said(store: Store) -> None:
    assert checked(store).unproven == ["that there never was a record: no checkpoint is given"]
    fill(store, 5)
    report = checked(store)
    assert report.intact and report.count == 5 and report.proven_to is None
    assert report.unproven == [
        "that nothing was cut off the end, and that the chain was not written anew as a whole: that takes a checkpoint,"
        " and none is given"
    ]
    middle, end = checkpoint_of(store, 3), checkpoint_of(store)
    (left,) = checked(store, middle).unproven
    assert left.startswith("that nothing was cut off the end since the newest checkpoint (record 3, ")
    assert left.endswith("), and that records 4 to 5 were not written anew")
    report = checked(store, middle, end)
    assert report.intact and report.proven_to == 5 and "written anew" not in report.unproven[0]


HEADER_CHANGED = "record 3: its header is not what its hash was made of"
CHANGES = {
    "SET requester = 'nobody' WHERE sequence = 3": HEADER_CHANGED,
    'SET "commit" = NULL WHERE sequence = 3': HEADER_CHANGED,
    "SET tenants = 'acme' WHERE sequence = 3": "record 3: its tenants is no list",
    "SET recorded_at = 'never' WHERE sequence = 3": HEADER_CHANGED,
    "SET kind = 'rumour' WHERE sequence = 3": "record 3: its kind is none that there is",
    "SET hash = 'x' WHERE sequence = 3": HEADER_CHANGED,
    "SET previous = 'x' WHERE sequence = 3": HEADER_CHANGED,
    "SET document_digest = 'x' WHERE sequence = 3": HEADER_CHANGED,
    "SET document_size = 1 WHERE sequence = 3": HEADER_CHANGED,
    "SET sequence = 99 WHERE sequence = 5": "record 99: its header is not what its hash was made of",
    "WHERE sequence = 1": "record 1: is missing: deleted",
    "WHERE sequence < 3": "record 1: records 1 to 2 are missing: deleted",
    "WHERE sequence = 3": "record 3: is missing: deleted",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_or_deleted_is_found(store: Store, change: str) -> None:
    fill(store, 5)
    tamper(store, f"{'UPDATE evidence_record' if change.startswith('SET') else 'DELETE FROM evidence_record'} {change}")
    assert said(checked(store)).startswith(CHANGES[change])


def test_another_document_is_found(store: Store) -> None:
    fill(store, 5)
    for data in (b"", b"no zlib", zlib.compress(b"{}"), zlib.compress(b"0" * 10_000_000)):
        tamper(store, "UPDATE evidence_record SET document = :data WHERE sequence = 4", data=data)
        report = checked(store)
        assert [one.sequence for one in report.findings] == [4] and "document" in said(report)


def test_two_records_in_each_others_place_are_found(store: Store) -> None:
    fill(store, 5)
    swap = "UPDATE evidence_record SET sequence = {} WHERE sequence = {}"
    tamper(store, *(swap.format(new, old) for new, old in ((99, 2), (2, 4), (4, 99))))
    report = checked(store)
    assert {2, 4} <= {one.sequence for one in report.findings}, said(report)


def test_a_record_with_a_hash_of_its_own_is_found_by_the_next_one(store: Store) -> None:
    fill(store, 5)
    replace_row(store, 3, requester="nobody")
    assert said(checked(store)).startswith("record 3: is not the record that record 4 was chained to")


def test_a_cut_off_end_is_found_by_a_checkpoint_alone(store: Store) -> None:
    fill(store, 5)
    checkpoint = checkpoint_of(store)
    tamper(store, "DELETE FROM evidence_record WHERE sequence > 3")
    report = checked(store)
    assert report.intact and "cut off the end" in report.unproven[0]
    (finding,) = checked(store, checkpoint).findings
    assert str(finding).startswith("record 4: records 4 to 5 are missing: cut off the end; the checkpoint of")


def test_a_chain_that_was_written_anew_is_found_by_a_checkpoint_alone(store: Store) -> None:
    fill(store, 6)
    second, fifth = checkpoint_of(store, 2), checkpoint_of(store, 5)
    for sequence in range(4, 7):
        replace_row(store, sequence, requester="nobody")
    report = checked(store)
    assert report.intact and "written anew" in report.unproven[0]
    report = checked(store, second, fifth)
    assert said(report).startswith("record 5: is not what the checkpoint of")
    assert said(report).endswith("has signed: records from 3 to 5 were written anew")


def test_another_store_in_the_place_of_this_one_is_found(store: Store, tmp_path: Path) -> None:
    fill(store, 3)
    other = Store.open(str(tmp_path / "other.db"), create=True, clock=Clock())
    fill(other, 3)
    assert "this one was put in its place" in said(checked(other, checkpoint_of(store)))


def test_a_clock_that_went_back_is_told_and_no_finding(store: Store, clock: Clock) -> None:
    fill(store, 2)
    clock.at = clock.at.replace(year=2020)
    store.append([entry(7)])
    report = checked(store)
    assert report.intact and report.noticed == [
        "record 3 says an earlier time than the one before it: a clock was wrong"
    ]


def replace_row(store: Store, sequence: int, **facts: Any) -> None:
    """A record put in place of another, with a hash that fits it, chained to the one before."""
    with store.read() as snapshot:
        old, before = snapshot.row(sequence), snapshot.row(sequence - 1)
        assert old is not None and before is not None
        header = old.header(snapshot.id)
        new = replace(header, previous=before.hash, facts=replace(header.facts, **facts))
        values = row_of(new, old.content())
    columns = ", ".join(f'"{name}" = :{name}_' for name in values)
    tamper(
        store, f"UPDATE evidence_record SET {columns} WHERE sequence = :sequence_",
        **{f"{name}_": value for name, value in values.items()},
    )  # fmt: skip


@cache
def rows() -> tuple[str, tuple[Row, ...]]:
    """A chain as both databases give it."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"{folder}/e.db", create=True, clock=Clock())
        store.append([entry(number, requester=f"user-{number}", branch="main") for number in range(6)])
        with store.read() as snapshot:
            return snapshot.id, tuple(snapshot.rows())


VALUES = st.none() | st.text(max_size=70) | st.integers() | st.floats() | st.binary(max_size=40)


def other(value: Any) -> st.SearchStrategy[Any]:
    """Something like the value, or nothing like it."""
    near: st.SearchStrategy[Any] = VALUES
    if isinstance(value, str) and value:
        places = st.integers(0, len(value) - 1)
        near |= places.map(lambda place: value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :])
        near |= places.map(lambda place: value[:place]) | st.just(value + " ") | st.just(value.upper())
    if isinstance(value, int):
        near |= st.integers(-3, 3).map(lambda by: value + by)
    return near.filter(lambda one: type(one) is not type(value) or one != value)


@given(st.data())
def test_any_other_value_in_any_column_is_found(data: st.DataObject) -> None:
    store, chain = rows()
    row = data.draw(st.sampled_from(chain))
    column = data.draw(st.sampled_from(HEADER))
    if column in SEVERAL and not row.values[column]:
        column = "kind"
    changed = replace(row, values={**row.values, column: data.draw(other(row.values[column]))})
    report = check([changed if one is row else one for one in chain], store)
    assert not report.intact, column


@given(st.data())
def test_any_other_document_is_found(data: st.DataObject) -> None:
    store, chain = rows()
    row = data.draw(st.sampled_from(chain))
    place = data.draw(st.integers(0, len(row.document) - 1))
    flipped = bytes([*row.document[:place], row.document[place] ^ (1 << data.draw(st.integers(0, 7)))])
    flipped += row.document[place + 1 :]
    document = data.draw(VALUES | st.just(flipped) | st.just(row.document[:place]) | st.just(row.document + b"x"))
    unpacker = zlib.decompressobj()
    try:
        same = isinstance(document, bytes) and unpacker.decompress(document) == row.content() and unpacker.eof
    except zlib.error:
        same = False
    report = check([replace(row, document=document) if one is row else one for one in chain], store)
    assert report.intact == (same and not unpacker.unused_data)


@given(st.permutations(range(6)) | st.lists(st.integers(0, 5), max_size=8))
def test_any_other_order_is_found(order: list[int]) -> None:
    store, chain = rows()
    assert check([chain[place] for place in order], store).intact == (order == list(range(len(order))))


FORGERIES: list[Callable[[Header], dict[str, Any]]] = [
    lambda header: {"pruned_to": 2},
    lambda header: {"kind": "prune", "pruned_to": 2},
]


@pytest.mark.parametrize("number", range(len(FORGERIES)))
def test_a_forged_record_of_pruning_excuses_nothing(number: int) -> None:
    store, chain = rows()
    rest = [row.header(store) for row in chain[2:]]
    last = rest[-1]
    forged = replace(last, facts=replace(last.facts, **FORGERIES[number](last)))
    kept = [*chain[2:-1], Row(row_of(forged, b"{}"), zlib.compress(b"{}"))]
    assert "record 1: records 1 to 2 are missing: deleted" in said(check(kept, store))


def test_the_first_record_chains_to_its_store() -> None:
    store, chain = rows()
    assert chain[0].values["previous"] == genesis(store) != genesis("other")
    assert not check(chain, "other").intact
