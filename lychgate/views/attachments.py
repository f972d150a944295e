"""Which policies belong to which role, user or group, in every form that Pulumi has for it.

Inline (`inlinePolicies` of a Role, RolePolicy, UserPolicy, GroupPolicy) and managed (`managedPolicyArns` of a Role,
RolePolicyAttachment, UserPolicyAttachment, GroupPolicyAttachment, PolicyAttachment,
RolePolicyAttachmentsExclusive and its like for users and groups).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, Unknown, UnknownRead, reveal
from lychgate.reasoning.iam import Policy
from lychgate.reasoning.iam.rights import Prepared
from lychgate.views.managed_policies import aws_managed_name, aws_managed_policy
from lychgate.views.policy_text import read_policy

ROLE = "aws:iam/role:Role"
USER = "aws:iam/user:User"
GROUP = "aws:iam/group:Group"
POLICY = "aws:iam/policy:Policy"
POLICY_ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"


@dataclass(frozen=True, slots=True)
class Kind:
    """The types that give policies to one kind of identity; `reference` is the property that names the identity."""

    type: str
    reference: str
    inline: str
    attachment: str
    exclusive: str
    exclusive_reference: str
    exclusive_inline: str


def _kind(type_: str, word: str) -> Kind:
    name = word.capitalize()
    return Kind(
        type_,
        word,
        f"aws:iam/{word}Policy:{name}Policy",
        f"aws:iam/{word}PolicyAttachment:{name}PolicyAttachment",
        f"aws:iam/{word}PolicyAttachmentsExclusive:{name}PolicyAttachmentsExclusive",
        f"{word}Name",
        f"aws:iam/{word}PoliciesExclusive:{name}PoliciesExclusive",
    )


KINDS = (_kind(ROLE, "role"), _kind(USER, "user"), _kind(GROUP, "group"))
CARRIERS = (
    *(type_ for kind in KINDS for type_ in (kind.inline, kind.attachment, kind.exclusive)),
    POLICY_ATTACHMENT,
)


@dataclass(frozen=True, slots=True)
class Attached:
    """One policy of an identity.

    `by` is the resource that gives it: a RolePolicy, an attachment, or the role itself. `source` is the resource in
    which its text stands, None for an AWS managed policy. `arn` is that of a managed policy, else empty.
    """

    prepared: Prepared
    by: Resource
    source: Resource | None
    arn: str = ""

    @property
    def policy(self) -> Policy:
        """What it says."""
        return self.prepared.policy

    @property
    def aws_managed(self) -> str:
        """The name of the AWS managed policy that it is, else empty."""
        return aws_managed_name(self.arn)


@dataclass(frozen=True, slots=True)
class Reference:
    """One managed policy that a resource attaches: its ARN and, where it is in the graph, its resource."""

    by: Resource
    path: str
    arn: str
    policy: Resource | None


@dataclass(slots=True)
class Carried:
    """What is known to belong to one identity: resources with inline text, managed policies, and what is not known.

    `only_names` and `only_arns` are what exclusive lists leave to it (RolePoliciesExclusive,
    RolePolicyAttachmentsExclusive), None without such a list.
    """

    inline: list[Resource] = field(default_factory=list)
    managed: list[Reference] = field(default_factory=list)
    unread: list[UnknownRead] = field(default_factory=list)
    only_names: set[str] | None = None
    only_arns: set[str] | None = None

    def keeps(self, one: Attached) -> bool:
        """Whether no exclusive list leaves the policy out; what is left out, is taken away at a deployment."""
        if one.arn:
            return self.only_arns is None or one.arn in self.only_arns
        if self.only_names is None or one.by.type == ROLE:
            return True
        names = {one.by.properties.get("name"), one.by.outputs.get("name")}
        return not self.only_names.isdisjoint(name for name in names if isinstance(name, str))


class Attachments:
    """Every policy carrier of a graph, placed.

    `elsewhere` are carriers whose identity is not managed here or not known: what they say is judged by itself.
    `unplaced` are the ones among them whose identity is not known, with the reason, by the type of identity.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.of: dict[str, Carried] = {}
        self.elsewhere: list[Resource] = []
        self.unplaced: dict[str, list[tuple[Resource, UnknownRead]]] = {kind.type: [] for kind in KINDS}
        self.attached: set[str] = set()  # URNs of customer managed policies that some identity has
        for kind in KINDS:
            for type_, reference in (
                (kind.inline, kind.reference),
                (kind.attachment, kind.reference),
                (kind.exclusive, kind.exclusive_reference),
                (kind.exclusive_inline, kind.exclusive_reference),
            ):
                for resource in graph.of_type(type_):
                    if not resource.external:
                        self._place(resource, kind, reference)
        for resource in graph.of_type(POLICY_ATTACHMENT):
            if not resource.external:
                self._place_shared(resource)
        for role in graph.of_type(ROLE):
            if not role.external and role.read.has("managedPolicyArns"):
                self._manage(self.carried(role), role, "managedPolicyArns")

    def carried(self, identity: Resource) -> Carried:
        """What belongs to the identity by way of other resources."""
        return self.of.setdefault(identity.urn, Carried())

    def _place(self, resource: Resource, kind: Kind, reference: str) -> None:
        try:
            target = self.graph.target(resource, reference, kind.type)
        except UnknownRead as unknown:
            self.unplaced[kind.type].append((resource, unknown))
            target = None
        if target is None or target.external:
            if resource.type != kind.exclusive_inline:
                self.elsewhere.append(resource)
            return
        self._give(self.carried(target), resource)

    def _place_shared(self, resource: Resource) -> None:
        """A PolicyAttachment names any number of roles, users and groups."""
        placed = False
        for kind in KINDS:
            found, unknown = references(self.graph, resource, f"{kind.reference}s", kind.type)
            if unknown is not None:
                self.unplaced[kind.type].append((resource, unknown))
            for _, target in found:
                if target is not None and not target.external:
                    self._give(self.carried(target), resource)
                    placed = True
        if not placed:
            self.elsewhere.append(resource)

    def _give(self, carried: Carried, resource: Resource) -> None:
        if any(resource.type == kind.inline for kind in KINDS):
            carried.inline.append(resource)
            return
        if resource.type in {kind.exclusive_inline for kind in KINDS}:
            carried.only_names = known_texts(resource, "policyNames")
            return
        self._manage(carried, resource, arn_property(resource))
        if resource.type in {kind.exclusive for kind in KINDS}:
            carried.only_arns = known_texts(resource, "policyArns")

    def _manage(self, carried: Carried, by: Resource, name: str) -> None:
        found, unknown = references(self.graph, by, name, POLICY)
        if unknown is not None:
            carried.unread.append(unknown)
        for arn, policy in found:
            carried.managed.append(Reference(by, name, arn, policy))
            if policy is not None:
                self.attached.add(policy.urn)


