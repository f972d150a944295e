"""Text with wildcards and policy variables, cut into pieces.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Wild(Enum):
    """What a wildcard may stand for; the FIELD kinds stay within one field of an ARN."""

    ONE = "any character"
    MANY = "any text"
    FIELD_ONE = "any character but a colon"
    FIELD_MANY = "any text without a colon"

    __hash__ = object.__hash__  # patterns are hashed by the thousand; Enum's own is written in Python


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key}` or `${key, 'default'}`; the key is in lower case."""

    key: str
    default: str | None = None


Piece = str | Wild | Variable  # a str is exactly one character
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT = re.compile(r"([^,]*), *'(.*)'\s*\Z", re.DOTALL)
_ESCAPED = "*?$"  # ${*}, ${?} and ${$} stand for the character itself
_WILD = {"*": Wild.MANY, "?": Wild.ONE}


@lru_cache(maxsize=16384)
def pieces(text: str, variables: bool) -> tuple[Piece, ...]:
    """`text` in pieces. Without `variables` (Version 2008-10-17) `${...}` is plain text."""
    found: list[Piece] = []
    at = 0
    while at < len(text):
        match = _VARIABLE.match(text, at) if variables else None
        if match is None:
            found.append(_WILD.get(text[at], text[at]))
            at += 1
            continue
        inner = match.group(1)
        found.append(inner if inner and inner in _ESCAPED else _variable(inner))
        at = match.end()
    return tuple(found)


def plain(parts: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The same with its wildcards as plain characters, as StringEquals reads them."""
    return tuple("*" if part is Wild.MANY else "?" if part is Wild.ONE else part for part in parts)


@lru_cache(maxsize=16384)
def variables_in(text: str, variables: bool) -> tuple[Variable, ...]:
    """The variables in a text, in order."""
    return variables_of(pieces(text, variables)) if variables and "${" in text else ()


def variables_of(parts: tuple[Piece, ...]) -> tuple[Variable, ...]:
    """The variables in it, in order."""
    return tuple(part for part in parts if isinstance(part, Variable))


def fill(parts: tuple[Piece, ...], value: Callable[[str], str | None]) -> tuple[Piece, ...] | None:
    """Every variable replaced by its value, taken literally, else by its default; None where it has neither.

    A value is text of the request: a `*` in it is a character, not a wildcard.
    """
    found: list[Piece] = []
    for part in parts:
        if isinstance(part, Variable):
            text = value(part.key)
            text = part.default if text is None else text
            if text is None:
                return None
            found.extend(text)
        else:
            found.append(part)
    return tuple(found)


def _variable(inner: str) -> Variable:
    match = _DEFAULT.match(inner)
    if match:
        return Variable(match.group(1).strip().lower(), match.group(2))
    return Variable(inner.strip().lower())
