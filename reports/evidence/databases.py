"""Where a store is: an address in, an engine out, with what SQLite and PostgreSQL do differently.

An address may hold a password. It is shown by `Address.shown`, and what a driver says goes through `Address.redact`.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from lychgate.reports.evidence.schema import HEAD
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from lychgate.model.errors import InputError

PATIENCE = 60  # seconds that a writer waits for others
EXPECTED = "a file, sqlite:///PATH or postgresql://USER@HOST/DATABASE"
# Of an advisory lock: "lychgate", so that nobody else's is taken. One while tables are made, one for each table after.
_LOCK = 0x6C79636867617465


class StoreError(Exception):
    """The database does not do what it should: full, locked, gone, or refusing. The text holds no secret."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a store, read but not believed."""

    url: URL

    @classmethod
    def of(cls, given: str) -> Address:
        """Raises InputError; what was given is not repeated, it may hold a password."""
        if "://" not in given:
            return cls(URL.create("sqlite", database=given))
        try:
            url = make_url(given)
        except (ArgumentError, ValueError):
            raise InputError("--store", found="the address of the store cannot be read", expected=EXPECTED) from None
        if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
            return cls(url.set(drivername="postgresql+psycopg"))
        if url.drivername == "sqlite" and url.database and url.database != ":memory:" and not url.query:
            return cls(url)
        raise InputError("--store", found="an address of another kind of store", expected=EXPECTED)

    @property
    def file(self) -> Path | None:
        """The file, of SQLite."""
        return Path(str(self.url.database)) if self.url.drivername == "sqlite" else None

    @property
    def shown(self) -> str:
        """Where it is, without a password."""
        return (
            str(self.file)
            if self.file
            else self.redact(self.url.set(drivername="postgresql", query={}).render_as_string())
        )

    def redact(self, words: str) -> str:
        """What a driver says, without the password in any of its spellings."""
        given = [self.url.password, *(value for name, value in self.url.query.items() if "pass" in name)]
        for secret in given:
            for spelling in {str(secret), quote(str(secret), safe=""), quote_plus(str(secret))} if secret else ():
                words = words.replace(spelling, "***")
        return words


def connect(address: Address, *, create: bool) -> Engine:
    """An engine on a store; `create` makes the file of SQLite. Raises InputError where it is not there."""
    file = address.file
    if file is None:
        options = {"connect_timeout": 15, "options": f"-c lock_timeout={PATIENCE}s", "application_name": "lychgate"}
        return create_engine(address.url, poolclass=NullPool, connect_args=options, hide_parameters=True)
    if create and not file.exists():
        _make(file)
    if not file.is_file():
        raise InputError(str(file), found="there is no store of evidence", expected="a store that was written to")
    engine = create_engine(
        address.url, poolclass=NullPool, connect_args={"timeout": PATIENCE, "isolation_level": None},
        hide_parameters=True,
    )  # fmt: skip
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _make(file: Path) -> None:
    """An empty file for its owner alone: SQLite gives its companions the same mode."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise InputError(str(file), found=f"cannot be made: {error.strerror}", expected="a file") from None


def _prepare(connection: Any, _: Any) -> None:
    # In WAL mode readers and a writer do not wait for each other; FULL means that what was committed is on the disk.
    # REPLACE fires the triggers of a deletion only with recursive_triggers.
    _journal(connection)
    for pragma in ("synchronous=FULL", "recursive_triggers=ON", "secure_delete=ON", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}").close()


def _journal(connection: Any) -> None:
    """WAL, which is changed to but once in a file's life; of several that do so at once SQLite lets none wait."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def told(address: Address) -> Iterator[None]:
    """What the database refuses, as a StoreError."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        said = str(getattr(error, "orig", error) or "").strip().split("\n")[0] or type(error).__name__
        raise StoreError(f"{address.shown}: {address.redact(said)}") from None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One state of the store, whatever is appended meanwhile."""
    level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**level) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine, lock: str | None = "evidence_record") -> Iterator[Connection]:
    """The one writer there is, until the end; all of it is kept, or nothing. `lock` is the table that is written."""
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            place = f"'{lock}'::regclass::oid::bigint" if lock else "0"
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK} # {place})"))
        yield connection


def version(connection: Connection) -> str | None:
    """The migration at which a store is; None where there are no tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def migrate(engine: Engine, address: Address) -> None:
    """Bring a store to the newest tables; nothing where it is there. Raises InputError for a newer one."""
    with reading(engine) as connection:
        found = version(connection)
    if found == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    with writing(engine, lock=None) as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, HEAD)
        except CommandError:
            raise another_version(address, found) from None


def another_version(address: Address, found: str | None) -> InputError:
    """The error for a store whose tables are not these."""
    if found is None:
        return InputError(address.shown, found="there is no store of evidence", expected="one that was written to")
    words = f"its tables are of version {found}"
    return InputError(
        address.shown, found=words, expected=f"{HEAD}: `lychgate evidence import` brings an older one here"
    )
