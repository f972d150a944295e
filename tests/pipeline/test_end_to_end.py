"""A merge request as GitLab runs it: pushes to a repository, the component's jobs on clean clones, and one note."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import git
from tests.pipeline.conftest import commit, edit
from tests.pipeline.gitlab_ci import Runner, component, job_of
from tests.provisioner.sync.gitlab_server import ME, TOKEN, Project, gitlab_server

AIM = (
    20.0  # seconds from a push to its note; what a machine that does other things as well may take is three times that
)
MERGED_AT = "2026-11-02T08:00:00Z"


@pytest.fixture
def pushed(small: Path, tmp_path: Path) -> Callable[[Project, int], Runner]:
    """Commits and pushes what the working tree holds, and gives the merge request's pipeline of that number."""
    origin = tmp_path / "origin.git"

    def push(server: Project, number: int) -> Runner:
        if not origin.exists():
            git(small, "stash", "-q", "--include-untracked")
            git(small, "checkout", "-q", "main")
            settings = (
                f"platform: platform\nwaivers: waivers.yaml\ngitlab: {{url: '{server.url}', project: pay/platform}}\n"
            )
            (small / "lychgate.yaml").write_text(settings)
            commit(small)
            git(small, "checkout", "-q", "-B", "change")
            git(small, "stash", "pop", "-q")
            git(tmp_path, "init", "-q", "--bare", "-b", "main", str(origin))
            git(small, "remote", "add", "origin", str(origin))
        head = commit(small)
        git(small, "push", "-q", "-f", "origin", "main", "change")
        server.opened(5, head, versions=((MERGED_AT, head),))
        server.answers[f"/pipelines/{number}/jobs"] = [{"id": 1000 + number, "name": "lychgate-judge"}]
        told = {
            "CI_PIPELINE_SOURCE": "merge_request_event", "CI_PIPELINE_ID": str(number), "CI_MERGE_REQUEST_IID": "5",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "change",
            "CI_COMMIT_REF_NAME": "change", "CI_DEFAULT_BRANCH": "main", "CI_PROJECT_ID": "7",
            "CI_PROJECT_PATH": "pay/platform", "CI_SERVER_URL": server.url,
        }  # fmt: skip
        jobs = component("merge-request", image="lychgate@sha256:0")
        return Runner(
            origin, tmp_path / "builds", head, jobs, told, {"lychgate-note": {"LYCHGATE_GITLAB_TOKEN": TOKEN}}
        )

    return push


@pytest.mark.slow
def test_a_change_and_its_fix(small: Path, pushed: Callable[[Project, int], Runner]) -> None:
    with gitlab_server() as server:
        file = small / "platform/applications/books.yaml"
        edit(file, "{kind: database}", "{kind: database, settings: {backup_days: 2}}")
        started = time.monotonic()
        runner = pushed(server, 70)
        judged = runner.run("lychgate-judge")
        noted = runner.run("lychgate-note")
        seconds = time.monotonic() - started
        assert judged.returncode == 1, judged.stderr
        assert "books.production.acme  findings: 1 brought, 0 there before" in judged.stdout
        assert noted.returncode == 0, noted.stderr
        assert seconds < 3 * AIM

        left = runner.folder / "lychgate-judge/build"
        told = json.loads((left / "lychgate-gate/summary.json").read_text())
        [entry] = told["verdicts"]
        assert [(one["tenant"], one["reasons"]) for one in entry["stacks"]] == [
            (tenant, ["platform/applications/books.yaml has changed"]) for tenant in ("acme", "globex", "shared")
        ]
        reports = job_of(runner.jobs, "lychgate-judge")["artifacts"]["reports"]
        assert all((left / path).stat().st_size for path in reports.values())
        assert json.loads((left / reports["terraform"]).read_text()) == {"create": 0, "update": 2, "delete": 0}

        [note] = server.notes.values()
        first = note["id"]
        assert note["author"] == ME and "blocked by 1 mandatory finding that this change brings" in note["body"]
        assert "`rds-database-with-short-backup` on `ledgers`" in note["body"]
        page = "lychgate-gate/books.production/report.html"
        assert f"({server.url}/pay/platform/-/jobs/1070/artifacts/file/{page})" in note["body"]
        assert (left / page).is_file()

        edit(file, r"\{kind: database, settings: .*\}", "{kind: database}\n  more: {kind: queue}")
        runner = pushed(server, 71)
        assert runner.run("lychgate-judge").returncode == 0
        assert runner.run("lychgate-note").returncode == 0
        [note] = server.notes.values()
        assert note["id"] == first and "lychgate:merge-request 71 -->\n## Lychgate: clean\n" in note["body"]
        assert runner.run("lychgate-guard").returncode == 0


@pytest.mark.slow
def test_a_second_person_is_asked_for(small: Path, pushed: Callable[[Project, int], Runner]) -> None:
    with gitlab_server() as server:
        edit(small / "platform/applications/books.yaml", "classification: sensitive", "classification: internal")
        runner = pushed(server, 70)
        done = runner.run("lychgate-guard")
        assert done.returncode == 1 and "the class of its data is lowered to internal" in done.stdout
        approved = (("grace", "2026-11-02T09:00:00Z"),)
        server.opened(5, runner.commit, versions=((MERGED_AT, runner.commit),), approved=approved)
        assert runner.run("lychgate-guard").returncode == 0


def test_a_job_that_leaves_nothing_is_told(small: Path, pushed: Callable[[Project, int], Runner]) -> None:
    """The note says so, in the place of what an earlier pipeline has said."""
    with gitlab_server() as server:
        edit(small / "platform/applications/books.yaml", "owner: team-books", "wonre: team-books")
        runner = pushed(server, 70)
        judged, noted = runner.run("lychgate-judge"), runner.run("lychgate-note")
        assert judged.returncode == 2 and "platform/applications/books.yaml" in judged.stderr
        assert noted.returncode == 2
        [note] = server.notes.values()
        assert "## Lychgate: not judged" in note["body"]
