"""States as the engine writes them, whole and broken, in folders and in S3 (moto)."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from lychgate.model.errors import InputError
from lychgate.model.graph import Location
from lychgate.model.values import Secret, Unknown, plain
from lychgate.sources.deployed.backend import BackendError, locks, read_file, read_stack
from lychgate.sources.deployed.checkpoint import read_checkpoint
from lychgate.sources.deployed.values import from_json

SIGNATURE = "4dabf18193072939515e22adb298388d"
URN = "urn:pulumi:dev::shop::aws:sqs/queue:Queue::orders"
STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abcdef"}
QUEUE = {
    "urn": URN, "type": "aws:sqs/queue:Queue", "custom": True, "id": "https://sqs/orders", "parent": STACK,
    "inputs": {"__defaults": ["name"], "name": "orders-1a2b3c4", "tags": {"a": 1.0}, "policy": SECRET},
    "outputs": {"arn": "arn:aws:sqs:::orders-1a2b3c4"}, "protect": True, "ignoreChanges": ["tags"],
    "provider": "urn:pulumi:dev::shop::pulumi:providers:aws::default::id", "dependencies": [STACK],
    "propertyDependencies": {"policy": [STACK], "tags": None}, "sourcePosition": "project:///app.py#12,3",
    "aliases": ["urn:pulumi:dev::shop::aws:sqs/queue:Queue::old"], "importID": "x", "unheardOf": {"a": 1},
}  # fmt: skip


def checkpoint(*resources: Any, **more: Any) -> bytes:
    latest = {
        "manifest": {"time": "2026-01-01T00:00:00Z", "magic": "", "version": "3.2"},
        "resources": resources,
        **more,
    }
    return json.dumps({"version": 3, "checkpoint": {"stack": "organization/shop/dev", "latest": latest}}).encode()


def test_a_checkpoint_is_read() -> None:
    read = read_checkpoint(checkpoint({"urn": STACK, "type": "pulumi:pulumi:Stack", "outputs": {"url": "u"}}, QUEUE))
    queue = read.graph.by_urn[URN]
    assert (read.project, read.stack, read.time, read.version) == ("shop", "dev", "2026-01-01T00:00:00Z", "3.2")
    assert read.graph.stacks["shop/dev"].outputs == {"url": "u"}
    assert queue.properties == {
        "__defaults": ["name"], "name": "orders-1a2b3c4", "tags": {"a": 1}, "policy": Secret(Unknown())
    }  # fmt: skip
    assert queue.outputs["arn"] == "arn:aws:sqs:::orders-1a2b3c4"
    assert (queue.id, queue.parent, queue.name, queue.stack) == ("https://sqs/orders", STACK, "orders", "shop/dev")
    assert queue.property_dependencies == {"policy": (STACK,)} and queue.dependencies == (STACK,)
    assert queue.location == Location("app.py", 12)
    assert queue.options == {
        "protect": True, "ignoreChanges": ["tags"], "importId": "x",
        "aliases": ["urn:pulumi:dev::shop::aws:sqs/queue:Queue::old"],
    }  # fmt: skip


def test_an_export_is_read_as_its_checkpoint() -> None:
    document = json.loads(checkpoint(QUEUE))
    export = {"version": 3, "deployment": document["checkpoint"]["latest"]}
    assert (
        read_checkpoint(json.dumps(export).encode()).graph.resources
        == read_checkpoint(checkpoint(QUEUE)).graph.resources
    )


@pytest.mark.parametrize(
    "text",
    ['{"version": 3, "checkpoint": {"stack": "a", "latest": null}}', '{"version": 3, "checkpoint": {"stack": "a"}}',
     '{"version": 3, "deployment": {"manifest": {}}}', '{"version": 0, "checkpoint": {}}', '{"version": 3}'],
)  # fmt: skip
def test_a_stack_that_was_never_deployed_is_empty(text: str) -> None:
    assert read_checkpoint(text.encode()).graph.resources == []


def test_what_is_unfinished_is_told() -> None:
    pending = [{"type": "creating", "resource": {"urn": URN + "-new", "type": "aws:sqs/queue:Queue"}}]
    read = read_checkpoint(checkpoint(QUEUE, QUEUE | {"delete": True, "id": "older"}, pending_operations=pending))
    assert [one.id for one in read.leftovers] == ["older"] and read.graph.by_urn[URN].id == "https://sqs/orders"
    assert [(one.operation, one.urn) for one in read.pending] == [("creating", URN + "-new")]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("04da6b54-80e4-46f7-96ec-b56ff0331ba9", Unknown()),
        ({SIGNATURE: SECRET[SIGNATURE], "plaintext": '{"a": 2.0}'}, Secret({"a": 2})),
        ({SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": URN, "id": "i", "packageVersion": ""}, "i"),
        ({SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": URN, "packageVersion": ""}, URN),
        ({SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "t"}, {"$asset": {"text": "t"}}),
        ({SIGNATURE: "803fd3297a5875dc03ca845dda5d2a98", "value": "Yf8="}, "a\\xff"),
        ({SIGNATURE: "8ad145fe-0d11-4827-bfd7-1abcbf086f5c", "value": "7ff0000000000000"}, "inf"),
        ([1.5, None, True, 2.0], [1.5, None, True, 2]),
    ],
)  # fmt: skip
def test_values(written: Any, read: Any) -> None:
    assert from_json(written) == read


BROKEN = {
    "no JSON": b"{", "a list": b"[]", "something else": b'{"a": 1}', "deep": b'{"a":' + b"[" * 3000, "nothing": b"",
    "YAML": b"version: 3", "old": json.dumps({"version": 1, "checkpoint": {"latest": {"resources": [{}]}}}).encode(),
    "newer": json.dumps({"version": 4, "features": ["new"], "deployment": {"resources": [{}]}}).encode(),
    "zstd": b"\x28\xb5\x2f\xfd....", "gzip": gzip.compress(b"{}")[:12], "zeros": gzip.compress(b"\0" * 1000),
    "no URN": checkpoint({"type": "a"}), "a strange URN": checkpoint({"urn": "urn:x", "type": "a"}),
    "a number": checkpoint(1),
    "twice": checkpoint(QUEUE, QUEUE), "two stacks": checkpoint(QUEUE, QUEUE | {"urn": URN.replace(":dev:", ":prod:")}),
    "inputs": checkpoint(QUEUE | {"inputs": [1]}), "a flag": checkpoint(QUEUE | {"protect": "yes"}),
    "a strange value": checkpoint(QUEUE | {"inputs": {"a": {SIGNATURE: "x"}}}),
    "a broken secret": checkpoint(QUEUE | {"inputs": {"a": {SIGNATURE: SECRET[SIGNATURE]}}}),
    "dependencies": checkpoint(QUEUE | {"dependencies": [1]}),
    "pending": checkpoint(pending_operations=[{"type": "x"}]),
}  # fmt: skip


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_broken_and_foreign_files_end_in_one_error(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read_checkpoint(data, "state.json")
    assert str(caught.value).startswith("state.json: ") and "\n" not in str(caught.value)


@given(st.recursive(st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([SIGNATURE, "checkpoint", "latest", "deployment", "version", "resources", "urn", "type"]),
        inner | st.sampled_from([3, SECRET[SIGNATURE], URN]), max_size=4)), max_leaves=12))  # fmt: skip
def test_no_document_ends_in_anything_else(document: Any) -> None:
    with contextlib.suppress(InputError):
        read_checkpoint(json.dumps(document).encode())


def test_a_ciphertext_is_never_read() -> None:
    queue = read_checkpoint(checkpoint(QUEUE)).graph.by_urn[URN]
    assert "abcdef" not in repr(queue) and plain(queue.properties)["policy"] == "[secret]"


def write(root: Path, key: str, data: bytes, age: float = 0) -> None:
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1e9 - age, 1e9 - age))


def test_a_backend_of_files(tmp_path: Path) -> None:
    url = f"file://{tmp_path}"
    write(tmp_path, ".pulumi/meta.yaml", b"version: 1\n")
    assert read_stack(url, "shop", "dev") is None
    write(tmp_path, ".pulumi/stacks/shop/dev.json", checkpoint(), age=9)
    write(tmp_path, ".pulumi/stacks/shop/dev.json.bak", b"{", age=-9)
    write(tmp_path, ".pulumi/stacks/shop/dev.json.gz", gzip.compress(checkpoint(QUEUE)))
    read = read_stack(url, "shop", "dev")
    assert read and list(read.graph.by_urn) == [URN]
    again = read_file(tmp_path / ".pulumi/stacks/shop/dev.json.gz")
    assert again.graph.resources == read.graph.resources


def test_the_older_layout(tmp_path: Path) -> None:
    write(tmp_path, ".pulumi/stacks/dev.json", checkpoint(QUEUE))
    write(tmp_path, ".pulumi/locks/dev/1.json", b"{}")
    read = read_stack(f"file://{tmp_path}", "shop", "dev")
    assert read and list(read.graph.by_urn) == [URN]
    assert len(locks(f"file://{tmp_path}", "shop", "dev")) == 1


def test_locks_are_told(tmp_path: Path) -> None:
    url = f"file://{tmp_path}"
    assert locks(url, "shop", "dev") == []
    told = {"pid": 7, "username": "ada", "hostname": "ci", "timestamp": "2026-01-01T00:00:00Z"}
    write(tmp_path, ".pulumi/locks/organization/shop/dev/1.json", json.dumps(told).encode())
    write(tmp_path, ".pulumi/locks/organization/shop/dev/2.json", b"half")
    write(tmp_path, ".pulumi/locks/organization/shop/prod/3.json", b"{}")
    found = locks(url, "shop", "dev")
    assert [str(lock) for lock in found] == ["?@? (process 0) since ?", "ada@ci (process 7) since 2026-01-01T00:00:00Z"]


@pytest.mark.parametrize("url", ["https://api.pulumi.com", "gs://bucket", "", "s3://", "s3://b?password=x", "/tmp/x"])
def test_other_backends_are_refused(url: str) -> None:
    with pytest.raises(InputError):
        read_stack(url, "shop", "dev")


@pytest.mark.parametrize(
    ("project", "stack"), [("..", "dev"), ("shop", "../x"), ("shop", ""), ("a/b", "dev"), ("s", "a\n")]
)
def test_names_do_not_lead_out_of_the_backend(tmp_path: Path, project: str, stack: str) -> None:
    with pytest.raises(InputError):
        read_stack(f"file://{tmp_path}", project, stack)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_file(tmp_path / "missing.json")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BackendError, match="no file"):
        read_file(tmp_path / "pipe")
    write(tmp_path, ".pulumi/meta.yaml", b"version: 9\n")
    with pytest.raises(InputError, match=r"version 0 or 1"):
        read_stack(f"file://{tmp_path}", "shop", "dev")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="states")
        yield client


def test_a_backend_in_s3(s3: Any) -> None:
    url = "s3://states/team/a?region=us-east-1"
    assert read_stack(url, "shop", "dev") is None
    s3.put_object(Bucket="states", Key="team/a/.pulumi/meta.yaml", Body=b"version: 1")
    s3.put_object(Bucket="states", Key="team/a/.pulumi/stacks/shop/dev.json", Body=checkpoint(QUEUE))
    s3.put_object(Bucket="states", Key="team/a/.pulumi/stacks/shop/dev.json.attrs", Body=b"")
    s3.put_object(Bucket="states", Key="team/a/.pulumi/locks/organization/shop/dev/1.json", Body=b'{"pid": 3}')
    read = read_stack(url, "shop", "dev")
    assert read and list(read.graph.by_urn) == [URN]
    assert [lock.pid for lock in locks(url, "shop", "dev")] == [3]
    with pytest.raises(BackendError, match="NoSuchBucket"):
        read_stack("s3://elsewhere?region=us-east-1", "shop", "dev")


@pytest.mark.parametrize(
    ("told", "provider"),
    [
        ({"type": "cloud", "state": {"url": "awskms://alias/a", "encryptedkey": "x"}}, "awskms://alias/a"),
        ({"type": "passphrase", "state": {"salt": "v1:x"}}, "passphrase"),
        ({"type": "cloud", "state": {}}, "cloud"),
        (None, ""),
    ],
)
def test_a_state_says_what_encrypts_its_secrets(told: Any, provider: str) -> None:
    assert read_checkpoint(checkpoint(QUEUE, secrets_providers=told)).secrets_provider == provider
