"""A hostile program looks for secrets, other processes and a way out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid

from tests.sources.sandbox.conftest import SECRET, World, needs_isolation

pytestmark = needs_isolation


def test_no_secret_of_the_home_can_be_read(world: World) -> None:
    told = world.run(
        """
        home = sys.argv[1]
        for path in (".aws/credentials", ".ssh/id_rsa", ".config/gh/hosts.yml"):
            attempt(path, lambda: read(os.path.join(home, path)))
            attempt("~/" + path, lambda: read(os.path.expanduser("~/" + path)))
        attempt("list", lambda: os.listdir(home))
        attempt("shadow", lambda: read("/etc/shadow"))
        attempt("through a link", lambda: os.symlink(home, "/tmp/link") or os.listdir("/tmp/link"))
        attempt("through the root", lambda: os.listdir("/proc/1/root"))
        attempt("up", lambda: os.listdir("../home"))
        """,
        world.home,
    )
    assert not told.done
    assert len(told.failed) == 11
    assert told.isolation.missing == ()


def test_a_project_in_the_home_does_not_show_the_homes_secrets(world: World) -> None:
    world.project = world.home
    (world.home / "notes.txt").write_text("readable")
    told = world.run(
        """
        attempt("credentials", lambda: read(sys.argv[1] + "/.aws/credentials"))
        attempt("key", lambda: read(".ssh/id_rsa"))
        attempt("notes", lambda: read("notes.txt"))
        """,
        world.home,
    )
    assert told.done == {"notes": "readable"}


def test_the_tokens_of_a_checkout_are_hidden(world: World) -> None:
    for command in (["init", "-q"], ["config", "remote.origin.url", f"https://ci:{SECRET}@git.example/x.git"]):
        subprocess.run(["git", "-C", world.project, *command], check=True)
    told = world.run(
        """
        attempt("configuration", lambda: read(".git/config"))
        attempt("status", lambda: subprocess.run(["git", "status"], check=True, capture_output=True).returncode)
        """
    )
    assert told.done == {"configuration": "", "status": 0}


def test_a_symbolic_link_in_the_project_leads_nowhere(world: World) -> None:
    (world.project / "innocent").symlink_to(world.home / ".aws")
    told = world.run("""attempt("read", lambda: read("innocent/credentials"))""")
    assert "FileNotFoundError" in told.failed["read"]


def test_no_environment_but_its_own_can_be_read(world: World) -> None:
    told = world.run(
        """
        attempt("own", lambda: os.environ["CI_JOB_TOKEN"])
        attempt("parent's", lambda: read(f"/proc/{sys.argv[1]}/environ"))
        attempt("first process's", lambda: read("/proc/1/environ"))
        attempt("first process's memory", lambda: open("/proc/1/mem", "rb").close())
        attempt("configured", lambda: os.environ["PULUMI_CONFIG"])
        attempt("home", lambda: os.environ["HOME"])
        """,
        os.getpid(),
        env={"PULUMI_CONFIG": "{}"},
    )
    assert told.done == {"configured": "{}", "home": "/tmp/.home"}


def test_no_open_file_of_ours_is_handed_on(world: World) -> None:
    with open(world.home / ".aws/credentials") as file:
        os.set_inheritable(file.fileno(), True)
        told = world.run("""attempt("open", lambda: sorted(os.listdir("/proc/self/fd")))""")
    assert told.done["open"] == ["0", "1", "2", "3"]  # the last is the listing's own


def test_no_other_process_is_in_sight(world: World) -> None:
    told = world.run(
        """
        attempt("processes", lambda: sorted(int(name) for name in os.listdir("/proc") if name.isdigit()))
        attempt("signal", lambda: os.kill(int(sys.argv[1]), 0))
        attempt("end the first", lambda: os.kill(1, 9))
        """,
        os.getpid(),
    )
    assert told.done["processes"] == [1, 2]
    assert "ProcessLookupError" in told.failed["signal"]
    assert told.child.returncode == 0  # process 1 took no notice


def test_nothing_can_be_reached_over_a_network(world: World) -> None:
    abstract = f"\0lychgate-{uuid.uuid4()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX) as hidden,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        hidden.bind(abstract)
        hidden.listen()
        datagrams.bind(("127.0.0.1", 0))
        told = world.run(
            """
            def connect(family, address):
                with socket.socket(family) as one:
                    one.settimeout(2)
                    one.connect(address)

            attempt("loopback", lambda: connect(socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))))
            attempt("metadata", lambda: connect(socket.AF_INET, ("169.254.169.254", 80)))
            attempt("metadata v6", lambda: connect(socket.AF_INET6, ("fd00:ec2::254", 80)))
            attempt("internet", lambda: connect(socket.AF_INET, ("1.1.1.1", 443)))
            attempt("name", lambda: socket.getaddrinfo("example.com", 443)[0][4][0])
            attempt("abstract", lambda: connect(socket.AF_UNIX, "\\0" + sys.argv[2]))
            attempt("vsock", lambda: connect(socket.AF_VSOCK, (2, 1024)))
            attempt("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
            attempt("datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("8.8.8.8", 53)))
            """,
            listener.getsockname()[1],
            abstract[1:],
        )
    assert not told.done
    assert len(told.failed) == 9
    assert told.seconds < 5  # refused, not timed out


def test_no_way_to_more_rights(world: World) -> None:
    told = world.run(
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)

        def call(name, *arguments):
            if getattr(libc, name)(*arguments) == -1:
                raise OSError(ctypes.get_errno(), "refused")

        attempt("user namespace", lambda: call("unshare", 0x10000000))
        attempt("mount", lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None))
        attempt("writable again", lambda: call("mount", None, b"/", None, 32 | 4096, None))
        attempt("host name", lambda: socket.sethostname("other"))
        attempt("become root", lambda: os.setuid(0))
        attempt("device", lambda: os.mknod("/tmp/device", 0o60600, os.makedev(8, 0)))
        attempt("kernel keys", lambda: call("syscall", 250 if os.uname().machine == "x86_64" else 219, 0, -3, 0))
        attempt("kernel log", lambda: call("klogctl", 3, ctypes.create_string_buffer(64), 64))
        attempt("trace the first", lambda: call("ptrace", 16, 1, 0, 0))
        attempt("kernel settings", lambda: write("/proc/sys/kernel/core_pattern"))
        attempt("clone", lambda: subprocess.run(["unshare", "-Ur", "true"], check=True))
        attempt("capabilities", lambda: [line.split()[1] for line in open("/proc/self/status") if "Cap" in line])
        attempt("set-user-id", lambda: subprocess.run(["su", "-c", "true"], check=True, capture_output=True))
        """
    )
    assert told.done == {"capabilities": ["0" * 16] * 5}


def test_what_a_judged_tree_says_of_its_interpreter_opens_nothing(world: World) -> None:
    environment = world.project / ".venv"
    (environment / "bin").mkdir(parents=True)
    packages = environment / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    packages.mkdir(parents=True)
    (environment / "bin/python").symlink_to(sys.executable)
    (environment / "pyvenv.cfg").write_text(f"home = {world.home / '.aws'}\n")
    (packages / "evil.pth").write_text(f"{world.home}\n")
    world.python = environment / "bin/python"
    told = world.run(
        """
        attempt("credentials", lambda: read(sys.argv[1] + "/.aws/credentials"))
        attempt("home", lambda: os.listdir(sys.argv[1]))
        """,
        world.home,
    )
    assert len(told.failed) == 2
