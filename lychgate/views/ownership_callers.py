"""Who meets the conditions of a grant: by the caller's ARN, account and tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Unknown
from lychgate.reasoning.iam import Facts, Grant
from lychgate.reasoning.iam.pins import Requirement, accepted_values
from lychgate.reasoning.iam.templates import Piece, Variable, Wild
from lychgate.views.iam_principals import Identity, Role, User
from lychgate.views.owners import owner_of, tags_of

Template = tuple[Piece, ...]
_PRINCIPAL_TAG = "aws:principaltag/"
# Conditions that tie a grant to a service that acts, or to access by way of one; no identity of a tenant meets them by
# itself.
_SERVICES = ("aws:SourceArn", "aws:SourceAccount", "kms:ViaService", "aws:PrincipalIsAWSService")


def facts_of(identity: Identity) -> Facts:
    """What is known of requests that an identity makes. Tags of a session may come on top of its own."""
    if not isinstance(identity, Role | User):
        return {}  # a group makes none, and a policy for an identity from elsewhere does not tell its holder
    facts: dict[str, str | Sequence[str] | None] = {"aws:PrincipalArn": identity.arn} if identity.arn else {}
    if identity.account:
        facts["aws:PrincipalAccount"] = identity.account
    for key, value in tags_of(identity.graph, identity.resource).items():
        if isinstance(value, str):
            facts[f"aws:PrincipalTag/{key}"] = value
    return facts


def tied_elsewhere(grant: Grant, graph: Graph, source: Resource, target: Resource) -> bool:
    """Whether a grant is tied by tags (attribute-based access control) to what the target is not.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_attribute-based-access-control.html
    """
    own, others = tags_of(graph, source), tags_of(graph, target)
    for key in {requirement.condition.key for requirement in grant.requirements}:
        _, mark, name = key.partition(":resourcetag/")
        if not mark:
            continue
        values = accepted_values(grant.requirements, key)
        if values is not None and not any(_may_be(value, others.get(name), own) for value in values):
            return True
    return _tied_to_own_tenant(grant) and _other_tenant(graph, source, target)


def _may_be(value: Template, have: object, own: dict[str, object]) -> bool:
    if isinstance(have, Unknown):
        return True
    if not isinstance(have, str):
        return False  # a tag that is not there equals nothing
    if len(value) == 1 and isinstance(value[0], Variable) and value[0].key.startswith(_PRINCIPAL_TAG):
        mine = own.get(value[0].key.removeprefix(_PRINCIPAL_TAG))
        return mine == have if isinstance(mine, str) else True
    return matches(value, have)


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
        self.all: list[Identity] = [*Role.all(graph), *User.all(graph)]
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
            isinstance(have := own.get(key.removeprefix(_PRINCIPAL_TAG)), Unknown)
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
