"""Whatever a program does, it and all it started can be ended, and are when it ends or we do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lychgate.sources.sandbox import Isolate
from tests.sources.sandbox.conftest import REFUSAL, World, alive

LEVELS: list[Isolate] = ["off"] if REFUSAL else ["require", "off"]
LEAVE_A_DAEMON = """
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", sys.argv[1]])
        os._exit(0)
    time.sleep(0.3)
    """
IGNORE_EVERYTHING = """
    import signal
    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except OSError:
            pass
    print("ready", flush=True)
    while True:
        pass
    """


@pytest.mark.parametrize("isolate", LEVELS)
def test_a_process_left_behind_ends_with_the_program(world: World, marker: str, isolate: Isolate) -> None:
    told = world.run(LEAVE_A_DAEMON + "print(json.dumps(['end', 1, '']))", marker, isolate=isolate)
    assert told.done == {"end": 1}
    assert not alive(marker, patience=0)
    assert told.child.returncode == 0


@pytest.mark.parametrize("isolate", LEVELS)
def test_a_program_that_ignores_every_signal_is_ended_whole(world: World, marker: str, isolate: Isolate) -> None:
    with world.start(LEAVE_A_DAEMON + IGNORE_EVERYTHING, marker, isolate=isolate) as child:
        while "ready" not in child.stdout():
            assert child.poll() is None
            time.sleep(0.02)
        assert alive(marker, patience=0)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.1)
        began = time.monotonic()
        assert child.kill() == -signal.SIGKILL
        assert time.monotonic() - began < 2
    assert child.stopped == "stopped"
    assert not alive(marker, patience=0)


@pytest.mark.parametrize("isolate", LEVELS)
def test_a_program_ends_when_we_are_killed(world: World, marker: str, isolate: Isolate) -> None:
    (world.project / "__main__.py").write_text("import time; print('ready', flush=True); time.sleep(300)")
    scratch = world.home.parent / "temporary"
    scratch.mkdir()
    ours = f"""
import sys, tempfile, time
from pathlib import Path
from lychgate.sources.sandbox import interpreter_folders, start
tempfile.tempdir = {str(scratch)!r}
project = Path({str(world.project)!r})
child = start([sys.executable, project, {marker!r}], cwd=project, isolate={isolate!r},
              readable=interpreter_folders(Path(sys.executable), project))
while "ready" not in child.stdout():
    time.sleep(0.02)
print("ready", flush=True)
time.sleep(300)
"""
    with subprocess.Popen([sys.executable, "-c", ours], stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        assert alive(marker, patience=0)
        process.kill()
    assert not alive(marker)
    assert not alive(str(scratch))
    deadline = time.monotonic() + 20  # who tidies up is another process, which a busy machine lets wait
    while list(scratch.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(bool(REFUSAL), reason=REFUSAL)
def test_a_program_ends_when_its_guard_is_killed(world: World, marker: str) -> None:
    with world.start(LEAVE_A_DAEMON + IGNORE_EVERYTHING, marker) as child:
        while "ready" not in child.stdout():
            time.sleep(0.02)
        os.kill(child._process.pid, signal.SIGKILL)
        assert child.wait(5) == -signal.SIGKILL
        assert not alive(marker)


def test_how_a_program_ended_is_told(world: World) -> None:
    for program, code in (("sys.exit(7)", 7), ("os.kill(os.getpid(), 15)", -15), ("os._exit(0)", 0), ("1/0", 1)):
        with world.start(program) as child:
            assert child.wait(10) == code
            assert child.poll() == code
            assert child.stopped is None
    assert "ZeroDivisionError" in child.stderr()


def test_the_guard_comes_first_and_the_program_as_all_others(world: World) -> None:
    told = world.run(
        """
        attempt("scheduling", lambda: os.sched_getscheduler(0))
        attempt("priority", lambda: os.getpriority(os.PRIO_PROCESS, 0))
        """
    )
    assert told.done == {"scheduling": os.SCHED_OTHER, "priority": os.getpriority(os.PRIO_PROCESS, 0)}


def test_standard_input_is_empty(world: World) -> None:
    assert "EOFError" in world.run("attempt('input', input)").failed["input"]


def test_a_program_that_does_not_exist_is_our_error(world: World) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-python"):
        world.python = Path("/usr/bin/no-such-python")
        world.start("")


def test_nothing_is_left_on_the_disk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    for isolate in LEVELS:
        told = world.run(
            """
            write(os.environ["HOME"] + "/file")
            os.chdir(os.environ["TMPDIR"])
            for _ in range(3000):
                os.mkdir("folder")
                os.chdir("folder")
            attempt("depth", lambda: 3000)
            """,
            isolate=isolate,
        )
        assert told.done == {"depth": 3000}
    with pytest.raises(FileNotFoundError):
        world.python = Path("/usr/bin/no-such-python")
        world.start("")
    assert list((tmp_path / "temporary").iterdir()) == []
