"""Policies of resources that let a service in on behalf of anyone."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.exposure import from_source, named_of, requirements_of
from lychgate.views.resource_policies import ResourcePolicy

from .examples import plain
from .grants import NOTHING, lets

# Services that act for whoever set them up, in any account, and say for whom in aws:SourceArn or aws:SourceAccount:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html and the pages of the services
DEPUTIES = (
    "apigateway",
    "backup",
    "budgets",
    "chatbot",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "codestar-notifications",
    "cognito-idp",
    "config",
    "delivery.logs",
    "events",
    "iot",
    "lambda.alarms.cloudwatch",
    "logdelivery.elasticloadbalancing",
    "logging.s3",
    "logs",
    "rds",
    "s3",
    "ses",
    "sns",
)


@rule(
    id="resource-policy-confused-deputy",
    title="The policy of a resource lets a service in on behalf of anyone",
    layer="iam",
    severity="medium",
    judges=ResourcePolicy,
    rationale="""Services such as SNS, S3, EventBridge or CloudFront act for all their customers. Unless the policy
    says for whom, anyone can have them read a bucket, send to a queue or call a function of yours (PCI DSS 7.3.3).""",
    remediation="""Add `ArnLike: {"aws:SourceArn": topic.arn}` or `StringEquals: {"aws:SourceAccount": account}`;
    for a Lambda Permission set `source_arn` or `source_account`.""",
    compliant=[
        plain(
            """
            topic = aws.sns.Topic("orders")
            queue = aws.sqs.Queue("orders")
            aws.sqs.QueuePolicy(
                "orders",
                queue_url=queue.url,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "sns.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": queue.arn,
                        "Condition": {"ArnEquals": {"aws:SourceArn": topic.arn}},
                    }
                ),
            )
            bucket = aws.s3.Bucket("uploads")
            aws.lambda_.Permission(
                "uploads",
                function="thumbnails",
                action="lambda:InvokeFunction",
                principal="s3.amazonaws.com",
                source_arn=bucket.arn,
            )
            """
        ),
        # A Deny that demands the source; the encryption context of CloudWatch Logs
        plain(
            """
            account = aws.get_caller_identity().account_id
            bucket = aws.s3.Bucket("trail")
            aws.s3.BucketPolicy(
                "trail",
                bucket=bucket.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudtrail.amazonaws.com"},
                        "Action": "s3:PutObject",
                        "Resource": pulumi.Output.concat(bucket.arn, "/*"),
                    },
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:PutObject",
                        "Resource": pulumi.Output.concat(bucket.arn, "/*"),
                        "Condition": {"StringNotEquals": {"aws:SourceAccount": account}},
                    },
                ),
            )
            aws.kms.Key(
                "logs",
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "logs.eu-central-1.amazonaws.com"},
                        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"],
                        "Resource": "*",
                        "Condition": {
                            "ArnLike": {
                                "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-central-1:{account}:*"
                            }
                        },
                    }
                ),
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            queue = aws.sqs.Queue("orders")
            aws.sqs.QueuePolicy(
                "orders",
                queue_url=queue.url,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "sns.amazonaws.com"},
                        "Action": "sqs:SendMessage",
                        "Resource": queue.arn,
                    }
                ),
            )
            """
        ),
        plain(
            """
            aws.lambda_.Permission(
                "events", function="nightly", action="lambda:InvokeFunction", principal="events.amazonaws.com"
            )
            """
        ),
        # Any distribution of CloudFront; a condition that an absent key passes
        plain(
            """
            bucket = aws.s3.Bucket("site")
            aws.s3.BucketPolicy(
                "site",
                bucket=bucket.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": ["cloudfront.amazonaws.com"], "AWS": "111122223333"},
                        "Action": "s3:GetObject",
                        "Resource": pulumi.Output.concat(bucket.arn, "/*"),
                        "Condition": {
                            "StringEqualsIfExists": {"aws:SourceAccount": "111122223333"},
                            "ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::*:distribution/*"},
                        },
                    }
                ),
            )
            """
        ),
    ],
)
def resource_policy_confused_deputy(policy: ResourcePolicy, case: Case) -> Answer:
    """A service that acts for others, for no certain source."""
    if policy.policy is None:
        return not_applicable(NOTHING)
    for allow in policy.allows:
        services = [name for name in named_of(allow, "Service") if _deputy(name)]
        if not services or from_source(requirements_of(allow)):
            continue
        for grant in policy.grants_of(allow):
            named = [name for name in services if f"Service:{name}" in grant.principals]
            if named and not from_source(grant.requirements):
                return fail(
                    f"The {policy.what} lets a service in for any of its customers, so that whoever sets it up in an "
                    f"account of their own reaches this resource by it: {lets(policy, named[0], grant)}.",
                    {"service": named[0], "action": grant.action},
                )
    return PASS


def _deputy(service: str) -> bool:
    """Whether it acts for others; its name may hold a region (`logs.eu-central-1.amazonaws.com`)."""
    name = service.removesuffix(".cn").removesuffix(".amazonaws.com")
    return name in DEPUTIES or name.partition(".")[0] in ("logs", "sns", "s3", "events")
