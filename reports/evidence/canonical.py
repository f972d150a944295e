"""One form of a JSON value: RFC 8785 (JCS), so that a hash can be made of it again anywhere."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import orjson

MAX_DEPTH = 100
_EXACT = 2**53  # the whole numbers up to here are all doubles


class NotCanonicalError(ValueError):
    """A value that has no such form; the text says what it is."""


def canonical(value: Any) -> bytes:
    """The value's one form. Raises NotCanonicalError for what JSON's numbers or text cannot hold exactly."""
    try:
        return orjson.dumps(_plain(value, 0))
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        raise NotCanonicalError("text with half of a character") from None


def digest(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _plain(value: Any, depth: int) -> Any:
    """The value with keys in order and numbers as they are to be written; orjson writes text as the RFC wants it."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if depth == MAX_DEPTH:
        raise NotCanonicalError(f"values nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotCanonicalError("a key that is not text")
        return {key: _plain(value[key], depth + 1) for key in sorted(value, key=_order)}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else orjson.Fragment(_number(_exact(value)))
    if isinstance(value, float):
        return orjson.Fragment(_number(value))
    raise NotCanonicalError(f"a value of the type {type(value).__name__}")


def _order(key: str) -> bytes:
    return key.encode("utf-16-be")


def _exact(value: int) -> float:
    """A large whole number as a double, be it exact or as few digits as tell the double from others.

    Raises NotCanonicalError where that would change it.
    """
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or (int(number) != value and _number(number) != str(value)):
        raise NotCanonicalError("a whole number of more digits than JSON's numbers hold")
    return number


def _number(value: float) -> str:
    """As ECMAScript writes a number: the fewest digits that read back as the same one."""
    if not math.isfinite(value):
        raise NotCanonicalError("a number that is not finite")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    # The value is 0.DIGITS times ten to the power of `point`.
    point = int(exponent or 0) + (len(whole) if whole != "0" else len(digits) - len(part))
    digits = digits.rstrip("0")
    if 0 < point <= 21:
        text = digits.ljust(point, "0") if len(digits) <= point else f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{tail}e{point - 1:+d}"
    return sign + text
