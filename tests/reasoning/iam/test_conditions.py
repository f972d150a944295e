from __future__ import annotations

from collections.abc import Sequence

import pytest

from lychgate.reasoning.iam import Condition, Context, UndecidedError, holds, parse


def condition(operator: str, key: str, *values: str) -> Condition:
    block = {operator: {key: list(values)}}
    policy = parse({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": block}})
    return policy.statements[0].conditions[0]


Values = str | Sequence[str] | None
CASES: list[tuple[str, Values, tuple[str, ...], bool]] = [
    ("StringEquals", "a", ("a", "b"), True),
    ("StringEquals", "A", ("a",), False),
    ("StringEquals", "*", ("*",), True),
    ("StringEquals", "x", ("*",), False),
    ("StringEquals", None, ("a",), False),
    ("StringNotEquals", "c", ("a", "b"), True),
    ("StringNotEquals", "b", ("a", "b"), False),
    ("StringNotEquals", None, ("a",), True),
    ("StringEqualsIgnoreCase", "aB", ("Ab",), True),
    ("StringNotEqualsIgnoreCase", "aB", ("Ab",), False),
    ("StringLike", "team-blue", ("team-*",), True),
    ("StringLike", "team", ("team?",), False),
    ("StringNotLike", "team-blue", ("team-*",), False),
    ("StringEqualsIfExists", None, ("a",), True),
    ("StringEqualsIfExists", "b", ("a",), False),
    ("StringNotEqualsIfExists", None, ("a",), True),
    ("NumericLessThanEquals", "10", ("10",), True),
    ("NumericLessThan", "10", ("10",), False),
    ("NumericGreaterThan", "10.5", ("10",), True),
    ("NumericEquals", "1.0", ("1",), True),
    ("NumericEquals", "one", ("1",), False),
    ("NumericNotEquals", "one", ("1",), True),
    ("NumericLessThan", None, ("1",), False),
    ("DateGreaterThan", "2026-01-02T00:00:00Z", ("2026-01-01",), True),
    ("DateLessThan", "1767225599", ("2026-01-01T00:00:00Z",), True),
    ("DateEquals", "2026-01-01T01:00:00+01:00", ("2026-01-01T00:00:00Z",), True),
    ("Bool", "True", ("true",), True),
    ("Bool", None, ("false",), False),
    ("BoolIfExists", None, ("false",), True),
    ("BinaryEquals", "QmluYXJ5", ("QmluYXJ5",), True),
    ("BinaryEquals", "QmluYXJ5", ("QmluYXJ6",), False),
    ("IpAddress", "203.0.113.9", ("203.0.113.0/24",), True),
    ("IpAddress", "2001:db8::1", ("2001:db8::/32", "10.0.0.0/8"), True),
    ("IpAddress", "203.0.114.9", ("203.0.113.0/24",), False),
    ("NotIpAddress", "203.0.114.9", ("203.0.113.0/24",), True),
    ("NotIpAddress", None, ("203.0.113.0/24",), True),
    ("ArnLike", "arn:aws:sns:x:1:t", ("arn:aws:sns:*:1:*",), True),
    ("ArnEquals", "arn:aws:sns:x:1:t", ("arn:aws:sns:*:1:*",), True),
    ("ArnNotLike", "arn:aws:sns:x:1:t", ("arn:aws:sns:*:2:*",), True),
    ("ArnLike", "not an arn", ("arn:*:*:*:*:*",), False),
    ("Null", None, ("true",), True),
    ("Null", "x", ("true",), False),
    ("Null", "x", ("false",), True),
    ("Null", [], ("true",), True),
    ("Null", [""], ("true",), True),
    ("Null", [""], ("false",), False),
    ("Null", ["", "a"], ("false",), True),
    # reference_policies_condition-single-vs-multi-valued-context-keys.html
    ("ForAllValues:StringEquals", ["a", "b"], ("a", "b", "c"), True),
    ("ForAllValues:StringEquals", ["a", "d"], ("a", "b", "c"), False),
    ("ForAllValues:StringEquals", None, ("a",), True),
    ("ForAllValues:StringEquals", [""], ("a",), True),
    ("ForAnyValue:StringEquals", ["a", "d"], ("a", "b"), True),
    ("ForAnyValue:StringEquals", ["d"], ("a", "b"), False),
    ("ForAnyValue:StringEquals", None, ("a",), False),
    ("ForAllValues:StringNotEquals", ["d"], ("a", "b"), True),
    ("ForAllValues:StringNotEquals", ["d", "a"], ("a", "b"), False),
    ("ForAnyValue:StringNotEquals", ["d", "a"], ("a", "b"), True),
    ("ForAnyValue:StringNotEquals", ["a"], ("a", "b"), False),
    ("ForAnyValue:StringNotEquals", None, ("a",), False),
    # repost.aws/questions/QU9HFmDzP0QGuU-fd7rS6B7w: IfExists changes nothing after ForAnyValue
    ("ForAnyValue:StringEqualsIfExists", None, ("a",), False),
    ("ForAnyValue:StringNotEqualsIfExists", None, ("a",), False),
    ("ForAnyValue:StringEqualsIfExists", ["b"], ("a",), False),
    ("ForAllValues:StringNotEqualsIfExists", None, ("a",), True),
]


@pytest.mark.parametrize(("operator", "value", "wanted", "expected"), CASES)
def test_operators(operator: str, value: Values, wanted: tuple[str, ...], expected: bool) -> None:
    context = Context({} if value is None else {"Aws:Key": value})
    assert holds(condition(operator, "aws:KEY", *wanted), context) is expected


UNDECIDED: list[tuple[str, Values, str]] = [
    ("StringEquals", ["a", "b"], "a"),
    ("NumericEquals", "1", "one"),
    ("DateLessThan", "1", "yesterday"),
    ("IpAddress", "10.0.0.1", "10.0.0.0/99"),
    ("IpAddress", "10.0.0.1", "10.0.0.0/255.0.0.0"),
    ("IpAddress", "10.0.0.1", "10.0.0.0/0.0.0.255"),
    ("IpAddress", "::ffff:10.0.0.1", "10.0.0.0/8"),
    ("IpAddress", "::ffff:10.0.0.1", "::/0"),
    ("NumericEquals", "1000", "1e3"),
    ("NumericEquals", "1000", "1_000"),
    ("NumericEquals", "1", " 1"),
    ("NumericEquals", "1", "\uff11"),
    ("NumericLessThan", "1", "Infinity"),
    ("DateLessThan", "2026-01-01", "2027"),
    ("DateLessThan", "2026-01-01", "2026-13-01"),
    ("Bool", "true", "yes"),
    ("Bool", "true", "1"),
    ("Null", "x", "maybe"),
    ("ArnLike", "arn:aws:s3:::b", "arn:aws:s3"),
    ("ArnLike", "arn:aws:s3:::b", "*"),  # "each of the six components": nobody says what none of them is
]


@pytest.mark.parametrize(("operator", "value", "wanted"), UNDECIDED)
def test_what_aws_does_not_say_is_undecided(operator: str, value: Values, wanted: str) -> None:
    with pytest.raises(UndecidedError):
        holds(condition(operator, "k:k", wanted), Context({"k:k": value or ""}))


def test_an_undecided_value_that_does_not_matter() -> None:
    assert holds(
        condition("IpAddress", "aws:SourceIp", "10.0.0.0/99", "10.0.0.0/8"), Context({"aws:SourceIp": "10.1.1.1"})
    )


@pytest.mark.parametrize(
    ("operator", "text", "tag", "value", "expected"),
    [
        # reference_policies_variables.html
        ("StringEquals", "${aws:PrincipalTag/team}", "blue", "blue", True),
        ("StringEquals", "${aws:PrincipalTag/team}", "*", "blue", False),
        ("StringLike", "${aws:PrincipalTag/team}-*", "*", "blue-1", False),
        ("StringLike", "${aws:PrincipalTag/team}-*", "blue", "blue-1", True),
        ("StringEquals", "${aws:PrincipalTag/team}", None, "blue", False),
        ("StringNotEquals", "${aws:PrincipalTag/team}", None, "blue", True),
        ("StringEquals", "${aws:PrincipalTag/team, 'all'}", None, "all", True),
        ("StringEquals", "${aws:PrincipalTag/team, 'all'}", "blue", "all", False),
        ("StringLike", "a${*}", None, "a*", True),
        ("StringLike", "a${*}", None, "ab", False),
        ("StringEquals", "${$}{x}", None, "${x}", True),
    ],
)
def test_policy_variables(operator: str, text: str, tag: str | None, value: str, expected: bool) -> None:
    context = Context({"k:k": value} if tag is None else {"k:k": value, "aws:PrincipalTag/Team": tag})
    assert holds(condition(operator, "k:k", text), context) is expected


def test_the_old_version_has_no_variables() -> None:
    context = Context({"k:k": "${aws:username}", "aws:username": "ana"})
    assert holds(condition("StringEquals", "k:k", "${aws:username}"), context, variables=False)
    assert not holds(condition("StringEquals", "k:k", "${aws:username}"), context, variables=True)
