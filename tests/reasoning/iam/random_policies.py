"""Random policies and requests over a few names, so that they meet often.

`pick` is a `random.Random`, or hypothesis's stand-in for one (`st.randoms`), which shrinks.
"""

from __future__ import annotations

import copy
from random import Random
from typing import Any

Document = dict[str, Any]
Case = tuple[str, str, dict[str, Any]]

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
    "arn:*:*:*:*:*",
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
TEXT_KEYS = ("aws:SourceVpc", "aws:PrincipalTag/team", "aws:ResourceTag/team")
ORDERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
EQUAL = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")
SETS = tuple(
    f"{qualifier}:{name}"
    for qualifier in ("ForAllValues", "ForAnyValue")
    for name in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")
)
# Operators that belong together, the keys they are used on, the values.
WAYS: list[tuple[tuple[str, ...], tuple[str, ...], list[str]]] = [
    (EQUAL, TEXT_KEYS, PLAIN),
    (("StringLike", "StringNotLike"), TEXT_KEYS, TEXTS),
    (("Bool",), ("aws:SecureTransport",), ["true", "false", "True"]),
    (("IpAddress", "NotIpAddress"), ("aws:SourceIp",), ADDRESSES),
    (tuple(f"Numeric{order}" for order in ORDERS), ("aws:MultiFactorAuthAge",), NUMBERS),
    (tuple(f"Date{order}" for order in ORDERS), ("aws:CurrentTime",), DATES),
    (("ArnLike", "ArnNotEquals"), ("aws:SourceArn",), ARNS),
    (SETS, ("aws:TagKeys",), TEXTS),
    (("Null",), (*TEXT_KEYS, "aws:TagKeys", "aws:SourceIp"), ["true", "false"]),
]
VARIABLES = ["${aws:PrincipalTag/team}", "${aws:ResourceTag/team}", "a${aws:PrincipalTag/team}"]
WAYS_WITH_VARIABLES = [
    *WAYS,
    *[(("StringEquals", "StringNotEquals"), TEXT_KEYS, VARIABLES)] * 3,
    (("StringLike", "StringNotLike"), TEXT_KEYS, [f"{text}*" for text in VARIABLES]),
]


def some(pick: Random, values: list[str], most: int = 2) -> list[str]:
    return pick.sample(values, pick.randint(1, min(most, len(values))))


def condition(pick: Random, variables: bool) -> tuple[str, str, list[str]]:
    operators, keys, values = pick.choice(WAYS_WITH_VARIABLES if variables else WAYS)
    operator = pick.choice(operators)
    operator += pick.choice(["", "IfExists"]) if operator != "Null" else ""
    alone = operator == "Null" or "${" in values[0]
    return operator, pick.choice(keys), some(pick, values, 1 if alone else 2)


def statement(pick: Random, variables: bool = False) -> Document:
    found: Document = {"Effect": pick.choice(["Allow", "Allow", "Deny"])}
    found[pick.choice(["Action", "Action", "NotAction"])] = some(pick, ACTIONS)
    resources = RESOURCES + TIED if variables else RESOURCES
    found[pick.choice(["Resource", "Resource", "NotResource"])] = some(pick, resources)
    block: dict[str, dict[str, list[str]]] = {}
    for _ in range(pick.randint(0, 2)):
        operator, key, values = condition(pick, variables)
        block.setdefault(operator, {})[key] = values
    if block:
        found["Condition"] = block
    return found


def document(pick: Random, variables: bool = False, most: int = 3) -> Document:
    statements = [statement(pick, variables) for _ in range(pick.randint(1, most))]
    return {"Version": "2012-10-17", "Statement": statements}


def changed(pick: Random, given: Document, variables: bool = False) -> Document:
    """The document with one small thing changed, so that one is often wider than the other, or the same."""
    found = copy.deepcopy(given)
    statements = found["Statement"]
    one = pick.choice(statements)
    way = pick.choice(["condition", "condition", "operator", "operator", "action", "resource", "more", "less", "order"])
    if way == "condition" and one.pop("Condition", None) is None:
        operator, key, values = condition(pick, variables)
        one["Condition"] = {operator: {key: values}}
    elif way == "operator":
        block = one.get("Condition", {})
        for operator in pick.sample(sorted(block), min(1, len(block))):
            if operator != "Null":
                other = operator.removesuffix("IfExists") if operator.endswith("IfExists") else f"{operator}IfExists"
                block.setdefault(other, {}).update(block.pop(operator))
    elif way in ("action", "resource"):
        name = next(name for name in one if name.endswith(way.capitalize()))
        one[name] = some(pick, [*one[name], *(ACTIONS if way == "action" else RESOURCES)], 3)
    elif way == "more":
        statements.append(statement(pick, variables))
    elif way == "less" and len(statements) > 1:
        statements.remove(one)
    elif way == "order":
        pick.shuffle(statements)
    return found


VALUES: dict[str, list[Any]] = {
    "aws:SourceVpc": PLAIN,
    "aws:PrincipalTag/team": PLAIN,
    "aws:ResourceTag/team": PLAIN,
    "aws:SecureTransport": ["true", "false"],
    "aws:SourceIp": ["10.1.2.3", "10.200.0.1", "192.0.2.1", "2001:db8::1"],
    "aws:MultiFactorAuthAge": ["0", "1", "3", "2.5"],
    "aws:CurrentTime": ["2026-01-01T00:00:00Z", "2025-01-01", "2026-09-01T12:00:00Z"],
    "aws:SourceArn": ["arn:aws:sns:eu-west-1:111122223333:t", "arn:aws:s3:::a", "arn:aws:sns::1:t:u"],
}
REQUESTED_ACTIONS = ["s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "kms:Decrypt", "ec2:RunInstances"]
REQUESTED_RESOURCES = [
    "*", "arn:aws:s3:::a", "arn:aws:s3:::a/b", "arn:aws:s3:::b", "arn:aws:s3:::a/a/k", "arn:aws:s3:::ab",
    "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:sqs:east:1:q1", "arn:aws:sqs:e:t:1:q1",
]  # fmt: skip


def request(pick: Random) -> Case:
    """An action, a resource and a context."""
    keys = pick.sample(sorted(VALUES), pick.randint(0, 5))
    context = {key: pick.choice(VALUES[key]) for key in keys}
    if pick.random() < 0.4:
        context["aws:TagKeys"] = [pick.choice(PLAIN) for _ in range(pick.randint(0, 3))]
    return pick.choice(REQUESTED_ACTIONS), pick.choice(REQUESTED_RESOURCES), context


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


def resource_document(pick: Random, excluding: bool = True) -> Document:
    """A policy of a bucket, about who may do what; `excluding`: NotPrincipal too."""
    listed = []
    for _ in range(pick.randint(1, 3)):
        found: Document = {"Effect": pick.choice(["Allow", "Allow", "Deny"])}
        found["Action"] = pick.choice(["s3:GetObject", "s3:*"])
        found["Resource"] = pick.choice(["*", "arn:aws:s3:::a/${aws:username}", "arn:aws:s3:::a/*"])
        element = pick.choice(["Principal", "Principal", "Principal", "NotPrincipal" if excluding else "Principal"])
        found[element] = pick.choice(NAMED)
        for operator, key, value in pick.sample(OF_CALLERS, pick.randint(0, 2)):
            found.setdefault("Condition", {}).setdefault(operator, {})[key] = value
        listed.append(found)
    return {"Version": "2012-10-17", "Statement": listed}
