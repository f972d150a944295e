"""Route tables: the longest matching prefix decides, over the whole address line at once.

Sources: VPC User Guide, "Route tables and route priority", "VPC CIDR blocks" (a VPC's IPv4 block is /16 to /28, its
IPv6 block /44 to /60), "Gateway route tables"; VPC Peering Guide (not transitive); Transit Gateways guide, "Route
tables".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import ANYWHERE, INTERNET_ADDRESSES, IPV6_BASE, block, prefix_length
from lychgate.reasoning.network.answers import Step, Unknown
from lychgate.reasoning.network.intervals import Intervals, holds, intersect, subtract, union
from lychgate.reasoning.network.inventory import Inventory, Spans

Decision = Literal["yes", "no", "maybe"]


@dataclass(frozen=True, slots=True)
class NextHop:
    """One route and the destinations for which it is taken; `route` None is the VPC's own local route."""

    route: r.Route | None
    certain: Intervals
    possible: Intervals
    unknowns: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One destination block of a table: `order` decides between equal prefixes.

    A static route for exactly the VPC's block is a replaced local route, so it goes before; prefix lists come last.
    """

    bits: int
    order: int
    spans: Intervals
    key: r.Route | None


class Routing:
    """Answers where packets that leave a subnet go."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._hops: dict[r.Subnet, list[NextHop]] = {}

    def table_of(self, subnet: r.Subnet) -> r.RouteTable | Unknown | None:
        """A subnet's route table: its own, else its VPC's main one; None for AWS's own main table (local only)."""
        reference = subnet.route_table
        if reference is None:
            reference = self._inventory.vpc(subnet.vpc).main_route_table
        return None if reference is None else self._inventory.find(r.RouteTable, reference)

    def hops(self, subnet: r.Subnet) -> list[NextHop]:
        """All routes of a subnet with what they take; they cover what is routed at all."""
        if subnet not in self._hops:
            self._hops[subnet] = self._compute(subnet)
        return self._hops[subnet]

    def leads(self, subnet: r.Subnet, accept: Callable[[r.Route | None], Decision]) -> Spans:
        """The destinations for which the route taken is one that `accept` accepts."""
        certain: Intervals = ()
        possible: Intervals = ()
        unknowns: list[Unknown] = []
        for hop in self.hops(subnet):
            kind = hop.route.kind if hop.route else "local"
            decision = "maybe" if isinstance(kind, Unknown) else accept(hop.route)
            unknowns.extend([kind] if isinstance(kind, Unknown) else [])
            if decision != "no":
                certain = union(certain, hop.certain if decision == "yes" else ())
                possible = union(possible, hop.possible)
            unknowns.extend(hop.unknowns)
        return Spans(certain, possible, tuple(dict.fromkeys(unknowns)))

    def steps(self, subnet: r.Subnet, address: int) -> tuple[Step, ...]:
        """The route that a packet to an address takes, a certain one before a possible one."""
        hops = self.hops(subnet)
        for pick in ([hop.certain for hop in hops], [hop.possible for hop in hops]):
            for hop, spans in zip(hops, pick, strict=True):
                if holds(spans, address):
                    return (Step("route", *route_text(hop.route)),)
        return ()

    def _compute(self, subnet: r.Subnet) -> list[NextHop]:
        table = self.table_of(subnet)
        if isinstance(table, Unknown):
            return [NextHop(_some_route(table), (), ANYWHERE, (table,)), NextHop(None, (), ANYWHERE, (table,))]
        local = self._local(subnet)
        routes = () if table is None else table.routes
        open_ended: list[NextHop] = []
        entries = [_Entry(prefix_length(cidr), 1, block(cidr), None) for cidr in local if not isinstance(cidr, Unknown)]
        for route in routes:
            if isinstance(route, Unknown):
                open_ended.append(NextHop(_some_route(route), (), ANYWHERE, (route,)))
                continue
            found, doubts = self._destinations(route)
            entries.extend(found)
            open_ended.extend(NextHop(route, (), ANYWHERE, (doubt,)) for doubt in doubts)
        taken = _longest_prefix(entries)
        unknown_local = tuple(cidr for cidr in local if isinstance(cidr, Unknown))
        if unknown_local:
            taken = _with_unknown_local(taken, entries, unknown_local)
        if open_ended:
            doubts = tuple(doubt for hop in open_ended for doubt in hop.unknowns)
            taken = [NextHop(hop.route, (), hop.possible, doubts) for hop in taken]
        return [*taken, *open_ended]

    def _local(self, subnet: r.Subnet) -> r.Texts:
        """The VPC's blocks, malformed ones as unknown."""
        vpc = self._inventory.vpc(subnet.vpc)
        spans = self._inventory.cidrs(vpc.id, vpc.cidrs)
        return (*(cidr for cidr in vpc.cidrs if isinstance(cidr, str) and _valid(cidr)), *spans.unknowns)

    def _destinations(self, route: r.Route) -> tuple[list[_Entry], tuple[Unknown, ...]]:
        if isinstance(route.destination, Unknown):
            return [], (route.destination,)
        if not route.prefix_list:
            if not _valid(route.destination):
                return [], (Unknown(route.id, f"destination {route.destination!r}"),)
            return [_Entry(prefix_length(route.destination), 0, block(route.destination), route)], ()
        listed = self._inventory.find(r.PrefixList, route.destination)
        if isinstance(listed, Unknown):
            return [], (listed,)
        known = [cidr for cidr in listed.cidrs if isinstance(cidr, str) and _valid(cidr)]
        entries = [_Entry(prefix_length(cidr), 2, block(cidr), route) for cidr in known]
        return entries, self._inventory.cidrs(listed.id, listed.cidrs).unknowns


