"""`lychgate evidence import, checkpoint, prune, export`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lychgate.cli.evidence import address
from lychgate.cli.evidence_reading import CLEAN, FOUND, checked, moment, opened, refusals, trusted
from lychgate.cli.evidence_showing import show_report
from lychgate.model.errors import InputError
from lychgate.model.escaping import flat
from lychgate.reports.evidence.archive import export
from lychgate.reports.evidence.checkpointing import checkpoint
from lychgate.reports.evidence.entering import Told, read_entry, told_by_pipeline
from lychgate.reports.evidence.pruning import prune
from lychgate.reports.evidence.record import Entry, moment_of
from lychgate.reports.evidence.store import Snapshot, Store
from lychgate.reports.signing.keys import read_key, read_signer


@refusals
def import_files(
    given: str | None, files: Sequence[Path], branch: str | None, pipeline: str | None, requester: str | None, most: int
) -> int:
    """Record what can be, say what cannot."""
    told = told_by_pipeline()
    if branch or pipeline or requester:
        told = Told(branch or told.branch, pipeline or told.pipeline, requester or told.requester, "who imported it")
    entries: list[tuple[Path, Entry]] = []
    errors: list[InputError] = []
    for file in files:
        try:
            entries.append((file, read_entry(file, told, most)))
        except InputError as error:
            errors.append(error)
    if entries:
        store = Store.open(address(given), create=True)
        done = store.append([entry for _, entry in entries])
        for (file, entry), one in zip(entries, done, strict=True):
            what = f"{entry.facts.kind} {', '.join(entry.facts.stacks)}"
            words = (
                f"record {one.sequence}: {what}" if one.new else f"is record {one.sequence} already, and is left out"
            )
            print(flat(f"{file}: {words}"))
    if errors:
        raise InputError.of(errors)
    return CLEAN


@refusals
def make_checkpoint(given: str | None, into: Path, private: str, keys: Sequence[str]) -> int:
    """Sign where the chain is."""
    signer = read_signer(private)
    store = Store.open(address(given))
    try:
        report, made, file = checkpoint(store, into, signer, [read_key(key) for key in keys])
    except OSError as error:
        raise InputError(str(into), found=f"cannot be written: {error.strerror}", expected="a folder") from None
    if not report.intact:
        show_report(report)
        print("lychgate: nothing was signed", file=sys.stderr)
        return FOUND
    if made is None:
        raise InputError(store.address.shown, found="there is no record yet", expected="one, to sign that it was there")
    print(f"record {made.sequence}: {made.hash}")
    print(flat(f"signed: {file}" if file else f"{into / made.file} has signed this record already"))
    return CLEAN


@refusals
def prune_store(
    given: str | None, before: str | None, months: int, checkpoints: Sequence[Path], keys: Sequence[str], yes: bool
) -> int:
    """Delete what is old, or say what would go."""
    known = trusted(checkpoints, keys)
    moment_given = moment_of(moment("--before", before, begins=True)) if before else None
    done = prune(Store.open(address(given)), moment_given, months, checkpoints=known, dry=not yes)
    if done.gone is None:
        print("no record is so old")
        return CLEAN
    gone = done.gone
    verb = "deleted" if yes else "would be deleted"
    print(f"{gone.count} records {verb}: {gone.first} to {gone.last}, {gone.recorded_from} to {gone.recorded_to}")
    if done.last_of:
        print(flat(f"of these stacks no record is left: {', '.join(done.last_of)}"))
    print(f"recorded as record {done.sequence}" if yes else "nothing was deleted: --yes deletes them")
    return CLEAN


@refusals
def export_range(
    given: str | None,
    archive: Path,
    numbers: tuple[int | None, int | None],
    moments: tuple[str | None, str | None],
    checkpoints: Sequence[Path],
    keys: Sequence[str],
) -> int:
    """Write an archive of a store that is intact."""
    known = trusted(checkpoints, keys)
    since = moment("--since", moments[0], begins=True) if moments[0] else None
    until = moment("--until", moments[1]) if moments[1] else None
    with opened(given) as snapshot:
        report = checked(snapshot, known)
        if not report.intact:
            show_report(report)
            print("lychgate: nothing was exported", file=sys.stderr)
            return FOUND
        first, last = _range(snapshot, numbers, since, until)
        along = {one.file: one for one in known}
        files = [(name, _content(checkpoints, name), one.sequence) for name, one in sorted(along.items())]
        try:
            count = export(snapshot, report, first, last, files, archive)
        except OSError as error:
            raise InputError(str(archive), found=f"cannot be written: {error.strerror}", expected="a file") from None
    print(flat(f"{archive}: {count} records, {first} to {last}, and how to verify them (README.txt)"))
    for one in report.unproven:
        print(f"not proven: {one}")
    return CLEAN


def _range(
    snapshot: Snapshot, numbers: tuple[int | None, int | None], since: str | None, until: str | None
) -> tuple[int, int]:
    first, last = numbers
    found = [
        row.sequence
        for row in snapshot.rows(first, last, documents=False)
        if (since is None or row.values["recorded_at"] >= since)
        and (until is None or row.values["recorded_at"] <= until)
    ]
    if not found:
        raise InputError("export", found="there is no such record", expected="a range with records in it")
    return found[0], found[-1]


def _content(places: Sequence[Path], name: str) -> bytes:
    """The file of a checkpoint, as it was read a moment before."""
    for place in places:
        file = place / name if place.is_dir() else place
        if file.name == name and file.is_file():
            return file.read_bytes()
    raise InputError(name, found="is gone", expected="the checkpoint that was there a moment ago")
