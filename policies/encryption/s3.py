"""Encryption of Amazon S3 buckets, at rest and in transit."""

from dataclasses import replace
from functools import lru_cache

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.reasoning.iam import Policy, Statement, grants, parse
from lychgate.views.kms import whose
from lychgate.views.s3 import Bucket

ANY_BUCKET = "arn:aws:s3:::(any bucket)"  # a name that no bucket can have


@rule(
    id="s3-bucket-without-customer-key",
    title="An S3 bucket is not encrypted with a customer managed key",
    layer="encryption",
    severity="high",
    judges=Bucket,
    rationale="""AWS encrypts every object, but with its own key access cannot be cut off by disabling a key, and nobody
    can show who may use it. A customer managed KMS key has its own policy, rotation and audit trail.""",
    remediation="""Give the bucket a BucketServerSideEncryptionConfiguration with sseAlgorithm `aws:kms` and
    kmsMasterKeyId set to a key of your own (not `alias/aws/s3`).""",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("receipts", enable_key_rotation=True)
        bucket = aws.s3.Bucket("receipts")
        aws.s3.BucketServerSideEncryptionConfiguration(
            "receipts",
            bucket=bucket.id,
            rules=[
                {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}}
            ],
        )
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("receipts")
        aws.s3.Bucket(
            "receipts",
            server_side_encryption_configuration={
                "rule": {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms:dsse",
                        "kms_master_key_id": key.id,
                    }
                }
            },
        )
        """,
        """
        import pulumi_aws as aws

        # BucketV2 spells its properties in the plural; the key is named by its alias.
        key = aws.kms.Key("receipts")
        alias = aws.kms.Alias("receipts", name="alias/receipts", target_key_id=key.key_id)
        aws.s3.BucketV2(
            "receipts",
            server_side_encryption_configurations=[
                {
                    "rules": [
                        {
                            "apply_server_side_encryption_by_defaults": [
                                {"sse_algorithm": "aws:kms", "kms_master_key_id": alias.arn}
                            ]
                        }
                    ]
                }
            ],
        )
        """,
        """
        import pulumi_aws as aws

        # The companion is declared first and names the bucket; the key is the one of another account.
        aws.s3.BucketServerSideEncryptionConfigurationV2(
            "receipts",
            bucket="acme-receipts",
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": "arn:aws:kms:eu-west-1:444455556666:alias/receipts",
                    }
                }
            ],
        )
        aws.s3.Bucket("receipts", bucket="acme-receipts")
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("receipts")
        logs = aws.s3.Bucket("logs")
        bucket = aws.s3.Bucket("receipts")
        aws.s3.BucketLogging("receipts", bucket=bucket.id, target_bucket=logs.id, target_prefix="receipts/")
        aws.s3.BucketServerSideEncryptionConfiguration("receipts", bucket=bucket.id, rules=[
            {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}}])
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts")
        """,
        """
        import pulumi_aws as aws

        bucket = aws.s3.BucketV2("receipts")
        aws.s3.BucketServerSideEncryptionConfiguration(
            "receipts",
            bucket=bucket.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"}}],
        )
        """,
        """
        import pulumi_aws as aws

        # A key is named, and it is AWS's.
        bucket = aws.s3.Bucket("receipts")
        aws.s3.BucketServerSideEncryptionConfiguration(
            "receipts",
            bucket=bucket.id,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3",
                    }
                }
            ],
        )
        """,
        """
        import pulumi_aws as aws

        # A key is named, and AES256 does not use it.
        key = aws.kms.Key("receipts")
        bucket = aws.s3.Bucket("receipts")
        aws.s3.BucketServerSideEncryptionConfiguration(
            "receipts",
            bucket=bucket.id,
            rules=[
                {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256", "kms_master_key_id": key.arn}}
            ],
        )
        """,
        """
        import pulumi_aws as aws

        # Two resources write the one setting: the weaker may be the last.
        key = aws.kms.Key("receipts")
        bucket = aws.s3.Bucket("receipts")
        for name, encryption in {
            "strong": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
            "weak": {"sse_algorithm": "AES256"},
        }.items():
            aws.s3.BucketServerSideEncryptionConfiguration(
                name, bucket=bucket.id, rules=[{"apply_server_side_encryption_by_default": encryption}]
            )
        """,
    ],
)
def s3_bucket_without_customer_key(bucket: Bucket, case: Case) -> Answer:
    """Customer managed, wherever it was said. A bucket that receives server access logs cannot be:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"""
    encryption = bucket.encryption
    if encryption.customer_key:
        return PASS
    if bucket.receives_logs and encryption.algorithm == "AES256":
        return not_applicable("it receives server access logs, which S3 delivers only to buckets with SSE-S3")
    by_kms = encryption.algorithm.startswith("aws:kms")
    how = whose(encryption.key, "AWS's managed key alias/aws/s3") if by_kms else f"{encryption.algorithm} (SSE-S3)"
    return fail(f"The bucket {bucket.name} is encrypted with {how}: access cannot be cut off by disabling a key.")


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