def _valid(cidr: str) -> bool:
    try:
        block(cidr)
    except ValueError:
        return False
    return True


def _some_route(doubt: Unknown) -> r.Route:
    return r.Route(doubt.record, doubt, doubt)


def _longest_prefix(entries: Iterable[_Entry]) -> list[NextHop]:
    """Share the address line out among known destinations, the longest prefix first."""
    free = ANYWHERE
    taken: list[NextHop] = []
    for entry in sorted(entries, key=lambda item: (-item.bits, item.order)):
        mine = intersect(entry.spans, free)
        free = subtract(free, entry.spans)
        taken.append(NextHop(entry.key, mine, mine))
    return taken


def _longer_than_any_vpc(entry: _Entry) -> bool:
    """Whether a destination is narrower than a VPC's block can be wide, so that it wins over a local route."""
    return entry.bits > (44 if entry.spans[0][0] >= IPV6_BASE else 16)


def _with_unknown_local(taken: list[NextHop], entries: list[_Entry], unknowns: tuple[Unknown, ...]) -> list[NextHop]:
    """Add the local route of a VPC whose block is unknown.

    The block may take any private destination from a route that is not narrower. A block that is not known is taken to
    lie outside of the internet's addresses: at most a /16, it could never hide the internet as a whole.
    """
    narrow: Intervals = ()
    for entry in entries:
        if entry.key is not None and _longer_than_any_vpc(entry):
            narrow = union(narrow, entry.spans)
    safe = union(INTERNET_ADDRESSES, narrow)
    found = [NextHop(hop.route, intersect(hop.certain, safe), hop.possible, unknowns) for hop in taken]
    return [*found, NextHop(None, subtract(ANYWHERE, narrow), ANYWHERE, unknowns)]


def route_text(route: r.Route | None) -> tuple[str, str]:
    """A route's record and what it says, for a step."""
    if route is None:
        return "local route", "stays in the VPC"
    target = f" {route.target}" if route.target is not None else ""
    return route.id, f"{route.destination} leads to {route.kind}{target}"


