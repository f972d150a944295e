"""Rulesets: what they merge to, and each error at its line and column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, model_validator

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import Ruleset, load_ruleset
from lychgate.model.errors import InputError
from lychgate.model.outcome import Layer, Severity


class Retention(BaseModel):
    days: int = Field(default=365, ge=1, le=3650)
    store: Literal["hot", "cold"] = "hot"


class Owner(BaseModel):
    team: str


class Between(BaseModel):
    least: int = 0
    most: int = 9

    @model_validator(mode="after")
    def ordered(self) -> Between:
        if self.least > self.most:
            raise ValueError("least must not be above most")
        return self


@dataclass(frozen=True)
class Facts:
    id: str
    layer: Layer = "operations"
    severity: Severity = "high"
    parameters: type[BaseModel] | None = None


RETENTION = Facts("log-group-without-retention", parameters=Retention)
BUCKET = Facts("s3-bucket-without-customer-key", layer="encryption")
RULES: dict[str, Any] = built_in_rules() | {rule.id: rule for rule in (RETENTION, BUCKET)}
HEAD = "name: mine\ndescription: ours\n"


def ruleset(folder: Path, text: str, rules: dict[str, Any] = RULES, name: str = "mine.yaml") -> Ruleset:
    (folder / name).write_text(text)
    return load_ruleset(folder / name, rules)


def complaint(folder: Path, text: str, rules: dict[str, Any] = RULES) -> str:
    """What is said of a ruleset, without the folder's name."""
    with pytest.raises(InputError) as caught:
        ruleset(folder, text, rules)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_minimal_ruleset_is_mandatory_and_not_strict(tmp_path: Path) -> None:
    minimal = ruleset(tmp_path, HEAD)
    assert minimal.level(BUCKET) == "mandatory"
    assert not minimal.strict
    assert minimal.requirements == ()
    assert minimal.requirements_of(BUCKET.id) == ()
    assert minimal.waiver_limits == {"critical": 30, "high": 90, "medium": 180, "low": 365}


def test_a_rule_wins_over_its_layer_and_its_layer_over_the_default(tmp_path: Path) -> None:
    text = (
        HEAD
        + "default_level: disabled\nlayers: {encryption: advisory}\n"
        + "rules: {s3-bucket-without-customer-key: remediate}\n"
    )
    assert ruleset(tmp_path, text).level(BUCKET) == "remediate"
    assert ruleset(tmp_path, text.replace("rules:", "#")).level(BUCKET) == "advisory"
    assert ruleset(tmp_path, text).level(RETENTION) == "disabled"


def test_parameters_are_the_rules_own_model(tmp_path: Path) -> None:
    text = HEAD + "rules: {log-group-without-retention: {parameters: {days: 400}}}\n"
    assert ruleset(tmp_path, text).parameters(RETENTION) == Retention(days=400)
    assert ruleset(tmp_path, HEAD).parameters(RETENTION) == Retention()
    assert ruleset(tmp_path, HEAD).parameters(BUCKET) is None


def test_the_nearest_word_wins_along_a_chain(tmp_path: Path) -> None:
    base = HEAD + (
        "strict: true\nlayers: {encryption: disabled}\nwaiver_limits: {high: 7}\nrules:\n"
        "  log-group-without-retention: {level: advisory, parameters: {days: 10, store: cold}, never_waive: true}\n"
    )
    (tmp_path / "base.yaml").write_text(base)
    near = ruleset(
        tmp_path,
        "name: near\ndescription: ours\nextends: base.yaml\nlayers: {operations: mandatory}\n"
        "rules: {log-group-without-retention: {parameters: {days: 20}}}\n",
    )
    assert near.name == "near"
    assert near.strict
    assert near.level(RETENTION) == "advisory"
    assert near.level(BUCKET) == "disabled"
    assert near.parameters(RETENTION) == Retention(days=20, store="cold")
    assert near.never_waive(RETENTION.id)
    assert near.waiver_limits["high"] == 7


def test_a_users_ruleset_extends_production_by_name(tmp_path: Path) -> None:
    text = (
        HEAD
        + "extends: production\nrequirements:\n"
        + "  3.6.1: [log-group-without-retention]\n  5.4.1: [log-group-without-retention]\n"
    )
    mine = ruleset(tmp_path, text)
    assert mine.strict
    assert mine.framework == "pci-dss-4.0.1"
    assert mine.requirements_of(RETENTION.id) == ("3.6.1", "5.4.1")
    added = {r.id: r.kind for r in mine.requirements if RETENTION.id in r.rules}
    assert added == {"3.6.1": "contributed", "5.4.1": "contributed"}


