"""What is accepted because an application declares it to be retiring: of that thing, in that stack, and no more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync.retiring import RULES, retired

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import Ruleset, load_ruleset

EXAMPLE = Path(__file__).parents[3] / "examples" / "platform"
TABLE, DATABASE = RULES


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "platform")
    return tmp_path / "platform" / "applications" / "reports.yaml"


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    return load_ruleset("production", built_in_rules())


def scopes(file: Path) -> list[Scope]:
    platform = read_platform(file.parents[1], base=file.parents[2])
    return [Scope.of(platform, "reports", "production", tenant) for tenant in ("shared", "acme", "globex")]


def test_the_rules_are_there() -> None:
    assert set(RULES) <= built_in_rules().keys()


def test_nothing_is_where_nothing_is_declared(reports: Path, ruleset: Ruleset) -> None:
    assert retired(scopes(reports), ruleset) == {}


def test_one_thing_in_each_stack_that_has_it(reports: Path, ruleset: Ruleset) -> None:
    reports.write_text(reports.read_text().replace("engine: postgresql}", "engine: postgresql, retiring: true}"))
    found = retired(scopes(reports), ruleset)
    assert {(stack, name) for _, stack, name in found} == {
        ("platform/reports.production.acme", "ledgers"), ("platform/reports.production.globex", "ledgers")
    }  # fmt: skip
    assert set(found.values()) == {"platform/applications/reports.yaml:19"}


def test_all_of_a_stack_and_of_no_other(reports: Path, ruleset: Ruleset) -> None:
    reports.write_text(reports.read_text().replace("workloads:", "retiring: [acme]\nworkloads:", 1))
    found = retired(scopes(reports), ruleset)
    assert {(stack, name) for _, stack, name in found} == {
        ("platform/reports.production.acme", name) for name in ("ledgers", "history", "exports")
    }


def test_not_what_is_never_waived(reports: Path, ruleset: Ruleset, monkeypatch: pytest.MonkeyPatch) -> None:
    reports.write_text(reports.read_text().replace("engine: postgresql}", "engine: postgresql, retiring: true}"))
    monkeypatch.setattr(Ruleset, "never_waive", lambda self, rule: rule == DATABASE)
    assert {rule for rule, _, _ in retired(scopes(reports), ruleset)} == {TABLE}
