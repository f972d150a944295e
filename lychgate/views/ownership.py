"""Which resources of one owner lead to another's: crossings from tenant to tenant, from environment to environment.

Edges of access and influence are read from IAM policies, security groups, keys, replication, events and what workloads
run as and refer to; `lychgate.reasoning.tenancy` finds those that cross. What cannot be read (a policy with an unknown
inside) is an edge to nowhere known: `Edges.unread` keeps it for the rules.
"""

from __future__ import annotations

from typing import Self

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.tenancy import Crossing, Dimension, Owned, crossings
from lychgate.views.attachments import GROUP, POLICY
from lychgate.views.base import View
from lychgate.views.iam_principals import Elsewhere
from lychgate.views.kms import KEYS
from lychgate.views.owners import owned, owner_of
from lychgate.views.ownership_access import AccessEdges
from lychgate.views.ownership_data import DataEdges
from lychgate.views.ownership_edges import Edges, resolved
from lychgate.views.ownership_types import (
    ACTORS,
    GROUPS_OF,
    KEY_PROPERTIES,
    MADE_FROM,
    SECURITY_GROUPS,
    SENDING,
    SERVICES,
)


def edges(graph: Graph) -> Edges:
    """The edges of a graph; computed once."""
    return graph.once("ownership edges", lambda: _read(graph))


def _read(graph: Graph) -> Edges:
    found = Edges()
    AccessEdges(graph, found).read()
    DataEdges(graph, found).read()
    return found


def named(graph: Graph, dimension: Dimension) -> bool:
    """Whether any resource names an owner in this dimension: where none does, nothing can be told apart."""
    return graph.once(("named", dimension), lambda: any(one.owner(dimension) for one in owned(graph, dimension)))


def crossed(graph: Graph, dimension: Dimension) -> dict[str, list[Crossing]]:
    """The crossings of a dimension by the URN of the resource where each starts; computed once. None where nothing is
    named: see `named`."""

    def make() -> dict[str, list[Crossing]]:
        if not named(graph, dimension):
            return {}
        found: dict[str, list[Crossing]] = {}
        for crossing in crossings(owned(graph, dimension), edges(graph).edges, dimension):
            found.setdefault(crossing.source, []).append(crossing)
        return found

    return graph.once(("crossings", dimension), make)


def reached(graph: Graph, dimension: Dimension) -> dict[str, list[Crossing]]:
    """The same by the URN of the resource where each ends."""

    def make() -> dict[str, list[Crossing]]:
        found: dict[str, list[Crossing]] = {}
        for several in crossed(graph, dimension).values():
            for crossing in several:
                found.setdefault(crossing.path[-1].target, []).append(crossing)
        return found

    return graph.once(("reached", dimension), make)


# Separate resources that say something of another one carry no labels of their own.
_COMPANIONS = frozenset(
    type_ for type_, (source, _, _) in SENDING.items() if source and type_ != "aws:pipes/pipe:Pipe"
) | {"aws:dynamodb/tableReplica:TableReplica"}


class Labelled(View):
    """Anything that can carry labels: managed, and more than a companion of another resource."""

    types = tuple(
        dict.fromkeys(
            type_
            for type_ in (
                *SERVICES,
                *ACTORS,
                *KEY_PROPERTIES,
                *MADE_FROM,
                *SENDING,
                *SECURITY_GROUPS,
                "aws:cloudwatch/eventRule:EventRule",
                "kubernetes:core/v1:Namespace",
                "kubernetes:apps/v1:Deployment",
                "kubernetes:apps/v1:StatefulSet",
                "kubernetes:apps/v1:DaemonSet",
                "kubernetes:batch/v1:Job",
                "kubernetes:batch/v1:CronJob",
                "kubernetes:core/v1:ServiceAccount",
            )
            if type_ not in _COMPANIONS
        )
    )
    __slots__ = ()

    @property
    def owner(self) -> Owned:
        """Which tenant it belongs to."""
        return owner_of(self.graph, self.resource, "tenant")


class Actor(View):
    """Whoever reaches something: roles, users and groups, policies for identities from elsewhere, and what runs with
    the rights of a role."""

    types = (*ACTORS, GROUP, *Elsewhere.types, "kubernetes:core/v1:ServiceAccount", "kubernetes:core/v1:Namespace")
    __slots__ = ()

    @classmethod
    def all(cls, graph: Graph) -> list[Self]:
        """The managed ones; carriers of policies only where they belong to no identity of the graph."""
        elsewhere = {one.resource.urn for one in Elsewhere.all(graph) if one.resource.type != POLICY}
        return graph.once(
            (cls, "all"),
            lambda: [
                cls.of(graph, one)
                for one in graph.of_type(*cls.types)
                if cls.takes(one) and (one.type not in Elsewhere.types or one.urn in elsewhere)
            ],
        )


class SecurityGroup(View):
    """A security group, as what its owner lets in."""

    types = SECURITY_GROUPS
    __slots__ = ()

    @property
    def users(self) -> list[Resource]:
        """What stands in the group. What cannot be read yet is left out."""

        def index() -> dict[str, list[Resource]]:
            found: dict[str, list[Resource]] = {}
            for resource in self.graph.resources:
                if resource.custom and not resource.external and resource.type.startswith("aws:"):
                    for group in _groups(self.graph, resource):
                        found.setdefault(group.urn, []).append(resource)
            return found

        return self.graph.once("users of security groups", index).get(self.resource.urn, [])


def _groups(graph: Graph, resource: Resource) -> list[Resource]:
    named = []
    for path in GROUPS_OF:
        if path.partition(".")[0] not in resource.properties:
            continue
        try:
            given = resource.read.value(path, [])
        except UnknownRead:
            used = resource.property_dependencies.get(path.partition(".")[0], ())
            given = [urn for urn in used if urn in graph.by_urn]
        named += given if isinstance(given, list) else [given]
    found = (resolved(graph, one, resource.stack, *SECURITY_GROUPS) for one in named)
    return list({one.urn: one for one in found if one is not None and one.type in SECURITY_GROUPS}.values())


class Key(View):
    """A KMS key, as what its owner encrypts with."""

    types = KEYS
    __slots__ = ()

    @property
    def users(self) -> list[Resource]:
        """The resources that are encrypted with it."""

        def index() -> dict[str, list[Resource]]:
            found: dict[str, list[Resource]] = {}
            for edge in edges(self.graph).edges:
                if edge.kind == "key-use":
                    found.setdefault(edge.target, []).append(self.graph.by_urn[edge.source])
            return found

        return self.graph.once("users of keys", index).get(self.resource.urn, [])


class StackReference(View):
    """A reference to another stack's outputs: it is read, not managed, and judged all the same."""

    types = ("pulumi:pulumi:StackReference",)
    __slots__ = ()

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """All of them."""
        return True

    @property
    def refers_to(self) -> str:
        """The stack's name, as it is written: `organization/project/stack`."""
        name = self.resource.outputs.get("name") or self.resource.id
        if not isinstance(name, str):
            raise UnknownRead(self.resource.urn, "name", "known only after the deployment")
        return name
