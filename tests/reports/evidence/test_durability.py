"""Killed, raced and out of space: what was acknowledged is there, whole, and nothing else."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from contextlib import ExitStack
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from lychgate.reports.evidence.checking import check
from lychgate.reports.evidence.store import Store, StoreError

from tests.reports.evidence.postgresql import binaries, server
from tests.reports.evidence.records import entry, fill, tamper
from tests.reports.evidence.writing import append_for_ever, append_some, append_until_full, processes

KILLS = 100


def drain(told: Connection) -> list[Any]:
    """What a killed process had said, to the last whole word."""
    found = []
    try:
        while True:
            found.append(told.recv())
    except (EOFError, OSError):
        return found


@pytest.mark.slow
def test_killed_a_hundred_times_while_appending(address: str) -> None:
    """There are two writers at any time; the older one is killed somewhere in its work."""
    store, context, chance = Store.open(address, create=True), processes(), random.Random(7)

    def begin(number: int) -> tuple[Any, Connection]:
        told, telling = context.Pipe(duplex=False)
        writer = context.Process(target=append_for_ever, args=(address, 10_000 * number, telling), daemon=True)
        writer.start()
        telling.close()
        return writer, told

    acknowledged: dict[int, str] = {}
    writers = [begin(0)]
    for kill in range(1, KILLS + 1):
        writers.append(begin(kill))
        writer, told = writers.pop(0)
        acknowledged |= dict([told.recv() for _ in range(chance.randrange(4))])
        time.sleep(chance.uniform(0, 0.02))
        writer.kill()
        writer.join()
        assert writer.exitcode == -signal.SIGKILL
        acknowledged |= dict(drain(told))
        with store.read() as snapshot:
            report = check(snapshot.rows(), snapshot.id)
            there = {row.sequence: row.values["document_digest"] for row in snapshot.rows(documents=False)}
        assert report.intact, report.findings
        assert acknowledged.items() <= there.items()
    writers[0][0].kill()
    writers[0][0].join()
    assert len(acknowledged) > KILLS
    assert store.append([entry(9_999_999)])[0].new


def test_eight_writers_at_once_make_one_chain(address: str) -> None:
    context, count = processes(), 8
    pipes = []
    for number in range(8):
        told, telling = context.Pipe(duplex=False)
        context.Process(target=append_some, args=(address, number * 1000, count, telling), daemon=True).start()
        telling.close()
        pipes.append(told)
    given = [told.recv() for told in pipes]
    assert sorted(chain.from_iterable(given)) == list(range(1, 8 * count + 1)) and all(
        one == sorted(one) for one in given
    )
    with Store.open(address).read() as snapshot:
        assert check(snapshot.rows(), snapshot.id).intact


def test_a_reader_sees_one_state_while_others_append(store: Store) -> None:
    fill(store, 2)
    with store.read() as snapshot:
        first = snapshot.newest()
        store.append([entry(77)])
        assert first and snapshot.newest() == first and len(list(snapshot.rows())) == 2
    with store.read() as snapshot:
        assert len(list(snapshot.rows())) == 3


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    address = str(tmp_path / "evidence.db")
    store = Store.open(address, create=True)
    context = processes()
    told, telling = context.Pipe(duplex=False)
    context.Process(target=append_until_full, args=(address, 600_000, telling), daemon=True).start()
    telling.close()
    written, words = told.recv()
    assert written > 5 and words.startswith(address) and "disk" in words
    with store.read() as snapshot:
        report = check(snapshot.rows(), snapshot.id)
    assert report.intact and report.count == written
    assert store.append([entry(999_999)])[0].sequence == written + 1  # as soon as there is room again


@pytest.mark.slow
@pytest.mark.database
def test_a_full_disk_of_a_server_is_said_and_leaves_nothing_half_written() -> None:
    if binaries() is None:
        pytest.skip("there is no PostgreSQL server on this machine")
    with ExitStack() as stack:
        try:
            small = stack.enter_context(server(megabytes=130))
        except subprocess.CalledProcessError:
            pytest.skip("this machine lets nobody mount a small disk")
        ballast = small.folder / "ballast"
        ballast.write_bytes(b"0" * 20_000_000)
        address = small.database()
        Store.open(address, create=True)
        context = processes()
        told, telling = context.Pipe(duplex=False)
        context.Process(target=append_until_full, args=(address, None, telling, 60_000), daemon=True).start()
        telling.close()
        written, words = told.recv()
        assert written > 5 and words.startswith("postgresql://")
        ballast.unlink()
        small.stop()  # a server that cannot even write its log goes down by itself
        small.start()
        store = Store.open(address)
        with store.read() as snapshot:
            report = check(snapshot.rows(), snapshot.id)
        assert report.intact and written <= report.count <= written + 1  # the last may have been kept and not told
        assert store.append([entry(999_999)])[0].sequence == report.count + 1


def test_a_writer_that_is_refused_leaves_nothing(store: Store) -> None:
    fill(store, 2)
    with pytest.raises(StoreError), store.pruning() as end:
        end.append(entry(5))
        end.connection.exec_driver_sql("SELECT * FROM nothing_of_this_name")
    with store.read() as snapshot:
        assert len(list(snapshot.rows())) == 2


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    file = tmp_path / "e.db"
    file.write_bytes(b"no database at all, but of some length" * 100)
    with pytest.raises(StoreError, match="not a database"):
        Store.open(str(file))
    damaged = tmp_path / "d.db"
    store = Store.open(str(damaged), create=True)
    fill(store, 50)
    tamper(store, "PRAGMA user_version = 1")
    data = bytearray(damaged.read_bytes())
    data[len(data) // 3 : len(data) // 2] = b"\xff" * (len(data) // 2 - len(data) // 3)
    damaged.write_bytes(data)
    with pytest.raises(StoreError, match="malformed"), Store.open(str(damaged)).read() as snapshot:
        list(snapshot.rows())
