"""Buckets: receipts and settlement files, and the log bucket that says who read them. DynamoDB beside them."""

import json

import pulumi_aws as aws

import keys
from settings import PREFIX, tags


def encrypted(name: str, bucket: aws.s3.Bucket) -> None:
    """Encrypt a bucket with the key for data."""
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": keys.data.arn,
                },
                "bucket_key_enabled": True,
            }
        ],
    )


def versioned(name: str, bucket: aws.s3.Bucket, status: str = "Enabled") -> None:
    """Keep versions of a bucket's objects."""
    aws.s3.BucketVersioning(name, bucket=bucket.id, versioning_configuration={"status": status})


def only_with_tls(name: str, bucket: aws.s3.Bucket) -> None:
    """Refuse requests that come without TLS."""
    aws.s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=bucket.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [arn, f"{arn}/*"],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                }
            )
        ),
    )


receipts = aws.s3.Bucket("receipts", bucket=f"{PREFIX}-receipts", force_destroy=True, tags=tags("cardholder"))
versioned("receipts", receipts, "Suspended")
only_with_tls("receipts", receipts)

settlements = aws.s3.Bucket("settlements", bucket=f"{PREFIX}-settlements", tags=tags("cardholder"))
encrypted("settlements", settlements)
versioned("settlements", settlements)
aws.s3.BucketPublicAccessBlock(
    "settlements", bucket=settlements.id, block_public_acls=True, ignore_public_acls=True, block_public_policy=False
)
aws.s3.BucketPolicy(
    "settlements",
    bucket=settlements.id,
    policy=aws.iam.get_policy_document_output(
        statements=[
            {
                "sid": "AcquirerFetchesFiles",
                "principals": [{"type": "*", "identifiers": ["*"]}],
                "actions": ["s3:GetObject"],
                "resources": [settlements.arn.apply("{}/*".format)],
            }
        ]
    ).json,
)

ledger = aws.dynamodb.Table(
    "ledger",
    name=f"{PREFIX}-ledger",
    billing_mode="PAY_PER_REQUEST",
    hash_key="payment",
    range_key="entry",
    attributes=[{"name": "payment", "type": "S"}, {"name": "entry", "type": "S"}],
    tags=tags("cardholder"),
)
