from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam import Grant, Policy, grants

from .helpers import ACCOUNT, OTHER, ROLE, USER, allow, deny, policy

OBJECTS = "arn:aws:s3:::acme-receipts/*"


def ask(
    *statements: dict[str, Any], actions: Any = "s3:GetObject", resource: str = OBJECTS, **more: Any
) -> list[Grant]:
    return grants([policy(*statements)], actions, resource, **more)


def test_a_grant_names_statement_entry_and_witness() -> None:
    (found,) = ask(allow(["ec2:*", "s3:Get*"], ["arn:aws:s3:::other/*", "arn:aws:s3:::acme-*"], sid="Read"))
    assert (found.policy, found.name, found.action_pattern, found.resource_pattern) == (
        "policy",
        "Read",
        "s3:Get*",
        "arn:aws:s3:::acme-*",
    )
    assert (found.action, found.resource) == ("s3:GetObject", "arn:aws:s3:::acme-receipts/x")
    assert found.unconditional


def test_actions_asked_with_wildcards_find_real_ones() -> None:
    found = ask(allow("s3:*Object"), actions=["s3:Put*", "s3:Delete*", "kms:*"])
    assert [grant.action for grant in found] == ["s3:PutObject", "s3:DeleteObject"]


@pytest.mark.parametrize(
    "statements",
    [
        [allow("ec2:*")],
        [allow(resource="arn:aws:s3:::other/*")],
        [allow("s3:*", not_action=True)],
        [allow(resource="arn:aws:s3:::acme-*", not_resource=True)],
        [allow(), deny()],
        [allow(), deny("s3:Get*", OBJECTS)],
        [allow(), deny("s3:Put*", not_action=True)],
        [allow(), deny(resource="arn:aws:s3:::other*", not_resource=True)],
        # two denies that cover it together
        [
            allow(),
            deny(resource="arn:aws:s3:::acme-receipts/a*"),
            deny(resource="arn:aws:s3:::acme-receipts/a*", not_resource=True),
        ],
        [allow(condition={"Bool": {"aws:SecureTransport": "false"}})],
        [allow(), deny(condition={"Bool": {"aws:SecureTransport": "true"}})],
    ],
)
def test_no_grant(statements: list[dict[str, Any]]) -> None:
    assert ask(*statements, facts={"aws:SecureTransport": "true"}) == []


@pytest.mark.parametrize(
    "statements",
    [
        [allow("ec2:*", not_action=True)],
        [allow(resource="arn:aws:s3:::acme-receipts/a*", not_resource=True)],
        [allow(resource="arn:aws:s3:::acme-receipts/${aws:username}/*")],
        [allow(resource="arn:aws:s3:::acme-receipts/${aws:username}/*", not_resource=True)],
        [allow(), deny("s3:GetObject", "arn:aws:s3:::acme-receipts/a*")],
        [allow(), deny(condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})],
        [allow(), deny(resource="arn:aws:s3:::acme-receipts/${aws:username}*")],
        [allow(), deny(resource="arn:aws:s3:::acme-receipts/${aws:username, ''}*")],
        [allow(), deny("s3:GetObject?")],
        [allow(), deny("s3:GetObject", "arn:aws:s3:::acme-receipts")],
        [allow(condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})],
    ],
)
def test_still_a_grant(statements: list[dict[str, Any]]) -> None:
    assert len(ask(*statements)) == 1


def test_the_witness_avoids_what_is_denied() -> None:
    (found,) = ask(allow(), deny("s3:Get*"), deny("s3:Put*", not_action=True, resource=OBJECTS), actions="s3:*")
    assert found.action.startswith("s3:Put")
    assert found.resource.startswith("arn:aws:s3:::acme-receipts/")


def test_conditions_stay_open_unless_the_facts_settle_them() -> None:
    inside = {"StringEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:SecureTransport": "true"}}
    (found,) = ask(allow(condition=inside), facts={"aws:SecureTransport": "true"})
    assert [condition.key for condition in found.conditions] == ["aws:sourcevpce"]
    assert not found.unconditional
    assert ask(allow(condition=inside), facts={"aws:SourceVpce": None}) == []
    (found,) = ask(allow(condition=inside), facts={"aws:SourceVpce": "vpce-1", "aws:SecureTransport": "true"})
    assert found.unconditional


def test_principals_of_a_resource_policy() -> None:
    both = {"AWS": [OTHER, ROLE]}
    (found,) = ask(allow(principal=both))
    assert found.principals == (f"AWS:{OTHER}", f"AWS:{ROLE}")
    (found,) = ask(allow(principal=both), deny(principal={"AWS": ACCOUNT}))
    assert found.principals == (f"AWS:{OTHER}",)
    (found,) = ask(allow(principal="*"), deny(principal={"AWS": ACCOUNT}))
    assert found.principals == ("AWS:*",)
    assert ask(allow(principal="*"), deny(principal="*")) == []
    (found,) = ask(allow(not_principal={"AWS": USER}))
    assert found.principals == (f"everyone but AWS:{USER}",)


def test_not_principal_in_a_deny() -> None:
    (found,) = ask(allow(principal={"AWS": [ROLE, OTHER]}), deny(not_principal={"AWS": [ROLE, ACCOUNT]}))
    assert found.principals == (f"AWS:{ROLE}",)
    assert len(ask(allow(), deny(not_principal={"AWS": [ROLE, ACCOUNT]}))) == 1


