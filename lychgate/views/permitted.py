"""Who may do something to a resource, and what somebody may do: by every layer that the graph knows, and in the end
also by becoming others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.escalation import Chain, Principal, unsure
from lychgate.reasoning.iam import Facts, Grant, Language, Policy, Principals, Statement, TooComplexError, catalogue
from lychgate.reasoning.iam.catalogue import Action
from lychgate.reasoning.iam.patterns import Pattern
from lychgate.reasoning.iam.principals import account_of as account_of_entry
from lychgate.reasoning.iam.rights import Prepared, Rights
from lychgate.reasoning.iam.sides import ways_in
from lychgate.reasoning.iam.unnamed import unnamed
from lychgate.views.attachments import ROLE
from lychgate.views.effective import policies_over
from lychgate.views.escalation import principal_of, reach_of
from lychgate.views.exposure import principal_account
from lychgate.views.iam_principals import Identity, account_of
from lychgate.views.ownership_types import BELOW
from lychgate.views.resource_policies import ResourcePolicy, TrustPolicy
from lychgate.views.unique_ids import named_by_arn, named_identity

# What writes the policy of a resource, by the service; whoever may do so may let in itself. Of an access point, a file
# system or a domain it does not: there a policy alone opens nothing, or it is not read here.
_WRITING = {
    "s3": ("s3:PutBucketPolicy",),
    "kms": ("kms:PutKeyPolicy", "kms:CreateGrant"),
    "secretsmanager": ("secretsmanager:PutResourcePolicy",),
    "sqs": ("sqs:SetQueueAttributes", "sqs:AddPermission"),
    "sns": ("sns:SetTopicAttributes", "sns:AddPermission"),
    "lambda": ("lambda:AddPermission",),
    "ecr": ("ecr:SetRepositoryPolicy",),
    "dynamodb": ("dynamodb:PutResourcePolicy",),
    "kinesis": ("kinesis:PutResourcePolicy",),
}
# A grant of KMS for itself is asked for by itself, and by no service for it.
_BY_ITSELF: Facts = {"kms:GrantIsForAWSResource": "false", "kms:ViaService": None}


@dataclass(frozen=True, slots=True)
class Thing:
    """What is asked about: a resource of the graph with what stands below it, or an ARN of which the graph knows none.

    `arns` are the patterns that mean it, `account` the one that it stands in, empty where nobody says.
    """

    name: str
    arns: tuple[str, ...]
    resource: Resource | None = None
    account: str = ""

    def for_action(self, action: str) -> tuple[str, ...]:
        """The patterns that the action works on (a bucket, or its objects); all where the catalogue does not tell."""
        shapes = catalogue.shapes(action)
        return tuple(arn for arn in self.arns if any(_fits(arn, shape) for shape in shapes)) if shapes else self.arns


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who may do it: the grants that say so, by a way of one side or both. `chain` are the steps by which it
    becomes somebody who may; empty where it may itself. `writes`: the grants are for the policy of the thing, by which
    it lets in itself."""

    name: str
    grants: tuple[Grant, ...]
    chain: Chain = ()
    writes: bool = False


@dataclass(frozen=True, slots=True)
class WhoCan:
    """Who may do something, and why there may be more of them, or fewer: a boundary that cannot be read."""

    holders: list[Holder]
    unknown: list[str]


@dataclass(frozen=True, slots=True)
class Permitted:
    """What somebody may do to one thing, or (`thing` None) to what nobody named: actions, with the grants of each."""

    thing: Thing | None
    actions: list[tuple[Action, tuple[Grant, ...]]]


def thing_of(graph: Graph, text: str) -> Thing:
    """What a text means: a URN, an ARN (wildcards: any of these), or the name of a resource that has an ARN.

    Raises LookupError with the candidates where a name means several, or none.
    """
    if text == "*" or (text.startswith("arn:") and graph.resolve(text) is None):
        return Thing(text, (text,), None, principal_account(text) if text != "*" else "")
    exact = graph.by_urn.get(text) or (graph.resolve(text) if text.startswith("arn:") else None)
    found = [exact] if exact is not None else [one for one in _with_arn(graph) if text in _names(one)]
    if len(found) != 1 or _arn(found[0]) is None:
        raise LookupError([one.urn for one in found] or [one.urn for one in _with_arn(graph)])
    return _thing(graph, found[0])


