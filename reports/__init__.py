"""A verdict in, one format out: one module each, `render(verdict) -> bytes`, and a table of them all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

# Format -> (module, file name). A module is imported when its format is asked for.
FORMATS: dict[str, tuple[str, str]] = {
    "json": ("document", "verdict.json"),
    "sarif": ("sarif", "verdict.sarif"),
    "junit": ("junit", "junit.xml"),
    "codequality": ("codequality", "gl-code-quality-report.json"),
    "markdown": ("markdown", "note.md"),
}


def renderer(name: str) -> Callable[[dict[str, Any]], bytes]:
    """The function that renders a format."""
    module = import_module(f"lychgate.reports.{FORMATS[name][0]}")
    return module.render  # type: ignore[no-any-return]


def write(verdict: dict[str, Any], folder: Path, names: list[str]) -> list[Path]:
    """Write formats into a folder: all are made before the first is written, and each is put in place whole.

    Raises OSError.
    """
    made = {folder / FORMATS[name][1]: renderer(name)(verdict) for name in names}
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in made.items():
        replace(path, data)
    return list(made)


def replace(path: Path, data: bytes) -> None:
    """Put a file in place of another one in a single step."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
