"""The reference parser reads it, as does Prometheus' own; GitLab's is written down here as it stands in its source."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lychgate.reports.openmetrics import MOST, OTHERS, Family, label_of, named, render, write
from lychgate.reports.trend.trend import Counts
from prometheus_client import parser as prometheus
from prometheus_client.openmetrics import parser as openmetrics

from tests.reports.conftest import ATTACKS, hostile_texts, poisoned

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(data: bytes) -> Samples:
    """By both parsers, which must agree."""
    text = data.decode()
    found = [_samples(openmetrics, text), _samples(prometheus, text)]
    assert found[0] == found[1]
    assert text.endswith("# EOF\n")
    return found[0]


def _samples(module: Any, text: str) -> Samples:
    samples = [one for family in module.text_string_to_metric_families(text) for one in family.samples]
    found = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    assert len(found) == len(samples), "a series that is there twice"
    return found


def as_gitlab(data: bytes) -> dict[str, str]:
    """Gitlab::Ci::Parsers::Metrics::Generic: a comment begins at any #, and a line is split as a shell would."""
    found = {}
    for line in data.decode().splitlines():
        words = shlex.split(line.partition("#")[0])
        if len(words) > 1:
            found[words[0]] = words[1]
    return found


def of(samples: Samples, name: str) -> dict[tuple[str, ...], float]:
    return {tuple(value for _, value in labels): value for (found, labels), value in samples.items() if found == name}


def test_every_verdict_is_read(each: dict[str, Any]) -> None:
    samples = read(render(each))
    assert len(as_gitlab(render(each))) == len(samples)
    outcomes = Counter(one["outcome"] for one in each["judgements"])
    assert {key[0]: value for key, value in of(samples, "lychgate_judgements").items() if value} == outcomes
    assert len(samples) < 1000


def test_numbers_are_those_of_the_verdict(compared: dict[str, Any]) -> None:
    samples = read(render(compared))
    findings = of(samples, "lychgate_findings")  # layer, outcome, severity
    failed = Counter(one["severity"] for one in compared["judgements"] if one["outcome"] == "fail")
    for severity, number in failed.items():
        assert sum(value for key, value in findings.items() if key[1:] == ("failed", severity)) == number
    assert sum(value for key, value in findings.items() if key[1] == "undetermined") == 2
    assert sum(value for key, value in findings.items() if key[1] == "waived") == 5
    requirements = of(samples, "lychgate_requirement_judgements")
    for one in compared["requirements"]:
        if one["failed"] or one["unknown"] or one["waived"]:
            assert requirements["failed", one["id"]] == one["failed"]
            assert requirements["undetermined", one["id"]] == one["unknown"]
            assert requirements["waived", one["id"]] == one["waived"]
    assert of(samples, "lychgate_waivers") == {("active",): 5, ("unused",): 0, ("expired",): 0}
    assert of(samples, "lychgate_not_inspected") == {(): 1}


def test_what_may_fail_is_there_before_it_does(verdict: dict[str, Any]) -> None:
    findings = of(read(render(verdict)), "lychgate_findings")
    pairs = {(rule["layer"], rule["severity"]) for rule in verdict["rules"]}
    assert {(layer, severity) for layer, _, severity in findings} == pairs


@settings(max_examples=200)
@given(st.dictionaries(st.one_of(st.none(), hostile_texts, st.sampled_from(ATTACKS)), st.integers(0, 9), max_size=9))
def test_hostile_names_stay_labels(names: dict[str | None, int]) -> None:
    counts = {name: Counts(failed=number) for name, number in names.items()}
    data = write([named("application_judgements", "Judgements.", "application", counts)])
    samples = read(data)
    assert sum(samples.values()) == sum(names.values())
    assert len(as_gitlab(data)) == len(samples)
    for _, labels in samples:
        assert dict(labels)["application"] in {*map(label_of, filter(None, names)), "", "(unlabelled)"}


@pytest.mark.parametrize("text", [*ATTACKS, 'a"b\\n\\', "\\", "#", "\ud800"])
def test_a_hostile_verdict_is_read(text: str) -> None:
    if text == "\ud800":
        assert read(write([Family("x", "Help.", ("name",), {(label_of(text),): 1})]))
    else:
        data = render(poisoned(text))
        assert len(as_gitlab(data)) == len(read(data))


def test_there_are_never_many_series() -> None:
    counts: dict[str | None, Counts] = {f"application-{number}": Counts(passed=1) for number in range(10_000)}
    counts["the-worst"] = Counts(failed=1)
    counts[None] = Counts(undetermined=1)
    counts[OTHERS] = Counts(waived=1)
    found = of(read(write([named("x", "Help.", "name", counts)])), "lychgate_x")
    assert len(found) == (MOST + 1) * 4 - 4  # one is called as the others are
    assert found["the-worst", "failed"] == found["(unlabelled)", "undetermined"] == found[OTHERS, "waived"] == 1
    assert sum(found.values()) == 10_003
    assert found[OTHERS, "passed"] == 10_000 - (MOST - 3)
