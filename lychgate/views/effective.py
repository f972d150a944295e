"""What an identity may do in the end: by its own policies within its boundary, and by policies of resources that name
it; and what of that goes beyond a reference, by proof.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html: within an
account the policy of a resource, and a role's trust, gives by itself what it names a role or user for. What it leaves
to the account (`:root`) or gives to everyone needs the identity's own policy, or is no matter of one identity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import (
    Context,
    Policy,
    Statement,
    UndecidedError,
    catalogue,
    holds,
    overlap,
    resources_language,
)
from lychgate.reasoning.iam import access as layers
from lychgate.reasoning.iam.callers import IMPLIED
from lychgate.reasoning.iam.evaluation import implied_keys
from lychgate.reasoning.iam.pins import accepted_values
from lychgate.reasoning.iam.principals import Named, caller, excluded, named
from lychgate.reasoning.iam.proof import Access
from lychgate.reasoning.iam.surplus import Surplus, exceeds, surplus
from lychgate.views.exposure import named_of, names_everyone, requirements_of
from lychgate.views.iam_principals import Identity
from lychgate.views.ownership_callers import Callers
from lychgate.views.resource_policies import ResourcePolicy, TrustPolicy, policies_on, region_of
from lychgate.views.unique_ids import named_identity

_BELOW = ("/", ":")  # what begins the name of something below a resource
_TOKEN = re.compile(r"\$\{[^}]*\}|.", re.DOTALL)
_NAMING = ("aws:principalarn", "aws:principaltag/")
_ROUNDS = 8  # in which Denies of resources are found that take a witness away


@dataclass(frozen=True, slots=True)
class Effective:
    """What an identity may do as far as it can be read. `unread` is what may add to it; `boundary` says why the
    boundary, which may take away from it, cannot be read."""

    access: Access
    unread: tuple[UnknownRead, ...]
    boundary: UnknownRead | None


def effective(identity: Identity) -> Effective:
    """What an identity may do."""
    return identity.once("effective", lambda: _effective(identity))


def _effective(identity: Identity) -> Effective:
    given = (*(one.policy for one in identity.attached), *_given(identity))
    try:
        boundary, why = identity.boundary, None
    except UnknownRead as unknown:
        boundary, why = None, unknown
    return Effective(layers(given) if boundary is None else layers(given, boundary), identity.unread, why)


def beyond(identity: Identity, wide: Access, things: Iterable[Resource] = (), most: int = 20) -> Surplus:
    """What an identity may do beyond a reference, entry by entry, at most so many; `things` are resources whose own
    policies have to be known.

    Raises UnknownRead where there is nothing among what can be read, but there may be in what cannot.
    """
    known = effective(identity)
    found = _beyond(identity, known.access, wide, most)
    if found.witnesses:
        if known.boundary is not None:
            raise known.boundary
        return found
    for reason in found.unknown:
        raise UnknownRead(identity.resource.urn, "policy", f"is too involved to be compared ({reason})")
    for unknown, may in identity.possible:
        if may is None or exceeds(layers([one.policy for one in may.prepared]), wide).answer != "no":
            raise unknown
    for thing in things:
        for policy in policies_on(identity.graph, thing):
            _ = policy.policy
    return found


def _beyond(identity: Identity, narrow: Access, wide: Access, most: int) -> Surplus:
    """A Deny in the policy of a resource takes away what it takes away; it is looked for where it matters."""
    denies: dict[str, Policy] = {}
    found = Surplus(())
    for _ in range(_ROUNDS):
        first, *others = narrow.layers
        found = surplus(Access(((*first, *denies.values()), *others)), wide, most)
        more = {
            policy.resource.urn: denied
            for one in found.witnesses
            for policy in policies_over(identity.graph, one.request.resource)
            if policy.resource.urn not in denies and (denied := denied_by(identity, policy)).statements
        }
        if not more:
            break
        denies |= more
    return found


def _given(identity: Identity) -> Iterator[Policy]:
    """What policies of resources give to an identity by naming it."""
    index = identity.graph.once("named by resources", lambda: _named_by_resources(identity.graph))
    for policy, statements in index.get(identity.resource.urn, ()):
        kept = [one for statement in statements if (one := as_its_own(identity, policy, statement)) is not None]
        if kept:
            yield Policy(tuple(kept), label=f"{policy.what} {policy.name}")


def _named_by_resources(graph: Graph) -> dict[str, list[tuple[ResourcePolicy, list[Statement]]]]:
    """The statements of resource policies that name an identity, by its URN. What cannot be read is left out."""
    found: dict[str, list[tuple[ResourcePolicy, list[Statement]]]] = {}
    for policy in [*ResourcePolicy.all(graph), *TrustPolicy.all(graph)]:
        try:
            allows = policy.allows
        except UnknownRead:
            continue
        named: dict[str, list[Statement]] = {}
        for allow in allows:
            for one in _named_in(graph, policy, allow):
                named.setdefault(one.urn, []).append(allow)
        for urn, statements in named.items():
            found.setdefault(urn, []).append((policy, statements))
    return found


def _named_in(graph: Graph, policy: ResourcePolicy, allow: Statement) -> Iterator[Resource]:
    for value in named_of(allow, "AWS"):
        found = named_identity(graph, value, policy.resource.stack)
        if found is not None:
            yield found
    if names_everyone(allow):  # a condition may name as well as a principal does
        requirements = requirements_of(allow)
        naming = {one.condition.key for one in requirements if one.condition.key.startswith(_NAMING)}
        if any(accepted_values(requirements, key) is not None for key in naming):
            callers = graph.once("callers", lambda: Callers(graph))
            yield from (one.resource for one in callers.meeting(requirements))


def as_its_own(identity: Identity, policy: ResourcePolicy, statement: Statement) -> Statement | None:
    """A statement of a resource as if it stood with the identity: its conditions on the caller are settled. None where
    it does not apply."""
    who = caller(identity.arn or "*")
    context = Context(implied_keys(who, identity.account))
    kept = []
    for condition in statement.conditions:
        if condition.key in IMPLIED and condition.key in context:
            try:
                if not holds(condition, context, statement.variables):
                    return None
                continue
            except UndecidedError:
                pass
        kept.append(condition)
    resources = _own(policy, statement)
    if not resources:
        return None
    return replace(statement, principals=None, conditions=tuple(kept), resources=resources)


def _own(policy: ResourcePolicy, statement: Statement) -> tuple[str, ...]:
    """What of a statement's resources is the policy's own target: `*` there means no other."""
    arn = _target_arn(policy)
    if not arn:
        return statement.resources or ("*",)
    if statement.resources is None:
        return (arn,)
    if statement.not_resource:
        return statement.resources
    own = (text for entry in statement.resources for text in meant_of(arn, entry, statement.effect == "Allow"))
    return tuple(dict.fromkeys(own))


def _target_arn(policy: ResourcePolicy) -> str:
    """The ARN of what a policy stands on, also where that is no part of the program; empty where it is not known."""
    try:
        target = policy.target
    except UnknownRead:
        return ""
    written = policy.resource.properties.get(policy.carrier.reference)
    if target is not None:
        written = target.outputs.get("arn")
    elif isinstance(written, str) and policy.service == "s3" and ":" not in written:
        region = region_of(policy.graph, policy.resource)
        return f"arn:{catalogue.partition_of(region)}:s3:::{written}"
    return written if isinstance(written, str) and written.startswith("arn:") else ""


def meant_of(arn: str, entry: str, most: bool) -> Iterator[str]:
    """What an entry of Resource means of a resource and what is below it: `acme-*` is other buckets too. A variable in
    the ARN may be anything (`most`), or is not counted on."""
    if resources_language((entry,)).matches(arn) or (most and _rests(arn, entry, most) & {"", "*"}):
        yield arn
    for below in _BELOW:
        for rest in sorted(_rests(arn + below, entry, most)):
            own = f"{arn}{below}{rest}"
            if "${" in entry or overlap(resources_language((own,)), resources_language((entry,))) is not None:
                yield own


def _rests(text: str, entry: str, most: bool) -> set[str]:
    """What is left of an entry after a text that it begins with, in each way that its wildcards can be read."""
    tokens = _TOKEN.findall(entry)
    places = {0}
    for sign in text:
        reached: set[int] = set()
        for place in sorted(places):
            while place < len(tokens) and (tokens[place] == "*" or (most and tokens[place].startswith("${"))):
                reached.add(place)
                place += 1
            if place < len(tokens) and tokens[place] in (sign, "?"):
                reached.add(place + 1)
        places = reached
    return {"".join(tokens[place:]) for place in places}


def policies_over(graph: Graph, arn: str) -> list[ResourcePolicy]:
    """The policies of the resource that an ARN names, or stands below."""
    return [policy for own, policy in by_arn(graph) if arn == own or arn.startswith((f"{own}/", f"{own}:"))]


def by_arn(graph: Graph) -> list[tuple[str, ResourcePolicy]]:
    """The policies of resources, each with the ARN of its resource, as far as that is known."""
    return graph.once("resource policies by ARN", lambda: list(_by_arn(graph)))


def _by_arn(graph: Graph) -> Iterator[tuple[str, ResourcePolicy]]:
    for policy in [*ResourcePolicy.all(graph), *TrustPolicy.all(graph)]:
        arn = _target_arn(policy)
        if arn:
            yield arn, policy


def denied_by(identity: Identity, policy: ResourcePolicy) -> Policy:
    """What the policy of a resource denies to the identity for certain."""
    try:
        document = policy.policy
    except UnknownRead:
        document = None
    kept = []
    for statement in document.statements if document is not None else ():
        if statement.effect == "Deny" and not statement.not_resource and _means(statement, identity):
            own = as_its_own(identity, policy, statement)
            if own is not None:
                kept.append(own)
    return Policy(tuple(kept), label=f"{policy.what} {policy.name}")


def _means(statement: Statement, identity: Identity) -> bool:
    """Whether a statement is about the identity, for certain."""
    principals = statement.principals
    if principals is None:
        return False
    whom = caller(identity.arn or "*")
    try:
        if principals.excluded:
            return not excluded(principals, whom, identity.read.has("permissionsBoundary"))
        return named(principals, whom) is not Named.NOT
    except UndecidedError:
        return False
