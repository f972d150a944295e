"""Whose a resource is and where that leads, in graphs that no captured program shows: previews with unknown values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Secret, Unknown
from lychgate.views.owners import environment_word, is_shared, owner_of
from lychgate.views.ownership import crossed, edges, reached
from lychgate.views.ownership_access import names_group_or_stream
from tests.views.helpers import resource

BUCKET, QUEUE, ROLE = "aws:s3/bucket:Bucket", "aws:sqs/queue:Queue", "aws:iam/role:Role"
UNKNOWN = Unknown()


def queue(name: str, tags: Any, **properties: Any) -> Resource:
    arn = f"arn:aws:sqs:eu-west-1:111122223333:{name}"
    return resource(
        QUEUE, name, {"tags": tags, **properties}, outputs={"arn": arn, "url": f"https://{name}"}, id=f"https://{name}"
    )


def role(name: str, tags: Any, *statements: dict[str, Any], trust: Any = None) -> list[Resource]:
    arn = f"arn:aws:iam::111122223333:role/{name}"
    trust = trust or {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]
    }
    made = resource(
        ROLE, name, {"tags": tags, "assumeRolePolicy": json.dumps(trust)}, outputs={"arn": arn, "name": name}, id=name
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    inline = resource("aws:iam/rolePolicy:RolePolicy", f"{name}-policy", {"role": name, "policy": policy})
    return [made, inline] if statements else [made]


ACCOUNT = {"AWS": "arn:aws:iam::111122223333:root"}
ALL_QUEUES = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
BY_TAG = {**ALL_QUEUES, "Condition": {"StringEquals": {"aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}"}}}


def crossing_states(graph: Graph, dimension: Any = "tenant") -> set[str]:
    return {one.state for several in crossed(graph, dimension).values() for one in several}


def test_tags_that_are_unknown_as_a_whole_name_nobody() -> None:
    graph = Graph([queue("jobs", UNKNOWN), *role("api", {"tenant": "acme"}, ALL_QUEUES)])
    assert owner_of(graph, graph.resources[0], "tenant").tenant is None
    assert crossing_states(graph) == {"unknown"}


def test_a_shared_tag_that_is_unknown_may_take_the_label_back() -> None:
    graph = Graph(
        [queue("jobs", {"tenant": "globex", "shared": UNKNOWN}), *role("api", {"tenant": "acme"}, ALL_QUEUES)]
    )
    assert not is_shared(graph, graph.resources[0])
    assert crossing_states(graph) == {"unknown"}


def test_a_secret_shared_tag_is_read() -> None:
    graph = Graph([queue("jobs", {"shared": Secret("true")})])
    assert is_shared(graph, graph.resources[0])


def test_shared_is_said_of_tenants_only() -> None:
    graph = Graph([queue("jobs", {"shared": "true", "env": "PROD"})])
    owner = owner_of(graph, graph.resources[0], "environment")
    assert (owner.environment, owner.shared) == ("production", False)
    assert owner_of(graph, graph.resources[0], "tenant").shared


def test_words_of_environments() -> None:
    assert environment_word("Prd ") == "production"
    assert environment_word("products") is None


def test_an_unknown_tag_of_the_target_may_meet_the_condition() -> None:
    other = {"tenant": UNKNOWN, "app.kubernetes.io/tenant": "globex"}
    graph = Graph([queue("jobs", other), *role("api", {"tenant": "acme"}, BY_TAG)])
    assert crossing_states(graph) <= {"unknown"}
    apart = Graph([queue("jobs", {"tenant": "globex"}), *role("api", {"tenant": "acme"}, BY_TAG)])
    assert crossing_states(apart) == set()


@pytest.mark.parametrize(
    ("who", "action", "condition", "states"),
    [
        (ACCOUNT, ["sts:AssumeRole", "sts:TagSession"], {}, {"yes"}),
        (ACCOUNT, "sts:*", {}, {"yes"}),
        (ACCOUNT, "sts:*", {"StringEquals": {"aws:RequestTag/tenant": "acme"}}, set()),
        (ACCOUNT, "sts:*",
         {"StringEquals": {"aws:RequestTag/tenant": ["acme", "globex"]}}, {"yes"}),
        (ACCOUNT, "sts:*",
         {"StringEqualsIfExists": {"aws:RequestTag/tenant": "acme"}}, set()),
        (ACCOUNT, "sts:*",
         {"ForAllValues:StringEquals": {"aws:TagKeys": ["project"]}}, set()),
        (ACCOUNT, "sts:*",
         {"ForAllValues:StringEquals": {"aws:TagKeys": ["Tenant"]}}, {"yes"}),
        (ACCOUNT, "sts:AssumeRole", {}, set()),
        ({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"], {}, set()),
    ],
)  # fmt: skip
def test_a_tag_that_a_session_may_choose_keeps_no_tenants_apart(
    who: dict[str, str], action: Any, condition: dict[str, Any], states: set[str]
) -> None:
    statement = {"Effect": "Allow", "Principal": who, "Action": action, "Condition": condition}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    graph = Graph([queue("jobs", {"tenant": "globex"}), *role("api", {"tenant": "acme"}, BY_TAG, trust=trust)])
    assert crossing_states(graph) == states


@pytest.mark.parametrize(
    ("resource", "condition", "states"),
    [
        ("*", {}, {"yes"}),
        ("arn:aws:iam::111122223333:role/api", {}, {"yes"}),
        ("arn:aws:iam::111122223333:role/other", {}, set()),
        ("*", {"StringEquals": {"aws:RequestTag/tenant": "${aws:PrincipalTag/tenant}"}}, set()),
        ("*", {"ForAllValues:StringEquals": {"aws:TagKeys": ["project"]}}, set()),
        ("*", {"ForAnyValue:StringEquals": {"aws:TagKeys": ["project"]}}, {"yes"}),
    ],
)
def test_a_tag_that_a_role_gives_itself_keeps_no_tenants_apart(
    resource: str, condition: dict[str, Any], states: set[str]
) -> None:
    tagging = {"Effect": "Allow", "Action": "iam:TagRole", "Resource": resource, "Condition": condition}
    graph = Graph([queue("jobs", {"tenant": "globex"}), *role("api", {"tenant": "acme"}, BY_TAG, tagging)])
    assert crossing_states(graph) == states


@pytest.mark.parametrize(("account", "crossings"), [("111122223333", 0), ("444455556666", 1)])
def test_a_session_is_of_the_role_of_that_name_in_its_account(account: str, crossings: int) -> None:
    own, other = role("app", {"tenant": "acme"})[0], role("other", {"tenant": "globex"})[0]
    other.outputs["arn"], other.outputs["name"] = "arn:aws:iam::444455556666:role/app", "app"
    named = {"AWS": f"arn:aws:sts::{account}:assumed-role/app/night"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**ALL_QUEUES, "Principal": named}]})
    graph = Graph([queue("jobs", {"tenant": "acme"}, policy=policy), own, other])
    assert len(crossed(graph, "tenant")) == crossings


def test_the_tenants_tag_does_not_keep_environments_apart() -> None:
    tags = {"tenant": "acme", "environment": "test"}
    graph = Graph([queue("jobs", {**tags, "environment": "production"}), *role("api", tags, BY_TAG)])
    assert crossing_states(graph, "environment") == {"yes"}


def test_a_role_of_another_account_needs_the_resources_consent() -> None:
    far = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    reader = role("api", {"tenant": "acme"}, far)
    reader[0].outputs["arn"] = "arn:aws:iam::999988887777:role/api"
    closed = queue("jobs", {"tenant": "globex"})
    assert crossing_states(Graph([closed, *reader])) == set()
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
        "Action": "sqs:*",
        "Resource": "*",
    }
    open_ = queue("jobs", {"tenant": "globex"}, policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    assert crossing_states(Graph([open_, *reader])) == {"yes"}


@pytest.mark.parametrize(
    ("tags", "open_"),
    [
        ({"tenant": "acme", "environment": "test"}, False),
        ({"tenant": "shared", "environment": "test"}, False),
        ({"tenant": "shared", "environment": "production"}, True),
        ({"tenant": "globex", "environment": "test"}, True),
        ({"tenant": "acme", "environment": "production"}, True),
        ({"tenant": "acme"}, True),
        ({"environment": "test"}, True),
        ({}, True),
    ],
)
def test_a_boundary_that_cannot_be_read_matters_where_a_line_could_be_crossed(tags: Any, open_: bool) -> None:
    bounded = role("api", {"tenant": "acme", "environment": "test"}, ALL_QUEUES)
    bounded[0].properties["permissionsBoundary"] = "arn:aws:iam::111122223333:policy/elsewhere"
    graph = Graph([queue("jobs", tags), *bounded])
    assert bool(edges(graph).unread) is open_


def test_a_boundary_that_cannot_be_read_matters_for_roles_that_lead_on() -> None:
    tags = {"tenant": "acme", "environment": "test"}
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}
        ]
    }
    bounded = role("api", tags, assume)
    bounded[0].properties["permissionsBoundary"] = "arn:aws:iam::111122223333:policy/elsewhere"
    shared = role("tools", {"tenant": "shared", "environment": "test"}, trust=trust)
    assert edges(Graph([*bounded, *shared])).unread


LOGS = "arn:aws:logs:eu-west-1:111122223333:log-group"


@pytest.mark.parametrize(
    ("entry", "means"),
    [
        ("*", True),
        (f"{LOGS}:*", True),
        (f"{LOGS}:/aws/rds/x", True),
        (f"{LOGS}:/aws/rds/x:*", True),
        (f"{LOGS}:/aws/rds/x:log-stream:one", True),
        ("arn:aws:logs:*:*:log-group:/aws/*:log-stream:???", True),
        (f"{LOGS}:/aws/${{aws:PrincipalTag/service}}/x", True),
        ("arn:aws:logs:*:*:log-group:RDS*", False),
        ("arn:aws:logs:*:*:log-group:RDS*:log-stream:*", False),
        (f"{LOGS}:/aws/rds/y", False),
        (f"{LOGS}:/aws/rds/x:log-stream:one:two", False),
        (f"{LOGS}:/aws/rds/[x]", False),
    ],
)
def test_an_entry_for_other_log_groups_means_no_stream_of_this_one(entry: str, means: bool) -> None:
    assert names_group_or_stream(entry, f"{LOGS}:/aws/rds/x") is means


@pytest.mark.parametrize(
    ("entry", "states"),
    [
        ("arn:aws:logs:*:*:log-group:RDS*", set()),
        ("arn:aws:logs:*:*:log-group:RDS*:log-stream:*", set()),
        (f"{LOGS}:/aws/rds/x:log-stream:one", {"yes"}),
        ("arn:aws:logs:*:*:log-group:/aws/rds/*", {"yes"}),
    ],
)
def test_a_right_to_list_all_log_groups_opens_no_stream(entry: str, states: set[str]) -> None:
    """The entry of one statement is not lent to another's actions."""
    listing = {"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"}
    reading = {"Effect": "Allow", "Action": ["logs:GetLogEvents", "logs:PutLogEvents"], "Resource": entry}
    denied = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}  # so that statements are not taken one by one
    arn = f"{LOGS}:/aws/rds/x"
    kind = "aws:cloudwatch/logGroup:LogGroup"
    group = resource(kind, "audit", {"tags": {"tenant": "globex"}}, outputs={"arn": arn, "name": "/aws/rds/x"})
    for statements in ([listing, reading], [listing, reading, denied]):
        assert crossing_states(Graph([group, *role("api", {"tenant": "acme"}, *statements)])) == states


