"""Secrets, never their values. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone
from lychgate.provisioner.sync.live.saying import ident, said, tags, without_none

from lychgate.model.graph import Resource

POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"


def _described(calls: Calls, secret: str) -> dict[str, Any]:
    found: dict[str, Any] = calls("secretsmanager", "describe_secret", SecretId=secret)
    if found.get("DeletedDate"):
        raise Gone(f"{secret} waits for its deletion")
    return found


def secret(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A secret. Without a key of its own it has AWS's."""
    found = _described(calls, ident(resource))
    return {
        "name": found["Name"],
        "description": found.get("Description", ""),
        "kmsKeyId": found.get("KmsKeyId"),
        "tags": tags(found.get("Tags")),
    }


def rotation(calls: Calls, resource: Resource) -> dict[str, Any]:
    """How a secret is changed."""
    found = _described(calls, said(resource, "secretId"))
    if not found.get("RotationEnabled"):
        raise Gone(f"{found['Name']} is not rotated")
    rules = found.get("RotationRules") or {}
    return {
        "secretId": found["ARN"],
        "rotationLambdaArn": found.get("RotationLambdaARN"),
        "rotationRules": without_none(
            automaticallyAfterDays=rules.get("AutomaticallyAfterDays"),
            duration=rules.get("Duration"),
            scheduleExpression=rules.get("ScheduleExpression"),
        ),
    }


def policies(calls: Calls, resource: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Who else may read a secret."""
    arn = ident(resource)
    found = calls("secretsmanager", "get_resource_policy", SecretId=arn).get("ResourcePolicy")
    if found:
        yield POLICY, arn, {"secretArn": arn, "policy": found}


READERS = {
    "aws:secretsmanager/secret:Secret": secret,
    "aws:secretsmanager/secretRotation:SecretRotation": rotation,
}
PARTS = {"aws:secretsmanager/secret:Secret": policies}
