"""Queues. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"""

from __future__ import annotations

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, given, retag, texts
from tests.engine.plugins.wire import Properties

ATTRIBUTES = {
    "kmsMasterKeyId": "KmsMasterKeyId", "redrivePolicy": "RedrivePolicy", "policy": "Policy",
    "messageRetentionSeconds": "MessageRetentionPeriod", "visibilityTimeoutSeconds": "VisibilityTimeout",
    "delaySeconds": "DelaySeconds", "maxMessageSize": "MaximumMessageSize",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds", "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}  # fmt: skip
FIFO = {"fifoQueue": "FifoQueue", "contentBasedDeduplication": "ContentBasedDeduplication"}  # not of other queues
EMPTY = {"KmsMasterKeyId": "", "RedrivePolicy": "", "Policy": ""}  # how a text is taken away


def _attributes(inputs: Properties) -> dict[str, str]:
    return dict(texts(given(inputs, {**ATTRIBUTES, **(FIFO if inputs.get("fifoQueue") else {})})))


def create(cloud: Cloud, inputs: Properties) -> str:
    tags = all_tags(inputs)
    made = cloud("sqs").create_queue(QueueName=inputs["name"], Attributes=_attributes(inputs), tags=tags)
    return str(made["QueueUrl"])


def outputs(cloud: Cloud, url: str, known: Properties) -> Properties:
    found = cloud("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    managed = found.get("SqsManagedSseEnabled") == "true" and not found.get("KmsMasterKeyId")
    name = found["QueueArn"].rpartition(":")[2]
    return {"arn": found["QueueArn"], "url": url, "name": name, "sqsManagedSseEnabled": managed}


def update(cloud: Cloud, url: str, old: Properties, new: Properties) -> None:
    before, after = _attributes(old), _attributes(new)
    changed = {name: text for name, text in after.items() if before.get(name) != text and name != "FifoQueue"}
    changed |= {name: EMPTY[name] for name in before.keys() - after.keys() if name in EMPTY}
    if changed:
        cloud("sqs").set_queue_attributes(QueueUrl=url, Attributes=changed)
    retag(
        old, new,
        lambda tags: cloud("sqs").tag_queue(QueueUrl=url, Tags=tags),
        lambda names: cloud("sqs").untag_queue(QueueUrl=url, TagKeys=names),
    )  # fmt: skip


def _document(name: str, attribute: str) -> Kind:
    """An attribute of a queue that is a resource of its own."""

    def put(cloud: Cloud, inputs: Properties) -> str:
        cloud("sqs").set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes={attribute: inputs[name]})
        return str(inputs["queueUrl"])

    def delete(cloud: Cloud, url: str, known: Properties) -> None:
        cloud("sqs").set_queue_attributes(QueueUrl=url, Attributes={attribute: ""})

    def there(cloud: Cloud, url: str, known: Properties) -> Properties | None:
        found = cloud("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return {} if found.get(attribute) else None

    return Kind(
        frozenset({"queueUrl", name}), put, delete, there, lambda cloud, url, old, new: put(cloud, new),
        frozenset({"queueUrl"}),
    )  # fmt: skip


KINDS = {
    "aws:sqs/queue:Queue": Kind(
        frozenset({"name", *ATTRIBUTES, *FIFO}), create,
        lambda cloud, url, known: cloud("sqs").delete_queue(QueueUrl=url), outputs, update, frozenset({"fifoQueue"}),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": _document("policy", "Policy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _document("redriveAllowPolicy", "RedriveAllowPolicy"),
}  # fmt: skip
