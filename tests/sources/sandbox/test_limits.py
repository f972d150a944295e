"""A hostile program takes all there is: memory, disk, processes, output, processor time."""

from __future__ import annotations

import os

import pytest

from lychgate.sources.sandbox import Limits
from tests.sources.sandbox.conftest import World, alive, needs_isolation

MIB = 1 << 20


def test_one_process_cannot_fill_the_memory(world: World) -> None:
    told = world.run("attempt('fill', lambda: len(bytearray(8 << 30)))", limits=Limits(memory=512 * MIB))
    assert "MemoryError" in told.failed["fill"]


def test_many_processes_cannot_fill_the_memory(world: World, marker: str) -> None:
    told = world.run(
        """
        for _ in range(20):
            if os.fork() == 0:
                keep = bytearray(os.urandom(1) * (100 << 20))
                time.sleep(60)
        time.sleep(60)
        """,
        marker,
        limits=Limits(memory=512 * MIB),
    )
    assert told.child.stopped == "memory"
    assert not alive(marker, patience=0)


@pytest.mark.parametrize("patient", [True, False])
def test_a_fork_bomb_is_defused(world: World, marker: str, patient: bool) -> None:
    program = f"""
        while True:
            try:
                os.fork()
            except OSError:
                {"time.sleep(0.1)" if patient else "pass"}
        """
    with world.start(program, marker, limits=Limits(tasks=64)) as child:
        if os.geteuid() == 0:  # the kernel's own limit does not hold for root
            child.wait(20)
            assert child.stopped == "tasks"
    assert not alive(marker, patience=0)


@needs_isolation
def test_the_disk_cannot_be_filled(world: World) -> None:
    told = world.run(
        """
        def fill(folder):
            for number in range(100):
                with open(f"{folder}/{number}", "wb") as file:
                    file.write(bytes(1 << 20))

        attempt("one file", lambda: open("/tmp/big", "wb").write(bytes(9 << 20)))
        os.remove("/tmp/big")
        attempt("many files", lambda: fill("/tmp"))
        attempt("home", lambda: fill(os.environ["HOME"]))
        attempt("shared memory", lambda: fill("/dev/shm"))
        attempt("own folder", lambda: fill("."))
        attempt("many folders", lambda: [os.mkdir(f"/dev/shm/d{number}") for number in range(100_000)])
        """,
        limits=Limits(disk=8 * MIB),
    )
    assert not told.done
    assert "File too large" in told.failed["one file"]
    assert all("No space left" in told.failed[name] for name in ("many files", "home", "shared memory", "many folders"))


def test_a_flood_of_output_is_drained_and_forgotten(world: World) -> None:
    with world.start(
        """
        for _ in range(300):
            os.write(1, b"x" * (1 << 20))
            os.write(2, b"y" * (1 << 10))
        os.write(1, b"the end")
        """,
        keep_output=4096,
    ) as child:
        assert child.wait(60) == 0
    assert child.printed() == 300 * (MIB + 1024) + 7
    assert len(child.stdout()) == 4096
    assert child.stdout().endswith("xxxthe end")
    assert child.stderr() == "y" * 4096


def test_output_that_is_no_text_is_kept(world: World) -> None:
    with world.start("os.write(1, bytes(range(256)))") as child:
        child.wait(10)
    assert "\N{REPLACEMENT CHARACTER}" in child.stdout()


def test_processor_time_and_open_files_end(world: World) -> None:
    told = world.run(
        """
        attempt("open", lambda: [open("/dev/null") for _ in range(100)] and 1)
        while True:
            pass
        """,
        limits=Limits(open_files=32, cpu_seconds=1),
    )
    assert "Too many open files" in told.failed["open"]
    assert told.child.returncode == -9


@needs_isolation
def test_memory_that_no_limit_counts_cannot_be_had(world: World) -> None:
    told = world.run(
        """
        import ctypes, mmap
        libc = ctypes.CDLL(None, use_errno=True)

        def shared_memory():
            if libc.shmget(0, 1 << 20, 0o1600) == -1:
                raise OSError(ctypes.get_errno(), "refused")

        attempt("memfd", lambda: os.memfd_create("x"))
        attempt("System V", shared_memory)
        attempt("closure", lambda: ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 7)())
        """
    )
    assert told.done == {"closure": 7}


def test_shared_memory_counts(world: World) -> None:
    told = world.run(
        """
        import mmap
        for _ in range(8):
            if os.fork() == 0:
                memory = mmap.mmap(-1, 100 << 20)
                memory.write(bytes(100 << 20))
                time.sleep(60)
        time.sleep(60)
        """,
        limits=Limits(memory=600 * MIB),
    )
    assert told.child.stopped == "memory"


@needs_isolation
def test_the_limits_of_others_cannot_be_changed(world: World) -> None:
    told = world.run(
        """
        import resource
        attempt("own", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
        attempt("more", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)))
        attempt("first process's", lambda: resource.prlimit(1, resource.RLIMIT_NOFILE, (16, 16)))
        """
    )
    assert list(told.done) == ["own"]
