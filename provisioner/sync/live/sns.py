"""Topics and what they deliver to. https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html and
API_GetSubscriptionAttributes.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone, attempted
from lychgate.provisioner.sync.live.saying import ident, said, tags

from lychgate.model.graph import Resource

SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


def topic(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A topic."""
    arn = ident(resource)
    found = calls("sns", "get_topic_attributes", TopicArn=arn)["Attributes"]
    live = {
        "name": arn.rpartition(":")[2],
        "displayName": found.get("DisplayName") or None,
        "kmsMasterKeyId": found.get("KmsMasterKeyId") or None,
        "fifoTopic": found.get("FifoTopic") == "true",
        "contentBasedDeduplication": found.get("ContentBasedDeduplication") == "true",
    }
    return live | attempted(
        ["tags"], lambda: {"tags": tags(calls("sns", "list_tags_for_resource", ResourceArn=arn)["Tags"])}
    )


def policy(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A topic's policy."""
    arn = said(resource, "arn")
    return {"arn": arn, "policy": calls("sns", "get_topic_attributes", TopicArn=arn)["Attributes"].get("Policy")}


def subscription(calls: Calls, resource: Resource) -> dict[str, Any]:
    """What a topic delivers to."""
    found = calls("sns", "get_subscription_attributes", SubscriptionArn=ident(resource))["Attributes"]
    if not found:
        raise Gone(ident(resource))
    return _subscription(found)


def _subscription(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "topic": found["TopicArn"],
        "protocol": found["Protocol"],
        "endpoint": found["Endpoint"],
        "rawMessageDelivery": found.get("RawMessageDelivery") == "true",
        "filterPolicy": found.get("FilterPolicy"),
        "redrivePolicy": found.get("RedrivePolicy"),
    }


def subscriptions(calls: Calls, resource: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Everything that a topic delivers to. One that nobody has confirmed yet receives nothing, and has no ARN."""
    for one in calls.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=ident(resource)):
        if one["SubscriptionArn"].startswith("arn:"):
            live = {"topic": one["TopicArn"], "protocol": one["Protocol"], "endpoint": one["Endpoint"]}
            yield SUBSCRIPTION, one["SubscriptionArn"], live


READERS = {
    "aws:sns/topic:Topic": topic,
    "aws:sns/topicPolicy:TopicPolicy": policy,
    SUBSCRIPTION: subscription,
}
PARTS = {"aws:sns/topic:Topic": subscriptions}
