"""GitLab's part of a pipeline: inputs put into a component, and its jobs run as a runner runs them.

A runner fetches the commit anew for each job, with all history, gives the job the variables of the pipeline and those
of its environment alone, and the artifacts of the jobs that it needs.
https://docs.gitlab.com/ci/yaml/, https://docs.gitlab.com/ci/variables/predefined_variables/
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.cli.conftest import git

TEMPLATES = Path(__file__).parents[2] / "templates"
INPUT = re.compile(r"\$\[\[ inputs\.([a-z-]+) \]\]")
WORKFLOW = ("stages", "variables", "workflow", "default", "include", "spec")
Jobs = dict[str, Any]


def header_of(name: str) -> dict[str, Any]:
    """What a component says of itself."""
    return next(yaml.safe_load_all((TEMPLATES / f"{name}.yml").read_text()))  # type: ignore[no-any-return]


def component(name: str, **given: Any) -> Jobs:
    """A component's jobs with the inputs put in as GitLab does it: a whole value keeps its type."""
    header, jobs = yaml.safe_load_all((TEMPLATES / f"{name}.yml").read_text())
    given = {key.replace("_", "-"): value for key, value in given.items()}
    inputs = header["spec"]["inputs"]
    assert (
        given.keys() <= inputs.keys() and {key for key, one in inputs.items() if "default" not in one} <= given.keys()
    )
    values = {key: one.get("default") for key, one in inputs.items()} | given

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {put(key): put(one) for key, one in value.items()}
        if isinstance(value, list):
            return [put(one) for one in value]
        if isinstance(value, str):
            whole = INPUT.fullmatch(value)
            shown = {key: str(one).lower() if isinstance(one, bool) else str(one) for key, one in values.items()}
            return values[whole[1]] if whole else INPUT.sub(lambda found: shown[found[1]], value)
        return value

    return put(jobs)  # type: ignore[no-any-return]


def job_of(jobs: Jobs, name: str) -> dict[str, Any]:
    """A job with what it extends: https://docs.gitlab.com/ci/yaml/#extends merges mappings, and nothing else."""
    own = dict(jobs[name])
    parents = own.pop("extends", [])
    merged: dict[str, Any] = {}
    for parent in [parents] if isinstance(parents, str) else parents:
        merged = _merged(merged, job_of(jobs, parent))
    return _merged(merged, own)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {key: _merged(below[key], above[key]) for key in below.keys() & above.keys()
            if isinstance(below[key], dict) and isinstance(above[key], dict)}  # fmt: skip
    return {**below, **above, **both}


@dataclass
class Runner:
    """Runs the jobs of one pipeline of the repository `origin`, below `folder`.

    `variables` are what GitLab and the project give every job, `scoped` those of an environment, by its name.
    """

    origin: Path
    folder: Path
    commit: str
    jobs: Jobs
    variables: Mapping[str, str]
    scoped: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def checkout(self, name: str) -> Path:
        """The commit with all branches, as a job with GIT_DEPTH 0 gets it: nothing is checked out by name."""
        place = self.folder / name / "build"
        shutil.rmtree(place.parent, ignore_errors=True)
        place.mkdir(parents=True)
        git(place, "init", "-q")
        git(place, "remote", "add", "origin", f"file://{self.origin}")
        git(place, "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
        git(place, "checkout", "-q", "-f", "--detach", self.commit)
        return place

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a job: its scripts, as one shell script that ends at the first failure."""
        job = job_of(self.jobs, name)
        place = self.checkout(name)
        for need in job.get("needs", []):
            told = {"job": need} if isinstance(need, str) else need
            if told.get("artifacts", True) and told["job"] in self.jobs:
                self._take(told["job"], place)
        given = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(place.parent), "CI": "true",
            "CI_PROJECT_DIR": str(place), "CI_JOB_NAME": name, "CI_COMMIT_SHA": self.commit, **self.variables,
            **job.get("variables", {}), **self.scoped.get(job.get("environment", {}).get("name", ""), {}),
        }  # fmt: skip
        script = "\n".join(["set -eu", *job.get("before_script", []), *_lines(job["script"])])
        return subprocess.run(["sh", "-c", script], cwd=place, env=given, capture_output=True, text=True, check=False)

    def _take(self, job: str, place: Path) -> None:
        left = self.folder / job / "build"
        for path in job_of(self.jobs, job)["artifacts"]["paths"]:
            found = left / path
            if found.is_dir():
                shutil.copytree(found, place / path, dirs_exist_ok=True)
            elif found.is_file():
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, place / path)


def _lines(script: str | list[str]) -> list[str]:
    return [script] if isinstance(script, str) else script
