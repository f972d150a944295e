"""The same thing in another writing is no drift; another thing is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lychgate.provisioner.sync.contrasting import Contrast, path, said_by

from lychgate.model.values import Unknown

ROOT, KEY = "arn:aws:iam::111122223333:root", "arn:aws:kms:eu-central-1:111122223333:key/1-2"


def places(said: Any, live: Any) -> list[str]:
    contrast = Contrast()
    contrast.value(("p",), said, live)
    assert not contrast.unsure and not contrast.unread
    return [path(steps) for steps, _, _ in contrast.found]


def policy(**statement: Any) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": "*", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.mark.parametrize(
    ("said", "live"),
    [
        ("60", 60),
        (True, "true"),
        (KEY, "1-2"),
        ([], None),
        ("", None),
        (["b", "a"], ["a", "b"]),
        ([{"name": "a", "v": 1}, {"name": "b", "v": 2}], [{"name": "b", "v": 2}, {"name": "a", "v": "1"}]),
        (policy(), {"Version": "2012-10-17", "Statement": [json.loads(policy())["Statement"]]}),
        (policy(), policy(Principal={"AWS": ["*"]}, Action=["S3:get*"])),
        (policy(Principal={"AWS": ROOT}), policy(Principal={"AWS": "111122223333"})),
        (
            policy(Condition={"Bool": {"aws:SecureTransport": False}}),
            policy(Condition={"Bool": {"AWS:SecureTransport": ["false"]}}),
        ),
        ({"status": "Enabled"}, {"status": "Enabled", "mfaDelete": "Disabled"}),
    ],
)
def test_the_same(said: Any, live: Any) -> None:
    assert places(said, live) == []


@pytest.mark.parametrize(
    ("said", "live", "found"),
    [
        (False, True, ["p"]),
        (False, None, ["p"]),
        (KEY, "3-4", ["p"]),
        (KEY, KEY.replace("111122223333", "444455556666").replace("1-2", "9"), ["p"]),
        (["a"], ["a", "b"], ["p"]),
        ([{"name": "a", "v": 1}], [{"name": "a", "v": 2}, {"name": "b", "v": 2}], ["p[0].v", "p[1]"]),
        (policy(), policy(Effect="Deny"), ["p.Statement"]),
        (policy(Condition={"Bool": {"a": "b"}}), policy(), ["p.Statement"]),
        (policy(), policy(Resource=["*", "arn:aws:s3:::a"]), ["p.Statement"]),
        (policy(), "no JSON", ["p"]),
        (policy(), None, ["p"]),
        (json.dumps({"a": [{"b": 1}]}), json.dumps({"a": [{"b": 2}]}), ["p.a[0].b"]),
        ({"status": "Enabled"}, {"status": "Enabled", "expiration": {"days": 1}}, ["p.expiration"]),
    ],
)
def test_another(said: Any, live: Any, found: list[str]) -> None:
    assert places(said, live) == found


def test_an_additional_tag_counts_and_a_value_that_is_not_known_does_not() -> None:
    contrast = Contrast()
    contrast.properties({"tags": {"a": "b"}, "x": Unknown(), "y": 1}, {"tags": {"a": "b", "c": "d"}, "x": 1})
    assert [path(steps) for steps, _, _ in contrast.found] == ["tags.c"]
    assert contrast.unsure == [("x",), ("y",)]


def test_what_the_provider_added_was_not_said() -> None:
    inputs = {"__defaults": ["a"], "a": 1, "b": 2, "tagsAll": {}, "region": "x", "c": None}
    assert said_by(inputs) == {"b": 2}
