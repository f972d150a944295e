"""From a push to the verdict and its note, as the component's jobs do it, each on a clone of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lychgate.provisioner.sync.capturing import MODULES

from benchmarks.measuring import Row, best, once
from tests.cli.conftest import git
from tests.pipeline.conftest import BOOKS, commit, company_in, edit
from tests.pipeline.gitlab_ci import Runner, component
from tests.provisioner.sync.gitlab_server import TOKEN, Project, gitlab_server

LOADS = f"import importlib\nfor name in {MODULES!r}: getattr(importlib.import_module(name), 'load', None)"
ALONE = ("applications/payments", "applications/reports", "environments/test")


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, gitlab_server() as server:
        books = company_in(Path(folder) / "books", server.url)
        for name in ALONE:
            (books / "platform" / f"{name}.yaml").unlink()
        (books / "platform/applications/books.yaml").write_text(BOOKS)
        example = company_in(Path(folder) / "example", server.url)
        for top, application, stacks in ((books, "books", 3), (example, "reports", 6)):
            runner = pushed(top, application, server)
            floor = best(lambda runner=runner: loaded(runner))
            judged = best(lambda runner=runner: ran(runner, "lychgate-judge"), 2)
            beside = "the clone, and the SDK is imported"
            yield Row(f"a push to the verdict, {stacks} stacks", judged, beside, floor, "20 s")
            noted = once(lambda runner=runner: ran(runner, "lychgate-note"))
            alone = best(lambda runner=runner: runner.checkout("alone"))
            yield Row(f"the note on {stacks} stacks", noted, "the clone alone", alone)


def pushed(top: Path, application: str, server: Project) -> Runner:
    """A change of an application's file, pushed; and the runner of its pipeline."""
    origin = top.with_suffix(".git")
    commit(top)
    git(top, "checkout", "-q", "-b", "change")
    edit(top / f"platform/applications/{application}.yaml", "resources:", "resources:\n  more: {kind: queue}")
    head = commit(top)
    git(top, "clone", "-q", "--bare", str(top), str(origin))
    server.opened(5, head)
    server.answers["/pipelines/70/jobs"] = [{"id": 1, "name": "lychgate-judge"}]
    told = {
        "CI_PIPELINE_ID": "70", "CI_MERGE_REQUEST_IID": "5", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_PROJECT_ID": "7", "CI_SERVER_URL": server.url,
    }  # fmt: skip
    scoped = {"lychgate-note": {"LYCHGATE_GITLAB_TOKEN": TOKEN}}
    return Runner(origin, top.parent / "builds", head, component("merge-request", image="x@sha256:0"), told, scoped)


def ran(runner: Runner, job: str) -> None:
    done = runner.run(job)
    assert done.returncode == 0, done.stderr


def loaded(runner: Runner) -> None:
    runner.checkout("floor")
    subprocess.run([sys.executable, "-c", LOADS], check=True)
