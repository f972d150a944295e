"""Texts with policy variables: what they can match, what they match once filled in, what follows from what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .domains import base
from .language import Condition
from .matching import Language, contains
from .patterns import Pattern, arn_tokens, resource_tokens, simple_pattern
from .templates import Piece, Variable, Wild, fill, plain, variables_of

# What a match by one operator can imply by another. A match that ignores case implies only one that does too.
_WEAKER = {
    "StringEquals": ("StringEquals", "StringLike", "StringEqualsIgnoreCase"),
    "StringLike": ("StringLike",),
    "ArnEquals": ("ArnEquals", "ArnLike"),
    "ArnLike": ("ArnEquals", "ArnLike"),
}
_SYMBOLS = 0xE100  # private use characters that stand for variables


@dataclass(frozen=True, slots=True)
class Template:
    """A text with policy variables and what it is held against: the resource (empty key) or a condition key."""

    key: str
    operator: str
    parts: tuple[Piece, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables in it."""
        return variables_of(self.parts)

    @property
    def pure(self) -> bool:
        """Whether it is one variable without default and nothing else."""
        return len(self.parts) == 1 and self.variables[0].default is None

    def widest(self) -> Pattern:
        """What it can match at most: any text in place of a variable, also one with colons."""
        return simple_pattern(self.parts, self.operator == "StringEqualsIgnoreCase")

    def filled(self, values: Mapping[str, str | None]) -> Pattern | None:
        """What it matches with these values of its variables (None: the key is absent); None if it matches nothing."""
        parts = fill(self.parts, values.get)
        return None if parts is None else self._pattern(parts)

    def _pattern(self, parts: tuple[Piece, ...]) -> Pattern | None:
        if not self.operator:
            return resource_tokens(parts)
        if self.operator in ("ArnEquals", "ArnLike"):
            return arn_tokens(parts)
        return simple_pattern(parts, self.operator == "StringEqualsIgnoreCase")

    def implies(self, other: Template) -> bool:
        """Whether all that this one matches the other one matches too, whatever the variables are."""
        if self.key != other.key and self.pure:
            return self.mirrored().implies(other) if self.variables[0].key == other.key else False
        if self.key != other.key or other.operator not in _WEAKER.get(self.operator, (self.operator,)):
            return False
        mine_by_key = {variable.key: variable.default for variable in self.variables}
        for variable in other.variables:
            # A variable without default has a value wherever this template matches, so a default does not matter.
            if mine_by_key.get(variable.key) not in (None, variable.default):
                return False
        names = sorted({variable.key for variable in (*self.variables, *other.variables)})
        symbols = {key: chr(_SYMBOLS + number) for number, key in enumerate(names)}
        mine, theirs = (one._with_symbols(symbols) for one in (self, other))
        # A symbol stands for a text of any length: only `*` may swallow it.
        if mine is None or theirs is None or {Wild.ONE, Wild.FIELD_ONE, Wild.FIELD_MANY} & set(theirs):
            return False
        return contains(Language([theirs]), Language([mine]))

    def mirrored(self) -> Template:
        """The same of a pure template, with the two keys exchanged."""
        return Template(self.variables[0].key, self.operator, (Variable(self.key),))

    def _with_symbols(self, symbols: Mapping[str, str]) -> Pattern | None:
        return self._pattern(tuple(symbols[part.key] if isinstance(part, Variable) else part for part in self.parts))


def template_of(condition: Condition, parts: tuple[Piece, ...]) -> Template:
    """The template of a value of a condition. That two keys are equal is one template, whichever is written first."""
    operator = base(condition)
    if operator in ("StringEquals", "StringEqualsIgnoreCase"):
        parts = plain(parts)
    if len(parts) == 1 and isinstance(parts[0], Variable) and parts[0].default is None:
        if operator == "StringLike":
            operator = "StringEquals"  # a value is taken literally
        if operator == "StringEquals" and parts[0].key < condition.key:
            return Template(parts[0].key, operator, (Variable(condition.key),))
    return Template(condition.key, operator, parts)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something about a request that is not looked into, and why."""

    about: object
    reason: str


Fact = Template | Doubt
