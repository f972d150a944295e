"""Buckets: private, encrypted, versioned, logged, over TLS only, and with an end for what is kept in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component, Use, document, only_with_tls
from lychgate.provisioner.components.checks import known_mode, shared_tags, sharing_tenant, short_enough, within
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.key import Key, Usable

from lychgate.reasoning.uses import statements as allowed


def name_of(context: Context, name: str) -> str:
    """The physical name of a bucket. The account's number makes it unique: names of buckets are the whole world's.

    Raises ValueError where S3 does not take it.
    """
    return short_enough("bucket", f"{context.named(name)}-{context.account}", 63)


class UsableBucket:
    """A bucket that workloads are given the use of."""

    MODES: ClassVar[tuple[str, ...]] = ("read", "write", "use")

    name: str
    bucket_name: str
    arn: str
    key: Usable | None
    shared_by: tuple[str, ...]

    def use(self, mode: str, *, tenant: str | None = None) -> Use:
        """What a workload gets that reads objects, writes them, or both (use); BUCKET is its name.

        For one tenant of a shared bucket: of its prefix only, which is PREFIX. Raises ValueError for another mode, or
        a tenant that the bucket is not shared with.
        """
        known_mode("bucket", mode, self.MODES)
        if tenant is not None:
            sharing_tenant("bucket", self.name, tenant, self.shared_by)
        prefix = f"{tenant}/" if tenant else ""
        parts = {"itself": self.arn, "objects": f"{self.arn}/{prefix}*"}
        key, region = (self.key.arn, self.key.context.region) if self.key else (None, "")
        statements = allowed("bucket", mode, parts, key=key, region=region, tenant=tenant)
        environment = {"BUCKET": self.bucket_name} | ({"PREFIX": prefix} if prefix else {})
        return Use(tuple(statements), environment)


class ExistingBucket(UsableBucket):
    """A shared bucket of another stack: the one of this name in its context, under its key."""

    def __init__(self, name: str, context: Context, *, key: Usable, shared_by: tuple[str, ...]) -> None:
        self.name, self.key, self.shared_by = name, key, shared_by
        self.bucket_name = name_of(context, name)
        self.arn = f"arn:aws:s3:::{self.bucket_name}"


class Bucket(UsableBucket, Component):
    """A bucket with all that AWS keeps in resources of their own beside it.

    `log_bucket` is the name of the bucket that takes its access logs; that bucket itself has none, and no `key`: S3
    delivers logs only to what is encrypted with its own key. Objects move to infrequent access after `archive_days`
    (30 at least) and are gone after `expire_days`; None leaves them. Old versions go after 90 days. `statements` are
    more statements of its policy, on its objects (`Resource` is filled in). `shared_by` are the tenants that share it,
    each under its own prefix `TENANT/`.

    Raises ValueError for numbers and names that S3 does not take.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
    """

    kind: ClassVar[str] = "Bucket"

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        key: Key | None,
        log_bucket: pulumi.Input[str] | None,
        archive_days: int | None = 90,
        expire_days: int | None = None,
        statements: Sequence[Mapping[str, Any]] = (),
        shared_by: tuple[str, ...] = (),
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        rule = _lifecycle(archive_days, expire_days)
        self.bucket_name = name_of(context, name)
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.name, self.key, self.shared_by = name, key, shared_by
        self.arn = f"arn:aws:s3:::{self.bucket_name}"
        self.bucket = aws.s3.Bucket(
            name, bucket=self.bucket_name, tags=shared_tags(context.tags(), shared_by), opts=self.kept
        )
        self._encrypt(name, key)
        self._shut(name, statements)
        self._keep(name, rule)
        if log_bucket is not None:
            aws.s3.BucketLogging(
                name,
                bucket=self.bucket.id,
                target_bucket=log_bucket,
                target_prefix=f"{self.bucket_name}/",
                opts=self.child,
            )
        self.register_outputs({"bucket": self.bucket.bucket})

    def _encrypt(self, name: str, key: Key | None) -> None:
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=self.bucket.id,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms" if key else "AES256",
                        "kms_master_key_id": key.arn if key else None,
                    },
                    # A bucket key asks KMS once for many objects, which costs a hundredth.
                    "bucket_key_enabled": key is not None,
                }
            ],
            opts=self.child,
        )

    def _shut(self, name: str, statements: Sequence[Mapping[str, Any]]) -> None:
        block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child,
        )
        aws.s3.BucketOwnershipControls(
            name, bucket=self.bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self.child
        )
        objects = f"{self.arn}/*"
        tls = only_with_tls("s3", [self.arn, objects])
        aws.s3.BucketPolicy(
            name,
            bucket=self.bucket.id,
            policy=document([tls, *({**statement, "Resource": objects} for statement in statements)]),
            # S3 refuses two changes of a bucket's access at once.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )

    def _keep(self, name: str, rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict) -> None:
        versioning = aws.s3.BucketVersioning(
            name, bucket=self.bucket.id, versioning_configuration={"status": "Enabled"}, opts=self.child
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=self.bucket.id,
            rules=[rule],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )


def _lifecycle(archive_days: int | None, expire_days: int | None) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    """The one rule of the bucket. What goes before it would move does not move."""
    rule: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
        "id": "keep",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": 90},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
    }
    if archive_days is not None:
        within("the days until objects move to infrequent access", archive_days, 30, 36_500)
        if expire_days is None or archive_days < expire_days:
            rule["transitions"] = [{"days": archive_days, "storage_class": "STANDARD_IA"}]
    if expire_days is not None:
        within("the days until objects expire", expire_days, 1, 36_500)
        rule["expiration"] = {"days": expire_days}
    return rule
