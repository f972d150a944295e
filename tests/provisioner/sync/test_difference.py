"""What is planned against what exists: the engine's rules, symbolic names, secrets, and what holds for any graph."""

from __future__ import annotations

import copy
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lychgate.provisioner.sync.comparing import ABSENT, covers, path_of, steps_of
from lychgate.provisioner.sync.difference import difference
from lychgate.provisioner.sync.records import Change, Difference
from lychgate.provisioner.sync.showing import show
from rich.console import Console

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Secret, Symbol, Unknown
from lychgate.sources.deployed.values import ENCRYPTED

BUCKET, TABLE, QUEUE, ROLE = (
    "aws:s3/bucket:Bucket", "aws:dynamodb/table:Table", "aws:sqs/queue:Queue", "aws:iam/rolePolicy:RolePolicy",
)  # fmt: skip


def made(type_: str, name: str, properties: dict[str, Any] | None = None, **more: Any) -> Resource:
    return Resource(f"urn:pulumi:dev::shop::{type_}::{name}", type_, name, properties or {}, **more)


def one(planned: Resource | None, deployed: Resource | None) -> Change:
    (change,) = difference(Graph([planned] if planned else []), Graph([deployed] if deployed else [])).changes
    return change


def told(change: Change) -> list[tuple[str, Any, Any]]:
    return [(found.path, found.old, found.new) for found in change.properties]


def printed(found: Difference, **options: Any) -> str:
    out = io.StringIO()
    show(found, console=Console(file=out, highlight=False, soft_wrap=True), **options)
    return out.getvalue()


def test_create_update_replace_delete_and_same() -> None:
    planned = [made(QUEUE, "a", {"delaySeconds": 1}), made(QUEUE, "b", {"delaySeconds": 2}),
               made(QUEUE, "c", {"fifoQueue": True}), made(QUEUE, "d")]  # fmt: skip
    deployed = [made(QUEUE, "b", {"delaySeconds": 1}), made(QUEUE, "c", {"fifoQueue": False}), made(QUEUE, "d"),
                made(QUEUE, "e")]  # fmt: skip
    found = difference(Graph(planned), Graph(deployed))
    assert [(change.name, change.action) for change in found.changes] == [
        ("a", "create"), ("b", "update"), ("c", "replace"), ("d", "same"), ("e", "delete"),
    ]  # fmt: skip
    assert [change.name for change in found.data_stores_deleted] == ["c", "e"]
    assert told(found.changes[1]) == [("delaySeconds", 1, 2)]


def test_a_type_that_is_not_known_may_be_replaced() -> None:
    assert one(made("aws:x/y:Z", "a", {"b": 1}), made("aws:x/y:Z", "a", {"b": 2})).action == "update or replace"
    assert one(made("aws:x/y:Z", "a", {"tags": {}}), made("aws:x/y:Z", "a", {"tags": {"b": "c"}})).action == "update"


def test_what_the_provider_has_added_is_no_change() -> None:
    bucket = {"__defaults": ["bucket"], "bucket": "a-1234567", "tagsAll": {"x": "y"}, "region": "eu-central-1"}
    inner = {"rule": {"__defaults": ["days"], "days": 3, "on": True}}
    assert one(made(BUCKET, "a", {"rule": {"on": True}}), made(BUCKET, "a", bucket | inner)).action == "same"
    notes = {"annotations": {"pulumi.com/autonamed": "true"}, "name": "a-x1", "namespace": "default"}
    settings = "kubernetes:core/v1:ConfigMap"
    assert one(made(settings, "a", {"metadata": {}}), made(settings, "a", {"metadata": notes})).action == "same"
    assert told(one(made(BUCKET, "a"), made(BUCKET, "a", {"acl": "private"}))) == [("acl", "private", ABSENT)]


