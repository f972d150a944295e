"""What ordinary programs do works inside, wherever they and their interpreter live."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources.sandbox.conftest import World, needs_isolation

pytestmark = needs_isolation


def test_what_programs_use_works(world: World) -> None:
    told = world.run(
        """
        import asyncio, getpass, multiprocessing, shutil, ssl, tempfile, threading, zoneinfo

        def double(number):
            return 2 * number

        def pool():
            with multiprocessing.Pool(2) as workers:
                return workers.map(double, [1, 2, 3])

        def loopback():
            with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
                return 1

        def loopback6():
            with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
                return socket.create_connection(server.getsockname()[:2]).close() or 1

        def temporary():
            with tempfile.TemporaryDirectory() as folder:
                write(folder + "/a", "text")
                os.chmod(folder + "/a", 0o600)
                shutil.copytree(folder, folder + "/b")
                return read(folder + "/b/a")

        async def streams():
            process = await asyncio.create_subprocess_exec("/usr/bin/env", stdout=subprocess.PIPE)
            return (await process.communicate())[0].decode()

        def thread():
            told = []
            worker = threading.Thread(target=lambda: told.append(1))
            worker.start()
            worker.join()
            return told

        attempt("pool", pool)
        attempt("loopback", loopback)
        attempt("loopback6", loopback6)
        attempt("localhost", lambda: socket.getaddrinfo("localhost", 80)[0][4][0])
        attempt("temporary", temporary)
        attempt("streams", lambda: asyncio.run(streams()))
        attempt("env", lambda: subprocess.run(["/usr/bin/env"], capture_output=True, text=True).stdout)
        attempt("shell", lambda: subprocess.run("echo hello | cat", shell=True, capture_output=True, text=True).stdout)
        attempt("certificates", lambda: len(ssl.create_default_context().get_ca_certs()) > 10)
        attempt("user", getpass.getuser)
        attempt("host", socket.gethostname)
        attempt("zone", lambda: str(zoneinfo.ZoneInfo("Europe/Berlin")))
        attempt("random", lambda: len(open("/dev/urandom", "rb").read(8)))
        attempt("stdout", lambda: open("/dev/stdout", "w").close())
        attempt("null", lambda: write("/dev/null"))
        attempt("folder", os.getcwd)
        attempt("home", lambda: write(os.path.expanduser("~/.cache")))
        """,
        env={"PULUMI_TEST": "value"},
    )
    assert told.failed == {}
    assert told.done["pool"] == [2, 4, 6]
    assert told.done["temporary"] == "text"
    assert told.done["shell"] == "hello\n"
    assert told.done["user"] == "user"
    assert told.done["host"] == "sandbox"
    assert told.done["folder"] == str(world.project)
    assert "PULUMI_TEST=value" in told.done["env"]
    assert "CI_JOB_TOKEN" not in told.done["env"] + told.done["streams"]
    assert told.isolation.missing == ()


@pytest.mark.parametrize("links", ["--symlinks", "--copies"])
def test_a_virtual_environment_of_the_projects_own(world: World, links: str) -> None:
    base = os.path.realpath(sys.executable)
    environment = world.project / ".venv"
    subprocess.run([base, "-m", "venv", "--without-pip", links, environment], check=True)
    packages = next(environment.glob("lib/python*/site-packages"))
    (packages / "installed.py").write_text("NAME = 'installed'")
    (packages / "editable.pth").write_text(f"{world.project / 'library'}\n")
    (world.project / "library").mkdir()
    (world.project / "library/ours.py").write_text("NAME = 'ours'")
    world.python = environment / "bin/python"
    told = world.run(
        """
        import installed, ours
        attempt("installed", lambda: installed.NAME)
        attempt("ours", lambda: ours.NAME)
        attempt("prefix", lambda: sys.prefix)
        attempt("base", lambda: sys.base_prefix)
        """
    )
    assert told.done["installed"] == "installed", told.child.stderr()
    assert told.done["ours"] == "ours"
    assert told.done["prefix"] == str(environment)
    assert told.done["base"] == str(Path(base).parent.parent)


def test_a_project_with_links_and_spaces_in_its_path(world: World, tmp_path: Path) -> None:
    real = tmp_path / "a folder" / "with spaces"
    real.mkdir(parents=True)
    (tmp_path / "first").symlink_to("a folder")
    (tmp_path / "second").symlink_to(tmp_path / "first")
    world.project = tmp_path / "second" / "with spaces"
    told = world.run("""attempt("folder", lambda: [os.environ["PWD"], os.path.realpath("."), __file__])""")
    assert told.done["folder"] == [str(world.project), str(real), f"{world.project}/__main__.py"]


def test_a_project_below_the_home(world: World) -> None:
    world.project = world.home / "src" / "project"
    world.project.mkdir(parents=True)
    told = world.run("""attempt("folder", os.getcwd)""")
    assert told.done == {"folder": str(world.project)}


@pytest.mark.parametrize("folder", ["/", "/tmp", "/etc", "/proc/self", "/dev/shm"])
def test_a_folder_that_would_show_too_much_is_refused(world: World, folder: str) -> None:
    from lychgate.sources.sandbox import start

    with pytest.raises(ValueError, match="folder of its own"):
        start(["/bin/true"], cwd=Path(folder))


def test_pulumi_works(world: World) -> None:
    told = world.run(
        """
        import grpc, pulumi, pulumi_aws
        from concurrent import futures

        server = grpc.server(futures.ThreadPoolExecutor(4))
        attempt("port", lambda: server.add_insecure_port("127.0.0.1:0"))
        server.start()
        attempt("types", lambda: pulumi_aws.s3.Bucket.__name__)
        server.stop(0)
        """,
        timeout=60,
    )
    assert told.done["types"] == "Bucket", told.child.stderr()
    assert told.done["port"] > 0
