"""Who may do something, where something cannot be read."""

from __future__ import annotations

from functools import cache

import pytest

from lychgate.model.graph import Graph
from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import catalogue
from lychgate.sources.program.programs import capture_texts
from lychgate.views.iam_principals import Role, User
from lychgate.views.permitted import _GRANTED, _UNWRITING, _WRITING, what_can, who_can
from lychgate.views.things import thing_of

PROGRAM = """
import json

import pulumi_aws as aws

trust = json.dumps(
    {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
)
read = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::receipts/*"}]})
bounded = aws.iam.Role(
    "bounded", assume_role_policy=trust, permissions_boundary="arn:aws:iam::111122223333:policy/platform"
)
aws.iam.RolePolicy("read", role=bounded.name, policy=read)
opaque = aws.iam.Role("opaque", assume_role_policy=trust)
aws.iam.RolePolicyAttachment("other", role=opaque.name, policy_arn="arn:aws:iam::111122223333:policy/other")
aws.s3.Bucket("receipts", bucket="receipts")
"""


def test_a_boundary_of_elsewhere_may_take_away_and_a_policy_of_elsewhere_may_add() -> None:
    graph = capture_texts({"program": PROGRAM})["program"]
    assert isinstance(graph, Graph), graph
    found = who_can(graph, "s3:GetObject", thing_of(graph, "receipts"))
    assert [one.name for one in found.holders] == ["role bounded"]
    assert sorted(one.partition(":")[0] for one in found.unknown) == [
        "not all that role opaque may do is known",
        "role bounded",
    ]
    told = {role.name: what_can(role) for role in Role.all(graph)}
    assert [action.name for one in told["bounded"][0] for action, _ in one.actions] == ["s3:GetObject"]
    assert "policy/platform" in told["bounded"][1][0]
    assert "policy/other" in told["opaque"][1][0]


PRELUDE = """
import json

import pulumi
import pulumi_aws as aws


def document(*statements):
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(name, *statements, principal=None, trusts="sts:AssumeRole", **more):
    trust = {"Effect": "Allow", "Principal": principal or {"Service": "ec2.amazonaws.com"}, "Action": trusts}
    made = aws.iam.Role(name, name=name, assume_role_policy=document(trust), **more)
    if statements:
        aws.iam.RolePolicy(name, role=made.name, policy=document(*statements))
    return made


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def guarded(name, *statements):
    policy = document(*statements)
    return aws.s3.BucketPolicy(name, bucket=bucket.bucket, policy=policy)


ACCOUNT = {"AWS": "arn:aws:iam::111122223333:root"}
bucket = aws.s3.Bucket("receipts", bucket="acme-receipts")
objects = pulumi.Output.concat(bucket.arn, "/*")
"""
PROGRAMS = {
    "names": """
role("guard")
existing = aws.iam.Role.get("existing", "audit")
other = "arn:aws:sts::444455556666:assumed-role/guard/night"
guarded("receipts", {**allow("s3:GetObject", objects), "Principal": {"AWS": [other, existing.arn]}})
""",
    "wildcards": """
role("reader", allow("s3:GetObject", objects))
clerk = role("clerk")
guarded("receipts", {**allow("s3:GetObject", "arn:aws:s3:::*/private/*"), "Principal": {"AWS": clerk.arn}})
key = aws.kms.Key("key")
role("decrypts", allow("kms:Decrypt", key.arn), allow("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/other"))
role("sends", allow("sqs:SendMessage", "arn:aws:sqs:*:*:orders"))
""",
    "elsewhere": """
clerk = role("clerk")
given = {**allow("s3:GetObject", "arn:aws:s3:::acme-legacy/*"), "Principal": {"AWS": clerk.arn}}
aws.s3.BucketPolicy("legacy", bucket="acme-legacy", policy=document(given))
role("reader", allow("s3:GetObject", ["arn:aws:s3:::other/*", objects]), allow("s3:ListBucket", "*"))
role("sender", allow("sts:AssumeRole", "arn:aws:iam::444455556666:role/x"))
role("opens", allow("execute-api:Invoke", "arn:aws:execute-api:us-east-1:111122223333:abc/*"))
""",
    "changed": """
role("frees", allow(["s3:GetObject", "s3:DeleteBucketPolicy"], [bucket.arn, objects]))
role("barred", allow("s3:GetObject", objects))
guarded("receipts", {**allow("s3:GetObject", objects), "Effect": "Deny", "Principal": "*"})
described = aws.kms.Key("described", policy=document({**allow("kms:Describe*"), "Principal": ACCOUNT}))
role("half", allow("kms:Decrypt", described.arn))
aws.cloudwatch.EventBus("bus", name="bus")
role("invites", allow("events:PutPermission"))
key = aws.kms.Key("key")
role("granter", allow("kms:CreateGrant", key.arn))
""",
    "shapes": """
aws.secretsmanager.Secret("db", name="prod/db")
logs = aws.cloudwatch.LogGroup("logs", name="/aws/lambda/api")
aws.ec2.Instance("web", ami="ami-1", instance_type="t3.micro")
role("reads", allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:prod/*"))
role("watches", allow("logs:DescribeLogStreams", pulumi.Output.concat(logs.arn, ":*")))
role("commands", allow("ssm:SendCommand"))
""",
    "members": """
found = aws.ssm.get_parameter_output(name="/x").value
group = aws.iam.Group("readers", name="readers")
aws.iam.GroupPolicy("readers", group=group.name, policy=document(allow("s3:GetObject", objects)))
ann, bob = aws.iam.User("ann", name="ann"), aws.iam.User("bob", name="bob")
aws.iam.GroupMembership("some", group=group.name, users=[found])
aws.iam.UserGroupMembership("bob", user=bob.name, groups=[group.name])
""",
    "groups": """
found = aws.ssm.get_parameter_output(name="/x").value
ann = aws.iam.User("ann", name="ann")
aws.iam.GroupMembership("some", group=found, users=[ann.name])
""",
    "unknown": """
found = aws.ssm.get_parameter_output(name="/x").value
clerk = role("clerk")
given = document({**allow("s3:GetObject", objects), "Principal": {"AWS": clerk.arn}})
aws.s3.BucketPolicy("receipts", bucket=found, policy=given)
""",
}


