"""The built-in baselines: production is strict and whole, test relaxes only what it gives a reason for."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import BASELINES, FRAMEWORKS, Ruleset, RulesetFile, load_ruleset, read
from lychgate.model.outcome import LAYERS, SEVERITIES
from lychgate.model.validation import load

FOLDER = Path(str(resources.files("lychgate.rulesets")))


def baseline(name: str) -> Ruleset:
    return load_ruleset(name, built_in_rules())


def file(name: str) -> RulesetFile:
    return load(read(FOLDER / f"{name}.yaml"), RulesetFile)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_fits_the_built_in_rules(name: str) -> None:
    ruleset = baseline(name)
    assert ruleset.name == name
    assert ruleset.framework in FRAMEWORKS
    assert set(ruleset.waiver_limits) == set(SEVERITIES)
    assert not ruleset.profiles


def test_production_is_strict_and_names_every_layer() -> None:
    assert baseline("production").strict
    assert set(file("production").layers) == set(LAYERS)


@pytest.mark.parametrize("name", BASELINES)
def test_what_is_relaxed_has_a_reason(name: str) -> None:
    written = file(name)
    for where, setting in [*written.layers.items(), *written.rules.items()]:
        if setting.level in ("advisory", "disabled"):
            assert setting.reason, f"{name}: {where} is relaxed without a reason"


def test_test_is_nowhere_stricter_than_production() -> None:
    production, test = baseline("production"), baseline("test")
    assert not test.strict
    assert all(test.waiver_limits[severity] >= production.waiver_limits[severity] for severity in SEVERITIES)
    assert {layer for layer, setting in file("test").layers.items() if setting.level == "advisory"} == {
        "encryption",
        "operations",
    }


def test_longer_waivers_are_for_what_is_less_severe() -> None:
    for name in BASELINES:
        limits = [baseline(name).waiver_limits[severity] for severity in SEVERITIES]
        assert limits == sorted(limits)
