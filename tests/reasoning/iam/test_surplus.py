"""What goes beyond a reference, as far as there are such requests."""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam import Policy, access, allows, parse
from lychgate.reasoning.iam.surplus import exceeds, surplus

BUCKET = "arn:aws:s3:::acme-receipts"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/ledger"


def policy(*statements: dict[str, Any]) -> Policy:
    found = [{"Effect": "Allow", **one} for one in statements]
    return parse({"Version": "2012-10-17", "Statement": found}, "RolePolicy rights")


def of(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Action": action, "Resource": resource, **more}


READS = policy(
    of("s3:GetObject", f"{BUCKET}/*"),
    of("s3:ListBucket", BUCKET),
    of(["dynamodb:GetItem", "dynamodb:Query"], [TABLE, f"{TABLE}/index/*"]),
)


@pytest.mark.parametrize(
    "narrow",
    [
        of(["s3:GetObject", "s3:ListBucket"], [BUCKET, f"{BUCKET}/*"]),
        of("s3:GetObjec?", f"{BUCKET}/*"),
        of("S3:listbucket", BUCKET),
        of("dynamodb:GetIt*", f"{TABLE}/*"),
        of("dynamodb:Quer*", [TABLE, f"{TABLE}/index/by-*"]),
        of("dynamodb:GetItem", TABLE, Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
        {"NotAction": "s3:*", "Resource": "*", "Effect": "Deny"},
    ],
)
def test_what_nobody_can_ask_for_is_no_surplus(narrow: dict[str, Any]) -> None:
    assert exceeds(access([policy(narrow)]), access(READS)).answer == "no"
    assert surplus(access([policy(narrow)]), access(READS)).witnesses == ()


@pytest.mark.parametrize(
    ("narrow", "action"),
    [
        (of("s3:GetObject*", f"{BUCKET}/*"), "s3:GetObject"),
        (of("s3:Get*", [BUCKET, f"{BUCKET}/*"]), "s3:Get"),
        (of("s3:ListBucket*", BUCKET), "s3:ListBucket"),
        (of("s3:GetObject", f"{BUCKET}*/*"), "s3:GetObject"),
        (of("dynamodb:GetItem", f"{TABLE}?"), "dynamodb:GetItem"),
        (of("dynamodb:GetRecords", f"{TABLE}/*"), "dynamodb:GetRecords"),
        (of("s3:MadeUpTomorrow", BUCKET), "s3:madeuptomorrow"),
        (of("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:a/b-*"), "secretsmanager:GetSecretV"),
        ({"NotAction": "iam:*", "Resource": f"{BUCKET}/*"}, "s3:"),
        ({"Action": "s3:GetObject", "NotResource": f"{BUCKET}/*"}, "s3:GetObject"),
    ],
)
def test_a_surplus_is_shown_by_a_request_that_is_allowed(narrow: dict[str, Any], action: str) -> None:
    (found,) = surplus(access([policy(narrow)]), access(READS)).witnesses
    assert found.request.action.startswith(action)
    assert allows(found.request, identity=[policy(narrow)]).decision == "allow"
    assert allows(found.request, identity=[READS]).decision == "implicit-deny"
    assert (found.statement, found.policy) == ("statement 1", "RolePolicy rights")


def test_a_boundary_and_a_deny_take_away() -> None:
    wide = policy(of("s3:*"))
    boundary = policy(of("s3:GetObject", f"{BUCKET}/*"))
    assert exceeds(access([wide], boundary), access(READS)).answer == "no"
    denies = policy(
        {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "NotResource": f"{BUCKET}/*"},
    )
    assert exceeds(access([wide, denies]), access(READS)).answer == "no"


def test_what_the_reference_denies_is_a_surplus_though_it_stands_there_word_by_word() -> None:
    held = of("s3:GetObject", f"{BUCKET}/*")
    reference = policy(held, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"{BUCKET}/private/*"})
    assert exceeds(access([policy(held)]), access(reference)).answer == "yes"


def test_an_entry_each() -> None:
    narrow = policy(of(["s3:PutObject", "s3:GetObject", "sqs:*"], "*"), of("sns:Publish"))
    found = surplus(access([narrow]), access(READS)).witnesses
    assert [one.request.action.partition(":")[0] for one in found] == ["s3", "s3", "sqs", "sns"]
    assert len(surplus(access([narrow]), access(READS), most=2).witnesses) == 2
