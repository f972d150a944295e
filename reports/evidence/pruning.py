"""Retention: what is older than a moment goes, all of it and nothing else, and leaves a record of having gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lychgate.reports.evidence.checking import check
from lychgate.reports.evidence.checkpoints import Checkpoint
from lychgate.reports.evidence.pruned import LEAST_MONTHS, Pruned, Range, months_before
from lychgate.reports.evidence.record import Entry, Facts, stamp
from lychgate.reports.evidence.schema import record
from lychgate.reports.evidence.store import Chain, Snapshot, Store
from sqlalchemy import func, select

from lychgate.model.errors import InputError


@dataclass(frozen=True, slots=True)
class Pruning:
    """What goes, or would go: None where nothing is so old. `last_of` are stacks of which nothing stays."""

    gone: Range | None
    last_of: tuple[str, ...] = ()
    sequence: int | None = None


def prune(
    store: Store,
    before: datetime | None = None,
    months: int = LEAST_MONTHS,
    *,
    checkpoints: list[Checkpoint] | None = None,
    dry: bool = False,
) -> Pruning:
    """Delete what was recorded before a moment (else: more than some months ago), but the newest record.

    Raises InputError, and deletes nothing, where the moment is later than retention allows, where the store is not as
    it was written (the proof of that would go), or where a younger record stands among what would go. `dry` deletes
    nothing either.
    """
    if months < LEAST_MONTHS:
        expected = f"at least {LEAST_MONTHS} (PCI DSS 10.5.1)"
        raise InputError("--months", found=f"{months} months of evidence", expected=expected)
    with store.pruning() as chain:
        now = store.clock()
        latest = months_before(now, months)
        before = before or latest
        if before > latest:
            words = f"{stamp(before)} is later than {months} months ago"
            raise InputError("--before", found=words, expected=f"{stamp(latest)} or earlier")
        report = check(chain.snapshot.rows(), chain.store, checkpoints or ())
        if not report.intact:
            found = f"the store is not as it was written ({report.findings[0]})"
            raise InputError(store.address.shown, found=found, expected="one that `lychgate evidence verify` accepts")
        last = _last(chain, store, stamp(before))
        if last is None:
            return Pruning(None)
        gone = _range(chain.snapshot, last, stamp(before), months, stamp(now))
        stays = _last_of(chain.snapshot, last)
        if dry:
            return Pruning(gone, stays)
        document = Pruned(gone=gone, earlier=report.pruned)
        sequence = chain.append(Entry.of(Facts(kind="prune", pruned_to=last), document.model_dump())).sequence
        deleted = chain.delete_to(last)
        if deleted != gone.count:
            raise InputError(store.address.shown, found=f"{deleted} records went, not {gone.count}: none was deleted")
        return Pruning(gone, stays, sequence)


def _last(chain: Chain, store: Store, before: str) -> int | None:
    """The last record that goes. Raises InputError where one among them is too young."""
    newest = chain.snapshot.newest()
    old = select(func.max(record.c.sequence)).where(record.c.recorded_at < before)
    if newest is None:
        return None
    last: int | None = chain.connection.execute(old.where(record.c.sequence < newest.sequence)).scalar()
    young = select(func.min(record.c.sequence)).where(record.c.recorded_at >= before, record.c.sequence < (last or 0))
    younger = chain.connection.execute(young).scalar()
    if younger is not None:
        found = f"record {younger} was recorded after {before} by its clock, and record {last} behind it before"
        raise InputError(store.address.shown, found=f"{found}: nothing was pruned", expected="a moment clear of both")
    return last


def _range(snapshot: Snapshot, last: int, before: str, months: int, at: str) -> Range:
    rows = [(row.sequence, row.values["recorded_at"], row.hash) for row in snapshot.rows(last=last, documents=False)]
    return Range(
        first=rows[0][0],
        last=last,
        count=len(rows),
        hash=rows[-1][2],
        recorded_from=min(when for _, when, _ in rows),
        recorded_to=max(when for _, when, _ in rows),
        before=before,
        months=months,
        at=at,
    )


def _last_of(snapshot: Snapshot, last: int) -> tuple[str, ...]:
    """The stacks of which no record is left."""
    gone: set[str] = set()
    stay: set[str] = set()
    for row in snapshot.rows(documents=False):
        stacks = row.header(snapshot.id).facts.stacks
        (gone if row.sequence <= last else stay).update(stacks)
    return tuple(sorted(gone - stay))
