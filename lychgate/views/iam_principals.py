"""AWS IAM roles, users and groups with all their policies, and carriers of policies for identities from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Self

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import Facts, Grant, Policy
from lychgate.reasoning.iam.rights import Prepared, Rights
from lychgate.views.attachments import (
    CARRIERS,
    GROUP,
    KINDS,
    POLICY,
    ROLE,
    USER,
    Attached,
    Carried,
    Reference,
    arn_property,
    attachments,
    inline_of,
    managed_of,
    own_inline,
    references,
)
from lychgate.views.base import View, companions
from lychgate.views.managed_policies import aws_managed_name
from lychgate.views.memberships import memberships
from lychgate.views.policy_text import read_policy

INSTANCE_PROFILES = ("aws:iam/instanceProfile:InstanceProfile",)
_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]*:[\w-]*:(\d{12}):")


def account_of(graph: Graph, resource: Resource) -> str:
    """The account that a resource stands in: what its ARN says, else its stack's; empty where nobody says."""
    arn = resource.outputs.get("arn")
    match = _ACCOUNT.match(arn) if isinstance(arn, str) else None
    if match:
        return match.group(1)
    stack = graph.stacks.get(resource.stack)
    return stack.account if stack is not None else ""


class Identity(View):
    """Whoever identity policies speak for: a Role, User or Group of the program, or (`Elsewhere`) one of another.

    `policies` are all of them, or the reading fails. `attached` are those that can be read, `unread` says what of the
    rest cannot be. Rules ask `granted`, which knows the difference.
    """

    types = (ROLE, USER, GROUP, POLICY, *CARRIERS)
    __slots__ = ()

    @classmethod
    def all(cls, graph: Graph) -> list[Self]:
        """Every identity, or those of one kind when asked of a subclass."""
        if cls is not Identity:
            return super().all(graph)
        found: list[Identity] = [*Role.all(graph), *User.all(graph), *Group.all(graph), *Elsewhere.all(graph)]
        return found  # type: ignore[return-value]

    @property
    def arn(self) -> str:
        """The ARN, empty where it is not known."""
        arn = self.resource.outputs.get("arn")
        return arn if isinstance(arn, str) else ""

    @property
    def account(self) -> str:
        """The account it stands in, empty where nobody says."""
        return account_of(self.graph, self.resource)

    @property
    def what(self) -> str:
        """What it is, in a word for messages: `role`, `user`, `group` or `policy`."""
        return "policy"

    @property
    def attached(self) -> tuple[Attached, ...]:
        """The policies that can be read."""
        return self._collected[0]

    @property
    def unread(self) -> tuple[UnknownRead, ...]:
        """Why other policies of it cannot be read; empty where all can."""
        return self._collected[1]

    @property
    def policies(self) -> list[Policy]:
        """All identity policies. Raises UnknownRead where one cannot be read."""
        if self.unread:
            raise self.unread[0]
        return [one.policy for one in self.attached]

    @property
    def aws_managed(self) -> list[str]:
        """The names of the AWS managed policies that are attached, those whose content is not known among them."""
        return [name for reference in self._references if (name := aws_managed_name(reference.arn))]

    @property
    def unnamed(self) -> list[UnknownRead]:
        """Why managed policies of it are not even known by name; empty where all are."""
        carried = attachments(self.graph).carried(self.resource)
        return list(carried.unread)

    @property
    def _references(self) -> list[Reference]:
        """The managed policies that are attached."""
        return attachments(self.graph).carried(self.resource).managed

    @property
    def boundary(self) -> Policy | None:
        """The permissions boundary; None where it has none. Raises UnknownRead where it cannot be read."""
        return self.once("boundary", self._boundary)

    def _boundary(self) -> Policy | None:
        name = "permissionsBoundary"
        if self.resource.type not in (ROLE, USER) or not self.read.has(name):
            return None
        found, unknown = references(self.graph, self.resource, name, POLICY)
        if unknown is not None:
            raise unknown
        if not found or not found[0][0]:
            return None
        return managed_of(self.graph, Reference(self.resource, name, *found[0])).policy

    @property
    def rights(self) -> Rights:
        """What the policies that can be read allow, without regard to a boundary."""
        return self.once("rights", lambda: Rights(one.prepared for one in self.attached))

    @property
    def known(self) -> bool:
        """Whether all its policies can be read, and none of unknown place may be its."""
        return not self.possible

    def granted(
        self, actions: str | Iterable[str], resource: str | Iterable[str] = "*", facts: Facts | None = None
    ) -> list[Grant]:
        """What its policies grant of the actions on the resources (see `lychgate.reasoning.iam.grants`), within its
        boundary.

        Raises UnknownRead where nothing is found, but something that cannot be read might grant it; and where
        something is found, but the boundary that might take it away cannot be read.
        """
        actions = [actions] if isinstance(actions, str) else list(actions)
        rights = self.rights
        found = rights.granted(actions, resource, facts)
        if found:
            boundary = self.boundary
            if boundary is not None:
                found = Rights(rights.prepared, boundary).granted(actions, resource, facts)
        if not found:
            for unknown, may in self.possible:
                if may is None or may.granted(actions, resource, facts):
                    raise unknown
        return found

    @property
    def possible(self) -> list[tuple[UnknownRead, Rights | None]]:
        """What might belong to it beside: why that is not known, and its rights where at least these are."""
        return self.once("possible", lambda: [(unknown, None) for unknown in self.unread] + list(self._unplaced()))

    def _unplaced(self) -> Iterator[tuple[UnknownRead, Rights | None]]:
        for resource, unknown in attachments(self.graph).unplaced.get(self.resource.type, ()):
            carrier = Elsewhere.of(self.graph, resource)
            named = UnknownRead(resource.urn, f"{resource.name}.{unknown.path}", unknown.why)
            yield named, None if carrier.unread else Rights(one.prepared for one in carrier.attached)

    @property
    def _collected(self) -> tuple[tuple[Attached, ...], tuple[UnknownRead, ...]]:
        return self.once("policies", self._collect)

    def _collect(self) -> tuple[tuple[Attached, ...], tuple[UnknownRead, ...]]:
        attached: list[Attached] = []
        unread: list[UnknownRead] = []
        for one in self._own():
            if isinstance(one, UnknownRead):
                unread.append(one)
            else:
                attached.append(one)
        return tuple(attached), tuple(unread)

    def _own(self) -> Iterator[Attached | UnknownRead]:
        """The policies one by one, those that cannot be read as the reason why."""
        carried = attachments(self.graph).carried(self.resource)
        for one in self._given(carried):
            yield one if isinstance(one, UnknownRead) or carried.keeps(one) else _without_denies(one)

    def _given(self, carried: Carried) -> Iterator[Attached | UnknownRead]:
        if self.resource.type == ROLE:
            yield from own_inline(self.resource)
        for resource in carried.inline:
            yield from _read_inline(self.graph, resource)
        for reference in carried.managed:
            yield _read_managed(self.graph, reference)
        yield from carried.unread


