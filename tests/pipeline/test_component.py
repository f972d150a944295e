"""GitLab's components: valid by GitLab's schema, and no secret where the change runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.pipeline.gitlab_ci import INPUT, TEMPLATES, component, header_of, job_of

IMAGE = {"image": "lychgate@sha256:0"}
PLACE = {
    "environment": "production",
    "region": "eu-central-1",
    "role": "arn:aws:iam::111122223333:role/platform-deployer",
}
GIVEN: dict[str, dict[str, str]] = {
    "merge-request": IMAGE,
    "sync": {**IMAGE, **PLACE},
    "nightly": {**IMAGE, **PLACE},
    "check": {**IMAGE, "projects": "infra"},
}
MAIN = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && "


@pytest.mark.parametrize("name", GIVEN)
def test_it_is_valid_by_gitlabs_schema(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    for kind, document in (("header", header_of(name)), ("jobs", component(name, **GIVEN[name]))):
        (tmp_path / f"{kind}.yml").write_text(yaml.safe_dump(document))
        done = subprocess.run([*command, f"{kind}.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    used = set(INPUT.findall((TEMPLATES / f"{name}.yml").read_text()))
    assert used == set(header_of(name)["spec"]["inputs"])


def test_every_component_is_tested() -> None:
    assert {file.stem for file in TEMPLATES.iterdir()} == set(GIVEN)


def test_the_job_that_runs_the_change_has_no_secret() -> None:
    jobs = component("merge-request", **GIVEN["merge-request"])
    judge = job_of(jobs, "lychgate-judge")
    assert not {"id_tokens", "secrets", "environment", "identity"} & judge.keys()
    assert "dotenv" not in judge["artifacts"]["reports"] and judge["variables"].keys() == {"GIT_DEPTH"}
    for name in ("lychgate-note", "lychgate-guard"):
        assert jobs[name]["environment"]["action"] == "access"
        assert all(line.startswith("lychgate merge-request ") for line in jobs[name]["script"])
    assert "artifacts" not in jobs["lychgate-note"] and jobs["lychgate-guard"]["needs"] == []


def test_findings_are_told_as_static_analysis_where_it_is_asked_for() -> None:
    for asked in (True, False):
        jobs = component("merge-request", **GIVEN["merge-request"], sast=asked)
        reports = job_of(jobs, "lychgate-judge")["artifacts"]["reports"]
        assert ("sast" in reports) is asked and reports["terraform"] == "lychgate-gate/plan.json"


def test_reports_are_linked_from_the_merge_request() -> None:
    """GitLab shows no link where a path is a variable's, a pattern, or a folder without a slash at its end."""
    artifacts = job_of(component("merge-request", **GIVEN["merge-request"]), "lychgate-judge")["artifacts"]
    assert artifacts["expose_as"] and artifacts["paths"] == ["lychgate-gate/"]


@pytest.mark.parametrize("name", ["sync", "nightly"])
def test_who_has_an_identity_runs_on_the_default_branch_alone(name: str) -> None:
    jobs = component(name, **GIVEN[name], sign_with="$VERDICT_KEY", record=True)
    real = {job: job_of(jobs, job) for job in jobs if not job.startswith(".")}
    assert len(real) == {"sync": 4, "nightly": 3}[name]
    for job, told in real.items():
        assert told["inherit"] == {"default": False} and told["cache"] == [], job
        for rule in told["rules"]:
            assert rule.get("when") == "never" or rule["if"].startswith(
                "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && "
            ), job
        kept = set(told["variables"]) - {
            "AWS_ROLE_ARN",
            "AWS_ROLE_SESSION_NAME",
            "AWS_REGION",
            "AWS_EC2_METADATA_DISABLED",
        }
        assert kept <= {"GIT_DEPTH"}, job
    signing = [job for job, told in real.items() if any("lychgate sign" in line for line in told["script"])]
    assert [real[job]["environment"]["name"] for job in signing] == ["lychgate-sign"]
    assert not any("lychgate environment" in line for job in signing for line in real[job]["script"])


def test_production_waits_for_test_and_for_somebody() -> None:
    jobs = component("sync", **GIVEN["sync"], after="test", when="manual")
    sync = job_of(jobs, "lychgate-sync-production")
    assert sync["rules"][0]["when"] == "manual" and sync["environment"] == {"name": "production"}
    assert sync["resource_group"] == "lychgate-production" and not sync["interruptible"]
    needs = {one["job"]: one.get("optional", False) for one in sync["needs"]}
    assert needs == {
        "lychgate-plan-production": False, "lychgate-sign-production": True, "lychgate-sync-test": True
    }  # fmt: skip
    assert [job for job in jobs if job_of(jobs, job).get("environment") == {"name": "production"}] == [
        "lychgate-sync-production"
    ]
