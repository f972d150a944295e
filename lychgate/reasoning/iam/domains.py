"""The values that matter, of actions, resources and condition keys: one for each way to relate to the policies."""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from . import keys
from .atoms import atoms
from .conditions import COMPARE, Context, UndecidedError, as_moment, as_network, as_number
from .language import NEGATED, Condition
from .matching import Language, only
from .patterns import Pattern, arn_tokens, beginning, equal_pattern, simple_pattern
from .solving import bits
from .templates import Piece, Wild, plain

_SOME: tuple[Wild, Wild] = (Wild.FIELD_ONE, Wild.FIELD_MANY)
_DIGITS = ("0123456789",) * 12
ACTIONS = Language([(*_SOME, ":", *_SOME)])
ARNS = Language([(*"arn:", *_SOME, ":", *_SOME, ":", Wild.FIELD_MANY, ":", Wild.FIELD_MANY, ":", Wild.ONE, Wild.MANY)])
RESOURCES = Language([*ARNS.patterns, ("*",)])  # "*": what a request for an action without resource types names
ACCOUNTS = Language([_DIGITS])
CALLERS = Language(
    (*f"arn:{partition}:{service}::", *_DIGITS, *kind)
    for partition in ("aws", "aws-cn", "aws-us-gov")
    for service, kind in (
        ("iam", tuple(":root")),
        ("iam", (*":user/", *_SOME)),
        ("iam", (*":role/", *_SOME)),
        ("sts", (*":federated-user/", *_SOME)),
    )
)
_SHAPES: dict[keys.Kind, Language] = {"arn": ARNS, "account": ACCOUNTS}
_FAMILIES: tuple[tuple[str, keys.Kind], ...] = (("Numeric", "number"), ("Date", "date"), ("Ip", "ip"), ("Bool", "bool"))


class Texts:
    """Patterns are added, then `close` finds the atoms; from then on a pattern is the set of atoms that match it."""

    def __init__(self, shape: Language | None = None) -> None:
        self.shape = shape
        self.numbers: dict[Pattern, int] = {}
        self.values: list[str] = []
        self.signatures: list[int] = []
        self.masks: list[int] = []

    def add(self, patterns: Iterable[Pattern]) -> None:
        """More patterns to tell apart."""
        for pattern in patterns:
            self.numbers.setdefault(pattern, len(self.numbers))

    def close(self) -> None:
        """Find the atoms. Raises TooComplexError."""
        found = atoms(tuple(self.numbers), self.shape)
        self.signatures, self.values = list(found), list(found.values())
        self.masks = [0] * len(self.numbers)
        for at, signature in enumerate(self.signatures):
            for number in bits(signature):
                self.masks[number] |= 1 << at

    @property
    def full(self) -> int:
        """All atoms."""
        return (1 << len(self.values)) - 1

    def mask(self, patterns: Iterable[Pattern]) -> int:
        """The atoms that match one of the patterns."""
        found = 0
        for pattern in patterns:
            found |= self.masks[self.numbers[pattern]]
        return found

    def languages(self, atom: int) -> tuple[list[Language], Language]:
        """What the texts of an atom match, each pattern by itself, and what they could match but do not."""
        signature = self.signatures[atom]
        inside = [pattern for pattern, number in self.numbers.items() if signature >> number & 1]
        start = max(map(beginning, inside), key=len, default="")
        outside = Language(
            pattern
            for pattern, number in self.numbers.items()
            if not signature >> number & 1 and _can_share(beginning(pattern), start)
        )
        return [*map(only, inside)] + ([self.shape] if self.shape else []), outside


def _can_share(first: str, second: str) -> bool:
    return first.startswith(second) or second.startswith(first)


def base(condition: Condition) -> str:
    """The operator without its negation."""
    return NEGATED.get(condition.operator, condition.operator)


@lru_cache(maxsize=16384)
def text_pattern(operator: str, parts: tuple[Piece, ...]) -> Pattern | None:
    """What a value of a string, ARN or binary operator matches; None for an ARN that is none."""
    if operator in ("ArnEquals", "ArnLike"):
        return arn_tokens(parts)
    if operator == "StringLike":
        return simple_pattern(parts)
    return equal_pattern("".join(map(str, plain(parts))), operator == "StringEqualsIgnoreCase")


def family(operator: str) -> keys.Kind:
    """The type that an operator (without negation) compares as."""
    return next((kind for start, kind in _FAMILIES if operator.startswith(start)), "text")


