"""A range of records as one file, for somebody who has neither the store nor this tool.

Every record is two files: its header, which is what the chain hashes, and its document. The same range gives the same
bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
from lychgate.reports import replacing
from lychgate.reports.evidence.canonical import digest
from lychgate.reports.evidence.checking import Report
from lychgate.reports.evidence.record import SEVERAL, Header
from lychgate.reports.evidence.store import Snapshot

COLUMNS = (
    "sequence", "recorded_at", "kind", "stacks", "applications", "tenants", "environment", "decision", "outcome",
    "requester", "told_by", "commit", "branch", "pipeline", "ruleset", "judged_at", "hash", "previous",
    "header_file", "document_file", "document_sha256",
)  # fmt: skip

README = """\
Evidence of Lychgate: records {first} to {last} of the store {store}
{rule}

What is in here
  index.csv          one line per record: who, what, when, what was decided, and its two files (for a spreadsheet)
  index.json         the same for programs, with what the store's own check said when this was made
  records/N.json     the header of record N: one line of JSON with its keys in order (RFC 8785); what the chain hashes
  documents/N.json   what was recorded: a verdict, or the record of a sync, in the same form
  chain/N.json       headers of later records, up to the next checkpoint: they prove the end of the range
  checkpoints/       signed statements of which record was the newest at a moment, and of its hash
  SHA256SUMS         the SHA-256 of every file

How to verify it, with sha256sum and a shell alone
  1. Nothing was changed since this was made:
       sha256sum --check --quiet SHA256SUMS
  2. The records are a chain: the SHA-256 of each header stands in the next one as "previous".
       want={previous}
       for f in records/*.json {chain}; do
         grep -q "\\"previous\\":\\"$want\\"" "$f" || echo "BROKEN before $f"
         want=$(sha256sum < "$f" | cut -d' ' -f1)
       done
       echo "$want"
     It ends with {newest}.
  3. Each document is the one of its header: its SHA-256 stands there as "document":{{"sha256":...}}.
       for f in documents/*.json; do
         sum=$(sha256sum < "$f" | cut -d' ' -f1)
         grep -q "\\"document\\":{{\\"sha256\\":\\"$sum\\"" "records/$(basename "$f")" || echo "CHANGED $f"
       done

What that proves, and what it does not
  Steps 1 to 3 show that these files belong together. Who made them anew, all of them, would pass. Against that stand
  the checkpoints: each is a DSSE envelope, signed when its record was the newest. The "payload" (base64) names the
  record's number and "hash"; that hash must be the SHA-256 of the record's header. The signature is checked with the
  public key, which must reach you another way than this file:
       lychgate evidence verify --checkpoints checkpoints --key KEY.pub      (needs the store)
  or with any DSSE tool.
{unproven}
  The chain shows that what was recorded was not altered since. That it was true when it was recorded, it does not show.
"""


def export(
    snapshot: Snapshot, report: Report, first: int, last: int, checkpoints: Sequence[tuple[str, bytes, int]], file: Path
) -> int:
    """Write records to an archive, in place of what is there; how many they are.

    `checkpoints` are file name, content and record of those that are given along. Raises OSError, and BrokenRecordError
    for a record that is not as it was written.
    """
    with (
        replacing(file, 0o600) as raw,
        gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        return _Archive(tar, snapshot, report).write(first, last, checkpoints)


class _Archive:
    def __init__(self, tar: tarfile.TarFile, snapshot: Snapshot, report: Report) -> None:
        self.tar, self.snapshot, self.report = tar, snapshot, report
        self.sums: list[str] = []

    def write(self, first: int, last: int, checkpoints: Sequence[tuple[str, bytes, int]]) -> int:
        headers, newest = [], ""
        for header, document in self._records(first, last):
            self._add(f"records/{header.sequence:012}.json", header.canonical)
            self._add(f"documents/{header.sequence:012}.json", document)
            headers.append(header)
            newest = header.hash
        beyond = min((sequence for _, _, sequence in checkpoints if sequence > last), default=last)
        for row in self.snapshot.rows(last + 1, beyond, documents=False) if beyond > last else ():
            header = row.header(self.snapshot.id)
            self._add(f"chain/{header.sequence:012}.json", header.canonical)
            newest = header.hash
        for name, data, _ in checkpoints:
            self._add(f"checkpoints/{name}", data)
        index = [_line(header) for header in headers]
        self._add("index.json", self._json(first, last, index))
        self._add("index.csv", _csv(index))
        self._add("README.txt", self._readme(headers, newest, chained=beyond > last))
        self._add("SHA256SUMS", "".join(self.sums).encode())
        return len(headers)

    def _records(self, first: int, last: int) -> Iterator[tuple[Header, bytes]]:
        for row in self.snapshot.rows(first, last):
            yield row.header(self.snapshot.id), row.content()

    def _add(self, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = len(data), 0o644, 0
        self.tar.addfile(entry, io.BytesIO(data))
        self.sums.append(f"{digest(data)}  {name}\n")

    def _json(self, first: int, last: int, index: list[dict[str, Any]]) -> bytes:
        told = {"format": 1, "store": self.snapshot.id, "first": first, "last": last}
        content = told | {"checked": self.report.as_dict(), "records": index}
        return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    def _readme(self, headers: Sequence[Header], newest: str, chained: bool) -> bytes:
        first, last = headers[0], headers[-1]
        title = f"Evidence of Lychgate: records {first.sequence} to {last.sequence} of the store {self.snapshot.id}"
        unproven = "\n".join(f"  Not proven when this was made: {one}." for one in self.report.unproven)
        text = README.format(
            first=first.sequence, last=last.sequence, store=self.snapshot.id, rule="=" * len(title),
            previous=first.previous, newest=newest, chain="chain/*.json" if chained else "", unproven=unproven,
        )  # fmt: skip
        return text.replace(".json ; do", ".json; do").encode()


def _line(header: Header) -> dict[str, Any]:
    facts = {name: getattr(header.facts, name) for name in COLUMNS if hasattr(header.facts, name)}
    file = f"{header.sequence:012}.json"
    known = {
        "sequence": header.sequence,
        "recorded_at": header.recorded_at,
        **{name: list(value) if name in SEVERAL else value for name, value in facts.items()},
        "hash": header.hash,
        "previous": header.previous,
        "header_file": f"records/{file}",
        "document_file": f"documents/{file}",
        "document_sha256": header.document_digest,
    }
    return {name: known[name] for name in COLUMNS}


def _csv(index: Sequence[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([_cell(line[name]) for name in COLUMNS] for line in index)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """Text that a spreadsheet takes for text: one that begins like a formula gets a quote before it."""
    text = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
