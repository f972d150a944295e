"""Who may do something to a resource, and what somebody may do: by every layer that the graph knows, and in the end
also by becoming others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from lychgate.model.graph import Graph
from lychgate.model.values import UnknownRead
from lychgate.reasoning.escalation import Chain, Principal, unsure
from lychgate.reasoning.iam import (
    Facts,
    Grant,
    Policy,
    Principals,
    Request,
    Statement,
    TooComplexError,
    catalogue,
)
from lychgate.reasoning.iam.catalogue import Action
from lychgate.reasoning.iam.evaluation import needs_resource_policy
from lychgate.reasoning.iam.principals import account_of as account_of_entry
from lychgate.reasoning.iam.rights import Prepared, Rights
from lychgate.reasoning.iam.sides import ways_in
from lychgate.reasoning.iam.unnamed import unnamed
from lychgate.views.attachments import ROLE
from lychgate.views.effective import by_arn, meant_of, policies_over
from lychgate.views.escalation import principal_of, reach_of
from lychgate.views.exposure import principal_account
from lychgate.views.iam_principals import Identity, account_of
from lychgate.views.policy_carriers import CARRIERS
from lychgate.views.resource_policies import ResourcePolicy, TrustPolicy, unplaced
from lychgate.views.things import Thing, over, thing_at, with_arn
from lychgate.views.unique_ids import named_by_arn, named_identity

# What writes the policy of a resource, by the service; whoever may do so may let in itself, up to what the last ones
# can give: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html (Operations). Of an access
# point or a file system it does not: there a policy alone opens nothing.
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
    "events": ("events:PutPermission",),
    "es": ("es:UpdateDomainConfig", "es:UpdateElasticsearchDomainConfig"),
    "backup": ("backup:PutBackupVaultAccessPolicy",),
    "kafka": ("kafka:PutClusterPolicy",),
    "s3tables": ("s3tables:PutTableBucketPolicy",),
    "codeartifact": ("codeartifact:PutDomainPermissionsPolicy", "codeartifact:PutRepositoryPermissionsPolicy"),
    "acm-pca": ("acm-pca:PutPolicy",),
}
_GRANTED = tuple(
    f"kms:{name}"
    for name in (
        "Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "DeriveSharedSecret", "Encapsulate",
        "Decapsulate", "Sign", "Verify", "GenerateMac", "VerifyMac", "GetPublicKey", "DescribeKey", "CreateGrant",
        "RetireGrant",
    )
)  # fmt: skip
# What takes the policy of a resource away, and with it what it denies.
_UNWRITING = {
    "s3": "s3:DeleteBucketPolicy",
    "secretsmanager": "secretsmanager:DeleteResourcePolicy",
    "sqs": "sqs:RemovePermission",
    "sns": "sns:RemovePermission",
    "ecr": "ecr:DeleteRepositoryPolicy",
    "dynamodb": "dynamodb:DeleteResourcePolicy",
    "kinesis": "kinesis:DeleteResourcePolicy",
    "elasticfilesystem": "elasticfilesystem:DeleteFileSystemPolicy",
    "backup": "backup:DeleteBackupVaultAccessPolicy",
    "kafka": "kafka:DeleteClusterPolicy",
    "s3tables": "s3tables:DeleteTableBucketPolicy",
}
_WITH_POLICIES = frozenset(carrier.service for carrier in CARRIERS.values())
_VARIABLE = re.compile(r"\$\{[^}]*\}")
# A grant of KMS for itself is asked for by itself, and by no service for it.
_BY_ITSELF: Facts = {"kms:GrantIsForAWSResource": "false", "kms:ViaService": None}


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


def who_can(graph: Graph, action: str, thing: Thing) -> WhoCan:
    """Who may do the action (wildcards: any of these) to the thing: identities of the graph, whoever else the thing's
    own policy lets in, who may write that policy, and who can become one of them."""
    unknown: list[str] = []
    found: dict[str, Holder] = {}
    identities = [one for one in Identity.all(graph) if one.what != "group"]  # a group acts by its members
    asked = [(one, _theirs(graph, one, action, unknown)) for one in _meant(graph, thing) if one.for_action(action)]
    direct: dict[str, Holder] = {}
    for one, policies in asked:
        for who in map(principal_of, identities):
            holder = None if who.key in direct else _holder(who, action, one, policies, unknown)
            if holder is not None:
                direct[who.key] = found[who.key] = holder
                unknown.extend([f"{who.name}: {who.unsure}"] if who.unsure else [])
    for one, policies in asked:
        for holder in _outsiders(graph, action, one, policies, unknown):
            found.setdefault(holder.name, holder)
    for one, policies in asked:
        for identity in identities:
            key = principal_of(identity).key
            through = None if key in found else _through(identity, action, one, policies, direct, unknown)
            found |= {key: through} if through else {}
    return WhoCan(list(found.values()), list(dict.fromkeys(unknown)))


def _meant(graph: Graph, thing: Thing) -> Iterator[Thing]:
    """What is asked about and, where that is several by a wildcard, each resource among them that has a policy."""
    yield thing
    if thing.resource is None:
        for own in dict.fromkeys(own for own, _ in by_arn(graph)):
            arns = tuple(text for pattern in thing.arns for text in meant_of(own, pattern, True))
            one = over(graph, own)
            if arns and own not in thing.arns:
                account = thing.account if one is None else account_of(graph, one)
                yield Thing(own, arns, one, account)


def what_can(identity: Identity) -> tuple[list[Permitted], list[str]]:
    """What an identity may do by itself: to each resource of the graph, and to what nobody named; and what is not known
    of it, or of whom it can become."""
    graph, who = identity.graph, principal_of(identity)
    reach = reach_of(identity)
    acting = [who, *(step.source for chain in reach.chains.values() for step in chain)]
    unknown = [*reach.doubts, *(f"{one.name}: {one.unsure}" for one in acting if one.unsure)]
    found = []
    for resource in with_arn(graph):
        thing = thing_at(graph, resource)
        policies = _theirs(graph, thing, "", unknown)
        if not who.rights.prepared and not policies:
            continue
        allowed = [
            (action, grants)
            for action in _actions_of(thing.service)
            if (grants := _may(who, action.name, thing, policies, unknown))
        ]
        found += [Permitted(thing, allowed)] if allowed else []
    elsewhere = list(_elsewhere(who, unknown))
    found += _named(graph, who, {action.name for action, _ in elsewhere}, unknown)
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


def _named(graph: Graph, who: Principal, anywhere: set[str], unknown: list[str]) -> Iterator[Permitted]:
    """What it may do to what its policies name and is no part of the program, beside what it may do anywhere."""
    statements = (one for prepared in who.rights.prepared for one in prepared.policy.statements)
    allows = (one for one in statements if one.effect == "Allow" and not one.not_resource)
    for entry in dict.fromkeys(entry for one in allows for entry in one.resources or ()):
        arn = _VARIABLE.sub("*", entry)
        if arn == "*" or over(graph, arn) is not None:
            continue
        thing = Thing(entry, (arn,), None, principal_account(arn))
        service = thing.service
        services = [service, *(["sts"] if service == "iam" else [])]
        if any(sign in service for sign in "*?"):
            services = sorted(who.rights.services - {""})
        allowed = []
        for action in (one for each in services for one in _actions_of(each) if one.name not in anywhere):
            if who.rights.mentions(action.name) and thing.for_action(action.name):
                try:
                    grants = who.rights.granted(action.name, arn, who.facts)
                except TooComplexError as error:
                    unknown.append(f"{who.name}: too large a question ({error})")
                    continue
                allowed += [(action, tuple(grants[:1]))] if grants else []
        if allowed:
            yield Permitted(thing, allowed)
            if thing.account not in ("", who.account) or any(
                needs_resource_policy(Request(one.name, arn)) for one, _ in allowed
            ):
                unknown.append(f"the policy of {entry}, which has to agree, and is no part of the program")


def _holder(who: Principal, action: str, thing: Thing, policies: list[Prepared], unknown: list[str]) -> Holder | None:
    """Somebody who may, or may write the policy of the thing and then may."""
    grants = _may(who, action, thing, policies, unknown)
    if grants:
        return Holder(who.name, grants)
    if not who.arn:
        return None
    for writing in _WRITING.get(thing.service, ()):
        of_none = catalogue.shapes(writing) == (("*",),)  # its requests name no resource
        grants = _may(who, writing, replace(thing, arns=("*",)) if of_none else thing, policies, unknown, _BY_ITSELF)
        given = _GRANTED if writing == "kms:CreateGrant" else ("*",)
        letting_in = Statement(1, "", "Allow", given, ("*",), Principals((("AWS", who.arn),)))
        if grants and _may(who, action, thing, [Prepared(Policy((letting_in,)))], unknown):
            return Holder(who.name, grants, writes=True)
    if any(one.denies for one in policies):
        unwriting = _UNWRITING.get(thing.service, "")
        grants = _may(who, unwriting, thing, policies, unknown) if unwriting else ()
        if grants and _may(who, action, thing, [], unknown):
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
    if thing.elsewhere and not policies and same and who.account:
        policies = [_delegating(who.account)]  # keys and roles elsewhere leave it to their account, as most do
    try:
        ways = ways_in(action, list(arns), who.rights, policies, who.arn, {**who.facts, **(facts or {})}, same)
    except TooComplexError as error:
        unknown.append(f"{who.name}: too large a question ({error})")
        return ()
    if ways and len(ways[0]) > 1 and any(sign in action for sign in "*?"):  # each side may allow another action
        found = (_may(who, one.name, thing, policies, unknown, facts) for one in catalogue.expand(action))
        return next(filter(None, found), ())
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
        if (not thing.account or account in ("", thing.account)) and _may_agree(action, thing, policies):
            if not unsure(chain):
                return Holder(reach.start.name, (), chain)
            unknown.append(f"{reach.start.name}: {unsure(chain)}")
    return None


def _may_agree(action: str, thing: Thing, policies: list[Prepared]) -> bool:
    """Whether the thing lets somebody do it at all: every right of an account is none to a key that gives it nobody."""
    if thing.elsewhere or not any(needs_resource_policy(Request(action, arn)) for arn in thing.arns):
        return True
    given = (action, *_WRITING.get(thing.service, ()))
    return any(one.mentions(name) for one in policies for name in given)


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


@lru_cache(maxsize=64)
def _delegating(account: str) -> Prepared:
    allow = Statement(0, "", "Allow", ("*",), ("*",), Principals((("AWS", account),)))
    return Prepared(Policy((allow,), label="its own policy, which is not known"))


def _theirs(graph: Graph, thing: Thing, action: str, unknown: list[str]) -> list[Prepared]:
    """The policies of the thing itself, as far as they are known to be its; why others are not, if asked for an
    action."""
    for policy, why in unplaced(graph):
        carrier = policy.carrier
        if thing.resource.type in carrier.targets if thing.resource is not None else carrier.service == thing.service:
            unknown.append(f"the {policy.what} {policy.name}: {why.path} {why.why}")
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
    service = action.partition(":")[0].lower()
    guarded = service in _WITH_POLICIES or any(sign in service for sign in "*?")
    if thing.elsewhere and not found and guarded and catalogue.shapes(action) != (("*",),):
        unknown.append(f"policies on {thing.name} that are no part of the program")
    return prepared


@lru_cache(maxsize=512)
def _actions_of(service: str) -> tuple[Action, ...]:
    return tuple(catalogue.expand(f"{service}:*"))
