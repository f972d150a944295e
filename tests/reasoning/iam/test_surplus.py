"""What goes beyond a reference, as far as there are such requests."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from lychgate.reasoning.iam import Policy, Request, access, allows, parse
from lychgate.reasoning.iam.evaluation import Truth, permitted
from lychgate.reasoning.iam.surplus import exceeds, surplus
from lychgate.reasoning.iam.witnesses import SOMEONE

from .random_policies import document, request

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


def _asked(action: str, resource: str) -> bool:
    """Whether such a request can be made, of the few actions and resources that the random policies speak of."""
    if action in ("s3:GetObject", "s3:PutObject"):
        return resource.startswith("arn:aws:s3:::") and "/" in resource
    if action in ("s3:ListBucket", "s3:GetBucketPolicy"):
        return resource.startswith("arn:aws:s3:::") and "/" not in resource
    return (action, resource.split(":")[2:3]) in (("sqs:SendMessage", ["sqs"]), ("kms:Decrypt", ["kms"]))


ASKED = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketPolicy", "sqs:SendMessage", "kms:Decrypt")
WHERE = ("arn:aws:s3:::a", "arn:aws:s3:::a/b", "arn:aws:s3:::ab", "arn:aws:s3:::x/ab", "arn:aws:s3:::b/",
         "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:kms:eu-west-1:111122223333:key/k")  # fmt: skip


def test_the_answer_holds_for_every_request_that_can_be_made() -> None:
    pick = Random(7)
    answers = {"yes": 0, "no": 0, "unknown": 0}
    for _ in range(120):
        mine, wide = parse(document(pick)), parse(document(pick))
        limit = [parse(document(pick))] if pick.random() < 0.3 else []
        narrow = access([mine], limit) if limit else access([mine])
        found = exceeds(narrow, access(wide))
        answers[found.answer] += 1
        if found.witness is not None:
            assert permitted(narrow.layers, found.witness.request).truth is Truth.YES
            assert permitted(((wide,),), found.witness.request).truth is Truth.NO
        if found.answer == "no":
            contexts = [request(pick)[2] for _ in range(6)]
            for action, resource, context in product(ASKED, WHERE, contexts):
                one = Request(action, resource, SOMEONE, context)
                if _asked(action, resource) and permitted(narrow.layers, one).truth is Truth.YES:
                    assert permitted(((wide,),), one).truth is not Truth.NO, (mine, wide, limit, one)
    assert answers["yes"] > 30 and answers["no"] > 15, answers
