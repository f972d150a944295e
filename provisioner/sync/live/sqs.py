"""Queues. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""

from __future__ import annotations

from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone, attempted
from lychgate.provisioner.sync.live.saying import ident, own, said

from lychgate.model.graph import Resource

# Property -> attribute of the queue.
TEXTS = {"kmsMasterKeyId": "KmsMasterKeyId", "redrivePolicy": "RedrivePolicy"}
NUMBERS = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "delaySeconds": "DelaySeconds",
    "maxMessageSize": "MaximumMessageSize",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
}
FLAGS = {
    "fifoQueue": "FifoQueue",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}


def _attributes(calls: Calls, url: str) -> dict[str, str]:
    found: dict[str, str] = calls("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found


def queue(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A queue."""
    url = ident(resource)
    found = _attributes(calls, url)
    live: dict[str, Any] = {"name": found["QueueArn"].rpartition(":")[2]}
    live |= {name: found.get(attribute) or None for name, attribute in TEXTS.items()}
    live |= {name: int(found[attribute]) if attribute in found else None for name, attribute in NUMBERS.items()}
    live |= {name: found.get(attribute) == "true" for name, attribute in FLAGS.items()}
    return live | attempted(["tags"], lambda: {"tags": own(calls("sqs", "list_queue_tags", QueueUrl=url).get("Tags"))})


def policy(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A queue's policy."""
    return _document(calls, resource, "policy", "Policy")


def redrive_allow_policy(calls: Calls, resource: Resource) -> dict[str, Any]:
    """Which queues may set messages aside here."""
    return _document(calls, resource, "redriveAllowPolicy", "RedriveAllowPolicy")


def _document(calls: Calls, resource: Resource, name: str, attribute: str) -> dict[str, Any]:
    url = said(resource, "queueUrl")
    found = _attributes(calls, url).get(attribute)
    if not found:
        raise Gone(f"{url} has no {attribute}")
    return {"queueUrl": url, name: found}


READERS = {
    "aws:sqs/queue:Queue": queue,
    "aws:sqs/queuePolicy:QueuePolicy": policy,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": redrive_allow_policy,
}