class KeyDomain:
    """A condition key: the values to tell apart, found from the conditions on it."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.conditions: list[Condition] = []
        self.texts = Texts()
        self.kind: keys.Kind = "text"
        self.multivalued = bool(keys.multivalued(key))
        self.values: list[str] = []

    def add(self, condition: Condition) -> None:
        """Another condition on the key."""
        self.conditions.append(condition)

    def settle(self) -> None:
        """Decide type and number of values, from what is known of the key, else from the operators used on it."""
        if keys.multivalued(self.key) is None:
            compared = [condition for condition in self.conditions if condition.operator != "Null"]
            self.multivalued = bool(compared) and all(condition.qualifier for condition in compared)
        used = {family(base(condition)) for condition in self.conditions if condition.operator != "Null"}
        declared = keys.kind(self.key)
        typed = sorted(used - {"text"})
        if typed:
            self.kind = declared if declared in typed else typed[0]
        elif declared == "bool" or (declared in ("ip", "number", "date") and not used):
            self.kind = declared
        else:
            shape = _SHAPES.get(declared) if declared else None
            self.texts.shape = CALLERS if self.key == "aws:principalarn" else shape

    def close(self) -> None:
        """Find the values. Raises TooComplexError."""
        if self.kind == "bool":
            self.values = ["true", "false"]
        elif self.kind == "text":
            if self.multivalued or any(condition.qualifier for condition in self.conditions):
                self.texts.add([()])  # set operators take an empty text for no value, and of a list Null does too
            self.texts.close()
            self.values = self.texts.values
        else:
            used = (condition for condition in self.conditions if family(base(condition)) == self.kind)
            self.line = Line(self.kind, [text for condition in used for text in condition.values])
            self.values = self.line.values()

    @property
    def full(self) -> int:
        """All values."""
        return (1 << len(self.values)) - 1

    @property
    def empty_text(self) -> int:
        """The value that is an empty text, as a mask."""
        return self.equal("")

    def equal(self, value: str) -> int:
        """The value that is this text, as a mask."""
        return sum(1 << at for at, one in enumerate(self.values) if one == value)

    def mask(self, operator: str, text: str, parts: tuple[Piece, ...]) -> int | None:
        """The values that match; None if that cannot be told exactly."""
        if self.kind == "text":
            pattern = text_pattern(operator, parts)
            return None if pattern is None else self.texts.mask([pattern])
        if self.kind == "bool":
            try:
                matches = [COMPARE[operator](text, value, Context(), False) for value in self.values]
            except UndecidedError:
                return None
            return sum(match << at for at, match in enumerate(matches))
        return self.line.mask(operator, text) if family(operator) == self.kind else None


class Line:
    """Values in order, and the stretches of them that an operator means."""

    def __init__(self, kind: keys.Kind, texts: Iterable[str]) -> None:
        self.kind = kind
        self.places = _places(kind, texts)

    def values(self) -> list[str]:
        """The values as texts."""
        write = {"number": _plain, "date": _moment, "ip": _address}[self.kind]
        return [write(place) for place in self.places]

    def mask(self, operator: str, text: str) -> int | None:
        """The values that the operator with this text means; None if the text is not of the kind."""
        if self.kind == "ip":
            ends = _ends(text)
            return (
                None
                if ends is None
                else self._stretch(bisect_left(self.places, ends[0]), bisect_right(self.places, ends[1]))
            )
        place = _READ[self.kind](text)
        if place is None:
            return None
        before, after = bisect_left(self.places, place), bisect_right(self.places, place)
        size = len(self.places)
        stretches = {
            "Equals": (before, after),
            "LessThan": (0, before),
            "LessThanEquals": (0, after),
            "GreaterThan": (after, size),
            "GreaterThanEquals": (before, size),
        }
        return self._stretch(*stretches[operator.removeprefix("Numeric").removeprefix("Date")])

    def _stretch(self, start: int, end: int) -> int:
        return (1 << end) - (1 << start)


Place = int | Decimal
_SIX = 1 << 32  # on one line: IPv4 addresses below, IPv6 addresses from here
_READ = {"number": as_number, "date": as_moment}


def _ends(text: str) -> tuple[int, int] | None:
    try:
        network = as_network(text)
    except UndecidedError:
        return None
    offset = 0 if network.version == 4 else _SIX
    return int(network.network_address) + offset, int(network.broadcast_address) + offset


def _places(kind: keys.Kind, texts: Iterable[str]) -> list[Place]:
    """One place in every stretch that the texts tell apart."""
    if kind != "ip":
        points = sorted({point for text in texts if (point := _READ[kind](text)) is not None})
        if not points:
            return [1]
        gaps = (low + 1 if low + 1 < high else (low + high) / 2 for low, high in pairwise(points))
        return sorted({*points, *gaps, points[0] - 1, points[-1] + 1})
    ends = [found for text in texts if (found := _ends(text)) is not None]
    starts = {place for first, last in ends for place in (first - 1, first, last + 1)}
    usual = (
        Decimal(int(ipaddress.ip_address("198.51.100.1"))),
        Decimal(int(ipaddress.ip_address("2001:db8::1")) + _SIX),
    )
    return sorted({*usual, *(place for place in starts if 0 <= place < _SIX + (1 << 128))})


def _plain(number: Place) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _moment(place: Place) -> str:
    try:
        text = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(place))).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return _plain(place)
    return text if as_moment(text) == place else _plain(place)


def _address(place: Place) -> str:
    number = int(place)
    return str(ipaddress.IPv4Address(number)) if number < _SIX else str(ipaddress.IPv6Address(number - _SIX))
