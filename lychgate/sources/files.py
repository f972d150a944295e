"""Files that Lychgate reads of a tree that somebody else may have made: no pipes, no endless ones, no way out of it."""

from __future__ import annotations

from pathlib import Path

from lychgate.model.document import MAX_BYTES, Document, parse
from lychgate.model.errors import InputError


def read(path: Path, *, within: Path | None = None) -> bytes:
    """The content of a file, cut after `MAX_BYTES` + 1. With `within`, it must lie below that folder, links followed.

    Raises InputError where it cannot be read, or is no regular file.
    """
    try:
        real = path.resolve(strict=True)
        if within is not None and not real.is_relative_to(within.resolve()):
            raise InputError(str(path), found="a link that leads out of the project", expected="a file of the project")
        if not real.is_file():
            raise InputError(str(path), found="it is no file", expected="a file")
        with real.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, RuntimeError) as error:
        found = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise InputError(str(path), found=found, expected="a file") from None


def read_document(path: Path, *, within: Path | None = None, empty: bool = False) -> Document:
    """The YAML document of a file; `empty` as in `parse`. Raises InputError."""
    return parse(read(path, within=within), str(path), empty=empty)
