"""Programs that attack the process that runs them: one message, the machine as it was, and what they say counts for
nothing."""

from __future__ import annotations

import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from lychgate.model.graph import Graph
from lychgate.sources.program.capture import ProgramFailed, Setting, capture
from lychgate.sources.program.process import HostLost, HostProcess
from lychgate.sources.program.project import Configuration, Project
from lychgate.sources.sandbox import Limits

QUEUE = """
    import pulumi_aws as aws
    aws.sqs.Queue("jobs")
    """
FOLDER = """
    import glob, os, socket, time
    (folder,) = glob.glob(f"{TEMPORARY}/lychgate-*")
    """
ENDED = "__main__.py: the program's process was ended"
LATER = "expected a program that ends by itself"


def run(folder: Path, text: str, limits: Limits, seconds: float = 30) -> Graph | ProgramFailed:
    program = folder / "__main__.py"
    program.write_text(textwrap.dedent(text))
    python = Path(sys.executable)
    project = Project("shop", folder, folder / "Pulumi.yaml", program, python, {}, {}, folder)
    with HostProcess(python, folder, [], "auto", limits) as host:
        host.ready()
        try:
            return capture(host, project, "dev", Configuration({}, frozenset()), Setting(seconds=seconds))
        except ProgramFailed as failed:
            return failed


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a program; the sockets stand beside it, where the program is told to find them."""
    top = tmp_path_factory.mktemp("a")
    (top / "sockets").mkdir()
    (top / "program").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(top / "sockets"))
    return top / "program"


FAILING = {
    "fills the memory": (
        """
        rows = []
        while True:
            rows.append(bytearray(10_000_000))
        """,
        Limits(memory=400 << 20),
        "__main__.py:4: the program raised MemoryError",
    ),
    "fills the memory with processes": (
        """
        import os, time
        for _ in range(12):
            if os.fork() == 0:
                rows = bytearray(100_000_000)
                time.sleep(20)
        time.sleep(20)
        """,
        Limits(memory=1 << 30),
        f"{ENDED}: it used more memory than it may. {LATER}",
    ),
    "forks without end": (
        """
        import os, time
        while True:
            try:
                os.fork()
            except OSError:
                time.sleep(0.1)
        """,
        Limits(tasks=60),
        f"{ENDED}: it started more processes than it may. {LATER}",
    ),
    "ends the process that runs it": (
        "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(20)", Limits(), f"{ENDED}. {LATER}",
    ),
    "puts links beside the sockets": (
        FOLDER + """
    for name in ("a", "b"):
        os.symlink("/etc/passwd", f"{folder}/{name}")
    time.sleep(20)
        """,
        Limits(),
        f"{ENDED}: it wrote where only sockets may be. {LATER}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILING)
def test_an_attack_that_ends_the_program(alone: Path, case: str) -> None:
    text, limits, message = FAILING[case]
    failed = run(alone, text.replace("{TEMPORARY}", str(alone.parent / "sockets")), limits)
    assert isinstance(failed, ProgramFailed)
    assert str(failed) == message
    assert list((alone.parent / "sockets").iterdir()) == []


HARMLESS = {
    "talks nonsense to every socket": FOLDER
    + """
    ended = b'{"event": "ended", "code": 0, "report": {"done": true}, "stdout": "", "stderr": ""}\\n'
    for name in os.listdir(folder):
        for junk in (os.urandom(100_000), b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + os.urandom(50_000), ended):
            talker = socket.socket(socket.AF_UNIX)
            talker.settimeout(1)
            try:
                talker.connect(f"{folder}/{name}")
                talker.sendall(junk)
            except OSError:
                pass
    """,
    "removes the sockets": FOLDER
    + """
    for name in os.listdir(folder):
        try:
            os.unlink(f"{folder}/{name}")
        except OSError:
            pass
    """,
    "prints without end": """
    import sys
    for _ in range(300):
        print("x" * 100_000)
        print("y" * 100_000, file=sys.stderr)
    """,
    "leaves a process that goes on registering": """
    import os, sys, time, pulumi
    from pulumi.runtime.proto import resource_pb2
    monitor, program = pulumi.runtime.settings.get_monitor(), os.getpid()
    if os.fork() == 0:
        os.setsid()
        while os.getppid() == program:  # until the program has ended, however long that takes
            time.sleep(0.001)
        try:
            for number in range(100_000):
                monitor.RegisterResource(resource_pb2.RegisterResourceRequest(type="a:b:c", name=f"late-{number}"))
        finally:
            os._exit(0)
    """,
}


@pytest.mark.parametrize("case", HARMLESS)
def test_an_attack_that_comes_to_nothing(alone: Path, case: str) -> None:
    graph = run(alone, HARMLESS[case].replace("{TEMPORARY}", str(alone.parent / "sockets")) + QUEUE, Limits())
    assert isinstance(graph, Graph), f"{graph} {graph.output}"
    assert sorted(one.name for one in graph.resources if "providers" not in one.type) == ["jobs", "shop-dev"]
    assert list((alone.parent / "sockets").iterdir()) == []


def test_a_long_path_for_temporary_files(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = alone / ("d" * 80)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    assert isinstance(run(alone, QUEUE, Limits()), Graph)
    assert list(deep.iterdir()) == []


@pytest.mark.parametrize(
    "answer", ["/etc/passwd", "{folder}/control.sock/..", "{folder}/link", "{folder}/gone", "a\0b"]
)
def test_an_address_that_is_no_socket_of_the_program_is_not_dialled(
    alone: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    with HostProcess(Path(sys.executable), alone, [], "off", Limits()) as host:
        (host.shared / "link").symlink_to(host.shared / "control.sock")
        monkeypatch.setattr(host, "_ask", lambda command: {"path": answer.format(folder=host.shared)})
        with pytest.raises(HostLost, match="no socket of its folder"):
            host.reach("127.0.0.1:4000")
