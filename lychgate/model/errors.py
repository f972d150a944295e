"""Errors of what a user wrote: where, what was found, what was expected, the nearest valid spelling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any


class InputError(Exception):
    """A file or argument that cannot be used. Lines and columns count from 1; None where the whole file is meant.

    `hint` is the nearest valid spelling. `more` holds further errors of the same input: `str()` prints a line for each.
    """

    def __init__(
        self,
        file: str,
        line: int | None = None,
        column: int | None = None,
        found: str = "",
        expected: str = "",
        hint: str | None = None,
        *,
        more: tuple[InputError, ...] = (),
    ) -> None:
        super().__init__(found)
        self.file, self.line, self.column = file, line, column
        self.found, self.expected, self.hint, self.more = found, expected, hint, more

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        wanted = [f"expected {self.expected}"] if self.expected else []
        wanted += [f"did you mean {self.hint!r}?"] if self.hint else []
        first = f"{place}: {self.found}" + (f". {'; '.join(wanted)}" if wanted else "")
        return "\n".join([first, *map(str, self.more)])

    @classmethod
    def of(cls, errors: Sequence[InputError]) -> InputError:
        """One error that says all of them, in the order of the file."""
        first, *rest = sorted(errors, key=lambda error: (error.file, error.line or 0, error.column or 0))
        return cls(first.file, first.line, first.column, first.found, first.expected, first.hint, more=tuple(rest))


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The valid spelling that is most like the word, if one is like it at all."""
    return next(iter(get_close_matches(word, list(valid), n=1)), None)


def shown(value: Any) -> str:
    """A value of the user's as a message shows it: short, and with control characters escaped."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "empty"
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= 80 else text[:76] + "..." + text[-1]


def either(options: Sequence[str]) -> str:
    """`a, b or c`; empty for no options."""
    *rest, last = options or [""]
    return f"{', '.join(rest)} or {last}" if rest else last
