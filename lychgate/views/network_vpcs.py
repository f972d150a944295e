"""VPCs as a whole: what is logged of their traffic, how AWS's services are reached, what they are joined to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lychgate.model.graph import Resource
from lychgate.reasoning.network import Answer, Joined, Peering, TransitAttachment, Unknown
from lychgate.views import network_types as types
from lychgate.views.base import companions
from lychgate.views.labels import labels_of
from lychgate.views.network import GraphNetwork
from lychgate.views.network_parts import Vpc
from lychgate.views.network_stores import STORES

ROUTE_ASSOCIATION = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
BOTH = {"ACCEPT", "REJECT"}
CALLING_STORES = (types.REPLICATION_INSTANCE,)


class Network(Vpc):
    """A VPC with what belongs to it."""

    types = types.VPCS
    __slots__ = ()

    @property
    def subnets(self) -> list[Resource]:
        """Its subnets that are in the graph."""
        index: dict[str, list[Resource]] = self.graph.once("subnets by vpc", lambda: _subnets(self.net))
        return index.get(self.record, [])

    @property
    def callers(self) -> list[Resource]:
        """What stands in it and calls AWS's services by itself: code, and what replicates data. A load balancer or a
        database only answers; a Redshift cluster loads and unloads through the VPC where it is told to."""
        return [
            one
            for one in self.members
            if one.type in CALLING_STORES
            or (one.type == types.WAREHOUSE and one.read.flag("enhancedVpcRouting"))
            or one.type not in (*STORES, *types.BALANCERS, *types.CLASSIC_BALANCERS)
        ]

    @property
    def logged(self) -> set[str]:
        """The kinds of traffic that flow logs record in all of it: `ACCEPT`, `REJECT`. By logs of the VPC, and of
        each of its subnets."""
        logs = companions(self.graph, (types.FLOW_LOG,), "vpcId", *types.VPCS).of(self.resource)
        whole = {kind for one in logs for kind in _kinds(one)}
        by_subnet = companions(self.graph, (types.FLOW_LOG,), "subnetId", *types.SUBNETS)
        each = [{kind for log in by_subnet.certain(one) for kind in _kinds(log)} for one in self.subnets]
        return whole | (set.intersection(*each) if each else set())

    @property
    def private_services(self) -> set[str]:
        """The AWS services that are reached through an endpoint of the VPC: `s3`, `kms`, ... A gateway endpoint counts
        where a route table uses it."""
        found = set()
        for one in companions(self.graph, (types.VPC_ENDPOINT,), "vpcId", *types.VPCS).of(self.resource):
            if (one.read.text("vpcEndpointType") or "Gateway") == "Gateway" and not self._routed(one):
                continue
            # com.amazonaws.REGION.SERVICE, with parts before or after it for some services
            found.update((one.read.text("serviceName") or "").split(".")[3:])
        return found

    def _routed(self, endpoint: Resource) -> bool:
        separate = companions(self.graph, (ROUTE_ASSOCIATION,), "vpcEndpointId", types.VPC_ENDPOINT)
        return endpoint.read.has("routeTableIds") or bool(separate.of(endpoint))

    def joined_to(self, stranger: Callable[[Resource], bool]) -> Iterator[tuple[str, Answer[Joined]]]:
        """The VPCs of others that it is joined to, or may be: their names, and by what. A VPC that is not in the graph
        counts as a stranger's."""
        for other in _linked(self.net).get(self.record, ()):
            resource = self.net.resources.get(other)
            if resource is None or resource.external or stranger(resource):
                answer = self.net.network.peers_across(self.record, other)
                if not answer.is_no:
                    yield other, answer

    def environment_of(self, vpc: str) -> str | None:
        """The environment of a VPC; None where it is not in the graph, or nobody says."""
        resource = self.net.resources.get(vpc)
        return None if resource is None else labels_of(self.graph, resource).environment


def _kinds(log: Resource) -> set[str]:
    kind = log.read.text("trafficType") or "ALL"
    return BOTH if kind == "ALL" else {kind}


def _subnets(net: GraphNetwork) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for subnet, vpc in net.vpc_of.items():
        if isinstance(vpc, str) and subnet in net.resources:
            found.setdefault(vpc, []).append(net.resources[subnet])
    return found


def _linked(net: GraphNetwork) -> dict[str, list[str]]:
    """VPC -> those that a peering or a transit gateway links it with."""
    gateways: dict[str, list[str]] = {}
    pairs: list[tuple[str | Unknown, str | Unknown]] = []
    for one in net.records:
        if isinstance(one, Peering):
            pairs.append((one.requester, one.accepter))
        elif isinstance(one, TransitAttachment) and isinstance(one.gateway, str) and isinstance(one.vpc, str):
            gateways.setdefault(one.gateway, []).append(one.vpc)
    pairs += [(a, b) for row in gateways.values() for at, a in enumerate(row) for b in row[at + 1 :]]
    found: dict[str, list[str]] = {}
    for a, b in pairs:
        if isinstance(a, str) and isinstance(b, str) and a != b:
            found.setdefault(a, []).append(b)
            found.setdefault(b, []).append(a)
    return {vpc: sorted(set(row)) for vpc, row in found.items()}
