"""Messages: payments are announced on a topic, the settlement queue takes them, what fails waits in its own queue."""

import pulumi
import pulumi_aws as aws

import keys
from settings import PREFIX, tags

FOURTEEN_DAYS = 14 * 24 * 3600


def only_with_tls(queue: aws.sqs.Queue, *statements: dict) -> pulumi.Output[str]:
    """A queue's policy: nothing without TLS, and what else is allowed."""
    tls = {
        "Sid": "OnlyWithTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue.arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [tls, *statements]})


topic = aws.sns.Topic("paid", name=f"{PREFIX}-paid", kms_master_key_id=keys.messages.arn, tags=tags("cardholder"))
aws.sns.TopicPolicy(
    "paid",
    arn=topic.arn,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "OnlyWithTls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sns:Publish",
                    "Resource": topic.arn,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
    ),
)

failed = aws.sqs.Queue(
    "settlement-failed",
    name=f"{PREFIX}-settlement-failed",
    kms_master_key_id=keys.messages.arn,
    message_retention_seconds=FOURTEEN_DAYS,
    tags=tags("cardholder"),
)
aws.sqs.QueuePolicy("settlement-failed", queue_url=failed.url, policy=only_with_tls(failed))

settlement = aws.sqs.Queue(
    "settlement",
    name=f"{PREFIX}-settlement",
    kms_master_key_id=keys.messages.arn,
    visibility_timeout_seconds=120,
    redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": failed.arn, "maxReceiveCount": 5}),
    tags=tags("cardholder"),
)
aws.sqs.QueuePolicy(
    "settlement",
    queue_url=settlement.url,
    policy=only_with_tls(
        settlement,
        {
            "Sid": "FromTheTopic",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": settlement.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic.arn}},
        },
    ),
)
aws.sqs.RedriveAllowPolicy(
    "settlement-failed",
    queue_url=failed.url,
    redrive_allow_policy=pulumi.Output.json_dumps(
        {"redrivePermission": "byQueue", "sourceQueueArns": [settlement.arn]}
    ),
)
aws.sns.TopicSubscription(
    "settlement", topic=topic.arn, protocol="sqs", endpoint=settlement.arn, raw_message_delivery=True
)
