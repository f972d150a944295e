"""Log groups. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html"""

from __future__ import annotations

from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone, attempted
from lychgate.provisioner.sync.live.saying import ident, own

from lychgate.model.graph import Resource


def log_group(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A log group. One without an end for its events has no retention: Pulumi's 0."""
    name = ident(resource)
    groups = calls.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    found = next((one for one in groups if one["logGroupName"] == name), None)
    if found is None:
        raise Gone(name)
    live = {
        "name": name,
        "retentionInDays": found.get("retentionInDays", 0),
        "kmsKeyId": found.get("kmsKeyId"),
        "logGroupClass": found.get("logGroupClass", "STANDARD"),
    }
    arn = found["arn"].removesuffix(":*")
    return live | attempted(
        ["tags"], lambda: {"tags": own(calls("logs", "list_tags_for_resource", resourceArn=arn).get("tags"))}
    )


READERS = {"aws:cloudwatch/logGroup:LogGroup": log_group}