@cache
def captured() -> dict[str, Graph | str]:
    """The programs, captured at once."""
    return capture_texts({name: PRELUDE + text for name, text in PROGRAMS.items()})


def asked(program: str, action: str, on: str) -> tuple[list[str], list[str]]:
    """Who may, and what is not known."""
    graph = captured()[program]
    assert isinstance(graph, Graph), graph
    found = who_can(graph, action, thing_of(graph, on))
    return [one.name for one in found.holders], found.unknown


def test_a_session_of_another_account_and_an_existing_role_are_outsiders() -> None:
    holders, _ = asked("names", "s3:GetObject", "receipts")
    assert holders[0] == "arn:aws:sts::444455556666:assumed-role/guard/night (where its own account lets it)"
    assert holders[1].startswith("arn:aws:iam::111122223333:role/existing")
    assert len(holders) == 2


@pytest.mark.parametrize("on", ["arn:aws:s3:::acme-*", "arn:aws:s3:::acme-*/*", "arn:aws:s3:::*", "*"])
def test_a_wildcard_means_the_objects_and_what_the_policies_of_each_bucket_say(on: str) -> None:
    holders, unknown = asked("wildcards", "s3:GetObject", on)
    assert holders == ["role reader", "role clerk"]
    assert unknown == [f"policies on {on} that are no part of the program"]


@pytest.mark.parametrize(
    ("action", "on", "holders"),
    [
        ("kms:Decrypt", "arn:aws:kms:*:*:key/*", ["role decrypts"]),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/other", ["role decrypts"]),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/third", []),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:*:orders", ["role sends"]),
    ],
)
def test_what_is_no_part_of_the_program_may_have_a_policy(action: str, on: str, holders: list[str]) -> None:
    assert asked("wildcards", action, on) == (holders, [f"policies on {on} that are no part of the program"])


