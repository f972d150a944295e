"""Buckets: receipts and settlement files, and the log bucket that says who read them. DynamoDB beside them."""

import json

import pulumi
import pulumi_aws as aws

import keys
from settings import ACCOUNT, PREFIX, tags


class ProtectedBucket(pulumi.ComponentResource):
    """A bucket as the company wants every bucket: private, encrypted, versioned, logged, TLS only."""

    def __init__(
        self,
        name: str,
        *,
        classification: str,
        key: aws.kms.Key | None = None,
        log_bucket: pulumi.Input[str] | None = None,
        days: int,
        statements: list[dict] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payments:storage:ProtectedBucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(
            name,
            bucket=f"{PREFIX}-{name}",
            tags=tags(classification),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        algorithm = {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn} if key else {"sse_algorithm": "AES256"}
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=self.bucket.id,
            rules=[{"apply_server_side_encryption_by_default": algorithm, "bucket_key_enabled": key is not None}],
            opts=child,
        )
        block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketOwnershipControls(
            name, bucket=self.bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        versioning = aws.s3.BucketVersioning(
            name, bucket=self.bucket.id, versioning_configuration={"status": "Enabled"}, opts=child
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=self.bucket.id,
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "transitions": [{"days": 90, "storage_class": "STANDARD_IA"}],
                    "expiration": {"days": days},
                    "noncurrent_version_expiration": {"noncurrent_days": 90},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )
        aws.s3.BucketPolicy(
            name,
            bucket=self.bucket.id,
            policy=self.bucket.arn.apply(lambda arn: json.dumps(_policy(arn, statements or []))),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )
        if log_bucket is not None:
            aws.s3.BucketLogging(
                name, bucket=self.bucket.id, target_bucket=log_bucket, target_prefix=f"{name}/", opts=child
            )
        self.register_outputs({"bucket": self.bucket.bucket})


def _policy(arn: str, statements: list[dict]) -> dict:
    """Nothing without TLS, and what else is allowed on the objects of this bucket."""
    tls = {
        "Sid": "OnlyWithTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {
        "Version": "2012-10-17",
        "Statement": [tls, *({**statement, "Resource": f"{arn}/*"} for statement in statements)],
    }


log_delivery = {
    "Sid": "AccessLogs",
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Condition": {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{PREFIX}-*"},
    },
}
# Access logs can only be delivered to a bucket that S3 encrypts with its own key:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
logs = ProtectedBucket("access-logs", classification="internal", days=400, statements=[log_delivery])
receipts = ProtectedBucket("receipts", classification="cardholder", key=keys.data, log_bucket=logs.bucket.id, days=2555)
settlements = ProtectedBucket(
    "settlements", classification="cardholder", key=keys.data, log_bucket=logs.bucket.id, days=2555
)

ledger = aws.dynamodb.Table(
    "ledger",
    name=f"{PREFIX}-ledger",
    billing_mode="PAY_PER_REQUEST",
    hash_key="payment",
    range_key="entry",
    attributes=[{"name": "payment", "type": "S"}, {"name": "entry", "type": "S"}],
    on_demand_throughput={"max_read_request_units": 4000, "max_write_request_units": 2000},
    server_side_encryption={"enabled": True, "kms_key_arn": keys.data.arn},
    point_in_time_recovery={"enabled": True},
    deletion_protection_enabled=True,
    tags=tags("cardholder"),
)
idempotency = aws.dynamodb.Table(
    "idempotency",
    name=f"{PREFIX}-idempotency",
    billing_mode="PAY_PER_REQUEST",
    hash_key="request",
    attributes=[{"name": "request", "type": "S"}],
    on_demand_throughput={"max_read_request_units": 4000, "max_write_request_units": 2000},
    ttl={"attribute_name": "expires", "enabled": True},
    server_side_encryption={"enabled": True, "kms_key_arn": keys.data.arn},
    point_in_time_recovery={"enabled": True},
    deletion_protection_enabled=True,
    tags=tags("internal"),
)
