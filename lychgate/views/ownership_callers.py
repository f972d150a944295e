"""Who meets the conditions of a grant: by the caller's ARN, account and tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Unknown, UnknownRead
from lychgate.reasoning.iam import Facts, Grant, Statement, TooComplexError
from lychgate.reasoning.iam.pins import Requirement, accepted_values, is_pinned
from lychgate.reasoning.iam.rights import Prepared, Rights
from lychgate.reasoning.iam.templates import Piece, Variable, Wild
from lychgate.views.exposure import requirements_of
from lychgate.views.iam_principals import Identity, Role, User
from lychgate.views.owners import owner_of, tags_of

Template = tuple[Piece, ...]
_PRINCIPAL_TAG = "aws:principaltag/"
# Conditions that tie a grant to a service that acts, or to access by way of one; no identity of a tenant meets them by
# itself.
_SERVICES = ("aws:SourceArn", "aws:SourceAccount", "kms:ViaService", "aws:PrincipalIsAWSService")


def facts_of(identity: Identity) -> Facts:
    """What is known of requests that an identity makes: of its tags those that stay as they are, whoever acts as it."""
    if not isinstance(identity, Role | User):
        return {}  # a group makes none, and a policy for an identity from elsewhere does not tell its holder
    facts = _place_of(identity)
    for key, value in tags_of(identity.graph, identity.resource).items():
        if isinstance(value, str) and not _chosen(identity.graph, identity.resource, key):
            facts[f"aws:PrincipalTag/{key}"] = value
    return facts


def _place_of(identity: Identity) -> dict[str, str | Sequence[str] | None]:
    facts: dict[str, str | Sequence[str] | None] = {"aws:PrincipalArn": identity.arn} if identity.arn else {}
    return facts | ({"aws:PrincipalAccount": identity.account} if identity.account else {})


def may_choose(identity: Role | User, tag: str) -> bool:
    """Whether who acts as it may have another value of a tag than its own: one of the session, which counts in its
    place, or one that it gives itself. Tags that a service or a provider of identities sets are vouched for by these.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    Raises UnknownRead where it is not known who assumes the role.
    """
    return _in_session(identity, tag) or _tags_itself(identity, tag)


def _accepted(identity: Role | User, tag: str) -> list[str]:
    own = tags_of(identity.graph, identity.resource).get(tag)
    return [f"${{aws:PrincipalTag/{tag}}}", *([own] if isinstance(own, str) else [])]


def _in_session(identity: Role | User, tag: str) -> bool:
    if isinstance(identity, User):
        return identity.rights.mentions("sts:TagSession")
    accepted = _accepted(identity, tag)
    tagging = Prepared(identity.trust).relevant("sts:TagSession")
    return any(
        not _vouched(statement) and not _held(requirements_of(statement), tag, accepted) for statement, _ in tagging
    )


def _tags_itself(identity: Role | User, tag: str) -> bool:
    action = "iam:TagUser" if isinstance(identity, User) else "iam:TagRole"
    if not identity.rights.mentions(action):
        return False
    try:
        boundary = identity.boundary
    except UnknownRead:
        boundary = None
    tags = tags_of(identity.graph, identity.resource).items()
    own = {f"aws:PrincipalTag/{key}": value for key, value in tags if not _in_session(identity, key)}
    facts = _place_of(identity) | {key: value for key, value in own.items() if isinstance(value, str)}
    try:
        found = Rights(identity.rights.prepared, boundary).granted(action, identity.arn or "*", facts)
    except TooComplexError:
        return True
    accepted = _accepted(identity, tag)
    return any(not _held(grant.requirements, tag, accepted) for grant in found)


def _vouched(statement: Statement) -> bool:
    """Whether only services and providers of identities get in by a statement of a trust policy."""
    who = statement.principals
    return who is not None and not who.excluded and all(kind in ("Service", "Federated") for kind, _ in who.entries)


def _held(requirements: Sequence[Requirement], tag: str, accepted: list[str]) -> bool:
    """Whether conditions let nobody give a tag another value than the accepted ones."""
    for requirement in requirements:  # which tags may be given at all
        one = requirement.condition
        listed = (
            one.key == "aws:tagkeys" and one.qualifier == "ForAllValues" and one.operator.startswith("StringEquals")
        )
        if listed and not requirement.denied and tag.lower() not in {value.lower() for value in one.values}:
            return True
    # A tag that is not asked for is not replaced, so that IfExists is as good.
    strict = [replace(one, condition=replace(one.condition, if_exists=False)) for one in requirements if not one.denied]
    return is_pinned(strict, f"aws:RequestTag/{tag}", accepted)


def _chosen(graph: Graph, resource: Resource, tag: str) -> bool:
    """The same of a resource; who is no role or user has no tags in its requests. That it is not known who assumes a
    role is told by itself."""
    identity = graph.once("callers by URN", lambda: {one.resource.urn: one for one in _callers(graph)}).get(
        resource.urn
    )
    try:
        return identity is not None and graph.once(("chosen tag", resource.urn, tag), lambda: may_choose(identity, tag))
    except UnknownRead:
        return False


def _callers(graph: Graph) -> list[Role | User]:
    return [*Role.all(graph), *User.all(graph)]


def tied_elsewhere(grant: Grant, graph: Graph, source: Resource, target: Resource) -> bool:
    """Whether a grant is tied by tags (attribute-based access control) to what the target is not.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_attribute-based-access-control.html
    """
    own, others = _fixed(graph, source), tags_of(graph, target)
    own_chosen = _chosen(graph, source, "tenant")
    for key in {requirement.condition.key for requirement in grant.requirements}:
        _, mark, name = key.partition(":resourcetag/")
        if not mark:
            continue
        values = accepted_values(grant.requirements, key)
        if values is not None and not any(_may_be(value, others.get(name), own) for value in values):
            return True
    return _tied_to_own_tenant(grant) and not own_chosen and _other_tenant(graph, source, target)


def _may_be(value: Template, have: object, own: Mapping[str, object]) -> bool:
    if isinstance(have, Unknown):
        return True
    if not isinstance(have, str):
        return False  # a tag that is not there equals nothing
    if len(value) == 1 and isinstance(value[0], Variable) and value[0].key.startswith(_PRINCIPAL_TAG):
        mine = own.get(value[0].key.removeprefix(_PRINCIPAL_TAG))
        return mine == have if isinstance(mine, str) else True
    return matches(value, have)


def _fixed(graph: Graph, source: Resource) -> Mapping[str, object]:
    """The tags that a caller has whoever acts as it."""
    return {tag: value for tag, value in tags_of(graph, source).items() if not _chosen(graph, source, tag)}


def _tied_to_own_tenant(grant: Grant) -> bool:
    return grant.pinned("aws:ResourceTag/tenant", "${aws:PrincipalTag/tenant}") or grant.pinned(
        "aws:PrincipalTag/tenant", "${aws:ResourceTag/tenant}"
    )


def _other_tenant(graph: Graph, source: Resource, target: Resource) -> bool:
    one, other = owner_of(graph, source, "tenant").tenant, owner_of(graph, target, "tenant").tenant
    return one is None or other is None or one != other


def matches(value: Template, text: str) -> bool:
    """Whether a text is one that a template of a condition may mean; a variable may be anything."""
    words = {Wild.MANY: ".*", Wild.ONE: ".", Wild.FIELD_MANY: "[^:]*", Wild.FIELD_ONE: "[^:]"}
    pattern = "".join(
        re.escape(part) if isinstance(part, str) else ".*" if isinstance(part, Variable) else words[part]
        for part in value
    )
    return re.fullmatch(pattern, text, re.DOTALL) is not None


class Callers:
    """The roles and users of a graph, and who of them a grant to everyone lets in."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.all: list[Identity] = [*_callers(graph)]
        self._found: dict[tuple[object, ...], list[Identity]] = {}

    def meeting(self, requirements: tuple[Requirement, ...]) -> list[Identity]:
        """Those that the conditions let in. Where nothing tells callers apart, one of each owner stands for them."""
        if any(accepted_values(requirements, key) is not None for key in _SERVICES):
            return []
        arns = accepted_values(requirements, "aws:PrincipalArn")
        tags = {
            key: values
            for key in sorted({requirement.condition.key for requirement in requirements})
            if key.startswith(_PRINCIPAL_TAG) and (values := accepted_values(requirements, key)) is not None
        }
        accounts = accepted_values(requirements, "aws:PrincipalAccount")
        key = (arns, tuple(tags.items()), accounts)
        if key not in self._found:
            fitting = (one for one in self.all if self._fits(one, arns, tags, accounts))
            self._found[key] = list(fitting if arns or tags else self._one_of_each(fitting))
        return self._found[key]

    def _fits(
        self,
        one: Identity,
        arns: tuple[Template, ...] | None,
        tags: dict[str, tuple[Template, ...]],
        accounts: tuple[Template, ...] | None,
    ) -> bool:
        if arns is not None and not any(matches(value, one.arn) for value in arns):
            return False
        if accounts is not None and one.account and not any(matches(value, one.account) for value in accounts):
            return False
        own = tags_of(self.graph, one.resource)
        return all(
            _chosen(self.graph, one.resource, key.removeprefix(_PRINCIPAL_TAG))
            or isinstance(have := own.get(key.removeprefix(_PRINCIPAL_TAG)), Unknown)
            or (isinstance(have, str) and any(matches(value, have) for value in values))
            for key, values in tags.items()
        )

    def _one_of_each(self, fitting: Iterator[Identity]) -> Iterator[Identity]:
        seen: set[tuple[str | None, str | None, bool]] = set()
        for one in fitting:
            owner = owner_of(self.graph, one.resource, "tenant")
            key = (owner.tenant, owner.environment, owner.shared)
            if key not in seen:
                seen.add(key)
                yield one
