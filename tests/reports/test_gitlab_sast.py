"""GitLab's report of static analysis, by what its schema 15.0.7 demands of the fields that are used."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from lychgate.reports import gitlab_sast
from lychgate.reports.document import parse

from lychgate.model.errors import InputError
from tests.reports.conftest import hostile_texts, poisoned

TEXT = {"type": "string", "minLength": 1}


def fields(**types: Any) -> dict[str, Any]:
    """An object with exactly these fields."""
    return {"type": "object", "required": [*types], "additionalProperties": False, "properties": types}


TOOL = fields(id=TEXT, name=TEXT, version=TEXT, vendor=fields(name=TEXT))
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
PATH = {"type": "string", "minLength": 1, "pattern": r"^(?!/|\./|.*//)"}
LINE = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
SIGNATURE = fields(algorithm={"enum": ["hash"]}, value=TEXT)
ITEM = fields(
    file=PATH, start_line=LINE, end_line=LINE, signatures={"type": "array", "minItems": 1, "items": SIGNATURE}
)
# https://gitlab.com/gitlab-org/security-products/security-report-schemas, sast-report-format.json
DEMANDED = fields(
    version={"const": "15.0.7"},
    schema={"type": "string", "pattern": "^https?://.+"},
    scan=fields(
        analyzer=TOOL, scanner=TOOL, type={"const": "sast"}, status={"enum": ["success", "failure"]}, start_time=MOMENT,
        end_time=MOMENT,
    ),
    vulnerabilities={
        "type": "array",
        "items": fields(
            id=TEXT,
            name={**TEXT, "maxLength": 255},
            description={**TEXT, "maxLength": 1_048_576},
            severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
            solution={**TEXT, "maxLength": 7000},
            identifiers={
                "type": "array", "minItems": 1, "maxItems": 20, "items": fields(type=TEXT, name=TEXT, value=TEXT)
            },
            tracking=fields(type={"const": "source"}, items={"type": "array", "minItems": 1, "items": ITEM}),
            location=fields(file=PATH, start_line=LINE),
        ),
    },
)  # fmt: skip


def read(verdict: dict[str, Any]) -> list[dict[str, Any]]:
    report = json.loads(gitlab_sast.render(verdict))
    jsonschema.validate(report, DEMANDED)
    found: list[dict[str, Any]] = report["vulnerabilities"]
    return found


def test_it_has_every_open_finding_and_what_serves_which_requirement(each: dict[str, Any]) -> None:
    found = read(each)
    open_ = {one["fingerprint"]: one for one in each["judgements"] if one["outcome"] in ("fail", "error", "unknown")}
    assert {one["id"] for one in found} == open_.keys() and len(found) == len(open_)
    for one in found:
        known = open_[one["id"]]
        first, *others = one["identifiers"]
        assert first == {"type": "lychgate_rule", "name": known["rule"], "value": known["rule"]}
        assert [other["value"] for other in others] == known["requirements"][:19]
        assert (one["severity"] == "Unknown") == (known["outcome"] == "unknown")


def test_the_most_important_come_first(compared: dict[str, Any]) -> None:
    assert read(compared)[0]["severity"] == "Critical"


def test_moments_are_of_utc(verdict: dict[str, Any]) -> None:
    told = verdict | {"run": verdict["run"] | {"as_of": "2026-11-26T01:30:00.25+02:00"}}
    assert json.loads(gitlab_sast.render(told))["scan"]["end_time"] == "2026-11-25T23:30:00"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_no_clock_tells(verdict: dict[str, Any], moment: str) -> None:
    told = verdict | {"run": verdict["run"] | {"as_of": moment}}
    with pytest.raises(InputError, match="as_of"):
        gitlab_sast.render(parse(json.dumps(told).encode(), "verdict.json"))


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_hostile_text_leaves_the_form_and_is_no_markup(text: str) -> None:
    for one in read(poisoned(text)):
        assert ".." not in one["location"]["file"].split("/")
        assert "\n" not in one["description"] + one["solution"] + one["name"]
        for words in (one["description"], one["solution"]):
            outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", words)  # but for code, however it is fenced
            assert not any(sign in outside for sign in ("<", "](", "@all", "https://"))
