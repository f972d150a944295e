"""`lychgate sync --policy-ref`: a merge request brings applications, and nothing that the platform team writes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lychgate.cli.platforms import Found, platform_of
from lychgate.model.errors import InputError
from lychgate.sources.policy_ref import PolicyTree
from tests.cli.conftest import git

EXAMPLE = Path(__file__).parents[3] / "examples" / "platform"


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of a platform, on a branch."""
    folder = tmp_path / "company"
    shutil.copytree(EXAMPLE, folder / "platform")
    (folder / "lychgate.yaml").write_text("platform: platform\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    git(folder, "checkout", "-q", "-b", "change")
    monkeypatch.chdir(folder)
    return folder


def read(folder: Path) -> Found:
    with PolicyTree("main", folder) as tree:
        try:
            return platform_of(None, "test", tree)
        except InputError as error:
            raise tree.renamed(error) from error


def test_applications_come_from_the_tree_and_all_else_from_the_commit(top: Path) -> None:
    folder = top / "platform"
    shutil.move(folder / "applications" / "reports.yaml", folder / "applications" / "billing.yml")
    (folder / "tenants.yaml").unlink()
    (folder / "environments" / "test.yml").write_text("account: mine\n")
    (top / "lychgate.yaml").unlink()
    found = read(top).platform
    assert {"billing", "payments"} <= found.applications.keys() and "reports" not in found.applications
    assert found.environments.keys() == {"production", "test"} and "acme" in found.tenants


def test_a_nearer_lychgate_yaml_of_a_merge_request_is_none(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(top / "platform", top / "mine" / "platform")
    (top / "mine" / "lychgate.yaml").write_text("platform: platform\n")
    monkeypatch.chdir(top / "mine")
    assert read(top).checkout == top / "platform"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_told(top: Path, make: Callable[[Path], None]) -> None:
    place = top / "platform" / "applications" / "x.yaml"
    make(place)
    with pytest.raises(InputError, match=r"x\.yaml: cannot be read"):
        read(top)


def test_applications_behind_a_link_of_the_commit_are_not_added_to(top: Path) -> None:
    git(top, "checkout", "-q", "main")
    (top / "platform" / "applications").rename(top / "platform" / "teams")
    (top / "platform" / "applications").symlink_to("teams")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "two")
    (top / "platform" / "teams" / "reports.yaml").unlink()
    assert "reports" not in read(top).platform.applications


def test_two_files_of_one_name_hide_nothing(top: Path) -> None:
    shutil.copy(top / "platform" / "applications" / "notify.yaml", top / "platform" / "applications" / "notify.yml")
    with pytest.raises(InputError, match=r"notify\.yml: there is another file of the name 'notify'"):
        read(top)


def test_a_baseline_is_none_of_a_file(top: Path) -> None:
    file = top / "platform" / "environments" / "test.yaml"
    file.write_text(file.read_text().replace("baseline: test", "baseline: ./mine.yaml"))
    with pytest.raises(InputError, match=r"baseline|mine\.yaml"):
        platform_of(None, "test")
