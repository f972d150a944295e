"""What of a merge request is judged, by what, and what decides."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from lychgate.pipeline.judging import _compare

from lychgate.cli import merge_request_judging
from lychgate.judging.verdict import Decision
from lychgate.model.errors import InputError
from tests.cli.conftest import Run, git
from tests.pipeline.conftest import BOOKS, EXAMPLE, commit, edit

Command = Callable[..., Run]
DAY = "2026-11-02"


def judge(cheap: Command, *arguments: object) -> tuple[Run, dict[str, Any]]:
    done = cheap("merge-request", "judge", "--since", "main", "--output", "out", "--as-of", DAY, *arguments)
    assert done.status in (0, 1, 3), done.stderr
    return done, json.loads(Path("out/summary.json").read_text())


def verdict(name: str = "books.production") -> dict[str, Any]:
    return json.loads((Path("out") / name / "verdict.json").read_text())  # type: ignore[no-any-return]


@pytest.mark.slow
def test_what_was_there_before_decides_only_with_any(small: Path, cheap: Command) -> None:
    file = small / "platform/applications/books.yaml"
    git(small, "checkout", "-q", "main")
    edit(file, "{kind: database}", "{kind: database, settings: {backup_days: 2}}")
    commit(small)
    git(small, "checkout", "-q", "-B", "change")
    edit(file, "resources:", "resources:\n  more: {kind: queue}")
    done, summary = judge(cheap)
    [entry] = summary["verdicts"]
    assert (done.status, entry["decision"], entry["brought"]) == (0, "findings", "clean")
    assert [one["others"] for one in entry["stacks"]] == [1, 1, 0]
    done, summary = judge(cheap, "--any")
    assert done.status == 1 and summary["any_finding"]
    edit(file, "{kind: database, settings: {backup_days: 2}}", "{kind: database}")
    done, _ = judge(cheap)
    assert done.status == 0
    mended = {(one["rule"], one["how"]) for one in verdict()["mended"]}
    assert ("rds-database-with-short-backup", "passes") in mended
    noted = cheap("merge-request", "note", "--from", "out", "--dry-run")
    assert noted.status == 2 and "names no GitLab project" in noted.stderr


@pytest.mark.slow
def test_what_is_declared_to_be_retiring_is_accepted_and_told(small: Path, cheap: Command) -> None:
    """Its protection is off by a line that the guard has a second person look at; nothing else is accepted by it."""
    file = small / "platform/applications/books.yaml"
    edit(file, "{kind: database}", "{kind: database, retiring: true}")
    edit(file, "shared: true,", "shared: true, retiring: true,")
    done, summary = judge(cheap)
    assert done.status == 0 and [one["brought"] for one in summary["verdicts"][0]["stacks"]] == [0, 0, 0]
    accepted = [one for one in verdict()["judgements"] if one["outcome"] == "waived"]
    assert {(one["rule"], one["name"], one["waiver"], one["introduced"]) for one in accepted} == {
        ("rds-database-without-deletion-protection", "ledgers", "retiring, platform/applications/books.yaml:5", True),
        ("dynamodb-table-without-deletion-protection", "rates", "retiring, platform/applications/books.yaml:6", True),
    }
    assert verdict()["waivers"] == [] and len(accepted) == 3
    guarded = cheap("merge-request", "guard", "--since", "main")
    assert guarded.status == 1 and "the resource ledgers is retiring" in guarded.stdout
    edit(file, "retiring: true", "retiring: true, settings: {backup_days: 2}")
    done, _ = judge(cheap)
    assert done.status == 1


@pytest.mark.slow
def test_policies_come_from_the_target_branch(small: Path, cheap: Command) -> None:
    """A change that accepts its own finding, tells another environment or changes rules is judged without that."""
    edit(small / "platform/applications/books.yaml", "{kind: database}", "{kind: database, settings: {backup_days: 2}}")
    edit(small / "platform/environments/production.yaml", "baseline: production", "baseline: test")
    stack = "platform/books.production.acme"
    (small / "waivers.yaml").write_text(
        "waivers:\n- {rule: rds-database-with-short-backup, stack: " + stack + ", urn: '*', owner: mallory, "
        "reason: mine, ticket: X-1, approver: grace, created: 2026-11-01, expires: 2026-11-30}\n"
    )
    (small / "policies").mkdir()
    (small / "policies/mine.py").write_text("raise SystemExit\n")
    done, summary = judge(cheap)
    assert done.status == 1
    assert {one["path"] for one in summary["as_target"]} == {"platform/environments/production.yaml", "waivers.yaml"}
    assert summary["not_compared"].startswith("policies/mine.py changes with it")
    found = verdict()
    assert found["run"]["policy_ref"] == git(small, "rev-parse", "main") and found["waivers"] == []
    assert all(one["introduced"] is None for one in found["judgements"])


@pytest.mark.slow
@pytest.mark.parametrize("hides", ["lychgate.yaml", "platform/environments/production.yaml"])
def test_a_change_takes_no_stack_away_from_being_judged(small: Path, cheap: Command, hides: str) -> None:
    git(small, "checkout", "-q", "main")
    shutil.copytree(small / "platform", small / "other")
    shutil.copy(EXAMPLE / "environments/test.yaml", small / "platform/environments")
    (small / "other/applications/books.yaml").unlink()
    commit(small)
    git(small, "checkout", "-q", "-B", "change")
    edit(small / "platform/applications/books.yaml", "{kind: database}", "{kind: database, settings: {backup_days: 2}}")
    if hides == "lychgate.yaml":
        (small / hides).write_text("platform: other\n")
    else:
        (small / hides).unlink()
    done, summary = judge(cheap)
    assert done.status == 1
    [entry] = [
        one for one in summary["verdicts"] if (one["application"], one["environment"]) == ("books", "production")
    ]
    assert [one["brought"] for one in entry["stacks"]] == [1, 1, 0] and summary["gone"] == []


@pytest.mark.slow
def test_environments_side_by_side(company: Path, cheap: Command) -> None:
    for name in ("payments", "reports", "notify"):
        (company / "platform/applications" / f"{name}.yaml").unlink()
    (company / "platform/applications/books.yaml").write_text(BOOKS.replace("acme, globex", "acme"))
    text = (company / "platform/environments/test.yaml").read_text()
    (company / "platform/environments/staging.yaml").write_text(text.replace("platform-test", "platform-staging"))
    done, summary = judge(cheap, "--jobs", 2)
    assert done.status == 0, done.stderr
    assert [one["environment"] for one in summary["verdicts"]] == ["production", "test"]
    assert summary["not_judged"] == ["books.staging.acme", "books.staging.shared"]
    assert len(summary["gone"]) == 18
    [first] = summary["verdicts"][0]["stacks"][:1]
    assert first["counts"]["create"] > 0 and not first["counts"]["update"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_program_that_fails_is_an_input_error(
    company: Path, cheap: Command, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        error = InputError("platform/applications/notify.yaml", 3, None, "it raises", "a program")
        error.output = "printed"  # type: ignore[attr-defined]
        raise error

    monkeypatch.setattr(merge_request_judging, "judge", fail)
    edit(company / "platform/applications/notify.yaml", "fifo: true", "fifo: false")
    done = cheap("merge-request", "judge", "--since", "main", "--output", "out", "--jobs", jobs)
    assert done.status == 2 and not Path("out/summary.json").exists()
    assert "lychgate: platform/applications/notify.yaml:3: it raises. expected a program\n" in done.stderr
    assert "| printed" in done.stderr


def test_nothing_is_affected(company: Path, cheap: Command) -> None:
    done, summary = judge(cheap)
    assert (done.status, summary["verdicts"]) == (0, []) and "no stack is affected" in done.stdout
    assert json.loads(Path("out/plan.json").read_text()) == {"create": 0, "update": 0, "delete": 0}


def test_an_earlier_summary_is_taken_away(company: Path, cheap: Command) -> None:
    judge(cheap)
    edit(company / "platform/applications/notify.yaml", "owner", "wonre")
    assert cheap("merge-request", "judge", "--since", "main", "--output", "out").status == 2
    assert not Path("out/summary.json").exists()


def test_what_could_not_be_told_and_fails_now_is_brought() -> None:
    def of(outcome: str, decision: Decision, message: str = "open to 10.0.0.0/8") -> dict[str, Any]:
        one = {
            "fingerprint": "f", "rule": "r", "urn": "u", "type": "t", "name": "n", "stack": "s", "severity": "high",
            "level": "mandatory", "message": message, "outcome": outcome, "introduced": None, "waiver": None,
        }  # fmt: skip
        return {
            "decision": decision, "run": {"id": "1", "as_of": DAY, "commit": None}, "stacks": [{"name": "s"}],
            "judgements": [one], "rules": [{"id": "r"}], "resources": [{"stack": "s", "urn": "u"}],
        }  # fmt: skip

    for before, after, brought in (
        ("unknown", "fail", True), ("unknown", "unknown", False), ("fail", "fail", False), ("pass", "unknown", True),
        ("waived", "fail", False),
    ):  # fmt: skip
        verdict = of(after, "findings")
        _compare(verdict, of(before, "clean"))
        assert verdict["judgements"][0]["introduced"] is brought, (before, after)
    wider = of("fail", "findings", "open to 0.0.0.0/0")
    _compare(wider, of("fail", "findings"))
    assert wider["judgements"][0]["introduced"] is True and wider["mended"] == []
