"""Roles and users that a policy names by unique id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lychgate.model.graph import Graph
from lychgate.reasoning.iam import Statement
from lychgate.reasoning.iam.rights import Prepared
from lychgate.views.attachments import ROLE, USER


def named_by_arn(graph: Graph, prepared: Prepared) -> Prepared:
    """A policy with the ARNs of roles and users where it names them by unique id (`AROA...`).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    """
    ids = {value: arn for value in _named_values(prepared) if (arn := _arn_of_id(graph, value))}
    if not ids:
        return prepared
    return Prepared(
        replace(prepared.policy, statements=tuple(_renamed(one, ids) for one in prepared.policy.statements))
    )


def _named_values(prepared: Prepared) -> Iterator[str]:
    for statement in prepared.policy.statements:
        if statement.principals is not None:
            yield from (value for kind, value in statement.principals.entries if kind == "AWS" and ":" not in value)


def _arn_of_id(graph: Graph, value: str) -> str:
    found = graph.resolve(value) if value.startswith(("AROA", "AIDA")) else None
    arn = found.outputs.get("arn") if found is not None and found.type in (ROLE, USER) else None
    return arn if isinstance(arn, str) else ""


def _renamed(statement: Statement, ids: dict[str, str]) -> Statement:
    if statement.principals is None:
        return statement
    entries = tuple((kind, ids.get(value, value)) for kind, value in statement.principals.entries)
    return replace(statement, principals=replace(statement.principals, entries=entries))
