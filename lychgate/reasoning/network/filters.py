"""The stages that security groups, network ACLs, routes and stateless answers make."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.acls import AclReference, Acls
from lychgate.reasoning.network.answers import EVERYTHING, Bounds, Step, Unknown
from lychgate.reasoning.network.flows import Flow
from lychgate.reasoning.network.groups import Direction, Groups, GroupSet
from lychgate.reasoning.network.intervals import Intervals
from lychgate.reasoning.network.inventory import Inventory, Spans
from lychgate.reasoning.network.routing import Decision, Routing
from lychgate.reasoning.network.stages import (
    Stage,
    answer_packet,
    coming_from,
    nothing_to_say,
    towards,
    way_back,
)

Border = tuple[AclReference, Direction]


class Filters:
    """Makes stages out of groups, ACLs and routes, each computed once."""

    def __init__(self, inventory: Inventory, client_ports: Intervals) -> None:
        self.inventory = inventory
        self.groups = Groups(inventory)
        self.acls = Acls(inventory)
        self.routing = Routing(inventory)
        self.client_ports = client_ports

    def group(self, groups: GroupSet | None, direction: Direction, peer: GroupSet | None) -> Stage:
        """The security groups of an endpoint, in one direction; `peer` None when group references do not apply."""
        if groups is None:
            return Stage(EVERYTHING, "", nothing_to_say, nothing_to_say)
        names = ", ".join(groups.ids) or "its security groups"
        return Stage(
            self.groups.bounds(groups, direction, peer),
            f"no rule of {names} lets it {'in' if direction == 'ingress' else 'out'}",
            lambda flow: self.groups.steps(groups, direction, peer, flow),
            lambda flow: self.groups.doubts(groups, direction, peer, flow),
        )

    def acl(self, subnet: r.Subnet, direction: Direction) -> Stage:
        """The network ACL of a subnet, in one direction."""
        reference = self.acls.of_subnet(subnet)
        return Stage(
            self.acls.bounds(reference, direction),
            f"network ACL {reference} lets no such {direction} through",
            lambda flow: self.acls.steps(reference, direction, flow),
            lambda flow: self.acls.doubts(reference, direction, flow),
        )

    def route(self, subnet: r.Subnet, spans: Spans, refusal: str, back: bool = False) -> Stage:
        """A route that must be there: to the destination, or (`back`) to the source."""
        of = coming_from if back else towards
        certain = of(spans.certain)
        return Stage(
            Bounds(certain, certain if spans.certain == spans.possible else of(spans.possible)),
            refusal,
            lambda flow: self.routing.steps(subnet, flow.source if back else flow.destination),
            lambda _: spans.unknowns,
        )

    def leads(self, subnet: r.Subnet, *kinds: str, unsure: tuple[str, ...] = ()) -> Spans:
        """The destinations that routes of these kinds take, for certain, and of `unsure` kinds, perhaps."""

        def accept(route: r.Route | None) -> Decision:
            kind = "local" if route is None else route.kind
            return "yes" if kind in kinds else "maybe" if kind in unsure else "no"

        spans = self.routing.leads(subnet, accept)
        return Spans(spans.certain, spans.possible, spans.unknowns + self.behind(subnet, unsure))

    def behind(self, subnet: r.Subnet, kinds: tuple[str, ...]) -> tuple[Unknown, ...]:
        """What is not known of the routes of some kinds: what their targets let through."""
        routes = [hop.route for hop in self.routing.hops(subnet) if hop.route and hop.route.kind in kinds]
        return tuple(
            Unknown(route.id, f"what lies behind {route.kind} {route.target or ''}".rstrip()) for route in routes
        )

    def answers(self, borders: list[Border], ports: Intervals | None = None, route: Spans | None = None) -> Stage:
        """The way of TCP's answers to a client's port: through the ACLs at these borders, along a route."""
        joint = EVERYTHING if route is None else Bounds(towards(route.certain), towards(route.possible))
        for reference, direction in borders:
            joint = joint & self.acls.bounds(reference, direction)
        to_ports = self.client_ports if ports is None else ports
        names = ", ".join(dict.fromkeys(str(reference) for reference, _ in borders if reference is not None))
        return Stage(
            way_back(joint, to_ports),
            f"network ACL {names} lets no answer through" if names else "no route leads back",
            self._answer_steps(borders, joint, to_ports),
            self._answer_doubts(borders, joint, to_ports, () if route is None else route.unknowns),
        )

    def _answer_steps(self, borders: list[Border], joint: Bounds, ports: Intervals) -> Callable[[Flow], Iterable[Step]]:
        named = [border for border in borders if border[0] is not None]
        if not named:
            return nothing_to_say

        def steps(flow: Flow) -> Iterable[Step]:
            packet = answer_packet(joint.certain, flow, ports) or answer_packet(joint.possible, flow, ports)
            if packet is None:
                return
            for reference, direction in named:
                for step in self.acls.steps(reference, direction, packet):
                    yield Step(step.kind, step.record, f"{step.detail} (answers, to port {packet.port})")

        return steps

    def _answer_doubts(
        self, borders: list[Border], joint: Bounds, ports: Intervals, unknowns: tuple[Unknown, ...]
    ) -> Callable[[Flow], Iterable[Unknown]]:
        def doubts(flow: Flow) -> Iterable[Unknown]:
            yield from unknowns
            packet = answer_packet(joint.possible, flow, ports)
            if packet is not None:
                for reference, direction in borders:
                    yield from self.acls.doubts(reference, direction, packet)

        return doubts
