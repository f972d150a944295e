"""`apply` and `remove` on the real engine: what is applied is what was previewed and judged, and nothing else."""

from __future__ import annotations

import pytest

from tests.engine.harness import Engine
from tests.engine.syncing import ACME, SHOP, Platform

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture
def platform(engine: Engine) -> Platform:
    return Platform.make(engine)


def test_a_first_sync_a_second_and_a_change(platform: Platform) -> None:
    first = platform.sync()
    assert first["outcome"] == "applied", first["reason"]
    assert first["engine"] and first["seconds"].keys() == {"preview", "up"} and first["counts"].keys() == {"create"}
    made = {one["name"] for one in first["done"] if not one["type"].startswith("pulumi:providers:")}
    assert {"orders", "receipts", "data"} <= made == set(platform.log("create"))
    assert not first["broken"] and not first["unfinished"] and not platform.locks()
    kept = platform.base / "platform" / "stacks" / f"Pulumi.{ACME}.yaml"
    assert kept.read_text().startswith("encryptionsalt: ")
    again = platform.sync()
    assert again["outcome"] == "applied" and again["counts"].keys() == {"same"} and not again["done"]
    platform.write(SHOP.replace("{kind: queue}", "{kind: queue, settings: {retention_days: 3}}"))
    changed = platform.sync()
    assert [(one["operation"], one["name"]) for one in changed["done"]] == [("update", "orders")], changed
    assert platform.log("update") == ["orders"]
    assert first["id"] != changed["id"]
