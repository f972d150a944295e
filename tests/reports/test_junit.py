"""JUnit, read by junitparser: what blocks is a failure, what does not is shown as what it is."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from junitparser import Error, Failure, JUnitXml, Skipped
from lychgate.reports import junit

from tests.reports.conftest import hostile_texts, poisoned


def results(verdict: dict[str, Any]) -> Counter[str]:
    """What is said of the cases: the kind of result and the first words."""
    said: Counter[str] = Counter()
    for suite in JUnitXml.fromstring(junit.render(verdict)):
        for case in suite:
            for result in case.result:
                first = (result.message or "").partition(":")[0] if isinstance(result, Skipped) else ""
                said[f"{type(result).__name__} {first}".strip()] += 1
    return said


def test_it_counts_what_blocks(each: dict[str, Any]) -> None:
    suites = JUnitXml.fromstring(junit.render(each))
    judgements = each["judgements"]
    assert suites.tests == len(judgements)
    assert suites.errors == sum(one["outcome"] == "error" for one in judgements)
    blocking = [one for one in judgements if one["outcome"] in ("fail", "unknown") and one["level"] != "advisory"]
    assert suites.failures == len(blocking)
    cases = [(case.classname, case.name) for suite in suites for case in suite]
    assert len(set(cases)) == len(cases)


def test_what_does_not_block_is_skipped_with_its_reason(compared: dict[str, Any]) -> None:
    lenient = compared | {"run": compared["run"] | {"strict": False}}
    outcomes = Counter(one["outcome"] for one in compared["judgements"])
    said = results(lenient)
    assert said == {
        "Failure": outcomes["fail"] - 1,
        "Error": 1,
        "Skipped advisory": 1,
        "Skipped waived (SEC-7)": 5,
        "Skipped not determined": 1,
        "Skipped not applicable": outcomes["not applicable"],
    }
    assert results(compared)["Failure"] == outcomes["fail"] - 1 + outcomes["unknown"]


def test_cases_of_the_same_name_are_told_apart(verdict: dict[str, Any]) -> None:
    same = verdict | {"judgements": [one | {"name": "same"} for one in verdict["judgements"]]}
    names = [case.name for suite in JUnitXml.fromstring(junit.render(same)) for case in suite]
    assert len(set(names)) == len(names)


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_hostile_text_adds_no_element(text: str) -> None:
    suites = JUnitXml.fromstring(junit.render(poisoned(text)))
    cases = [case for suite in suites for case in suite]
    assert len(cases) == 6
    kinds = sorted(type(result).__name__ for case in cases for result in case.result)
    assert kinds == ["Error", "Failure", "Skipped", "Skipped", "Skipped"]
    assert {Error, Failure, Skipped} == {type(result) for case in cases for result in case.result}
