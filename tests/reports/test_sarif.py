"""SARIF, read by sarif-pydantic; and what code scanning makes of it."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from lychgate.reports import sarif
from sarif_pydantic import Sarif

from tests.reports.conftest import hostile_texts, poisoned

TOLD = ("fail", "error", "unknown", "waived")


def results(verdict: dict[str, Any]) -> list[dict[str, Any]]:
    return json.loads(sarif.render(verdict))["runs"][0]["results"]  # type: ignore[no-any-return]


def test_it_is_sarif(each: dict[str, Any]) -> None:
    log = Sarif.model_validate_json(sarif.render(each))
    told = [one for one in each["judgements"] if one["outcome"] in TOLD]
    found = log.runs[0].results or []
    assert len(found) == len(told)
    prints = {one.partial_fingerprints["primaryLocationLineHash"] for one in found}
    assert len(prints) == len(found)


def test_every_result_has_a_place(verdict: dict[str, Any]) -> None:
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results(verdict)]
    assert set(places) == {"app/__main__.py", "Pulumi.yaml"}


def test_a_finding_is_the_same_when_its_line_moves(faulty: dict[str, Any]) -> None:
    moved = deepcopy(faulty)
    for one in moved["judgements"]:
        if one["location"]:
            one["location"]["line"] += 10
    before, after = results(faulty), results(moved)
    assert before != after
    assert [one["partialFingerprints"] for one in before] == [one["partialFingerprints"] for one in after]


def test_waivers_are_suppressions_and_changes_are_told(compared: dict[str, Any], faulty: dict[str, Any]) -> None:
    found = results(compared)
    suppressed = [one for one in found if one["suppressions"]]
    assert {one["properties"]["outcome"] for one in suppressed} == {"waived"}
    assert suppressed[0]["suppressions"][0]["justification"] == (
        "SEC-7: being moved (owner ledger, approved by security, until 2027-01-31)"
    )
    assert {one["baselineState"] for one in found} == {"new", "unchanged"}
    assert not any("suppressions" in one or "baselineState" in one for one in results(faulty))


def test_a_run_says_what_it_is_about_and_what_went_wrong(compared: dict[str, Any], faulty: dict[str, Any]) -> None:
    run = json.loads(sarif.render(compared))["runs"][0]
    assert run["automationDetails"] == {"id": "lychgate/production/checkout/production/"}
    notes = [(one["level"], one["message"]["text"]) for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert [level for level, _ in notes] == ["error", "warning", "warning"]
    assert notes[1:] == [
        ("warning", "not inspected: urn:9: a chart"), ("warning", "not isolated: no network namespace"),
    ]  # fmt: skip
    clean = json.loads(sarif.render(faulty))["runs"][0]["invocations"][0]
    assert clean == {"executionSuccessful": True, "toolExecutionNotifications": []}


def test_a_rule_explains_itself(faulty: dict[str, Any]) -> None:
    rules = json.loads(sarif.render(faulty))["runs"][0]["tool"]["driver"]["rules"]
    one = next(rule for rule in rules if rule["id"] == "api-cache-unencrypted")
    assert "not encrypted unless it is asked for" in one["help"]["text"]
    assert "**Fix:** Set `cacheDataEncrypted` to true" in one["help"]["markdown"]
    assert "PCI DSS 3.5.1" in one["properties"]["tags"]


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_hostile_text_makes_no_link_and_no_place_outside(text: str) -> None:
    data = sarif.render(poisoned(text))
    Sarif.model_validate_json(data)
    for one in json.loads(data)["runs"][0]["results"]:
        uri = one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri and not uri.startswith("/") and ":" not in uri and ".." not in uri.split("/")
        assert "](" not in one["message"]["text"]
        assert "\x1b" not in one["message"]["text"]