def _without_denies(one: Attached) -> Attached:
    """A policy that an exclusive list takes away: it protects nothing, but until it is gone it grants what it says."""
    allows = tuple(statement for statement in one.policy.statements if statement.effect == "Allow")
    return replace(one, prepared=Prepared(replace(one.policy, statements=allows)))


def _read_inline(graph: Graph, resource: Resource) -> Iterator[Attached | UnknownRead]:
    try:
        one = inline_of(graph, resource)
    except UnknownRead as unknown:
        yield unknown
    else:
        if one is not None:
            yield one


def _read_managed(graph: Graph, reference: Reference) -> Attached | UnknownRead:
    try:
        return managed_of(graph, reference)
    except UnknownRead as unknown:
        return unknown


class Role(Identity):
    """A role."""

    types = (ROLE,)
    __slots__ = ()

    @property
    def what(self) -> str:
        """`role`."""
        return "role"

    @property
    def trust(self) -> Policy:
        """The trust policy: who may assume it. Raises UnknownRead where it cannot be read."""
        label = f"trust policy of role {self.name}"
        policy: Policy | None = self.graph.once(
            ("resource policy", self.resource.urn), lambda: read_policy(self.read, "assumeRolePolicy", label)
        )
        if policy is None:
            raise UnknownRead(self.resource.urn, "assumeRolePolicy", "is empty, and a role needs a trust policy")
        return policy

    @property
    def instance_profiles(self) -> list[Resource]:
        """The instance profiles that hand it to EC2 instances."""
        return companions(self.graph, INSTANCE_PROFILES, "role", ROLE).of(self.resource)


