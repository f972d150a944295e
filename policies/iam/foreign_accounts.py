"""Policies of resources that let another account in."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.resource_policies import ResourcePolicy

from .examples import plain
from .grants import NOTHING, TrustedAccounts, conditions, lets


@rule(
    id="resource-policy-open-to-foreign-account",
    title="The policy of a resource lets another account in",
    layer="iam",
    severity="high",
    judges=ResourcePolicy,
    rationale="""What another account does with the data, and whom it lets in, is out of sight. PCI DSS asks to
    manage third-party access (8.2.7) and to keep all connections of the environment in its scope (12.5.2).""",
    remediation="""Remove the account, demand `aws:PrincipalOrgID` if it is one of your organization, or list it in
    the parameter `accounts` once it has been vetted.""",
    parameters=TrustedAccounts,
    compliant=[
        plain(
            """
            account = aws.get_caller_identity().account_id
            queue = aws.sqs.Queue("orders")
            aws.sqs.QueuePolicy(
                "orders",
                queue_url=queue.url,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": [f"arn:aws:iam::{account}:root", account]},
                        "Action": "sqs:SendMessage",
                        "Resource": queue.arn,
                    },
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "444455556666"},
                        "Action": "sqs:SendMessage",
                        "Resource": queue.arn,
                        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                    },
                ),
            )
            """
        ),
        # AWS's own: a load balancer's logs, an origin access identity; a Deny that takes it all away
        plain(
            """
            logs = aws.s3.Bucket("logs")
            identity = aws.cloudfront.OriginAccessIdentity("site")
            aws.s3.BucketPolicy(
                "logs",
                bucket=logs.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": aws.elb.get_service_account().arn},
                        "Action": "s3:PutObject",
                        "Resource": pulumi.Output.concat(logs.arn, "/*"),
                    },
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": identity.iam_arn},
                        "Action": "s3:GetObject",
                        "Resource": pulumi.Output.concat(logs.arn, "/*"),
                    },
                    {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "s3:*", "Resource": "*"},
                    {"Effect": "Deny", "Principal": {"AWS": "444455556666"}, "Action": "s3:*", "Resource": "*"},
                ),
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            bucket = aws.s3.Bucket("receipts")
            aws.s3.BucketPolicy(
                "receipts",
                bucket=bucket.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                        "Action": "s3:GetObject",
                        "Resource": pulumi.Output.concat(bucket.arn, "/*"),
                    }
                ),
            )
            """
        ),
        # In the key itself, among others; by a grant that stands in no policy
        plain(
            """
            key = aws.kms.Key(
                "cards",
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": ["111122223333", "arn:aws:iam::444455556666:role/partner"]},
                        "Action": "kms:*",
                        "Resource": "*",
                        "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                    }
                ),
            )
            aws.kms.Grant(
                "partner",
                key_id=key.key_id,
                grantee_principal="arn:aws:iam::777788889999:role/partner",
                operations=["Decrypt"],
            )
            """
        ),
        # Everyone of one account; a function's permission; a Deny that covers half
        plain(
            """
            topic = aws.sns.Topic("orders")
            aws.sns.TopicPolicy(
                "orders",
                arn=topic.arn,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "sns:Subscribe",
                        "Resource": topic.arn,
                        "Condition": {"StringEquals": {"aws:PrincipalAccount": ["111122223333", "444455556666"]}},
                    },
                    {
                        "Effect": "Deny",
                        "Principal": {"AWS": "arn:aws:iam::444455556666:role/intern"},
                        "Action": "sns:*",
                        "Resource": "*",
                    },
                ),
            )
            aws.lambda_.Permission(
                "partner", function="api", action="lambda:InvokeFunction", principal="444455556666"
            )
            """
        ),
    ],
)
def resource_policy_open_to_foreign_account(policy: ResourcePolicy, case: Case) -> Answer:
    """A principal of an account that is not known."""
    if policy.policy is None:
        return not_applicable(NOTHING)
    for stranger in policy.strangers(case.parameters.accounts):
        account = f"account {stranger.account}" if stranger.account else "an account that nobody can tell"
        grant = stranger.grant
        return fail(
            f"The {policy.what} lets {account} in, where what happens to the data is out of sight: "
            f"{lets(policy, stranger.principal, grant)}{conditions(grant)}.",
            {"principal": stranger.principal, "account": stranger.account, "action": grant.action},
        )
    return PASS