def test_a_profile_adds_its_requirements(tmp_path: Path) -> None:
    text = HEAD + "extends: production\nrequirements: {A1.1.2: [log-group-without-retention]}\n"
    without = ruleset(tmp_path, text)
    assert without.requirements_of(RETENTION.id) == ()
    assert not [requirement for requirement in without.requirements if requirement.profile]
    with_it = ruleset(tmp_path, text + "profiles: [multi-tenant-service-provider]\n")
    assert with_it.requirements_of(RETENTION.id) == ("A1.1.2",)
    assert with_it.profiles == ("multi-tenant-service-provider",)


def test_the_digest_follows_the_content_and_not_its_form(tmp_path: Path) -> None:
    one = ruleset(tmp_path, HEAD + "rules: {log-group-without-retention: advisory}\n")
    same = ruleset(
        tmp_path,
        "# why\ndescription: 'ours'\nname: mine\nrules:\n  log-group-without-retention:\n    level: advisory\n",
    )
    other = ruleset(tmp_path, HEAD + "rules: {log-group-without-retention: disabled}\n")
    assert one.digest == same.digest != other.digest
    assert len(one.digest) == 64


WANTED_RULE = "expected the id of a rule (`lychgate rules` lists them)"
LEVELS = "expected advisory, mandatory, remediate or disabled"
ERRORS = {
    "rule": (
        HEAD + "rules:\n  s3-bucket-without-custom-key: advisory\n",
        f"mine.yaml:4:3: unknown rule 's3-bucket-without-custom-key'. {WANTED_RULE}; "
        "did you mean 's3-bucket-without-customer-key'?",
    ),
    "rule that nothing is like": (
        HEAD + "rules: {x: advisory}\n",
        f"mine.yaml:3:9: unknown rule 'x'. {WANTED_RULE}",
    ),
    "level": (
        HEAD + "rules:\n  log-group-without-retention: mandatry\n",
        f"mine.yaml:4:32: level is 'mandatry'. {LEVELS}; did you mean 'mandatory'?",
    ),
    "level in full": (
        HEAD + "rules:\n  log-group-without-retention:\n    level: off\n",
        f"mine.yaml:5:12: level is 'off'. {LEVELS}",
    ),
    "level of a layer": (
        HEAD + "layers:\n  cost: 3\n",
        "mine.yaml:4:9: cost is 3. expected a mapping of keys to values",
    ),
    "layer": (
        HEAD + "layers:\n  encrypton: advisory\n",
        "mine.yaml:4:3: unknown key 'encrypton'. expected cost, encryption, iam, network, operations or tenancy; "
        "did you mean 'encryption'?",
    ),
    "key": (
        HEAD + "stric: true\n",
        "mine.yaml:3:1: unknown key 'stric'. expected default_level, description, extends, framework, layers, name, "
        "profiles, requirements, rules, strict or waiver_limits; did you mean 'strict'?",
    ),
    "key of a rule": (
        HEAD + "rules:\n  log-group-without-retention:\n    nver_waive: true\n",
        "mine.yaml:5:5: unknown key 'nver_waive'. expected level, never_waive, parameters or reason; "
        "did you mean 'never_waive'?",
    ),
    "missing key": ("description: ours\n", "mine.yaml:1:1: 'name' is missing"),
    "parameter's name": (
        HEAD + "rules:\n  log-group-without-retention:\n    parameters:\n      day: 3\n",
        "mine.yaml:6:7: log-group-without-retention: unknown parameter 'day'. expected days or store; "
        "did you mean 'days'?",
    ),
    "parameter's type": (
        HEAD + "rules:\n  log-group-without-retention:\n    parameters:\n      days: a year\n",
        "mine.yaml:6:13: log-group-without-retention: days is 'a year'. expected a whole number",
    ),
    "parameter's limit": (
        HEAD + "rules:\n  log-group-without-retention: {parameters: {days: 0}}\n",
        "mine.yaml:4:52: log-group-without-retention: days is 0. expected at least 1",
    ),
    "parameter's words": (
        HEAD + "rules:\n  log-group-without-retention: {parameters: {store: cool}}\n",
        "mine.yaml:4:53: log-group-without-retention: store is 'cool'. expected hot or cold; did you mean 'cold'?",
    ),
    "parameter of a rule without any": (
        HEAD + "rules:\n  s3-bucket-without-customer-key: {parameters: {days: 0}}\n",
        "mine.yaml:4:49: s3-bucket-without-customer-key: unknown parameter 'days'. expected no parameter",
    ),
    "baseline": (
        HEAD + "extends: prodution\n",
        "mine.yaml:3:10: unknown ruleset 'prodution'. expected production or test, or the path of a .yaml file; "
        "did you mean 'production'?",
    ),
    "circle": (HEAD + "extends: ./mine.yaml\n", "mine.yaml:3:10: './mine.yaml' extends this file in its turn"),
    "framework": (
        HEAD + "framework: pci-dss-4.0\n",
        "mine.yaml:3:12: unknown framework 'pci-dss-4.0'. expected pci-dss-4.0.1, or the path of a .yaml file; "
        "did you mean 'pci-dss-4.0.1'?",
    ),
    "profile": (
        HEAD + "framework: pci-dss-4.0.1\nprofiles:\n  - multi-tenant\n",
        "mine.yaml:5:5: unknown profile 'multi-tenant'. expected multi-tenant-service-provider",
    ),
    "requirement": (
        HEAD + "framework: pci-dss-4.0.1\nrequirements:\n  3.5.1.9: [s3-bucket-without-customer-key]\n",
        "mine.yaml:5:3: unknown requirement '3.5.1.9'. expected one of PCI DSS v4.0.1; did you mean '3.5.1.3'?",
    ),
    "rule of a requirement": (
        HEAD + "framework: pci-dss-4.0.1\nrequirements:\n  3.5.1:\n    - nothing-like-it\n",
        f"mine.yaml:6:7: unknown rule 'nothing-like-it'. {WANTED_RULE}",
    ),
    "waiver limit": (
        HEAD + "waiver_limits: {high: -1}\n",
        "mine.yaml:3:23: high is -1. expected at least 0",
    ),
    "severity": (
        HEAD + "waiver_limits: {hihg: 1}\n",
        "mine.yaml:3:17: unknown key 'hihg'. expected critical, high, low or medium; did you mean 'high'?",
    ),
    "number as text": (
        "name: 1\ndescription: ours\n",
        "mine.yaml:1:7: name is 1. expected text (in quotes, if it looks like a number)",
    ),
    "list": ("- a\n- b\n", "mine.yaml:1:1: the content is a list. expected a mapping of keys to values"),
    "text": ("hello\n", "mine.yaml:1:1: the content is 'hello'. expected a mapping of keys to values"),
    "nothing": ("# nothing\n", "mine.yaml:1:1: the file is empty. expected a mapping of keys to values"),
    "duplicate": (
        HEAD + "rules:\n  log-group-without-retention: advisory\n  log-group-without-retention: disabled\n",
        "mine.yaml:5:3: the key 'log-group-without-retention' is already on line 4. expected each key once",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_says_where_and_what_instead(tmp_path: Path, case: str) -> None:
    text, expected = ERRORS[case]
    assert complaint(tmp_path, text) == expected


def test_all_errors_are_said_at_once(tmp_path: Path) -> None:
    said = complaint(tmp_path, HEAD + "strict: perhaps\nlayers: {cost: none}\n")
    assert (
        said == f"mine.yaml:3:9: strict is 'perhaps'. expected true or false\nmine.yaml:4:16: level is 'none'. {LEVELS}"
    )


def test_an_error_stands_in_the_file_that_it_was_written_in(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(HEAD + "rules: {log-group-without-retention: {parameters: {days: 0}}}\n")
    text = HEAD + "extends: base.yaml\nrules: {log-group-without-retention: {parameters: {store: hot}}}\n"
    assert complaint(tmp_path, text) == "base.yaml:3:58: log-group-without-retention: days is 0. expected at least 1"


def test_parameters_that_do_not_fit_together_or_are_missing(tmp_path: Path) -> None:
    rules = {"a-between": Facts("a-between", parameters=Between), "an-owner": Facts("an-owner", parameters=Owner)}
    text = HEAD + "rules:\n  an-owner: advisory\n  a-between:\n    parameters: {least: 10}\n"
    assert complaint(tmp_path, text, rules) == (
        "mine.yaml:4:13: an-owner: 'team' is missing\n"
        "mine.yaml:6:17: a-between: the content is a mapping. expected least must not be above most"
    )


def test_a_wrong_name_on_the_command_line() -> None:
    with pytest.raises(InputError) as caught:
        load_ruleset("tset", {})
    assert str(caught.value) == (
        "--ruleset: unknown ruleset 'tset'. expected production or test, or the path of a .yaml file; "
        "did you mean 'test'?"
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", str(tmp_path / "none.yaml")):
        with pytest.raises(InputError, match=r"none\.yaml: cannot be read: No such file or directory"):
            load_ruleset(path, {})
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_ruleset(tmp_path, {})


FRAMEWORK = """framework: house
title: House rules
profiles: {shop: shops}
requirements:
"""
REQUIREMENT = "  - {{id: {}, title: t, summary: s, evidence: e, kind: {}{}}}\n"


def test_a_framework_of_the_users_own(tmp_path: Path) -> None:
    entries = REQUIREMENT.format(
        "1.1", "decided", ", rules: [s3-bucket-without-customer-key], best_practice_until: 2025-03-31"
    )
    (tmp_path / "house.yaml").write_text(FRAMEWORK + entries + REQUIREMENT.format("'1.2'", "manual", ", profile: shop"))
    with pytest.raises(InputError, match=r"house\.yaml:5:10: id is 1\.1\. expected text"):
        ruleset(tmp_path, HEAD + "framework: house.yaml\n")
    (tmp_path / "house.yaml").write_text(FRAMEWORK + entries.replace("1.1", "'1.1'"))
    house = ruleset(tmp_path, HEAD + "framework: house.yaml\n")
    assert house.requirements_of(BUCKET.id) == ("1.1",)
    assert house.requirements[0].best_practice_until == date(2025, 3, 31)


def test_errors_of_a_framework(tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(
        FRAMEWORK
        + REQUIREMENT.format("1.1.1", "manual", ", rules: [s3-bucket-without-customer-key]")
        + REQUIREMENT.format("1.1.1", "decided", ", profile: shp")
    )
    assert complaint(tmp_path, HEAD + "framework: house.yaml\n").replace(str(tmp_path), "") == (
        "house.yaml:5:73: the requirement 1.1.1 is manual, but has rules. expected no rules, or another kind\n"
        "house.yaml:6:10: the requirement 1.1.1 stands here twice\n"
        "house.yaml:6:76: unknown profile 'shp'. expected one that `profiles` describes; did you mean 'shop'?"
    )
    (tmp_path / "house.yaml").write_text(
        FRAMEWORK + REQUIREMENT.format("1.1.1", "decided", ", rules: [nothing-like-it]")
    )
    assert (
        complaint(tmp_path, HEAD + "framework: house.yaml\n")
        == f"house.yaml:5:75: unknown rule 'nothing-like-it'. {WANTED_RULE}"
    )


def test_preflight_rules_of_a_requirement(tmp_path: Path) -> None:
    entry = REQUIREMENT.format("1.1.1", "contributed", ", preflight: [waiver-expired, image-named-by-tag]")
    (tmp_path / "house.yaml").write_text(FRAMEWORK + entry)
    house = ruleset(tmp_path, HEAD + "framework: house.yaml\n")
    assert house.requirements_of_preflight("waiver-expired") == ("1.1.1",)
    assert house.requirements_of_preflight("setting-above-limit") == ()
    assert ruleset(tmp_path, HEAD).requirements_of_preflight("waiver-expired") == ()
    assert load_ruleset("test", built_in_rules()).requirements_of_preflight("state-in-another-backend") == (
        "1.2.8",
        "6.5.3",
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            "preflight: [waiver-exipred]",
            "79: unknown preflight rule 'waiver-exipred'. expected the id of one (`lychgate rules`); "
            "did you mean 'waiver-expired'?",
        ),
        ("preflight: [s3-bucket-without-customer-key]", "79: 's3-bucket-without-customer-key' judges resources. "
         "expected it under `rules`"),
        ("rules: [waiver-expired]", "75: 'waiver-expired' is a preflight rule. expected it under `preflight`"),
    ],
    ids=["unknown", "of resources", "under rules"],
)  # fmt: skip
def test_a_preflight_rule_that_there_is_not(tmp_path: Path, facts: str, expected: str) -> None:
    (tmp_path / "house.yaml").write_text(FRAMEWORK + REQUIREMENT.format("1.1.1", "decided", f", {facts}"))
    found = complaint(tmp_path, HEAD + "framework: house.yaml\n")
    assert found.replace(str(tmp_path), "") == f"house.yaml:5:{expected}"


def test_a_manual_requirement_has_no_preflight_rule(tmp_path: Path) -> None:
    entry = REQUIREMENT.format("1.1.1", "manual", ", preflight: [waiver-expired]")
    (tmp_path / "house.yaml").write_text(FRAMEWORK + entry)
    assert "the requirement 1.1.1 is manual, but has preflight rules. expected no preflight rules" in complaint(
        tmp_path, HEAD + "framework: house.yaml\n"
    )
