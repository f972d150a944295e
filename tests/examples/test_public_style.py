"""Programs as people write them after public examples: captured whole, and judged as their authors would understand."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.examples.test_platform import COMMAND, ROOT

FOLDER = ROOT / "examples" / "public_style"


@dataclass(frozen=True)
class Expected:
    """Resources by the last part of their type; findings that must be there; rules that cannot be decided, by name."""

    resources: dict[str, int]
    findings: set[tuple[str, str]]
    unknown: set[tuple[str, str]] = field(default_factory=set)
    lookups: set[str] = field(default_factory=set)


EXPECTED = {
    "static-website": Expected(
        resources={
            "Bucket": 2, "BucketObjectv2": 2, "BucketAcl": 1, "BucketOwnershipControls": 1, "BucketPolicy": 1,
            "Certificate": 1, "CertificateValidation": 1, "Distribution": 1, "OriginAccessControl": 1, "Record": 2,
        },
        findings={
            ("s3-bucket-reachable-without-tls", "website"),
            ("s3-bucket-without-versioning", "website"),
            ("web-front-without-firewall", "website"),
        },
        lookups={"getZone"},
    ),
    "fargate-service": Expected(
        resources={
            "Vpc": 2, "Subnet": 4, "InternetGateway": 1, "RouteTable": 1, "RouteTableAssociation": 2,
            "SecurityGroup": 3, "LoadBalancer": 1, "TargetGroup": 1, "Listener": 2, "Cluster": 1, "Service": 1,
            "TaskDefinition": 1, "LogGroup": 1, "Role": 1, "RolePolicy": 1, "RolePolicyAttachment": 1, "Instance": 1,
            "SubnetGroup": 1, "Secret": 1, "SecretVersion": 1,
        },
        findings={
            ("rds-database-without-deletion-protection", "database"),
            ("rds-instance-in-one-zone", "database"),
            ("log-group-with-short-retention", "web"),
            ("workload-with-public-address", "web"),
            ("vpc-without-flow-logs", "web-vpc"),
        },
    ),
    "serverless-api": Expected(
        resources={
            "Table": 1, "Role": 1, "Policy": 1, "RolePolicyAttachment": 2, "Function": 1, "Permission": 2, "RestApi": 1,
            "Deployment": 1, "Stage": 1, "Api": 1,
        },
        findings={
            ("dynamodb-table-without-customer-key", "items"),
            ("dynamodb-table-without-point-in-time-recovery", "items"),
        },
    ),
    "kubernetes-app": Expected(
        resources={
            "Namespace": 1, "ConfigMap": 1, "Secret": 1, "StatefulSet": 1, "Deployment": 1, "Service": 2,
            "ConfigGroup": 1, "NetworkPolicy": 1,
        },
        findings={
            ("secret-value-in-program", "redis"),
            ("kubernetes-image-by-tag", "frontend"),
            ("kubernetes-service-exposed", "frontend"),
            ("kubernetes-workload-open-to-all-pods", "frontend"),
        },
    ),
    "existing-network": Expected(
        resources={"SecurityGroup": 3, "Instance": 2, "Record": 1},
        findings={
            ("ec2-disk-unencrypted", "web"),
            ("security-group-open-on-admin-port", "web"),
            ("workload-with-public-address", "web"),
        },
        # What stands in a network that somebody else made is theirs to say: `invokes:` in lychgate.yaml.
        unknown={
            ("security-group-open-to-the-world", "inside"),
            ("workload-exposed-beside-the-web", "internal"),
            ("workload-with-public-address", "internal"),
        },
        lookups={"getAmi", "getSubnets", "getVpc", "getZone", "SecurityGroup"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def verdicts() -> dict[str, dict[str, Any]]:
    return {}


@pytest.fixture(params=EXPECTED)
def judged(request: pytest.FixtureRequest, verdicts: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], Expected]:
    """The verdict on each program, made once."""
    name = request.param
    if name not in verdicts:
        command = [COMMAND, "check", FOLDER / name, "--format", "json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr[-3000:]
        verdicts[name] = json.loads(done.stdout)
    return verdicts[name], EXPECTED[name]


def _of(verdict: dict[str, Any], outcome: str) -> set[tuple[str, str]]:
    return {(one["rule"], one["name"]) for one in verdict["judgements"] if one["outcome"] == outcome}


def test_every_program_here_is_expected() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/Pulumi.yaml")} == EXPECTED.keys()


def test_it_is_captured_whole(judged: tuple[dict[str, Any], Expected]) -> None:
    verdict, expected = judged
    types = [one["type"] for one in verdict["resources"] if not one["type"].startswith("pulumi:")]
    assert Counter(type_.rpartition(":")[2] for type_ in types) == expected.resources
    assert verdict["not_inspected"] == []
    assert {one["token"].rpartition(":")[2] for one in verdict["lookups"]} == expected.lookups


def test_every_resource_has_its_place(judged: tuple[dict[str, Any], Expected]) -> None:
    verdict, _ = judged
    for one in verdict["resources"]:
        if not one["type"].startswith("pulumi:"):
            assert Path(ROOT / one["location"]["file"]).is_file(), one["urn"]


def test_it_is_judged_as_its_author_would_understand(judged: tuple[dict[str, Any], Expected]) -> None:
    verdict, expected = judged
    assert expected.findings <= _of(verdict, "fail")
    assert _of(verdict, "unknown") == expected.unknown
    assert _of(verdict, "error") == set()
