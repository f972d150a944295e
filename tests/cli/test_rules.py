"""`lychgate rules` and `new-rule`: the list, its kept copy, an explanation, a scaffold that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lychgate.cli.listing import listing
from lychgate.cli.new_rule import scaffold
from lychgate.cli.rules import check, explain, list_rules
from lychgate.judging.discovery import built_in_rules
from lychgate.model.errors import InputError


def test_the_kept_list_is_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = listing([])
    assert {line["id"] for line in first} == set(built_in_rules())
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


@pytest.mark.slow
def test_a_scaffolded_rule_runs_its_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert scaffold("bucket-without-owner", "operations", tmp_path / "rules") == 0
    assert check(None, [tmp_path / "rules"]) == 0
    assert "2 examples, 0 wrong" in capsys.readouterr().out
    with pytest.raises(InputError, match="exists already"):
        scaffold("bucket-without-owner", "operations", tmp_path / "rules")
