from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam import (
    Access,
    Policy,
    access,
    allows_anything,
    compare,
    meets,
    open_to_strangers,
    parse,
    within,
)

from .helpers import ACCOUNT, OTHER, ROLE, USER, allow, deny, policy

GET = "s3:GetObject"


def test_layers_have_to_allow_together() -> None:
    identity, boundary = policy(allow("*")), policy(allow("s3:*"))
    both = access(identity, boundary)
    assert compare(both, boundary).relation == "equivalent"
    assert within(both, policy(allow("s3:Get*"))).answer == "no"
    assert within(access(identity, boundary, policy(allow("ec2:*"))), policy(deny())).answer == "yes"
    # the reference has layers too
    found = within(policy(allow([GET, "ec2:RunInstances"])), access(identity, boundary))
    assert found.answer == "no"
    assert found.witness is not None
    assert found.witness.request.action == "ec2:RunInstances"


def test_several_policies_of_one_layer_are_one() -> None:
    parts = [policy(allow(GET)), policy(allow("s3:PutObject"))]
    assert compare(access(parts), policy(allow([GET, "s3:PutObject"]))).relation == "equivalent"
    assert within(policy(allow("s3:PutObject")), Access((tuple(parts),))).answer == "yes"


def test_meeting() -> None:
    reading, writing = policy(allow("s3:Get*")), policy(allow("s3:Put*"))
    assert meets(reading, writing).answer == "no"
    found = meets(reading, policy(allow("s3:*Tagging")))
    assert found.witness is not None
    assert found.witness.request.action.startswith("s3:Get")
    assert found.witness.real


def test_nothing_at_all() -> None:
    assert allows_anything(policy(allow(), deny())).answer == "no"
    contradiction = {"StringEquals": {"aws:SourceVpc": "a"}, "StringNotEquals": {"aws:SourceVpc": "a"}}
    assert allows_anything(policy(allow(condition=contradiction))).answer == "no"
    two = {"StringEquals": {"aws:SourceVpc": "a"}, "StringLike": {"aws:SourceVpc": "b*"}}
    assert allows_anything(policy(allow(condition=two))).answer == "no"
    tags = {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "ForAnyValue:StringEquals": {"aws:TagKeys": "b"}}
    assert allows_anything(policy(allow(condition=tags))).answer == "no"
    assert allows_anything(policy(allow(condition={"Null": {"aws:TagKeys": "false"}}))).answer == "yes"


def test_the_witness_names_the_statement() -> None:
    found = compare(
        policy(allow(GET, sid="Read"), allow("s3:PutObject", sid="Write"), label="mine"), policy(allow(GET))
    )
    assert found.only_a is not None
    assert (found.only_a.statement, found.only_a.policy, found.only_a.real) == ("Write", "mine", True)


def test_a_real_action_is_preferred() -> None:
    found = compare(policy(allow("s3:*")), policy(allow("s3:[a-z]*"), allow("s3:G*")))
    assert found.only_a is not None
    assert found.only_a.real