class Transit:
    """Answers which destinations a transit gateway hands from one attachment to another VPC."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def hands_over(self, gateway: r.Text | None, source: str, target: str) -> Spans:
        """The destinations that the gateway, entered from VPC `source`, sends to VPC `target`."""
        if gateway is None or isinstance(gateway, Unknown):
            return Spans((), ANYWHERE, (gateway,) if gateway else (Unknown("transit gateway", "id"),))
        attachments = [item for item in self._inventory.all(r.TransitAttachment) if item.gateway == gateway]
        unsure = [item for item in self._inventory.all(r.TransitAttachment) if isinstance(item.gateway, Unknown)]
        doubts = [item.gateway for item in unsure if isinstance(item.gateway, Unknown)]
        doubts += [item.vpc for item in attachments if isinstance(item.vpc, Unknown)]
        entering = [item for item in attachments if item.vpc == source]
        leaving = {item.id for item in attachments if item.vpc == target}
        if not entering or not leaving:
            return Spans((), ANYWHERE if doubts else (), tuple(doubts))
        total = Spans((), ())
        for attachment in entering:
            part = self._table_spans(gateway, attachment, attachments, leaving)
            total = total.joined(part)
        return total

    def _table_spans(
        self, gateway: str, entering: r.TransitAttachment, attachments: list[r.TransitAttachment], leaving: set[str]
    ) -> Spans:
        tables = [item for item in self._inventory.all(r.TransitRouteTable) if item.gateway == gateway]
        own = next((table for table in tables if entering.id in table.associations), None)
        doubts = [item for table in tables for item in table.associations if isinstance(item, Unknown)]
        if own is None:
            found = self._inventory.find(r.TransitGateway, gateway)
            if isinstance(found, Unknown) or doubts:
                return Spans((), ANYWHERE, (*doubts, *((found,) if isinstance(found, Unknown) else ())))
            flags = (found.default_association, found.default_propagation)
            unsure = tuple(flag for flag in flags if isinstance(flag, Unknown))
            if False in flags or unsure:
                return Spans((), () if False in flags else ANYWHERE, unsure)
            own = r.TransitRouteTable(gateway, gateway, propagations=tuple(item.id for item in attachments))
        return self._lookup(own, {item.id: item for item in attachments}, leaving)

    def _lookup(
        self, table: r.TransitRouteTable, attachments: dict[str, r.TransitAttachment], leaving: set[str]
    ) -> Spans:
        entries: list[_Entry] = []
        doubts = [item for item in (*table.propagations, *table.routes) if isinstance(item, Unknown)]
        for route in table.routes:
            if isinstance(route, Unknown):
                continue
            values = (route.destination, route.attachment)
            doubts.extend(item for item in values if isinstance(item, Unknown))
            if isinstance(route.destination, str) and not _valid(route.destination):
                doubts.append(Unknown(route.id, f"destination {route.destination!r}"))
            elif isinstance(route.destination, str) and not isinstance(route.attachment, Unknown):
                key: r.Route | None = r.Route(route.id, route.destination, "tgw", route.attachment)
                entries.append(_Entry(prefix_length(route.destination), 0, block(route.destination), key))
        for name in table.propagations:
            if isinstance(name, Unknown) or name not in attachments:
                continue
            attachment = attachments[name]
            blocks = self._inventory.vpc(attachment.vpc).cidrs
            doubts.extend(item for item in blocks if isinstance(item, Unknown))
            for cidr in blocks:
                if isinstance(cidr, str) and _valid(cidr):
                    key = r.Route(name, cidr, "tgw", name)
                    entries.append(_Entry(prefix_length(cidr), 1, block(cidr), key))
        taken = [hop.certain for hop in _longest_prefix(entries) if hop.route and hop.route.target in leaving]
        spans: Intervals = ()
        for part in taken:
            spans = union(spans, part)
        return Spans(() if doubts else spans, ANYWHERE if doubts else spans, tuple(doubts))
