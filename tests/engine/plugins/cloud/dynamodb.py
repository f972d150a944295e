"""Tables. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"""

from __future__ import annotations

from typing import Any

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, given, pairs, retag
from tests.engine.plugins.wire import Properties

UNITS = {"maxReadRequestUnits": "MaxReadRequestUnits", "maxWriteRequestUnits": "MaxWriteRequestUnits"}
INPUTS = frozenset({
    "name", "billingMode", "hashKey", "rangeKey", "attributes", "globalSecondaryIndexes", "onDemandThroughput",
    "serverSideEncryption", "deletionProtectionEnabled", "pointInTimeRecovery", "ttl",
})  # fmt: skip


def create(cloud: Cloud, inputs: Properties) -> str:
    name = str(inputs["name"])
    indexes = [_index(one) for one in inputs.get("globalSecondaryIndexes") or ()]
    cloud("dynamodb").create_table(
        TableName=name, BillingMode=inputs["billingMode"], KeySchema=_keys(inputs),
        AttributeDefinitions=_attributes(inputs), Tags=pairs(all_tags(inputs)), SSESpecification=_encryption(inputs),
        DeletionProtectionEnabled=bool(inputs.get("deletionProtectionEnabled")), **_units(inputs),
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    )  # fmt: skip
    cloud("dynamodb").get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    _backups(cloud, name, {}, inputs)
    _expire(cloud, name, {}, inputs)
    return name


def _keys(said: Properties) -> list[dict[str, str]]:
    kinds = (("hashKey", "HASH"), ("rangeKey", "RANGE"))
    return [{"AttributeName": said[name], "KeyType": kind} for name, kind in kinds if said.get(name)]


def _attributes(inputs: Properties) -> list[dict[str, str]]:
    return [{"AttributeName": one["name"], "AttributeType": one["type"]} for one in inputs["attributes"]]


def _units(said: Properties) -> dict[str, Any]:
    units = said.get("onDemandThroughput")
    return {"OnDemandThroughput": given(units, UNITS)} if units else {}


def _index(said: Properties) -> dict[str, Any]:
    projection = given(said, {"projectionType": "ProjectionType", "nonKeyAttributes": "NonKeyAttributes"})
    return {"IndexName": said["name"], "KeySchema": _keys(said), "Projection": projection, **_units(said)}


def _encryption(inputs: Properties) -> dict[str, Any]:
    said = inputs.get("serverSideEncryption") or {}
    if not said.get("enabled"):
        return {"Enabled": False}
    return {"Enabled": True, "SSEType": "KMS", **given(said, {"kmsKeyArn": "KMSMasterKeyId"})}


def _backups(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    if differs(old, new, "pointInTimeRecovery"):
        said = new.get("pointInTimeRecovery") or {}
        setting = {"PointInTimeRecoveryEnabled": bool(said.get("enabled"))}
        setting |= given(said, {"recoveryPeriodInDays": "RecoveryPeriodInDays"})
        cloud("dynamodb").update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=setting)


def _expire(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    if differs(old, new, "ttl"):
        said, before = new.get("ttl") or {}, old.get("ttl") or {}
        attribute = said.get("attributeName") or before.get("attributeName")
        setting = {"Enabled": bool(said.get("enabled")), "AttributeName": attribute}
        if setting["Enabled"] or before.get("enabled"):
            cloud("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=setting)


def outputs(cloud: Cloud, name: str, known: Properties) -> Properties:
    found = cloud("dynamodb").describe_table(TableName=name)["Table"]
    stream = {"streamArn": found.get("LatestStreamArn", ""), "streamLabel": found.get("LatestStreamLabel", "")}
    return {"arn": found["TableArn"], "name": name, **stream}


def update(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    change: dict[str, Any] = {}
    if differs(old, new, "billingMode"):
        change["BillingMode"] = new["billingMode"]
    if differs(old, new, "deletionProtectionEnabled"):
        change["DeletionProtectionEnabled"] = bool(new.get("deletionProtectionEnabled"))
    if differs(old, new, "onDemandThroughput"):
        change |= _units(new) or {"OnDemandThroughput": dict.fromkeys(UNITS.values(), -1)}
    if change:
        cloud("dynamodb").update_table(TableName=name, **change)
    if differs(old, new, "serverSideEncryption"):
        cloud("dynamodb").update_table(TableName=name, SSESpecification=_encryption(new))
    _update_indexes(cloud, name, old, new)
    _backups(cloud, name, old, new)
    _expire(cloud, name, old, new)
    arn = outputs(cloud, name, new)["arn"]
    retag(
        old, new,
        lambda tags: cloud("dynamodb").tag_resource(ResourceArn=arn, Tags=pairs(tags)),
        lambda names: cloud("dynamodb").untag_resource(ResourceArn=arn, TagKeys=names),
    )  # fmt: skip


def _update_indexes(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    """One index at a time, as DynamoDB wants it; a changed one is made anew."""
    before, after = ({one["name"]: one for one in each.get("globalSecondaryIndexes") or ()} for each in (old, new))
    changes: list[dict[str, Any]] = [
        {"Delete": {"IndexName": one}} for one in before if before[one] != after.get(one)
    ] + [{"Create": _index(after[one])} for one in after if after[one] != before.get(one)]
    for change in changes:
        attributes = _attributes(new)
        cloud("dynamodb").update_table(
            TableName=name, AttributeDefinitions=attributes, GlobalSecondaryIndexUpdates=[change]
        )


KINDS = {
    "aws:dynamodb/table:Table": Kind(
        INPUTS, create, lambda cloud, name, known: cloud("dynamodb").delete_table(TableName=name), outputs, update,
        frozenset({"hashKey", "rangeKey"}),
    ),
}  # fmt: skip
