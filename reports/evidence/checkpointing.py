"""A checkpoint of a store: made of a report on it, so that none is ever made of a store that is not intact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from lychgate.reports.evidence.checking import Report, check
from lychgate.reports.evidence.checkpoints import Checkpoint, read_all, sign, write
from lychgate.reports.evidence.record import stamp
from lychgate.reports.evidence.store import Store
from securesystemslib.signer import Key, Signer  # type: ignore[attr-defined]  # it has no __all__


def checkpoint_at(report: Report, at: datetime) -> Checkpoint:
    """The checkpoint of a store that was found intact, and holds a record."""
    assert report.intact and report.newest
    newest = report.newest
    return Checkpoint(
        store=report.store,
        sequence=newest.sequence,
        hash=newest.hash,
        recorded_at=newest.recorded_at,
        records=report.count,
        pruned_to=report.pruned_to,
        at=stamp(at),
    )


def checkpoint(
    store: Store, folder: Path, signer: Signer, keys: Sequence[Key] = ()
) -> tuple[Report, Checkpoint | None, Path | None]:
    """Check the store against the checkpoints in a folder, which the signer's key or others have signed, and add one.

    The report; the checkpoint, where the store is intact and not empty; its file, where there was none of this record.
    Raises InputError for a file there that is no such checkpoint; StoreError; ServiceError; OSError.
    """
    known = read_all([folder], [signer.public_key, *keys]) if folder.exists() else []
    with store.read() as snapshot:
        report = check(snapshot.rows(), snapshot.id, known)
    if not report.intact or report.newest is None:
        return report, None, None
    made = checkpoint_at(report, store.clock())
    return report, made, write(made, sign(made, signer), folder)
