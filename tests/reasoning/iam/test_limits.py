from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam.limits import Place, length, problems

from .helpers import ACCOUNT, USER, allow, deny

ASSUME = allow("sts:AssumeRole", None, principal={"AWS": ACCOUNT})


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("place", "statement", "sentence"),
    [
        ("managed", allow(principal="*"), "names a Principal"),
        ("s3", allow(), "names no Principal"),
        ("trust", allow("sts:AssumeRole", "*", principal={"AWS": ACCOUNT}), "names a Resource"),
        ("inline role", allow("s3:*", None), "names no Resource"),
        ("s3", allow(not_principal={"AWS": USER}), "NotPrincipal"),
        ("trust", deny("sts:AssumeRole", None, not_principal={"AWS": USER}), "NotPrincipal"),
    ],
)
def test_elements(place: Place, statement: dict[str, Any], sentence: str) -> None:
    (found,) = problems(document(statement), place)
    assert sentence in found


@pytest.mark.parametrize(
    ("place", "statement"), [("managed", allow()), ("trust", ASSUME), ("s3", allow(principal="*"))]
)
def test_nothing_against_it(place: Place, statement: dict[str, Any]) -> None:
    assert problems(document(statement), place) == []


def test_size_counts_no_white_space() -> None:
    text = '{ "Version" : "2012-10-17",\n "Statement": [] }'
    assert length(text) == len('{"Version":"2012-10-17","Statement":[]}')
    large = document(*(allow(resource=f"arn:aws:s3:::bucket-number-{number}/*") for number in range(100)))
    (found,) = problems(large, "managed")
    assert "6144" in found


def test_a_sid_used_twice() -> None:
    assert problems(document(allow(sid="A"), allow(sid="A")), "managed") == ["the Sid 'A' is used twice"]