def test_symbolic_names_are_compared_by_what_is_deployed() -> None:
    arn, real = "arn:aws:s3:::data-0a1b2c3", "arn:aws:s3:::data-9f8e7d6"
    bucket = made(BUCKET, "data", outputs={"arn": arn, "bucket": "data-0a1b2c3"}, id="data-0a1b2c3")
    symbol = Symbol.of("data-0a1b2c3d4e5f.domain", bucket.urn, "domain")
    bucket.outputs["domain"] = symbol
    exists = made(BUCKET, "data", outputs={"arn": real, "bucket": "data-9f8e7d6", "domain": "d1"}, id="data-9f8e7d6")
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{arn}/*"}
    policy = made(
        ROLE, "p", {"policy": json.dumps({"Statement": [statement]}), "role": symbol}, dependencies=(bucket.urn,)
    )
    there = {"Statement": [{**statement, "Action": ["s3:PutObject", "s3:GetObject"], "Resource": f"{real}/*"}]}
    has = made(ROLE, "p", {"policy": json.dumps(there, indent=1), "role": "d1"})
    assert difference(Graph([policy, bucket]), Graph([has, exists])).counts == {"same": 2}

    changed = replace(policy, properties={"policy": {"Statement": [{**statement, "Action": ["s3:*"]}]}, "role": symbol})
    found = difference(Graph([changed, bucket]), Graph([has, exists]))
    assert [path for path, _, _ in told(found.changed[0])] == [
        "policy.Statement[0].Action[0]",
        "policy.Statement[0].Action[1]",
    ]

    fresh = difference(Graph([policy, bucket]), Graph([has]))  # the bucket is new, so nobody knows its name
    new = {path: new for path, _, new in told(fresh.changed[0])}
    assert new == {"policy.Statement[0].Resource": "arn:aws:s3:::[unknown]/*", "role": "[unknown]"}


def test_a_new_name_that_another_begins_with_is_no_part_of_it() -> None:
    address = "https://sqs.eu-central-1.amazonaws.com/111122223333/orders"
    orders = made(QUEUE, "orders", id=Symbol(address), outputs={"url": Symbol(address)})
    failed = made(QUEUE, "failed", id=Symbol(f"{address}-failed"), outputs={"url": Symbol(f"{address}-failed")})
    policy = made("aws:sqs/queuePolicy:QueuePolicy", "failed", {"queueUrl": Symbol(f"{address}-failed")})
    there = [
        replace(failed, outputs={"url": f"{address}-failed"}),
        replace(policy, properties={"queueUrl": f"{address}-failed"}),
    ]
    found = difference(Graph([orders, failed, policy]), Graph(there))
    assert {(one.type, one.name): one.action for one in found.changed} == {(QUEUE, "orders"): "create"}


def test_a_line_that_moves_changes_no_component() -> None:
    planned, deployed = (
        made("lychgate:platform:Queue", "a", {"declaredAt": f"a.yaml:{line}"}, custom=False) for line in (3, 7)
    )
    assert one(planned, deployed).action == "same"


def test_an_unknown_value_changes_when_what_it_waits_for_does() -> None:
    plan = made(ROLE, "p", {"version": Unknown()}, property_dependencies={"version": (made(BUCKET, "b").urn,)})
    has = made(ROLE, "p", {"version": 3})
    calm = difference(Graph([plan, made(BUCKET, "b")]), Graph([has, made(BUCKET, "b")]))
    assert calm.counts == {"same": 2} and calm.changes[0].not_compared == ("version",)
    moved = difference(Graph([plan, made(BUCKET, "b", {"tags": {"a": "b"}})]), Graph([has, made(BUCKET, "b")]))
    assert moved.as_dict()["changes"][0]["properties"] == [
        {"path": "version", "old": 3, "new": "[unknown]", "replaces": False}
    ]  # fmt: skip


def test_encrypted_secrets_are_not_compared_and_never_shown() -> None:
    plan = made(QUEUE, "a", {"key": Secret("hunter22"), "other": Secret("hunter23"), "delaySeconds": 1})
    found = difference(
        Graph([plan]), Graph([made(QUEUE, "a", {"key": Secret(ENCRYPTED), "other": Secret("hunter24")})])
    )
    assert found.changes[0].not_compared == ("key",)
    assert [path for path, _, _ in told(found.changes[0])] == ["delaySeconds", "other"]
    for text in (json.dumps(found.as_dict()), printed(found, verbose=True), repr(found)):
        assert "hunter" not in text


def test_options_of_resources() -> None:
    plan, has = made(QUEUE, "a", {"fifoQueue": True}), made(QUEUE, "a", {"fifoQueue": False})
    both = {"protect": True}
    assert one(replace(plan, options={"ignoreChanges": ["fifoQueue"]}), has).action == "same"
    assert one(replace(plan, options=both), replace(has, options=both)).protected
    assert not one(plan, replace(has, options=both)).protected
    assert one(None, replace(has, options=both)).protected
    assert one(replace(plan, options={"deleteBeforeReplace": True}), has).delete_before_replace
    kept = one(None, replace(has, options={"retainOnDelete": True}))
    assert kept.retained and not kept.deletes
    assert one(has, replace(has, options={"taint": True})).action == "replace"
    assert one(has, replace(has, options={"pendingReplacement": True})).action == "create"
    assert one(made(QUEUE, "a", {"x": 1}, options={"replaceOnChanges": ["x"]}), made(QUEUE, "a")).action == "replace"
    assert one(replace(plan, external=True), has).action == "replace"
    assert difference(Graph([]), Graph([replace(has, external=True)])).changes == ()


def test_aliases() -> None:
    old, new = made(QUEUE, "old"), made(QUEUE, "new")
    assert difference(Graph([new]), Graph([old])).counts == {"create": 1, "delete": 1}
    for alias in (old.urn, "name=old type="):
        change = one(replace(new, options={"aliases": [alias]}), old)
        assert (change.action, change.formerly) == ("same", old.urn)
    parent = made("shop:index:New", "app", custom=False, options={"aliases": ["name= type=shop:index:Old"]})
    child = Resource(f"urn:pulumi:dev::shop::shop:index:New${QUEUE}::app-q", QUEUE, "app-q", parent=parent.urn)
    was = [
        replace(parent, urn=parent.urn.replace(":New", ":Old")),
        replace(child, urn=child.urn.replace(":New", ":Old")),
    ]
    assert difference(Graph([child, parent]), Graph(was)).counts == {"same": 2}


def test_leftovers_are_deleted() -> None:
    found = difference(Graph([made(TABLE, "t")]), Graph([made(TABLE, "t")]), leftovers=[made(TABLE, "t", id="old")])
    assert found.counts == {"delete": 1, "same": 1} and len(found.data_stores_deleted) == 1


def test_hostile_names_are_harmless() -> None:
    name = "a\x1b[2J\u202eb\nc"
    text = printed(difference(Graph([made(QUEUE, name, {name: name})]), Graph([made(QUEUE, name)])))
    assert "\x1b" not in text and "\u202e" not in text and text.count("\n") == 3
    assert "[2J" in text


def test_what_is_shown() -> None:
    found = difference(
        Graph([made(QUEUE, "a", {"delaySeconds": 2}), made(QUEUE, "n", {"x": 1})]),
        Graph([made(QUEUE, "a", {"delaySeconds": 1}), made(TABLE, "t")]),
    )
    assert printed(found) == (
        "- t  aws:dynamodb/table:Table  delete, DATA STORE\n"
        "~ a  aws:sqs/queue:Queue  update\n"
        "    delaySeconds: 1 -> 2\n"
        "+ n  aws:sqs/queue:Queue  create\n"
        "1 create, 1 update, 1 delete\n"
        "data stores that are or may be deleted: t\n"
    )
    assert printed(difference(Graph(), Graph())) == "nothing changes: 0 resources are as they are deployed\n"


@pytest.mark.parametrize("steps", [("a", 0, "b"), ("tags", "a.b"), ("tags", 'a"b'), ("a", "b", 3, 4)])
def test_paths(steps: tuple[str | int, ...]) -> None:
    assert steps_of(path_of(steps)) == steps
    assert covers(steps_of("a[*].b"), ("a", 1, "b", "c")) and not covers(steps_of("a.b"), ("a",))


VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text("abc-", max_size=8) | st.just(Unknown()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("xyz.", min_size=1, max_size=2), inner, max_size=3)
        | inner.map(Secret)
    ),
    max_leaves=8,
)
KNOWN = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text("abc-", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz.", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def graphs(values: Any) -> Any:
    properties = st.dictionaries(
        st.sampled_from(["delaySeconds", "name", "metadata", "spec", "data"]), values, max_size=4
    )
    types = st.sampled_from([QUEUE, BUCKET, "kubernetes:core/v1:ConfigMap", "a:b:C"])
    resources = st.builds(made, types, st.sampled_from("mnop"), properties)
    return st.lists(resources, max_size=5, unique_by=lambda found: found.urn).map(Graph)


@given(graphs(VALUES))
def test_nothing_differs_from_itself(graph: Graph) -> None:
    assert difference(graph, graph).changed == []


@given(graphs(KNOWN), graphs(KNOWN))
def test_a_difference_that_is_applied_gives_what_is_planned(planned: Graph, deployed: Graph) -> None:
    state = {found.urn: copy.deepcopy(found.properties) for found in deployed.resources}
    for change in difference(planned, deployed).changes:
        if change.action == "delete":
            del state[change.urn]
            continue
        properties = state.setdefault(change.urn, {})
        for found in reversed(change.properties):  # from the end: places are those of the deployed lists
            if found.old is not ABSENT:
                apply(properties, found.steps, found.old, found.new)
        for found in change.properties:  # from the beginning: places are those of the planned lists
            if found.old is ABSENT:
                apply(properties, found.steps, found.old, found.new)
    after = Graph([replace(planned.by_urn[urn], properties=properties) for urn, properties in state.items()])
    assert after.by_urn.keys() == planned.by_urn.keys()
    assert difference(planned, after).changed == []


def apply(target: Any, steps: tuple[str | int, ...], old: Any, new: Any) -> None:
    for step in steps[:-1]:
        target = target[step]
    last = steps[-1]
    if new is ABSENT:
        del target[last]
    elif isinstance(target, list) and old is ABSENT:
        target += [None] * (last - len(target))  # what is passed over is nothing, as the provider takes it
        target.append(new)
    else:
        target[last] = new


@given(graphs(KNOWN.map(lambda value: {"open": value, "hidden": Secret(["s3cret-value", value])})), graphs(KNOWN))
def test_no_secret_is_ever_shown(planned: Graph, deployed: Graph) -> None:
    for found in (difference(planned, deployed), difference(deployed, planned)):
        assert "s3cret" not in json.dumps(found.as_dict()) and "s3cret" not in printed(found, verbose=True)


@given(graphs(VALUES), graphs(VALUES))
def test_the_order_is_always_the_same(planned: Graph, deployed: Graph) -> None:
    turned = difference(Graph(planned.resources[::-1]), Graph(deployed.resources[::-1]))
    assert difference(planned, deployed).as_dict() == turned.as_dict()
