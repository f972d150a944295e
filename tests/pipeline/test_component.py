"""GitLab's component: valid by GitLab's schema, no secret where the change runs, and its scripts work as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import git
from tests.pipeline.conftest import commit, edit
from tests.provisioner.sync.gitlab_server import TOKEN, gitlab_server

FILE = Path(__file__).parents[2] / "templates" / "merge-request.yml"
INPUT = re.compile(r"\$\[\[ inputs\.([a-z-]+) \]\]")


def component(**given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header, and the jobs with the inputs put in as GitLab does it: a whole value keeps its type."""
    header, jobs = yaml.safe_load_all(FILE.read_text())
    values = {name: one.get("default") for name, one in header["spec"]["inputs"].items()} | given

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: put(one) for name, one in value.items()}
        if isinstance(value, list):
            return [put(one) for one in value]
        if isinstance(value, str):
            whole = INPUT.fullmatch(value)
            shown = {name: str(one).lower() if isinstance(one, bool) else str(one) for name, one in values.items()}
            return values[whole[1]] if whole else INPUT.sub(lambda found: shown[found[1]], value)
        return value

    return header, put(jobs)


def test_it_is_valid_by_gitlabs_schema(tmp_path: Path) -> None:
    header, jobs = component(image="lychgate@sha256:0")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    for name, document in (("header.yml", header), ("jobs.yml", jobs)):
        (tmp_path / name).write_text(yaml.safe_dump(document))
        done = subprocess.run([*command, str(tmp_path / name)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    used = set(INPUT.findall(FILE.read_text()))
    assert used == set(header["spec"]["inputs"])


def test_the_job_that_runs_the_change_has_no_secret() -> None:
    _, jobs = component(image="lychgate@sha256:0")
    judge = jobs[".lychgate"] | jobs["lychgate-judge"]
    assert not {"id_tokens", "secrets", "environment", "identity"} & judge.keys()
    assert "dotenv" not in judge["artifacts"]["reports"] and judge["variables"].keys() == {"GIT_DEPTH"}
    for name in ("lychgate-note", "lychgate-guard"):
        assert jobs[name]["environment"]["action"] == "access"
        assert all(line.startswith("lychgate merge-request ") for line in jobs[name]["script"])
    assert "artifacts" not in jobs["lychgate-note"] and jobs["lychgate-guard"]["needs"] == []


@pytest.mark.slow
def test_its_scripts_work_on_a_clean_clone(company: Path, tmp_path: Path) -> None:
    with gitlab_server() as server:
        git(company, "checkout", "-q", "main")
        for name in ("applications/payments", "applications/reports", "environments/production"):
            (company / "platform" / f"{name}.yaml").unlink()
        with (company / "lychgate.yaml").open("a") as stream:
            stream.write(f"gitlab: {{url: '{server.url}', project: pay/platform}}\n")
        commit(company)
        git(company, "checkout", "-q", "-B", "change")
        edit(company / "platform/applications/notify.yaml", "fifo: true", "fifo: false")
        (company / "waivers.yaml").write_text("waivers: []  # none\n")
        head = commit(company)
        server.opened(5, head, versions=(("2026-11-02T08:00:00Z", head),))
        server.answers["/pipelines/70/jobs"] = [{"id": 12, "name": "lychgate-judge"}]
        git(tmp_path, "clone", "-q", "--branch", "change", "--single-branch", f"file://{company}", "clone")
        _, jobs = component(image="x", any=True)
        told = {
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_IID": "5", "CI_PIPELINE_ID": "70",
            "CI_COMMIT_SHA": head, "CI_PROJECT_ID": "7", "CI_SERVER_URL": server.url,
        }  # fmt: skip
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

        def run(name: str, **more: str) -> subprocess.CompletedProcess[str]:
            script = "\n".join(["set -eu", *jobs[".lychgate"]["before_script"], *jobs[name]["script"]])
            environ = {"PATH": path, "HOME": str(tmp_path), **told, **more}
            command = ["sh", "-c", script]
            return subprocess.run(
                command, cwd=tmp_path / "clone", env=environ, capture_output=True, text=True, check=False
            )

        done = run("lychgate-judge")
        assert done.returncode == 0, done.stderr
        folder = tmp_path / "clone" / "lychgate-gate"
        reports = jobs["lychgate-judge"]["artifacts"]["reports"]
        assert all((tmp_path / "clone" / file).is_file() for file in reports.values())
        assert json.loads((folder / "summary.json").read_text())["any_finding"]
        done = run("lychgate-note", LYCHGATE_GITLAB_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        [note] = server.notes.values()
        assert (
            f"{server.url}/pay/platform/-/jobs/12/artifacts/file/lychgate-gate/notify.test/report.html" in note["body"]
        )
        assert run("lychgate-guard", LYCHGATE_GITLAB_TOKEN=TOKEN).returncode == 1
        server.opened(
            5, head, versions=(("2026-11-02T08:00:00Z", head),), approved=(("grace", "2026-11-02T09:00:00Z"),)
        )
        assert run("lychgate-guard", LYCHGATE_GITLAB_TOKEN=TOKEN).returncode == 0
