"""Who has written a line: by Git's word, of the working tree and of a commit, and where Git cannot tell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lychgate.cli.waiver_files import written
from lychgate.sources.authorship import authors_by_line, authors_in_commit
from lychgate.sources.policy_ref import PolicyTree

ADA, GRACE = ("Ada Lovelace", "ada@example.com"), ("Grace Hopper", "grace@example.com")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [name for name in os.environ if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))]:
        monkeypatch.delenv(name)
    top = tmp_path / "top"
    git(tmp_path, "init", "-q", "-b", "main", str(top))
    commit(top, ADA, "waivers:\n  - one\n  - two\n")
    commit(top, GRACE, "waivers:\n  - one\n  - TWO\n  - three\n")
    return top


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def commit(top: Path, who: tuple[str, str], text: str) -> None:
    (top / "waivers.yaml").write_text(text)
    git(top, "add", "waivers.yaml")
    name, mail = who
    git(top, "-c", f"user.name={name}", "-c", f"user.email={mail}", "commit", "-q", "-m", "change")


def test_each_line_has_its_author(repository: Path) -> None:
    expected = {1: ADA, 2: ADA, 3: GRACE, 4: GRACE}
    assert authors_by_line(repository / "waivers.yaml") == expected
    assert authors_in_commit(repository, "HEAD", "waivers.yaml") == expected
    assert authors_in_commit(repository, "HEAD~1", "waivers.yaml") == {1: ADA, 2: ADA, 3: ADA}


def test_lines_that_are_not_committed_are_of_who_is_at_work(repository: Path) -> None:
    (repository / "waivers.yaml").write_text("waivers:\n  - new\n  - one\n  - TWO\n  - three\n")
    assert authors_by_line(repository / "waivers.yaml") == {1: ADA, 3: ADA, 4: GRACE, 5: GRACE}  # nobody knows the user
    git(repository, "config", "user.name", "Ada Lovelace")
    found = authors_by_line(repository / "waivers.yaml")
    assert found == {1: ADA, 2: ("Ada Lovelace",), 3: ADA, 4: GRACE, 5: GRACE}
    (repository / "fresh.yaml").write_text("a\nb\n")
    assert authors_by_line(repository / "fresh.yaml") == {1: ("Ada Lovelace",), 2: ("Ada Lovelace",)}


def test_what_a_shallow_clone_does_not_hold_is_not_known(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    assert authors_by_line(tmp_path / "shallow" / "waivers.yaml") == {}
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{repository}", "deeper")
    assert authors_by_line(tmp_path / "deeper" / "waivers.yaml") == {3: GRACE, 4: GRACE}


def test_outside_a_repository_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text("waivers: []\n")
    assert authors_by_line(tmp_path / "waivers.yaml") is None


def test_nothing_that_a_repository_names_is_run(repository: Path, tmp_path: Path) -> None:
    (repository / ".gitattributes").write_text("waivers.yaml diff=evil filter=evil\n")
    for key in ("diff.evil.textconv", "filter.evil.clean", "core.fsmonitor"):
        git(repository, "config", key, f"touch {tmp_path}/ran; cat")
    assert authors_by_line(repository / "waivers.yaml") == {1: ADA, 2: ADA, 3: GRACE, 4: GRACE}
    assert not (tmp_path / "ran").exists()


def test_a_mailmap_gives_nobody_another_name(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / ".mailmap").write_text("Linus <linus@example.com> Grace Hopper <grace@example.com>\n")
    expected = {1: ADA, 2: ADA, 3: GRACE, 4: GRACE}
    monkeypatch.chdir(repository)
    assert authors_by_line(repository / "waivers.yaml") == expected
    git(repository, "add", ".mailmap")
    git(repository, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "names")
    assert authors_by_line(repository / "waivers.yaml") == expected
    assert authors_in_commit(repository, "HEAD", "waivers.yaml") == expected


def test_a_link_in_the_working_tree_does_not_change_who_has_written_what_a_commit_has(repository: Path) -> None:
    (repository / "other.yaml").write_text("a\nb\nc\nd\n")
    (repository / "waivers.yaml").unlink()
    (repository / "waivers.yaml").symlink_to("other.yaml")
    with PolicyTree("HEAD", repository) as tree:
        found = written(tree.path(repository / "waivers.yaml"), tree)
    assert (found.file, found.authors) == ("waivers.yaml", {1: ADA, 2: ADA, 3: GRACE, 4: GRACE})