def test_a_copy_of_a_thing_from_elsewhere_is_not_known() -> None:
    table = resource(
        "aws:dynamodb/table:Table", "ledger", {"restoreBackupArn": "arn:aws:dynamodb:x", "tags": {"env": "test"}}
    )
    unread = edges(Graph([table])).why_open(table.urn, ("replication",))
    assert unread is not None and "not among the judged resources" in str(unread)


def test_replication_in_a_preview_is_followed_by_its_dependency() -> None:
    source = resource(BUCKET, "receipts", {"tags": {"env": "prod"}}, id="receipts")
    copy = resource(BUCKET, "copy", {"tags": {"env": "test"}})
    config = resource(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        "receipts",
        {"bucket": "receipts", "rules": [{"status": "Enabled", "destination": {"bucket": UNKNOWN}}]},
        property_dependencies={"rules": (copy.urn,)},
    )
    graph = Graph([source, copy, config])
    assert set(crossed(graph, "environment")) == {source.urn}
    assert set(reached(graph, "environment")) == {copy.urn}
    config.property_dependencies = {}
    assert edges(Graph([source, copy, config])).why_open(source.urn, ("replication",)) is not None


def test_a_subscription_whose_end_is_unknown_is_unknown_of_the_topic() -> None:
    topic = resource(
        "aws:sns/topic:Topic",
        "payments",
        {"tags": {"tenant": "globex"}},
        outputs={"arn": "arn:aws:sns:eu-west-1:1:payments"},
    )
    told = resource(
        "aws:sns/topicSubscription:TopicSubscription",
        "s",
        {"topic": "arn:aws:sns:eu-west-1:1:payments", "endpoint": UNKNOWN},
    )
    assert edges(Graph([topic, told])).why_open(topic.urn, ("event-target",)) is not None
