"""A company's repository: the example platform on `main`, and a branch that changes it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import cheap, git, lychgate

__all__ = ["cheap", "lychgate"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "platform"


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository, with the branch `change` checked out, as the current folder."""
    folder = tmp_path / "company"
    shutil.copytree(EXAMPLE, folder / "platform")
    (folder / "lychgate.yaml").write_text("platform: platform\nwaivers: waivers.yaml\n")
    (folder / "waivers.yaml").write_text("waivers: []\n")
    (folder / "README.md").write_text("Payments.\n")
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    git(folder, "checkout", "-q", "-b", "change")
    monkeypatch.chdir(folder)
    return folder


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
