"""`lychgate pre-commit`: from the changed files that pre-commit names to the Pulumi projects they belong to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from lychgate.sources.program.project import FILES


def projects_of(files: Iterable[Path]) -> list[Path]:
    """The folder of the nearest Pulumi.yaml above each file; none for a file that belongs to no project.

    Not above the current folder, which pre-commit sets to the top of the repository.
    """
    top = Path.cwd()
    found: dict[Path, None] = {}
    for file in files:
        for folder in Path(os.path.abspath(file)).parents:
            if not folder.is_relative_to(top):
                break
            if any((folder / name).is_file() for name in FILES):
                found[folder.relative_to(top)] = None
                break
    return sorted(found)
