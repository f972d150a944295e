"""Whether a condition holds in a request context.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
reference_policies_condition-single-vs-multi-valued-context-keys.html of the same guide. That IfExists changes nothing
after ForAnyValue: https://repost.aws/questions/QU9HFmDzP0QGuU-fd7rS6B7w/foranyvalue-stringequalsifexists-behaving-unexpectedly.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from .language import NEGATED, Condition
from .matching import Language
from .patterns import arn_tokens, equal_pattern, simple_pattern
from .templates import Piece, fill, pieces, plain

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?\Z")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class UndecidedError(Exception):
    """The documentation does not say, or the request does not tell, how this comes out. The text says why."""


class Context:
    """The keys of one request, their names in any case. A text is a single value, a list is a multivalued key.

    A key with an empty list counts as absent, to Null also one of empty texts only ("missing context keys or context
    keys with empty values", reference_policies_condition_examples-multi-valued-context-keys.html).
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str | Sequence[str]] | None = None) -> None:
        self._values: dict[str, str | tuple[str, ...]] = {}
        for key, value in (values or {}).items():
            if isinstance(value, str):
                self._values[key.lower()] = value
            elif value:
                self._values[key.lower()] = tuple(value)

    def all(self, key: str) -> tuple[str, ...]:
        """Every value of the key (given in lower case); empty when it is absent."""
        value = self._values.get(key)
        return () if value is None else (value,) if isinstance(value, str) else value

    def is_null(self, key: str) -> bool:
        """Whether the key is absent or a list of empty texts."""
        value = self._values.get(key)
        return value is None or (not isinstance(value, str) and not any(value))

    def single(self, key: str) -> str | None:
        """The value of a single-valued key for a policy variable. A multivalued key cannot be a variable."""
        value = self._values.get(key)
        return value if isinstance(value, str) else value[0] if value and len(value) == 1 else None

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def items(self) -> Iterable[tuple[str, str | tuple[str, ...]]]:
        """Keys in lower case with their values."""
        return self._values.items()


def holds(condition: Condition, context: Context, variables: bool = True) -> bool:
    """Whether the condition holds. Raises UndecidedError where AWS does not say."""
    values = context.all(condition.key)
    if condition.operator == "Null":
        return any(_null(text) is context.is_null(condition.key) for text in condition.values)
    if condition.qualifier:
        # "a null data set, such as an empty string" counts as no value for the set operators
        values = tuple(value for value in values if value)
    if not values:
        if condition.qualifier:  # whatever IfExists says: there is no value that it could ask about
            return condition.qualifier == "ForAllValues"
        return condition.if_exists or condition.negated
    if condition.qualifier == "ForAllValues":
        return _combine(condition, values, context, variables, False)
    if condition.qualifier == "ForAnyValue":
        return _combine(condition, values, context, variables, True)
    if len(values) > 1:
        raise UndecidedError(
            f"{condition.written or condition.key} has several values, the operator has no set operator"
        )
    return _one(condition, values[0], context, variables)


def _combine(condition: Condition, values: Sequence[str], context: Context, variables: bool, decisive: bool) -> bool:
    """`any` (decisive True) or `all` (decisive False) over the request's values; an undecided value may not matter."""
    undecided: UndecidedError | None = None
    for value in values:
        try:
            if _one(condition, value, context, variables) is decisive:
                return decisive
        except UndecidedError as error:
            undecided = error
    if undecided is not None:
        raise undecided
    return not decisive


def _one(condition: Condition, value: str, context: Context, variables: bool) -> bool:
    """The operator on one value of the request: any of the policy's values; for a negated operator none of them."""
    operator = NEGATED.get(condition.operator, condition.operator)
    compare = COMPARE[operator]
    undecided: UndecidedError | None = None
    for text in condition.values:
        try:
            if compare(text, value, context, variables):
                return not condition.negated
        except UndecidedError as error:
            undecided = error
    if undecided is not None:
        raise undecided
    return condition.negated