def who_can(graph: Graph, action: str, thing: Thing) -> WhoCan:
    """Who may do the action (wildcards: any of these) to the thing: identities of the graph, whoever else the thing's
    own policy lets in, who may write that policy, and who can become one of them."""
    found = WhoCan([], [])
    policies = _theirs(graph, thing, found.unknown)
    identities = [one for one in Identity.all(graph) if one.what != "group"]  # a group acts by its members
    direct: dict[str, Holder] = {}
    for identity in identities:
        who = principal_of(identity)
        holder = _holder(who, action, thing, policies, found.unknown)
        if holder is not None:
            direct[who.key] = holder
            found.holders.append(holder)
            found.unknown.extend([f"{who.name}: {who.unsure}"] if who.unsure else [])
    found.holders.extend(_outsiders(graph, action, thing, policies, found.unknown))
    for identity in identities:
        who = principal_of(identity)
        if who.key not in direct:
            through = _through(identity, action, thing, policies, direct, found.unknown)
            found.holders.extend([through] if through else [])
    return WhoCan(found.holders, list(dict.fromkeys(found.unknown)))


def what_can(identity: Identity) -> tuple[list[Permitted], list[str]]:
    """What an identity may do by itself: to each resource of the graph, and to what nobody named; and what is not known
    of it, or of whom it can become."""
    graph, who = identity.graph, principal_of(identity)
    reach = reach_of(identity)
    acting = [who, *(step.source for chain in reach.chains.values() for step in chain)]
    unknown = [*reach.doubts, *(f"{one.name}: {one.unsure}" for one in acting if one.unsure)]
    found = []
    for resource in _with_arn(graph):
        thing = _thing(graph, resource)
        policies = _theirs(graph, thing, unknown)
        if not who.rights.prepared and not policies:
            continue
        allowed = [
            (action, grants)
            for action in _actions_of(_service(thing))
            if (grants := _may(who, action.name, thing, policies, unknown))
        ]
        found += [Permitted(thing, allowed)] if allowed else []
    elsewhere = list(_elsewhere(who, unknown))
    return [*found, *([Permitted(None, elsewhere)] if elsewhere else [])], list(dict.fromkeys(unknown))


def _elsewhere(who: Principal, unknown: list[str]) -> Iterator[tuple[Action, tuple[Grant, ...]]]:
    """What it may do to resources that nobody named, where these have no policy that says otherwise."""
    services = who.rights.services
    for service in catalogue.services() if "" in services else sorted(services):
        for action in _actions_of(service):
            if who.rights.mentions(action.name):
                arns = unnamed(action.name, who.key, who.account, who.region)
                try:
                    grants = who.rights.granted(action.name, arns, who.facts)
                except TooComplexError as error:
                    unknown.append(f"{who.name}: too large a question ({error})")
                    continue
                if grants:
                    yield action, tuple(grants[:1])


def _holder(who: Principal, action: str, thing: Thing, policies: list[Prepared], unknown: list[str]) -> Holder | None:
    """Somebody who may, or may write the policy of the thing and then may."""
    grants = _may(who, action, thing, policies, unknown)
    if grants:
        return Holder(who.name, grants)
    if not who.arn:
        return None
    letting_in = Statement(1, "", "Allow", ("*",), ("*",), Principals((("AWS", who.arn),)))
    for writing in _WRITING.get(_service(thing), ()):
        grants = _may(who, writing, thing, policies, unknown, _BY_ITSELF)
        if grants and _may(who, action, thing, [Prepared(Policy((letting_in,)))], unknown):
            return Holder(who.name, grants, writes=True)
    return None


def _may(
    who: Principal, action: str, thing: Thing, policies: list[Prepared], unknown: list[str], facts: Facts | None = None
) -> tuple[Grant, ...]:
    """The grants of a way by which somebody may; empty where there is none."""
    if not who.rights.mentions(action) and not any(one.mentions(action) for one in policies):
        return ()
    arns = thing.for_action(action)
    if not arns:
        return ()
    same = not (thing.account and who.account and thing.account != who.account)
    try:
        ways = ways_in(action, list(arns), who.rights, policies, who.arn, {**who.facts, **(facts or {})}, same)
    except TooComplexError as error:
        unknown.append(f"{who.name}: too large a question ({error})")
        return ()
    return ways[0] if ways else ()


