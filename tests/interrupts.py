"""Commands begun as a terminal begins them: what a shell runs in the background ignores Ctrl-C, and so does what that
starts.

A process of its own sets that right, not a function between fork and exec: other threads of the tests hold locks that
nobody would release there.
"""

from __future__ import annotations

import sys
from pathlib import Path

_START = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


def heeding(command: Path | str, *arguments: str) -> list[str]:
    """A command, by its path, that Ctrl-C ends."""
    return [sys.executable, "-I", "-S", "-c", _START, str(command), *arguments]
