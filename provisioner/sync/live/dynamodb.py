"""Tables. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html and
API_DescribeContinuousBackups.html, API_DescribeTimeToLive.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone, attempted
from lychgate.provisioner.sync.live.saying import said, tags, without_none

from lychgate.model.graph import Resource


def table(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A table. Without an answer on its encryption it has AWS's own key."""
    name = said(resource, "name")
    found = calls("dynamodb", "describe_table", TableName=name)["Table"]
    if found.get("TableStatus") == "DELETING":
        raise Gone(name)
    keys = _keys(found["KeySchema"])
    encryption = found.get("SSEDescription") or {}
    encrypted = encryption.get("Status") in ("ENABLED", "ENABLING", "UPDATING")
    live = {
        "name": found["TableName"],
        "billingMode": (found.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED"),
        "hashKey": keys.get("HASH"),
        "rangeKey": keys.get("RANGE"),
        "attributes": [
            {"name": one["AttributeName"], "type": one["AttributeType"]} for one in found["AttributeDefinitions"]
        ],
        "globalSecondaryIndexes": [_index(one) for one in found.get("GlobalSecondaryIndexes", ())],
        "onDemandThroughput": _units(found),
        "serverSideEncryption": {"enabled": encrypted, "kmsKeyArn": encryption.get("KMSMasterKeyArn")},
        "deletionProtectionEnabled": found.get("DeletionProtectionEnabled", False),
    }
    live |= attempted(["pointInTimeRecovery"], lambda: {"pointInTimeRecovery": _backups(calls, name)})
    live |= attempted(["ttl"], lambda: {"ttl": _ttl(calls, name)})
    return live | attempted(["tags"], lambda: {"tags": _tags(calls, found["TableArn"])})


def _keys(schema: list[Mapping[str, str]]) -> dict[str, str]:
    return {one["KeyType"]: one["AttributeName"] for one in schema}


def _index(index: Mapping[str, Any]) -> dict[str, Any]:
    keys = _keys(index["KeySchema"])
    return without_none(
        name=index["IndexName"],
        hashKey=keys.get("HASH"),
        rangeKey=keys.get("RANGE"),
        projectionType=index["Projection"].get("ProjectionType"),
        onDemandThroughput=_units(index),
    )


def _units(found: Mapping[str, Any]) -> dict[str, int] | None:
    """The most request units a second; DynamoDB writes -1 for no limit."""
    units = found.get("OnDemandThroughput")
    if not units:
        return None
    return {
        "maxReadRequestUnits": units.get("MaxReadRequestUnits", -1),
        "maxWriteRequestUnits": units.get("MaxWriteRequestUnits", -1),
    }


def _backups(calls: Calls, name: str) -> dict[str, Any]:
    found = calls("dynamodb", "describe_continuous_backups", TableName=name)["ContinuousBackupsDescription"]
    recovery = found.get("PointInTimeRecoveryDescription") or {}
    return without_none(
        enabled=recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
        recoveryPeriodInDays=recovery.get("RecoveryPeriodInDays"),
    )


def _ttl(calls: Calls, name: str) -> dict[str, Any]:
    found = calls("dynamodb", "describe_time_to_live", TableName=name)["TimeToLiveDescription"]
    enabled = found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    return without_none(enabled=enabled, attributeName=found.get("AttributeName"))


def _tags(calls: Calls, arn: str) -> dict[str, str]:
    return tags(calls.pages("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=arn))


READERS = {"aws:dynamodb/table:Table": table}