def _through(
    identity: Identity,
    action: str,
    thing: Thing,
    policies: list[Prepared],
    direct: dict[str, Holder],
    unknown: list[str],
) -> Holder | None:
    """By becoming somebody who may: the nearest."""
    reach = reach_of(identity)
    unknown += reach.doubts
    for other, chain in reach.others:
        holder = direct.get(other.key) or _holder(other, action, thing, policies, unknown)
        if holder is not None:
            return replace(holder, name=reach.start.name, chain=chain)
    for account, chain in reach.administrators.items():
        if not thing.account or account in ("", thing.account):
            if not unsure(chain):
                return Holder(reach.start.name, (), chain)
            unknown.append(f"{reach.start.name}: {unsure(chain)}")
    return None


def _outsiders(
    graph: Graph, action: str, thing: Thing, policies: Iterable[Prepared], unknown: list[str]
) -> Iterator[Holder]:
    """Whom the thing's own policies let in beside identities of the graph: services, other accounts, everyone."""
    try:
        grants = Rights(policies).granted(action, list(thing.for_action(action)))
    except TooComplexError as error:
        unknown.append(f"others whom {thing.name} lets in: too large a question ({error})")
        return
    seen: set[str] = set()
    for grant in grants:
        for principal in grant.principals:
            value = principal.partition(":")[2]
            own = bool(thing.account) and account_of_entry(value) == thing.account
            known = named_identity(graph, value)
            if not own and principal not in seen and (known is None or known.external):
                seen.add(principal)
                yield Holder(_outsider(principal), (grant,))


def _outsider(principal: str) -> str:
    """Somebody that a policy names, in words."""
    kind, _, value = principal.partition(":")
    if principal == "AWS:*":
        return "everyone"
    words = {"Service": f"service {value}", "Federated": f"identity provider {value}", "CanonicalUser": f"user {value}"}
    return words.get(kind, f"{value} (where its own account lets it)" if kind == "AWS" else principal)


def _theirs(graph: Graph, thing: Thing, unknown: list[str]) -> list[Prepared]:
    """The policies of the thing itself."""
    found: list[ResourcePolicy] = policies_over(graph, thing.arns[0])
    if thing.resource is not None and thing.resource.type == ROLE and not thing.resource.external:
        found = [*found, TrustPolicy.of(graph, thing.resource)]
    prepared = []
    for policy in found:
        try:
            one = policy.prepared
        except UnknownRead as error:
            unknown.append(f"the {policy.what} {policy.name}: {error.path} {error.why}")
            continue
        prepared += [named_by_arn(graph, one)] if one is not None else []
    return prepared


def _arn(resource: Resource) -> str | None:
    arn = resource.outputs.get("arn")
    return arn if isinstance(arn, str) else None


def _with_arn(graph: Graph) -> list[Resource]:
    return graph.once("resources with ARN", lambda: [one for one in graph.resources if _arn(one) is not None])


def _names(resource: Resource) -> set[str]:
    arn = _arn(resource) or ""
    given = (resource.name, arn.rpartition(":")[2], arn.rpartition("/")[2], resource.outputs.get("id"))
    return {name for name in given if isinstance(name, str)}


def _thing(graph: Graph, resource: Resource) -> Thing:
    arn = _arn(resource) or ""
    below = BELOW.get(arn.split(":")[2] if arn.count(":") >= 5 else "", "")
    arns = (arn, arn + below) if below else (arn,)
    return Thing(f"{resource.type.rpartition(':')[2]} {resource.name}", arns, resource, account_of(graph, resource))


def _service(thing: Thing) -> str:
    fields = thing.arns[0].split(":", 3)
    return fields[2] if len(fields) == 4 else ""


@lru_cache(maxsize=512)
def _actions_of(service: str) -> tuple[Action, ...]:
    return tuple(catalogue.expand(f"{service}:*"))


def _fits(arn: str, shape: Pattern) -> bool:
    """Whether an action works on what the ARN means; shapes have AWS's usual partition, Region and account."""
    fields = arn.split(":", 5)
    if len(fields) < 6:
        return True
    usual = ("arn", "aws", fields[2], fields[3] and "us-east-1", fields[4] and "111122223333", fields[5])
    text = ":".join(usual)
    text = text.removesuffix(":*") + ":log-stream:x" if fields[2] == "logs" and text.endswith(":*") else text
    text = text.replace("*", "x").replace("?", "x")
    return Language([shape]).matches(text) and catalogue.fits(text, shape)
