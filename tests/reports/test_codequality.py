"""GitLab's code quality report, by the fields that its documentation names."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from hypothesis import given, settings
from lychgate.reports import codequality

from tests.reports.conftest import hostile_texts, poisoned

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
DOCUMENTED = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "additionalProperties": False,
                "properties": {
                    "path": {"type": "string", "minLength": 1, "pattern": r"^(?!/|\./|.*//)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "additionalProperties": False,
                        "properties": {"begin": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}},
                    },
                },
            },
        },
    },
}


def read(verdict: dict[str, Any]) -> list[dict[str, Any]]:
    data = codequality.render(verdict)
    assert data.startswith(b"[")  # GitLab takes no byte order mark
    found: list[dict[str, Any]] = json.loads(data)
    jsonschema.validate(found, DOCUMENTED)
    return found


def test_it_has_the_documented_fields_and_every_open_finding(each: dict[str, Any]) -> None:
    found = read(each)
    open_ = [one for one in each["judgements"] if one["outcome"] in ("fail", "error", "unknown")]
    assert {one["fingerprint"] for one in found} == {one["fingerprint"] for one in open_}
    assert len(found) == len(open_)


def test_the_most_important_come_first(compared: dict[str, Any]) -> None:
    found = read(compared)
    assert found[0]["severity"] == "blocker"
    known = {one["fingerprint"]: one for one in compared["judgements"]}
    assert known[found[-1]["fingerprint"]]["level"] == "advisory"


def test_what_could_not_be_determined_is_information_where_it_does_not_block(verdict: dict[str, Any]) -> None:
    lenient = verdict | {"run": verdict["run"] | {"strict": False}}
    for one in read(lenient):
        assert (one["severity"] == "info") == (": not determined: " in one["description"])
    assert not any(one["severity"] == "info" for one in read(verdict))


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_hostile_text_leaves_the_form(text: str) -> None:
    for one in read(poisoned(text)):
        assert ".." not in one["location"]["path"].split("/")
        assert len(one["description"]) <= 500
        assert "\n" not in one["description"]
