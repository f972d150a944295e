"""Corners in which an engine for IAM is easily wrong, each with the page that decides, or undecided where none does.

Pages are of https://docs.aws.amazon.com/IAM/latest/UserGuide/ where no host is named.
"""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam import Policy, Request, allows, allows_anything, compare, parse, within

from .helpers import ACCOUNT, OTHER, ROLE, SESSION, USER, allow, deny, policy

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"
K = "arn:aws:s3:::b/k"
TEAM, TAG = "aws:PrincipalTag/team", "aws:ResourceTag/team"


def when(given: dict[str, Any], context: dict[str, Any], resource: str = K, who: str = USER) -> str:
    """The decision with an identity policy of this one statement."""
    return allows(Request("s3:GetObject", resource, who, context), identity=[policy(given)]).decision


def layered(request: Request, **layers: Any) -> str:
    return allows(request, **layers).decision


STATEMENTS: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    # a value is text: reference_policies_variables.html
    ("a star in a tag", allow(resource=f"arn:aws:s3:::b/${{{TEAM}}}"), {TEAM: "*"}, K, "implicit-deny"),
    ("a star in both", allow(resource=f"arn:aws:s3:::b/${{{TEAM}}}"), {TEAM: "*"}, "arn:aws:s3:::b/*", "allow"),
    ("a slash in a tag",
     allow(resource=f"arn:aws:s3:::b/${{{TEAM}}}/k"), {TEAM: "a/b"}, "arn:aws:s3:::b/a/b/k", "allow"),
    ("an empty tag", allow(resource=f"arn:aws:s3:::b/${{{TEAM}}}k"), {TEAM: ""}, K, "allow"),
    ("a variable in a variable", allow(resource=f"arn:aws:s3:::b/${{{TEAM}}}"), {TEAM: "${aws:username}"},
     "arn:aws:s3:::b/ana", "implicit-deny"),
    ("a default is no fallback for another value", allow(resource=f"arn:aws:s3:::b/${{{TEAM}, 'k'}}"), {TEAM: "x"},
     K, "implicit-deny"),
    ("a default with a comma",
     allow(resource=f"arn:aws:s3:::b/${{{TEAM}, 'a, b'}}"), {}, "arn:aws:s3:::b/a, b", "allow"),
    ("the other of two values", allow(condition={"StringEquals": {TAG: [f"${{{TEAM}}}", "x"]}}), {TAG: "x"},
     K, "allow"),
    ("two tags that are both missing", allow(condition={"StringEquals": {TAG: f"${{{TEAM}}}"}}), {}, K,
     "implicit-deny"),
    ("IfExists asks for the key, not for the variable",
     allow(condition={"StringEqualsIfExists": {TAG: f"${{{TEAM}}}"}}),
     {TAG: "x"}, K, "implicit-deny"),
    # elements that are turned round: reference_policies_elements_notaction.html, _notresource.html
    ("NotAction of everything", allow("*", not_action=True), {}, K, "implicit-deny"),
    ("NotResource of everything", allow(resource="*", not_resource=True), {}, K, "implicit-deny"),
    ("NotAction and NotResource",
     {"Effect": "Allow", "NotAction": "s3:Put*", "NotResource": "arn:aws:s3:::b/private/*"}, {},
     "arn:aws:s3:::b/private/x", "implicit-deny"),
    ("NotAction and NotResource elsewhere",
     {"Effect": "Allow", "NotAction": "s3:Put*", "NotResource": "arn:aws:s3:::b/private/*"}, {},
     "arn:aws:s3:::b/x", "allow"),
    ("case of an action", allow("S3:getOBJECT"), {}, K, "allow"),
    ("case of a resource", allow(resource="arn:aws:s3:::B/*"), {}, K, "implicit-deny"),
    ("case of a key", allow(condition={"StringEquals": {"AWS:principaltag/TEAM": "a"}}), {TEAM: "a"}, K,
     "allow"),
    ("case of a value", allow(condition={"StringEquals": {TEAM: "A"}}), {TEAM: "a"}, K, "implicit-deny"),
    ("case of an operator", allow(condition={"stringequals": {TEAM: "a"}}), {TEAM: "a"}, K, "allow"),
    # Null: reference_policies_elements_condition_operators.html#Conditions_Null
    ("Null true of a key that is there", allow(condition={"Null": {TEAM: "true"}}), {TEAM: "a"}, K,
     "implicit-deny"),
    ("Null of both", allow(condition={"Null": {TEAM: ["true", "false"]}}), {TEAM: "a"}, K, "allow"),
    ("Null as JSON's own true", allow(condition={"Null": {TEAM: True}}), {}, K, "allow"),
    # wildcards of ARN conditions stay in their field: ...#Conditions_ARN
    ("a question mark for a colon", allow(condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu?west-1:1:t"}}),
     {"aws:SourceArn": "arn:aws:sns:eu:west-1:1:t"}, K, "implicit-deny"),
    ("ArnEquals takes wildcards", allow(condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:1:t?"}}),
     {"aws:SourceArn": "arn:aws:sns:x:1:tt"}, K, "allow"),
    ("StringEquals takes none", allow(condition={"StringEquals": {"aws:SourceArn": "arn:aws:sns:*:1:t"}}),
     {"aws:SourceArn": "arn:aws:sns:x:1:t"}, K, "implicit-deny"),
    ("StringLike crosses fields", allow(condition={"StringLike": {"aws:SourceArn": "arn:aws:*:t"}}),
     {"aws:SourceArn": "arn:aws:sns:x:1:t"}, K, "allow"),
    # types: ...#Conditions_Numeric, _Date, _Boolean, _IPAddress
    ("Bool in capitals", allow(condition={"Bool": {"aws:SecureTransport": "TRUE"}}), {"aws:SecureTransport": "true"},
     K, "allow"),
    ("a number with a fraction", allow(condition={"NumericEquals": {"s3:max-keys": "10.0"}}), {"s3:max-keys": "10"},
     K, "allow"),
    ("a JSON number", allow(condition={"NumericLessThan": {"s3:max-keys": 11}}), {"s3:max-keys": "10"},
     K, "allow"),
    ("numbers are not compared as text",
     allow(condition={"NumericLessThan": {"s3:max-keys": "9"}}), {"s3:max-keys": "10"},
     K, "implicit-deny"),
    ("exponents are not documented",
     allow(condition={"NumericLessThan": {"s3:max-keys": "1e3"}}), {"s3:max-keys": "10"},
     K, "unknown"),
    ("seconds since 1970", allow(condition={"DateLessThan": {"aws:CurrentTime": "1767225600"}}),
     {"aws:CurrentTime": "2025-12-31T23:59:59Z"}, K, "allow"),
    ("a zone counts", allow(condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00+02:00"}}),
     {"aws:CurrentTime": "2025-12-31T22:30:00Z"}, K, "implicit-deny"),
    ("a year or seconds", allow(condition={"DateLessThan": {"aws:CurrentTime": "2030"}}),
     {"aws:CurrentTime": "2026-01-01T00:00:00Z"}, K, "unknown"),
    ("IPv4 in IPv6", allow(condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
     {"aws:SourceIp": "::ffff:203.0.113.9"}, K, "unknown"),
    ("IPv6 is outside of every IPv4 network", allow(condition={"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}),
     {"aws:SourceIp": "2001:db8::1"}, K, "allow"),
    ("base64 is compared as it is", allow(condition={"BinaryEquals": {"k:b": "QUJD"}}), {"k:b": "qujd"},
     K, "implicit-deny"),
    # sets: reference_policies_condition-single-vs-multi-valued-context-keys.html
    ("ForAllValues of nothing", allow(condition={"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}), {},
     K, "allow"),
    ("ForAllValues of an empty list", allow(condition={"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}),
     {"aws:TagKeys": []}, K, "allow"),
    ("ForAllValues of an empty text, with Null",
     allow(condition={"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "Null": {"aws:TagKeys": "false"}}),
     {"aws:TagKeys": [""]}, K, "implicit-deny"),
    ("several values and no set operator", allow(condition={"StringLike": {"aws:TagKeys": "*"}}),
     {"aws:TagKeys": ["a", "b"]}, K, "unknown"),
    ("ForAnyValue with Not", allow(condition={"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}}),
     {"aws:TagKeys": ["a", "b"]}, K, "allow"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "context", "resource", "expected"), [one[1:] for one in STATEMENTS],
                         ids=[one[0] for one in STATEMENTS])  # fmt: skip
def test_a_statement(given: dict[str, Any], context: dict[str, Any], resource: str, expected: str) -> None:
    assert when(given, context, resource) == expected


def test_a_document_without_version_has_no_variables() -> None:
    """reference_policies_elements_version.html: 2008-10-17 is the default."""
    old = parse({"Statement": [allow(resource="arn:aws:s3:::b/${aws:username}")]})
    assert allows(Request("s3:GetObject", "arn:aws:s3:::b/ana", USER), identity=[old]).decision == "implicit-deny"


def test_the_principal_of_a_session_is_its_role() -> None:
    """reference_policies_condition-keys.html#condition-keys-principalarn: the role's ARN, not the session's."""
    by_session = allow(condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/api/*"}})
    assert when(by_session, {}, who=SESSION) == "implicit-deny"
    assert when(allow(condition={"ArnLike": {"aws:PrincipalArn": ROLE}}), {}, who=SESSION) == "allow"
    assert when(allow(condition={"Null": {"aws:username": "true"}}), {}, who=SESSION) == "allow"


class TestNotPrincipal:
    """reference_policies_elements_notprincipal.html."""

    request = Request("s3:GetObject", "arn:aws:s3:::b/k", SESSION, resource_account=ACCOUNT)
    identity = (policy(allow()),)

    @pytest.mark.parametrize(
        ("listed", "expected"),
        [
            ([SESSION, ROLE, ROOT], "allow"),
            ([SESSION, ROLE], "unknown"),  # without its account access "might" be denied
            ([ROLE, ROOT], "unknown"),  # without its session
            ([ROOT], "explicit-deny"),
            ([f"{SESSION}2", f"{ROLE}2", ROOT], "explicit-deny"),
        ],
    )
    def test_a_session(self, listed: list[str], expected: str) -> None:
        resource = policy(deny(not_principal={"AWS": listed}))
        assert layered(self.request, identity=self.identity, resource=resource) == expected

    def test_nobody_with_a_boundary_is_exempt(self) -> None:
        resource = policy(deny(not_principal={"AWS": [SESSION, ROLE, ROOT]}))
        found = layered(self.request, identity=self.identity, resource=resource, boundary=policy(allow("*")))
        assert found == "explicit-deny"

    def test_strangers_and_services_are_not_listed(self) -> None:
        resource = policy(allow(principal="*"), deny(not_principal={"AWS": [USER, ROOT]}))
        for who in ("*", "sns.amazonaws.com"):
            request = Request("s3:GetObject", "arn:aws:s3:::b/k", who, resource_account=ACCOUNT)
            assert layered(request, resource=resource) == "explicit-deny"


class TestLayers:
    """reference_policies_evaluation-logic_policy-eval-denyallow.html and its neighbours."""

    request = Request("s3:GetObject", "arn:aws:s3:::b/k", USER, resource_account=ACCOUNT)

    def test_another_account_that_only_the_resource_trusts(self) -> None:
        for principal in ({"AWS": OTHER}, {"AWS": f"arn:aws:iam::{OTHER}:user/x"}, "*"):
            foreign = Request("s3:GetObject", "arn:aws:s3:::b/k", f"arn:aws:iam::{OTHER}:user/x", {}, ACCOUNT)
            assert layered(foreign, resource=policy(allow(principal=principal))) == "implicit-deny"

    def test_across_accounts_a_boundary_binds_the_arn_of_a_user_too(self) -> None:
        foreign = Request("s3:GetObject", "arn:aws:s3:::b/k", f"arn:aws:iam::{OTHER}:user/x", {}, ACCOUNT)
        resource = policy(allow(principal={"AWS": f"arn:aws:iam::{OTHER}:user/x"}))
        given = {"identity": [policy(allow())], "resource": resource}
        assert layered(foreign, **given) == "allow"
        assert layered(foreign, **given, boundary=policy(allow("ec2:*"))) == "implicit-deny"

    def test_limits_without_an_allow_let_nothing_through(self) -> None:
        for name in ("boundary", "session", "scps"):
            assert (
                layered(self.request, identity=[policy(allow())], **{name: [policy(deny("ec2:*"))]}) == "implicit-deny"
            )

    def test_a_certain_deny_beats_a_doubtful_one(self) -> None:
        doubtful = policy(deny(condition={"Bool": {"aws:SecureTransport": "yes"}}))
        context = {"aws:SecureTransport": "true"}
        request = Request("s3:GetObject", "arn:aws:s3:::b/k", USER, context, ACCOUNT)
        assert layered(request, identity=[policy(allow()), doubtful]) == "unknown"
        assert layered(request, identity=[policy(allow()), doubtful, policy(deny())]) == "explicit-deny"
        assert layered(request, identity=[doubtful]) == "implicit-deny"

    def test_what_needs_no_permission(self) -> None:
        """https://docs.aws.amazon.com/STS/latest/APIReference/: API_GetCallerIdentity, API_GetSessionToken."""
        never = [policy(deny("*"))]
        assert layered(Request("sts:GetCallerIdentity", "*", SESSION), identity=never) == "allow"
        assert layered(Request("sts:GetCallerIdentity", "*")) == "implicit-deny"  # nobody has signed it
        assert layered(Request("sts:GetSessionToken", "*", USER)) == "allow"
        # AWS's own policy that demands MFA leaves it out of its Deny (reference_policies_examples_aws_my-sec-creds-
        # self-manage.html), so a Deny counts
        assert layered(Request("sts:GetSessionToken", "*", USER), identity=never) == "explicit-deny"
        assert layered(Request("sts:GetFederationToken", "*", USER)) == "implicit-deny"

    def test_the_root_user_assumes_no_role(self) -> None:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html."""
        trust = policy(allow("sts:AssumeRole", None, principal={"AWS": ROOT}))
        assert layered(Request("sts:AssumeRole", TARGET, ROOT), resource=trust) == "implicit-deny"
        assert (
            layered(Request("sts:AssumeRole", TARGET, USER), resource=trust, identity=[policy(allow("*"))]) == "allow"
        )

    @pytest.mark.parametrize("action", ["sts:TagSession", "sts:SetSourceIdentity", "sts:AssumeRole"])
    def test_all_that_sts_does_to_a_role_needs_its_trust(self, action: str) -> None:
        """id_session-tags.html#id_session-tags_permissions-required: a wildcard of the caller's is not enough."""
        identity = [policy(allow("sts:*"), label="identity")]
        request = Request(action, TARGET, USER, {"aws:RequestTag/team": "a"})
        assume = policy(allow("sts:AssumeRole", None, principal={"AWS": ROOT}), label="trust")
        both = policy(allow(["sts:AssumeRole", "sts:Tag*", "sts:Set*"], None, principal={"AWS": ROOT}), label="trust")
        expected = "allow" if action == "sts:AssumeRole" else "implicit-deny"
        assert layered(request, identity=identity, resource=assume) == expected
        assert layered(request, identity=identity, resource=both) == "allow"
        assert layered(request, resource=both) == "implicit-deny"
        assert layered(request, identity=identity) == "unknown"

    def test_the_root_user_needs_the_key_policy(self) -> None:
        """https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html."""
        named = policy(allow("kms:*", principal={"AWS": ROLE}))
        assert layered(Request("kms:Decrypt", KEY, ROOT), resource=named) == "implicit-deny"
        assert layered(Request("s3:GetObject", "arn:aws:s3:::b/k", ROOT)) == "allow"

    def test_an_unknown_id_names_nobody(self) -> None:
        """reference_policies_elements_principal.html: what is left of a role that was deleted."""
        resource = policy(allow(principal={"AWS": "AROADBQP57FF2AEXAMPLE"}))
        assert layered(self.request, resource=resource) == "implicit-deny"

    def test_a_statement_of_a_resource_that_names_nobody(self) -> None:
        assert layered(self.request, resource=policy(allow())) == "unknown"

    def test_a_policy_without_statements(self) -> None:
        empty = parse({"Version": "2012-10-17", "Statement": []})
        assert layered(self.request, identity=[empty]) == "implicit-deny"
        assert allows_anything(empty).answer == "no"


PROVED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("ForAnyValue with IfExists is ForAnyValue",
     allow(condition={"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}),
     allow(condition={"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}), "equivalent"),
    ("ForAllValues and Null", allow(condition={"ForAllValues:StringEquals": {"aws:TagKeys": "a"},
                                               "Null": {"aws:TagKeys": "false"}}),
     allow(condition={"ForAllValues:StringEquals": {"aws:TagKeys": "a"},
                      "ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}), "equivalent"),
    ("IPv4 and IPv6 are all there is", allow(condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}}),
     allow(condition={"Null": {"aws:SourceIp": "false"}}), "equivalent"),
    ("a condition that never holds", allow(condition={"NumericLessThan": {"s3:max-keys": "5"},
                                                      "NumericGreaterThan": {"s3:max-keys": "5"}}), deny(),
     "equivalent"),
    ("between two neighbours", allow(condition={"NumericLessThan": {"s3:max-keys": "6"},
                                                "NumericGreaterThan": {"s3:max-keys": "5"}}), deny(), "wider"),
    ("a field's last star", allow(resource="arn:aws:s3:*"), allow(resource="arn:aws:s3:::*"), "wider"),
    ("a star in a field", allow(resource="arn:aws:sqs:*:1*1:q"), allow(resource="arn:aws:sqs:*:1*"), "narrower"),
    ("NotAction of everything", allow("*", not_action=True), deny(), "equivalent"),
    ("Bool of neither", allow(condition={"Bool": {"aws:SecureTransport": ["true", "false"]}}),
     allow(condition={"Null": {"aws:SecureTransport": "false"}}), "equivalent"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "relation"), [one[1:] for one in PROVED], ids=[one[0] for one in PROVED])
def test_a_proof(first: dict[str, Any], second: dict[str, Any], relation: str) -> None:
    assert compare(policy(first), policy(second)).relation == relation


@pytest.mark.parametrize(
    "block",
    [
        {"Bool": {"aws:SecureTransport": "yes"}},
        {"NumericLessThan": {"s3:max-keys": "1e3"}},
        {"DateLessThan": {"aws:CurrentTime": "2030"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/255.0.0.0"}},
        {"ArnLike": {"aws:SourceArn": "*"}},
    ],
)
def test_what_no_page_decides_is_never_proved(block: dict[str, Any]) -> None:
    doubtful: Policy = policy(allow(condition=block))
    assert within(policy(allow()), policy(allow(), deny(condition=block))).answer == "unknown"
    assert within(doubtful, policy(deny())).answer == "unknown"
    assert within(doubtful, policy(allow())).answer == "yes"
