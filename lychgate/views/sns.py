"""Amazon SNS topics.

Messages are stored on encrypted disks; each message itself is encrypted only where a KMS key is named
(https://docs.aws.amazon.com/sns/latest/dg/sns-data-encryption.html, sns-server-side-encryption.html).
"""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key

TOPICS = ("aws:sns/topic:Topic",)
SUBSCRIPTIONS = ("aws:sns/topicSubscription:TopicSubscription",)


class Topic(View):
    """A topic."""

    types = TOPICS
    __slots__ = ()

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that messages are encrypted with; None where none is named: they are not encrypted then."""
        return self.once("key", lambda: named_key(self.graph, self.resource, self.read, "kmsMasterKeyId"))

    @property
    def subscriptions(self) -> list[Resource]:
        """The subscriptions of the topic."""
        return companions(self.graph, SUBSCRIPTIONS, "topic", *TOPICS).of(self.resource)


class Subscription(View):
    """A subscription to a topic."""

    types = SUBSCRIPTIONS
    __slots__ = ()

    @property
    def protocol(self) -> str:
        """`sqs`, `lambda`, `https`, `http`, `email`, ..."""
        return self.read.text("protocol") or ""
