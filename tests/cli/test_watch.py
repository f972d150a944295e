"""`lychgate watch`: what a save brings, with the place to click; and that nothing but Ctrl-C ends it."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, lay
from tests.interrupts import heeding

PROGRAM = """
import pulumi_aws as aws

tags = {"application": "a", "environment": "production", "tenant": "acme", "data-classification": "internal"}
aws.ecr.Repository("api", image_tag_mutability="IMMUTABLE", tags=tags)
"""
MUTABLE = PROGRAM.replace("IMMUTABLE", "MUTABLE")
TAGS, SEVERITY = "ecr-repository-with-mutable-tags", "medium"
SECONDS = 60.0


class Watch:
    """A running `lychgate watch`, and its lines as they come."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder.parent),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
        }
        self.process = subprocess.Popen(
            heeding(COMMAND, "watch", *arguments), cwd=folder, env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, text: str) -> str:
        """All that is printed until a line holds a text."""
        seen, deadline = "", time.monotonic() + SECONDS
        while text not in seen.rpartition("\n")[0].rpartition("\n")[2]:
            try:
                seen += self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"{text!r} does not come after:\n{seen}")
        return seen

    def interrupt(self) -> int:
        """Ctrl-C, and the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay(tmp_path / "work", {"app/Pulumi.yaml": "name: app\nruntime: python\n", "app/__main__.py": PROGRAM})


@pytest.fixture
def watch(folder: Path) -> Iterator[Watch]:
    running = Watch(folder, "app")
    yield running
    running.process.kill()
    running.process.wait()


def test_a_save_says_what_is_new_and_what_is_mended(folder: Path, watch: Watch) -> None:
    assert TAGS not in watch.until("app/dev (production baseline)")
    program = folder / "app/__main__.py"
    program.write_text(MUTABLE)
    said = watch.until("fix:")
    assert "1 new, 0 no longer found" in said
    assert (
        f"  app/__main__.py:5: high {TAGS} on api\n" in said or f"  app/__main__.py:5: medium {TAGS} on api\n" in said
    )
    program.with_suffix(".new").write_text(PROGRAM)
    program.with_suffix(".new").replace(program)  # as editors save
    assert "0 new, 1 no longer found" in watch.until(f"mended: {TAGS} on api")
    assert "\x1b" not in said  # nothing that a log could not hold
    assert watch.interrupt() == 0
    assert "Traceback" not in "".join(watch.lines.queue)


def test_a_program_that_fails_is_one_message_and_watching_goes_on(folder: Path, watch: Watch) -> None:
    watch.until("app/dev (production baseline)")
    program = folder / "app/__main__.py"
    program.write_text('print("\\x1b]0;gotcha\\a")\nraise ValueError("\\x1b[31m no")\n')
    said = watch.until("gotcha")
    assert "not judged" in said and "__main__.py:2: the program raised ValueError" in said
    assert "\x1b" not in said and "Traceback" not in said
    program.write_text(MUTABLE)
    assert TAGS in watch.until("fix:")
    (folder / "app/Pulumi.yaml").write_text("name: [\n")
    assert "Pulumi.yaml" in watch.until("Pulumi.yaml")
    (folder / "app/Pulumi.yaml").write_text("name: app\nruntime: python\n")
    watch.until("0 new, 0 no longer found")
    assert watch.interrupt() == 0


def test_a_change_of_the_policies_counts(folder: Path) -> None:
    (folder / "app/__main__.py").write_text(MUTABLE)
    own = "name: mine\ndescription: d\nextends: production\n"
    lay(folder, {"lychgate.yaml": "ruleset: policies/mine.yaml\n", "policies/mine.yaml": own})
    watch = Watch(folder, "app")
    try:
        assert TAGS in watch.until("app/dev (mine baseline)")
        (folder / "policies/mine.yaml").write_text(f"{own}rules:\n  {TAGS}: disabled\n")
        assert "1 no longer found" in watch.until(f"no longer found (rule not in use): {TAGS} on api")
        assert watch.interrupt() == 0
    finally:
        watch.process.kill()


def test_what_cannot_be_watched_is_an_input_error(tmp_path: Path) -> None:
    for arguments in (["none"], [".", "--isolate", "maybe"]):
        watch = Watch(tmp_path, *arguments)
        assert watch.process.wait(SECONDS) == 2, "".join(watch.lines.queue)
