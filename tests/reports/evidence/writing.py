"""Writers in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext

from lychgate.reports.evidence.store import Store, StoreError

from tests.reports.evidence.records import entry


def processes() -> ForkServerContext:
    """Processes that begin at once, with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "psycopg", "alembic.command", "sqlalchemy.dialects.postgresql"])
    return context


def append_for_ever(address: str, start: int, told: Connection) -> None:
    """Append, and tell of each record that was acknowledged."""
    store = Store.open(address)
    number = start
    while True:
        number += 1
        (done,) = store.append([entry(number)])
        told.send((done.sequence, entry(number).digest))
        time.sleep(0.004)  # SQLite's writers do not queue: who never pauses keeps the others out


def append_some(address: str, start: int, count: int, told: Connection) -> None:
    """Open, be it the first to, and append so many."""
    store = Store.open(address, create=True)
    told.send([store.append([entry(start + number)])[0].sequence for number in range(count)])


def append_until_full(address: str, most: int | None, told: Connection, size: int = 4000) -> None:
    """Append until there is no room: in a file that may not grow above a size, or on a disk; what is said then."""
    if most is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    store = Store.open(address)
    number = 0
    try:
        while True:
            number += 1
            store.append([entry(number, branch=os.urandom(size).hex())])
    except StoreError as error:
        told.send((number - 1, str(error)))
