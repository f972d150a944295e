"""Trends of stores: of some months, and of one record that is hostile in every text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lychgate.reports.evidence.checking import check
from lychgate.reports.evidence.store import Store
from lychgate.reports.trend.history import Selection
from lychgate.reports.trend.reading import Asked, trend_of
from lychgate.reports.trend.trend import Trend

from tests.reports.conftest import poisoned
from tests.reports.evidence.conftest import address, postgresql  # noqa: F401  # fixtures
from tests.reports.trend.stores import START, At, document, judgement, months, put_all

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 29, 23, 59, 59, tzinfo=UTC)


def made(
    store: Store, since: datetime = SINCE, until: datetime = UNTIL, branches: tuple[str, ...] = ("main",), **chosen: str
) -> Trend:
    """The trend of a store; `chosen`: application, tenant, stack or environment."""
    environment = chosen.pop("environment", None)
    with store.read() as snapshot:
        report = check(snapshot.chain(), snapshot.id, documents=False)
        asked = Asked(
            since=since, until=until, environment=environment, selection=Selection(**chosen), branches=branches
        )
        return trend_of(snapshot, report, asked)


@pytest.fixture(scope="session")
def some_months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of ninety days and six stacks: a file, to be read only."""
    file = tmp_path_factory.mktemp("months") / "evidence.db"
    put_all(Store.open(str(file), create=True, clock=At()), months())
    return file


@pytest.fixture(scope="session")
def trend(some_months: Path) -> Trend:
    return made(Store.open(str(some_months)))


@pytest.fixture
def hostile(tmp_path: Path) -> Callable[..., Trend]:
    """A trend of records that have a text wherever the format takes any; two records for each text."""

    def trend(*texts: str) -> Trend:
        store = Store.open(str(tmp_path / "hostile.db"), create=True, clock=At())
        documents: list[tuple[dict[str, Any], datetime, str | None]] = []
        for number, text in enumerate(texts):
            first = poisoned(text)
            first["run"] |= {"commit": None, "environment": text}
            second = document(judgement({**_RULE, "id": text}, text, text, "fail"))
            at = START + timedelta(minutes=number)
            documents += [(first, at, text), (second, at + timedelta(days=1), text)]
        put_all(store, documents)
        return made(store, branches=("*",))

    return trend


_RULE = {"title": "t", "layer": "iam", "severity": "high", "requirements": ["1.1"]}
