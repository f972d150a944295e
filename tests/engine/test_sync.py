"""`apply` on the real engine: what is applied is what was previewed and judged, and nothing else.

What a user sees of it, and of a removal, is in test_sync_command.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.engine import small_pack
from tests.engine.harness import Engine
from tests.engine.syncing import ROOT, SHOP, Platform

QUEUE = "aws:sqs/queue:Queue"
NOTHING = {"all": "disabled"}  # no policy of the small pack is in force
pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture
def platform(engine: Engine) -> Platform:
    return Platform.make(engine)


@pytest.fixture
def pack(engine: Engine) -> list[Path]:
    return [engine.pack(small_pack.FILES)]


def test_a_gate_that_refuses_leaves_the_state_as_it_is(platform: Platform) -> None:
    short = {"log-group-with-short-retention": {"enforcementLevel": "mandatory", "days": 365}}
    found = platform.sync(pack_config=short)
    assert found["outcome"] == "refused" and "log-group-with-short-retention" in found["reason"]
    assert not found["done"] and found["seconds"].keys() == {"preview"} and not platform.log()
    (one,) = [each for each in found["findings"] if each["level"] == "mandatory"]
    assert (one["severity"], one["stage"]) == ("medium", "preview") and "<{%" not in one["message"]
    state = platform.state()
    assert state is not None and not state.graph.resources and not platform.locks()
    elsewhere = [("log-group-with-short-retention", "urn:pulumi:another")]
    advisory = {"log-group-with-short-retention": {"enforcementLevel": "advisory", "days": 365}}
    assert platform.sync(pack_config=advisory, waived=elsewhere)["outcome"] == "refused"
    assert platform.sync(pack_config=advisory, waived=[(one["rule"], one["urn"])])["outcome"] == "applied"


def test_an_interrupt_ends_what_is_under_way_and_begins_nothing(platform: Platform, pack: list[Path]) -> None:
    slow = {"LYCHGATE_PROVIDER_SLOW": "orders", "LYCHGATE_PROVIDER_SECONDS": "6"}
    running = platform.start(packs=pack, pack_config=NOTHING, **slow).wait_for("up begins create orders")
    found = running.interrupt(signal.SIGTERM).result()
    assert found["outcome"] == "cancelled" and found["seconds"]["up"] > 0, found
    assert not platform.locks()
    state = platform.state()
    assert state is not None and not state.pending
    made = {one["urn"] for one in found["done"]}
    assert made <= platform.urns() and any(f"{QUEUE}::orders" in urn for urn in made)
    assert not any(":Deployment::api" in urn for urn in platform.log("create"))  # which needs the queue
    assert platform.sync(packs=pack, pack_config=NOTHING)["outcome"] == "applied"


def test_the_second_of_two_syncs_is_told_of_the_lock(platform: Platform, pack: list[Path]) -> None:
    slow = {"LYCHGATE_PROVIDER_SLOW": "orders", "LYCHGATE_PROVIDER_SECONDS": "12"}
    first = platform.start(packs=pack, pack_config=NOTHING, **slow).wait_for("up begins create orders")
    second = platform.sync(packs=pack, pack_config=NOTHING)
    assert second["outcome"] == "failed" and "another operation holds the stack" in second["reason"]
    assert not second["seconds"] and first.result()["outcome"] == "applied" and not platform.locks()


def test_a_program_that_is_another_one_in_up_is_stopped(platform: Platform, pack: list[Path]) -> None:
    more = SHOP + "  returns: {kind: queue}\n"
    found = platform.sync(packs=pack, pack_config=NOTHING, at_up={"platform/applications/shop.yaml": more})
    assert found["outcome"] == "failed" and "not allowed by the plan" in found["reason"] and not platform.locks()
    assert not any("returns" in urn for urn in {*platform.log("create"), *platform.urns()})


def test_a_finding_that_only_up_can_make_is_told_and_kept(platform: Platform, pack: list[Path]) -> None:
    found = platform.sync(packs=pack)
    assert found["outcome"] == "failed" and "addresses" in found["reason"]
    by_level = {one["level"]: one for one in found["findings"]}
    assert by_level["advisory"]["stage"] == "preview" and "during preview" in by_level["advisory"]["message"]
    assert by_level["mandatory"]["stage"] == "up" and by_level["mandatory"]["rule"] == "addresses"
    assert by_level["mandatory"]["urn"] in {one["urn"] for one in found["done"]} and not platform.locks()


def test_pulumi_alone_brings_a_stack_about(engine: Engine) -> None:
    """`provisioner/` is a Pulumi project as any other: no `lychgate` is needed to deploy with it."""
    folder = ROOT / "examples" / "platform"
    config = {"platform:folder": str(folder), "platform:base": str(ROOT)}
    stack = engine.project(ROOT / "provisioner", "notify.test.shared", config=config)
    stack.up(policy_pack=engine.pack(ROOT / "policies"), policy_config={"all": "advisory"}).expect(0)
    made = {row["type"] for row in stack.resources()}
    assert {"aws:ecr/repository:Repository", "aws:kms/key:Key", "lychgate:platform:Stack"} <= made
