"""A verdict in, one format out: one module each, `render(verdict) -> bytes`, and a table of them all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from lychgate.model.errors import InputError

# Format -> (module, file name). A module is imported when its format is asked for.
Formats = Mapping[str, tuple[str, str]]
FORMATS: Formats = {
    "json": ("document", "verdict.json"),
    "sarif": ("sarif", "verdict.sarif"),
    "html": ("html", "report.html"),
    "pdf": ("pdf", "report.pdf"),
    "junit": ("junit", "junit.xml"),
    "codequality": ("codequality", "gl-code-quality-report.json"),
    "sast": ("gitlab_sast", "gl-sast-report.json"),
    "markdown": ("markdown", "note.md"),
    "openmetrics": ("openmetrics", "metrics.txt"),
    "csv": ("csv", "populations.csv"),
    "xlsx": ("xlsx", "populations.xlsx"),
    "oscal-results": ("oscal_results", "oscal-assessment-results.json"),
    "oscal-plan": ("oscal_plan", "oscal-assessment-plan.json"),
    "oscal-component": ("oscal_component", "oscal-component-definition.json"),
}


def renderer(name: str, formats: Formats = FORMATS) -> Callable[..., bytes]:
    """The function that renders a format. Raises InputError where a library that it stands on is not installed."""
    try:
        module = import_module(f"lychgate.reports.{formats[name][0]}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "lychgate":
            raise
        raise InputError(
            f"--format {name}",
            found=f"it needs {error.name}, which is not installed",
            expected="the extra `reports`: pip install 'lychgate[reports]'",
        ) from None
    return module.render  # type: ignore[no-any-return]


def missing(formats: Formats) -> dict[str, InputError]:
    """The formats among these that cannot be made here, and why."""
    found = {}
    for name in formats:
        try:
            renderer(name, formats)
        except InputError as error:
            found[name] = error
    return found


def write(document: Any, folder: Path, names: list[str], formats: Formats = FORMATS) -> list[Path]:
    """Write formats of a verdict, or of what else there are `formats` of, into a folder.

    All are made before the first is written, and each is put in place whole.
    Raises OSError, and InputError where a format cannot be made here.
    """
    made = {folder / formats[name][1]: renderer(name, formats)(document) for name in names}
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in made.items():
        replace(path, data)
    return list(made)


def replace(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put a file in place of another one in a single step. Raises OSError."""
    with replacing(path, mode) as stream:
        stream.write(data)


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """A file to be written that takes the place of another one when it is whole and on the disk. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
