"""`lychgate waive`: what it writes, what it refuses, and that a refusal leaves the file as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from lychgate.model.graph import Resource
from tests.cli.conftest import Run, git
from tests.reports.conftest import of

Waive = Callable[..., Run]

WRITTEN = """\
# Accepted, and until when.
waivers:
  - rule: s3-bucket-without-customer-key  # asked on Monday
    stack: p/s
    urn: urn:pulumi:s::p::aws:s3/bucket:Bucket::plain
    owner: Ada Lovelace
    reason: The key
      comes.
    ticket: SEC-1
    approver: grace
    created: 2026-11-01
    expires: 2026-12-01
"""
ASKED = {
    "--on": "plain", "--reason": "The key: soon", "--ticket": "SEC-7", "--approver": "grace",
    "--as-of": "2026-11-26",
}  # fmt: skip
RULE, OTHER = "s3-bucket-without-customer-key", "s3-bucket-reachable-without-tls"
TYPE = "aws:s3/bucket:Bucket"


@pytest.fixture(scope="module")
def verdict() -> bytes:
    """A bucket that has nothing."""
    return orjson.dumps(of([Resource("urn:pulumi:s::p::aws:s3/bucket:Bucket::plain", TYPE, "plain", stack="p/s")]))


@pytest.fixture
def folder(tmp_path: Path, verdict: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "-q", ".")
    git(tmp_path, "config", "user.name", "Ada Lovelace")
    git(tmp_path, "config", "user.email", "ada@example.com")
    (tmp_path / "lychgate.yaml").write_text("waivers: waivers.yaml\n")
    (tmp_path / "verdict.json").write_bytes(verdict)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def waive(folder: Path, cheap: Callable[..., Run]) -> Waive:
    def run(*flags: str, rule: str = RULE, verdict: bool = True, **changes: str | None) -> Run:
        asked = ASKED | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
        given = [part for name, value in asked.items() if value is not None for part in (name, value)]
        return cheap("waive", rule, *given, *(["--verdict", "verdict.json"] if verdict else []), *flags)

    return run


def test_an_entry_is_written_with_all_it_must_hold(folder: Path, waive: Waive) -> None:
    run = waive(compensating_control="nobody reads it")
    assert run.status == 0
    assert (folder / "waivers.yaml").read_text() == (
        "waivers:\n"
        "  - rule: s3-bucket-without-customer-key\n"
        "    stack: p/s\n"
        "    urn: urn:pulumi:s::p::aws:s3/bucket:Bucket::plain\n"
        "    owner: Ada Lovelace\n"
        "    reason: 'The key: soon'\n"
        "    compensating_control: nobody reads it\n"
        "    ticket: SEC-7\n"
        "    approver: grace\n"
        "    created: 2026-11-26\n"
        "    expires: 2026-12-26\n"
    )
    assert run.stdout == f"waivers.yaml:2: {RULE} on plain is waived in p/s until 2026-12-26\n"
    assert "grace" in run.stderr


def test_what_stands_there_stays_as_it_was_written(folder: Path, waive: Waive) -> None:
    (folder / "waivers.yaml").write_text(WRITTEN)
    assert waive(rule=OTHER).status == 0
    text = (folder / "waivers.yaml").read_text()
    assert text.startswith(WRITTEN)
    assert text.count("- rule:") == 2


def test_one_that_is_there_is_renewed_only_when_asked(folder: Path, waive: Waive) -> None:
    (folder / "waivers.yaml").write_text(WRITTEN)
    run = waive()
    assert run.status == 2
    assert "waivers.yaml:3:5: there is one already, until 2026-12-01. expected --renew" in run.stderr
    assert (folder / "waivers.yaml").read_text() == WRITTEN
    assert waive("--renew", days="60", reason="The key comes.").status == 0
    changed = WRITTEN.replace("SEC-1", "SEC-7")
    changed = changed.replace("2026-11-01", "2026-11-26").replace("2026-12-01", "2027-01-25")
    assert (folder / "waivers.yaml").read_text() == changed
    run = waive("--renew", rule=OTHER)
    assert run.status == 2
    assert "there is none to renew" in run.stderr


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown rule": ({"rule": "s3-bucket-without-customer-kye"}, f"did you mean {RULE!r}?"),
    "never": ({"rule": "secret-value-in-program"}, "the ruleset production says never_waive"),
    "no such finding": ({"on": "plian"}, "did you mean 'plain'?"),
    "what passes": ({"rule": "s3-bucket-public"}, "no open finding on 'plain'"),
    "another stack": ({"stack": "p/other"}, "no open finding"),
    "own approval": ({"approver": "@ada"}, "expected a second person"),
    "own approval, by address": ({"approver": "ADA@example.com"}, "expected a second person"),
    "the owner's approval": ({"owner": "linus", "approver": "Linus"}, "expected a second person"),
    "too long": ({"expires": "2027-03-01"}, "expected 0 to 90 days for a rule of severity high"),
    "in the past": ({"expires": "2026-11-25"}, "is -1 days from 2026-11-26"),
    "no date": ({"expires": "soon"}, "expected one such as 2027-01-31"),
    "two ends": ({"expires": "2026-12-01", "days": "3"}, "expected one of them"),
    "no reason": ({"reason": " "}, "reason is ' '"),
    "a control character": ({"reason": "\x1b[31m"}, "control character"),
    "no URN": ({"verdict": False}, "a name with --verdict VERDICT.json"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_may_not_be_waived_changes_nothing(folder: Path, waive: Waive, case: str) -> None:
    changes, why = REFUSED[case]
    (folder / "waivers.yaml").write_text(WRITTEN.replace("plain", "other"))
    run = waive(**changes)
    assert run.status == 2
    assert why in run.stderr and "Traceback" not in run.stderr
    assert (folder / "waivers.yaml").read_text() == WRITTEN.replace("plain", "other")


def test_a_urn_will_do_without_a_verdict(folder: Path, waive: Waive) -> None:
    assert waive(verdict=False, on="urn:pulumi:prod::shop::aws:s3/bucket:Bucket::x::y").status == 0
    text = (folder / "waivers.yaml").read_text()
    assert "stack: shop/prod\n" in text
    assert "urn: urn:pulumi:prod::shop::aws:s3/bucket:Bucket::x::y\n" in text


def test_a_pattern_that_would_waive_nothing_is_refused(folder: Path, waive: Waive) -> None:
    run = waive(verdict=False, on="urn:pulumi:prod::shop::aws:s3/bucket:Bucket::*")
    assert run.status == 2
    assert "its pattern is too wide" in run.stderr
    assert not (folder / "waivers.yaml").exists()


def test_a_file_with_errors_is_not_made_longer(folder: Path, waive: Waive) -> None:
    broken = WRITTEN.replace("owner: Ada Lovelace", "owner: grace")
    (folder / "waivers.yaml").write_text(broken)
    run = waive(rule=OTHER)
    assert run.status == 2
    assert "waivers.yaml:10:" in run.stderr
    assert (folder / "waivers.yaml").read_text() == broken


def test_without_a_place_it_says_how_to_name_one(folder: Path, waive: Waive) -> None:
    (folder / "lychgate.yaml").write_text("{}\n")
    run = waive()
    assert run.status == 2
    assert "`waivers: waivers.yaml`, or --waivers FILE" in run.stderr
    assert waive("--waivers", "mine.yaml").status == 0
    assert (folder / "mine.yaml").is_file()


def test_text_that_is_yaml_stays_text(folder: Path, waive: Waive) -> None:
    from lychgate.sources.files import read_document

    hostile = "x\n  - rule: everything\n# [a](b) {c: d} & *e !f"
    assert waive(reason=hostile, ticket="no", owner="2026-01-01").status == 0
    (entry,) = read_document(folder / "waivers.yaml").value["waivers"]
    assert (entry["reason"], entry["ticket"], entry["owner"]) == (hostile, "no", "2026-01-01")
