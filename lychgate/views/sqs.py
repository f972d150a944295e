"""Amazon SQS queues.

A queue without a key is encrypted with SQS's own one (SSE-SQS) since October 2022, unless that is switched off
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html); messages
are kept for four days (API_SetQueueAttributes.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key

QUEUES = ("aws:sqs/queue:Queue",)
REDRIVE_POLICIES = ("aws:sqs/redrivePolicy:RedrivePolicy",)


# Type -> the block and the property in it that name a dead-letter queue.
_SENDERS = {
    "aws:lambda/function:Function": ("deadLetterConfig", "targetArn"),
    "aws:cloudwatch/eventTarget:EventTarget": ("deadLetterConfig", "arn"),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": ("destinationConfig.onFailure", "destination"),
    "aws:lambda/eventSourceMapping:EventSourceMapping": ("destinationConfig.onFailure", "destinationArn"),
    "aws:scheduler/schedule:Schedule": ("target.deadLetterConfig", "arn"),
}
_SUBSCRIPTIONS = ("aws:sns/topicSubscription:TopicSubscription",)


class Queue(View):
    """A queue."""

    types = QUEUES
    __slots__ = ()

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that messages are encrypted with; None where none is named."""
        return self.once("key", lambda: named_key(self.graph, self.resource, self.read, "kmsMasterKeyId"))

    @property
    def encrypted(self) -> bool:
        """Whether messages are encrypted at all: with a KMS key, or with SQS's own one."""
        return self.key is not None or self.read.flag("sqsManagedSseEnabled", True)

    @property
    def retention_seconds(self) -> float:
        """How long a message is kept."""
        return self.read.number("messageRetentionSeconds") or 345_600

    @property
    def redrive(self) -> Any:
        """The redrive policy document (`deadLetterTargetArn`, `maxReceiveCount`); None where there is none."""
        inline = self.read.document("redrivePolicy")
        if inline is not None:
            return inline
        separate: list[Resource] = companions(self.graph, REDRIVE_POLICIES, "queueUrl", *QUEUES).of(self.resource)
        return separate[0].read.document("redrivePolicy") if separate else None

    @property
    def dead_letter(self) -> bool:
        """Whether others send here what they could not process: queues, functions, subscriptions, event rules."""
        found: set[str] = self.graph.once("dead-letter queues", lambda: set(_dead_letter_queues(self.graph)))
        return self.resource.urn in found

    @property
    def fifo(self) -> bool:
        """Whether the queue keeps the order of messages."""
        return self.read.flag("fifoQueue")


def _dead_letter_queues(graph: Graph) -> Iterator[str]:
    for type_, (path, name) in _SENDERS.items():
        for resource in graph.of_type(type_):
            yield from _named(graph, resource, path, partial(_inside, resource, path, name))
    for queue in Queue.all(graph):
        yield from _named(graph, queue.resource, "redrivePolicy", partial(_redriven, queue))
    for resource in graph.of_type(*_SUBSCRIPTIONS):
        yield from _named(graph, resource, "redrivePolicy", partial(_undelivered, resource))


def _named(graph: Graph, resource: Resource, path: str, read: Callable[[], Any]) -> Iterator[str]:
    """The queue that a property names, by value, else (unknown in a preview) by what the property depends on."""
    try:
        queue = graph.resolve(read(), *QUEUES)
    except UnknownRead:
        used = resource.property_dependencies.get(path.partition(".")[0], ())
        yield from (urn for urn in used if urn in graph.by_urn and graph.by_urn[urn].type in QUEUES)
    else:
        if queue is not None:
            yield queue.urn


def _redriven(queue: Queue) -> Any:
    return (queue.redrive or {}).get("deadLetterTargetArn")


def _undelivered(subscription: Resource) -> Any:
    return (subscription.read.document("redrivePolicy") or {}).get("deadLetterTargetArn")


def _inside(resource: Resource, path: str, name: str) -> Any:
    block = resource.read
    for part in path.split("."):
        block = block.block(part)
    return block.value(name)
