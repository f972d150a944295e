"""Schedules of cron jobs, as Kubernetes takes them.

https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
"""

from __future__ import annotations

import re

MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"(?P<first>\*|\?|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")


def check_schedule(text: str) -> str:
    """The schedule. Raises ValueError where Kubernetes would refuse it, saying which field is wrong."""
    if text in MACROS:
        return text
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise ValueError("five fields: minute, hour, day of the month, month, day of the week")
    for field, (name, low, high, words) in zip(fields, FIELDS, strict=True):
        for part in field.split(","):
            if not _valid(part, low, high, words):
                raise ValueError(f"a {name} of {low} to {high}, `*`, a range or a step, where it says {part!r}")
    return text


def _valid(part: str, low: int, high: int, words: list[str]) -> bool:
    found = _PART.fullmatch(part)
    if found is None or (found["step"] and int(found["step"]) == 0):
        return False
    if found["first"] in ("*", "?"):
        return found["last"] is None
    ends = [_number(text, low, words) for text in (found["first"], found["last"] or found["first"])]
    first, last = ends
    return first is not None and last is not None and low <= first <= last <= high


def _number(text: str, low: int, words: list[str]) -> int | None:
    if text.lower() in words:
        return words.index(text.lower()) + low
    return int(text) if text.isdecimal() else None
