"""A workbook for an assessor: the run, the requirements, the findings, and the population of each requirement.

Every cell is text or a number, never a formula; text that looks like one says so to Excel (`quotePrefix`), so that it
stays text when somebody edits it. The same verdict gives the same bytes: the time in the file is the verdict's.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from lychgate.reports.reading import TOLD, Record, by_requirement, moment, rank
from lychgate.reports.tables import COLUMNS, Cells, formula, row, text
from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]

MOST_ROWS = 1_000_000  # Excel takes 1,048,576
NAME = 31  # characters of a sheet's name
WIDTHS = {"urn": 60, "message": 80, "title": 50, "value": 80, "rule": 40, "why": 60, "reason": 60, "place": 40}
WIDTH = 20
RUN = (
    "tool", "tool_version", "ruleset", "ruleset_digest", "rules_digest", "environment", "strict", "as_of", "commit",
    "policy_ref",
)  # fmt: skip
REQUIREMENT = ("id", "title", "state", "failed", "unknown", "waived")
WAIVER = (
    "rule", "stack", "urn", "owner", "reason", "ticket", "approver", "compensating_control", "created", "expires",
    "expired", "void", "used",
)  # fmt: skip
HIDDEN = ("stack", "urn", "type", "why")


def render(verdict: Record) -> bytes:
    """The verdict as a workbook."""
    book = _Book(moment(verdict))
    populations = by_requirement(verdict)
    book.sheet("Verdict", ("what", "value"), _facts(verdict))
    names = {name: book.name(f"PCI {name}") for name, population in populations.items() if population}
    book.sheet(
        "Requirements", (*REQUIREMENT, "judgements", "sheet", "rules"), _requirements(verdict, populations, names)
    )
    told = sorted((one for one in verdict["judgements"] if one["outcome"] in TOLD), key=rank)
    book.sheet("Findings", COLUMNS, (row(", ".join(one["requirements"]), one) for one in told))
    for name, sheet in names.items():
        book.sheet(sheet, COLUMNS, (row(name, one) for one in populations[name]))
    if verdict["waivers"]:
        book.sheet("Waivers", WAIVER, ([_said(one[name]) for name in WAIVER] for one in verdict["waivers"]))
    if verdict["not_inspected"]:
        book.sheet("Not inspected", HIDDEN, ([one[name] for name in HIDDEN] for one in verdict["not_inspected"]))
    return book.save()


def _said(value: str | bool | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value or ""


def _facts(verdict: Record) -> Iterator[list[str | int]]:
    yield ["decision", verdict["decision"]]
    for name in RUN:
        yield [name.replace("_", " "), _said(verdict["run"][name])]
    for stack in verdict["stacks"]:
        yield ["stack", f"{stack['name']} in account {stack['account']}, {stack['region']}"]
    for name, digest in verdict["run"]["inputs"].items():
        yield [f"input: {name}", digest]
    for outcome, count in verdict["summary"].items():
        yield [f"judgements: {outcome}", count]
    yield ["not inspected", len(verdict["not_inspected"])]
    for what in verdict["run"]["isolation"]:
        yield ["not isolated", what]


def _requirements(
    verdict: Record, populations: dict[str, list[Record]], names: dict[str, str]
) -> Iterator[list[str | int]]:
    for one in verdict["requirements"]:
        population = len(populations[one["id"]])
        yield [*(one[name] for name in REQUIREMENT), population, names.get(one["id"], ""), ", ".join(one["rules"])]


class _Book:
    """A workbook whose sheets have a header that stays and filters."""

    def __init__(self, as_of: datetime) -> None:
        self.stream = io.BytesIO()
        # Shared strings, which this brings, are smaller and faster than text in each cell; they take memory.
        self.book = Workbook(self.stream, {"in_memory": True})
        self.book.set_properties({"created": as_of})
        self.bold = self.book.add_format({"bold": True})
        self.quoted = self.book.add_format({"quote_prefix": True})
        self.cells = Cells(self.cell)
        self.taken = {"history"}  # Excel keeps this name to itself

    def name(self, wanted: str) -> str:
        """A sheet's name like the wanted one: short enough, without forbidden characters, and of no other sheet."""
        base = re.sub(r"[\[\]:*?/\\'\U00010000-\U0010ffff]", "_", text(wanted))[:NAME] or "_"
        name, number = base, 2
        while name.lower() in self.taken:
            tail = f" ({number})"
            name, number = base[: NAME - len(tail)] + tail, number + 1
        self.taken.add(name.lower())
        return name

    def sheet(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> None:
        """Add a sheet; a name that `name` has not given out is taken as it is."""
        self.taken.add(name.lower())
        sheet = self.book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(columns):
            sheet.set_column(number, number, WIDTHS.get(column, WIDTH))
            sheet.write_string(0, number, column, self.bold)
        count = 0
        for count, cells in enumerate(rows, 1):
            if count == MOST_ROWS:
                sheet.write_string(count, 0, "the rest does not fit into a sheet; verdict.json holds it")
                break
            for number, value in enumerate(cells):
                if isinstance(value, int):
                    sheet.write_number(count, number, value)
                elif value:
                    sheet.write_string(count, number, *self.cells[value])
        sheet.autofilter(0, 0, count, len(columns) - 1)

    def cell(self, value: str) -> tuple[str, Format | None]:
        """A text as it is written: one that looks like a formula as text that says so."""
        value = text(value)
        # XlsxWriter takes text in these tags for XML of its own making.
        value = f" {value}" if value.startswith("<r>") else value
        return value, self.quoted if formula(value) else None

    def save(self) -> bytes:
        """The file."""
        self.book.close()
        return self.stream.getvalue()
