"""The nightly component's posture, as GitLab runs it: planned, then signed and recorded by a job without a program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, git
from tests.pipeline.conftest import commit
from tests.pipeline.gitlab_ci import Runner, component, job_of
from tests.reports.signing.key_files import key_files

PLACE = {
    "environment": "production",
    "region": "eu-central-1",
    "role": "arn:aws:iam::111122223333:role/platform-reader",
}


@pytest.mark.slow
def test_posture_is_judged_signed_and_recorded(company: Path, tmp_path: Path) -> None:
    git(company, "checkout", "-q", "main")
    for name in ("payments", "reports"):
        (company / "platform/applications" / f"{name}.yaml").unlink()
    head = commit(company)
    git(tmp_path, "clone", "-q", "--bare", str(company), "origin.git")
    private, public = key_files(tmp_path)
    store = str(tmp_path / "evidence.db")
    scoped = {"lychgate-sign": {"VERDICT_KEY": private, "LYCHGATE_EVIDENCE": store}}
    jobs = component("nightly", image="x@sha256:0", **PLACE, sign_with="$VERDICT_KEY", record=True)
    told = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    runner = Runner(tmp_path / "origin.git", tmp_path / "builds", head, jobs, told, scoped)
    done = runner.run("lychgate-posture-production")
    assert done.returncode == 0, done.stdout + done.stderr
    reports = job_of(jobs, "lychgate-posture-production")["artifacts"]["reports"]
    left = runner.folder / "lychgate-posture-production/build"
    assert all((left / path).stat().st_size for path in reports.values())
    done = runner.run("lychgate-posture-record-production")
    assert done.returncode == 0, done.stdout + done.stderr
    folder = runner.folder / "lychgate-posture-record-production/build/.lychgate/posture-production"
    stacks = json.loads((folder / "stacks.json").read_text())["stacks"]
    assert sorted(stacks) == ["notify.production.shared", "notify.production.single"]
    for stack in stacks:
        command = [str(COMMAND), "verify", str(folder / stack / "verdict.intoto.json"), "--key", public]
        subprocess.run([*command, "--commit", head], check=True, capture_output=True)
    command = [str(COMMAND), "evidence", "list", "--store", store, "--json"]
    records = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["records"]
    assert [(one["kind"], one["commit"]) for one in records] == [("check", head)] * 2
