"""Policies come from the commit that is named, wherever the judged tree leads; nothing of it is run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lychgate.model.errors import InputError
from lychgate.sources.digests import of_file, of_folder
from lychgate.sources.git import commit_of, top_of
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.settings import find
from tests.cli.conftest import git, lay

STRICT, LAX = "name: strict\n", "name: lax\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose main branch is strict, on a branch that is not."""
    top = lay(
        tmp_path / "shop",
        {"ci/rules.yaml": STRICT, "ci/test.yaml": LAX, "app/Pulumi.yaml": "name: shop\n", "ci/more/a.txt": "a"},
    )
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "one")
    git(top, "checkout", "-q", "-b", "change")
    lay(top, {"ci/rules.yaml": LAX, "lychgate.yaml": "ruleset: ci/test.yaml\n"})
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "two")
    return top


@pytest.fixture
def poisoned(repository: Path, tmp_path: Path) -> Iterator[Path]:
    """The repository, in whose own configuration every program that git may start leaves a mark."""
    mark, program = tmp_path / "mark", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "core.alternateRefsCommand"):
        git(repository, "config", name, str(program))
    for kind in ("smudge", "clean", "process"):
        git(repository, "config", f"filter.evil.{kind}", str(program))
    git(repository, "config", "tar.tar.command", str(program))
    hooks = repository / ".git/hooks"
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        shutil.copy(program, hooks / name)
    yield repository
    assert not mark.exists()


def read(top: Path, name: str = "ci/rules.yaml", ref: str = "main", start: str = "app") -> str:
    with PolicyTree(ref, top / start) as tree:
        return tree.path(top / name).read_text()


def test_a_file_is_read_in_the_commit(poisoned: Path) -> None:
    assert read(poisoned) == STRICT
    assert read(poisoned, ref="change") == LAX
    with PolicyTree(None, poisoned) as tree:
        assert tree.path(poisoned / "ci/rules.yaml").read_text() == LAX
        assert tree.commit is None


