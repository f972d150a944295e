"""The policy pack inside the real engine: what it lets through, what it stops, and what Pulumi itself prints of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.sources.program.project import read_configuration, read_project
from tests.engine.harness import Engine, Run, Stack
from tests.examples.test_platform import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.slow]

TAGS, DESTROYED = "ecr-repository-with-mutable-tags", "s3-bucket-destroyed-with-its-objects"
SHORT = "log-group-with-short-retention"

# A small program, for what is about levels and not about the platform.
SMALL = {
    "Pulumi.yaml": "name: small\nruntime: python\nconfig:\n  aws:region: eu-central-1\n",
    "__main__.py": """
import pulumi
import pulumi_aws as aws

labels = {"application": "small", "environment": "production", "tenant": "acme", "data-classification": "internal"}
key = aws.kms.Key("key", enable_key_rotation=True, tags=labels)
aws.ecr.Repository(
    "api",
    image_scanning_configuration={"scan_on_push": True},
    encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}],
    tags=labels,
)
aws.cloudwatch.LogGroup("logs", retention_in_days=400, kms_key_id=key.arn, tags=labels)
aws.dynamodb.Table(
    "cards",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
    deletion_protection_enabled=key.arn.apply(lambda arn: arn != ""),
    tags=labels,
)
""",
}


def platform(engine: Engine, name: str) -> Stack:
    """A stack of an example, with stand-ins for its encrypted configuration."""
    folder = ROOT / "examples" / name
    known = read_configuration(read_project(folder), "production", {}, {})
    return engine.project(folder, "production", secrets={key: known.values[key] for key in known.secret_keys})


@pytest.fixture
def pack(engine: Engine) -> Path:
    """The pack, in an environment that the engine finds."""
    return engine.pack(ROOT / "policies")


def mandatory(run: Run) -> set[tuple[str, str]]:
    """Rule and resource name of what blocks."""
    return {
        (one["policyName"], one["resourceUrn"].rpartition("::")[2])
        for one in run.violations()
        if one["enforcementLevel"] == "mandatory"
    }


def test_the_compliant_stack_goes_through_preview_and_deployment(engine: Engine, pack: Path) -> None:
    stack = platform(engine, "compliant")
    up = stack.up(policy_pack=pack).expect()
    assert mandatory(up) == set()
    assert len(stack.log("create")) > 150
    assert "lychgate" in up.output


def test_the_faulty_stack_is_stopped_before_a_resource_exists(engine: Engine, pack: Path) -> None:
    stack = platform(engine, "faulty")
    run = stack.up(policy_pack=pack)
    assert run.exit_code != 0
    assert stack.log() == []
    assert stack.resources() == [] or all(one["type"].startswith("pulumi:") for one in stack.resources())
    found = mandatory(run)
    assert {(DESTROYED, "receipts"), (TAGS, "api"), ("kms-key-without-rotation", "data")} <= found
    assert {("s3-bucket-without-customer-key", "receipts"), ("kubernetes-container-privileged", "worker")} <= found
    printed = run.output
    assert DESTROYED in printed
    assert "forceDestroy is on: renaming or removing the bucket deletes all its objects and versions." in printed


def test_a_remediation_is_in_the_deployed_state(engine: Engine, pack: Path) -> None:
    stack = engine.project(SMALL, "production")
    run = stack.up(policy_pack=pack, policy_config=only({TAGS: "remediate"})).expect()
    assert {one["policyName"] for one in run.remediations()} == {TAGS}
    (repository,) = [one for one in stack.resources() if one["type"] == "aws:ecr/repository:Repository"]
    assert repository["inputs"]["imageTagMutability"] == "IMMUTABLE"
    assert repository["outputs"]["imageTagMutability"] == "IMMUTABLE"


def test_levels_and_parameters_come_from_the_configuration(engine: Engine, pack: Path) -> None:
    stack = engine.project(SMALL, "production")
    advisory = stack.preview(policy_pack=pack, policy_config=only({TAGS: "advisory"})).expect()
    assert [(one["policyName"], one["enforcementLevel"]) for one in advisory.violations()] == [(TAGS, "advisory")]

    stopped = stack.preview(policy_pack=pack, policy_config=only({TAGS: "mandatory"}))
    assert stopped.exit_code != 0
    assert mandatory(stopped) == {(TAGS, "api")}

    stricter = stack.preview(
        policy_pack=pack, policy_config=only({SHORT: {"enforcementLevel": "mandatory", "days": 731}})
    )
    assert mandatory(stricter) == {(SHORT, "logs")}
    assert "731" in stricter.output


@pytest.mark.parametrize("parameters", [{"days": "many"}, {"days": -1}])
def test_a_wrong_parameter_is_said_before_anything_is_judged(
    parameters: dict[str, Any], engine: Engine, pack: Path
) -> None:
    stack = engine.project(SMALL, "production")
    given = only({SHORT: {"enforcementLevel": "mandatory", **parameters}})
    run = stack.preview(policy_pack=pack, policy_config=given)
    assert run.exit_code != 0
    assert SHORT in run.output
    assert "days" in run.output


def test_what_only_the_deployment_knows_is_advisory_unless_it_is_to_fail(engine: Engine, pack: Path) -> None:
    stack = engine.project(SMALL, "production")
    rule = "dynamodb-table-without-deletion-protection"
    passing = stack.preview(policy_pack=pack, policy_config=only({rule: "mandatory"})).expect()
    (told,) = passing.violations()
    assert (told["policyName"], told["enforcementLevel"]) == (rule, "advisory")
    assert "not determined" in told["message"]

    failing = stack.preview(
        policy_pack=pack, policy_config=only({rule: {"enforcementLevel": "mandatory", "unknown": "fail"}})
    )
    assert failing.exit_code != 0
    assert mandatory(failing) == {(rule, "cards")}


def only(rules: dict[str, Any]) -> dict[str, Any]:
    """A configuration with these rules, and all others switched off."""
    return {name: rules.get(name, "disabled") for name in built_in_rules()}
