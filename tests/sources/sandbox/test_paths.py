"""What is shown: real paths, the links to them, and no secrets."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lychgate.sources.sandbox import interpreter_folders, view


def test_links_on_the_way_are_kept_and_nested_folders_are_not_shown_twice(tmp_path: Path) -> None:
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "chain").symlink_to(tmp_path / "link/inner")
    seen = view([tmp_path / "chain", tmp_path / "real", tmp_path / "none"])
    assert str(tmp_path / "real") in seen.shown
    assert not [path for path in seen.shown if path.startswith(f"{tmp_path}/real/")]
    assert seen.links[str(tmp_path / "link")] == "real"
    assert seen.links[str(tmp_path / "chain")] == str(tmp_path / "link/inner")
    assert not [path for path in seen.shown if "none" in path]


def test_a_link_that_leads_to_itself_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert str(tmp_path / "loop") not in view([tmp_path / "loop"]).shown


def test_a_similar_name_is_another_folder(tmp_path: Path) -> None:
    for name in ("a", "a-b", "a/c"):
        (tmp_path / name).mkdir()
    shown = view([tmp_path / name for name in ("a", "a-b", "a/c")]).shown
    assert [path for path in shown if path.startswith(str(tmp_path))] == [str(tmp_path / "a"), str(tmp_path / "a-b")]


def test_hidden_entries_of_a_home_are_hidden_unless_they_lead_to_what_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (".aws", ".pyenv/versions/3.11", "dotfiles/netrc", "work"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".netrc").symlink_to("dotfiles/netrc")
    seen = view([tmp_path, tmp_path / ".pyenv/versions/3.11"])
    assert seen.hidden == [str(tmp_path / ".aws"), str(tmp_path / "dotfiles/netrc")]
    assert view([tmp_path / "work"]).hidden == []


def test_our_own_interpreter_is_found_with_its_installation() -> None:
    folders = interpreter_folders(Path(sys.executable), Path("/nowhere"))
    assert Path(sys.base_prefix).resolve() in [folder.resolve() for folder in folders]
    assert Path(sys.prefix).resolve() in [folder.resolve() for folder in folders]


def test_an_interpreters_own_word_is_believed_only_for_installations(tmp_path: Path) -> None:
    environment, secrets, library = tmp_path / "project/.venv", tmp_path / "secrets", tmp_path / "project/library"
    packages = environment / "lib/python3.11/site-packages"
    for folder in (environment / "bin", secrets / "bin", library, packages):
        folder.mkdir(parents=True)
    (environment / "bin/python").symlink_to(secrets / "bin/python")
    (environment / "pyvenv.cfg").write_text(f"home = {secrets}/bin\n")
    (packages / "x.pth").write_text(f"import os\n{secrets}\n{library}\nrelative\n")
    assert interpreter_folders(environment / "bin/python", tmp_path / "project") == [environment, library]
    (secrets / "lib/python3.11").mkdir(parents=True)
    (secrets / "lib/python3.11/os.py").touch()
    assert secrets in interpreter_folders(environment / "bin/python", tmp_path / "project")
