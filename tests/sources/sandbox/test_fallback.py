"""Where a system refuses a part of the isolation, the rest still holds and what is missing is said."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lychgate.sources.sandbox.launcher import landlock
from tests.sources.sandbox import refusing
from tests.sources.sandbox.conftest import SECRET, World, alive, needs_isolation

pytestmark = pytest.mark.skipif(refusing.COLUMN is None, reason="no filter of system calls for this machine type")
needs_landlock = pytest.mark.skipif(
    landlock.version() < landlock.SIGNALS_FORBIDDEN, reason=f"this kernel has Landlock version {landlock.version()}"
)
ROOT = Path(__file__).parents[3]

# Runs in a process of its own, which cannot get the refused system calls back.
START = """
import json, sys
from pathlib import Path
from tests.sources.sandbox.refusing import refuse
from lychgate.sources.sandbox import IsolationError, interpreter_folders, start
refused, project, isolate, *arguments = json.loads(sys.argv[1])
refuse(*refused)
project, python = Path(project), Path(sys.executable)
readable = interpreter_folders(python, project)
try:
    with start([python, project / "__main__.py", *arguments], cwd=project, readable=readable, isolate=isolate) as child:
        code = child.wait(20)
except IsolationError as error:
    print(json.dumps({"refused": str(error)}))
else:
    found = child.isolation
    print(json.dumps({
        "code": code, "network": found.network, "processes": found.processes, "filesystem": found.filesystem,
        "missing": found.missing, "reason": found.reason, "stdout": child.stdout(), "stderr": child.stderr(),
    }))
"""
ATTACK = """
    home, victim, port, marker = sys.argv[1:]

    def connect(family, address, kind=socket.SOCK_STREAM):
        with socket.socket(family, kind) as one:
            one.settimeout(2)
            one.connect(address)

    attempt("credentials", lambda: read(home + "/.aws/credentials"))
    attempt("project", lambda: read("Pulumi.yaml"))
    attempt("link", lambda: read("link/credentials"))
    attempt("environment", lambda: read(f"/proc/{victim}/environ"))
    attempt("signal", lambda: os.kill(int(victim), 0))
    attempt("limits", lambda: __import__("resource").prlimit(int(victim), 7, (16, 16)))
    attempt("loopback", lambda: connect(socket.AF_INET, ("127.0.0.1", int(port))))
    attempt("metadata", lambda: connect(socket.AF_INET, ("169.254.169.254", 80)))
    attempt("datagram", lambda: connect(socket.AF_INET, ("8.8.8.8", 53), socket.SOCK_DGRAM))
    attempt("vsock", lambda: connect(socket.AF_VSOCK, (2, 1024)))
    attempt("write", lambda: write("Pulumi.yaml"))
    attempt("elsewhere", lambda: write(home + "/new"))
    os.chmod("Pulumi.yaml", 0o777) if "strict" in marker else None
    attempt("temporary", lambda: write(os.environ["TMPDIR"] + "/new"))
    attempt("home", lambda: write(os.environ["HOME"] + "/new"))
    attempt("user", lambda: __import__("getpass").getuser())
    attempt("subprocess", lambda: subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", marker])
        os._exit(0)
    time.sleep(0.2)
    """


@dataclass
class Fallen:
    told: dict[str, Any]
    done: dict[str, Any]
    failed: dict[str, str]


def fall(world: World, refused: list[str], marker: str, isolate: str = "auto") -> Fallen:
    world.write(ATTACK)
    (world.project / "link").symlink_to(world.home / ".aws")
    with socket.create_server(("127.0.0.1", 0)) as listener, subprocess.Popen(["/bin/sleep", "60"]) as victim:
        arguments = [str(world.home), str(victim.pid), str(listener.getsockname()[1]), marker]
        settings = json.dumps([refused, str(world.project), isolate, *arguments])
        output = subprocess.run(
            [sys.executable, "-c", START, settings], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
        victim.kill()
    return heard(output)


def heard(output: str) -> Fallen:
    told = json.loads(output)
    lines = [json.loads(line) for line in told.get("stdout", "").splitlines()]
    done = {name: value for name, value, error in lines if not error}
    return Fallen(told, done, {name: error for name, _, error in lines if error})


@needs_landlock
@needs_isolation
@pytest.mark.parametrize("refused", [["unshare"], ["mount"], ["open_tree"]])
def test_without_namespaces_or_mounts_the_program_shuts_itself_in(
    world: World, marker: str, refused: list[str]
) -> None:
    fallen = fall(world, refused, marker + "strict")
    assert sorted(fallen.done) == ["home", "project", "subprocess", "temporary", "user"], fallen.told
    assert SECRET not in fallen.told["stdout"]
    assert fallen.told["code"] == 0
    assert not alive(marker, patience=0)
    assert (world.project / "Pulumi.yaml").stat().st_mode & 0o777 == 0o644  # the program was only told it changed it
    assert (fallen.told["network"], fallen.told["processes"], fallen.told["filesystem"]) == (False, True, True)
    assert fallen.told["missing"] == [
        "the program can talk to Unix sockets that this user may open, such as Docker's",
        "its temporary files together may fill the disk",
    ]
    assert "Operation not permitted" in fallen.told["reason"]


@needs_landlock
def test_without_namespaces_a_project_in_the_home_does_not_show_the_homes_secrets(world: World, marker: str) -> None:
    world.project = world.home
    (world.home / "Pulumi.yaml").write_text("name: home\n")
    (world.home / "src").mkdir()
    (world.home / "src/a").write_text("a")
    fallen = fall(world, ["unshare"], marker)
    assert "project" in fallen.done
    assert "PermissionError" in fallen.failed["credentials"]


def test_without_anything_that_is_said(world: World, marker: str) -> None:
    fallen = fall(world, ["unshare", "landlock_create_ruleset", "seccomp"], marker)
    told = fallen.told
    assert (told["network"], told["processes"], told["filesystem"]) == (False, False, False)
    assert "the program can read and change all files that this user can" in told["missing"]
    assert "the program can reach the network, the cloud's metadata address included" in told["missing"]
    assert fallen.done["credentials"] == SECRET  # so it is true
    assert "CI_JOB_TOKEN" not in fallen.done["subprocess"]
    assert not alive(marker, patience=0)


@pytest.mark.parametrize("refused", [["unshare"], ["mount"], ["seccomp"]])
def test_isolation_that_is_required_and_refused_is_an_error(world: World, marker: str, refused: list[str]) -> None:
    message = fall(world, refused, marker, isolate="require").told["refused"]
    assert message.startswith("the program cannot be isolated: ")
    assert "To permit" in message


def test_isolation_that_is_switched_off_is_said(world: World) -> None:
    told = world.run("", isolate="off")
    assert told.isolation.reason == "isolation is switched off"
    assert len(told.isolation.missing) == 6
