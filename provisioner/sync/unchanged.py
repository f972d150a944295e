"""Whether what was judged is still what is there: a platform's files, which the engine's program reads again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

# What a platform is read from. The settings of stacks are beside it, and a sync writes them itself.
PLACES = ("", "environments", "applications")
STACKS = "stacks"


def snapshot(folder: Path) -> dict[str, str]:
    """The files that a platform is read from, and a digest of what each holds; empty where it cannot be read."""
    found = {}
    for path in (one for place in PLACES for one in (folder / place).glob("*.y*ml")):
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        except OSError:
            digest = ""
        found[str(path.relative_to(folder))] = digest
    return found


def differing(before: Mapping[str, str], folder: Path) -> list[str]:
    """The files that are not as they were in a snapshot, or that only one of both has."""
    now = snapshot(folder)
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
