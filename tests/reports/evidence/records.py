"""Small records for the tests of the store, and a clock that is set."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lychgate.reports.evidence.checking import check
from lychgate.reports.evidence.checkpointing import checkpoint_at
from lychgate.reports.evidence.checkpoints import Checkpoint
from lychgate.reports.evidence.record import Entry, Facts
from lychgate.reports.evidence.store import Store
from sqlalchemy import text

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLE_TRIGGERS = ("evidence_record_chained", "evidence_record_unchanged", "evidence_record_kept")


@dataclass
class Clock:
    """One minute later each time that it is read."""

    at: datetime = field(default=START)

    def __call__(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


def entry(number: int = 0, **facts: Any) -> Entry:
    known = {
        "kind": "check",
        "stacks": (f"shop/{number % 3}",),
        "tenants": ("acme", "globex"),
        "commit": f"{number:040x}",
    }
    return Entry.of(Facts(**{**known, **facts}), {"number": number, "words": "évidence " * 5})


def fill(store: Store, count: int) -> None:
    store.append([entry(number) for number in range(count)])


def tamper(store: Store, *statements: str, **values: Any) -> None:
    """What an owner of the database can do: the triggers are no obstacle."""
    with store.engine.connect().execution_options(writing=True) as connection, connection.begin():
        sqlite = store.engine.dialect.name == "sqlite"
        for name in TABLE_TRIGGERS:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}" + ("" if sqlite else " ON evidence_record")))
        for statement in statements:
            connection.execute(text(statement), {name: one for name, one in values.items() if f":{name}" in statement})


def checkpoint_of(store: Store, sequence: int | None = None) -> Checkpoint:
    """A checkpoint as if it had been made when a record was the newest."""
    with store.read() as snapshot:
        rows = [row for row in snapshot.rows() if sequence is None or row.sequence <= sequence]
        return checkpoint_at(check(rows, snapshot.id), store.clock())
