"""Network ACLs: stateless, numbered, the first match decides, at the border of a subnet only.

Source: VPC User Guide, "Network ACL basics" and "Network ACL rules".
"""

from __future__ import annotations

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import ANYWHERE
from lychgate.reasoning.network.answers import EVERYTHING, Bounds, Step, Unknown
from lychgate.reasoning.network.flows import ALL_FLOWS, NO_FLOWS, Block, Flow, FlowSet, service_text
from lychgate.reasoning.network.groups import Direction
from lychgate.reasoning.network.intervals import Intervals
from lychgate.reasoning.network.inventory import Inventory, services

# What stands for a subnet's ACL: a reference, an unknown one, or None for AWS's own default that lets all through.
AclReference = r.Text | None


class Acls:
    """Answers what network ACLs let through."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._bounds: dict[tuple[AclReference, Direction], Bounds] = {}

    def of_subnet(self, subnet: r.Subnet) -> AclReference:
        """The ACL of a subnet: its own, else its VPC's default one."""
        if subnet.network_acl is not None:
            return subnet.network_acl
        return self._inventory.vpc(subnet.vpc).default_network_acl

    def bounds(self, reference: AclReference, direction: Direction) -> Bounds:
        """The packets that an ACL lets through in a direction."""
        key = (reference, direction)
        if key not in self._bounds:
            self._bounds[key] = self._compute(reference, direction)
        return self._bounds[key]

    def entries(self, reference: AclReference, direction: Direction) -> list[r.AclEntry | Unknown]:
        """The entries of a direction, lowest number first; those whose number is not known come first of all."""
        if reference is None:
            return []
        acl = self._inventory.find(r.NetworkAcl, reference)
        if isinstance(acl, Unknown):
            return [acl]
        mine = [item for item in acl.entries if isinstance(item, Unknown) or item.direction == direction]
        return sorted(mine, key=_order)

    def _compute(self, reference: AclReference, direction: Direction) -> Bounds:
        if reference is None:
            return EVERYTHING
        certain, possible = NO_FLOWS, NO_FLOWS
        surely_here, perhaps_here = ALL_FLOWS, ALL_FLOWS
        for entry in self.entries(reference, direction):
            if isinstance(entry, Unknown):
                # It may deny or allow anything before the others decide.
                possible, surely_here = ALL_FLOWS, NO_FLOWS
                continue
            matched = self._matches(entry)
            if entry.allow is not False:
                possible = possible | (perhaps_here & matched.possible)
            if entry.allow is True and not isinstance(entry.number, Unknown):
                certain = certain | (surely_here & matched.certain)
            if not isinstance(entry.number, Unknown):
                perhaps_here = perhaps_here - matched.certain
                surely_here = surely_here - matched.possible
            elif entry.allow is not True:
                surely_here = surely_here - matched.possible
        return Bounds(certain, certain if certain.same_as(possible) else possible)

    def _matches(self, entry: r.AclEntry) -> Bounds:
        service = services(entry.id, entry.protocol, entry.from_port, entry.to_port)
        spans = self._inventory.cidrs(entry.id, (entry.cidr,))
        certain = [_block(entry.direction, service.certain, spans.certain)] if service.certain and spans.certain else []
        possible = [_block(entry.direction, service.possible, spans.possible)]
        return Bounds(FlowSet(tuple(certain)), FlowSet(tuple(possible)))

    def steps(self, reference: AclReference, direction: Direction, flow: Flow) -> tuple[Step, ...]:
        """The entry that lets a flow through."""
        if reference is None:
            return (Step("network-acl", "default network ACL", f"{direction} lets all through"),)
        for entry in self.entries(reference, direction):
            if isinstance(entry, r.AclEntry) and entry.allow is not False and self._matches(entry).possible.holds(flow):
                return (Step("network-acl", entry.id, entry_text(entry)),)
        return ()

    def doubts(self, reference: AclReference, direction: Direction, flow: Flow) -> list[Unknown]:
        """The unknown values that decide whether a flow passes."""
        found: list[Unknown] = []
        for entry in self.entries(reference, direction):
            if isinstance(entry, Unknown):
                found.append(entry)
            elif self._matches(entry).possible.holds(flow):
                values = (entry.number, entry.allow, entry.protocol, entry.from_port, entry.to_port)
                found.extend(item for item in values if isinstance(item, Unknown))
                found.extend(self._inventory.cidrs(entry.id, (entry.cidr,)).unknowns)
        return found


def _order(entry: r.AclEntry | Unknown) -> tuple[int, str]:
    if isinstance(entry, Unknown):
        return -2, str(entry)
    return (-1, entry.id) if isinstance(entry.number, Unknown) else (entry.number, entry.id)


def _block(direction: Direction, service: tuple[Intervals, Intervals], peer: Intervals) -> Block:
    return (*service, peer, ANYWHERE) if direction == "ingress" else (*service, ANYWHERE, peer)


def entry_text(entry: r.AclEntry) -> str:
    """An ACL entry in words."""
    service = services(entry.id, entry.protocol, entry.from_port, entry.to_port)
    text = service_text(*service.possible)
    end = "from" if entry.direction == "ingress" else "to"
    return f"{entry.direction} entry {entry.number} allows {text} {end} {entry.cidr}"
