"""The component for Pulumi programs outside of a platform, as GitLab runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import git
from tests.pipeline.conftest import commit
from tests.pipeline.gitlab_ci import Runner, component, job_of

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_a_merge_request_is_judged_by_the_settings_of_its_target(tmp_path: Path) -> None:
    work, origin = tmp_path / "work", tmp_path / "origin.git"
    shutil.copytree(EXAMPLES / "faulty", work / "infra", ignore=shutil.ignore_patterns("lychgate-out", "__pycache__"))
    (work / "lychgate.yaml").write_text("waivers: waivers.yaml\n")
    (work / "waivers.yaml").write_text("waivers: []\n")
    git(work, "init", "-q", "-b", "main")
    target = commit(work)
    git(work, "checkout", "-q", "-b", "change")
    (work / "waivers.yaml").write_text("no waivers at all: it is not read\n")
    head = commit(work)
    git(work, "clone", "-q", "--bare", str(work), str(origin))
    jobs = component("check", image="x@sha256:0", projects="infra", setup="echo set up", sast=True)
    told = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    runner = Runner(origin, tmp_path / "builds", head, jobs, told)
    done = runner.run("lychgate-check")
    assert done.returncode == 1 and "set up" in done.stdout, done.stderr
    left = runner.folder / "lychgate-check/build"
    reports = job_of(jobs, "lychgate-check")["artifacts"]["reports"]
    assert all((left / path).stat().st_size for path in reports.values()) and "sast" in reports
    run = json.loads((left / "lychgate-check/verdict.json").read_text())["run"]
    assert (run["commit"], run["policy_ref"]) == (head, target)


def test_what_is_kept_is_said_by_who_includes_it() -> None:
    kept = [{"key": {"files": ["uv.lock"]}, "paths": [".cache/uv"]}]
    assert job_of(component("check", image="x", projects="a", cache=kept), "lychgate-check")["cache"] == kept
    job = job_of(component("check", image="x", projects="a"), "lychgate-check")
    assert job["cache"] == [] and not {"id_tokens", "secrets", "environment", "identity"} & job.keys()
