"""The principals' graph against `oracle`, on small random accounts."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from lychgate.reasoning.escalation import Moves, Principal, Reach, Workload
from lychgate.reasoning.iam import Policy, parse
from lychgate.reasoning.iam.rights import Prepared, Rights

from .helpers import ACCOUNT, ROOT, arn, document
from .oracle import Someone, World

NAMES = {"role": ["r0", "r1", "r2"], "user": ["u0", "u1"], "group": ["g0"]}
EVERYONE = [(kind, name) for kind, names in NAMES.items() for name in names]
POLICIES = ["p0", "p1"]
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f0"
ACTIONS = {
    "role": ["sts:AssumeRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy",
             "iam:DeleteRolePermissionsBoundary", "iam:PassRole"],
    "user": ["iam:CreateAccessKey", "iam:PutUserPolicy"],
    "group": ["iam:AddUserToGroup", "iam:PutGroupPolicy"],
    "policy": ["iam:CreatePolicyVersion"],
    "function": ["lambda:UpdateFunctionCode"],
    "new": ["lambda:CreateFunction", "lambda:InvokeFunction"],
}  # fmt: skip
WHERE = {
    "role": [arn("role", name) for name in NAMES["role"]] + [arn("role", "r?")],
    "user": [arn("user", name) for name in NAMES["user"]] + [arn("user", "u*")],
    "group": [arn("group", "g0")],
    "policy": [arn("policy", name) for name in POLICIES],
    "function": [FUNCTION],
    "new": ["*"],
}
CONDITIONS: list[dict[str, Any]] = [
    {},
    {},
    {},
    {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
    {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    {"ArnEquals": {"iam:PermissionsBoundary": arn("policy", "p0")}},
    {"ArnNotEquals": {"iam:PermissionsBoundary": arn("policy", "p0")}},
    {"Null": {"iam:PermissionsBoundary": "true"}},
    {"ArnEquals": {"aws:PrincipalArn": arn("role", "r0")}},
    {"StringNotLike": {"aws:PrincipalArn": arn("role", "*")}},
]


@st.composite
def statement(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(list(ACTIONS)))
    effect = draw(st.sampled_from(["Allow"] * 5 + ["Deny"]))
    if draw(st.integers(0, 19)) == 0:
        action: Any = draw(st.sampled_from(["iam:Put*Policy", "iam:?reateAccessKey", "lambda:Update*Code"]))
        resource: Any = "*"
    else:
        action = draw(st.lists(st.sampled_from(ACTIONS[kind]), min_size=1, max_size=3, unique=True))
        resource = draw(st.lists(st.sampled_from(WHERE[kind]), min_size=1, max_size=2, unique=True))
    found = {"Effect": effect, "Action": action, "Resource": resource}
    condition = draw(st.sampled_from(CONDITIONS))
    return found | ({"Condition": condition} if condition else {})


@st.composite
def trust(draw: st.DrawFn) -> dict[str, Any]:
    principals: list[dict[str, str]] = [
        {"AWS": ROOT},
        {"AWS": arn("role", "r0")},
        {"AWS": arn("user", "u0")},
        {"AWS": "*"},
        {"Service": "lambda.amazonaws.com"},
        {"Service": "ecs-tasks.amazonaws.com"},
    ]
    found = {"Effect": "Allow", "Principal": draw(st.sampled_from(principals)), "Action": "sts:AssumeRole"}
    condition = draw(st.sampled_from([{}, {}, {"ArnLike": {"aws:PrincipalArn": arn("role", "*")}}]))
    return document(found | ({"Condition": condition} if condition else {}))


def policy_of(name: str, least: int = 0) -> st.SearchStrategy[Policy | None]:
    given_ = st.lists(statement(), min_size=least, max_size=3)
    return given_.map(lambda found: parse(document(*found), f"policy of {name}") if found else None)


@st.composite
def world(draw: st.DrawFn) -> tuple[list[Someone], dict[str, str], dict[str, Policy]]:
    managed = {arn("policy", name): draw(policy_of(name, 1)) for name in POLICIES}
    people = []
    for kind, name in EVERYONE:
        own = draw(policy_of(name))
        attached = draw(st.sampled_from(["", "", arn("policy", "p1")]))
        boundary = draw(st.sampled_from(["", "", "", arn("policy", "p0")])) if kind != "group" else ""
        policies = [one for one in (own, managed.get(attached)) if one is not None]
        someone = Someone(
            name, kind, arn(kind, name), policies, managed.get(boundary), boundary, attached=attached,
            trust=parse(draw(trust()), f"trust policy of role {name}") if kind == "role" else None,
        )  # fmt: skip
        if kind == "user":
            someone.groups = draw(st.sampled_from([[], ["g0"]]))
        people.append(someone)
    group = next(one for one in people if one.kind == "group")
    for one in people:
        if one.groups:
            one.policies += [policy for policy in group.policies if policy not in one.policies]
    return people, {FUNCTION: draw(st.sampled_from(NAMES["role"]))}, managed


def engine(people: list[Someone], functions: dict[str, str], policies: dict[str, Policy]) -> Moves:
    prepared = {key: Prepared(one) for key, one in policies.items()}
    principals = [
        Principal(
            key=one.name,
            name=f"{one.kind} {one.name}",
            kind=one.kind,  # type: ignore[arg-type]
            arn=one.arn,
            account=ACCOUNT,
            rights=Rights([Prepared(policy) for policy in one.policies], one.boundary),
            facts={"aws:PrincipalArn": one.arn, "aws:PrincipalAccount": ACCOUNT},
            trust=one.trust,
            attached=frozenset({one.attached} - {""}),
            groups=frozenset(arn("group", name) for name in one.groups),
            boundary=one.boundary_arn,
        )
        for one in people
    ]
    workloads = [Workload("function f0", "function", key, role) for key, role in functions.items()]
    return Moves(principals, workloads, prepared)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(world())
def test_the_graph_agrees_with_single_requests(
    given_: tuple[list[Someone], dict[str, str], dict[str, Policy]],
) -> None:
    people, functions, policies = given_
    moves = engine(people, functions, policies)
    oracle = World(people, functions, policies)
    for one in people:
        if one.kind == "group":
            continue
        found = Reach(moves, moves.principals[one.name])
        whom, administrates = oracle.reach(one.name)
        assert not found.doubts
        event("administrator" if administrates else f"becomes {len(whom) - 1}")
        assert (found.administrator is not None) is administrates, one.name
        if not administrates:
            mine = {principal.key.split(" ")[0] for principal, _ in found.others} | {one.name}
            assert mine == whom, one.name
