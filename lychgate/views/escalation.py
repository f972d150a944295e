"""The principals of a graph for the reasoning about who can become whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from lychgate.model.graph import Graph
from lychgate.model.values import UnknownRead
from lychgate.reasoning.escalation import Moves, Principal, Reach, Step
from lychgate.reasoning.escalation.records import PrincipalKind
from lychgate.reasoning.iam import Condition, Facts, Policy, Statement
from lychgate.reasoning.iam.rights import Prepared, Rights
from lychgate.reasoning.iam.templates import variables_in
from lychgate.views.acting import Workloads, known_tags
from lychgate.views.attachments import POLICY, Reference, managed_of, references
from lychgate.views.iam_principals import Elsewhere, Identity, Role, User
from lychgate.views.managed_policies import aws_managed_name, aws_managed_names, aws_managed_policy
from lychgate.views.owners import tags_of
from lychgate.views.ownership_callers import facts_of, may_choose
from lychgate.views.resource_policies import ResourcePolicy, TrustPolicy, region_of
from lychgate.views.unique_ids import named_by_arn

_PRINCIPAL_TAG = "aws:principaltag/"
_ANY = "arn:aws:iam::aws:policy/*"
_IAM_FULL_ACCESS = "arn:aws:iam::aws:policy/IAMFullAccess"


def moves_of(graph: Graph) -> Moves:
    """What every principal of the graph can do to become another; computed once."""
    return graph.once("escalation", lambda: _moves(graph))


def reach_of(identity: Identity) -> Reach:
    """Where an identity gets to in the end."""
    graph = identity.graph

    def make() -> Reach:
        return Reach(moves_of(graph), principal_of(identity))

    return identity.once("reach", make)


def principal_of(identity: Identity) -> Principal:
    """The record of an identity; one of another program has no ARN, so it is only ever a start."""
    return identity.once("principal", lambda: _principal(identity))


def record(step: Step) -> dict[str, Any]:
    """A step as data, for witnesses and answers."""
    return {
        "principal": step.source.name,
        "requests": [
            {"action": one.action, "resource": one.resource, "statement": one.name, "policy": one.policy}
            for one in step.grants
        ],
        "becomes": step.target.name if step.target is not None and step.kind == "become" else None,
        "changes": step.target.name if step.target is not None and step.kind != "become" else None,
        "way": step.way.says,
        "source": step.way.source,
    }


def _moves(graph: Graph) -> Moves:
    principals = [principal_of(one) for one in Identity.all(graph) if not isinstance(one, Elsewhere)]
    center = any(one.type.startswith("aws:ssoadmin/") for one in graph.resources)
    return Moves(principals, Workloads(graph).all(), _policies(graph), center)


def _policies(graph: Graph) -> dict[str, Prepared]:
    """The customer managed policies that can be read, by ARN, and of AWS's own those that conditions name and the one
    that gives all of IAM."""
    found: dict[str, Prepared] = {}
    for policy in graph.of_type(POLICY):
        arn = policy.outputs.get("arn")
        if not policy.external and isinstance(arn, str):
            try:
                found[arn] = managed_of(graph, Reference(policy, "policy", arn, policy)).prepared
            except UnknownRead:
                continue  # whoever has it is known not to be known
    for arn in (_IAM_FULL_ACCESS, *_attachable(graph)):
        known = aws_managed_policy(aws_managed_name(arn))
        found |= {} if known is None else {arn: Prepared(known)}
    return found | {arn: Prepared(policy) for arn, policy in _any_of(graph)}


def _attachable(graph: Graph) -> Iterator[str]:
    """What conditions name as the policies that may be attached."""
    for condition, _ in _conditions_on_policies(graph):
        yield from condition.values


def _any_of(graph: Graph) -> Iterator[tuple[str, Policy]]:
    """What conditions allow to attach by a pattern, or by barring others: all of AWS's own policies that they mean, as
    one under an ARN that stands for them."""
    conditions = list(_conditions_on_policies(graph))
    barred = [value for condition, bars in conditions if bars for value in condition.values]
    wild = {value for condition, bars in conditions if not bars for value in condition.values if _is_pattern(value)}
    for pattern in sorted(wild | ({_ANY} if barred else set())):
        names = [one for one in aws_managed_names() if fnmatchcase(one, pattern.rpartition("/")[2])]
        names = [one for one in names if not any(fnmatchcase(one, value.rpartition("/")[2]) for value in barred)]
        policies = [policy for name in names if (policy := aws_managed_policy(name)) is not None]
        allows = [one for policy in policies for one in policy.statements if one.effect == "Allow"]
        statements = tuple(replace(one, index=index) for index, one in enumerate(allows))
        yield pattern, Policy(statements, label=f"AWS managed policies {pattern.rpartition('/')[2]}")


def _is_pattern(value: str) -> bool:
    """Whether a value of iam:PolicyARN is a pattern that means policies of AWS."""
    return any(sign in value for sign in "*?") and fnmatchcase(_ANY, value.rpartition("/")[0] + "/*")


def _conditions_on_policies(graph: Graph) -> Iterator[tuple[Condition, bool]]:
    """The conditions on what may be attached, and whether they bar it."""
    for identity in Identity.all(graph):
        boundary, _ = _boundary(identity)
        for policy in (*(one.policy for one in identity.attached), *([] if boundary is None else [boundary])):
            for statement in policy.statements:
                for condition in statement.conditions:
                    if condition.key.lower() == "iam:policyarn":
                        yield condition, condition.negated is not (statement.effect == "Deny")


def _principal(identity: Identity) -> Principal:
    boundary, unsure = _boundary(identity)
    missing = next((unknown for unknown, _ in identity.possible), None)
    kinds: dict[str, PrincipalKind] = {"user": "user", "group": "group"}
    return Principal(
        key=identity.resource.urn,
        name=f"{identity.what} {identity.name}",
        kind=kinds.get(identity.what, "role"),
        arn=identity.arn if not isinstance(identity, Elsewhere) else "",
        account=identity.account,
        rights=Rights(identity.rights.prepared, boundary),
        facts=_facts(identity),
        trust=_trust(identity),
        attached=frozenset(one.arn for one in identity.attached if one.arn and not one.aws_managed),
        groups=frozenset(group.arn for group in identity.groups) if isinstance(identity, User) else frozenset(),
        boundary=_boundary_arn(identity) if boundary is not None or unsure else "",
        tags=known_tags(identity.graph, identity.resource),
        region=region_of(identity.graph, identity.resource),
        profiled=isinstance(identity, Role) and _profiled(identity),
        unread=str(missing) if missing is not None else "",
        unsure=unsure,
    )


def _boundary(identity: Identity) -> tuple[Policy | None, str]:
    try:
        return identity.boundary, ""
    except UnknownRead as unknown:
        return None, str(unknown)


def _boundary_arn(identity: Identity) -> str:
    found, _ = references(identity.graph, identity.resource, "permissionsBoundary", POLICY)
    return found[0][0] if found else ""


def _trust(identity: Identity) -> Policy | None:
    try:
        return named_by_arn(identity.graph, Prepared(identity.trust)).policy if isinstance(identity, Role) else None
    except UnknownRead:
        return None


def _facts(identity: Identity) -> Facts:
    """What is known of requests of an identity, the tags that its sessions have or lack among it.

    Tags of a session take the place of the role's own: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    asked = _principal_tags(identity.graph)
    known = {**facts_of(identity), **_named(identity)}
    if not isinstance(identity, Role | User):
        return known
    open_ = {key for key in asked if _chosen(identity, key.removeprefix(_PRINCIPAL_TAG))}
    left = asked - open_
    facts = {
        key: one for key, one in known.items() if key.lower() in left or not key.lower().startswith(_PRINCIPAL_TAG)
    }
    if any(not isinstance(value, str) for value in tags_of(identity.graph, identity.resource).values()):
        return facts
    have = {key.lower() for key in facts}
    return {**facts, **{key: None for key in left if key not in have}}


