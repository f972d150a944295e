"""What the rules on escalation say: a way in is named only where it is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case
from lychgate.model.graph import Graph, StackInfo
from lychgate.model.outcome import Answer
from lychgate.model.redaction import Redactor
from tests.views.helpers import STACK, resource

TASKS = {"Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}


def allow(*actions: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def said(rule_id: str, *statements: dict[str, Any]) -> Answer:
    """What a rule says of a role with these statements."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    role = resource(
        "aws:iam/role:Role",
        "worker",
        {
            "name": "worker",
            "assumeRolePolicy": json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            "inlinePolicies": [{"name": "own", "policy": json.dumps(policy)}],
        },
        id="worker",
        outputs={"arn": "arn:aws:iam::111122223333:role/worker"},
    )
    graph = Graph([role], [StackInfo(STACK, "shop", "production", {}, "111122223333", "us-east-1")])
    rule = built_in_rules()[rule_id]
    (view,) = rule.judges.all(graph)
    return judge(rule, view, Case(graph, rule.defaults), Redactor.of(graph))


@pytest.mark.parametrize(
    ("launch", "more", "named"),
    [
        ("ec2:RunInstances", {}, ["ec2:RunInstances"]),
        ("ec2:RunInstances", TASKS, []),
        ("ecs:RunTask", TASKS, ["ecs:RunTask"]),
    ],
)
def test_what_is_started_is_of_the_service_that_a_role_is_passed_to(
    launch: str, more: dict[str, Any], named: list[str]
) -> None:
    answer = said("iam-policy-passes-any-role", allow(launch), allow("iam:PassRole", **more))
    assert answer.outcome == "fail" and answer.witness is not None
    assert answer.witness["launches"] == named
    assert ("start nothing there" in answer.message) == (not named)


def test_of_two_grants_the_one_is_named_that_is_a_way_in() -> None:
    answer = said("iam-policy-passes-any-role", allow("iam:PassRole", **TASKS), allow("lambda:*"), allow("iam:Pass*"))
    assert "lambda:CreateFunction" in answer.message and "`iam:Pass*`" in answer.message


def test_the_rights_of_a_role_in_use_are_not_every_right() -> None:
    answer = said("iam-policy-privilege-escalation", allow("glue:UpdateDevEndpoint"))
    assert answer.outcome == "fail" and "every right" not in answer.message
    assert "Glue development endpoint" in answer.message
    both = said("iam-policy-privilege-escalation", allow("glue:UpdateDevEndpoint", "iam:PutRolePolicy"))
    assert "write any policy into a role" in both.message and "every right" in both.message


@pytest.mark.parametrize(
    "statements",
    [
        [
            allow("iam:AttachRolePolicy", Condition={"StringEquals": {"iam:ResourceTag/team": "x"}}),
            allow("iam:TagRole"),
        ],
        [allow("iam:PutRolePolicy", Condition={"StringEquals": {"aws:ResourceTag/team": "x"}}), allow("iam:TagRole")],
        [
            allow(
                "iam:AttachRolePolicy",
                Condition={"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}},
            )
        ],
    ],
)
def test_what_the_rule_on_one_policy_takes_for_confined_is_no_path_that_is_left_to_it(
    statements: list[dict[str, Any]],
) -> None:
    assert said("iam-policy-privilege-escalation", *statements).outcome == "pass"
    answer = said("iam-path-to-administrator", *statements)
    assert (answer.outcome, "gets every right of the account in one step" in answer.message) == ("fail", True)


def test_what_that_rule_finds_is_left_to_it() -> None:
    assert said("iam-policy-privilege-escalation", allow("iam:PutRolePolicy")).outcome == "fail"
    assert said("iam-path-to-administrator", allow("iam:PutRolePolicy")).outcome == "pass"