class Group(Identity):
    """A group of users."""

    types = (GROUP,)
    __slots__ = ()

    @property
    def what(self) -> str:
        """`group`."""
        return "group"


class User(Identity):
    """A user. Its policies are its own and those of its groups; `direct` are its own."""

    types = (USER,)
    __slots__ = ()

    @property
    def what(self) -> str:
        """`user`."""
        return "user"

    @property
    def groups(self) -> list[Group]:
        """The groups of the program that it is known to be in."""
        return [Group.of(self.graph, group) for group in self._memberships[0]]

    @property
    def _memberships(self) -> tuple[list[Resource], list[UnknownRead]]:
        return memberships(self.graph).of.get(self.resource.urn, ([], []))

    @property
    def direct(self) -> tuple[Attached, ...]:
        """The policies that stand on the user itself, those that can be read."""
        return tuple(one for one in super()._own() if isinstance(one, Attached))

    def _own(self) -> Iterator[Attached | UnknownRead]:
        yield from super()._own()
        for group in self.groups:
            yield from group.attached
            yield from group.unread
        yield from self._memberships[1]

    def _unplaced(self) -> Iterator[tuple[UnknownRead, Rights | None]]:
        yield from super()._unplaced()
        for unknown, groups in memberships(self.graph).unplaced:
            views = [Group.of(self.graph, group) for group in groups]
            readable = views and not any(view.unread for view in views)
            yield unknown, Rights(one.prepared for view in views for one in view.attached) if readable else None


class Elsewhere(Identity):
    """A carrier of policies for an identity that the program does not manage, or that is not known: a RolePolicy or
    attachment that names an existing role, or a Policy that nothing in the program attaches or uses as a boundary."""

    types = (POLICY, *CARRIERS)
    __slots__ = ()

    @classmethod
    def all(cls, graph: Graph) -> list[Self]:
        """The carriers that belong to no identity of the graph."""
        return graph.once((cls, "all"), lambda: [cls.of(graph, one) for one in _elsewhere(graph)])

    def _own(self) -> Iterator[Attached | UnknownRead]:
        resource = self.resource
        if resource.type == POLICY:
            arn = resource.outputs.get("arn")
            reference = Reference(resource, "policy", arn if isinstance(arn, str) else "", resource)
            yield _read_managed(self.graph, reference)
        elif any(resource.type == kind.inline for kind in KINDS):
            yield from _read_inline(self.graph, resource)
        else:
            for reference in self._references:
                yield _read_managed(self.graph, reference)
            yield from self.unnamed

    @property
    def _references(self) -> list[Reference]:
        name = arn_property(self.resource)
        found = self._named[0] if self._attaches else []
        return [Reference(self.resource, name, arn, policy) for arn, policy in found]

    @property
    def unnamed(self) -> list[UnknownRead]:
        """Why managed policies of it are not even known by name; empty where all are."""
        unknown = self._named[1] if self._attaches else None
        return [] if unknown is None else [unknown]

    @property
    def _attaches(self) -> bool:
        return self.resource.type != POLICY and all(self.resource.type != kind.inline for kind in KINDS)

    @property
    def _named(self) -> tuple[list[tuple[str, Resource | None]], UnknownRead | None]:
        return references(self.graph, self.resource, arn_property(self.resource), POLICY)


def _elsewhere(graph: Graph) -> list[Resource]:
    placed = attachments(graph)
    attached = placed.attached | {
        policy.urn
        for resource in placed.elsewhere
        if all(resource.type != kind.inline for kind in KINDS)
        for _, policy in references(graph, resource, arn_property(resource), POLICY)[0]
        if policy is not None
    }
    attached |= {  # a boundary gives no rights
        policy.urn
        for identity in graph.of_type(ROLE, USER)
        for _, policy in references(graph, identity, "permissionsBoundary", POLICY)[0]
        if policy is not None
    }
    alone = [one for one in graph.of_type(POLICY) if not one.external and one.urn not in attached]
    return [*alone, *placed.elsewhere]
