"""Parts of a network as rules judge them: security groups, network ACLs, subnets, VPCs, workloads, data stores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.network import Answer, Endpoint, SecurityRule, Step, Unknown
from lychgate.views import network_types as types
from lychgate.views.base import View
from lychgate.views.network import GraphNetwork, network_of
from lychgate.views.network_exposure import WorldPorts, touches, world_ports
from lychgate.views.network_groups import AWS_OWN, Direction, declared_for, to_the_world
from lychgate.views.network_homes import group_of
from lychgate.views.network_stores import STORES


class Part(View):
    """A resource that has a record in the network."""

    __slots__ = ()

    @property
    def net(self) -> GraphNetwork:
        """The network that it is a part of."""
        return network_of(self.graph)

    @property
    def record(self) -> str:
        """The name of its record, as messages show it."""
        return self.net.record(self.resource)


class SecurityGroup(Part):
    """A security group with all its rules. A rule that is added to a group which the program does not manage is judged
    by itself, with the others that are added to the same group."""

    types = (*types.SECURITY_GROUPS, *types.GROUP_RULES)
    __slots__ = ()

    @classmethod
    def all(cls, graph: Graph) -> list[SecurityGroup]:
        """Every managed group, and the rules of groups that are not."""
        return graph.once((cls, "all"), lambda: [cls.of(graph, one) for one in cls._judged(graph)])

    @classmethod
    def _judged(cls, graph: Graph) -> Iterable[Resource]:
        managed = [one for one in graph.of_type(*types.SECURITY_GROUPS) if not one.external]
        yield from managed
        net = network_of(graph)
        names = {net.record(one) for one in managed}
        for one in graph.of_type(*types.GROUP_RULES):
            if not one.external and net.group_of_rule.get(net.record(one)) not in names:
                yield one

    @property
    def is_rule(self) -> bool:
        """Whether it is a single rule of a group that the program does not manage."""
        return self.resource.type in types.GROUP_RULES

    @property
    def label(self) -> str:
        """What it is called in a message."""
        group = self.net.group_of_rule.get(self.record) if self.is_rule else None
        if group is None:
            return self.record
        return f"{self.record} ({f'added to {group}' if isinstance(group, str) else 'of a group that is not known'})"

    @property
    def group(self) -> str:
        """The record of the rules that are judged together."""
        if not self.is_rule:
            return self.record
        group = self.net.group_of_rule.get(self.record)
        return declared_for(group if isinstance(group, str) else self.record)

    @property
    def rules(self) -> list[SecurityRule | Unknown]:
        """The rules that are judged together."""
        return self.net.rules[self.group]

    def world(self, direction: Direction) -> WorldPorts:
        """The ports that are open to, or towards, the world."""
        net, group = self.net, self.group
        key = ("world ports", group, direction)
        asked = to_the_world(group) if net.narrow else group
        return self.graph.once(key, lambda: world_ports(net.network.opened(asked, direction), direction))

    def blame(self, direction: Direction, ports: Iterable[int]) -> list[str]:
        """The rules that open one of these ports to the internet; of a single rule only itself."""
        found = []
        wanted = list(ports)
        for rule in self.rules:
            own = not self.is_rule or (isinstance(rule, SecurityRule) and rule.id == self.record)
            if own and isinstance(rule, SecurityRule) and rule.direction == direction and touches(rule, wanted):
                self.net.charge(rule.id)
                found.append(rule.id)
        return found

    def doubted(self, direction: Direction, ports: Iterable[int]) -> str:
        """The rules of which it is not known whether they open one of these ports to the world, and why; empty where
        there are none."""
        named = self.blame(direction, ports)
        found = [f"{one}{self._why(one)}" for one in named]
        found += [self.net.doubts([rule]) for rule in self.rules if isinstance(rule, Unknown)]
        return ", ".join(found[:3])

    def _why(self, rule: str) -> str:
        why = next((why for doubt, why in self.net.reasons.items() if doubt.record == rule), "")
        return f" ({why})" if why else ""


class RuleTexts(View):
    """A security group or a rule of one, as far as its own text goes."""

    types = (*types.SECURITY_GROUPS, *types.GROUP_RULES)
    __slots__ = ()

    @property
    def undescribed(self) -> list[str]:
        """The rules that have no description."""
        if self.resource.type in types.GROUP_RULES:
            return [] if (self.read.text("description") or "").strip() else ["the rule"]
        return [
            f"{way}[{index}]"
            for way in ("ingress", "egress")
            for index, block in enumerate(self.read.blocks(way))
            if not (block.text("description") or "").strip()
        ]


class NetworkAcl(Part):
    """A network ACL with all its entries."""

    types = types.NETWORK_ACLS
    __slots__ = ()

    @property
    def world(self) -> WorldPorts:
        """The ports that it opens to the world."""
        bounds = self.net.network.admitted(self.record, "ingress")
        return self.once("world", lambda: world_ports(bounds, "ingress"))


class Subnet(Part):
    """A subnet."""

    types = types.SUBNETS
    __slots__ = ()

    @property
    def assigns_public(self) -> bool:
        """Whether whatever is launched in it gets a public address; a default subnet does it unless told otherwise."""
        return self.read.flag("mapPublicIpOnLaunch", self.resource.type == types.DEFAULT_SUBNET)


class Vpc(Part):
    """A VPC."""

    types = types.VPCS
    __slots__ = ()

    @property
    def default_group(self) -> str:
        """The record of its default security group."""
        return group_of(self.record)

    @property
    def default_rules(self) -> list[SecurityRule | Unknown]:
        """The rules of its default security group: AWS's own, or those that the program leaves."""
        return self.net.rules.get(self.default_group, [])

    @property
    def default_untouched(self) -> bool:
        """Whether its default group has the rules that AWS gave it, and no others."""
        return all(isinstance(one, SecurityRule) and one.id.startswith(AWS_OWN) for one in self.default_rules)

    @property
    def members(self) -> list[Resource]:
        """What has an interface in it, as far as that is certain."""
        index: dict[str, list[Resource]] = self.graph.once("endpoints by vpc", lambda: _members(self.net))
        return index.get(self.record, [])

    @property
    def users_of_default_group(self) -> list[str]:
        """The endpoints that have its default group, most often because they name none."""
        endpoints = ((one, self.net.endpoint(one)) for one in self.members)
        return [
            self.net.record(one)
            for one, endpoint in endpoints
            if endpoint is not None
            and endpoint.security_groups is not None
            and (not endpoint.security_groups or self.default_group in endpoint.security_groups)
        ]


