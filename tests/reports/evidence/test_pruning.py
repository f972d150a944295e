"""Retention: all that is older goes, nothing that is younger, and the chain stays provable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lychgate.reports.evidence.checking import Report, check
from lychgate.reports.evidence.checkpoints import Checkpoint
from lychgate.reports.evidence.pruned import Pruned, Range, months_before
from lychgate.reports.evidence.pruning import prune
from lychgate.reports.evidence.record import Entry, Facts, stamp
from lychgate.reports.evidence.store import Store

from lychgate.model.errors import InputError
from tests.reports.evidence.records import Clock, checkpoint_of, entry, tamper

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
YEAR_AGO = datetime(2026, 6, 1, 12, tzinfo=UTC)


def checked(store: Store, *checkpoints: Checkpoint) -> Report:
    with store.read() as snapshot:
        return check(snapshot.rows(), snapshot.id, checkpoints)


def sequences(store: Store) -> list[int]:
    with store.read() as snapshot:
        return [row.sequence for row in snapshot.rows(documents=False)]


@pytest.fixture
def aged(store: Store, clock: Clock) -> Store:
    """Five records of 2025, three of the last twelve months."""
    for number, days in enumerate([800, 700, 600, 500, 400, 300, 200, 10]):
        clock.at = NOW - timedelta(days=days)
        store.append([entry(number)])
    clock.at = NOW
    return store


def test_all_that_is_older_goes_and_nothing_else(aged: Store) -> None:
    before, of_fourth = checkpoint_of(aged), checkpoint_of(aged, 4)
    done = prune(aged)
    assert done.gone and (done.gone.first, done.gone.last, done.gone.count) == (1, 5, 5) and done.sequence == 9
    assert sequences(aged) == [6, 7, 8, 9]
    report = checked(aged, of_fourth, before)
    assert report.intact and report.pruned_to == 5 and report.proven_to == 8
    assert (
        "that records 1 to 5 were as old as their pruning says: that takes a checkpoint made since" in report.unproven
    )
    assert not any("as old" in one for one in checked(aged, checkpoint_of(aged)).unproven)
    assert prune(aged).gone is None
    aged.append([entry(99)])
    assert checked(aged).intact and sequences(aged)[-1] == 10


def test_several_prunings_follow_on_each_other(aged: Store, clock: Clock) -> None:
    prune(aged, NOW - timedelta(days=650))
    prune(aged, NOW - timedelta(days=450))
    report = checked(aged)
    assert report.intact and [(one.first, one.last) for one in report.pruned] == [(1, 2), (3, 4)]
    clock.at = NOW + timedelta(days=500)
    aged.append([entry(50)])
    prune(aged)
    report = checked(aged)
    assert report.intact and [(one.first, one.last) for one in report.pruned] == [(1, 2), (3, 4), (5, 10)]
    assert sequences(aged) == [11, 12]


def test_the_newest_record_stays_however_old(aged: Store, clock: Clock) -> None:
    clock.at = NOW + timedelta(days=5000)
    done = prune(aged)
    assert done.gone and done.gone.last == 7 and sequences(aged) == [8, 9] and checked(aged).intact
    assert done.last_of == ("shop/0", "shop/2")


def test_to_try_it_deletes_nothing(aged: Store) -> None:
    done = prune(aged, dry=True)
    assert done.gone and done.gone.count == 5 and done.sequence is None and len(sequences(aged)) == 8


def test_younger_records_are_never_pruned(aged: Store) -> None:
    for before, months in ((YEAR_AGO + timedelta(hours=1), 12), (NOW - timedelta(days=500), 24), (None, 11)):
        with pytest.raises(InputError, match=r"later than|months of evidence"):
            prune(aged, before, months)
    assert len(sequences(aged)) == 8


def test_what_is_out_of_order_is_an_error_and_not_half_done(aged: Store, clock: Clock) -> None:
    clock.at = NOW - timedelta(days=900)
    aged.append([entry(90)])
    clock.at = NOW
    aged.append([entry(91)])
    with pytest.raises(InputError, match=r"record 6 was recorded after .* nothing was pruned"):
        prune(aged)
    assert len(sequences(aged)) == 10


def test_a_store_that_was_tampered_with_is_not_pruned(aged: Store) -> None:
    tamper(aged, "UPDATE evidence_record SET requester = 'x' WHERE sequence = 2")
    with pytest.raises(InputError, match=r"not as it was written .record 2"):
        prune(aged)
    assert len(sequences(aged)) == 8


def forged(store: Store, make: Callable[[Range], Range]) -> None:
    """Delete the first five, and leave a record that says they were pruned."""
    with store.read() as snapshot:
        last = snapshot.row(5)
        assert last is not None
        gone = Range(
            first=1, last=5, count=5, hash=last.hash, recorded_from=stamp(NOW - timedelta(days=800)),
            recorded_to=stamp(YEAR_AGO - timedelta(days=2)), before=stamp(YEAR_AGO), months=12, at=stamp(NOW),
        )  # fmt: skip
    document = Pruned(gone=make(gone))
    store.append([Entry.of(Facts(kind="prune", pruned_to=document.gone.last), document.model_dump())])
    tamper(store, "DELETE FROM evidence_record WHERE sequence <= 5")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"hash": "0" * 64}, "record 6: does not chain to the last record that was pruned"),
        ({"last": 4, "count": 4}, "record 5: is missing: deleted"),
        ({"last": 6, "count": 6}, "record 6: was pruned, and is there again"),
        ({"count": 4}, "a record of pruning that disagrees with itself"),
        ({"first": 2, "count": 4}, "a record of pruning that disagrees with itself"),
        ({"before": "never"}, "a record of pruning that says nothing of what went"),
        ({"before": stamp(NOW)}, "records were pruned that were younger than 12 months"),
    ],
)
def test_a_record_of_pruning_that_is_not_true_is_found(aged: Store, changes: dict[str, object], expected: str) -> None:
    forged(aged, lambda gone: gone.model_copy(update=changes))
    assert expected in "\n".join(map(str, checked(aged).findings))


def test_young_records_that_are_called_old_are_found_by_a_checkpoint(store: Store, clock: Clock) -> None:
    clock.at = NOW - timedelta(days=30)
    store.append([entry(number) for number in range(8)])
    clock.at = NOW
    checkpoint = checkpoint_of(store, 4)
    forged(store, lambda gone: gone)
    report = checked(store)
    assert report.intact and "that records 1 to 5 were as old as their pruning says" in report.unproven[1]
    (finding,) = checked(store, checkpoint).findings
    assert str(finding).startswith("record 4: was pruned, though by the checkpoint of")
    last = replace(checkpoint, sequence=5, recorded_at=stamp(YEAR_AGO - timedelta(days=9)), hash="0" * 64)
    assert "the pruned record is not what the checkpoint" in str(checked(store, last).findings[0])


def test_months_are_counted_to_the_safe_side() -> None:
    assert months_before(datetime(2028, 2, 29), 12) == datetime(2027, 2, 28)
    assert months_before(datetime(2027, 1, 31, 5), 13) == datetime(2025, 12, 31, 5)
    assert months_before(datetime(2027, 12, 1), 12) == datetime(2026, 12, 1)
