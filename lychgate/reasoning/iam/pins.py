"""What a grant's conditions tie down for certain.

A key is pinned when no request without one of the accepted values gets through. So these pin nothing: `IfExists` (an
absent key passes), negated operators, `ForAllValues` (an absent key passes), `Null`, a value that is all wildcard. An
accompanying `Null: false` demands the key and mends the first and the third. A Deny pins with its negation: denied
unless equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .conditions import UndecidedError, as_network
from .language import NEGATED, Condition
from .matching import Language, contains
from .patterns import simple_pattern
from .templates import Piece, Variable, pieces, plain, variables_of

# Keys that are in every request: reference_policies_condition-keys.html, "Availability".
ALWAYS_PRESENT = frozenset(
    {"aws:securetransport", "aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:viaawsservice"}
)
_LIKE = ("StringLike", "ArnLike", "ArnEquals")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition that every request of a grant meets or, with `denied`, does not meet (else a Deny takes it away)."""

    condition: Condition
    variables: bool = True
    denied: bool = False


def accepted_values(requirements: Sequence[Requirement], key: str) -> tuple[tuple[Piece, ...], ...] | None:
    """The values that the key is tied to, as templates; None if it is not. Of several ties the first."""
    return next((values for _, values in _ties(requirements, key.lower())), None)


def is_pinned(requirements: Sequence[Requirement], key: str, accepted: str | Iterable[str] | None = None) -> bool:
    """Whether the key is tied to values that are all accepted.

    `accepted` are texts as in StringLike, with policy variables; None takes any value that is not all wildcard. A tie
    between two keys counts whichever of them is written as the key.
    """
    key = key.lower()
    wanted = None if accepted is None else [accepted] if isinstance(accepted, str) else list(accepted)
    for _, values in _ties(requirements, key):
        if all(not _open(parts) if wanted is None else _within(parts, wanted) for parts in values):
            return True
    for text in wanted or ():
        parts = pieces(text, True)
        if len(parts) == 1 and isinstance(parts[0], Variable) and parts[0].default is None:
            mirrored = (Variable(key),)
            if any(all(one == mirrored for one in values) for _, values in _ties(requirements, parts[0].key)):
                return True
    return False


def _ties(requirements: Sequence[Requirement], key: str) -> Iterable[tuple[Requirement, tuple[tuple[Piece, ...], ...]]]:
    present = key in ALWAYS_PRESENT or any(_demands(requirement, key) for requirement in requirements)
    for requirement in requirements:
        condition = requirement.condition
        if condition.key != key or condition.operator == "Null":
            continue
        if requirement.denied and condition.operator == "Bool" and present and not condition.qualifier:
            others = {"true", "false"} - {value.lower() for value in condition.values}
            if len(others) == 1:
                yield requirement, (tuple(others.pop()),)
        elif _ties_down(requirement, present):
            yield requirement, tuple(_value(condition, text, requirement.variables) for text in condition.values)


def _demands(requirement: Requirement, key: str) -> bool:
    """Whether it says by `Null` that the key is present."""
    condition = requirement.condition
    if condition.operator != "Null" or condition.key != key:
        return False
    words = {value.lower() for value in condition.values}
    return words == ({"true"} if requirement.denied else {"false"})


def _ties_down(requirement: Requirement, present: bool) -> bool:
    condition = requirement.condition
    if not requirement.denied:
        if condition.negated or not _equality(condition.operator):
            return False
        return present or (not condition.if_exists and condition.qualifier != "ForAllValues")
    if not condition.negated:
        return False
    # Denied when the key is absent, but for ForAnyValue, which an absent key does not meet.
    return present or condition.qualifier != "ForAnyValue" or condition.if_exists


def _equality(operator: str) -> bool:
    return not operator.endswith(("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"))


def _value(condition: Condition, text: str, variables: bool) -> tuple[Piece, ...]:
    operator = NEGATED.get(condition.operator, condition.operator)
    if operator == "IpAddress":
        return tuple("*" if _everywhere(text) else text)  # an open network is open like a wildcard
    parts = pieces(text, variables)
    return parts if operator in _LIKE else plain(parts)


def _everywhere(text: str) -> bool:
    try:
        return as_network(text).prefixlen == 0
    except UndecidedError:
        return False


def _open(parts: tuple[Piece, ...]) -> bool:
    return all(not isinstance(part, str | Variable) for part in parts)


def _within(parts: tuple[Piece, ...], wanted: Sequence[str]) -> bool:
    templates = [pieces(text, True) for text in wanted]
    if parts in templates:
        return True
    if variables_of(parts):
        return False
    fixed = [template for template in templates if not variables_of(template)]
    return contains(Language(map(simple_pattern, fixed)), Language([simple_pattern(parts)]))
