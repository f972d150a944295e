"""`lychgate rules` and `new-rule`: the list, its kept copy, an explanation, a scaffold that runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lychgate.cli.examples import preflight_failures
from lychgate.cli.listing import listing
from lychgate.cli.new_rule import scaffold
from lychgate.cli.rules import check, explain, list_rules
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.preflight import preflight_rules
from lychgate.model.errors import InputError


def test_the_kept_list_is_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = listing([])
    assert [line["id"] for line in first] == [*built_in_rules(), *preflight_rules()]
    (kept,) = (tmp_path / "lychgate").glob("rules-*.json")
    assert listing([]) == first
    kept.write_text("no JSON")
    assert listing([]) == first


def test_a_home_that_cannot_be_written_only_takes_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert listing([])


def test_explain_shows_why_and_how_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain("s3-bucket-without-customer-key", []) == 0
    shown = capsys.readouterr().out
    for part in ("Why", "How to mend it", "Compliant", "Not compliant", "aws.s3.Bucket"):
        assert part in shown


def test_an_unknown_rule_or_layer_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="s3-bucket-without-customer-kye") as wrong:
        explain("s3-bucket-without-customer-kye", [])
    assert wrong.value.hint == "s3-bucket-without-customer-key"
    with pytest.raises(InputError) as layer:
        list_rules("netwrok", [])
    assert layer.value.hint == "network"
    with pytest.raises(InputError) as before:
        explain("waiver-expird", [])
    assert before.value.hint == "waiver-expired"


def test_preflight_rules_are_a_group_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert list_rules("preflight", []) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith(f"preflight ({len(preflight_rules())}): what must hold before a sync")
    assert [line.split()[0] for line in lines] == sorted(preflight_rules())
    marked = {line.split()[0] for line in lines if line.split()[1] == "applying"}
    assert marked == {rule.id for rule in preflight_rules().values() if rule.applying}
    assert not set(preflight_rules()) & set(built_in_rules())


def test_a_preflight_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain("production-synced-from-unprotected-branch", []) == 0
    shown = capsys.readouterr().out
    for part in (
        "preflight, asked when applying", "Why", "How to mend it", "PCI DSS 6.5.1 (contributed): Changes follow",
        "Compliant\nPRODUCTION", "TEST", "Not compliant\nreplace(PRODUCTION, branch='main-hotfix')",
    ):  # fmt: skip
        assert part in shown
    assert explain("sync-into-frozen-environment", []) == 0
    shown = capsys.readouterr().out
    assert "asked by a plan too" in shown and "PCI DSS" not in shown and "replace(TEST, frozen=Freeze(" in shown


def test_the_examples_of_a_preflight_rule_run(capsys: pytest.CaptureFixture[str]) -> None:
    rule = preflight_rules()["sync-into-another-region"]
    assert check(rule.id, []) == 0
    assert "3 examples, 0 wrong" in capsys.readouterr().out
    broken = replace(rule, violating=(*rule.violating, rule.compliant[1]))
    [(_, example, why)] = preflight_failures([broken])
    assert (example, why.strip()) == ("violating example:\nTEST", "pass")


@pytest.mark.slow
def test_a_scaffolded_rule_runs_its_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scaffold("bucket-without-owner", "operations", tmp_path / "rules") == 0
    assert check(None, [tmp_path / "rules"]) == 0
    assert "2 examples, 0 wrong" in capsys.readouterr().out
    with pytest.raises(InputError, match="exists already"):
        scaffold("bucket-without-owner", "operations", tmp_path / "rules")
