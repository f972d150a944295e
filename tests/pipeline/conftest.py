"""A company's repository: the example platform on `main`, and a branch that changes it."""

from __future__ import annotations

import json
import re
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from lychgate.pipeline.judging import brought, decided
from lychgate.reports.reading import blocks

from tests.cli.conftest import cheap, git, lychgate
from tests.reports.conftest import verdict

__all__ = ["cheap", "lychgate", "verdict"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "platform"
BOOKS = """\
owner: team-books
classification: sensitive
tenancy: [acme, globex]
resources:
  ledgers: {kind: database}
  rates: {kind: table, shared: true, partition: {tenant: S}}
"""


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository, with the branch `change` checked out, as the current folder."""
    folder = company_in(tmp_path / "company")
    commit(folder)
    git(folder, "checkout", "-q", "-b", "change")
    monkeypatch.chdir(folder)
    return folder


def company_in(folder: Path, gitlab: str = "") -> Path:
    """Lay the repository in a folder, with nothing committed; `gitlab` is the address of its server."""
    shutil.copytree(EXAMPLE, folder / "platform")
    named = f"gitlab: {{url: '{gitlab}', project: pay/platform}}\n" if gitlab else ""
    (folder / "lychgate.yaml").write_text(f"platform: platform\nwaivers: waivers.yaml\n{named}")
    (folder / "waivers.yaml").write_text("waivers: []\n")
    (folder / "README.md").write_text("Payments.\n")
    git(folder, "init", "-q", "-b", "main")
    return folder


@pytest.fixture
def small(company: Path) -> Path:
    """The company with one application of three stacks, in one environment: production. That leaves it to applications
    how long their databases are backed up, so that they can bring a finding."""
    git(company, "checkout", "-q", "main")
    for name in ("applications/payments", "applications/reports", "environments/test"):
        (company / "platform" / f"{name}.yaml").unlink()
    (company / "platform/applications/books.yaml").write_text(BOOKS)
    edit(company / "platform/environments/production.yaml", "  - database.backup_days\n", "")
    commit(company)
    git(company, "checkout", "-q", "-B", "change")
    return company


def commit(folder: Path) -> str:
    """Commit all there is; the commit's id."""
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "a change")
    return git(folder, "rev-parse", "HEAD")


def edit(file: Path, pattern: str, by: str) -> None:
    """Change a file, in which the pattern has to be."""
    text = file.read_text()
    assert re.search(pattern, text), f"{pattern} is not in {file}"
    file.write_text(re.sub(pattern, by, text, count=1))


COMMIT, BASE = "c" * 40, "b" * 40
STACK = "platform/shop.production.acme"


@pytest.fixture
def left(tmp_path: Path, verdict: dict[str, Any]) -> Path:
    """A folder as `judge` leaves it: one stack, with a finding that the change brings and one that was there before."""
    made = deepcopy(verdict)
    made["run"] |= {"commit": COMMIT, "environment": "production", "strict": True}
    made["stacks"][0] |= {"name": STACK, "project": "platform", "stack": "shop.production.acme"}
    for one in [*made["judgements"], *made["resources"]]:
        one["stack"] = STACK
    for one in made["judgements"]:
        one["introduced"] = one["name"] != "later" if one["outcome"] in ("fail", "unknown") else None
    made["compared"] = {"what": "verdict"}
    keep(tmp_path / "left", made, summary_of(made))
    return tmp_path / "left"


def summary_of(verdict: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The summary of one verdict on one stack."""
    open_ = [one for one in verdict["judgements"] if blocks(one, True)]
    stack = {
        "tenant": "acme", "reasons": ["applications/shop.yaml has changed"], "decision": verdict["decision"],
        "brought": sum(map(brought, open_)), "others": sum(not brought(one) for one in open_), "preflight": "findings",
        "preflight_failed": ["sync-loses-data: receipts"], "counts": {"create": 1, "replace": 2, "delete": 3},
        "changes": [{"name": "receipts", "type": "aws:s3/bucket:Bucket", "action": "delete", "data_store": True}],
    }  # fmt: skip
    entry = {
        "application": "shop", "environment": "production", "verdict": "shop.production/verdict.json",
        "decision": verdict["decision"], "brought": decided(verdict, brought), "seconds": 3.5, "stacks": [stack],
    }  # fmt: skip
    return {
        "since": "main", "base": BASE, "commit": COMMIT, "any_finding": False, "compared": True, "as_target": [],
        "verdicts": [entry], "not_judged": [], "gone": [], "without_effect": 1, "seconds": 4.0, **more,
    }  # fmt: skip


def keep(folder: Path, verdict: dict[str, Any], summary: dict[str, Any]) -> None:
    """Write a verdict and its summary as `judge` does."""
    (folder / "shop.production").mkdir(parents=True, exist_ok=True)
    (folder / "shop.production/verdict.json").write_text(json.dumps(verdict))
    (folder / "summary.json").write_text(json.dumps(summary))
