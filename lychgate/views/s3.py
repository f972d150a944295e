"""Amazon S3: a bucket with its companions and AWS's defaults.

Since 5 January 2023 every new object is encrypted with SSE-S3 unless something else is said
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html), and since April 2023 new buckets
block public access and have ACLs disabled
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html).

A setting is said in a resource of its own (`BucketVersioning`, or `BucketVersioningV2` in older programs), or in a
property of the bucket, which `BucketV2` spells in the plural. Where a setting has a resource of its own that counts;
where it has several, each may be the one that is deployed last, so the weakest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lychgate.model.graph import Resource
from lychgate.model.values import Block, UnknownRead
from lychgate.reasoning.iam import Policy
from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key
from lychgate.views.resource_policies import policies_on

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
# What writes access logs to a bucket, and the property that names it.
LOGGING = {
    "aws:cloudfront/distribution:Distribution": "loggingConfig",
    "aws:lb/loadBalancer:LoadBalancer": "accessLogs",
    "aws:alb/loadBalancer:LoadBalancer": "accessLogs",
    "aws:elb/loadBalancer:LoadBalancer": "accessLogs",
}
# What is delivered to buckets with SSE-S3 only. Network Load Balancers and CloudFront write to buckets with another key
# too, if its policy lets delivery.logs.amazonaws.com use it.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
SERVER_LOGS, BALANCER_LOGS, OTHER_LOGS = (
    "S3's server access logs",
    "access logs of a load balancer",
    "other access logs",
)
SSE_S3_ONLY = (SERVER_LOGS, BALANCER_LOGS)
PUBLIC_ACCESS_BLOCKS = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)
PUBLIC_ACCESS_SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _split(kind: str) -> tuple[str, ...]:
    """Both spellings of a companion resource: `BucketVersioning` and `BucketVersioningV2`."""
    lower = kind[:1].lower() + kind[1:]
    return (f"aws:s3/{lower}:{kind}", f"aws:s3/{lower}V2:{kind}V2")


def _written_by(resource: Resource) -> str:
    """The kind of logs that a distribution or load balancer writes."""
    network = resource.read.known("loadBalancerType") and resource.read.text("loadBalancerType") == "network"
    return OTHER_LOGS if network or "cloudfront" in resource.type else BALANCER_LOGS


@dataclass(frozen=True, slots=True)
class Encryption:
    """Default encryption: `algorithm` as S3 spells it, and the key that was named, if any."""

    algorithm: str
    key: NamedKey | None = None

    @property
    def customer_key(self) -> bool:
        """Whether a key that the customer manages is used: KMS, with a key that is not the `aws/s3` one."""
        return self.algorithm in ("aws:kms", "aws:kms:dsse") and self.key is not None and self.key.customer


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """A lifecycle rule. Days are None where the rule does nothing of the kind; `whole` is a rule without a filter.

    `transitions` are pairs of storage class and days (None where a date is given).
    """

    enabled: bool
    whole: bool
    expiration_days: float | None
    noncurrent_days: float | None
    abort_days: float | None
    transitions: tuple[tuple[str, float | None], ...]


class Bucket(View):
    """A general purpose bucket."""

    types = BUCKETS
    __slots__ = ()

    def companions(self, kind: str) -> list[Resource]:
        """The separate resources of a kind (`BucketVersioning`, say) that belong to the bucket."""
        return companions(self.graph, _split(kind), "bucket", *BUCKETS).of(self.resource)

    def inline(self, name: str) -> Block:
        """A setting in a property of the bucket itself, in either spelling; empty where it is not given."""
        return self.read.block(name if self.read.has(name) else f"{name}s")

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        arn = self.resource.outputs.get("arn")
        if isinstance(arn, str):
            return arn
        name = self.read.text("bucket")
        if not name:
            raise UnknownRead(self.resource.urn, "arn", "known only after the deployment")
        return f"arn:aws:s3:::{name}"

    @property
    def encryption(self) -> Encryption:
        """The default encryption."""
        return self.once("encryption", self._encryption)

    def _encryption(self) -> Encryption:
        separate = self.companions("BucketServerSideEncryptionConfiguration")
        said = [self._said(one, one.read.blocks("rules")) for one in separate]
        if not said:
            inline = self.inline("serverSideEncryptionConfiguration")
            said = [self._said(self.resource, inline.blocks("rule") or inline.blocks("rules"))]
        return min(said, key=lambda encryption: encryption.customer_key)

    def _said(self, resource: Resource, rules: list[Block]) -> Encryption:
        for rule in rules:
            name = "applyServerSideEncryptionByDefault"
            default = rule.block(name if rule.has(name) else f"{name}s")
            algorithm = default.text("sseAlgorithm")
            if algorithm:
                return Encryption(algorithm, named_key(self.graph, resource, default, "kmsMasterKeyId"))
        return Encryption("AES256")

    @property
    def versioned(self) -> bool:
        """Whether versions of objects are kept. A bucket that is made with object lock keeps them for good
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html)."""
        if self.read.flag("objectLockEnabled"):
            return True
        separate = self.companions("BucketVersioning")
        if separate:
            return all(one.read.text("versioningConfiguration.status") == "Enabled" for one in separate)
        return self.inline("versioning").flag("enabled")

    @property
    def public_access_block(self) -> dict[str, bool]:
        """The four switches: a new bucket has them on; a separate resource that leaves one out switches it off."""
        separate = companions(self.graph, PUBLIC_ACCESS_BLOCKS, "bucket", *BUCKETS).of(self.resource)
        if not separate:
            return dict.fromkeys(PUBLIC_ACCESS_SWITCHES, True)
        return {name: all(one.read.flag(name) for one in separate) for name in PUBLIC_ACCESS_SWITCHES}

    @property
    def policies(self) -> list[Policy]:
        """The bucket policies, wherever they are written."""
        found = (one.policy for one in policies_on(self.graph, self.resource))
        return [policy for policy in found if policy is not None]

    @property
    def acl(self) -> str | None:
        """The canned ACL that is asked for, in its own resource or in the bucket; None where none is."""
        separate = self.companions("BucketAcl")
        return separate[0].read.text("acl") if separate else self.read.text("acl")

    @property
    def log_bucket(self) -> str | None:
        """The bucket that server access logs go to; None where they are not kept. CloudTrail is another matter."""
        separate = self.companions("BucketLogging")
        target = (separate[0].read if separate else self.inline("logging")).value("targetBucket")
        return str(target) if target else None

    @property
    def logged(self) -> bool:
        """Whether access logs go to some other bucket; a name that is not known yet is one."""
        separate = self.companions("BucketLogging")
        said = separate[0].read if separate else self.inline("logging")
        if not said.known("targetBucket"):
            return said.has("targetBucket")
        target = self.log_bucket
        return target is not None and self.graph.resolve(target, *BUCKETS, stack=self.resource.stack) != self.resource

    @property
    def receives_logs(self) -> bool:
        """Whether other buckets, distributions or load balancers of the graph write their access logs to this one.

        What is labelled as holding cardholder data is no bucket for logs, whoever writes some to it.
        """
        return bool(self._logs)

    @property
    def logs_without_kms(self) -> str:
        """The logs it receives that are delivered only to buckets with SSE-S3; empty where there are none."""
        return next((what for what in SSE_S3_ONLY if what in self._logs), "")

    @property
    def _logs(self) -> set[str]:
        def targets() -> dict[str, set[str]]:
            found: dict[str, set[str]] = {}
            for what, name in self._log_targets():
                resource = self.graph.resolve(name, *BUCKETS)
                if resource is not None:
                    found.setdefault(resource.urn, set()).add(what)
            return found

        if self.labels.classification == "cardholder":
            return set()
        return self.graph.once("log buckets", targets).get(self.resource.urn, set())

    def _log_targets(self) -> Iterator[tuple[str, str | None]]:
        """What is written, and to which bucket."""
        for separate in self.graph.of_type(*_split("BucketLogging")):
            target = self.graph.target(separate, "targetBucket", *BUCKETS)
            if target is not None and target is not self.graph.target(separate, "bucket", *BUCKETS):
                yield SERVER_LOGS, target.urn
        for other in self.graph.of_type(*BUCKETS):
            inline = Bucket.of(self.graph, other).inline("logging").value("targetBucket")
            if inline and not other.external and self.graph.resolve(inline, *BUCKETS, stack=other.stack) is not other:
                yield SERVER_LOGS, str(inline)
        for type_, name in LOGGING.items():
            for resource in self.graph.of_type(type_):
                target = resource.read.block(name).value("bucket")  # of a distribution the bucket's domain name
                yield _written_by(resource), str(target).partition(".s3.")[0] if target else None

    @property
    def object_lock(self) -> bool:
        """Whether object lock is on, so that objects can be kept from deletion."""
        inline = self.read.block("objectLockConfiguration").text("objectLockEnabled") == "Enabled"
        return self.read.flag("objectLockEnabled") or inline or bool(self.companions("BucketObjectLockConfiguration"))

    @property
    def object_lock_mode(self) -> str | None:
        """`GOVERNANCE` or `COMPLIANCE` where there is a default retention, else None."""
        separate = self.companions("BucketObjectLockConfiguration")
        read = separate[0].read if separate else self.read.block("objectLockConfiguration")
        return read.block("rule").block("defaultRetention").text("mode")

    @property
    def lifecycle(self) -> list[LifecycleRule]:
        """The lifecycle rules, wherever they are written."""
        return self.once("lifecycle", lambda: list(self._lifecycle()))

    def _lifecycle(self) -> Iterator[LifecycleRule]:
        separate = self.companions("BucketLifecycleConfiguration")
        for one in separate:
            for rule in one.read.blocks("rules"):
                enabled = rule.text("status") == "Enabled"
                abort = rule.block("abortIncompleteMultipartUpload").number("daysAfterInitiation")
                yield _lifecycle_rule(rule, enabled, abort, "noncurrentDays")
        for rule in self.read.blocks("lifecycleRules") if not separate else ():
            abort = rule.number("abortIncompleteMultipartUploadDays")
            yield _lifecycle_rule(rule, rule.flag("enabled"), abort, "days")

    @property
    def force_destroy(self) -> bool:
        """Whether the bucket is deleted with all its objects when it leaves the program."""
        return self.read.flag("forceDestroy")


def _lifecycle_rule(rule: Block, enabled: bool, abort: float | None, noncurrent: str) -> LifecycleRule:
    def part(name: str) -> Block:
        return rule.block(name if rule.has(name) else f"{name}s")

    filter_ = rule.mapping("filter")
    return LifecycleRule(
        enabled=enabled,
        whole=not rule.text("prefix") and not rule.mapping("tags") and not any(filter_.values()),
        expiration_days=part("expiration").number("days"),
        noncurrent_days=part("noncurrentVersionExpiration").number(noncurrent),
        abort_days=abort,
        transitions=tuple((one.text("storageClass") or "", one.number("days")) for one in rule.blocks("transitions")),
    )
