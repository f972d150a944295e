"""How the texts of a policy become patterns: which wildcard may stand for what, and where.

Rules and their sources: see `matching`, which answers questions about the patterns made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from .templates import Piece, Variable, Wild, pieces

Token = str | Wild  # a str holds the characters that are accepted here: one, or both cases of a letter
Pattern = tuple[Token, ...]

ANY: Pattern = (Wild.MANY,)
_FIELDS = 6


@lru_cache(maxsize=16384)
def beginning(pattern: Pattern) -> str:
    """The plain text that everything it matches begins with."""
    chars = []
    for token in pattern:
        if not isinstance(token, str) or len(token) != 1:
            break
        chars.append(token)
    return "".join(chars)


@lru_cache(maxsize=8192)
def action_pattern(text: str) -> Pattern:
    """The pattern of an Action entry. It is to be matched against an action in lower case."""
    return simple_pattern(pieces(text.lower(), variables=False))


@lru_cache(maxsize=8192)
def resource_pattern(text: str, variables: bool = False) -> Pattern:
    """The pattern of a Resource entry. A policy variable is read as `*`: use `resource_tokens` to fill it in first."""
    return resource_tokens(pieces(text, variables))


def simple_pattern(parts: Iterable[Piece], ignore_case: bool = False) -> Pattern:
    """Wildcards match anything; variables match anything too."""
    return _tidy(_wild(part, Wild.ONE, Wild.MANY) or _literal(str(part), ignore_case) for part in parts)


def equal_pattern(text: str, ignore_case: bool = False) -> Pattern:
    """The pattern that only this text matches."""
    return tuple(_literal(char, True) for char in text) if ignore_case else tuple(text)


def resource_tokens(parts: Sequence[Piece]) -> Pattern:
    """A resource entry with its variables filled in (or left, then read as `*`)."""
    fields = _split_fields(parts)
    if len(fields) == 1:
        return simple_pattern(parts)
    tokens: list[Token] = []
    for number, field in enumerate(fields):
        inside = number < _FIELDS - 1
        for at, part in enumerate(field):
            if inside and part is Wild.MANY and at < len(field) - 1:
                tokens.append(Wild.FIELD_MANY)
            elif inside and part is Wild.ONE:
                tokens.append(Wild.FIELD_ONE)
            else:
                tokens.append(_wild(part, Wild.ONE, Wild.MANY) or str(part))
        tokens.append(":")
    tokens.pop()
    # An ARN with fields left out means any value in them.
    for _ in range(_FIELDS - len(fields)):
        tokens += [":", Wild.MANY]
    return _tidy(tokens)


def arn_tokens(parts: Sequence[Piece]) -> Pattern | None:
    """The pattern of a value of ArnEquals and ArnLike, None if it has not six fields: nobody says what that means."""
    fields = _split_fields(parts)
    if len(fields) < _FIELDS:
        return None
    tokens: list[Token] = []
    for number, field in enumerate(fields):
        inside = number < _FIELDS - 1
        one, many = (Wild.FIELD_ONE, Wild.FIELD_MANY) if inside else (Wild.ONE, Wild.MANY)
        tokens += [_wild(part, one, many) or str(part) for part in field]
        tokens.append(":")
    return _tidy(tokens[:-1])


def _split_fields(parts: Sequence[Piece]) -> list[list[Piece]]:
    fields: list[list[Piece]] = [[]]
    for part in parts:
        if part == ":" and len(fields) < _FIELDS:
            fields.append([])
        else:
            fields[-1].append(part)
    return fields


def _wild(part: Piece, one: Wild, many: Wild) -> Wild | None:
    if part is Wild.ONE:
        return one
    return many if part is Wild.MANY or isinstance(part, Variable) else None


def _literal(char: str, ignore_case: bool) -> str:
    if not ignore_case:
        return char
    other = char.swapcase()
    return char if other == char or len(other) != 1 else min(char, other) + max(char, other)


def _tidy(tokens: Iterable[Token]) -> Pattern:
    """Neighbouring stars merged, so that no star follows another."""
    done: list[Token] = []
    stars = (Wild.MANY, Wild.FIELD_MANY)
    for token in tokens:
        if done and token in stars and done[-1] in stars:
            if token is Wild.MANY:
                done[-1] = Wild.MANY
        else:
            done.append(token)
    return tuple(done)
