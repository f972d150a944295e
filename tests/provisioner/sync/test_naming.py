"""What a thing may be called where a word is asked of it."""

from __future__ import annotations

from lychgate.provisioner.sync.naming import names_of, told_apart

KEY, BUCKET = "aws:kms/key:Key", "aws:s3/bucket:Bucket"


def test_a_name_is_a_things_own() -> None:
    key, data, receipts = names_of(KEY, "data", "u:1"), names_of(BUCKET, "data", "u:2"), names_of(BUCKET, "receipts")
    assert told_apart([key, data, receipts]) == [(f"{KEY}::data", "u:1"), (f"{BUCKET}::data", "u:2"), receipts]
    assert told_apart([key, receipts])[0] == key
    assert told_apart([names_of(KEY, "data", urn) for urn in ("u:1", "u:2")]) == [("u:1",), ("u:2",)]
    assert told_apart([receipts, receipts]) == [receipts, receipts]
