"""Tables of judgements for spreadsheets: what stands in which column, and text that none of them calculates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lychgate.reports.reading import Record, by_requirement, where
from lychgate.reports.texts import cut, xml

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


def row(requirement: str, one: Record) -> list[str]:
    """A judgement as it counts for a requirement."""
    cells = [requirement, *(one[name] or "" for name in COLUMNS[1:-1]), where(one)]
    return [text(cell) for cell in cells]


def rows(verdict: Record) -> Iterator[list[str]]:
    """Every judgement for each requirement that it counts for; for none, where its rule serves none."""
    for requirement, population in by_requirement(verdict).items():
        for one in population:
            yield row(requirement, one)
    for one in verdict["judgements"]:
        if not one["requirements"]:
            yield row("", one)