@pytest.mark.parametrize(
    "condition",
    [
        {"NumericLessThan": {"s3:max-keys": "ten"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/99"}},
        {"StringEquals": {"aws:TagKeys": "a"}},  # a multivalued key without set operator
        {"Null": {"aws:SourceVpc": "maybe"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3"}},
    ],
)
def test_what_aws_does_not_define_is_unknown_with_a_reason(condition: dict[str, Any]) -> None:
    strange, nothing = policy(allow(condition=condition)), policy(deny())
    found = within(strange, nothing)
    assert found.answer == "unknown"
    assert found.reason
    # but what does not depend on it is proved
    assert within(strange, policy(allow())).answer == "yes"
    assert within(strange, strange).answer == "yes"


def test_too_many_combinations_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lychgate.reasoning.iam.atoms._LIMIT", 5_000)
    many = [allow(resource=f"*{a}{b}*") for a in "abcdef" for b in "abcdef"]
    found = compare(policy(*many), policy(*many[:-1]))
    assert (found.relation, found.reason) == ("unknown", "the patterns combine in too many ways")


STRANGERS: list[tuple[list[dict[str, Any]], bool]] = [
    ([allow(principal="*")], True),
    ([allow(principal={"AWS": "*"})], True),
    ([allow(principal={"AWS": [ACCOUNT, OTHER]})], False),
    ([allow(principal={"Service": "sns.amazonaws.com"})], False),
    ([allow(not_principal={"AWS": ACCOUNT})], True),
    ([allow(principal="*", condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})], False),
    ([allow(principal="*", condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}})], True),
    ([allow(principal="*", condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})], True),
    ([allow(principal="*", condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}})], True),
    ([allow(principal="*", condition={"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-1/r-1/"}})], False),
    ([allow(principal="*", condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})], False),
    ([allow(principal="*", condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}})], True),
    ([allow(principal="*", condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], False),
    ([allow(principal="*", condition={"StringLike": {"aws:SourceVpce": "vpce-*"}})], True),
    ([allow(principal="*", condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}})], False),
    ([allow(principal="*", condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}})], True),
    ([allow(principal="*"), deny(principal="*", condition={"StringNotEquals": {"aws:SourceVpc": "vpc-1"}})], False),
    ([allow(principal="*"), deny("s3:Put*", principal="*")], True),
    # anonymous requests do not carry the key, so Bool does not see them
    (
        [
            allow(principal="*"),
            deny(
                principal="*",
                condition={
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
        ],
        True,
    ),
    ([allow("kms:*", principal="*", condition={"StringEquals": {"kms:CallerAccount": ACCOUNT}})], False),
]


@pytest.mark.parametrize(("statements", "expected"), STRANGERS)
def test_public(statements: list[dict[str, Any]], expected: bool) -> None:
    found = open_to_strangers(policy(*statements))
    assert found.answer == ("yes" if expected else "no")
    assert (found.witness is not None) is expected


@pytest.mark.parametrize(
    ("principal", "condition", "expected"),
    [
        ({"AWS": ACCOUNT}, {}, "no"),
        ({"AWS": ROLE}, {}, "no"),
        ({"AWS": OTHER}, {}, "yes"),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-ours"}}, "no"),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": ["o-ours", "o-theirs"]}}, "yes"),
        ("*", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-ours/*"}}, "no"),
        ("*", {"StringEquals": {"aws:SourceVpce": "vpce-1"}}, "no"),
        ("*", {"StringEquals": {"aws:SourceVpce": "vpce-2"}}, "yes"),
        ("*", {"IpAddress": {"aws:SourceIp": "203.0.113.128/25"}}, "no"),
        ("*", {"IpAddress": {"aws:SourceIp": "203.0.112.0/23"}}, "yes"),
        ("*", {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:*"}}, "no"),
        ("*", {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{OTHER}:*"}}, "yes"),
        ("*", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, "no"),
    ],
)
def test_only_what_is_trusted_is_ours(principal: Any, condition: dict[str, Any], expected: str) -> None:
    trusted = [ACCOUNT, "o-ours", "vpce-1", "203.0.113.0/24"]
    found = open_to_strangers(policy(allow(principal=principal, condition=condition)), trusted)
    assert found.answer == expected


def test_the_policies_of_an_identity_have_no_strangers() -> None:
    assert open_to_strangers(policy(allow())).answer == "no"


def test_keys_that_follow_from_the_caller_fit_the_witness() -> None:
    own = policy(allow(GET, "arn:aws:s3:::home/${aws:username}/*", principal={"AWS": ACCOUNT}))
    found = allows_anything(own)
    assert found.witness is not None
    request = found.witness.request
    assert request.principal.startswith(f"arn:aws:iam::{ACCOUNT}:user/")
    assert f"/{request.principal.rpartition('/')[2]}/" in request.resource
    named = policy(allow(GET, principal="*", condition={"StringEquals": {"aws:PrincipalAccount": OTHER}}))
    assert compare(named, policy(allow(GET, principal={"AWS": OTHER}))).relation == "equivalent"
    assert within(policy(allow(principal={"AWS": USER})), policy(allow(principal={"AWS": ACCOUNT}))).answer == "yes"


@pytest.mark.parametrize(
    ("condition", "principal"),
    [
        ({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, "arn:aws:iam::000000000000:role/someone"),
        ({"StringEquals": {"aws:PrincipalAccount": OTHER}}, f"arn:aws:iam::{OTHER}:role/someone"),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:user/*"}}, f"arn:aws:iam::{OTHER}:user/x"),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, f"arn:aws:iam::{ACCOUNT}:user/someone"),
        ({"StringLike": {"aws:username": "a?"}}, f"arn:aws:iam::{ACCOUNT}:user/ax"),
    ],
)
def test_whoever_asks_fits_the_keys_of_the_witness(condition: dict[str, Any], principal: str) -> None:
    found = allows_anything(policy(allow(GET, condition=condition)))
    assert found.witness is not None
    assert found.witness.request.principal == principal


def test_a_signed_request_has_its_keys_and_is_of_no_service() -> None:
    for condition in (
        {"Null": {"aws:PrincipalArn": "true"}},
        {"Null": {"aws:PrincipalAccount": "true"}},
        {"Bool": {"aws:PrincipalIsAWSService": "true"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:s3:::*"}},
    ):
        assert allows_anything(policy(allow(condition=condition))).answer == "no"
    service = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
    assert allows_anything(policy(allow(principal="*", condition=service))).answer == "yes"  # of a resource's policy


def test_the_resource_of_a_witness_is_of_the_account_that_is_said() -> None:
    block = {"StringEquals": {"aws:ResourceAccount": OTHER}}
    found = allows_anything(policy(allow("sqs:SendMessage", condition=block)))
    assert found.witness is not None
    assert found.witness.request.resource.startswith(f"arn:aws:sqs:us-east-1:{OTHER}:")
    assert (found.witness.real, found.witness.request.resource_account) == (True, OTHER)
    own = {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
    assert within(policy(allow(condition=own)), policy(deny())).answer == "no"


def many(count: int, wider: int | None = None) -> Policy:
    statements = []
    for number in range(count):
        team = {"StringEquals": {"aws:PrincipalTag/team": f"team-{number}"}}
        if number == wider:
            team = {"StringEqualsIfExists": {"aws:PrincipalTag/team": f"team-{number}"}}
        block = {**team, "IpAddress": {"aws:SourceIp": f"10.{number % 250}.0.0/16"}}
        statements.append(allow([GET, "s3:PutObject"], f"arn:aws:s3:::acme-team-{number}/*", condition=block))
    return parse({"Version": "2012-10-17", "Statement": statements})


def test_a_thousand_statements() -> None:
    first, second = many(1000), many(1000, wider=500)
    found = compare(first, second)
    assert found.relation == "narrower"
    assert found.only_b is not None
    assert found.only_b.request.resource.startswith("arn:aws:s3:::acme-team-500/")
