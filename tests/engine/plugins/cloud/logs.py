"""Log groups. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"""

from __future__ import annotations

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, first, given, retag
from tests.engine.plugins.wire import Properties

MADE_WITH = {"name": "logGroupName", "kmsKeyId": "kmsKeyId", "logGroupClass": "logGroupClass"}


def create(cloud: Cloud, inputs: Properties) -> str:
    cloud("logs").create_log_group(tags=all_tags(inputs), **given(inputs, MADE_WITH))
    _retain(cloud, inputs["name"], {}, inputs)
    return str(inputs["name"])


def _retain(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    if days := new.get("retentionInDays"):
        cloud("logs").put_retention_policy(logGroupName=name, retentionInDays=days)
    elif old.get("retentionInDays"):
        cloud("logs").delete_retention_policy(logGroupName=name)


def outputs(cloud: Cloud, name: str, known: Properties) -> Properties | None:
    pages = cloud("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    found = first(one for page in pages for one in page["logGroups"] if one["logGroupName"] == name)
    if found is None:
        return None
    named = found.get("logGroupClass", "STANDARD")
    return {"arn": found["arn"].removesuffix(":*"), "name": name, "logGroupClass": named}


def update(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    logs = cloud("logs")
    if differs(old, new, "retentionInDays"):
        _retain(cloud, name, old, new)
    if differs(old, new, "kmsKeyId"):
        if key := new.get("kmsKeyId"):
            logs.associate_kms_key(logGroupName=name, kmsKeyId=key)
        else:
            logs.disassociate_kms_key(logGroupName=name)
    arn = (outputs(cloud, name, new) or {}).get("arn")
    retag(
        old, new,
        lambda tags: logs.tag_resource(resourceArn=arn, tags=tags),
        lambda names: logs.untag_resource(resourceArn=arn, tagKeys=names),
    )  # fmt: skip


KINDS = {
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        frozenset({*MADE_WITH, "retentionInDays", "skipDestroy"}), create,
        lambda cloud, name, known: cloud("logs").delete_log_group(logGroupName=name), outputs, update,
        frozenset({"logGroupClass"}),
    ),
}  # fmt: skip