def test_a_policy_of_the_program_on_a_bucket_of_elsewhere_counts() -> None:
    assert asked("elsewhere", "s3:GetObject", "arn:aws:s3:::acme-legacy/*") == (["role clerk"], [])


@pytest.mark.parametrize(
    ("name", "permitted", "unknown"),
    [
        (
            "reader",
            {
                "Bucket receipts": ["s3:GetObject", "s3:ListBucket"],
                "arn:aws:s3:::other/*": ["s3:GetObject"],
                "": ["s3:ListBucket"],
            },
            [],
        ),
        (
            "sender",
            {"arn:aws:iam::444455556666:role/x": ["sts:AssumeRole"]},
            ["the policy of arn:aws:iam::444455556666:role/x, which has to agree, and is no part of the program"],
        ),
        ("opens", {"arn:aws:execute-api:us-east-1:111122223333:abc/*": ["execute-api:Invoke"]}, []),
    ],
)
def test_what_policies_name_elsewhere_is_told(name: str, permitted: dict[str, list[str]], unknown: list[str]) -> None:
    graph = captured()["elsewhere"]
    assert isinstance(graph, Graph)
    (role,) = (one for one in Role.all(graph) if one.name == name)
    found, doubts = what_can(role)
    names = {
        one.thing.name if one.thing else "": sorted(action.name for action, _ in one.actions)
        for one in found
        if one.thing is None or one.thing.service != "s3" or "legacy" not in one.thing.name
    }
    assert (names, doubts) == (permitted, unknown)


def test_who_may_take_the_policy_away_is_not_held_by_its_denies() -> None:
    assert asked("changed", "s3:GetObject", "receipts")[0] == ["role frees"]


def test_who_writes_the_policy_of_a_resource_lets_in_itself_by_actions_that_exist() -> None:
    assert asked("changed", "events:PutEvents", "bus")[0] == ["role invites"]
    written = [*(one for several in _WRITING.values() for one in several), *_UNWRITING.values(), *_GRANTED]
    # operations that a grant can give are no actions of IAM where another action means them
    assert {one for one in written if catalogue.action(one) is None} <= {"kms:Encapsulate", "kms:Decapsulate"}


def test_both_sides_allow_the_same_of_several_actions() -> None:
    assert asked("changed", "kms:De*", "described")[0] == []
    assert asked("changed", "kms:Cre*", "key")[0] == ["role granter"]


def test_a_grant_of_kms_gives_only_what_it_can() -> None:
    assert asked("changed", "kms:Decrypt", "key")[0] == ["role granter"]
    assert asked("changed", "kms:ScheduleKeyDeletion", "key")[0] == []


@pytest.mark.parametrize(
    ("action", "on", "holder"),
    [
        ("secretsmanager:GetSecretValue", "db", "role reads"),
        ("logs:DescribeLogStreams", "logs", "role watches"),
        ("ssm:SendCommand", "web", "role commands"),
    ],
)
def test_names_with_slashes_log_groups_and_optional_resources_are_told(action: str, on: str, holder: str) -> None:
    assert asked("shapes", action, on) == ([holder], [])


def test_a_policy_on_nobody_knows_what_may_be_the_buckets() -> None:
    holders, unknown = asked("unknown", "s3:GetObject", "receipts")
    assert holders == []
    assert unknown[0].startswith("the BucketPolicy receipts: bucket is what aws:ssm:getParameter would find")


def test_whose_groups_are_not_known_may_be_among_them() -> None:
    holders, unknown = asked("members", "s3:GetObject", "receipts")
    assert holders == ["user bob"]
    assert any(one.startswith("not all that user ann may do is known: some.users") for one in unknown)
    graph = captured()["members"]
    assert isinstance(graph, Graph)
    ann = next(one for one in User.all(graph) if one.name == "ann")
    with pytest.raises(UnknownRead):
        ann.granted("s3:GetObject", "arn:aws:s3:::acme-receipts/*")
    assert ann.granted("s3:PutObject", "arn:aws:s3:::acme-receipts/*") == []
    holders, unknown = asked("groups", "s3:GetObject", "receipts")
    assert (holders, len(unknown)) == ([], 1)
