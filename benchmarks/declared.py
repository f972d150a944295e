"""Roles beside what their components declare: the rule on 200 roles, and the smallest policy for one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from benchmarks.measuring import Row, best
from lychgate.cli.iam_least_privilege import answer
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.rule import Case
from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.reasoning import uses

STACK = "shop/production"
ACCOUNT = "111122223333"


def rows() -> Iterator[Row]:
    rule = built_in_rules()["iam-role-exceeds-declared-access"]

    def judged(graph: Graph) -> None:
        for role in rule.judges.all(graph):
            rule.check(role, Case(graph, None))

    spelled, other = resources(200, wide=False), resources(200, wide=True)
    yield Row("rights within what is declared, 200 roles", best(lambda: judged(graph_of(spelled))), "", 0.0, "1 s")
    yield Row("the same, in other spellings", best(lambda: judged(graph_of(other))), "", 0.0, "1 s")
    some = resources(50, wide=True)
    yield Row(
        "least privilege of a role, 200 resources", best(lambda: answer(graph_of(some), "role-7")), "", 0.0, "1 s"
    )


def graph_of(resources: list[Resource]) -> Graph:
    return Graph(resources, [StackInfo(STACK, "shop", "production", account=ACCOUNT, region="eu-central-1")])


def resources(roles: int, wide: bool) -> list[Resource]:
    """For each role a component, a policy and a table; with `wide`, policies say the same in other words."""
    return [one for number in range(roles) for one in _service(number, wide)]


def _service(number: int, wide: bool) -> Iterator[Resource]:
    def resource(type_: str, name: str, **more: object) -> Resource:
        urn = f"urn:pulumi:production::shop::{type_}::{name}"
        return Resource(urn, type_, name, stack=STACK, **more)  # type: ignore[arg-type]

    arn = f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/table-{number}"
    access = [{"target": f"table-{number}", "mode": "use"}]
    service = resource("acme:platform:Service", f"service-{number}", properties={"access": access}, custom=False)
    statements = uses.statements("table", "use", uses.parts_of(arn))
    if wide:
        for statement in statements:
            statement["Resource"] = [arn, f"{arn}/*"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    role = f"role-{number}"
    yield service
    yield resource(
        "aws:iam/role:Role", role, parent=service.urn, id=role, outputs={"arn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}
    )
    yield resource("aws:iam/rolePolicy:RolePolicy", role, properties={"role": role, "policy": document})
    yield resource("aws:dynamodb/table:Table", f"table-{number}", outputs={"arn": arn})
