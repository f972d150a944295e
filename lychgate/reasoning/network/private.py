"""Reach between endpoints over private addresses: in one VPC, over a peering, over a transit gateway."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import ANYWHERE
from lychgate.reasoning.network.answers import PERHAPS, Answer, Bounds, Hop, Unknown, exactly, no
from lychgate.reasoning.network.filters import Filters
from lychgate.reasoning.network.flows import DESTINATION, SOURCE, FlowSet
from lychgate.reasoning.network.intervals import intersect
from lychgate.reasoning.network.inventory import Spans
from lychgate.reasoning.network.legs import Leg, listening
from lychgate.reasoning.network.routing import Decision, Transit
from lychgate.reasoning.network.stages import Stage, combine, ends, evaluate, nothing_to_say


@dataclass(frozen=True, slots=True)
class Link:
    """How two VPCs are joined: "vpc" for one and the same, "peering" or "tgw" with the record's id."""

    kind: Literal["vpc", "peering", "tgw"]
    record: str


class Private:
    """Evaluates reaches between endpoints."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._inventory = filters.inventory
        self._transit = Transit(filters.inventory)
        self._spans: dict[tuple[r.Subnet, r.Text, r.Text, Link | Unknown], Spans] = {}

    def between(
        self,
        source: r.Endpoint,
        from_legs: list[Leg],
        target: r.Endpoint,
        to_legs: list[Leg],
        only: FlowSet | None = None,
        client: Spans | None = None,
    ) -> Answer[Hop]:
        """Whether, and with which flows, one endpoint reaches another.

        For a load balancer as source, `only` is what it sends to the target, and `client` the addresses of its client
        where the target sees those.
        """
        listen, held = listening(target)
        if only is not None:
            refusal = f"{target.id} is not reached on these ports"
            listen.append(Stage(exactly(only), refusal, nothing_to_say, nothing_to_say))
        answers: list[Answer[Hop]] = []
        for near in from_legs:
            for far in to_legs:
                pins = [*held, *([] if client else near.pinned(SOURCE)), *far.pinned(DESTINATION)]
                rows = self._ways(near, far, client)
                answers.extend(evaluate(source.id, target.id, [*row, *listen], pins) for row in rows)
        if not answers:
            return no(f"the VPCs of {source.id} and {target.id} are not joined")
        return combine(source.id, target.id, answers)

    def _ways(self, near: Leg, far: Leg, client: Spans | None) -> Iterator[list[Stage]]:
        """The rows of stages of all ways between two interfaces."""
        doubt = near.elsewhere or far.elsewhere
        if near.subnet.id == far.subnet.id or doubt is not None:
            # Inside one subnet there is neither a route nor a network ACL.
            row = self._way(near, far, None, client)
            if doubt is not None:
                perhaps = Stage(PERHAPS, "", nothing_to_say, lambda _: (doubt,))
                row.append(perhaps)
            yield row
            if doubt is None:
                return
        for link in self.links(near.vpc, far.vpc):
            yield self._way(near, far, link, client)

    def links(self, near: r.Text, far: r.Text) -> list[Link | Unknown]:
        """The ways in which two VPCs are joined; an Unknown where that cannot be told."""
        if isinstance(near, Unknown):
            return [near]
        if isinstance(far, Unknown):
            return [far]
        if near == far:
            return [Link("vpc", near)]
        return [*self._peerings(near, far), *self._gateways(near, far)]

    def _peerings(self, near: str, far: str) -> list[Link | Unknown]:
        found: list[Link | Unknown] = []
        for peering in self._inventory.all(r.Peering):
            sides = (peering.requester, peering.accepter)
            doubt = next((side for side in sides if isinstance(side, Unknown)), None)
            if peering.active is False:
                continue
            if set(sides) == {near, far}:
                found.append(Link("peering", peering.id))
            elif doubt is not None and (
                near in sides or far in sides or all(isinstance(side, Unknown) for side in sides)
            ):
                found.append(doubt)
        return found

    def _gateways(self, near: str, far: str) -> list[Link | Unknown]:
        attachments = self._inventory.all(r.TransitAttachment)
        found: list[Link | Unknown] = []
        for gateway in dict.fromkeys(item.gateway for item in attachments if item.vpc == near):
            others = [item.vpc for item in attachments if item.gateway == gateway]
            doubt = next((item for item in (gateway, *others) if isinstance(item, Unknown)), None)
            if isinstance(gateway, str) and far in others:
                found.append(Link("tgw", gateway))
            elif doubt is not None:
                found.append(doubt)
        return found

    def _way(self, near: Leg, far: Leg, link: Link | Unknown | None, client: Spans | None) -> list[Stage]:
        """The stages over a link, or (None) inside one subnet."""
        filters = self._filters
        origin = near.spans if client is None else client
        doubts = origin.unknowns + far.spans.unknowns
        certain, possible = (ends(origin.certain, far.spans.certain), ends(origin.possible, far.spans.possible))
        row = [Stage(Bounds(certain, possible), "they share no address family", nothing_to_say, lambda _: doubts)]
        over_gateway = isinstance(link, Link) and link.kind == "tgw"
        row.append(filters.group(near.groups, "egress", None if over_gateway else far.groups))
        if link is not None:
            there = self.link_spans(near.subnet, near.vpc, far.vpc, link)
            # Answers to a client's address that a load balancer kept go back through it, whatever the routes say.
            back = None if client else self.link_spans(far.subnet, far.vpc, near.vpc, link)
            acls = (filters.acls.of_subnet(near.subnet), filters.acls.of_subnet(far.subnet))
            row += [
                filters.route(near.subnet, there, f"no route of {near.subnet.id} leads there"),
                filters.acl(near.subnet, "egress"),
                filters.acl(far.subnet, "ingress"),
                filters.answers([(acls[1], "egress"), (acls[0], "ingress")], route=back),
            ]
        row.append(self._ingress(near, far, link.record if isinstance(link, Link) and over_gateway else None))
        return row

    def _ingress(self, near: Leg, far: Leg, gateway: str | None) -> Stage:
        """The target's groups. Across a transit gateway they may name the source's only where it supports that."""
        if gateway is None:
            return self._filters.group(far.groups, "ingress", near.groups)
        found = self._inventory.find(r.TransitGateway, gateway)
        supported = found if isinstance(found, Unknown) else found.group_references
        if not isinstance(supported, Unknown):
            return self._filters.group(far.groups, "ingress", near.groups if supported else None)
        wide, narrow = (self._filters.group(far.groups, "ingress", peer) for peer in (near.groups, None))
        bounds = Bounds(narrow.bounds.certain, wide.bounds.possible)
        return Stage(bounds, wide.refusal, wide.steps, lambda flow: (*wide.doubts(flow), supported))

    def link_spans(self, subnet: r.Subnet, near: r.Text, far: r.Text, link: Link | Unknown) -> Spans:
        """The destinations that a subnet's routes send over a link."""
        key = (subnet, near, far, link)
        if key not in self._spans:
            self._spans[key] = self._link_spans(subnet, near, far, link)
        return self._spans[key]

    def _link_spans(self, subnet: r.Subnet, near: r.Text, far: r.Text, link: Link | Unknown) -> Spans:
        if isinstance(link, Unknown):
            return Spans((), ANYWHERE, (link,))
        spans = self._filters.routing.leads(subnet, lambda route: _takes(link, route))
        hops = self._filters.routing.hops(subnet)
        routes = [hop.route for hop in hops if hop.route and hop.route.kind == link.kind]
        targets = [route.target or Unknown(route.id, "target") for route in routes]
        doubts = [target for target in targets if isinstance(target, Unknown)]
        doubts += self._filters.behind(subnet, ("appliance",))
        spans = Spans(spans.certain, spans.possible, (*spans.unknowns, *doubts))
        if link.kind == "peering":
            peering = self._inventory.find(r.Peering, link.record)
            if isinstance(peering, r.Peering) and isinstance(peering.active, Unknown):
                return Spans((), spans.possible, (*spans.unknowns, peering.active))
        if link.kind == "tgw":
            over = self._transit.hands_over(link.record, str(near), str(far))
            certain, possible = intersect(spans.certain, over.certain), intersect(spans.possible, over.possible)
            return Spans(certain, possible, spans.unknowns + over.unknowns)
        return spans


def _takes(link: Link, route: r.Route | None) -> Decision:
    """Whether a route sends its packets over a link; an appliance may do anything."""
    if route is None or route.kind == "local":
        return "yes" if link.kind == "vpc" else "no"
    if route.kind == "appliance":
        return "maybe"
    if route.kind != link.kind:
        return "no"
    if route.target is None or isinstance(route.target, Unknown):
        return "maybe"
    return "yes" if route.target == link.record else "no"
