from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam import PolicyError, parse

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def document(**changes: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": {**ALLOW, **changes}}


def test_one_and_many_are_the_same() -> None:
    one = parse(document())
    many = parse(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}]}
    )
    assert one.statements == many.statements


def test_every_element_is_read() -> None:
    policy = parse(
        {
            "Version": "2012-10-17",
            "Id": "key",
            "Statement": [
                {
                    "Sid": "All",
                    "Effect": "Deny",
                    "NotPrincipal": {"AWS": ["111122223333"], "Service": "ec2.amazonaws.com"},
                    "NotAction": ["kms:*"],
                    "NotResource": "arn:aws:s3:::b",
                    "Condition": {"ForAnyValue:StringLikeIfExists": {"AWS:TagKeys": ["a", "b"]}, "Null": {"x:y": True}},
                }
            ],
        },
        "bucket policy",
    )
    (statement,) = policy.statements
    assert (policy.id, policy.label, statement.name) == ("key", "bucket policy", "All")
    assert statement.principals is not None
    assert statement.principals.excluded
    assert statement.principals.entries == (("AWS", "111122223333"), ("Service", "ec2.amazonaws.com"))
    assert statement.not_action
    assert statement.not_resource
    tags, null = statement.conditions
    assert (tags.operator, tags.qualifier, tags.if_exists, tags.key, tags.written) == (
        "StringLike",
        "ForAnyValue",
        True,
        "aws:tagkeys",
        "AWS:TagKeys",
    )
    assert null.values == ("true",)


def test_variables_are_text_without_the_current_version() -> None:
    assert parse(document()).statements[0].variables
    assert not parse({"Version": "2008-10-17", "Statement": ALLOW}).statements[0].variables
    assert not parse({"Statement": ALLOW}).statements[0].variables


BAD: list[tuple[Any, str, str]] = [
    ([], "$", "expected a policy"),
    ({"Version": "2012-10-17"}, "$", "expected Statement"),
    ({"Version": "2020-01-01", "Statement": ALLOW}, "$.Version", "'2012-10-17'"),
    ({"Version": "2012-10-17", "Statements": []}, "$.Statements", "did you mean 'Statement'"),
    ({"Statement": "x"}, "$.Statement", "expected one statement or a list"),
    ({"Statement": [ALLOW, 3]}, "$.Statement[1]", "expected a statement"),
    (document(Effect="allow"), "$.Statement.Effect", "'Allow' or 'Deny'"),
    (document(NotAction="s3:*"), "$.Statement.NotAction", "found both"),
    (document(Actions="s3:*"), "$.Statement.Actions", "did you mean 'Action'"),
    (document(Action=[]), "$.Statement.Action", "at least one"),
    (document(Action=["s3:*", 1]), "$.Statement.Action[1]", "expected text"),
    (document(Action="s3"), "$.Statement.Action[0]", "'service:Action'"),
    (document(Resource="my-bucket"), "$.Statement.Resource[0]", "an ARN"),
    (document(Principal={"Aws": "*"}), "$.Statement.Principal.Aws", "did you mean 'AWS'"),
    (document(Principal="111122223333"), "$.Statement.Principal", "expected '*' or an object"),
    (document(Principal={"AWS": "arn:aws:iam::111122223333:role/*"}), "$.Statement.Principal.AWS", "everyone"),
    (document(Condition=[]), "$.Statement.Condition", "an object of condition operators"),
    (document(Condition={"StringEqual": {"a": "b"}}), "$.Statement.Condition.StringEqual", "'StringEquals'"),
    (document(Condition={"ForAll:Bool": {"a": "b"}}), "$.Statement.Condition.ForAll:Bool", "ForAllValues"),
    (document(Condition={"NullIfExists": {"a": "true"}}), "$.Statement.Condition.NullIfExists", "neither"),
    (document(Condition={"Bool": {"a:B": "true", "a:b": "true"}}), "$.Statement.Condition.Bool.a:b", "twice"),
    (document(Condition={"Bool": {"a:b": {}}}), "$.Statement.Condition.Bool.a:b", "expected text, number or boolean"),
]


@pytest.mark.parametrize(("raw", "path", "problem"), BAD)
def test_a_mistake_is_named_with_its_place(raw: Any, path: str, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(raw)
    assert caught.value.path == path
    assert problem in str(caught.value)


TEXTS = [
    ('{"Statement": [\n  {"Effect": "Allow",\n   "Action": "s3"}]}', 3, 14, "'service:Action'"),
    ('{"Statement": [],\n "Statement": []}', 2, 2, "given twice"),
    ('{"Statement": [}', 1, 16, "expected a JSON value"),
    ('{"Statement": []} x', 1, 19, "after the end"),
    ('{"Statement": "\n"}', 1, 16, "Invalid control character"),
    ("", 1, 1, "ends too early"),
    ("[" * 70, 1, 66, "levels deep"),
]


@pytest.mark.parametrize(("text", "line", "column", "problem"), TEXTS)
def test_a_mistake_in_text_has_line_and_column(text: str, line: int, column: int, problem: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert problem in str(caught.value)


def test_text_and_dict_agree() -> None:
    text = b'\xef\xbb\xbf{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}'
    assert parse(text) == parse(document())
