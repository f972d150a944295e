"""The command as users run it: `cheap` in this process, `lychgate` as a process of its own with an empty home."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdf
import pytest

from lychgate.cli import main

COMMAND = Path(sys.executable).with_name("lychgate")
Files = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Run:
    """What a run of the command came to."""

    status: int
    stdout: str
    stderr: str


def lay(folder: Path, files: Files) -> Path:
    """Write files; texts may be indented."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = textwrap.dedent(content).lstrip("\n").encode()
        path.write_bytes(content)
    return folder


def snapshot(*folders: Path) -> dict[str, str]:
    """Every file below the folders and what it holds, links as links; caches of Python apart."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if "__pycache__" in path.parts or (path.is_dir() and not path.is_symlink()):
                continue
            text = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            found[str(path)] = hashlib.sha256(text).hexdigest()
    return found


def texts(folder: Path) -> str:
    """All that the files of a folder say, with what is packed in a workbook, or set on pages (lines taken together)."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                found += [archive.read(name).decode() for name in archive.namelist()]
        elif path.suffix == ".pdf":
            found += [page.extract_text().replace("\n", "") for page in pypdf.PdfReader(path).pages]
        else:
            found.append(path.read_text())
    return "".join(found)


@pytest.fixture
def cheap(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the command in this process."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["lychgate", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return Run(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def lychgate(tmp_path: Path) -> Callable[..., Run]:
    """Run the command as a process of its own."""

    def run(*arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Run:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        own = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=cwd or tmp_path,
            env=own | dict(env or {}),
            capture_output=True,
            timeout=240,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def git(folder: Path, *arguments: str) -> str:
    """Git for the set-up of a test."""
    who = {"GIT_AUTHOR_NAME": "ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_CONFIG_GLOBAL": "/dev/null"}
    who |= {"GIT_COMMITTER_NAME": "ada", "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_CONFIG_SYSTEM": "/dev/null"}
    command: Sequence[str] = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=os.environ | who, capture_output=True, check=True, text=True).stdout.strip()
