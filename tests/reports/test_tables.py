"""Populations for spreadsheets, read back: every judgement under each requirement, and nothing that calculates."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from lychgate.reports import csv as ours
from lychgate.reports import xlsx
from lychgate.reports.tables import COLUMNS, LONGEST, formula

from tests.reports.conftest import hostile_texts, poisoned

STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def table(verdict: dict[str, Any], delimiter: str = ",") -> list[list[str]]:
    text = ours.render(verdict).decode()
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def book(verdict: dict[str, Any]) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(xlsx.render(verdict)))


def counted(verdict: dict[str, Any]) -> int:
    return sum(max(len(one["requirements"]), 1) for one in verdict["judgements"])


def test_csv_has_every_judgement_under_each_requirement(each: dict[str, Any]) -> None:
    header, *rows = table(each)
    assert header == list(COLUMNS)
    assert len(rows) == counted(each)
    found = {(row[0], row[1], row[3], row[6]) for row in rows}
    for one in each["judgements"]:
        for requirement in one["requirements"] or [""]:
            urn = one["urn"]
            assert (requirement, one["rule"], urn, one["outcome"]) in found


def test_a_line_says_where_and_why(compared: dict[str, Any]) -> None:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in table(compared)[1:]]
    waived = [row for row in rows if row["outcome"] == "waived"]
    assert {row["waiver"] for row in waived} == {"SEC-7"}
    assert all(row["place"].startswith("examples/faulty/") for row in rows)


def test_the_workbook_has_a_sheet_for_each_population(each: dict[str, Any]) -> None:
    made = book(each)
    names = made.sheetnames
    assert names[:3] == ["Verdict", "Requirements", "Findings"]
    assert all(len(name) <= 31 for name in names)
    assert len({name.lower() for name in names}) == len(names)
    header, *rows = made["Requirements"].iter_rows(values_only=True)
    assert [row[0] for row in rows] == [one["id"] for one in each["requirements"]]
    judged = [row for row in rows if row[header.index("judgements")]]
    for row in judged:
        sheet = made[row[header.index("sheet")]]
        assert sheet.max_row - 1 == row[header.index("judgements")]
        assert {cell.value for cell in sheet["A"][1:]} == {row[0]}
    assert [name for name in names if name.startswith("PCI ")] == [row[header.index("sheet")] for row in judged]
    for sheet in made:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
    told = [one for one in each["judgements"] if one["outcome"] in ("fail", "error", "unknown", "waived")]
    assert made["Findings"].max_row - 1 == len(told)
    assert bool(each["waivers"]) == ("Waivers" in names)
    assert bool(each["not_inspected"]) == ("Not inspected" in names)


def test_the_first_sheet_says_what_was_judged_by_what(compared: dict[str, Any]) -> None:
    facts = dict(row for row in book(compared)["Verdict"].iter_rows(values_only=True, min_row=2))
    assert facts["decision"] == "findings"
    assert facts["as of"] == "2026-11-30T00:00:00+00:00"
    assert facts["commit"] == compared["run"]["commit"]
    assert facts["strict"] == "yes"
    assert facts["not isolated"] == "no network namespace"


def test_sheets_of_like_names_are_told_apart(verdict: dict[str, Any]) -> None:
    ids = ["a" * 40 + end for end in "bcde"] + ["x/y", "X\\Y", "x:y", "", "'", "\U0001f4b3" * 31]
    (first, *_), long = verdict["judgements"], verdict["requirements"][0]
    made = verdict | {
        "requirements": [long | {"id": one} for one in ids],
        "judgements": [first | {"requirements": ids}],
    }
    names = [name for name in book(made).sheetnames if name.startswith("PCI")]
    assert len({name.lower() for name in names}) == len(ids)
    assert names[1] == "PCI " + "a" * 23 + " (2)"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", " =1", "\t=1", "'=1", '"=1', "\uff1d1", "\n=1"])
def test_what_a_spreadsheet_calculates_is_known(text: str) -> None:
    assert formula(text)
    assert not formula("a" + text)


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_csv_holds_no_formula_however_it_is_opened(text: str) -> None:
    made = poisoned(text)
    for delimiter in ",;\t":
        for row in table(made, delimiter):
            for cell in row:
                assert not cell.strip("\"' ").startswith(STARTS) or cell.startswith("'"), cell
    assert len(table(made)) == 1 + counted(made)
    assert {len(row) for row in table(made)} == {len(COLUMNS)}


@settings(max_examples=40, deadline=None)
@given(hostile_texts)
def test_the_workbook_holds_no_formula_and_no_link(text: str) -> None:
    data = xlsx.render(poisoned(text))
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n", "inlineStr")
                assert cell.hyperlink is None
                if isinstance(cell.value, str) and cell.value.startswith(STARTS):
                    assert cell.quotePrefix
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())


def test_text_that_looks_like_the_workbooks_own_markup_stays_text() -> None:
    text = "<r><rPr><b/></rPr><t>decided</t></r>"
    (cell,) = book(poisoned(text))["Findings"]["J"][1:2]
    assert cell.value == f" {text}"


def test_a_text_that_is_too_long_is_cut() -> None:
    (cell,) = book(poisoned("\U0001f4b3" * 40_000))["Findings"]["J"][1:2]
    assert len(cell.value.encode("utf-16-le")) // 2 <= LONGEST
    assert set(cell.value) <= {"\U0001f4b3", "."}


def test_the_time_in_the_file_is_the_verdicts(compared: dict[str, Any]) -> None:
    properties = book(compared | {"run": compared["run"] | {"as_of": "2026-11-30T01:00:00+02:00"}}).properties
    assert properties.created == properties.modified == datetime(2026, 11, 29, 23)
