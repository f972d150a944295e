"""Topics and what they deliver to. https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"""

from __future__ import annotations

import json

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, given, pairs, retag, texts
from tests.engine.plugins.wire import Properties

ATTRIBUTES = {"kmsMasterKeyId": "KmsMasterKeyId", "displayName": "DisplayName", "policy": "Policy"}
FIFO = {"fifoTopic": "FifoTopic", "contentBasedDeduplication": "ContentBasedDeduplication"}
DELIVERY = {
    "rawMessageDelivery": "RawMessageDelivery", "filterPolicy": "FilterPolicy", "redrivePolicy": "RedrivePolicy",
    "filterPolicyScope": "FilterPolicyScope",
}  # fmt: skip


def _attributes(inputs: Properties) -> dict[str, str]:
    return dict(texts(given(inputs, {**ATTRIBUTES, **(FIFO if inputs.get("fifoTopic") else {})})))


def create(cloud: Cloud, inputs: Properties) -> str:
    tags = pairs(all_tags(inputs))
    made = cloud("sns").create_topic(Name=inputs["name"], Attributes=_attributes(inputs), Tags=tags)
    return str(made["TopicArn"])


def outputs(cloud: Cloud, arn: str, known: Properties) -> Properties:
    found = cloud("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    name = arn.rpartition(":")[2]
    return {"arn": arn, "name": name, "owner": found["Owner"], "policy": found["Policy"], "beginningArchiveTime": ""}


def update(cloud: Cloud, arn: str, old: Properties, new: Properties) -> None:
    before, after = _attributes(old), _attributes(new)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            text = after.get(name, "")
            cloud("sns").set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=text)
    retag(
        old, new,
        lambda tags: cloud("sns").tag_resource(ResourceArn=arn, Tags=pairs(tags)),
        lambda names: cloud("sns").untag_resource(ResourceArn=arn, TagKeys=names),
    )  # fmt: skip


def put_policy(cloud: Cloud, inputs: Properties) -> str:
    arn = str(inputs["arn"])
    cloud("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=inputs["policy"])
    return arn


def policy_outputs(cloud: Cloud, arn: str, known: Properties) -> Properties:
    return {"owner": cloud("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Owner"]}


def default_policy(cloud: Cloud, arn: str, known: Properties) -> None:
    """The policy that SNS gives a topic by itself: the provider puts it back, as a topic cannot be without one."""
    owner = arn.split(":")[4]
    actions = ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic",
               "Subscribe", "ListSubscriptionsByTopic", "Publish")  # fmt: skip
    statement = {
        "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in actions], "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": owner}},
    }  # fmt: skip
    document = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    put_policy(cloud, {"arn": arn, "policy": json.dumps(document)})


def subscribe(cloud: Cloud, inputs: Properties) -> str:
    made = cloud("sns").subscribe(
        TopicArn=inputs["topic"], Protocol=inputs["protocol"], Endpoint=inputs["endpoint"],
        Attributes=dict(texts(given(inputs, DELIVERY))), ReturnSubscriptionArn=True,
    )  # fmt: skip
    return str(made["SubscriptionArn"])


def subscription(cloud: Cloud, arn: str, known: Properties) -> Properties | None:
    found = cloud("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    if not found:
        return None
    flags = {
        "pendingConfirmation": "PendingConfirmation",
        "confirmationWasAuthenticated": "ConfirmationWasAuthenticated",
    }
    answered = {ours: found.get(theirs) == "true" for ours, theirs in flags.items()}
    return {"arn": arn, "ownerId": found.get("Owner", ""), **answered}


def change_subscription(cloud: Cloud, arn: str, old: Properties, new: Properties) -> None:
    for ours, theirs in DELIVERY.items():
        if differs(old, new, ours):
            text = dict(texts(given(new, {ours: theirs}))).get(theirs, "false" if ours.startswith("raw") else "")
            cloud("sns").set_subscription_attributes(SubscriptionArn=arn, AttributeName=theirs, AttributeValue=text)


KINDS = {
    "aws:sns/topic:Topic": Kind(
        frozenset({"name", *ATTRIBUTES, *FIFO}), create,
        lambda cloud, arn, known: cloud("sns").delete_topic(TopicArn=arn), outputs, update, frozenset({"fifoTopic"}),
    ),
    "aws:sns/topicPolicy:TopicPolicy": Kind(
        frozenset({"arn", "policy"}), put_policy, default_policy, policy_outputs,
        lambda cloud, arn, old, new: put_policy(cloud, new), frozenset({"arn"}),
    ),
    "aws:sns/topicSubscription:TopicSubscription": Kind(
        frozenset({"topic", "protocol", "endpoint", *DELIVERY}), subscribe,
        lambda cloud, arn, known: cloud("sns").unsubscribe(SubscriptionArn=arn), subscription, change_subscription,
        frozenset({"topic", "protocol", "endpoint"}),
    ),
}  # fmt: skip
