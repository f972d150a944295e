"""Tables of judgements for spreadsheets: what stands in which column, and text that none of them calculates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from lychgate.reports.reading import Record, by_requirement, where
from lychgate.reports.texts import cut, xml

T = TypeVar("T")

COLUMNS = (
    "requirement", "rule", "stack", "urn", "type", "name", "outcome", "severity", "level", "message", "waiver", "place",
)  # fmt: skip
LONGEST = 32_767  # characters of a cell in Excel

# What begins a formula, in Excel or another spreadsheet; the wide forms are read so in some languages.
_FORMULA = re.compile(r"[\s'\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def text(value: str) -> str:
    """A value in one line, without control characters, as long as a cell takes."""
    if not (value.isascii() and value.isprintable()):
        value = xml(value).replace("\n", "\\n").replace("\t", "\\t")
    return cut(value, LONGEST - 1)


def formula(value: str) -> bool:
    """Whether a spreadsheet may take a text for something to calculate."""
    return _FORMULA.match(value) is not None


class Cells(dict[str, T]):
    """What a format makes of each text: made once, since most texts stand in many rows."""

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, value: str) -> T:
        made = self[value] = self.make(value)
        return made


def row(requirement: str, one: Record) -> list[str]:
    """A judgement as it counts for a requirement: raw texts, which are for `Cells` to make safe."""
    return [requirement, *(one[name] or "" for name in COLUMNS[1:-1]), where(one)]


def rows(verdict: Record) -> Iterator[list[str]]:
    """Every judgement, as `row` says, for each requirement that it counts for; for none, where its rule serves none."""
    for requirement, population in by_requirement(verdict).items():
        for one in population:
            yield row(requirement, one)
    for one in verdict["judgements"]:
        if not one["requirements"]:
            yield row("", one)
