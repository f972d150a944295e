"""The network interfaces of endpoints: where they are, which addresses they may have, which groups filter them."""

from __future__ import annotations

from dataclasses import dataclass

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import IPV4, IPV6
from lychgate.reasoning.network.answers import Bounds, Unknown, exactly
from lychgate.reasoning.network.flows import ALL_FLOWS, ALL_PORTS, PORT, PROTOCOL, TCP, UDP, FlowSet
from lychgate.reasoning.network.groups import Groups, GroupSet
from lychgate.reasoning.network.intervals import Intervals, intersect
from lychgate.reasoning.network.inventory import Inventory, Spans, services
from lychgate.reasoning.network.stages import Pin, Stage, nothing_to_say

_TCP_OR_UDP: Intervals = ((TCP, TCP), (UDP, UDP))


@dataclass(frozen=True, slots=True)
class Leg:
    """One network interface of an endpoint.

    `elsewhere` says why when nobody knows in which subnet it is. `spans` are its addresses; each of `pins` is a family
    of which it has one address somewhere in these spans, no more is known.
    """

    subnet: r.Subnet
    elsewhere: Unknown | None
    vpc: r.Text
    spans: Spans
    pins: tuple[tuple[Intervals, Unknown], ...]
    groups: GroupSet | None

    def pinned(self, side: int) -> list[Pin]:
        """The pins, for the side of a flow on which this interface is."""
        return [Pin(side, spans, doubt) for spans, doubt in self.pins]


class Legs:
    """Finds the interfaces of endpoints; where they are is computed once for all that are alike in that."""

    def __init__(self, inventory: Inventory, groups: Groups) -> None:
        self._inventory = inventory
        self._groups = groups
        self._placed: dict[tuple[object, ...], list[Leg]] = {}

    def of(self, endpoint: r.Endpoint) -> list[Leg]:
        """The endpoint's interfaces, one for each subnet; none when it stands outside of every VPC."""
        subnets = endpoint.subnets
        if not subnets and endpoint.vpc is not None:
            subnets = (Unknown(endpoint.id, "subnets"),)
        key = (subnets, endpoint.vpc, endpoint.addresses, endpoint.ipv6_address)
        if key not in self._placed:
            self._placed[key] = [self._leg(endpoint, item) for item in subnets]
        return [
            Leg(leg.subnet, leg.elsewhere, leg.vpc, leg.spans, leg.pins, self._groups.of_endpoint(endpoint, leg.vpc))
            for leg in self._placed[key]
        ]

    def _leg(self, endpoint: r.Endpoint, reference: r.Text) -> Leg:
        subnet = self._inventory.subnet(reference)
        vpc = subnet.vpc
        if isinstance(vpc, Unknown) and endpoint.vpc is not None:
            vpc = endpoint.vpc
        v4, v6 = (self._family(endpoint, subnet, vpc, family) for family in (IPV4, IPV6))
        pins = tuple((spans.possible, doubt) for spans, doubt in (v4, v6) if doubt is not None)
        elsewhere = reference if isinstance(reference, Unknown) else None
        return Leg(subnet, elsewhere, vpc, v4[0].joined(v6[0]), pins, None)

    def _family(
        self, endpoint: r.Endpoint, subnet: r.Subnet, vpc: r.Text, family: Intervals
    ) -> tuple[Spans, Unknown | None]:
        """The addresses of one family, with a doubt when it is one unknown address among the possible ones."""
        has: r.Flag = True if family is IPV4 else endpoint.ipv6_address
        cidr = subnet.cidr if family is IPV4 else subnet.ipv6_cidr
        fixed = tuple(
            item for item in endpoint.addresses if isinstance(item, str) and (":" in item) == (family is IPV6)
        )
        if has is False or (cidr is None and not fixed):
            return Spans((), ()), None
        unknowns = (has,) if isinstance(has, Unknown) else ()
        if family is IPV6 and isinstance(cidr, Unknown) and len(endpoint.subnets) > 1:
            # Which of its interfaces have an IPv6 address, if that subnet may have no block at all?
            unknowns = (*unknowns, cidr)
        if fixed and not any(isinstance(item, Unknown) for item in endpoint.addresses):
            spans = self._inventory.cidrs(endpoint.id, fixed)
        else:
            spans = self._inventory.cidrs(subnet.id, () if cidr is None else (cidr,))
        if not spans.unknowns:
            return Spans(() if unknowns else spans.certain, spans.certain, unknowns), None
        home = self._inventory.vpc(vpc)
        wide = intersect(family, self._inventory.cidrs(home.id, home.cidrs).possible) or family
        return Spans(() if unknowns else wide, wide, unknowns), spans.unknowns[0]


def listening(endpoint: r.Endpoint) -> tuple[list[Stage], list[Pin]]:
    """The stage, and the pins, of the ports that an endpoint listens on; neither when it takes anything."""
    ports = endpoint.ports
    if ports is None:
        return [], []
    refusal = f"{endpoint.id} does not listen there"
    if isinstance(ports, Unknown):
        either = exactly(ALL_FLOWS.only(PROTOCOL, _TCP_OR_UDP))
        pins = [Pin(PORT, ALL_PORTS, ports), Pin(PROTOCOL, _TCP_OR_UDP, ports)]
        return [Stage(either, refusal, nothing_to_say, nothing_to_say)], pins
    found = [services(endpoint.id, *service) for service in ports]
    possible = FlowSet(tuple((*item.possible, *block[2:]) for item in found for block in ALL_FLOWS.blocks))
    doubts = tuple(doubt for item in found for doubt in item.unknowns)
    if len(found) == 1 and doubts:
        # One unknown port: certain is what holds for each.
        spans = found[0].possible[1]
        return [Stage(exactly(possible), refusal, nothing_to_say, nothing_to_say)], [Pin(PORT, spans, doubts[0])]
    known = [item.certain for item in found if item.certain is not None]
    certain = FlowSet(tuple((*item, *block[2:]) for item in known for block in ALL_FLOWS.blocks))
    return [Stage(Bounds(certain, possible), refusal, nothing_to_say, lambda _: doubts)], []
