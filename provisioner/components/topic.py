"""Topics, and the queues that they deliver to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component, Use, document, only_with_tls
from lychgate.provisioner.components.checks import known_mode, never_by_tenant, shared_tags, short_enough
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.key import Key
from lychgate.provisioner.components.queue import Queue

from lychgate.reasoning.uses import statements as allowed


class Topic(Component):
    """A topic that delivers what is published, as it is, to `subscribers`: queues by a name each.

    A queue's policy names the topics that may send to it before they exist:
    `Queue("settlement", context, key=key, publishers=[Topic.arn_of(context, "paid")])`. The key must let SNS use it:
    `Key(services=("sns",))`. `shared_by` says that several tenants' messages pass it: then only what serves all of
    them may publish.

    Raises ValueError where a subscriber does not let the topic in, or is FIFO and the topic is not.

    https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
    https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-delivery.html
    """

    kind: ClassVar[str] = "Topic"
    MODES: ClassVar[tuple[str, ...]] = ("publish", "use")

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        key: Key,
        fifo: bool = False,
        subscribers: Mapping[str, Queue] | None = None,
        shared_by: tuple[str, ...] = (),
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.arn = self.arn_of(context, name, fifo=fifo)
        for queue in (subscribers or {}).values():
            if self.arn not in queue.publishers:
                raise ValueError(f"the queue {queue.name} does not let the topic {name} in: name it in its publishers")
            if queue.fifo and not fifo:
                raise ValueError(f"the queue {queue.name} is FIFO: a topic that is not cannot deliver to it")
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.name, self.key = name, key
        self.topic = aws.sns.Topic(
            name,
            name=short_enough("topic", self.arn.rpartition(":")[2], 256),
            kms_master_key_id=key.arn,
            fifo_topic=fifo or None,
            content_based_deduplication=fifo or None,
            tags=shared_tags(context.tags(), shared_by),
            opts=self.child,
        )
        # SNS takes no wildcard for its actions in a topic's policy.
        tls = {**only_with_tls("sns", self.arn), "Action": "sns:Publish"}
        aws.sns.TopicPolicy(name, arn=self.topic.arn, policy=document([tls]), opts=self.child)
        for subscriber, queue in (subscribers or {}).items():
            aws.sns.TopicSubscription(
                f"{name}-{subscriber}",
                topic=self.topic.arn,
                protocol="sqs",
                endpoint=queue.queue.arn,
                raw_message_delivery=True,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[queue.policy]),
            )
        self.register_outputs({"arn": self.topic.arn})

    @staticmethod
    def arn_of(context: Context, name: str, *, fifo: bool = False) -> str:
        """The ARN of the topic of this name, before there is one."""
        return f"arn:aws:sns:{context.region}:{context.account}:{context.named(name)}{'.fifo' if fifo else ''}"

    def use(self, mode: str, *, tenant: str | None = None) -> Use:
        """What a workload gets that publishes (publish and use are the same); TOPIC_ARN is the topic.

        Raises ValueError for another mode, and for any tenant.

        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        """
        known_mode("topic", mode, self.MODES)
        never_by_tenant("topic", self.name, tenant)
        statements = allowed("topic", mode, {"itself": self.arn}, key=self.key.arn, region=self.context.region)
        return Use(tuple(statements), {"TOPIC_ARN": self.arn})
