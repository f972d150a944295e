"""`lychgate serve` as a process: it says where it is, does what it is asked to, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import pytest

from lychgate.cli import main
from tests.interrupts import heeding
from tests.portal.conftest import World
from tests.portal.web.identity_provider import CLIENT, SECRET, identity_provider
from tests.portal.web.test_forms import Controls

COMMAND = Path(sys.executable).with_name("lychgate")
SECONDS = 60.0


@contextmanager
def serving(root: Path, *arguments: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a checkout, and the address that it prints."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "LANG": "C.UTF-8", **variables}
    process = subprocess.Popen(
        heeding(COMMAND, "serve", "--port", "0", *arguments), cwd=root, env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stderr is not None
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        yield process, address
    finally:
        process.kill()
        process.wait()


@contextmanager
def entered(address: str) -> Iterator[httpx2.Client]:
    """A browser in which the printed address was opened."""
    with httpx2.Client(base_url=address.partition("/login")[0], trust_env=False, timeout=SECONDS) as client:
        client.get(address)
        yield client


def group(process: subprocess.Popen[str]) -> list[str]:
    """What still runs of the process's session after a moment."""
    command = ["ps", "-o", "stat=,args=", "-s", str(process.pid)]
    for _ in range(40):
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
        running = [one for one in listed if not one.startswith("Z")]
        if not running:
            break
        time.sleep(0.05)
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_and_ends_when_it_is_told_to(world: World, number: signal.Signals) -> None:
    with serving(world.root) as (process, address):
        assert address.startswith("http://127.0.0.1:") and "/login?key=" in address
        with entered(address) as client:
            page = client.get("/")
            assert page.status_code == 200 and "payments" in page.text and "server" not in page.headers
        process.send_signal(number)
        assert process.wait(SECONDS) == 0
        said = process.stderr.read() if process.stderr else ""
        assert "Traceback" not in said and said.count("\n") == 1
        assert group(process) == []


@pytest.mark.slow
def test_a_queue_is_judged_while_the_pages_are_there(world: World) -> None:
    root = world.root
    with serving(root) as (process, address), entered(address) as client:
        path = "/applications/notify/new/queue"
        fields = Controls(client.get(path).text).values | {"name": "bounces", "settings_retention_days": "7"}
        origin = {"Origin": address.partition("/login")[0]}
        answer = client.post(path, data=fields, headers=origin)
        assert answer.status_code == 303
        where, slowest, told = answer.headers["location"], 0.0, {"done": False}
        while not told["done"]:
            begun = time.perf_counter()
            told = client.get(f"{where}/progress").json()
            slowest = max(slowest, time.perf_counter() - begun)
            time.sleep(0.05)
        assert told["state"] == "judged" and slowest < 2.0
        page = client.get(where).text
        assert "It may be submitted" in page and "notify.test.single" in page and "notify: create queue bounces" in page
        patch = client.get(f"{where}/change.patch")
        world.git("apply", "--check", str(_file(root, patch.content)))
        assert client.get(f"{where}/report/test").status_code == 200
        assert world.git("status", "--porcelain") == ""
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0


def _file(root: Path, content: bytes) -> Path:
    file = root.parent / "change.patch"
    file.write_bytes(content)
    return file


@pytest.mark.slow
def test_it_ends_while_something_is_judged(world: World) -> None:
    with (
        TemporaryDirectory(prefix="serve-") as own,
        serving(world.root, TMPDIR=own) as (process, address),
        entered(address) as client,
    ):
        path = "/applications/payments/new/queue"
        fields = Controls(client.get(path).text).values | {"name": "refunds"}
        answer = client.post(path, data=fields, headers={"Origin": address.partition("/login")[0]})
        for _ in range(400):
            if client.get(f"{answer.headers['location']}/progress").json()["step"]:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
        assert group(process) == []
        left = [one.name for one in Path(own).iterdir()]
        assert left == [], left


def test_where_others_reach_it_they_log_in(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = f"http://127.0.0.1:{port}"
    with identity_provider() as provider:
        arguments = ("--host", "0.0.0.0", "--port", str(port), "--url", own, "--oidc-issuer", provider.url)
        secret = {"LYCHGATE_OIDC_CLIENT_SECRET": SECRET}
        with serving(world.root, *arguments, "--oidc-client", CLIENT, **secret) as (process, address):
            assert address == own
            with httpx2.Client(base_url=own, trust_env=False, timeout=SECONDS) as client:
                led = client.get("/login?to=/waivers")
                back = provider.authorize(led.headers["location"])
                assert client.get("/login/done", params=back).headers["location"] == "/waivers"
                assert "Ada Lovelace" in client.get("/waivers").text
                assert client.get("/", headers={"Host": "localhost"}).status_code == 421
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) == 0
            assert SECRET not in (process.stderr.read() if process.stderr else "")


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def refusal(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["lychgate", "serve", "--port", "0", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        code: Any = ended.value.code
        return code, capsys.readouterr().err

    return run


OIDC = ("--oidc-issuer", "https://id.example.com", "--oidc-client", "lychgate", "--url", "https://portal.example.com")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "portal.example.com", "127.0.0.1.example.com", ""])
def test_what_others_can_reach_needs_a_login(refusal: Run, host: str) -> None:
    status, said = refusal("--host", host)
    assert status == 2 and "nobody has to log in" in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (OIDC, "LYCHGATE_OIDC_CLIENT_SECRET: it is not set"),
        (OIDC[:2], "--oidc-client: it is not given"),
        (OIDC[:4], "--url: it is not given"),
        (OIDC[4:], "--oidc-issuer: it is not given"),
        ((*OIDC[:5], "http://portal.example.com"), "--url"),
        ((*OIDC[:5], "https://portal.example.com/sub"), "it has a path"),
        (("--oidc-issuer", "http://id.example.com", *OIDC[2:]), "--oidc-issuer"),
        ((*OIDC, "--oidc-secret-file", "/nothing"), "/nothing"),
        (("--store", "mysql://u:p4ss@h/d"), "another kind of store"),
        (("--port", "70000"), "65535"),
        (("--settings", "nothing.yaml"), "nothing.yaml"),
    ],
)
def test_what_it_is_started_with_is_checked(
    refusal: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.delenv("LYCHGATE_OIDC_CLIENT_SECRET", raising=False)
    status, said = refusal(*arguments)
    assert status == 2 and words in said and "p4ss" not in said and "Traceback" not in said


def test_a_port_that_is_taken_is_one_message(refusal: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, said = refusal("--port", str(taken.getsockname()[1]))
    assert status == 2 and "cannot be listened on" in said


def test_a_platform_that_is_broken_is_told_at_once(world: World, refusal: Run) -> None:
    (world.folder / "applications" / "notify.yaml").write_text("owner: 1\n")
    world.git("commit", "-q", "-a", "-m", "broken")
    status, said = refusal()
    assert status == 2 and "platform/applications/notify.yaml" in said


def test_what_is_in_no_repository_is_not_served(refusal: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lychgate.yaml").write_text("platform: platform\n")
    monkeypatch.chdir(tmp_path)
    status, said = refusal()
    assert status == 2 and "it is in no Git repository" in said


def test_it_starts_at_once(world: World) -> None:
    """The aim is one second on a machine that does nothing else."""
    begun = time.perf_counter()
    with serving(world.root) as (_, address):
        assert address
        assert time.perf_counter() - begun < 10.0