def _null(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UndecidedError(f"Null takes true or false, not {text!r}")
    return text.lower() == "true"


def _filled(text: str, context: Context, variables: bool) -> tuple[Piece, ...] | None:
    return fill(pieces(text, variables), context.single)


def _equals(text: str, value: str, context: Context, variables: bool) -> bool:
    parts = _filled(text, context, variables)
    return parts is not None and "".join(map(str, plain(parts))) == value


def _equals_ignore_case(text: str, value: str, context: Context, variables: bool) -> bool:
    parts = _filled(text, context, variables)
    return parts is not None and Language([equal_pattern("".join(map(str, plain(parts))), True)]).matches(value)


def _like(text: str, value: str, context: Context, variables: bool) -> bool:
    parts = _filled(text, context, variables)
    return parts is not None and _simple(parts).matches(value)


def _arn(text: str, value: str, context: Context, variables: bool) -> bool:
    parts = _filled(text, context, variables)
    if parts is None:
        return False
    language = _arn_language(parts)
    if language is None:
        raise UndecidedError(f"{text!r} is not an ARN of six fields")
    return language.matches(value)


@lru_cache(maxsize=8192)
def _simple(parts: tuple[Piece, ...]) -> Language:
    return Language([simple_pattern(parts)])


@lru_cache(maxsize=8192)
def _arn_language(parts: tuple[Piece, ...]) -> Language | None:
    tokens = arn_tokens(parts)
    return None if tokens is None else Language([tokens])


def _bool(text: str, value: str, _context: Context, _variables: bool) -> bool:
    if text.lower() not in ("true", "false"):
        raise UndecidedError(f"Bool takes true or false, not {text!r}")
    return text.lower() == value.lower()


def _binary(text: str, value: str, _context: Context, _variables: bool) -> bool:
    return text == value  # both in base64


def _ip(text: str, value: str, _context: Context, _variables: bool) -> bool:
    network = as_network(text)
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if address.version == 6 and address.ipv4_mapped is not None:
        raise UndecidedError(f"nobody says whether {value} is an IPv4 address")
    return address in network


@lru_cache(maxsize=4096)
def as_network(text: str) -> Network:
    """An address or a CIDR block; host bits are ignored. Raises UndecidedError for anything else."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    address, _, length = text.partition("/")
    if network is None or not (length.isdecimal() or address == text):  # a mask is no length
        raise UndecidedError(f"{text!r} is not an IP address or CIDR block")
    return network


@lru_cache(maxsize=4096)
def as_number(text: str) -> Decimal | None:
    """An integer or decimal number, else None. Decimal itself takes more: `1e3`, `1_000`, white space, other digits."""
    return Decimal(text) if _NUMBER.match(text) else None


@lru_cache(maxsize=4096)
def as_moment(text: str) -> Decimal | None:
    """Seconds since 1970 of an ISO 8601 date, or of epoch seconds, else None. A date without a zone is UTC.

    Four digits are both a year and a number of seconds: None.
    """
    if len(text) == 4 and text.isdecimal():
        return None
    number = as_number(text)
    if number is not None:
        return number
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    gone = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(gone.days * 86400 + gone.seconds) + Decimal(gone.microseconds) / 1_000_000


Comparison = Callable[[str, str, Context, bool], bool]
Reading = Callable[[str], Decimal | None]


def _ordered(read: Reading, what: str, test: Callable[[Decimal, Decimal], bool]) -> Comparison:
    def compare(text: str, value: str, _context: Context, _variables: bool) -> bool:
        wanted = read(text)
        if wanted is None:
            raise UndecidedError(f"{text!r} is not {what}")
        found = read(value)
        return found is not None and test(found, wanted)

    return compare


ORDERINGS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "Equals": lambda found, wanted: found == wanted,
    "LessThan": lambda found, wanted: found < wanted,
    "LessThanEquals": lambda found, wanted: found <= wanted,
    "GreaterThan": lambda found, wanted: found > wanted,
    "GreaterThanEquals": lambda found, wanted: found >= wanted,
}

COMPARE: dict[str, Comparison] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_ignore_case,
    "StringLike": _like,
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "Bool": _bool,
    "BinaryEquals": _binary,
    "IpAddress": _ip,
    **{f"Numeric{name}": _ordered(as_number, "a number", test) for name, test in ORDERINGS.items()},
    **{f"Date{name}": _ordered(as_moment, "a date", test) for name, test in ORDERINGS.items()},
}
