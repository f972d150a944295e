"""Queues, each with a dead-letter queue of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component, Use, document, only_with_tls
from lychgate.provisioner.components.checks import known_mode, never_by_tenant, shared_tags, short_enough, within
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.key import Key

from lychgate.reasoning.uses import statements as allowed

DAY = 24 * 3600


class Queue(Component):
    """A queue; what was received `max_receives` times in vain is set aside in a second one, for 14 days.

    A message is kept for `retention_days` (1 to 14); a consumer has `visibility_seconds` (0 to 43,200) for it.
    `publishers` are the ARNs of the topics that may send (`Topic.arn_of`). A FIFO queue tells equal messages by their
    content. `shared_by` says that several tenants' messages are in it: then only what serves all of them may use it.

    Raises ValueError for numbers and names that SQS does not take.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """

    kind: ClassVar[str] = "Queue"
    MODES: ClassVar[tuple[str, ...]] = ("send", "receive", "use")

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        key: Key,
        fifo: bool = False,
        retention_days: int = 4,
        visibility_seconds: int = 60,
        max_receives: int = 5,
        publishers: Sequence[str] = (),
        shared_by: tuple[str, ...] = (),
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        within("the days that messages are kept", retention_days, 1, 14)
        within("the seconds that a consumer has", visibility_seconds, 0, 43_200)
        within("the number of receives", max_receives, 1, 1000)
        ending = ".fifo" if fifo else ""
        failed_name = short_enough("queue", f"{context.named(name)}-failed{ending}", 80)
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.name, self.key, self.fifo, self.publishers = name, key, fifo, tuple(publishers)
        self._tags = shared_tags(context.tags(), shared_by)
        self.failed_arn = self._arn(failed_name)
        self.arn = self._arn(context.named(name) + ending)
        self.failed = self._queue(f"{name}-failed", failed_name, retention_days=14)
        self.queue = self._queue(
            name,
            context.named(name) + ending,
            retention_days=retention_days,
            visibility_timeout_seconds=visibility_seconds,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": self.failed.arn, "maxReceiveCount": max_receives}
            ),
        )
        self.policy = self._policies(name)
        self.register_outputs({"url": self.queue.url})

    def _arn(self, physical: str) -> str:
        return f"arn:aws:sqs:{self.context.region}:{self.context.account}:{physical}"

    def _queue(self, name: str, physical: str, *, retention_days: int, **more: Any) -> aws.sqs.Queue:
        if self.fifo:
            more |= {"fifo_queue": True, "content_based_deduplication": True}
        return aws.sqs.Queue(
            name,
            name=physical,
            kms_master_key_id=self.key.arn,
            message_retention_seconds=retention_days * DAY,
            tags=self._tags,
            opts=self.child,
            **more,
        )

    def _policies(self, name: str) -> aws.sqs.QueuePolicy:
        """TLS only, for both; topics may send to the one, and only the one sets aside in the other."""
        aws.sqs.QueuePolicy(
            f"{name}-failed",
            queue_url=self.failed.url,
            policy=document([only_with_tls("sqs", self.failed_arn)]),
            opts=self.child,
        )
        aws.sqs.RedriveAllowPolicy(
            f"{name}-failed",
            queue_url=self.failed.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [self.arn]}
            ),
            opts=self.child,
        )
        statements = [only_with_tls("sqs", self.arn)]
        if self.publishers:
            statements.append(
                {
                    "Sid": "FromTopics",
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": self.arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": list(self.publishers)}},
                }
            )
        return aws.sqs.QueuePolicy(name, queue_url=self.queue.url, policy=document(statements), opts=self.child)

    def use(self, mode: str, *, tenant: str | None = None) -> Use:
        """What a workload gets that sends messages, receives them, or both (use); QUEUE_URL is as SQS returns it.

        Raises ValueError for another mode, and for any tenant.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        """
        known_mode("queue", mode, self.MODES)
        never_by_tenant("queue", self.name, tenant)
        statements = allowed("queue", mode, {"itself": self.arn}, key=self.key.arn, region=self.context.region)
        return Use(tuple(statements), {"QUEUE_URL": self.queue.url})
