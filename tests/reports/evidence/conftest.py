"""Every test that takes `address` or `store` runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lychgate.reports.evidence.store import Store

from tests.reports.evidence.postgresql import Server, binaries, server
from tests.reports.evidence.records import Clock


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    if binaries() is None:
        pytest.skip("there is no PostgreSQL server on this machine")
    with server() as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.database)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "evidence.db")
    made: str = request.getfixturevalue("postgresql").database()
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(address: str, clock: Clock) -> Store:
    return Store.open(address, create=True, clock=clock)
