"""How the Pulumi command line is found, and what is said when there is none."""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path

import pytest

from tests.engine import toolchain
from tests.engine.toolchain import Unavailable


def executable(path: Path, script: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with nothing on it but what a test puts there, and an empty cache."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_version_is_that_of_the_go_module() -> None:
    assert toolchain.version() == "3.274.1"


def test_an_installed_pulumi_is_used_with_its_own_language_host(tmp_path: Path) -> None:
    pulumi = executable(tmp_path / "bin" / "pulumi")
    executable(tmp_path / "bin" / "pulumi-language-python")
    found = toolchain.toolchain()
    assert found.pulumi == pulumi
    assert not any((folder / "pulumi-language-python").exists() for folder in found.path)
    assert any((folder / "pulumi-resource-aws").exists() for folder in found.path)


def test_a_built_pulumi_is_used_with_our_language_host() -> None:
    built = executable(toolchain.cache_folder() / "bin" / "pulumi")
    found = toolchain.toolchain()
    assert found.pulumi == built
    assert any((folder / "pulumi-language-python").exists() for folder in found.path)


def test_without_pulumi_and_go_the_reason_is_said() -> None:
    with pytest.raises(Unavailable, match="no `go` to build one"):
        toolchain.toolchain()


def test_a_failed_build_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "go", "#!/bin/sh\necho go: cannot find the way >&2\nexit 1\n")
    said: list[str] = []
    with pytest.raises(Unavailable, match="cannot find the way"):
        toolchain.toolchain(said.append)
    assert "about five minutes" in said[0]
    assert [path.name for path in (tmp_path / "cache" / "lychgate").iterdir()] == ["pulumi-v3.274.1.lock"]


def test_a_second_process_waits_for_the_first(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "go", "#!/bin/sh\nexit 1\n")
    home = toolchain.cache_folder()
    home.parent.mkdir(parents=True)
    said: list[str] = []
    with home.with_name(home.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = threading.Thread(target=toolchain.build, args=(home, said.append))
        waiting.start()
        while not said:
            time.sleep(0.01)
        executable(home / "bin" / "pulumi")
    waiting.join(timeout=10)
    assert said == ["another process is building the Pulumi CLI; waiting for it"]
