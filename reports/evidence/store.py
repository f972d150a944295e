"""The store: records are appended, and read in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from lychgate.reports.evidence.databases import (
    Address,
    StoreError,
    another_version,
    connect,
    migrate,
    reading,
    told,
    version,
    writing,
)  # fmt: skip
from lychgate.reports.evidence.record import Entry, Header, Row, genesis, row_of, stamp
from lychgate.reports.evidence.schema import HEAD, HEADER, record, store
from sqlalchemy import Connection, Engine, delete, func, insert, literal_column, select

BATCH = 200
Clock = Callable[[], datetime]


def now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Appended:
    """A record that is in the store; `new` is whether it was not there before."""

    sequence: int
    new: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the store, open for reading."""

    id: str
    connection: Connection

    def rows(self, first: int | None = None, last: int | None = None, *, documents: bool = True) -> Iterator[Row]:
        """Records in their order, as they are stored; a few are held at a time."""
        names = (*HEADER, "document") if documents else HEADER
        columns: list[Any] = [
            literal_column(f'"{name}"') for name in names
        ]  # as the driver gives them: nothing is converted
        query = select(*columns).select_from(record).order_by(record.c.sequence)
        if first is not None:
            query = query.where(record.c.sequence >= first)
        if last is not None:
            query = query.where(record.c.sequence <= last)
        found = self.connection.execute(query, execution_options={"yield_per": BATCH})
        for one in found:
            values = dict(zip(names, one, strict=True))
            yield Row(values, values.pop("document", None))

    def chain(self) -> Iterator[Row]:
        """All records without their documents, but of prunings with them: enough to check the chain."""
        for row in self.rows(documents=False):
            whole = self.row(row.sequence) if row.values["kind"] == "prune" else None
            yield whole or row

    def row(self, sequence: int) -> Row | None:
        """One record."""
        return next(self.rows(sequence, sequence), None)

    def newest(self) -> Row | None:
        """The record that the next one chains to, without its document."""
        last = self.connection.execute(select(func.max(record.c.sequence))).scalar()
        return None if last is None else next(self.rows(last, last, documents=False), None)


@dataclass(frozen=True, slots=True)
class Store:
    """A store that is there. Its methods raise StoreError for what the database refuses."""

    address: Address
    engine: Engine
    clock: Clock = field(default=now)

    @classmethod
    def open(cls, given: str | Address, *, create: bool = False, clock: Clock = now) -> Self:
        """The store at an address. `create` makes it, or brings an older one to these tables.

        Raises InputError where there is none, or one of another version.
        """
        address = Address.of(given) if isinstance(given, str) else given
        with told(address):
            engine = connect(address, create=create)
            if create:
                migrate(engine, address)
            else:
                with reading(engine) as connection:
                    found = version(connection)
                if found != HEAD:
                    raise another_version(address, found)
        return cls(address, engine, clock)

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """One state of the store."""
        with told(self.address), reading(self.engine) as connection:
            yield Snapshot(self._id(connection), connection)

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Record all of these, in this order, or none; one whose document is there already is left out."""
        with told(self.address), writing(self.engine) as connection:
            chain = Chain(self._id(connection), connection, self.clock)
            return [chain.append(entry) for entry in entries]

    @contextmanager
    def pruning(self) -> Iterator[Chain]:
        """The one writer, for what appends and deletes together."""
        with told(self.address), writing(self.engine) as connection:
            yield Chain(self._id(connection), connection, self.clock)

    def _id(self, connection: Connection) -> str:
        found = connection.execute(select(store.c.id)).scalars().all()
        if len(found) != 1:
            raise StoreError(f"{self.address.shown}: the store has {len(found)} ids: it was tampered with")
        return str(found[0])


@dataclass(frozen=True, slots=True)
class Chain:
    """The end of the chain, held by its one writer."""

    store: str
    connection: Connection
    clock: Clock

    @property
    def snapshot(self) -> Snapshot:
        """What the writer reads."""
        return Snapshot(self.store, self.connection)

    def append(self, entry: Entry) -> Appended:
        """Record one more."""
        there: Any = self.connection.execute(
            select(record.c.sequence).where(record.c.document_digest == entry.digest)
        ).scalar()
        if there is not None:
            return Appended(there, new=False)
        newest = self.snapshot.newest()
        header = Header(
            store=self.store,
            sequence=1 + (newest.sequence if newest else 0),
            previous=newest.hash if newest else genesis(self.store),
            recorded_at=stamp(self.clock()),
            document_digest=entry.digest,
            document_size=len(entry.document),
            facts=entry.facts,
        )
        self.connection.execute(insert(record).values(row_of(header, entry.document)))
        return Appended(header.sequence, new=True)

    def delete_to(self, sequence: int) -> int:
        """Delete the records up to one, which one of pruning must cover already; how many they were."""
        return self.connection.execute(delete(record).where(record.c.sequence <= sequence)).rowcount
