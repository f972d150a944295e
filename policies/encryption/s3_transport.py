"""Encryption of Amazon S3 buckets in transit."""

from dataclasses import replace
from functools import lru_cache

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.reasoning.iam import Policy, Statement, grants, parse
from lychgate.views.s3 import Bucket

ANY_BUCKET = "arn:aws:s3:::(any bucket)"  # a name that no bucket can have


@rule(
    id="s3-bucket-reachable-without-tls",
    title="An S3 bucket answers requests that come without TLS",
    layer="encryption",
    severity="high",
    judges=Bucket,
    rationale="""S3 answers plain HTTP unless the bucket's own policy refuses it, so whoever sits on the way can read
    and change what is sent. PCI DSS asks for strong cryptography wherever cardholder data cross a network that others
    share.""",
    remediation="""Add a BucketPolicy with a statement that denies `s3:*` to Principal `*` on the bucket's ARN and on
    `ARN/*` where `Bool` says `aws:SecureTransport` is `false`.""",
    compliant=[
        """
        import pulumi
        import pulumi_aws as aws

        bucket = aws.s3.Bucket("receipts")
        aws.s3.BucketPolicy(
            "receipts",
            bucket=bucket.id,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [bucket.arn, bucket.arn.apply(lambda arn: f"{arn}/*")],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                }
            ),
        )
        """,
        """
        import json

        import pulumi_aws as aws

        # Inline, as one statement, with AWS as the kind of principal and a boolean.
        aws.s3.Bucket(
            "receipts",
            bucket="acme-receipts",
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Deny",
                        "Principal": {"AWS": "*"},
                        "Action": "*",
                        "Resource": ["arn:aws:s3:::acme-receipts*"],
                        "Condition": {"BoolIfExists": {"aws:SecureTransport": False}},
                    },
                }
            ),
        )
        """,
        """
        import pulumi_aws as aws

        # Two statements that cover everything together, written with get_policy_document.
        bucket = aws.s3.BucketV2("receipts")
        insecure = {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}
        everyone = [{"type": "*", "identifiers": ["*"]}]
        document = aws.iam.get_policy_document_output(
            statements=[
                {
                    "effect": "Deny",
                    "principals": everyone,
                    "actions": ["s3:*"],
                    "resources": [resource],
                    "conditions": [insecure],
                }
                for resource in (bucket.arn, bucket.arn.apply(lambda arn: f"{arn}/*"))
            ]
        )
        aws.s3.BucketPolicy("receipts", bucket=bucket.bucket, policy=document.json)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts")
        """,
        """
        import json

        import pulumi_aws as aws

        # The objects are protected, the list of them is not.
        aws.s3.Bucket("receipts", bucket="acme-receipts")
        aws.s3.BucketPolicy(
            "receipts",
            bucket="acme-receipts",
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": "arn:aws:s3:::acme-receipts/*",
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                }
            ),
        )
        """,
        """
        import json

        import pulumi_aws as aws

        # It denies what comes with TLS, and only reading, and only to one account.
        aws.s3.Bucket("receipts", bucket="acme-receipts")
        aws.s3.BucketPolicy(
            "receipts",
            bucket="acme-receipts",
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": principal,
                            "Action": action,
                            "Resource": ["arn:aws:s3:::acme-receipts", "arn:aws:s3:::acme-receipts/*"],
                            "Condition": {"Bool": {"aws:SecureTransport": value}},
                        }
                        for principal, action, value in (
                            ("*", "s3:*", "true"),
                            ("*", "s3:GetObject", "false"),
                            ({"AWS": "111122223333"}, "s3:*", "false"),
                        )
                    ],
                }
            ),
        )
        """,
        """
        import json

        import pulumi_aws as aws

        # An Allow for TLS alone does not stop who is allowed by an IAM policy; a second condition lets some through.
        aws.s3.Bucket("receipts", bucket="acme-receipts")
        resources = ["arn:aws:s3:::acme-receipts", "arn:aws:s3:::acme-receipts/*"]
        aws.s3.BucketPolicy(
            "receipts",
            bucket="acme-receipts",
            policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "111122223333"},
                            "Action": "s3:*",
                            "Resource": resources,
                            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
                        },
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": resources,
                            "Condition": {
                                "Bool": {"aws:SecureTransport": "false"},
                                "StringNotEquals": {"aws:SourceVpce": "vpce-1234"},
                            },
                        },
                    ],
                }
            ),
        )
        """,
    ],
)
def s3_bucket_reachable_without_tls(bucket: Bucket, case: Case) -> Answer:
    """Whether a request without TLS, of anybody who is allowed everything, is denied whatever it asks."""
    if not bucket.policies:
        return fail(f"The bucket {bucket.name} has no policy, so it answers requests over plain HTTP.")
    for policy in bucket.policies:
        let_through = without_tls(bucket.arn, policy)
        if let_through:
            action, resource = let_through
            return fail(
                f"The bucket {bucket.name} answers over plain HTTP: {policy.label} does not deny every request without "
                f"TLS, such as {action} on {resource}, to everyone.",
                {"action": action, "resource": resource, "aws:SecureTransport": "false"},
            )
    return PASS


def without_tls(arn: str, policy: Policy) -> tuple[str, str] | None:
    """A request without TLS that the policy lets through (action and resource), None if it denies them all.

    Many buckets have the same policy but for their name, so it is asked under one name for all of them where no
    wildcard stands within the name.
    """
    denies = [statement for statement in policy.statements if statement.effect == "Deny"]
    entries = {entry for statement in denies for entry in statement.resources or ()}
    renamed = all(entry == "*" or entry.startswith(arn) or not set("*?$") & set(entry) for entry in entries)
    asked = ANY_BUCKET if renamed else arn
    found = _let_through(tuple(_about(statement, arn, asked) for statement in denies), asked)
    return None if found is None else (found[0], found[1].replace(asked, arn, 1))


def _about(statement: Statement, arn: str, asked: str) -> Statement:
    """The statement about the bucket under the name that is asked for, without what its author calls it."""
    entries = (entry.replace(arn, asked, 1) if entry.startswith(arn) else entry for entry in statement.resources or ())
    return replace(statement, index=0, sid="", resources=None if statement.resources is None else tuple(entries))


@lru_cache(maxsize=1024)
def _let_through(denies: tuple[Statement, ...], arn: str) -> tuple[str, str] | None:
    """Asked of somebody who is allowed everything, but for AWS's own services: they use TLS, and many policies exempt
    them."""
    resources = [arn, f"{arn}/*"]
    anything = parse({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": resources}})
    facts = {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}
    telling = [("s3:GetObject", resources[1]), ("s3:PutObject", resources[1]), ("s3:ListBucket", resources[0])]
    for action, where in [*telling, ("s3:*", resources)]:
        for grant in grants([anything, Policy(denies)], action, where, facts):
            return grant.action, grant.resource
    return None
