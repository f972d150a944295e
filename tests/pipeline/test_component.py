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
GIVEN: dict[str, dict[str, str]] = {"merge-request": IMAGE, "sync": {**IMAGE, **PLACE}, "nightly": {**IMAGE, **PLACE}}


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