def test_one_caller() -> None:
    resource = policy(
        allow(principal={"AWS": ROLE}), deny("s3:PutObject", principal={"AWS": ACCOUNT}), label="bucket policy"
    )
    own = policy(allow("s3:PutObject"), label="inline")
    assert [grant.policy for grant in grants([resource, own], ["s3:GetObject", "s3:PutObject"], principal=ROLE)] == [
        "bucket policy"
    ]
    assert grants([resource], "s3:GetObject", principal=USER) == []


TENANT = ("aws:PrincipalTag/tenant", "${aws:ResourceTag/tenant}")
PINS: list[tuple[dict[str, Any], str, Any, bool]] = [
    ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "aws:principalorgid", "o-1", True),
    ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "aws:PrincipalOrgID", None, True),
    ({"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}}, "aws:PrincipalOrgID", "o-1", False),
    ({"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}}, "aws:PrincipalOrgID", ["o-1", "o-2", "o-3"], True),
    ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, "aws:PrincipalOrgID", "o-1", False),
    (
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}, "Null": {"aws:PrincipalOrgID": "false"}},
        "aws:PrincipalOrgID",
        "o-1",
        True,
    ),
    ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, "aws:PrincipalOrgID", None, False),
    ({"Null": {"aws:PrincipalOrgID": "false"}}, "aws:PrincipalOrgID", None, False),
    ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "aws:PrincipalOrgID", "o-1", False),
    ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}, "aws:PrincipalOrgPaths", "o-1/*", True),
    ({"StringLike": {"sts:ExternalId": "*"}}, "sts:ExternalId", None, False),
    ({"StringEquals": {"sts:ExternalId": "*"}}, "sts:ExternalId", None, True),
    ({"StringLike": {"oidc:sub": "repo:acme/app:*"}}, "oidc:sub", "repo:acme/*", True),
    ({"StringLike": {"oidc:sub": "repo:acme/app:*"}}, "oidc:sub", "repo:acme/app:ref:*", False),
    ({"StringEquals": {TENANT[0]: TENANT[1]}}, *TENANT, True),
    ({"StringEquals": {"aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}"}}, *TENANT, True),
    ({"StringEquals": {TENANT[0]: "${aws:ResourceTag/other}"}}, *TENANT, False),
    ({"StringEqualsIfExists": {TENANT[0]: TENANT[1]}}, *TENANT, False),
    ({"StringEquals": {TENANT[0]: [TENANT[1], "shared"]}}, *TENANT, False),
    ({"StringEquals": {TENANT[0]: "${aws:ResourceTag/tenant, 'x'}"}}, *TENANT, False),
    ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, "aws:SourceIp", None, False),
    ({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}, "aws:SourceIp", None, False),
    ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "aws:SourceIp", None, True),
    ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0.0.0.0"}}, "aws:SourceIp", None, False),
    ({"ArnLike": {"aws:SourceArn": "*"}}, "aws:SourceArn", None, False),
    ({"NumericLessThan": {"s3:max-keys": "10"}}, "s3:max-keys", None, False),
    ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::acme-*"}}, "aws:SourceArn", "arn:aws:s3:::acme-*", True),
]


@pytest.mark.parametrize(("condition", "key", "accepted", "expected"), PINS)
def test_pins(condition: dict[str, Any], key: str, accepted: Any, expected: bool) -> None:
    (found,) = ask(allow(condition=condition))
    assert found.pinned(key, accepted) is expected


def test_a_policy_of_the_old_version_pins_no_variable() -> None:
    old = policy(allow(condition={"StringEquals": {TENANT[0]: TENANT[1]}}), version="2008-10-17")
    (found,) = grants([old], "s3:GetObject")
    assert not found.pinned(*TENANT)


DENIED: list[tuple[dict[str, Any], bool]] = [
    (deny(condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), True),
    (deny(condition={"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}), True),
    (deny(condition={"StringEquals": {"aws:SourceVpce": "vpce-2"}}), False),
    (deny("s3:Put*", condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), False),
    (
        deny(resource="arn:aws:s3:::acme-receipts/a*", condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
        False,
    ),
    (deny(condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"a:b": "true"}}), False),
    (deny(condition={"ForAnyValue:StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), False),
    # where the key is absent the operator is false, whatever IfExists says
    (deny(condition={"ForAnyValue:StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}), False),
]


@pytest.mark.parametrize(("denial", "expected"), DENIED)
def test_a_deny_unless_pins(denial: dict[str, Any], expected: bool) -> None:
    (found,) = ask(allow(), denial)
    assert found.pinned("aws:SourceVpce", "vpce-1") is expected


def test_denying_insecure_transport_pins_it() -> None:
    (found,) = ask(allow(principal="*"), deny(principal="*", condition={"Bool": {"aws:SecureTransport": "false"}}))
    assert found.pinned("aws:SecureTransport", "true")
    (found,) = ask(
        allow(principal="*"), deny(principal={"AWS": OTHER}, condition={"Bool": {"aws:SecureTransport": "false"}})
    )
    assert not found.pinned("aws:SecureTransport", "true")


def test_variables_in_the_resource() -> None:
    (found,) = ask(allow(resource="arn:aws:s3:::acme-receipts/${aws:PrincipalTag/tenant}/*"))
    assert found.variables == ("aws:principaltag/tenant",)
    tagged: Policy = policy(allow(resource="arn:aws:s3:::acme-receipts/${aws:PrincipalTag/tenant}/*"))
    assert (
        grants([tagged], "s3:GetObject", "arn:aws:s3:::acme-receipts/globex/*", {"aws:PrincipalTag/tenant": "acme"})
        == []
    )
    assert grants([tagged], "s3:GetObject", OBJECTS, {"aws:PrincipalTag/tenant": None}) == []
