"""Random policies and requests over a few names, so that they meet often."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

KINDS = {
    "aws:sourcevpc": "text",
    "aws:principaltag/team": "text",
    "aws:resourcetag/team": "text",
    "aws:securetransport": "bool",
    "aws:sourceip": "ip",
    "aws:multifactorauthage": "number",
    "aws:currenttime": "date",
    "aws:sourcearn": "arn",
    "aws:tagkeys": "texts",
}
TEXTS = ["a", "ab", "b", "A", "a*", "?b", "*", "*b*"]
PLAIN = ["a", "ab", "b", "A", ""]
ADDRESSES = ["10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/9", "10.128.0.0/9", "0.0.0.0/0", "10.1.2.3"]
NUMBERS = ["0", "1", "5", "2.5"]
DATES = ["2026-01-01T00:00:00Z", "2026-06-01", "1767225600"]
ARNS = [
    "arn:aws:sns:*:111122223333:*",
    "arn:aws:sns:eu-west-1:111122223333:t",
    "arn:aws:s*:*:*:?",
    "*",
    "arn:aws:sns::*:t*",
]
ACTIONS = ["s3:GetObject", "s3:Get*", "s3:*", "*", "s3:Put?bject", "kms:Decrypt", "S3:getobject*"]
RESOURCES = [
    "*",
    "arn:aws:s3:::a*",
    "arn:aws:s3:::a/b",
    "arn:aws:s3:::*b",
    "arn:aws:s3:::?",
    "arn:aws:s3:*",
    "arn:aws:*b:::a",
    "arn:aws:sqs:*:111122223333:q",
    "arn:aws:sqs:e*t:1*:q?",
    "arn:aws:sqs",
]
TIED = [
    "arn:aws:s3:::${aws:PrincipalTag/team}",
    "arn:aws:s3:::a/${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::${aws:ResourceTag/team}*",
]


def some(values: list[str], most: int = 2) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


def optional(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name + suffix for name in names for suffix in ("", "IfExists")])


ORDERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")


def conditions(variables: bool) -> st.SearchStrategy[tuple[str, str, list[str]]]:
    texts = ("aws:SourceVpc", "aws:PrincipalTag/team", "aws:ResourceTag/team")
    equal = optional("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")
    sets = st.builds(
        lambda qualifier, name: f"{qualifier}:{name}",
        st.sampled_from(["ForAllValues", "ForAnyValue"]),
        optional("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"),
    )
    ways = [
        st.tuples(equal, st.sampled_from(texts), some(PLAIN)),
        st.tuples(optional("StringLike", "StringNotLike"), st.sampled_from(texts), some(TEXTS)),
        st.tuples(optional("Bool"), st.just("aws:SecureTransport"), some(["true", "false", "True"])),
        st.tuples(optional("IpAddress", "NotIpAddress"), st.just("aws:SourceIp"), some(ADDRESSES)),
        st.tuples(optional(*(f"Numeric{order}" for order in ORDERS)), st.just("aws:MultiFactorAuthAge"), some(NUMBERS)),
        st.tuples(optional(*(f"Date{order}" for order in ORDERS)), st.just("aws:CurrentTime"), some(DATES)),
        st.tuples(optional("ArnLike", "ArnNotEquals"), st.just("aws:SourceArn"), some(ARNS)),
        st.tuples(
            st.just("Null"), st.sampled_from([*texts, "aws:TagKeys", "aws:SourceIp"]), some(["true", "false"], 1)
        ),
        st.tuples(sets, st.just("aws:TagKeys"), some(TEXTS)),
    ]
    if variables:
        tied = ["${aws:PrincipalTag/team}", "${aws:ResourceTag/team}", "a${aws:PrincipalTag/team}"]
        plain = optional("StringEquals", "StringNotEquals")
        like = optional("StringLike", "StringNotLike")
        ways += [st.tuples(plain, st.sampled_from(texts), some(tied, 1))] * 3
        ways += [st.tuples(like, st.sampled_from(texts), some([f"{text}*" for text in tied], 1))]
    return st.one_of(*ways)


@st.composite
def statements(draw: st.DrawFn, variables: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    found[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(some(ACTIONS))
    resources = RESOURCES + TIED if variables else RESOURCES
    found[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(some(resources))
    block: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in draw(st.lists(conditions(variables), max_size=2)):
        block.setdefault(operator, {})[key] = values
    if block:
        found["Condition"] = block
    return found


@st.composite
def documents(draw: st.DrawFn, variables: bool = False, most: int = 3) -> dict[str, Any]:
    listed = draw(st.lists(statements(variables), min_size=1, max_size=most))
    return {"Version": "2012-10-17", "Statement": listed}


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "aws:SourceVpc": st.sampled_from(PLAIN),
    "aws:PrincipalTag/team": st.sampled_from(PLAIN),
    "aws:ResourceTag/team": st.sampled_from(PLAIN),
    "aws:SecureTransport": st.sampled_from(["true", "false"]),
    "aws:SourceIp": st.sampled_from(["10.1.2.3", "10.200.0.1", "192.0.2.1", "2001:db8::1"]),
    "aws:MultiFactorAuthAge": st.sampled_from(["0", "1", "3", "2.5"]),
    "aws:CurrentTime": st.sampled_from(["2026-01-01T00:00:00Z", "2025-01-01", "2026-09-01T12:00:00Z"]),
    "aws:SourceArn": st.sampled_from(["arn:aws:sns:eu-west-1:111122223333:t", "arn:aws:s3:::a", "arn:aws:sns::1:t:u"]),
    "aws:TagKeys": st.lists(st.sampled_from(PLAIN), max_size=3),
}


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    action = draw(
        st.sampled_from(["s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "kms:Decrypt", "ec2:RunInstances"])
    )
    resource = draw(
        st.sampled_from(
            ["*", "arn:aws:s3:::a", "arn:aws:s3:::a/b", "arn:aws:s3:::b", "arn:aws:s3:::a/a/k", "arn:aws:s3:::ab",
             "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:sqs:east:1:q1", "arn:aws:sqs:e:t:1:q1"]
        )
    )  # fmt: skip
    keys = draw(st.lists(st.sampled_from(list(VALUES)), max_size=5, unique=True))
    return action, resource, {key: draw(VALUES[key]) for key in keys}


ONE, TWO = "111122223333", "444455556666"
CALLERS = [
    "*", f"arn:aws:iam::{ONE}:root", f"arn:aws:iam::{ONE}:user/ana", f"arn:aws:iam::{ONE}:user/team/bob",
    f"arn:aws:iam::{ONE}:role/api", f"arn:aws:sts::{ONE}:assumed-role/api/s", f"arn:aws:iam::{TWO}:role/api",
    f"arn:aws:iam::{TWO}:user/ana", f"arn:aws:sts::{ONE}:federated-user/ana", "sns.amazonaws.com",
    "lambda.amazonaws.com",
]  # fmt: skip
NAMED = [
    {"AWS": ONE}, {"AWS": f"arn:aws:iam::{ONE}:root"}, {"AWS": [f"arn:aws:iam::{ONE}:user/ana", TWO]},
    {"AWS": f"arn:aws:iam::{ONE}:role/api"}, {"AWS": f"arn:aws:sts::{ONE}:assumed-role/api/s"}, {"AWS": "*"},
    {"Service": "sns.amazonaws.com"}, {"AWS": f"arn:aws:iam::{ONE}:user/ana", "Service": "sns.amazonaws.com"},
    {"AWS": [f"arn:aws:iam::{ONE}:user/ana", ONE]},
]  # fmt: skip
OF_CALLERS = [
    ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{ONE}:user/*"),
    ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/api"),
    ("StringLike", "aws:PrincipalArn", f"arn:aws:iam::{ONE}:*"),
    ("StringEquals", "aws:PrincipalAccount", ONE),
    ("StringNotEquals", "aws:PrincipalAccount", ONE),
    ("Bool", "aws:PrincipalIsAWSService", "false"),
    ("BoolIfExists", "aws:PrincipalIsAWSService", "false"),
    ("StringEquals", "aws:username", "ana"),
    ("StringLike", "aws:username", "b*"),
    ("StringNotEquals", "aws:PrincipalType", "User"),
    ("ArnLike", "aws:PrincipalArn", "arn:aws:*::*:*/team/*"),
    ("Null", "aws:username", "true"),
    ("StringEquals", "aws:PrincipalOrgID", "o-1"),
    ("StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-1"),
    ("StringEquals", "aws:PrincipalTag/team", "${aws:username}"),
]


@st.composite
def resource_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Policies of a bucket, about who may do what."""
    listed = []
    for _ in range(draw(st.integers(1, 3))):
        found: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
        found["Action"] = draw(st.sampled_from(["s3:GetObject", "s3:*"]))
        found["Resource"] = draw(st.sampled_from(["*", "arn:aws:s3:::a/${aws:username}", "arn:aws:s3:::a/*"]))
        found[draw(st.sampled_from(["Principal", "Principal", "Principal", "NotPrincipal"]))] = draw(
            st.sampled_from(NAMED)
        )
        for operator, key, value in draw(st.lists(st.sampled_from(OF_CALLERS), max_size=2)):
            found.setdefault("Condition", {}).setdefault(operator, {})[key] = value
        listed.append(found)
    return {"Version": "2012-10-17", "Statement": listed}
