"""`lychgate report --since`: the trend of a store, as somebody asks for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from lychgate.reports.evidence.store import Store, now

from tests.cli.conftest import Run
from tests.reports.evidence.records import tamper
from tests.reports.signing.key_files import key_files
from tests.reports.trend.stores import RULES, START, At, document, judgement, put, synced

Command = Callable[..., Run]
FULL, OWN = "platform/payments.production.acme", "payments.production.acme"
NASTY = "evil\x1b[31m\u202e"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in [*os.environ]:
        if name.startswith(("CI_", "GITLAB_", "LYCHGATE_")):
            monkeypatch.delenv(name)
    made = Store.open(str(tmp_path / ".lychgate" / "evidence.db"), create=True, clock=At())
    for number, outcomes in enumerate((("fail", "fail"), ("pass", "fail"), ("pass", "waived"), ("fail", "pass"))):
        judgements = [judgement(rule, FULL, NASTY, one) for rule, one in zip(RULES, outcomes, strict=False)]
        put(made, synced(OWN, document(*judgements, application="payments")), START + timedelta(days=number * 3))
    put(made, document(judgement(RULES[0], "p/checked", "x", "fail")), START, branch="feature/x")
    return made


RANGE = ("--since", "2026-03-01", "--until", "2026-03-15")


def test_a_terminal_shows_then_and_now(store: Store, cheap: Command) -> None:
    run = cheap("report", *RANGE)
    assert run.status == 0
    assert run.stdout.startswith("2026-03-01 to 2026-03-15  1 stack: now; at the beginning nothing was judged\n")
    assert run.stdout.splitlines()[1].split() == ["failed", "undetermined", "waived", "passed"]
    later = cheap("report", "--since", "2026-03-02", "--until", "2026-03-15").stdout.splitlines()
    assert later[0].endswith("1 stack: now, and the change since the beginning")
    assert later[2].split() == ["critical", "1", "=", "0", "=", "0", "=", "0", "="]
    for words in (
        "findings: 3 opened (1 of them again), 1 mended, 1 waived, 0 removed, 0 no longer judged; 1 open",
        "time to mend: mean 3.0 days, median 3.0, longest 3.0 (n = 1, too few for more than a hint)",
        "requirements with a failure: 3.6.1", "evil\\x1b[31m\\u202e in platform/payments.production.acme: open 6 days",
        "from 4 of 5 records, the newest 5", "no checkpoint vouches for them",
    ):  # fmt: skip
        assert words in run.stdout
    assert "1 check of other branches left out (feature/x): --branch takes them in" in run.stderr
    assert "\x1b" not in run.stdout + run.stderr and "\u202e" not in run.stdout


def test_formats_are_printed_or_written(store: Store, cheap: Command, tmp_path: Path) -> None:
    run = cheap("report", *RANGE, "--format", "json")
    assert run.status == 0 and json.loads(run.stdout)["mending"]["all"]["number"] == 1
    assert cheap("report", *RANGE, "--format", "openmetrics").stdout.endswith("# EOF\n")
    assert cheap("report", *RANGE, "--format", "html").stdout.startswith("<!DOCTYPE html>")
    run = cheap("report", *RANGE, "--output", tmp_path / "out")
    assert run.status == 0 and run.stdout.startswith("2026-03-01 to")
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["metrics.txt", "trend.html", "trend.json"]
    run = cheap("report", *RANGE, "--output", tmp_path / "some", "--format", "html")
    assert [one.name for one in (tmp_path / "some").iterdir()] == ["trend.html"]


def test_a_selection_and_a_branch(store: Store, cheap: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "2 stacks" in cheap("report", *RANGE, "--branch", "*").stdout
    run = cheap("report", *RANGE, "--branch", "main", "--branch", "feature/*", "--application", "shop")
    assert "1 stack, application shop" in run.stdout
    monkeypatch.setenv("CI_DEFAULT_BRANCH", "feature/x")
    assert "2 stacks" in cheap("report", *RANGE).stdout


def test_a_checkpoint_vouches(store: Store, cheap: Command, tmp_path: Path) -> None:
    private, public = key_files(tmp_path)
    assert cheap("evidence", "checkpoint", "--into", "points", "--sign-with", private).status == 0
    run = cheap("report", *RANGE, "--checkpoints", "points", "--key", public)
    assert run.status == 0 and "a checkpoint vouches to record 5" in run.stdout


@pytest.mark.parametrize("end", [(), ("--until", "2999-01-01")])
def test_a_clock_that_is_a_little_ahead_loses_no_record(end: tuple[str, ...], store: Store, cheap: Command) -> None:
    verdict = document(judgement(RULES[0], FULL, NASTY, "pass"), application="payments")
    put(store, synced(OWN, verdict), now() + timedelta(minutes=3))
    assert "1 mended" in cheap("report", "--since", "2026-03-12", *end).stdout
    put(store, synced(OWN, document(judgement(RULES[0], FULL, NASTY, "fail"))), now() + timedelta(days=3))
    run = cheap("report", "--since", "2026-03-12", *end)
    assert "0 opened" in run.stdout and "record 7 says a later time than now, and is left out" in run.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_record SET decision = 'clean' WHERE sequence = 1",
        "DELETE FROM evidence_record WHERE sequence = 3",
        "UPDATE evidence_record SET document = (SELECT document FROM evidence_record WHERE sequence = 4)"
        " WHERE sequence = 2",
    ],
)
def test_a_store_that_is_not_as_it_was_written_has_no_trend(
    statement: str, store: Store, cheap: Command, tmp_path: Path
) -> None:
    tamper(store, statement)
    run = cheap("report", *RANGE, "--output", tmp_path / "out")
    assert run.status == 1 and "2026-03-01 to" not in run.stdout
    assert "no trend of a store that is not as it was written" in run.stderr or "evidence verify" in run.stderr
    assert not (tmp_path / "out").exists()


def test_usage_errors_are_one_message(store: Store, cheap: Command, tmp_path: Path) -> None:
    for arguments, words in (
        ((), "neither a verdict nor --since"),
        (("verdict.json", "--since", "2026-03-01"), "a verdict and --since"),
        (("verdict.json", "--store", "x"), "--store with a verdict"),
        ((*RANGE, "--verbose"), "--verbose with --since"),
        (("--since", "yesterday"), "'yesterday' is no moment"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), "the range begins at 2026-03-02T00:00:00Z"),
        (("--since", "2999-01-01"), "the range begins at 2999-01-01T00:00:00Z"),
        ((*RANGE, "--format", "sarif"), "unknown format 'sarif'"),
        ((*RANGE, "--format", "html", "--format", "json"), "several formats and nowhere to put them"),
        ((*RANGE, "--store", "none.db"), "there is no store of evidence"),
        ((*RANGE, "--application", "none"), "no record counts"),
        ((*RANGE, "--checkpoints", "x"), "checkpoints prove something with their key alone"),
    ):
        run = cheap("report", *arguments)
        assert run.status == 2, arguments
        assert words in run.stderr and run.stderr.count("\n") == 1 and run.stdout == ""
    (tmp_path / "file").touch()
    run = cheap("report", *RANGE, "--output", "file")
    assert run.status == 2 and "cannot be written" in run.stderr
