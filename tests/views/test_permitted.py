"""Who may do something, where something cannot be read."""

from __future__ import annotations

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