def test_attributes_and_replaced_objects_change_nothing(poisoned: Path) -> None:
    git(poisoned, "checkout", "-q", "main")
    lay(poisoned, {"ci/rules.yaml": "id: $Format:%H$\n", ".gitattributes": "* filter=evil export-subst eol=crlf\n"})
    git(poisoned, "-c", "filter.evil.clean=cat", "-c", "filter.evil.process=", "-c", "core.fsmonitor=", "add", ".")
    git(poisoned, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=", "commit", "-q", "-m", "three")
    (poisoned.parent / "mark").unlink(missing_ok=True)
    blobs = [git(poisoned, "rev-parse", f"{ref}:ci/rules.yaml") for ref in ("main", "change")]
    git(poisoned, "-c", "core.hooksPath=/dev/null", "replace", *blobs)
    assert read(poisoned) == "id: $Format:%H$\n"


def test_a_link_of_the_working_tree_leads_nowhere_else(repository: Path) -> None:
    rules = repository / "ci/rules.yaml"
    rules.unlink()
    rules.symlink_to("test.yaml")
    assert read(repository) == STRICT
    shutil.rmtree(repository / "ci/more")
    (repository / "ci/more").symlink_to(".")
    with PolicyTree("main", repository / "app") as tree:
        assert not tree.path(repository / "ci/more/test.yaml").exists()


def test_the_repository_may_be_named_through_a_link(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    with PolicyTree("main", tmp_path / "link/app") as tree:
        assert tree.path(repository / "ci/rules.yaml").read_text() == STRICT
        assert tree.path(tmp_path / "link/ci/rules.yaml").read_text() == STRICT
    (tmp_path / "rules.yaml").symlink_to(repository / "ci/rules.yaml")
    assert read(repository, name="../rules.yaml") == STRICT


def test_a_file_elsewhere_is_read_where_it_is(repository: Path, tmp_path: Path) -> None:
    lay(tmp_path, {"company.yaml": "name: company\n"})
    assert read(repository, name="../company.yaml") == "name: company\n"


def test_a_folder_that_looks_like_a_bare_repository_is_none(repository: Path) -> None:
    """Git looks for `HEAD`, `objects` and `refs` in the folder it is called in, before it goes up."""
    git(repository, "clone", "-q", "--bare", str(repository), str(repository / "app/bare"))
    for path in (repository / "app/bare").iterdir():
        path.rename(repository / "app" / path.name)
    git(repository / "app", "--git-dir=.", "branch", "-f", "main", "change")
    git(repository / "app", "--git-dir=.", "config", "core.worktree", str(repository))
    assert read(repository) == STRICT
    assert top_of(repository / "app") == repository


def test_variables_of_git_lead_nowhere_else(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    shutil.copytree(repository, other)
    git(other, "branch", "-f", "main", "change")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert read(repository) == STRICT


def test_links_of_the_commit_stay_inside(repository: Path) -> None:
    git(repository, "checkout", "-q", "main")
    for name, target in {
        "in": "ci/rules.yaml",
        "out": "../../../etc/passwd",
        "top": "/etc",
        "far": "in/../out",
    }.items():
        (repository / name).symlink_to(target)
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "three")
    with PolicyTree("main", repository) as tree:
        assert tree.path(repository / "in").parent.joinpath("in").read_text() == STRICT
        assert not any(tree.path(repository / name).exists() for name in ("out", "top", "far"))


def test_settings_are_not_looked_for_above_the_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(repository / "app") == repository / "lychgate.yaml"
    with PolicyTree("main", repository / "app") as tree:
        assert tree.root is not None
        monkeypatch.setattr("lychgate.sources.settings.NAME", tree.root.name)  # what stands above the folder: itself
        assert find(tree.path(repository / "app"), tree.root) is None


def test_a_name_of_two_commits_and_of_none(repository: Path, tmp_path: Path) -> None:
    git(repository, "tag", "main", "change")
    with pytest.raises(InputError, match="main names a branch and a tag"), PolicyTree("main", repository):
        pass
    assert read(repository, ref="refs/heads/main") == STRICT
    for ref in ("nothing", "--upload-pack=evil", "main:ci", ""):
        with pytest.raises(InputError), PolicyTree(ref, repository):
            pass
    with pytest.raises(InputError, match="is in no Git repository"), PolicyTree("main", tmp_path):
        pass


def test_a_folder_without_git_has_no_commit(repository: Path, tmp_path: Path) -> None:
    assert top_of(tmp_path) is None
    assert commit_of(repository, "HEAD") == git(repository, "rev-parse", "change")


def test_a_digest_is_of_a_folders_own_files(tmp_path: Path) -> None:
    folder = lay(tmp_path / "app", {"__main__.py": "x = 1\n", ".hidden/more.py": "y = 2\n"})
    first = of_folder(folder)
    lay(folder, {"__pycache__/a.pyc": "a", "venv/pyvenv.cfg": "", "venv/lib/a.py": "a", "out/verdict.json": "{}"})
    os.mkfifo(folder / "pipe")
    assert of_folder(folder, folder / "out") == first
    assert of_folder(folder) != first
    (folder / "link").symlink_to("/dev/zero")
    assert of_folder(folder, folder / "out") != first
    (folder / "link").unlink()
    lay(folder, {".hidden/more.py": "y = 3\n"})
    assert of_folder(folder, folder / "out") != first


def test_names_that_are_no_text_and_folders_without_end(tmp_path: Path) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff\n.py")).touch()
    here = tmp_path
    for _ in range(900):
        here = here / "aa"
        here.mkdir()
    assert len(of_folder(tmp_path)) == 64
    with pytest.raises(InputError, match="cannot be read"):
        of_file(tmp_path / "nothing")


def test_a_project_that_is_larger_than_any_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "image").open("wb") as stream:
        stream.truncate(5 << 30)
    with pytest.raises(InputError, match="more than 4 GiB"):
        of_folder(tmp_path)
