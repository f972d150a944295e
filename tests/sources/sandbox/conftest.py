"""A project folder, a home with secrets beside it, and programs that try things and say what came of it."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lychgate.sources.sandbox import Isolation, IsolationError, Sandboxed, interpreter_folders, start

_SAYING = """
import json, os, socket, subprocess, sys, time

def attempt(name, action):
    try:
        value = action()
    except BaseException as error:
        print(json.dumps([name, None, f"{type(error).__name__}: {error}"]), flush=True)
    else:
        print(json.dumps([name, value if isinstance(value, (int, str, list)) else True, ""]), flush=True)

def read(path):
    with open(path) as file:
        return file.read()

def write(path, text="changed"):
    with open(path, "w") as file:
        file.write(text)

"""
SECRET = "AKIAPLANTEDSECRET"


@dataclass
class Told:
    """What a program said of its attempts, and how it ended."""

    child: Sandboxed
    seconds: float
    done: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def isolation(self) -> Isolation:
        return self.child.isolation


@dataclass
class World:
    """Where a program is judged."""

    project: Path
    home: Path
    python: Path = Path(sys.executable)

    def write(self, program: str) -> Path:
        """Make it the project's program."""
        file = self.project / "__main__.py"
        file.write_text(_SAYING + textwrap.dedent(program))
        return file

    def start(self, program: str, *arguments: object, **options: Any) -> Sandboxed:
        """Start a program that has the functions above."""
        file = self.write(program)
        options["readable"] = [*options.get("readable", ()), *interpreter_folders(self.python, self.project)]
        return start([self.python, file, *map(str, arguments)], cwd=self.project, **options)

    def run(self, program: str, *arguments: object, timeout: float = 30, **options: Any) -> Told:
        """Run it to its end."""
        began = time.monotonic()
        with self.start(program, *arguments, **options) as child:
            child.wait(timeout)
        told = Told(child, time.monotonic() - began)
        for line in child.stdout().splitlines():
            name, value, error = json.loads(line)
            if error:
                told.failed[name] = error
            else:
                told.done[name] = value
        return told


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    home, project = tmp_path / "home", tmp_path / "project"
    for path in (".aws/credentials", ".ssh/id_rsa", ".config/gh/hosts.yml"):
        (home / path).parent.mkdir(parents=True)
        (home / path).write_text(SECRET)
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: judged\nruntime: python\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("CI_JOB_TOKEN", SECRET)
    return World(project, home)


@pytest.fixture
def marker() -> Iterator[str]:
    """A word for a command line, by which processes are found again; none may be left."""
    word = f"marker-{uuid.uuid4()}"
    yield word
    assert not alive(word)


def alive(marker: str, patience: float = 5.0) -> list[int]:
    """Processes with that word in their command line; waits for them to end."""
    deadline = time.monotonic() + patience
    while True:
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != os.getpid():
                try:
                    line = Path(f"/proc/{name}/cmdline").read_bytes()
                except OSError:
                    continue
                if marker.encode() in line:
                    found.append(int(name))
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _refusal() -> str:
    try:
        with start(["/bin/true"], cwd=Path(__file__).parent, isolate="require"):
            return ""
    except IsolationError as error:
        return str(error)


REFUSAL = _refusal()
needs_isolation = pytest.mark.skipif(bool(REFUSAL), reason=f"this system cannot isolate: {REFUSAL}")
