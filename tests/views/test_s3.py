"""A bucket with its companions, in a preview too."""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UNKNOWN, UnknownRead
from lychgate.views.s3 import Bucket
from tests.views.helpers import KEY_ARN, key, resource


def bucket(properties: dict[str, Any], *others: Resource, type_: str = "aws:s3/bucket:Bucket", **more: Any) -> Bucket:
    one = resource(type_, "receipts", properties, id="receipts-1", **more)
    return Bucket.of(Graph([one, *others]), one)


def companion(kind: str, properties: dict[str, Any], name: str = "one", **more: Any) -> Resource:
    return resource(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}", name, {"bucket": "receipts-1", **properties}, **more)


def test_defaults() -> None:
    one = bucket({})
    assert one.encryption.algorithm == "AES256" and not one.encryption.customer_key
    assert not one.versioned and not one.object_lock and one.object_lock_mode is None
    assert all(one.public_access_block.values())
    assert one.lifecycle == [] and one.policies == [] and one.log_bucket is None and not one.force_destroy


def test_a_companion_whose_bucket_is_unknown_may_be_anyones() -> None:
    versioning = companion("BucketVersioning", {"bucket": UNKNOWN, "versioningConfiguration": {"status": "Enabled"}})
    with pytest.raises(UnknownRead, match=r"one\.bucket"):
        assert bucket({}, versioning).versioned


def test_a_companion_is_placed_by_its_dependency() -> None:
    one = resource("aws:s3/bucket:Bucket", "receipts", {})
    versioning = companion(
        "BucketVersioning",
        {"bucket": UNKNOWN, "versioningConfiguration": {"status": "Enabled"}},
        property_dependencies={"bucket": (one.urn,)},
    )
    assert Bucket.of(Graph([one, versioning]), one).versioned


def test_encryption_in_a_preview() -> None:
    data = key()
    rules = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}}]
    kind = "BucketServerSideEncryptionConfiguration"
    placed = companion(kind, {"rules": rules}, property_dependencies={"rules": (data.urn,)})
    assert bucket({}, placed, data).encryption.customer_key
    with pytest.raises(UnknownRead, match="kmsMasterKeyId"):
        assert bucket({}, companion(kind, {"rules": rules}), data).encryption


def test_suspended_versioning_and_the_weaker_of_two() -> None:
    on = companion("BucketVersioning", {"versioningConfiguration": {"status": "Enabled"}}, "on")
    off = companion("BucketVersioningV2", {"versioningConfiguration": {"status": "Suspended"}}, "off")
    assert bucket({}, on).versioned
    assert not bucket({"versioning": {"enabled": True}}, off).versioned
    assert not bucket({}, on, off).versioned
    assert bucket({"versionings": [{"enabled": True}]}, type_="aws:s3/bucketV2:BucketV2").versioned


def test_a_public_access_block_switches_off_what_it_leaves_out() -> None:
    block = companion("BucketPublicAccessBlock", {"blockPublicAcls": True, "blockPublicPolicy": True})
    assert bucket({}, block).public_access_block == {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": False,
        "restrictPublicBuckets": False,
    }


def test_lifecycle_in_each_spelling() -> None:
    rules = [
        {
            "id": "old",
            "status": "Enabled",
            "expiration": {"days": 400},
            "noncurrentVersionExpiration": {"noncurrentDays": 30},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            "transitions": [{"days": 90, "storageClass": "GLACIER"}],
        },
        {"id": "part", "status": "Disabled", "filter": {"prefix": "tmp/"}, "expiration": {"days": 1}},
    ]
    whole, part = bucket({}, companion("BucketLifecycleConfigurationV2", {"rules": rules})).lifecycle
    assert (whole.enabled, whole.whole, whole.expiration_days, whole.noncurrent_days) == (True, True, 400, 30)
    assert (whole.abort_days, whole.transitions) == (7, (("GLACIER", 90),))
    assert (part.enabled, part.whole, part.expiration_days) == (False, False, 1)
    inline = {"enabled": True, "prefix": "logs/", "noncurrentVersionExpiration": {"days": 5}}
    old = bucket({"lifecycleRules": [inline]}).lifecycle[0]
    assert (old.enabled, old.whole, old.noncurrent_days) == (True, False, 5)
    plural = {"enabled": True, "expirations": [{"days": 3}]}
    assert bucket({"lifecycleRules": [plural]}, type_="aws:s3/bucketV2:BucketV2").lifecycle[0].expiration_days == 3


def test_a_key_that_is_named_without_kms_is_not_used() -> None:
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256", "kmsMasterKeyId": KEY_ARN}}
    assert not bucket({"serverSideEncryptionConfiguration": {"rule": rule}}, key()).encryption.customer_key
