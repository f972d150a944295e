"""JSON text to plain values, with the place of every value, and the one error of this package.

The standard parser keeps the last of two equal keys and forgets positions; a policy with a second `Condition` would
then be judged as something that its author did not write. This reader refuses the duplicate and remembers where
things stand.
"""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing in the stubs
from typing import Any, NoReturn

Path = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORDS = {"true": True, "false": False, "null": None}
_DEEPEST = 64  # a policy nests 5 levels; this only stops a hostile document from exhausting the stack


class PolicyError(ValueError):
    """A policy document is not what the grammar allows.

    `path` is the JSON path of the culprit (`$.Statement[1].Action`), `line` and `column` (from 1) are set when the
    policy was given as text. The message says what was found and what was expected.
    """

    def __init__(self, problem: str, path: Path = (), line: int | None = None, column: int | None = None) -> None:
        self.problem = problem
        self.path = show_path(path)
        self.line = line
        self.column = column
        place = self.path if line is None else f"{line}:{column} ({self.path})"
        super().__init__(f"{place}: {problem}")


def show_path(path: Path) -> str:
    """`("Statement", 0, "Action")` as `$.Statement[0].Action`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


class Reader:
    """One pass over a JSON text. `value` is what it says; `offsets` says where each path begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.offsets: dict[Path, int] = {}
        self.value, end = self._value(self._skip(0), ())
        end = self._skip(end)
        if end != len(text):
            self._fail("text after the end of the document", (), end)

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column, both from 1, of the value at `path` or of its nearest parent."""
        while path and path not in self.offsets:
            path = path[:-1]
        return _line_column(self.text, self.offsets.get(path, 0))

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _fail(self, problem: str, path: Path, at: int) -> NoReturn:
        raise PolicyError(problem, path, *_line_column(self.text, at))

    def _value(self, at: int, path: Path) -> tuple[Any, int]:
        self.offsets[path] = at
        if len(path) > _DEEPEST:
            self._fail(f"nested more than {_DEEPEST} levels deep", path, at)
        char = self.text[at : at + 1]
        if char == "{":
            return self._object(at, path)
        if char == "[":
            return self._array(at, path)
        if char == '"':
            return self._string(at, path)
        for word, value in _WORDS.items():
            if self.text.startswith(word, at):
                return value, at + len(word)
        number = _NUMBER.match(self.text, at)
        if number is None:
            self._fail(f"expected a JSON value, found {char!r}" if char else "the document ends too early", path, at)
        return json.loads(number.group()), number.end()

    def _string(self, at: int, path: Path) -> tuple[str, int]:
        try:
            text, end = scanstring(self.text, at + 1, True)
            return str(text), int(end)
        except json.JSONDecodeError as error:
            self._fail(error.msg, path, error.pos)

    def _object(self, at: int, path: Path) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = self._skip(at + 1)
        if self.text[at : at + 1] == "}":
            return found, at + 1
        while True:
            if self.text[at : at + 1] != '"':
                self._fail("expected a key in double quotes", path, at)
            key, end = self._string(at, path)
            if key in found:
                self._fail(f"the key {key!r} is given twice", path, at)
            end = self._skip(end)
            if self.text[end : end + 1] != ":":
                self._fail(f"expected ':' after the key {key!r}", path, end)
            found[key], at = self._value(self._skip(end + 1), (*path, key))
            at = self._skip(at)
            closing = self.text[at : at + 1]
            if closing == "}":
                return found, at + 1
            if closing != ",":
                self._fail("expected ',' or '}'", path, at)
            at = self._skip(at + 1)

    def _array(self, at: int, path: Path) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = self._skip(at + 1)
        if self.text[at : at + 1] == "]":
            return found, at + 1
        while True:
            value, at = self._value(at, (*path, len(found)))
            found.append(value)
            at = self._skip(at)
            closing = self.text[at : at + 1]
            if closing == "]":
                return found, at + 1
            if closing != ",":
                self._fail("expected ',' or ']'", path, at)
            at = self._skip(at + 1)


def _line_column(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
