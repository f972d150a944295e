"""From a save to the verdict in `lychgate watch`, beside a cold `lychgate check` of the same program."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.capture import PROGRAM
from benchmarks.measuring import Row, best

COMMAND = Path(sys.executable).with_name("lychgate")
RESOURCES, SAVES = 50, 5
PAUSE = 4.0  # seconds between two saves: the interpreter for the next one is started meanwhile


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (project / "__main__.py").write_text(PROGRAM.format(count=RESOURCES))
        cold = best(lambda: checked(project))
        warm = min(watched(project))
    yield Row(f"a save to the verdict, {RESOURCES} resources", warm, "a cold check", cold, "1 s")


def checked(folder: Path) -> None:
    done = subprocess.run([COMMAND, "check", str(folder)], stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 1


def watched(folder: Path) -> Iterator[float]:
    """Seconds from each save to the line that says its verdict."""
    command = [COMMAND, "watch", str(folder)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        try:
            _until(watching.stdout, "(production baseline)")
            for number in range(SAVES):
                time.sleep(PAUSE)
                (folder / "__main__.py").write_text(PROGRAM.format(count=RESOURCES) + f"# {number}\n")
                saved = time.perf_counter()
                _until(watching.stdout, "no longer found")
                yield time.perf_counter() - saved
        finally:
            watching.terminate()


def _until(lines: Iterator[str], text: str) -> None:
    assert any(text in line for line in lines), f"{text} does not come"