def _members(net: GraphNetwork) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for record, endpoint in net.network.endpoints.items():
        homes = {net.vpc_of.get(subnet) for subnet in endpoint.subnets if isinstance(subnet, str)}
        for vpc in homes:
            if isinstance(vpc, str):
                found.setdefault(vpc, []).append(net.resources[record])
    return found


class Workload(Part):
    """Compute with an interface: an instance, an Auto Scaling group, an ECS service, a group of EKS nodes."""

    types: ClassVar[tuple[str, ...]] = (*types.INSTANCES, types.SCALING_GROUP, types.ECS_SERVICE, types.NODE_GROUP)
    __slots__ = ()

    @property
    def endpoint(self) -> Endpoint | None:
        """Its endpoint; None where it uses the interfaces of other machines."""
        return self.net.endpoint(self.resource)


class DataStore(Part):
    """A managed data store."""

    types = tuple(STORES)
    __slots__ = ()

    @property
    def endpoint(self) -> Endpoint | None:
        """Its endpoint; None where it stands outside of every VPC, or in another store."""
        return self.net.endpoint(self.resource)

    @property
    def public_subnets(self) -> list[tuple[str, Answer[tuple[Step, ...]]]]:
        """Its subnets of which a route leads, or may lead, to an internet gateway."""
        endpoint = self.endpoint
        found = []
        for subnet in endpoint.subnets if endpoint is not None else ():
            if isinstance(subnet, Unknown):
                raise UnknownRead(self.resource.urn, subnet.field, "known only after the deployment")
            answer = self.net.network.internet_route(subnet)
            if not answer.is_no:
                found.append((subnet, answer))
        return found


class Interfaced(Part):
    """Anything that has, or may have, an interface on the network."""

    types = (*types.WORKLOADS, *types.BALANCERS, *types.CLASSIC_BALANCERS, *STORES)
    __slots__ = ()

    @property
    def endpoint(self) -> Endpoint | None:
        """Its endpoint; None where it has no interface of its own."""
        return self.net.endpoint(self.resource)
