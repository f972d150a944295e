"""Secrets, without values: the platform makes none. https://docs.aws.amazon.com/secretsmanager/latest/apireference/"""

from __future__ import annotations

from typing import Any

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, given, pairs, retag
from tests.engine.plugins.wire import Properties

MADE_WITH = {"name": "Name", "description": "Description", "kmsKeyId": "KmsKeyId"}
RULES = {
    "automaticallyAfterDays": "AutomaticallyAfterDays", "duration": "Duration",
    "scheduleExpression": "ScheduleExpression",
}  # fmt: skip


def create(cloud: Cloud, inputs: Properties) -> str:
    made = cloud("secretsmanager").create_secret(Tags=pairs(all_tags(inputs)), **given(inputs, MADE_WITH))
    return str(made["ARN"])


def _described(cloud: Cloud, arn: str) -> dict[str, Any] | None:
    found: dict[str, Any] = cloud("secretsmanager").describe_secret(SecretId=arn)
    return None if found.get("DeletedDate") else found


def outputs(cloud: Cloud, arn: str, known: Properties) -> Properties | None:
    found = _described(cloud, arn)
    return found and {"arn": found["ARN"], "name": found["Name"]}


def update(cloud: Cloud, arn: str, old: Properties, new: Properties) -> None:
    if differs(old, new, "description", "kmsKeyId"):
        key = new.get("kmsKeyId") or "alias/aws/secretsmanager"
        description = new.get("description", "")
        cloud("secretsmanager").update_secret(SecretId=arn, Description=description, KmsKeyId=key)
    retag(
        old, new,
        lambda tags: cloud("secretsmanager").tag_resource(SecretId=arn, Tags=pairs(tags)),
        lambda names: cloud("secretsmanager").untag_resource(SecretId=arn, TagKeys=names),
    )  # fmt: skip


def delete(cloud: Cloud, arn: str, known: Properties) -> None:
    """A secret goes after some days, with 0 at once; one that goes already is gone."""
    if _described(cloud, arn) is None:
        return
    days = known.get("recoveryWindowInDays", 30)
    how = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
    cloud("secretsmanager").delete_secret(SecretId=arn, **how)


def rotate(cloud: Cloud, inputs: Properties) -> str:
    arn = str(inputs["secretId"])
    rules = given(inputs["rotationRules"], RULES)
    cloud("secretsmanager").rotate_secret(
        SecretId=arn, RotationRules=rules, RotateImmediately=inputs.get("rotateImmediately", True),
        **given(inputs, {"rotationLambdaArn": "RotationLambdaARN"}),
    )  # fmt: skip
    return arn


def rotation(cloud: Cloud, arn: str, known: Properties) -> Properties | None:
    found = _described(cloud, arn)
    return found and {
        "rotationEnabled": bool(found.get("RotationEnabled"))
    }  # the provider keeps one that was cancelled


def cancel(cloud: Cloud, arn: str, known: Properties) -> None:
    """A secret that goes already is not rotated any more."""
    if _described(cloud, arn) is not None:
        cloud("secretsmanager").cancel_rotate_secret(SecretId=arn)


KINDS = {
    "aws:secretsmanager/secret:Secret": Kind(
        frozenset({*MADE_WITH, "recoveryWindowInDays", "forceOverwriteReplicaSecret"}), create, delete, outputs, update
    ),
    "aws:secretsmanager/secretRotation:SecretRotation": Kind(
        frozenset({"secretId", "rotationLambdaArn", "rotationRules", "rotateImmediately"}), rotate, cancel, rotation,
        lambda cloud, arn, old, new: rotate(cloud, new), frozenset({"secretId"}),
    ),
}  # fmt: skip