def _chosen(identity: Role | User, tag: str) -> bool:
    try:
        return may_choose(identity, tag)
    except UnknownRead:
        return True


def _named(identity: Identity) -> Facts:
    """The name of a user as requests have it, which policies speak of for what is one's own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
    """
    if isinstance(identity, Role):
        return {"aws:username": None}
    name = identity.resource.outputs.get("name")
    own = name if isinstance(identity, User) and isinstance(name, str) else ""
    return {"aws:username": own} if own or not isinstance(identity, User) else {}


def _principal_tags(graph: Graph) -> frozenset[str]:
    """The keys of tags of callers that policies of the graph speak of, in lower case."""
    return graph.once("tags of principals", lambda: frozenset(_tag_keys(graph)))


def _tag_keys(graph: Graph) -> Iterator[str]:
    for statement in _statements(graph):
        texts = (text for condition in statement.conditions for text in condition.values)
        keys = [condition.key.lower() for condition in statement.conditions]
        for text in (*texts, *(statement.resources or ())):
            keys += [one.key for one in variables_in(text, statement.variables)] if "${" in text else []
        yield from (key for key in keys if key.startswith(_PRINCIPAL_TAG))


def _statements(graph: Graph) -> Iterator[Statement]:
    """The statements that may speak of tags of callers, as far as they can be read."""
    for identity in Identity.all(graph):
        boundary, _ = _boundary(identity)
        for policy in (*(one.policy for one in identity.attached), *([] if boundary is None else [boundary])):
            yield from policy.statements
    for resource in (*ResourcePolicy.all(graph), *TrustPolicy.all(graph)):
        text = resource.resource.properties.get(resource.carrier.property)
        if isinstance(text, str) and "principaltag" not in text.lower() and "\\u" not in text:
            continue  # most; reading them takes long
        try:
            found = resource.policy
        except UnknownRead:
            continue
        yield from () if found is None else found.statements


def _profiled(role: Role) -> bool:
    try:
        return bool(role.instance_profiles)
    except UnknownRead:
        return True
