"""The hooks of .pre-commit-hooks.yaml, and which projects changed files lead to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lychgate.cli.pre_commit import projects_of
from tests.cli.conftest import Run, git, lay

ROOT = Path(__file__).parents[2]
TAGS = "ecr-repository-with-mutable-tags"
MUTABLE = """
    import pulumi_aws as aws

    tags = {"application": "a", "environment": "production", "tenant": "acme", "data-classification": "internal"}
    aws.ecr.Repository("api", image_tag_mutability="MUTABLE", tags=tags)
"""
YAML = "name: app\nruntime: python\n"
CONFIG = """
    repos:
      - repo: {url}
        rev: {rev}
        hooks:
          - id: lychgate-check
          - id: lychgate-rules
            args: [--rules, rules]
"""


def test_files_lead_to_the_nearest_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {"Pulumi.yaml": YAML, "top/a/Pulumi.yaml": YAML, "top/b/c/d.py": "", "top/e/Pulumi.yml": YAML})
    monkeypatch.chdir(tmp_path / "top")
    files = ["a/__main__.py", "a/deep/er/x.py", "b/c/d.py", "e/Pulumi.yml", "../Pulumi.yaml", "gone/x.py", "-x"]
    assert projects_of(map(Path, files)) == [Path("a"), Path("e")]
    assert projects_of([]) == []


def test_each_project_is_judged(cheap: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {"a/Pulumi.yaml": "name: a\nruntime: python\n", "a/__main__.py": MUTABLE})
    lay(tmp_path, {"b/Pulumi.yaml": "name: b\nruntime: python\n", "b/__main__.py": "", "readme.md": "x"})
    monkeypatch.chdir(tmp_path)
    run = cheap("pre-commit", "a/__main__.py", "b/__main__.py", "readme.md")
    assert run.status == 1 and TAGS in run.stdout and "b/dev" in run.stdout
    assert cheap("pre-commit", "b/__main__.py").status == 0
    assert cheap("pre-commit", "readme.md").status == 0


@pytest.mark.slow
def test_pre_commit_runs_the_hooks(tmp_path: Path) -> None:
    """pre-commit clones this repository, installs it, and stops a commit; with the fix it lets it through."""
    source = tmp_path / "lychgate"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{ROOT}", str(source))
    rev = git(source, "rev-parse", "HEAD")
    work = tmp_path / "work"
    lay(work, {"app/Pulumi.yaml": YAML, "app/__main__.py": MUTABLE, "rules/none.py": "", "readme.md": "text\n"})
    lay(work, {".pre-commit-config.yaml": CONFIG.format(url=f"file://{source}", rev=rev)})
    git(work, "init", "-q", ".")
    git(work, "add", "-A")
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "cache")}

    def hooks() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", "run", "--color", "never"]
        return subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)

    stopped = hooks()
    assert stopped.returncode == 1 and TAGS in stopped.stdout, stopped.stdout + stopped.stderr
    assert "0 examples, 0 wrong" not in stopped.stdout  # what passes is quiet
    (work / "app/__main__.py").write_text("import pulumi_aws as aws\n")
    git(work, "add", "-A")
    passed = hooks()
    assert passed.returncode == 0 and passed.stdout.count("Passed") == 2, passed.stdout + passed.stderr
