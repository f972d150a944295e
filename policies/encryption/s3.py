"""Encryption of Amazon S3 buckets."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.s3 import Bucket


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
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}}],
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
    ],
)
def s3_bucket_without_customer_key(bucket: Bucket, case: Case) -> Answer:
    """Customer managed, wherever it was said."""
    encryption = bucket.encryption
    if encryption.customer_key:
        return PASS
    how = "AWS's own key" if encryption.algorithm.startswith("aws:kms") else f"{encryption.algorithm} (SSE-S3)"
    return fail(f"The bucket is encrypted with {how}, so access to its data cannot be cut off by disabling a key.")
