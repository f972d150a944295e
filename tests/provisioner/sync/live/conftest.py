"""moto's server over HTTP in the place of AWS, empty for each test. Its account is always 123456789012."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.provisioner.sync.live.world import World


@pytest.fixture
def world(moto_endpoint: str) -> Iterator[World]:
    found = World(moto_endpoint)
    found.reset()
    yield found
    found.reset()
