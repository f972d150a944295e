"""Buckets, and what S3 keeps beside them. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html

Real S3 encrypts every new bucket with its own key, blocks public access and has no ACLs; moto does not, so it is told:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, given, pairs, without_none
from tests.engine.plugins.wire import Properties

BLOCKS = {
    "blockPublicAcls": "BlockPublicAcls", "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls", "restrictPublicBuckets": "RestrictPublicBuckets",
}  # fmt: skip
SSE_S3 = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
# https://docs.aws.amazon.com/general/latest/gr/s3.html, of the regions that the tests are in
ZONES = {"eu-central-1": "Z21DNDUVLTQW6Q", "eu-west-1": "Z1BKCTXD74EZPE", "us-east-1": "Z3AQBSTGFYJSTF"}


def create(cloud: Cloud, inputs: Properties) -> str:
    name = str(inputs["bucket"])
    place = {} if cloud.region == "us-east-1" else {"LocationConstraint": cloud.region}
    cloud("s3").create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    _tag(cloud, name, inputs)
    put_encryption(cloud, name, {"rules": SSE_S3})
    put_block(cloud, name, dict.fromkeys(BLOCKS, True))
    put_ownership(cloud, name, {"rule": {"objectOwnership": "BucketOwnerEnforced"}})
    return name


def _tag(cloud: Cloud, name: str, inputs: Properties) -> None:
    if tags := all_tags(inputs):
        cloud("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs(tags)})
    else:
        cloud("s3").delete_bucket_tagging(Bucket=name)


def outputs(cloud: Cloud, name: str, known: Properties) -> Properties:
    place = cloud("s3").get_bucket_location(Bucket=name)["LocationConstraint"] or "us-east-1"
    rules = cloud("s3").get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    said = without_none(sseAlgorithm=default["SSEAlgorithm"], kmsMasterKeyId=default.get("KMSMasterKeyID"))
    versions = cloud("s3").get_bucket_versioning(Bucket=name)
    return {
        "arn": f"arn:aws:s3:::{name}", "bucket": name, "bucketRegion": place,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{place}.amazonaws.com",
        "hostedZoneId": ZONES.get(place, ""), "websiteDomain": "", "websiteEndpoint": "",
        "requestPayer": "BucketOwner",  # unless asked for, which nobody can here
        "serverSideEncryptionConfiguration": {
            "rule": {
                "applyServerSideEncryptionByDefault": said, "bucketKeyEnabled": rules[0].get("BucketKeyEnabled", False),
            }
        },
        "versioning": {
            "enabled": versions.get("Status") == "Enabled", "mfaDelete": versions.get("MFADelete") == "Enabled",
        },
    }  # fmt: skip


def delete(cloud: Cloud, name: str, known: Properties) -> None:
    """A bucket with objects stays, unless the program has said that they may go with it."""
    if known.get("forceDestroy"):
        for page in cloud("s3").get_paginator("list_object_versions").paginate(Bucket=name):
            for one in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                cloud("s3").delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    cloud("s3").delete_bucket(Bucket=name)


def put_encryption(cloud: Cloud, name: str, inputs: Properties) -> None:
    rules = []
    for rule in inputs["rules"]:
        default = rule["applyServerSideEncryptionByDefault"]
        said = given(default, {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"})
        enabled = given(rule, {"bucketKeyEnabled": "BucketKeyEnabled"})
        rules.append({"ApplyServerSideEncryptionByDefault": said, **enabled})
    cloud("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})


def put_block(cloud: Cloud, name: str, inputs: Properties) -> None:
    block = {theirs: bool(inputs.get(ours)) for ours, theirs in BLOCKS.items()}
    cloud("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)


def put_ownership(cloud: Cloud, name: str, inputs: Properties) -> None:
    rules = [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]
    cloud("s3").put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": rules})


def put_policy(cloud: Cloud, name: str, inputs: Properties) -> None:
    cloud("s3").put_bucket_policy(Bucket=name, Policy=inputs["policy"])


def put_versioning(cloud: Cloud, name: str, inputs: Properties) -> None:
    status = inputs["versioningConfiguration"]["status"]
    if status != "Disabled":  # which a bucket is that never had versions
        cloud("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})


def suspend(cloud: Cloud, name: str) -> None:
    """A bucket that has had versions can only stop making them."""
    cloud("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})


def put_logging(cloud: Cloud, name: str, inputs: Properties) -> None:
    target = {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs["targetPrefix"]}
    cloud("s3").put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": target})


def put_lifecycle(cloud: Cloud, name: str, inputs: Properties) -> None:
    rules = [_rule(rule) for rule in inputs["rules"]]
    cloud("s3").put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})


def _rule(rule: Properties) -> dict[str, Any]:
    days = {"days": "Days", "date": "Date", "storageClass": "StorageClass"}
    versions = {"noncurrentDays": "NoncurrentDays", "newerNoncurrentVersions": "NewerNoncurrentVersions"}
    abort = {"daysAfterInitiation": "DaysAfterInitiation"}
    made: dict[str, Any] = {
        "Status": rule["status"],
        "Filter": {"Prefix": (rule.get("filter") or {}).get("prefix", "")},
    }
    made |= given(rule, {"id": "ID"})
    if rule.get("transitions"):
        made["Transitions"] = [given(one, days) for one in rule["transitions"]]
    for ours, theirs, names in (
        ("expiration", "Expiration", days),
        ("noncurrentVersionExpiration", "NoncurrentVersionExpiration", versions),
        ("abortIncompleteMultipartUpload", "AbortIncompleteMultipartUpload", abort),
    ):
        if rule.get(ours):
            made[theirs] = given(rule[ours], names)
    return made


def _companion(
    inputs: set[str], put: Callable[[Cloud, str, Properties], None], delete: Callable[[Cloud, str], object]
) -> Kind:
    """A setting of a bucket that is a resource of its own; its id is the bucket's name."""

    def create(cloud: Cloud, said: Properties) -> str:
        put(cloud, said["bucket"], said)
        return str(said["bucket"])

    return Kind(
        frozenset({"bucket", *inputs}), create, lambda cloud, name, known: delete(cloud, name), _there,
        lambda cloud, name, old, new: put(cloud, name, new), frozenset({"bucket"}),
    )  # fmt: skip


