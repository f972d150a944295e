"""Buckets, and what S3 keeps beside them. https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html

Real S3 encrypts every new bucket with its own key and blocks public access: a bucket that answers "not found" there has
lost that, and is told apart from one with AWS's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone, Refused, attempted
from lychgate.provisioner.sync.live.saying import said, tags, without_none

from lychgate.model.graph import Resource


def bucket(calls: Calls, resource: Resource) -> dict[str, Any]:
    """The bucket itself."""
    name = said(resource, "bucket")
    calls("s3", "get_bucket_location", Bucket=name)  # HeadBucket tells "denied" and "not there" by a bare 403 or 404
    return {"bucket": name} | attempted(["tags"], lambda: {"tags": _tags(calls, name)})


def _tags(calls: Calls, name: str) -> dict[str, str]:
    try:
        return tags(calls("s3", "get_bucket_tagging", Bucket=name)["TagSet"])
    except Refused as refused:
        if refused.unread.code == "NoSuchTagSet":
            return {}
        raise


def encryption(calls: Calls, resource: Resource) -> dict[str, Any]:
    """Encryption by default."""
    name = said(resource, "bucket")
    found = calls("s3", "get_bucket_encryption", Bucket=name)["ServerSideEncryptionConfiguration"]
    return {"bucket": name, "rules": [_encryption(rule) for rule in found["Rules"]]}


def _encryption(rule: Mapping[str, Any]) -> dict[str, Any]:
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    return {
        "applyServerSideEncryptionByDefault": without_none(
            sseAlgorithm=default.get("SSEAlgorithm"), kmsMasterKeyId=default.get("KMSMasterKeyID")
        ),
        "bucketKeyEnabled": rule.get("BucketKeyEnabled", False),
    }


def public_access_block(calls: Calls, resource: Resource) -> dict[str, Any]:
    """Public access."""
    name = said(resource, "bucket")
    found = calls("s3", "get_public_access_block", Bucket=name)["PublicAccessBlockConfiguration"]
    return {
        "bucket": name,
        "blockPublicAcls": found.get("BlockPublicAcls", False),
        "blockPublicPolicy": found.get("BlockPublicPolicy", False),
        "ignorePublicAcls": found.get("IgnorePublicAcls", False),
        "restrictPublicBuckets": found.get("RestrictPublicBuckets", False),
    }


def ownership(calls: Calls, resource: Resource) -> dict[str, Any]:
    """Who owns objects."""
    name = said(resource, "bucket")
    found = calls("s3", "get_bucket_ownership_controls", Bucket=name)["OwnershipControls"]["Rules"]
    return {"bucket": name, "rule": {"objectOwnership": found[0]["ObjectOwnership"]} if found else None}


def policy(calls: Calls, resource: Resource) -> dict[str, Any]:
    """The bucket's policy."""
    name = said(resource, "bucket")
    return {"bucket": name, "policy": calls("s3", "get_bucket_policy", Bucket=name)["Policy"]}


def versioning(calls: Calls, resource: Resource) -> dict[str, Any]:
    """Versions. A bucket that never had any answers without a status: that is what Terraform calls Disabled."""
    name = said(resource, "bucket")
    found = calls("s3", "get_bucket_versioning", Bucket=name)
    configuration = {"status": found.get("Status", "Disabled"), "mfaDelete": found.get("MFADelete", "Disabled")}
    return {"bucket": name, "versioningConfiguration": configuration}


def logging(calls: Calls, resource: Resource) -> dict[str, Any]:
    """Access logs. A bucket without any answers nothing: the setting is gone."""
    name = said(resource, "bucket")
    found = calls("s3", "get_bucket_logging", Bucket=name).get("LoggingEnabled")
    if not found:
        raise Gone(f"{name} writes no access logs")
    return {"bucket": name, "targetBucket": found["TargetBucket"], "targetPrefix": found.get("TargetPrefix", "")}


def lifecycle(calls: Calls, resource: Resource) -> dict[str, Any]:
    """What moves and expires."""
    name = said(resource, "bucket")
    found = calls("s3", "get_bucket_lifecycle_configuration", Bucket=name)
    return {"bucket": name, "rules": [_rule(rule) for rule in found["Rules"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    prefix = (rule.get("Filter") or {}).get("Prefix", rule.get("Prefix"))
    abort, expiration = rule.get("AbortIncompleteMultipartUpload"), rule.get("Expiration")
    noncurrent = rule.get("NoncurrentVersionExpiration")
    moves = [
        without_none(days=one.get("Days"), storageClass=one["StorageClass"]) for one in rule.get("Transitions", ())
    ]
    return without_none(
        id=rule.get("ID"),
        status=rule["Status"],
        filter=_filter(rule.get("Filter") or {}, prefix),
        transitions=moves or None,
        expiration=without_none(days=expiration.get("Days"), date=expiration.get("Date")) if expiration else None,
        noncurrentVersionExpiration=without_none(
            noncurrentDays=noncurrent.get("NoncurrentDays"),
            newerNoncurrentVersions=noncurrent.get("NewerNoncurrentVersions"),
        )
        if noncurrent
        else None,
        abortIncompleteMultipartUpload={"daysAfterInitiation": abort["DaysAfterInitiation"]} if abort else None,
    )


def _filter(found: Mapping[str, Any], prefix: str | None) -> dict[str, Any]:
    """What a rule is for; of a filter that is no prefix, AWS's own words, which agree with no prefix."""
    other = {name: value for name, value in found.items() if name != "Prefix"}
    return without_none(prefix=prefix if prefix or not other else None, **({"and": other} if other else {}))


READERS = {
    "aws:s3/bucket:Bucket": bucket,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": encryption,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": public_access_block,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ownership,
    "aws:s3/bucketPolicy:BucketPolicy": policy,
    "aws:s3/bucketVersioning:BucketVersioning": versioning,
    "aws:s3/bucketLogging:BucketLogging": logging,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lifecycle,
}
