"""What a grant's conditions tie down for certain.

A key is pinned when no request without one of the accepted values gets through. So these pin nothing: `IfExists` (an
absent key passes), negated operators, `ForAllValues` (an absent key passes), `Null`, a value that is all wildcard. An
accompanying `Null: false` demands the key and mends the first and the third. A Deny pins with its negation: denied
unless equal.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .conditions import Network, UndecidedError, as_network
from .language import NEGATED, Condition
from .matching import Language, contains
from .patterns import simple_pattern
from .templates import Piece, Variable, Wild, pieces, plain, variables_of

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
            yield requirement, _values(condition, requirement.variables)


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
    return present or condition.qualifier != "ForAnyValue"


def _equality(operator: str) -> bool:
    return not operator.endswith(("LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"))


def _values(condition: Condition, variables: bool) -> tuple[tuple[Piece, ...], ...]:
    operator = NEGATED.get(condition.operator, condition.operator)
    if operator == "IpAddress":
        return tuple(_networks(condition.values))
    templates = (pieces(text, variables) for text in condition.values)
    return tuple(parts if operator in _LIKE else plain(parts) for parts in templates)


def _networks(values: Sequence[str]) -> Iterable[tuple[Piece, ...]]:
    """Blocks that join to every address are as open as a wildcard, also when they are written as two halves."""
    yield from map(tuple, values)
    try:
        networks = [as_network(text) for text in values]
    except UndecidedError:
        yield (Wild.MANY,)  # nobody says how much that is
        return
    fours = [network for network in networks if isinstance(network, ipaddress.IPv4Network)]
    sixes = [network for network in networks if isinstance(network, ipaddress.IPv6Network)]
    joined: list[Network] = [*ipaddress.collapse_addresses(fours), *ipaddress.collapse_addresses(sixes)]
    if any(network.prefixlen == 0 for network in joined):
        yield (Wild.MANY,)


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
