"""Keys. https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"""

from __future__ import annotations

from botocore.exceptions import ClientError

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, first, given, pairs, retag
from tests.engine.plugins.wire import Properties

MADE_WITH = {
    "description": "Description", "keyUsage": "KeyUsage", "customerMasterKeySpec": "KeySpec", "policy": "Policy",
    "multiRegion": "MultiRegion", "bypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck",
}  # fmt: skip
GOING = ("PendingDeletion", "PendingReplicaDeletion")


def create(cloud: Cloud, inputs: Properties) -> str:
    tags = pairs(all_tags(inputs), "TagKey", "TagValue")
    ident = str(cloud("kms").create_key(Tags=tags, **given(inputs, MADE_WITH))["KeyMetadata"]["KeyId"])
    _rotate(cloud, ident, {}, inputs)
    _enable(cloud, ident, {"isEnabled": True}, inputs)
    return ident


def _rotate(cloud: Cloud, ident: str, old: Properties, new: Properties) -> None:
    if not differs(old, new, "enableKeyRotation", "rotationPeriodInDays"):
        return
    if new.get("enableKeyRotation"):
        period = given(new, {"rotationPeriodInDays": "RotationPeriodInDays"})
        cloud("kms").enable_key_rotation(KeyId=ident, **period)
    elif old.get("enableKeyRotation"):
        cloud("kms").disable_key_rotation(KeyId=ident)


def _enable(cloud: Cloud, ident: str, old: Properties, new: Properties) -> None:
    if old.get("isEnabled", True) != new.get("isEnabled", True):
        (cloud("kms").enable_key if new.get("isEnabled", True) else cloud("kms").disable_key)(KeyId=ident)


def outputs(cloud: Cloud, ident: str, known: Properties) -> Properties | None:
    found = cloud("kms").describe_key(KeyId=ident)["KeyMetadata"]
    if found["KeyState"] in GOING:
        return None
    policy = cloud("kms").get_key_policy(KeyId=ident, PolicyName="default")["Policy"]
    answered = {
        "arn": found["Arn"],
        "keyId": found["KeyId"],
        "multiRegion": found.get("MultiRegion", False),
        "policy": policy,
    }
    return {**answered, "description": found.get("Description", "")}


def update(cloud: Cloud, ident: str, old: Properties, new: Properties) -> None:
    if differs(old, new, "description"):
        cloud("kms").update_key_description(KeyId=ident, Description=new.get("description", ""))
    if differs(old, new, "policy") and new.get("policy"):
        cloud("kms").put_key_policy(KeyId=ident, PolicyName="default", Policy=new["policy"])
    _enable(cloud, ident, old, new)
    _rotate(cloud, ident, old, new)
    retag(
        old, new,
        lambda tags: cloud("kms").tag_resource(KeyId=ident, Tags=pairs(tags, "TagKey", "TagValue")),
        lambda names: cloud("kms").untag_resource(KeyId=ident, TagKeys=names),
    )  # fmt: skip


def delete(cloud: Cloud, ident: str, known: Properties) -> None:
    """A key goes after some days; one that goes already is gone."""
    try:
        cloud("kms").schedule_key_deletion(KeyId=ident, PendingWindowInDays=known.get("deletionWindowInDays") or 30)
    except ClientError as error:
        if error.response["Error"]["Code"] != "KMSInvalidStateException":
            raise


def create_alias(cloud: Cloud, inputs: Properties) -> str:
    cloud("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
    return str(inputs["name"])


def alias(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    pages = cloud("kms").get_paginator("list_aliases").paginate()
    found = first(one for page in pages for one in page["Aliases"] if one["AliasName"] == name)
    if found is None:
        return None
    arn = found["AliasArn"]
    return {"arn": arn, "targetKeyArn": arn.replace(f":{name}", f":key/{found['TargetKeyId']}")}


KINDS = {
    "aws:kms/key:Key": Kind(
        frozenset({*MADE_WITH, "isEnabled", "enableKeyRotation", "rotationPeriodInDays", "deletionWindowInDays"}),
        create, delete, outputs, update, frozenset({"keyUsage", "customerMasterKeySpec", "multiRegion"}),
    ),
    "aws:kms/alias:Alias": Kind(
        frozenset({"name", "targetKeyId"}), create_alias,
        lambda cloud, name, known: cloud("kms").delete_alias(AliasName=name), alias,
        lambda cloud, name, old, new: cloud("kms").update_alias(AliasName=name, TargetKeyId=new["targetKeyId"]),
    ),
}  # fmt: skip
