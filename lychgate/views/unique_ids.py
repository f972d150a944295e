"""Roles and users that a policy names, in each of the ways that it may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lychgate.model.graph import Graph, Resource
from lychgate.reasoning.iam import Statement
from lychgate.reasoning.iam.rights import Prepared
from lychgate.views.attachments import ROLE, USER

_SESSION = re.compile(r"arn:[\w-]+:sts::(\d*):assumed-role/([^/]+)/")
_ROLE_ARN = re.compile(r"arn:[\w-]+:iam::(\d*):role/(?:.+/)?([^/]+)")


def named_identity(graph: Graph, value: str, stack: str = "") -> Resource | None:
    """The role or user of the graph that a principal means: by ARN, by unique id, or by the ARN of a session, which
    tells account and name of the role. None where there is none."""
    session = _SESSION.match(value)
    if session is None:
        return graph.resolve(value, ROLE, USER, stack=stack)
    return graph.once("roles by account and name", lambda: _roles(graph)).get(session.groups())


def _roles(graph: Graph) -> dict[tuple[str, ...], Resource]:
    arns = ((one, one.outputs.get("arn")) for one in graph.of_type(ROLE))
    return {match.groups(): one for one, arn in arns if isinstance(arn, str) and (match := _ROLE_ARN.fullmatch(arn))}


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
