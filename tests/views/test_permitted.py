"""Who may do something, where something cannot be read."""

from __future__ import annotations

from functools import cache

from lychgate.model.graph import Graph
from lychgate.sources.program.programs import capture_texts
from lychgate.views.iam_principals import Role
from lychgate.views.permitted import thing_of, what_can, who_can

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
