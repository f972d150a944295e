"""What went into a verdict, as SHA-256 (hexadecimal): a later reader can tell whether it was this."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from lychgate.model.errors import InputError

# What is installed or generated beside a program, and changes without it.
_LEFT_OUT = frozenset(
    {
        "__pycache__",
        "node_modules",
        ".git",
        ".pulumi",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".idea",
        ".vscode",
    }
)
MOST_BYTES = 4 << 30


def of_file(path: Path) -> str:
    """The digest of one file. Raises InputError."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(str(path), found=f"cannot be read: {error.strerror}", expected="a file") from None


def of_folder(folder: Path, *leave_out: Path | None) -> str:
    """The digest of the names and contents of a folder's own files: no virtual environments, no caches, nothing below
    what is to be left out. Links count as what they say, whatever they lead to. Raises InputError."""
    digest = hashlib.sha256()
    size = 0
    for path in sorted(_own_files(folder, frozenset(_own(leave_out)))):
        digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
        if path.is_symlink():
            digest.update(os.fsencode(os.readlink(path)) + b"\0")
            continue
        size += path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(
                str(folder), found=f"the project holds more than {MOST_BYTES >> 30} GiB of files", expected="a program"
            )
        digest.update(bytes.fromhex(of_file(path)))
    return digest.hexdigest()


def _own(folders: Iterable[Path | None]) -> Iterator[Path]:
    """Folders as they are compared. What a link leads to has other reasons to count."""
    return (one.resolve() for one in folders if one is not None and not one.is_symlink())


def _own_files(folder: Path, leave_out: frozenset[Path]) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = list(os.scandir(here))
        except OSError as error:
            raise InputError(str(here), found=f"cannot be read: {error.strerror}", expected="a folder") from None
        for entry in entries:
            path = here / entry.name
            if entry.is_dir(follow_symlinks=False):
                own = entry.name not in _LEFT_OUT and not (path / "pyvenv.cfg").exists()
                if own and path.resolve() not in leave_out:
                    waiting.append(path)
            elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                yield path
