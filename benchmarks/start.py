"""Cold start of the command, beside the start of the interpreter alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Row, best

COMMAND = Path(sys.executable).with_name("lychgate")


def rows() -> Iterator[Row]:
    bare = best(lambda: run([sys.executable, "-c", "pass"]), 5)
    yield Row("lychgate --help", best(lambda: run([str(COMMAND), "--help"]), 5), "python -c pass", bare)
    yield Row("lychgate rules", best(lambda: run([str(COMMAND), "rules"]), 5), "python -c pass", bare, "0.3 s")


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
