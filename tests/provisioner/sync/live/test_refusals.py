"""What cannot be read is said, call by call, and never taken for unchanged."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from lychgate.provisioner.sync.drift import drift
from lychgate.provisioner.sync.live.calling import Account, Unread
from lychgate.provisioner.sync.live.reading import AccountError, Live

from lychgate.model.values import Secret, Unknown
from lychgate.sources.deployed.values import ENCRYPTED
from tests.provisioner.sync.live import cases_storage
from tests.provisioner.sync.live.world import ACCOUNT, REGION, World, made, state

pytestmark = pytest.mark.moto


class Body(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


class Refusal:
    """Answers an operation with an error, as often as it is told to, and counts what it was asked."""

    def __init__(self, world: World, operation: str, code: str, status: int = 400, times: int = 1000) -> None:
        self.code, self.status, self.times, self.asked = code, status, times, 0
        world.checking.events.register(f"before-send.{operation}", self)

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        self.asked += 1
        if self.asked > self.times:
            return None
        body = json.dumps({"__type": self.code, "message": "no"}).encode()
        return AWSResponse(request.url, self.status, {}, Body(body))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)


def test_a_call_that_is_denied_is_named_and_the_others_count(world: World) -> None:
    (one,) = cases_storage.key(world)
    Refusal(world, "kms.GetKeyPolicy", "AccessDeniedException")
    (row,) = world.drift(one).resources
    assert (row.state, row.unread) == ("unread", (Unread("kms:GetKeyPolicy", "AccessDeniedException"),))
    world.kms.disable_key_rotation(KeyId=one.id)
    found = world.drift(one)
    (row,) = found.resources
    assert [place.path for place in row.properties] == ["enableKeyRotation"] and row.state == "changed"
    assert row.unread and not found.complete and isinstance(row.overlay["policy"], Unknown)


def test_a_resource_that_is_denied_is_not_unchanged(world: World) -> None:
    (one,) = cases_storage.table(world)
    Refusal(world, "dynamodb.DescribeTable", "AccessDeniedException")
    found = world.drift(one)
    assert found.counts == {"unread": 1} and not found.found and not found.complete
    assert found.as_dict()["resources"][0]["unread"] == [
        {"call": "dynamodb:DescribeTable", "code": "AccessDeniedException"}
    ]


def test_throttling_is_retried_and_ends(world: World) -> None:
    (one,) = cases_storage.key(world)
    throttled = Refusal(world, "kms.DescribeKey", "ThrottlingException", times=3)
    assert world.drift(one).counts == {"same": 1} and throttled.asked == 4
    for_good = Refusal(world, "kms.ListResourceTags", "ThrottlingException")
    (row,) = world.drift(one).resources
    assert row.unread == (Unread("kms:ListResourceTags", "ThrottlingException"),) and for_good.asked == 5


def test_a_search_that_is_denied_is_said(world: World) -> None:
    (one,) = cases_storage.key(world)
    Refusal(world, "resource-groups-tagging-api.GetResources", "AccessDeniedException")
    found = world.drift(one)
    assert found.not_searched == (Unread("resourcegroupstaggingapi:GetResources", "AccessDeniedException"),)
    assert found.counts == {"same": 1} and not found.complete


def test_credentials_of_another_account_are_refused(world: World) -> None:
    (one,) = cases_storage.key(world)
    one.outputs["arn"] = one.outputs["arn"].replace(ACCOUNT, "111122223333")
    with pytest.raises(AccountError, match="the credentials are of 123456789012, the stack is deployed in 1111"):
        world.drift(one)
    (here,) = cases_storage.alias(world)
    here.outputs["arn"] = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/shop"
    assert world.drift(one, here).counts == {"unread": 1, "same": 1}


def test_without_credentials_nothing_is_said(world: World) -> None:
    Refusal(world, "sts.GetCallerIdentity", "ExpiredToken")
    with pytest.raises(AccountError):
        world.drift()


def test_a_type_without_a_reader_is_unread(world: World) -> None:
    found = world.drift(made("aws:sfn/stateMachine:StateMachine", "x", {"name": "x"}))
    assert found.counts == {"unread": 1} and "no reader" in found.resources[0].unread[0].code


def test_only_reading_calls_pass() -> None:
    calls = Account(boto3.session.Session("a", "b", region_name=REGION)).calls()
    for operation in ("delete_bucket", "get_secret_value", "put_bucket_policy"):
        with pytest.raises(RuntimeError, match="no call that drift may make"):
            calls("s3", operation)


def test_secrets_are_compared_and_never_shown() -> None:
    type_ = "aws:sqs/queue:Queue"
    one = made(type_, "u", {"name": Secret("orders-hidden"), "kmsMasterKeyId": Secret(ENCRYPTED)})
    found = drift(state(one), Live({one.urn: {"name": "other-hidden", "kmsMasterKeyId": "k"}}))
    (row,) = found.resources
    assert row.state == "changed" and row.not_compared == ("kmsMasterKeyId",)
    assert "hidden" not in str(found.as_dict()) and row.overlay["name"] == Secret("other-hidden")


def test_what_was_not_asked_for_is_unread() -> None:
    assert drift(state(made("aws:sqs/queue:Queue", "u", {})), Live({})).counts == {"unread": 1}
