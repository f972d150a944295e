"""Messages: payments are announced on a topic, the settlement queue takes them."""

import pulumi
import pulumi_aws as aws

from settings import PREFIX, tags

topic = aws.sns.Topic("paid", name=f"{PREFIX}-paid", tags=tags("cardholder"))
settlement = aws.sqs.Queue(
    "settlement",
    name=f"{PREFIX}-settlement",
    sqs_managed_sse_enabled=False,
    visibility_timeout_seconds=120,
    tags=tags("cardholder"),
)
aws.sqs.QueuePolicy(
    "settlement",
    queue_url=settlement.url,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "FromTheTopic",
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": settlement.arn,
                }
            ],
        }
    ),
)
aws.sns.TopicSubscription("settlement", topic=topic.arn, protocol="sqs", endpoint=settlement.arn)
aws.sns.TopicSubscription("partner", topic=topic.arn, protocol="http", endpoint="http://hooks.partner.example/paid")
