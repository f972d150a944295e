"""A second answer to who can become whom, written from the definitions: single requests, decided by the evaluator.

Where `Moves` asks which statements grant something, this asks of every concrete request in the world whether AWS would
allow it, and repeats all rules until nothing new comes out. It is slow, and shares no code with the engine but the
evaluator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lychgate.reasoning.iam import Policy, Request, allows

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
FRESH = "arn:aws:iam::111122223333:{}/nobody-has-named-this"


@dataclass(eq=False)
class Someone:
    """A principal: its policies, its boundary, and for a role who may assume it."""

    name: str
    kind: str
    arn: str
    policies: list[Policy]
    boundary: Policy | None = None
    boundary_arn: str = ""
    trust: Policy | None = None
    groups: list[str] = field(default_factory=list)
    attached: str = ""


@dataclass(frozen=True)
class State:
    """Somebody that has been become, with what it may now do."""

    name: str
    policies: tuple[Policy, ...]
    boundary: Policy | None


class World:
    """All of an account, and what follows for one of its principals."""

    def __init__(self, people: list[Someone], functions: dict[str, str], policies: dict[str, Policy]) -> None:
        self.people = {one.name: one for one in people}
        self.functions = functions  # ARN -> the role that it runs as
        self.policies = policies

    def may(self, state: State, action: str, resource: str, **context: str) -> bool:
        who = self.people[state.name]
        keys = {key.replace("__", ":"): value for key, value in context.items()}
        request = Request(action, resource, who.arn, keys)
        return allows(request, identity=state.policies, boundary=state.boundary).decision == "allow"

    def assumes(self, state: State, role: Someone) -> bool:
        if role.trust is None:
            return False
        request = Request("sts:AssumeRole", role.arn, self.people[state.name].arn)
        decision = allows(request, identity=state.policies, boundary=state.boundary, resource=role.trust)
        return decision.decision in ("allow", "unknown")  # whether a boundary binds what everyone may is not documented

    def reach(self, name: str) -> tuple[set[str], bool]:
        """Whom somebody can become, and whether that makes an administrator."""
        start = self.people[name]
        states = {State(name, tuple(start.policies), start.boundary)}
        done: set[tuple[str, str]] = set()
        while True:
            before = len(states), len(done)
            for state in list(states):
                if self.administrates(state):
                    return {one.name for one in states}, True
                states |= set(self.becomes(state))
                done |= set(self.does(state))
            for state in list(states):
                for other in self.with_what_was_done(state, done):
                    if other is None:
                        return {one.name for one in states}, True
                    states.add(other)
            if before == (len(states), len(done)):
                return {one.name for one in states}, False

    def administrates(self, state: State) -> bool:
        fresh: Callable[[str], str] = FRESH.format
        may = self.may
        kind = self.people[state.name].kind
        return (
            may(state, "iam:PutRolePolicy", fresh("role"))
            or may(state, "iam:AttachRolePolicy", fresh("role"), iam__PolicyARN=ADMIN)
            or may(state, "iam:UpdateAssumeRolePolicy", fresh("role"))
            or may(state, "iam:CreateAccessKey", fresh("user"))
            or may(state, "iam:CreatePolicyVersion", fresh("policy"))
            or (kind == "user" and state.boundary is None and may(state, "iam:AddUserToGroup", fresh("group")))
        )

    def becomes(self, state: State) -> Iterator[State]:
        for one in self.people.values():
            if one.name == state.name or one.kind == "group":
                continue
            if (
                (one.kind == "role" and self.assumes(state, one))
                or (one.kind == "role" and self.may(state, "iam:UpdateAssumeRolePolicy", one.arn))
                or (one.kind == "user" and self.may(state, "iam:CreateAccessKey", one.arn))
                or (one.kind == "role" and self.passes(state, one))
                or any(
                    role == one.name and self.may(state, "lambda:UpdateFunctionCode", function)
                    for function, role in self.functions.items()
                )
            ):
                yield State(one.name, tuple(one.policies), one.boundary)

    def passes(self, state: State, role: Someone) -> bool:
        """To a new function; its name is free to choose, so one of the many stands for all."""
        function = "arn:aws:lambda:us-east-1:111122223333:function:new"
        served = role.trust is not None and any(
            ("Service", "lambda.amazonaws.com") in statement.principals.entries
            for statement in role.trust.statements
            if statement.principals is not None
        )
        return (
            served
            and self.may(state, "iam:PassRole", role.arn, iam__PassedToService="lambda.amazonaws.com")
            and self.may(state, "lambda:CreateFunction", function)
            and self.may(state, "lambda:InvokeFunction", function)
        )

    def does(self, state: State) -> Iterator[tuple[str, str]]:
        """What it leaves behind: written, unbound, joined."""
        for one in self.people.values():
            keys = {"iam__PermissionsBoundary": one.boundary_arn} if one.boundary_arn else {}
            put = {"role": "iam:PutRolePolicy", "user": "iam:PutUserPolicy", "group": "iam:PutGroupPolicy"}[one.kind]
            if self.may(state, put, one.arn, **keys):
                yield "written", one.name
            if one.kind == "role" and self.may(state, "iam:AttachRolePolicy", one.arn, iam__PolicyARN=ADMIN, **keys):
                yield "written", one.name
            if one.attached and self.may(state, "iam:CreatePolicyVersion", one.attached):
                yield "written", one.name
            if one.boundary_arn and (
                self.may(state, "iam:CreatePolicyVersion", one.boundary_arn)
                or (one.kind == "role" and self.may(state, "iam:DeleteRolePermissionsBoundary", one.arn, **keys))
            ):
                yield "unbound", one.name
            if one.kind == "group" and self.may(state, "iam:AddUserToGroup", one.arn):
                yield "joined", one.name

    def with_what_was_done(self, state: State, done: set[tuple[str, str]]) -> Iterator[State | None]:
        who = self.people[state.name]
        written = any(("written", name) in done for name in (who.name, *who.groups))
        unbound = ("unbound", who.name) in done
        if written and (state.boundary is None or unbound):
            yield None
        elif written and state.boundary is not None:
            yield State(who.name, (state.boundary,), state.boundary)
        if unbound:
            yield State(who.name, state.policies, None)
        for kind, name in done:
            if kind == "joined" and who.kind == "user" and name not in who.groups:
                group = self.people[name]
                more = tuple(policy for policy in group.policies if policy not in state.policies)
                if more:
                    yield State(who.name, (*state.policies, *more), state.boundary)
                if ("written", name) in done:
                    yield (
                        None
                        if state.boundary is None or unbound
                        else State(who.name, (state.boundary,), state.boundary)
                    )
