"""A hostile program tries to change what is judged, what judges it, and what it was given to run."""

from __future__ import annotations

import socket
import sysconfig
import tempfile
import time
from pathlib import Path

import pytest

import lychgate.sources.sandbox
from tests.sources.sandbox.conftest import World, needs_isolation

pytestmark = needs_isolation


def test_nothing_that_it_can_see_can_be_changed(world: World) -> None:
    (world.project / "folder").mkdir()
    launcher = Path(lychgate.sources.sandbox.__file__).parent / "launcher"
    before = world.project / "Pulumi.yaml", (world.project / "Pulumi.yaml").read_text()
    told = world.run(
        """
        packages, launcher = sys.argv[1:]
        attempt("seen", lambda: os.listdir(launcher) and read("Pulumi.yaml") and 1)
        attempt("own file", lambda: write("Pulumi.yaml"))
        attempt("new file", lambda: write("folder/new"))
        attempt("remove", lambda: os.remove("Pulumi.yaml"))
        attempt("rename", lambda: os.rename("folder", "other"))
        attempt("mode", lambda: os.chmod("Pulumi.yaml", 0o777))
        attempt("time", lambda: os.utime("Pulumi.yaml", (0, 0)))
        attempt("attribute", lambda: os.setxattr("Pulumi.yaml", "user.x", b"y"))
        attempt("link out", lambda: os.link("Pulumi.yaml", "/tmp/link"))
        attempt("package", lambda: write(packages + "/pip/__init__.py"))
        attempt("new package", lambda: write(packages + "/sitecustomize.py"))
        attempt("launcher", lambda: write(launcher + "/main.py"))
        attempt("interpreter", lambda: write(sys.executable))
        attempt("real interpreter", lambda: write(os.path.realpath(sys.executable)))
        attempt("system", lambda: write("/usr/bin/env"))
        attempt("root", lambda: write("/new"))
        attempt("accounts", lambda: write("/etc/passwd"))
        attempt("null", lambda: os.chmod("/dev/null", 0o600))
        """,
        sysconfig.get_path("purelib"),
        launcher,
        readable=[launcher],
    )
    assert told.done == {"seen": 1}
    assert len(told.failed) == 17
    assert all("Read-only" in reason or "cross-device" in reason for reason in told.failed.values())
    assert before[0].read_text() == before[1]


def test_a_socket_can_be_talked_to_but_not_removed(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "line"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "monitor.sock"))
        listener.listen()
        told = world.run(
            """
            path = sys.argv[1]

            def talk():
                with socket.socket(socket.AF_UNIX) as line:
                    line.connect(path)
                    line.sendall(b"hello")

            attempt("remove", lambda: os.remove(path))
            attempt("replace", lambda: os.rename("/tmp", path))
            attempt("talk", talk)
            """,
            folder / "monitor.sock",
            readable=[folder],
        )
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(16) == b"hello"
    assert list(told.done) == ["talk"]


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm"])
def test_a_shared_folder_is_for_sockets(world: World, place: str) -> None:
    with tempfile.TemporaryDirectory(dir=place) as folder:
        talk_back(world, Path(folder))


def talk_back(world: World, shared: Path) -> None:
    program = """
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(sys.argv[1] + "/back.sock")
        listener.listen()
        attempt("heard", lambda: listener.accept()[0].recv(16).decode())
        """
    with world.start(program, shared, shared=shared) as child:
        path = shared / "back.sock"
        while not path.exists() and child.poll() is None:
            time.sleep(0.01)
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
            line.sendall(b"hello")
            assert child.wait(10) == 0
    assert child.stdout() == '["heard", "hello", ""]\n'


def test_a_shared_folder_cannot_fill_the_disk(world: World, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    told = world.run("write(sys.argv[1] + '/data'); time.sleep(60)", shared, shared=shared)
    assert told.child.stopped == "shared"
    assert told.seconds < 5