def attachments(graph: Graph) -> Attachments:
    """The carriers of a graph, placed once."""
    return graph.once("iam attachments", lambda: Attachments(graph))


def arn_property(resource: Resource) -> str:
    """The property of an attachment that names its managed policies."""
    return "policyArns" if "Exclusive" in resource.type else "policyArn"


def known_texts(resource: Resource, name: str) -> set[str] | None:
    """The texts of a list; None where one of them is not known."""
    return set(resource.read.texts(name)) if resource.read.known(name) else None


def references(
    graph: Graph, resource: Resource, name: str, *types: str
) -> tuple[list[tuple[str, Resource | None]], UnknownRead | None]:
    """What a property names that holds one reference or a list: each as it is written, with its resource if it is in
    the graph. Where some are unknown, the resources that Pulumi recorded as the property's dependencies stand for
    them; if these are too few to be sure, the second part says what is not known."""
    raw = reveal(resource.properties.get(name), name)
    items = [reveal(item, name) for item in (raw if isinstance(raw, list) else [raw]) if item is not None]
    known = [item for item in items if not isinstance(item, Unknown)]
    found = [(str(item), graph.resolve(item, *types, stack=resource.stack)) for item in known]
    missing = [item for item in items if isinstance(item, Unknown)]
    if not missing:
        return found, None
    seen = {target.urn for _, target in found if target is not None}
    urns = (urn for urn in resource.property_dependencies.get(name, ()) if urn in graph.by_urn and urn not in seen)
    candidates = [graph.by_urn[urn] for urn in dict.fromkeys(urns) if graph.by_urn[urn].type in types]
    found += [(_arn_of(one), one) for one in candidates]
    if isinstance(raw, list) and len(candidates) >= len(missing):
        return found, None
    if not isinstance(raw, list) and len(candidates) == 1:
        return found, None
    return found, UnknownRead(resource.urn, name, missing[0].why)


def _arn_of(resource: Resource) -> str:
    arn = resource.outputs.get("arn")
    return arn if isinstance(arn, str) else resource.name


def inline_of(graph: Graph, resource: Resource) -> Attached | None:
    """The inline policy that a RolePolicy, UserPolicy or GroupPolicy is. Raises UnknownRead."""
    word = resource.type.rpartition(":")[2]
    policy = read_policy(resource.read, "policy", f"{word} {resource.name}")
    return None if policy is None else Attached(Prepared(policy), resource, resource)


def own_inline(role: Resource) -> Iterator[Attached | UnknownRead]:
    """The deprecated `inlinePolicies` of a Role, each read or said to be unknown."""
    try:
        blocks: list[Block] = role.read.blocks("inlinePolicies")
    except UnknownRead as unknown:
        yield unknown
        return
    for at, block in enumerate(blocks):
        try:
            name = block.text("name") if block.known("name") else None
            policy = read_policy(block, "policy", f"inline policy {name or at + 1} of {role.name}")
        except UnknownRead as unknown:
            yield unknown
        else:
            if policy is not None:
                yield Attached(Prepared(policy), role, role)


def managed_of(graph: Graph, reference: Reference) -> Attached:
    """The managed policy that is attached. Raises UnknownRead where its content is not known."""
    source = reference.policy
    if source is not None and not source.external:
        prepared: Prepared = graph.once(("policy", source.urn), lambda: _customer(source))
        return Attached(prepared, reference.by, source, reference.arn)
    name = aws_managed_name(reference.arn)
    policy = aws_managed_policy(name) if name else None
    if policy is None:
        what = f"the AWS managed policy {name}" if name else f"{reference.arn}, which is not part of the program"
        raise UnknownRead(reference.by.urn, reference.path, f"is {what}: what it allows is not known here")
    return Attached(_prepared(graph, name, policy), reference.by, None, reference.arn)


def _customer(source: Resource) -> Prepared:
    policy = read_policy(source.read, "policy", f"Policy {source.name}")
    return Prepared(policy if policy is not None else Policy(()))


def _prepared(graph: Graph, name: str, policy: Policy) -> Prepared:
    return graph.once(("aws managed policy", name), lambda: Prepared(policy))
