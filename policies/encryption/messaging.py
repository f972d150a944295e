"""Encryption of Amazon SQS queues and Amazon SNS topics."""

from typing import Any

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.kms import whose
from lychgate.views.sns import Subscription, Topic
from lychgate.views.sqs import Queue


def _switch_sse_on(properties: dict[str, Any], parameters: None) -> dict[str, Any] | None:
    """Without the switch SQS encrypts with its own key; it costs nothing and needs no permission."""
    if properties.get("kmsMasterKeyId"):
        return None
    return {**properties, "sqsManagedSseEnabled": True}


@rule(
    id="sqs-queue-unencrypted",
    title="An SQS queue does not encrypt its messages",
    layer="encryption",
    severity="high",
    judges=Queue,
    scope="resource",
    remedy=_switch_sse_on,
    rationale="""SQS encrypts messages by itself unless that is switched off. Messages that carry account data then lie
    in the clear on the service's storage.""",
    remediation="Leave `sqsManagedSseEnabled` out, or name a key of your own in `kmsMasterKeyId`.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.sqs.Queue("orders")
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("orders")
        aws.sqs.Queue("orders", kms_master_key_id=key.id, sqs_managed_sse_enabled=False)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.sqs.Queue("orders", sqs_managed_sse_enabled=False)
        """,
        """
        import pulumi_aws as aws

        aws.sqs.Queue("orders", kms_master_key_id="", sqs_managed_sse_enabled=False)
        """,
    ],
)
def sqs_queue_unencrypted(queue: Queue, case: Case) -> Answer:
    """Switched off, with no key instead."""
    if queue.read.has("kmsMasterKeyId") and not queue.read.known("kmsMasterKeyId"):
        return PASS  # whichever key it will be
    if queue.encrypted:
        return PASS
    return fail("`sqsManagedSseEnabled` is false and no KMS key is named: the queue's messages are not encrypted.")


@rule(
    id="sqs-queue-without-customer-key",
    title="An SQS queue is not encrypted with a customer managed key",
    layer="encryption",
    severity="medium",
    judges=Queue,
    rationale="""SQS's own key serves every queue of the region: access to messages cannot be cut off by disabling it,
    and its use is in no audit trail of yours. A customer managed key has a policy, rotation and a trail of its own.""",
    remediation="""Set `kmsMasterKeyId` to a key of your own (not `alias/aws/sqs`), and let the services that send to
    the queue use it in the key's policy.""",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("orders")
        aws.sqs.Queue("orders", kms_master_key_id=key.id)
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("orders")
        alias = aws.kms.Alias("orders", name="alias/orders", target_key_id=key.id)
        aws.sqs.Queue("orders", kms_master_key_id=alias.name, fifo_queue=True)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.sqs.Queue("orders", sqs_managed_sse_enabled=True)
        """,
        """
        import pulumi_aws as aws

        aws.sqs.Queue("orders", kms_master_key_id="alias/aws/sqs")
        """,
        """
        import pulumi_aws as aws

        managed = aws.kms.Alias.get("managed", "alias/aws/sqs")
        aws.sqs.Queue("orders", kms_master_key_id=managed.name)
        """,
    ],
)
def sqs_queue_without_customer_key(queue: Queue, case: Case) -> Answer:
    """A customer's key is named."""
    if queue.key is not None and queue.key.customer:
        return PASS
    if not queue.encrypted:
        return fail(
            f"The queue {queue.name} is not encrypted at all: `sqsManagedSseEnabled` is false, and no key is named."
        )
    how = whose(queue.key, "SQS's own key (SSE-SQS)")
    return fail(f"The queue {queue.name} is encrypted with {how}: nobody but AWS can say who may read its messages.")


@rule(
    id="sns-topic-without-customer-key",
    title="An SNS topic is not encrypted with a customer managed key",
    layer="encryption",
    severity="medium",
    judges=Topic,
    rationale="""SNS encrypts a message itself only where a KMS key is named; without one only the disks beneath are
    encrypted. Under a customer managed key reading needs a permission that you give, and leaves a trail.""",
    remediation="""Set `kmsMasterKeyId` to a key of your own (not `alias/aws/sns`, which other services cannot publish
    with), and let the publishing services use it in the key's policy.""",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("alerts")
        aws.sns.Topic("alerts", kms_master_key_id=key.arn)
        """,
        """
        import pulumi_aws as aws

        aws.sns.Topic("alerts", kms_master_key_id="alias/alerts")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.sns.Topic("alerts")
        """,
        """
        import pulumi_aws as aws

        aws.sns.Topic("alerts", kms_master_key_id="alias/aws/sns")
        """,
    ],
)
def sns_topic_without_customer_key(topic: Topic, case: Case) -> Answer:
    """A customer's key is named."""
    if topic.key is not None and topic.key.customer:
        return PASS
    if topic.key is None:
        return fail(
            f"The topic {topic.name} names no KMS key, so its messages are stored without encryption of their own."
        )
    return fail(f"The topic {topic.name} is encrypted with {whose(topic.key, '')}, which nobody but AWS can disable.")


@rule(
    id="sns-subscription-over-http",
    title="An SNS subscription delivers messages over plain HTTP",
    layer="encryption",
    severity="high",
    judges=Subscription,
    scope="resource",
    rationale="""Messages to an `http` endpoint cross the network unencrypted, so whoever sits on the way reads them,
    and can answer in the endpoint's place. PCI DSS asks for strong cryptography on open networks.""",
    remediation="Give the subscription the protocol `https` and an `https://` endpoint with a valid certificate.",
    compliant=[
        """
        import pulumi_aws as aws

        topic = aws.sns.Topic("alerts")
        aws.sns.TopicSubscription(
            "partner", topic=topic.arn, protocol="https", endpoint="https://partner.example.com/alerts"
        )
        """,
        """
        import pulumi_aws as aws

        topic = aws.sns.Topic("alerts")
        queue = aws.sqs.Queue("alerts")
        aws.sns.TopicSubscription("queue", topic=topic.arn, protocol="sqs", endpoint=queue.arn)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        topic = aws.sns.Topic("alerts")
        aws.sns.TopicSubscription("partner", topic=topic.arn, protocol="http", endpoint="http://partner.example.com/alerts")
        """,
    ],
)
def sns_subscription_over_http(subscription: Subscription, case: Case) -> Answer:
    """Only HTTP itself: email is another matter."""
    if subscription.protocol != "http":
        return PASS
    return fail(f"The subscription {subscription.name} sends every message of the topic over plain HTTP.")
