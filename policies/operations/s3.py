"""Operation of Amazon S3 buckets: versions, access logs, deletion."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.s3 import Bucket


@rule(
    id="s3-bucket-without-versioning",
    title="An S3 bucket keeps no versions of its objects",
    layer="operations",
    severity="medium",
    judges=Bucket,
    rationale="""Without versions an object that is overwritten or deleted, by mistake or by an intruder, is gone.
    Logs and
    evidence in a bucket must not be changeable without a trace.""",
    remediation="Give the bucket a BucketVersioning with versioningConfiguration.status `Enabled`.",
    compliant=[
        """
        import pulumi_aws as aws

        bucket = aws.s3.Bucket("receipts")
        aws.s3.BucketVersioning("receipts", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
        """,
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", versioning={"enabled": True})
        """,
        """
        import pulumi_aws as aws

        # Object lock brings versions.
        aws.s3.Bucket("receipts", object_lock_enabled=True)
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
        aws.s3.BucketVersioning("receipts", bucket=bucket.id, versioning_configuration={"status": "Suspended"})
        """,
    ],
)
def s3_bucket_without_versioning(bucket: Bucket, case: Case) -> Answer:
    """Enabled, wherever it was said; suspended is not enabled."""
    return PASS if bucket.versioned else fail("The bucket keeps no versions: what is overwritten or deleted is gone.")


@rule(
    id="s3-bucket-without-access-logs",
    title="Access to an S3 bucket is not logged",
    layer="operations",
    severity="medium",
    judges=Bucket,
    rationale="""Who read or changed an object with cardholder data must be found in a log (PCI DSS 10.2.1). A bucket
    writes no access log unless it is told where to.""",
    remediation="Give the bucket a BucketLogging whose targetBucket is the log bucket of the environment.",
    compliant=[
        """
        import pulumi_aws as aws

        logs = aws.s3.Bucket("logs")
        bucket = aws.s3.Bucket("receipts")
        aws.s3.BucketLogging("receipts", bucket=bucket.id, target_bucket=logs.id, target_prefix="receipts/")
        """,
        """
        import pulumi_aws as aws

        bucket = aws.s3.BucketV2("receipts", loggings=[{"target_bucket": "central-logs"}])
        """,
        """
        import pulumi_aws as aws

        # What a load balancer and a distribution write their logs to.
        logs = aws.s3.Bucket("logs")
        aws.lb.LoadBalancer("web", subnets=["subnet-1"], access_logs={"bucket": logs.bucket, "enabled": True})
        more = aws.s3.Bucket("more-logs")
        aws.s3.BucketV2("site", loggings=[{"target_bucket": logs.id}])
        aws.cloudfront.Distribution(
            "web",
            enabled=True,
            logging_config={"bucket": more.bucket_domain_name},
            origins=[{"origin_id": "web", "domain_name": "web.example.com"}],
            default_cache_behavior={
                "target_origin_id": "web",
                "viewer_protocol_policy": "https-only",
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
            },
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={"cloudfront_default_certificate": True},
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", tags={"data-classification": "cardholder"})
        """,
        """
        import pulumi_aws as aws

        logs = aws.s3.Bucket("logs")
        other = aws.s3.Bucket("other")
        aws.s3.BucketLogging("receipts", bucket=logs.id, target_bucket=other.id, target_prefix="receipts/")
        aws.s3.Bucket("receipts")
        """,
        """
        import pulumi_aws as aws

        # That some other bucket logs to it does not make a log bucket of it.
        bucket = aws.s3.Bucket("receipts", tags={"data-classification": "cardholder"})
        other = aws.s3.Bucket("other", tags={"data-classification": "public"})
        aws.s3.BucketLogging("other", bucket=other.id, target_bucket=bucket.id, target_prefix="logs/")
        """,
        """
        import pulumi_aws as aws

        # To itself: whoever can change the objects can change the log.
        aws.s3.BucketV2("receipts", bucket="receipts", loggings=[{"target_bucket": "receipts"}])
        """,
    ],
)
def s3_bucket_without_access_logs(bucket: Bucket, case: Case) -> Answer:
    """Judged where the bucket is in scope; a bucket that holds the logs of others does not log itself."""
    if not bucket.labels.in_scope:
        return not_applicable(f"the bucket holds {bucket.labels.classification} data")
    if bucket.logged:
        return PASS
    if bucket.receives_logs:
        return not_applicable("the bucket holds the access logs of others")
    return fail("Nobody can tell who read or changed the bucket's objects: it writes no access log.")


@rule(
    id="s3-bucket-destroyed-with-its-objects",
    title="An S3 bucket is deleted together with all its objects",
    layer="operations",
    severity="high",
    judges=Bucket,
    scope="resource",
    rationale="""With forceDestroy a bucket that leaves the program, by a rename for example, takes every object and
    version
    with it. Nothing asks first, and nothing brings the data back.""",
    remediation="Leave forceDestroy out: S3 then refuses to delete a bucket that holds objects.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts")
        """,
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", force_destroy=False)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", force_destroy=True)
        """,
        """
        import pulumi_aws as aws

        aws.s3.BucketV2("receipts", force_destroy=True)
        """,
    ],
    remedy=lambda properties, parameters: {**properties, "forceDestroy": False},
)
def s3_bucket_destroyed_with_its_objects(bucket: Bucket, case: Case) -> Answer:
    """Off unless it is switched on."""
    if bucket.force_destroy:
        return fail("forceDestroy is on: renaming or removing the bucket deletes all its objects and versions.")
    return PASS
