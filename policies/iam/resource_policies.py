"""Policies of resources that let everyone in."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.resource_policies import ResourcePolicy

from .examples import plain
from .grants import NOTHING, conditions, lets


@rule(
    id="resource-policy-open-to-everyone",
    title="The policy of a resource lets everyone in",
    layer="iam",
    severity="critical",
    judges=ResourcePolicy,
    rationale="""A bucket, queue, topic, key, secret, repository or function whose policy names everyone is open to
    every AWS account, often to the internet. PCI DSS wants access denied unless it is granted to somebody (7.3.3).""",
    remediation="""Name the principals that need it. Where it must be many, tie the statement with `StringEquals` on
    `aws:PrincipalOrgID`, or on `aws:SourceVpce` for a VPC endpoint.""",
    compliant=[
        plain(
            """
            bucket = aws.s3.Bucket("receipts")
            aws.s3.BucketPolicy(
                "receipts",
                bucket=bucket.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"},
                        "Action": "s3:GetObject",
                        "Resource": pulumi.Output.concat(bucket.arn, "/*"),
                    },
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                ),
            )
            key = aws.kms.Key("default")
            """
        ),
        # Everyone, tied down: an organization, an endpoint, a topic of one's own; a Deny that really protects
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
                        "Principal": "*",
                        "Action": "sqs:SendMessage",
                        "Resource": queue.arn,
                        "Condition": {"ArnEquals": {"aws:SourceArn": topic.arn}},
                    }
                ),
            )
            bucket = aws.s3.BucketV2("shared")
            aws.s3.BucketPolicy(
                "shared",
                bucket=bucket.id,
                policy=document(
                    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:Get*", "Resource": "*"},
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": "*",
                        "Condition": {"StringNotEquals": {"aws:SourceVpce": ["vpce-0a1b2c3d", "vpce-4e5f6a7b"]}},
                    },
                ),
            )
            aws.sns.Topic(
                "default",
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "*"},
                        "Action": "SNS:Publish",
                        "Resource": "*",
                        "Condition": {"StringEquals": {"AWS:SourceOwner": "111122223333"}},
                    }
                ),
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            bucket = aws.s3.Bucket("site")
            aws.s3.BucketPolicy(
                "site",
                bucket=bucket.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "s3:GetObject",
                        "Resource": pulumi.Output.concat(bucket.arn, "/*"),
                    }
                ),
            )
            """
        ),
        # Inline, as an object, with a single statement; half of the internet each
        plain(
            """
            aws.s3.Bucket(
                "site",
                bucket="acme-site",
                policy={
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"AWS": ["*"]},
                        "Action": "s3:Get*",
                        "Resource": "arn:aws:s3:::acme-site/*",
                        "Condition": {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
                    },
                },
            )
            """
        ),
        # Conditions that let an absent key pass, are negated, or name every topic
        plain(
            """
            for name, condition in {
                "absent": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                "negated": {"StringNotEquals": {"aws:PrincipalAccount": "444455556666"}},
                "anything": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}},
                "itself": {"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}},
            }.items():
                queue = aws.sqs.Queue(name)
                aws.sqs.QueuePolicy(
                    name,
                    queue_url=queue.id,
                    policy=document(
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "*"},
                            "Action": "sqs:*",
                            "Resource": "*",
                            "Condition": condition,
                        }
                    ),
                )
            """
        ),
        # Everyone but one account; a Deny for somebody else; a Deny of another action
        plain(
            """
            key = aws.kms.Key("shared")
            aws.kms.KeyPolicy(
                "shared",
                key_id=key.key_id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "NotPrincipal": {"AWS": "arn:aws:iam::444455556666:root"},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ),
            )
            secret = aws.secretsmanager.Secret("database")
            aws.secretsmanager.SecretPolicy(
                "database",
                secret_arn=secret.arn,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "secretsmanager:GetSecretValue",
                        "Resource": "*",
                    },
                    {
                        "Effect": "Deny",
                        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                        "Action": "*",
                        "Resource": "*",
                    },
                    {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:Delete*", "Resource": "*"},
                ),
            )
            """
        ),
        plain(
            """
            repository = aws.ecr.Repository("api")
            aws.ecr.RepositoryPolicy(
                "api",
                repository=repository.name,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                    }
                ),
            )
            table = aws.dynamodb.Table(
                "orders", billing_mode="PAY_PER_REQUEST", hash_key="id", attributes=[{"name": "id", "type": "S"}]
            )
            aws.dynamodb.ResourcePolicy(
                "orders",
                resource_arn=table.arn,
                policy=document(
                    {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:Get?tem", "Resource": table.arn}
                ),
            )
            """
        ),
        plain(
            """
            function = aws.lambda_.Function(
                "api",
                role="arn:aws:iam::111122223333:role/api",
                runtime="python3.12",
                handler="index.handler",
                code=pulumi.AssetArchive({"index.py": pulumi.StringAsset("def handler(event, context): ...")}),
            )
            aws.lambda_.Permission(
                "everyone", function=function.name, action="lambda:InvokeFunction", principal="*"
            )
            aws.lambda_.FunctionUrl("api", function_name=function.name, authorization_type="NONE")
            """
        ),
    ],
)
def resource_policy_open_to_everyone(policy: ResourcePolicy, case: Case) -> Answer:
    """Everyone, by a principal that no condition ties down."""
    if policy.policy is None:
        return not_applicable(NOTHING)
    for grant in policy.everyone:
        return fail(
            f"The {policy.what} lets everyone in, any AWS account and whoever sends requests without one: "
            f"{lets(policy, 'everyone', grant)}{conditions(grant)}.",
            {"principals": list(grant.principals), "action": grant.action, "resource": grant.resource},
        )
    return PASS
