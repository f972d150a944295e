"""Several commands at once: their order, what is left out, and interrupts."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from lychgate.pipeline.rollout import INTERRUPTED, Ended, Rollout


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_each_comes_after_what_it_refers_to() -> None:
    told: list[Ended] = []
    commands = {name: python(f"print('{name}')") for name in "abc"}
    ended = Rollout(commands, {"a": ["b"], "b": ["c", "elsewhere"]}).run(3, told.append)
    assert [(one.stack, one.status, one.text) for one in told] == [("c", 0, "c\n"), ("b", 0, "b\n"), ("a", 0, "a\n")]
    assert ended == told


def test_what_refers_to_a_failure_is_left_out() -> None:
    commands = {
        "shared": python("raise SystemExit(4)"),
        "acme": python(""),
        "acme-user": python(""),
        "other": python(""),
    }
    ended = Rollout(commands, {"acme": ["shared"], "acme-user": ["acme"]}).run(2, lambda one: None)
    assert {one.stack: one.status for one in ended} == {"shared": 4, "acme": None, "acme-user": None, "other": 0}
    assert {one.text for one in ended if one.status is None} == {"it refers to shared", "it refers to acme"}


def test_they_run_side_by_side(tmp_path: Path) -> None:
    meets = (
        "import pathlib, sys, time\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "(folder / sys.argv[1]).touch()\n"
        "for _ in range(200):\n"
        "    if (folder / sys.argv[2]).exists(): sys.exit(0)\n"
        "    time.sleep(0.05)\n"
        "sys.exit(1)"
    )
    commands = {"a": [*python(meets), "a", "b"], "b": [*python(meets), "b", "a"]}
    assert [one.status for one in Rollout(commands, {}).run(2, lambda one: None)] == [0, 0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_passed_on_and_begins_nothing_else(number: signal.Signals, tmp_path: Path) -> None:
    patient = (
        "import pathlib, signal, sys, time\n"
        f"begun = pathlib.Path({str(tmp_path / 'begun')!r})\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(4))\n"
        "begun.touch()\n"
        "time.sleep(30)"
    )

    def interrupt() -> None:
        while not (tmp_path / "begun").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    thread = threading.Thread(target=interrupt)
    thread.start()
    ended = Rollout({"a": python(patient), "b": python("")}, {}).run(1, lambda one: None)
    thread.join()
    assert {one.stack: (one.status, one.text) for one in ended} == {"a": (4, ""), "b": (None, INTERRUPTED)}
    assert signal.getsignal(number) == before
