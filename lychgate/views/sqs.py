"""Amazon SQS queues.

A queue without a key is encrypted with SQS's own one (SSE-SQS) since October 2022, unless that is switched off
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-sqs-sse-queue.html); messages
are kept for four days (API_SetQueueAttributes.html).
"""

from __future__ import annotations

from typing import Any

from lychgate.model.graph import Resource
from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key

QUEUES = ("aws:sqs/queue:Queue",)
REDRIVE_POLICIES = ("aws:sqs/redrivePolicy:RedrivePolicy",)


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
    def fifo(self) -> bool:
        """Whether the queue keeps the order of messages."""
        return self.read.flag("fifoQueue")
