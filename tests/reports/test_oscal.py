"""OSCAL, read by compliance-trestle: what refers to something finds it, and nothing is satisfied that is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lychgate.reports import FORMATS, oscal_component, oscal_plan, oscal_results
from lychgate.reports.oscal import token
from trestle.oscal.assessment_plan import AssessmentPlan
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.component import ComponentDefinition

from tests.reports.conftest import hostile_texts, poisoned
from tests.reports.test_texts import html

DOCUMENTS = {oscal_results: AssessmentResults, oscal_plan: AssessmentPlan, oscal_component: ComponentDefinition}


def results(verdict: dict[str, Any]) -> dict[str, Any]:
    made = json.loads(oscal_results.render(verdict))
    return made["assessment-results"]["results"][0]  # type: ignore[no-any-return]


def plan(verdict: dict[str, Any]) -> dict[str, Any]:
    return json.loads(oscal_plan.render(verdict))["assessment-plan"]  # type: ignore[no-any-return]


def values(value: Any, key: str) -> Iterator[Any]:
    """Every value of a key, however deep."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name == key:
                yield part
            yield from values(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from values(part, key)


@pytest.mark.parametrize("module", DOCUMENTS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_trestle_reads_it(module: Any, each: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    path.write_bytes(module.render(each))
    read = DOCUMENTS[module].oscal_read(path)
    assert read is not None
    again = json.loads(read.oscal_serialize_json())
    assert again == json.loads(path.read_bytes())


def test_what_refers_to_something_finds_it(each: dict[str, Any]) -> None:
    found, planned = results(each), plan(each)
    known = list(values(found, "uuid"))
    assert len(set(known)) == len(known)
    for key in ("subject-uuid", "observation-uuid", "risk-uuid", "actor-uuid", "component-uuid"):
        assert set(values(found, key)) <= set(known)
    assert {link["href"].removeprefix("#") for links in values(found, "links") for link in links} <= set(known)
    assert set(values(found, "task-uuid")) <= set(values(planned, "uuid"))
    assert set(values(planned, "activity-uuid")) <= set(values(planned, "uuid"))
    assert set(values(found, "actor-uuid")) <= set(values(planned, "uuid"))
    objectives = {part["id"] for parts in values(planned, "parts") for part in parts}
    assert {token(one["id"]) for one in each["requirements"]} == objectives == set(values(found, "target-id"))
    assert set(values(planned, "control-id")) == set(values(found, "control-id")) == objectives
    document = json.loads(oscal_results.render(each))["assessment-results"]
    assert document["import-ap"]["href"] == FORMATS["oscal-plan"][1]


def test_every_judgement_is_a_subject_with_its_outcome(each: dict[str, Any]) -> None:
    found = results(each)
    said = [
        (one["props"][0]["value"], subject["props"][0]["value"])
        for one in found.get("observations", [])
        for subject in one.get("subjects", [])
    ]
    assert sorted(said) == sorted((one["rule"], one["outcome"]) for one in each["judgements"])


def test_risks_are_what_is_open_or_accepted(compared: dict[str, Any]) -> None:
    risks = results(compared)["risks"]
    outcomes = [one["outcome"] for one in compared["judgements"]]
    states = [one["status"] for one in risks]
    assert states.count("open") == outcomes.count("fail") + 1
    assert states.count("investigating") == 1
    accepted = [one for one in risks if one["status"] == "deviation-approved"]
    assert len(accepted) == 5
    assert {one["deadline"] for one in accepted} == {"2027-01-31T23:59:59+00:00"}
    waiver = accepted[0]["remediations"][1]
    assert waiver["description"] == "The finding is accepted until 2027-01-31: being moved"
    assert {one["name"]: one["value"] for one in waiver["props"]} == {
        "owner": "ledger", "approver": "security", "ticket": "SEC-7", "expires": "2027-01-31",
    }  # fmt: skip


def test_what_could_not_be_seen_is_an_observation(compared: dict[str, Any]) -> None:
    last = results(compared)["observations"][-1]
    assert last["description"] == "- `urn:9`: a chart\n- not isolated: no network namespace"


def test_the_same_finding_stays_the_same_from_one_verdict_to_the_next(faulty: dict[str, Any]) -> None:
    later = deepcopy(faulty)
    later["run"].update(id="another", as_of="2026-12-30T00:00:00+00:00")
    for one in later["judgements"]:
        if one["location"]:
            one["location"]["line"] += 1
    before, after = results(faulty), results(later)
    assert before["uuid"] != after["uuid"]
    assert [one["uuid"] for one in before["risks"]] == [one["uuid"] for one in after["risks"]]
    again = faulty | {"run": faulty["run"] | {"id": "another"}}
    assert oscal_results.render(again) == oscal_results.render(faulty)


def test_the_faulty_example_satisfies_what_its_rules_decide(faulty: dict[str, Any]) -> None:
    states = {one["id"]: one for one in faulty["requirements"]}
    satisfied = set()
    for one in results(faulty)["findings"]:
        requirement = states[one["target"]["target-id"].removeprefix("pci-")]
        status = one["target"]["status"]
        assert (status["reason"] == "fail") == (requirement["failed"] > 0)
        if status["state"] == "satisfied":
            satisfied.add(requirement["id"])
            assert requirement["state"] == "decided"
    assert satisfied
    assert not any(
        one["target"]["status"]["state"] == "satisfied" for one in results(verdict_of_nothing(faulty))["findings"]
    )


def verdict_of_nothing(verdict: dict[str, Any]) -> dict[str, Any]:
    """The verdict as if no resource had been judged, and no requirement counted anything."""
    bare = [one | {"failed": 0, "unknown": 0, "waived": 0} for one in verdict["requirements"]]
    return verdict | {"judgements": [], "requirements": bare}


@given(
    st.sampled_from(["decided", "contributed", "manual", "undetermined"]),
    st.lists(st.sampled_from(["pass", "fail", "unknown", "error", "waived", "not applicable"]), max_size=5),
)
def test_only_what_is_decided_and_passes_is_satisfied(state: str, outcomes: list[str]) -> None:
    made = poisoned("x")
    count = {name: outcomes.count(name) for name in set(outcomes) | {"fail", "unknown", "error", "waived"}}
    made["requirements"][0].update(
        state=state, failed=count["fail"], unknown=count["unknown"] + count["error"], waived=count["waived"]
    )
    made["judgements"] = [
        made["judgements"][0] | {"outcome": outcome, "urn": f"urn:{number}"} for number, outcome in enumerate(outcomes)
    ]
    (finding,) = results(made)["findings"]
    status = finding["target"]["status"]
    passes = state == "decided" and "pass" in outcomes and set(outcomes) <= {"pass", "not applicable"}
    assert (status["state"] == "satisfied") == passes == (status["reason"] == "pass")
    assert (status["reason"] == "fail") == ("fail" in outcomes)


def test_the_component_says_what_each_rule_serves(faulty: dict[str, Any]) -> None:
    (component,) = json.loads(oscal_component.render(faulty))["component-definition"]["components"]
    rules = [one["value"] for one in component["props"] if one["name"] == "Rule_Id"]
    assert rules == [one["id"] for one in faulty["rules"]]
    (implementation,) = component["control-implementations"]
    served = {one["control-id"]: one for one in implementation["implemented-requirements"]}
    assert set(served) == {token(one["id"]) for one in faulty["requirements"] if one["rules"]}
    assert "credential-in-environment-variable" in [one["value"] for one in served["pci-8.3.2"]["props"]]


def test_ids_become_tokens_that_are_told_apart() -> None:
    assert token("8.3.2") == "pci-8.3.2"
    names = ["a/b", "a_b", "a b", "", "\n", "é" * 100]
    assert len({token(name) for name in names}) == len(names)


@settings(max_examples=40, deadline=None)
@given(hostile_texts)
def test_hostile_text_fits_the_models(text: str) -> None:
    for module in DOCUMENTS:
        data = module.render(poisoned(text))
        assert b"\\u0000" not in data and b"\\u001b" not in data
        for key in ("title", "description", "statement", "remarks"):
            for markup in set(values(json.loads(data), key)):
                assert set(html(markup).tags) <= {"p", "code", "ul", "li"}
