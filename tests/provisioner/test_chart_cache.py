"""The light cache started as its pod starts it, by a real server: Valkey, or the Redis that it takes after."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lychgate.provisioner.chart_rendering import render

from tests.provisioner.chart_example import example

PASSWORD = "a-password-of-32-characters-12345"


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """The folder that stands for the container's paths, and the port."""
    server = shutil.which("valkey-server") or shutil.which("redis-server")
    if server is None or not shutil.which("openssl"):
        pytest.skip("no valkey-server or redis-server on PATH, or no openssl")
    folder, port = tmp_path_factory.mktemp("cache"), unused_port()
    objects = {(it["kind"], it["metadata"]["name"]): it for it in render(example())}
    (container,) = objects["Deployment", "api-cache"]["spec"]["template"]["spec"]["containers"]
    settings = objects["ConfigMap", "api-cache"]["data"]["valkey.conf"]

    text = container["args"][0].replace("/tmp", f"{folder}/scratch").replace("valkey-server", server)
    for path in ("/etc/valkey", "/var/run/secrets"):
        text, settings = (it.replace(path, f"{folder}{path}") for it in (text, settings))
    settings = settings.replace("tls-port 6379", f"tls-port {port}").replace("dir /tmp", f"dir {folder}/scratch")
    for path in ("etc/valkey", "var/run/secrets/tls", "var/run/secrets/platform", "scratch"):
        (folder / path).mkdir(parents=True)
    (folder / "etc/valkey/valkey.conf").write_text(settings)
    (folder / "var/run/secrets/platform/password").write_text(PASSWORD)
    certify(folder / "var/run/secrets/tls")
    with subprocess.Popen([*container["command"], text], stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            yield folder, port
        finally:
            process.terminate()


def certify(folder: Path) -> None:
    """A certificate that is its own authority."""
    key, certificate = folder / "tls.key", folder / "tls.crt"
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    named = ["-subj", "/CN=api-cache", "-addext", "subjectAltName=DNS:api-cache"]
    subprocess.run(["openssl", *made, *named, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    shutil.copy(certificate, folder / "ca.crt")


def wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the cache does not start")


def ask(cache: tuple[Path, int], *commands: str) -> str:
    """What the cache answers over TLS, its certificate checked."""
    folder, port = cache
    context = ssl.create_default_context(cafile=folder / "var/run/secrets/tls/ca.crt")
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    with plain, context.wrap_socket(plain, server_hostname="api-cache") as client:
        client.sendall("".join(f"{it}\r\n" for it in (*commands, "QUIT")).encode())
        return b"".join(iter(lambda: client.recv(4096), b"")).decode()


def test_it_answers_over_tls_who_has_the_password(cache: tuple[Path, int]) -> None:
    assert "NOAUTH" in ask(cache, "PING")
    assert "WRONGPASS" in ask(cache, "AUTH guessed")
    assert "+PONG" in ask(cache, f"AUTH {PASSWORD}", "PING")


def test_it_answers_nobody_without_tls(cache: tuple[Path, int]) -> None:
    with socket.create_connection(("127.0.0.1", cache[1]), timeout=5) as client:
        client.sendall(b"PING\r\n")
        try:
            answer = client.recv(100)
        except ConnectionResetError:
            answer = b""
    assert b"PONG" not in answer and b"NOAUTH" not in answer


def test_it_keeps_nothing_and_shows_its_password_to_nobody(cache: tuple[Path, int]) -> None:
    asked = ("save", "appendonly", "port", "maxmemory-policy")
    told = ask(cache, f"AUTH {PASSWORD}", *(f"CONFIG GET {name}" for name in asked)).split("\r\n")
    assert [told[told.index(name) + 2] for name in asked] == ["", "no", "0", "allkeys-lru"]
    (settings,) = (cache[0] / "scratch").iterdir()
    assert settings.name == "valkey.conf" and settings.stat().st_mode & 0o077 == 0
