"""The `engine` fixture: the real Pulumi engine, or the reason why it is not tested here. `base`: a cloud for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lychgate.provisioner.models.platform import read_platform

from tests.engine.groundwork import Groundwork
from tests.engine.harness import Engine
from tests.engine.mended_moto import mend
from tests.engine.toolchain import Toolchain, Unavailable, toolchain
from tests.provisioner.sync.live.world import World

EXAMPLE = Path(__file__).parents[2] / "examples" / "platform"


@pytest.fixture(scope="session")
def pulumi(request: pytest.FixtureRequest) -> Toolchain:
    """The engine's binaries, built on first use: a line every ten seconds says so, captured output or not.

    LYCHGATE_REQUIRE_ENGINE=1 makes it a failure that there are none.
    """
    capture: Any = request.config.pluginmanager.getplugin("capturemanager")
    terminal: Any = request.config.pluginmanager.getplugin("terminalreporter")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            if terminal is not None:
                terminal.ensure_newline()
            os.write(2, f"engine tests: {line}\n".encode())

    try:
        return toolchain(say)
    except Unavailable as why:
        reason = str(why)
    if os.environ.get("LYCHGATE_REQUIRE_ENGINE") == "1":
        pytest.fail(f"the Pulumi engine is required: {reason}", pytrace=False)
    pytest.skip(f"no Pulumi engine: {reason}")


@pytest.fixture
def engine(pulumi: Toolchain, tmp_path: Path) -> Iterator[Engine]:
    """Projects and packs of one test, in its own temporary folder."""
    yield Engine(pulumi, tmp_path)


@pytest.fixture
def base(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Groundwork]:
    """The account of the example's `test` environment at moto, mended, with nothing in it but the platform's base."""
    mend(monkeypatch)
    World(moto_endpoint).reset()
    yield Groundwork.lay(moto_endpoint, read_platform(EXAMPLE).environments["test"])
    World(moto_endpoint).reset()
