"""moto's server over HTTP in the place of AWS, empty for each test. Its account is always 123456789012."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.provisioner.sync.live.world import World


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def world(moto_endpoint: str) -> Iterator[World]:
    found = World(moto_endpoint)
    found.reset()
    yield found
    found.reset()
