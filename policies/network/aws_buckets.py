"""Buckets and the internet."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.network_buckets import PublicAccessBlock, PublicBucket
from lychgate.views.s3 import PUBLIC_ACCESS_SWITCHES

from .aws_examples import plain

POLICY = """
import json

import pulumi


def for_everyone(bucket, **more):
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": bucket.arn.apply(lambda arn: f"{arn}/*"),
        **more,
    }
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})


def opened(name, bucket, **more):
    return aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=False,
        block_public_policy=False,
        ignore_public_acls=False,
        restrict_public_buckets=False,
        **more,
    )

"""


def with_policy(program: str) -> str:
    """The program after `for_everyone(bucket)`, a policy, and `opened(name, bucket)`, a block that blocks nothing."""
    return plain("").strip() + POLICY + plain(program).removeprefix(plain(""))


@rule(
    id="s3-bucket-public",
    title="The internet reads or writes a bucket",
    layer="network",
    severity="critical",
    judges=PublicBucket,
    rationale="""Public buckets are found by scanners, and are the most frequent leak there is. PCI DSS keeps stored
    card data where no untrusted network reaches them, and access denied unless it is granted to somebody.""",
    remediation="""Remove the BucketPublicAccessBlock that switches blocking off, and the policy or ACL for everyone.
    For a website let CloudFront read the bucket by an origin access control.""",
    compliant=[
        with_policy(
            """
            # Everyone is named, and blocked: by default, by a resource, by the account.
            for name in ("plain", "blocked"):
                bucket = aws.s3.Bucket(name)
                aws.s3.BucketPolicy(name, bucket=bucket.id, policy=for_everyone(bucket))
            aws.s3.BucketPublicAccessBlock(
                "blocked",
                bucket=bucket.id,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            )
            """
        ),
        with_policy(
            """
            # Nothing is blocked, and nothing is public: only CloudFront may read.
            bucket = aws.s3.Bucket("site")
            opened("site", bucket)
            aws.s3.BucketPolicy(
                "site",
                bucket=bucket.id,
                policy=for_everyone(
                    bucket,
                    Principal={"Service": "cloudfront.amazonaws.com"},
                    Condition={
                        "StringEquals": {
                            "AWS:SourceArn": "arn:aws:cloudfront::111122223333:distribution/E1EXAMPLE"
                        }
                    },
                ),
            )
            """
        ),
        with_policy(
            """
            # The account blocks what the bucket does not.
            aws.s3.AccountPublicAccessBlock(
                "all",
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            )
            bucket = aws.s3.Bucket("site", acl="public-read")
            opened("site", bucket)
            aws.s3.BucketPolicy("site", bucket=bucket.id, policy=for_everyone(bucket))
            """
        ),
    ],
    violating=[
        with_policy(
            """
            bucket = aws.s3.Bucket("site")
            block = opened("site", bucket)
            aws.s3.BucketPolicy(
                "site", bucket=bucket.id, policy=for_everyone(bucket), opts=pulumi.ResourceOptions(depends_on=[block])
            )
            """
        ),
        with_policy(
            """
            # The companions come first and name the bucket; the block says only half.
            aws.s3.BucketPublicAccessBlock(
                "site", bucket="acme-site", block_public_acls=True, block_public_policy=True, ignore_public_acls=True
            )
            statement = {
                "Effect": "Allow",
                "Principal": {"AWS": ["*"]},
                "Action": "s3:Get*",
                "Resource": "arn:aws:s3:::acme-site/*",
                "Condition": {"StringLike": {"aws:Referer": "https://example.com/*"}},
            }
            aws.s3.BucketPolicy(
                "site",
                bucket="acme-site",
                policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            )
            aws.s3.BucketV2("site", bucket="acme-site")
            """
        ),
        with_policy(
            """
            # By a canned ACL, in a resource of its own.
            bucket = aws.s3.Bucket("uploads")
            opened("uploads", bucket)
            aws.s3.BucketOwnershipControls(
                "uploads", bucket=bucket.id, rule={"object_ownership": "BucketOwnerPreferred"}
            )
            aws.s3.BucketAcl("uploads", bucket=bucket.id, acl="public-read-write")
            """
        ),
        with_policy(
            """
            # By a grant to everyone who has any AWS account.
            bucket = aws.s3.Bucket("uploads")
            opened("uploads", bucket)
            group = {"type": "Group", "uri": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}
            aws.s3.BucketAcl(
                "uploads",
                bucket=bucket.id,
                access_control_policy={
                    "owner": {"id": "1234"},
                    "grants": [{"permission": "READ", "grantee": group}],
                },
            )
            """
        ),
        with_policy(
            """
            # A website, all in the bucket itself.
            bucket = aws.s3.Bucket("site", acl="public-read", website={"index_document": "index.html"})
            opened("site", bucket)
            """
        ),
    ],
)
def s3_bucket_public(bucket: PublicBucket, case: Case) -> Answer:
    """By policy or ACL, unless a block stops it."""
    why = bucket.public_policy or bucket.public_acl
    if not why:
        return PASS
    site = ", and it answers as a website over plain HTTP" if bucket.website else ""
    return fail(f"The internet gets at the bucket {bucket.name}: {why}, and public access is not blocked{site}.")


@rule(
    id="s3-public-access-not-blocked",
    title="A public access block leaves a way open",
    layer="network",
    severity="medium",
    judges=PublicAccessBlock,
    scope="resource",
    rationale="""A new bucket blocks public access by itself; such a resource takes that away, so that the next policy
    or ACL makes the bucket public. PCI DSS wants access denied unless it is granted.""",
    remediation="""Set all four switches to true, or remove the resource: blocking is the default of a new bucket.""",
    compliant=[
        plain(
            """
            bucket = aws.s3.Bucket("receipts")
            aws.s3.BucketPublicAccessBlock(
                "receipts",
                bucket=bucket.id,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            # What is not said is off.
            bucket = aws.s3.Bucket("receipts")
            aws.s3.BucketPublicAccessBlock(
                "receipts", bucket=bucket.id, block_public_acls=True, block_public_policy=True
            )
            """
        ),
        plain(
            """
            aws.s3.AccountPublicAccessBlock(
                "all",
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=False,
            )
            """
        ),
    ],
    remedy=lambda properties, parameters: {**properties, **dict.fromkeys(PUBLIC_ACCESS_SWITCHES, True)},
)
def s3_public_access_not_blocked(block: PublicAccessBlock, case: Case) -> Answer:
    """All four."""
    off = block.off
    return fail(f"{block.name} leaves {', '.join(off)} off, so the bucket can be made public.") if off else PASS