def _there(cloud: Cloud, name: str, known: Properties) -> Properties:
    cloud("s3").get_bucket_location(Bucket=name)
    return {}


KINDS = {
    "aws:s3/bucket:Bucket": Kind(
        frozenset({"bucket", "forceDestroy"}), create, delete, outputs,
        lambda cloud, name, old, new: _tag(cloud, name, new),
    ),
    # Without the setting S3 has its own key again.
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _companion(
        {"rules"}, put_encryption, lambda cloud, name: put_encryption(cloud, name, {"rules": SSE_S3})
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _companion(
        {*BLOCKS}, put_block, lambda cloud, name: cloud("s3").delete_public_access_block(Bucket=name)
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _companion(
        {"rule"}, put_ownership, lambda cloud, name: cloud("s3").delete_bucket_ownership_controls(Bucket=name)
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _companion(
        {"policy"}, put_policy, lambda cloud, name: cloud("s3").delete_bucket_policy(Bucket=name)
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _companion({"versioningConfiguration"}, put_versioning, suspend),
    "aws:s3/bucketLogging:BucketLogging": _companion(
        {"targetBucket", "targetPrefix"}, put_logging,
        lambda cloud, name: cloud("s3").put_bucket_logging(Bucket=name, BucketLoggingStatus={}),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _companion(
        {"rules"}, put_lifecycle, lambda cloud, name: cloud("s3").delete_bucket_lifecycle(Bucket=name)
    ),
}  # fmt: skip
