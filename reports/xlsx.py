"""A workbook for an assessor: the run, the requirements, the findings, and the population of each requirement.

Every cell is text or a number, never a formula; text that looks like one says so to Excel (`quotePrefix`), so that it
stays text when somebody edits it. The same verdict gives the same bytes: no time of writing is in the file.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from lychgate.reports.reading import TOLD, Record, by_requirement, rank
from lychgate.reports.tables import COLUMNS, formula, row, text
from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.styles import Font  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

MOST_ROWS = 1_000_000  # Excel takes 1,048,576
NAME = 31  # characters of a sheet's name
WIDTHS = {"urn": 60, "message": 80, "title": 50, "value": 80, "rule": 40, "why": 60, "reason": 60, "place": 40}
WIDTH = 20
RUN = (
    "tool", "tool_version", "ruleset", "ruleset_digest", "rules_digest", "environment", "strict", "as_of", "commit",
    "policy_ref",
)  # fmt: skip
REQUIREMENT = ("id", "title", "state", "failed", "unknown", "waived")
WAIVER = ("rule", "stack", "urn", "owner", "reason", "ticket", "approver", "expires", "expired", "used")
HIDDEN = ("stack", "urn", "type", "why")
_BOLD = Font(bold=True)


def render(verdict: Record) -> bytes:
    """The verdict as a workbook."""
    book = _Book()
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

    def __init__(self) -> None:
        self.book = Workbook(write_only=True)
        self.taken = {"history"}  # Excel keeps this name to itself

    def name(self, wanted: str) -> str:
        """A sheet's name like the wanted one: short enough, without forbidden characters, and of no other sheet."""
        base = re.sub(r"[\[\]:*?/\\']", "_", text(wanted))[:NAME] or "_"
        name, number = base, 2
        while name.lower() in self.taken:
            tail = f" ({number})"
            name, number = base[: NAME - len(tail)] + tail, number + 1
        self.taken.add(name.lower())
        return name

    def sheet(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> None:
        """Add a sheet; a name that `name` has not given out is taken as it is."""
        self.taken.add(name.lower())
        sheet = self.book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for number, column in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(number)].width = WIDTHS.get(column, WIDTH)
        header = [WriteOnlyCell(sheet, column) for column in columns]
        for cell in header:
            cell.font = _BOLD
        sheet.append(header)
        count = 1
        for cells in rows:
            count += 1
            if count > MOST_ROWS:
                sheet.append(["the rest does not fit into a sheet; verdict.json holds it"])
                break
            sheet.append([self.cell(sheet, value) for value in cells])
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"

    @staticmethod
    def cell(sheet: object, value: str | int) -> WriteOnlyCell | str | int:
        """A value as it is; text that looks like a formula as text that says so."""
        if isinstance(value, int):
            return value
        value = text(value)
        if not formula(value):
            return value
        cell = WriteOnlyCell(sheet, value)
        cell.data_type = "s"
        cell.quotePrefix = True
        return cell

    def save(self) -> bytes:
        """The file, without the time at which it was written."""
        made, stream = io.BytesIO(), io.BytesIO()
        self.book.save(made)
        with zipfile.ZipFile(made) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                data = old.read(entry)
                if entry.filename == "docProps/core.xml":
                    data = re.sub(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>", b"", data)
                info = zipfile.ZipInfo(entry.filename)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                new.writestr(info, data)
        return stream.getvalue()
