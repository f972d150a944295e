"""Amazon S3: a bucket with its companions and AWS's defaults.

Since 5 January 2023 every new object is encrypted with SSE-S3 unless something else is said
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html), and since April 2023 new buckets
block public access and have ACLs disabled
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lychgate.model.graph import Resource
from lychgate.model.values import Block
from lychgate.views.base import View, companions

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
PUBLIC_ACCESS_BLOCKS = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)


def _split(kind: str) -> tuple[str, ...]:
    """Both spellings of a companion resource: `BucketVersioning` and `BucketVersioningV2`."""
    lower = kind[:1].lower() + kind[1:]
    return (f"aws:s3/{lower}:{kind}", f"aws:s3/{lower}V2:{kind}V2")


@dataclass(frozen=True, slots=True)
class Encryption:
    """Default encryption: `algorithm` as S3 spells it, and the key that was named, if any."""

    algorithm: str
    key: Any

    @property
    def customer_key(self) -> bool:
        """Whether a key that the customer manages is used: KMS, with a key that is not the `aws/s3` one."""
        return self.algorithm in ("aws:kms", "aws:kms:dsse") and bool(self.key) and "alias/aws/" not in str(self.key)


class Bucket(View):
    """A general purpose bucket."""

    types = BUCKETS
    __slots__ = ()

    def companions(self, kind: str) -> list[Resource]:
        """The separate resources of a kind (`BucketVersioning`, say) that belong to the bucket."""
        return companions(self.graph, _split(kind), "bucket", *BUCKETS).of(self.resource)

    def setting(self, kind: str, inline: str) -> Block:
        """A setting from its own resource, else from the bucket's deprecated inline property, else empty."""
        separate = self.companions(kind)
        return separate[0].read if separate else self.read.block(inline)

    @property
    def encryption(self) -> Encryption:
        """The default encryption."""
        return self.once("encryption", self._encryption)

    def _encryption(self) -> Encryption:
        separate = self.companions("BucketServerSideEncryptionConfiguration")
        if separate:
            rules = separate[0].read.blocks("rules")
        else:
            rules = self.read.block("serverSideEncryptionConfiguration").blocks("rule")
        for rule in rules:
            default = rule.block("applyServerSideEncryptionByDefault")
            algorithm = default.text("sseAlgorithm")
            if algorithm:
                return Encryption(algorithm, default.value("kmsMasterKeyId"))
        return Encryption("AES256", None)

    @property
    def versioned(self) -> bool:
        """Whether versions of objects are kept."""
        separate = self.companions("BucketVersioning")
        if separate:
            return separate[0].read.text("versioningConfiguration.status") == "Enabled"
        return self.read.block("versioning").flag("enabled")

    @property
    def public_access_block(self) -> dict[str, bool]:
        """The four switches: a new bucket has them on; a separate resource that leaves one out switches it off."""
        names = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        separate = companions(self.graph, PUBLIC_ACCESS_BLOCKS, "bucket", *BUCKETS).of(self.resource)
        if not separate:
            return dict.fromkeys(names, True)
        return {name: separate[0].read.flag(name) for name in names}
