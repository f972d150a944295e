"""Pairs of policies: what was meant, and a small change that lets more through. Each is told apart, with a request."""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam import compare, parse
from lychgate.reasoning.iam.evaluation import Truth, permitted

from .helpers import ACCOUNT, OTHER, ROLE, USER, allow, deny

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
OTHER_ROOT = f"arn:aws:iam::{OTHER}:root"
B = "arn:aws:s3:::acme/*"
GET = "s3:GetObject"
SUB, AUD = "token.actions.githubusercontent.com:sub", "token.actions.githubusercontent.com:aud"
GITHUB = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"}
SNS = {"Service": "sns.amazonaws.com"}
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders"
TEAM, TAG = "aws:PrincipalTag/team", "aws:ResourceTag/team"
ORG = "aws:PrincipalOrgID"
MFA = "aws:MultiFactorAuthPresent"
Statements = list[dict[str, Any]]


def when(**operators: dict[str, Any]) -> dict[str, Any]:
    return {"condition": {name.replace("__", ":"): block for name, block in operators.items()}}


def trust(block: dict[str, Any]) -> Statements:
    return [allow("sts:AssumeRoleWithWebIdentity", None, principal=GITHUB, condition=block)]


MUTANTS: dict[str, tuple[Statements, Statements]] = {
    "NotAction": ([allow("iam:Get*")], [allow("iam:Create*", not_action=True)]),
    "NotResource": ([allow(GET, B)], [allow(GET, "arn:aws:s3:::other/*", not_resource=True)]),
    "star after an action": ([allow(GET, B)], [allow("s3:GetObject*", B)]),
    "s3:Get* reads policies too": ([allow([GET, "s3:GetObjectVersion"])], [allow("s3:Get*")]),
    "question mark in a name": ([allow(GET, "arn:aws:s3:::logs-1/*")], [allow(GET, "arn:aws:s3:::logs-?/*")]),
    "star after a bucket": (
        [allow("s3:ListBucket", "arn:aws:s3:::acme")],
        [allow("s3:ListBucket", "arn:aws:s3:::acme*")],
    ),
    "bucket without a slash": ([allow(GET, B)], [allow(GET, "arn:aws:s3:::acme*")]),
    "iam:PassRole on everything": ([allow("iam:PassRole", ROLE)], [allow("iam:PassRole", "*")]),
    "any Region": (
        [allow("dynamodb:GetItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/app")],
        [allow("dynamodb:GetItem", f"arn:aws:dynamodb:*:{ACCOUNT}:table/app")],
    ),
    "wildcard in an account id": (
        [allow(GET, principal="*", **when(ArnLike={"aws:PrincipalArn": ROLE}))],
        [allow(GET, principal="*", **when(ArnLike={"aws:PrincipalArn": ROLE.replace("3333", "333?")}))],
    ),
    "IfExists": ([allow(**when(StringEquals={TEAM: "a"}))], [allow(**when(StringEqualsIfExists={TEAM: "a"}))]),
    "StringLike": ([allow(**when(StringEquals={TEAM: "a*"}))], [allow(**when(StringLike={TEAM: "a*"}))]),
    "ignoring case": ([allow(**when(StringEquals={TEAM: "a"}))], [allow(**when(StringEqualsIgnoreCase={TEAM: "a"}))]),
    "one more value": ([allow(**when(StringEquals={TEAM: "a"}))], [allow(**when(StringEquals={TEAM: ["a", "b"]}))]),
    "negation lets an absent key through": (
        [allow(**when(StringNotEquals={"aws:SourceVpce": "vpce-2"}, Null={"aws:SourceVpce": "false"}))],
        [allow(**when(StringNotEquals={"aws:SourceVpce": "vpce-2"}))],
    ),
    "Deny without IfExists": (
        [allow(), deny(**when(BoolIfExists={MFA: "false"}))],
        [allow(), deny(**when(Bool={MFA: "false"}))],
    ),
    "MFA with IfExists": ([allow(**when(Bool={MFA: "true"}))], [allow(**when(BoolIfExists={MFA: "true"}))]),
    "organization without Null": (
        [allow(principal="*", **when(StringEqualsIfExists={ORG: "o-1"}, Null={ORG: "false"}))],
        [allow(principal="*", **when(StringEqualsIfExists={ORG: "o-1"}))],
    ),
    "Null turned round": ([allow(**when(Null={TEAM: "false"}))], [allow(**when(Null={TEAM: ["false", "true"]}))]),
    "confused deputy": (
        [allow("sqs:SendMessage", principal=SNS, **when(ArnEquals={"aws:SourceArn": TOPIC}))],
        [allow("sqs:SendMessage", principal=SNS)],
    ),
    "deputy of any account": (
        [allow("sqs:SendMessage", principal=SNS, **when(ArnLike={"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:*"}))],
        [allow("sqs:SendMessage", principal=SNS, **when(ArnLike={"aws:SourceArn": "arn:aws:sns:*:*:*"}))],
    ),
    "deputy that need not say its account": (
        [allow("sqs:SendMessage", principal=SNS, **when(StringEquals={"aws:SourceAccount": ACCOUNT}))],
        [allow("sqs:SendMessage", principal=SNS, **when(StringEqualsIfExists={"aws:SourceAccount": ACCOUNT}))],
    ),
    "ForAllValues without Null": (
        [allow(**when(ForAllValues__StringEquals={"aws:TagKeys": ["a"]}, Null={"aws:TagKeys": "false"}))],
        [allow(**when(ForAllValues__StringEquals={"aws:TagKeys": ["a"]}))],
    ),
    "one tag key more": (
        [allow(**when(ForAllValues__StringEquals={"aws:TagKeys": ["a"]}))],
        [allow(**when(ForAllValues__StringEquals={"aws:TagKeys": ["a", "b"]}))],
    ),
    "any tag key instead of all": (
        [
            allow(
                **when(
                    ForAllValues__StringEquals={"aws:TagKeys": ["a"]}, ForAnyValue__StringLike={"aws:TagKeys": ["*"]}
                )
            )
        ],
        [allow(**when(ForAnyValue__StringEquals={"aws:TagKeys": ["a"]}))],
    ),
    "one bit less of a network": (
        [allow(**when(IpAddress={"aws:SourceIp": "203.0.113.0/24"}))],
        [allow(**when(IpAddress={"aws:SourceIp": "203.0.112.0/23"}))],
    ),
    "Deny outside of more networks": (
        [allow(), deny(**when(NotIpAddress={"aws:SourceIp": ["203.0.113.0/24"]}))],
        [allow(), deny(**when(NotIpAddress={"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}))],
    ),
    "less than or equal": (
        [allow(**when(NumericLessThan={"aws:MultiFactorAuthAge": "3600"}))],
        [allow(**when(NumericLessThanEquals={"aws:MultiFactorAuthAge": "3600"}))],
    ),
    "a second later": (
        [allow(**when(DateLessThan={"aws:CurrentTime": "2026-12-31T23:59:59Z"}))],
        [allow(**when(DateLessThan={"aws:CurrentTime": "2027-01-01T00:00:00Z"}))],
    ),
    "everyone": ([allow(GET, B, principal={"AWS": ACCOUNT})], [allow(GET, B, principal="*")]),
    "the account instead of the role": ([allow(GET, principal={"AWS": ROLE})], [allow(GET, principal={"AWS": ROOT})]),
    "NotPrincipal with one more": (
        [allow(principal="*"), deny(not_principal={"AWS": [USER, ROOT]})],
        [allow(principal="*"), deny(not_principal={"AWS": [USER, ROOT, f"arn:aws:iam::{OTHER}:user/x", OTHER_ROOT]})],
    ),
    "OIDC subject of any branch": (
        trust({"StringEquals": {SUB: "repo:acme/app:ref:refs/heads/main"}}),
        trust({"StringLike": {SUB: "repo:acme/app:*"}}),
    ),
    "OIDC organization with a longer name": (
        trust({"StringLike": {SUB: "repo:acme/*"}}),
        trust({"StringLike": {SUB: "repo:acme*"}}),
    ),
    "OIDC audience forgotten": (
        trust({"StringLike": {SUB: "repo:acme/*"}, "StringEquals": {AUD: "sts.amazonaws.com"}}),
        trust({"StringLike": {SUB: "repo:acme/*"}}),
    ),
    "ExternalId forgotten": (
        [allow("sts:AssumeRole", None, principal={"AWS": OTHER}, **when(StringEquals={"sts:ExternalId": "x1"}))],
        [allow("sts:AssumeRole", None, principal={"AWS": OTHER})],
    ),
    "everybody's home": (
        [allow(GET, "arn:aws:s3:::home/${aws:username}/*")],
        [allow(GET, "arn:aws:s3:::home/*")],
    ),
    "default of a variable": (
        [allow(GET, "arn:aws:s3:::home/${aws:PrincipalTag/team}/*")],
        [allow(GET, "arn:aws:s3:::home/${aws:PrincipalTag/team, 'shared'}/*")],
    ),
    "tenant tie with IfExists": (
        [allow(**when(StringEquals={TAG: "${aws:PrincipalTag/team}"}))],
        [allow(**when(StringEqualsIfExists={TAG: "${aws:PrincipalTag/team}"}))],
    ),
    "tenant tie with a star": (
        [allow(**when(StringEquals={TAG: "${aws:PrincipalTag/team}"}))],
        [allow(**when(StringLike={TAG: "${aws:PrincipalTag/team}*"}))],
    ),
    "Deny of fewer actions": ([allow(), deny("s3:Delete*")], [allow(), deny("s3:DeleteObject")]),
    "Deny of a folder only": (
        [allow(GET, B), deny(GET, "arn:aws:s3:::acme/secret*")],
        [allow(GET, B), deny(GET, "arn:aws:s3:::acme/secret/*")],
    ),
    "Deny with a second condition": (
        [allow(), deny(**when(StringNotEquals={"aws:SourceVpce": "vpce-1"}))],
        [allow(), deny(**when(StringNotEquals={"aws:SourceVpce": "vpce-1"}, Bool={"aws:ViaAWSService": "false"}))],
    ),
    "one account more": (
        [allow(GET, B, principal={"AWS": ACCOUNT})],
        [allow(GET, B, principal={"AWS": [ACCOUNT, OTHER]})],
    ),
    "a tag that any may bring": (
        [allow("sts:TagSession", None, principal={"AWS": ROLE}, **when(StringEquals={"aws:RequestTag/team": "a"}))],
        [allow("sts:TagSession", None, principal={"AWS": ROLE}, **when(StringLike={"aws:RequestTag/team": "?"}))],
    ),
    "one transitive tag more": (
        [
            allow(
                "sts:TagSession",
                None,
                principal={"AWS": ROLE},
                **when(ForAllValues__StringEquals={"sts:TransitiveTagKeys": ["team"]}),
            )
        ],
        [
            allow(
                "sts:TagSession",
                None,
                principal={"AWS": ROLE},
                **when(ForAllValues__StringEquals={"sts:TransitiveTagKeys": ["team", "role"]}),
            )
        ],
    ),
    "any service instead of S3": (
        [allow("kms:Decrypt", **when(StringEquals={"kms:ViaService": "s3.eu-west-1.amazonaws.com"}))],
        [allow("kms:Decrypt", **when(StringLike={"kms:ViaService": "*.amazonaws.com"}))],
    ),
}


def document(statements: Statements, version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": statements}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_wider_and_a_request_shows_it(name: str) -> None:
    meant, mutant = (parse(document(statements)) for statements in MUTANTS[name])
    found = compare(meant, mutant)
    assert (found.relation, found.only_a) == ("narrower", None)
    assert found.only_b is not None
    assert found.only_b.real, found.only_b.request
    asked = found.only_b.request  # which the evaluator confirms
    assert permitted([[meant]], asked).truth is Truth.NO
    assert permitted([[mutant]], asked).truth is Truth.YES


def test_there_are_enough() -> None:
    assert len(MUTANTS) >= 40


def test_a_deny_with_variables_means_nothing_in_the_old_version() -> None:
    statements = [allow(GET, "arn:aws:s3:::home/*"), deny(GET, "arn:aws:s3:::home/${aws:username}/private")]
    found = compare(parse(document(statements)), parse(document(statements, "2008-10-17")))
    assert found.relation in ("narrower", "incomparable")
    assert found.only_b is not None


SAME: dict[str, tuple[Statements, Statements]] = {
    "case of a key": ([allow(**when(StringEquals={TEAM: "a"}))], [allow(**when(StringEquals={TEAM.upper(): "a"}))]),
    "case of an action": ([allow("S3:getobject")], [allow(GET)]),
    "IfExists on a negated Deny": (
        [allow(), deny(**when(StringNotEquals={TEAM: "a"}))],
        [allow(), deny(**when(StringNotEqualsIfExists={TEAM: "a"}))],
    ),
    "split in two": ([allow([GET, "s3:PutObject"])], [allow(GET), allow("s3:PutObject")]),
    "two halves of a network": (
        [allow(**when(IpAddress={"aws:SourceIp": "10.0.0.0/8"}))],
        [allow(**when(IpAddress={"aws:SourceIp": ["10.0.0.0/9", "10.128.0.0/9"]}))],
    ),
    "Deny and its complement": (
        [allow(), deny(**when(BoolIfExists={MFA: "false"}))],
        [allow(**when(Bool={MFA: "true"}))],
    ),
    "NotAction and NotResource": (
        [allow("*"), deny("s3:*", B)],
        [allow("s3:*", "*", not_action=True), allow("s3:*", B, not_resource=True)],
    ),
    "equality either way round": (
        [allow(**when(StringEquals={TAG: "${aws:PrincipalTag/team}"}))],
        [allow(**when(StringEquals={TEAM: "${aws:ResourceTag/team}"}))],
    ),
    "two spellings of an account": ([allow(principal={"AWS": ACCOUNT})], [allow(principal={"AWS": ROOT})]),
    "everyone spelled twice": ([allow(principal="*")], [allow(principal={"AWS": "*"})]),
    "constant in a variable": (
        [allow(GET, "arn:aws:s3:::home/${aws:PrincipalTag/team}/*", **when(StringEquals={TEAM: "a"}))],
        [allow(GET, "arn:aws:s3:::home/a/*", **when(StringEquals={TEAM: "a"}))],
    ),
    "numbers written differently": (
        [allow(**when(NumericLessThan={"aws:MultiFactorAuthAge": "10"}))],
        [allow(**when(NumericLessThan={"aws:MultiFactorAuthAge": "10.0"}))],
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_two_spellings_of_the_same(name: str) -> None:
    first, second = (parse(document(statements)) for statements in SAME[name])
    assert compare(first, second).relation == "equivalent"
