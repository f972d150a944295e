"""The example platform's stacks on the real engine, at moto: model, capture, gate, `up` with the pack, state, drift."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from lychgate.provisioner.sync.drift import check_drift
from lychgate.provisioner.sync.drift_records import Drift

from lychgate.model.graph import Graph
from tests.engine.groundwork import ALL, Groundwork
from tests.engine.harness import Engine
from tests.engine.syncing import ACME, EXAMPLE, Platform

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.moto]
# Each after what it refers to.
STACKS = ("notify.test.shared", "notify.test.single", "payments.test.shared", "payments.test.acme",
           "reports.test.shared", "reports.test.acme")  # fmt: skip
# Keys and secrets wait for their deletion; moto keeps the automatic snapshot of a cluster.
GOING = (":kms:", ":secret:", ":cluster-snapshot:rds:")


@pytest.fixture
def shop(engine: Engine, base: Groundwork) -> Platform:
    """The small application of the tests."""
    return Platform.make(engine, base)


@pytest.fixture
def example(engine: Engine, base: Groundwork) -> Platform:
    """The applications of the example."""
    made = Platform.make(engine, base)
    folder = made.base / "platform" / "applications"
    shutil.copytree(EXAMPLE / "applications", folder, dirs_exist_ok=True)
    (folder / "shop.yaml").unlink()
    return made


def applied(platform: Platform, base: Groundwork, stack: str, **options: Any) -> dict[str, Any]:
    found = platform.sync(stack, **options, **base.variables())
    assert found["outcome"] == "applied", (stack, found["reason"], found["broken"])
    return found


def graph(platform: Platform, stack: str) -> Graph:
    state = platform.state(stack)
    assert state is not None
    return state.graph


def drift(platform: Platform, base: Groundwork, stack: str, *others: str) -> Drift:
    found = [graph(platform, other) for other in others if other != stack]
    return check_drift(graph(platform, stack), base.session(), base.endpoint, others=found)


def told(found: Drift) -> list[Any]:
    """Everything that is not as it was deployed, or that could not be told."""
    rows = [one for one in found.resources if one.state != "same" or one.not_compared]
    return [*rows, *found.unmanaged, *found.not_searched]


def tagged(base: Groundwork, application: str) -> list[str]:
    """The ARNs of what carries the tags of an application of acme's."""
    filters = [{"Key": "application", "Values": [application]}, {"Key": "tenant", "Values": ["acme"]}]
    rows = base.client("resourcegroupstaggingapi").get_resources(TagFilters=filters)["ResourceTagMappingList"]
    return [row["ResourceARN"] for row in rows]


def left(base: Groundwork, application: str) -> list[str]:
    """What of it does not go by itself."""
    return [one for one in tagged(base, application) if not any(mark in one for mark in GOING)]


def test_nothing_of_the_examples_stacks_has_drifted(example: Platform, base: Groundwork) -> None:
    for stack in STACKS:
        applied(example, base, stack)
    for stack in STACKS:
        found = drift(example, base, stack, *STACKS)
        assert told(found) == [] and len(found.resources) > 3, stack
    base.client("iam").put_role_policy(RoleName="payments-test-acme-api", PolicyName="by-hand", PolicyDocument=ALL)
    found = drift(example, base, "payments.test.acme", *STACKS)
    assert [one.id for one in found.unmanaged] == ["payments-test-acme-api:by-hand"]
    assert len(tagged(base, "reports")) > 5 and base.client("rds").describe_db_clusters()["DBClusters"]
    applied(example, base, "reports.test.acme", remove=True)
    assert left(base, "reports") == [] and not base.client("rds").describe_db_clusters()["DBClusters"]


def test_what_the_cloud_refuses_is_the_reason_of_the_sync(shop: Platform, base: Groundwork) -> None:
    base.client("s3").delete_bucket(Bucket=base.environment.access_log_bucket)
    found = shop.sync(ACME, **base.variables())
    assert found["outcome"] == "failed" and "target bucket for logging does not exist" in found["reason"]
    assert [one["type"] for one in found["broken"]] == ["aws:s3/bucketLogging:BucketLogging"]
