"""Encryption of Amazon S3 buckets at rest."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.kms import whose
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
        aws.lb.LoadBalancer("web", subnets=["subnet-1"], access_logs={"bucket": logs.bucket, "enabled": True})
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

        # CloudFront writes its logs under a customer's key too.
        logs = aws.s3.Bucket("logs")
        aws.cloudfront.Distribution(
            "site",
            enabled=True,
            origins=[{"origin_id": "site", "domain_name": "site.example.com"}],
            default_cache_behavior={
                "target_origin_id": "site",
                "viewer_protocol_policy": "https-only",
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
            },
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={"cloudfront_default_certificate": True},
            logging_config={"bucket": logs.bucket_domain_name},
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
    """Customer managed, wherever it was said. A bucket for certain logs cannot be."""
    encryption = bucket.encryption
    if encryption.customer_key:
        return PASS
    if bucket.logs_without_kms and encryption.algorithm == "AES256":
        return not_applicable(f"it receives {bucket.logs_without_kms}, which are delivered only to buckets with SSE-S3")
    by_kms = encryption.algorithm.startswith("aws:kms")
    how = whose(encryption.key, "AWS's managed key alias/aws/s3") if by_kms else f"{encryption.algorithm} (SSE-S3)"
    return fail(f"The bucket {bucket.name} is encrypted with {how}: access cannot be cut off by disabling a key.")
