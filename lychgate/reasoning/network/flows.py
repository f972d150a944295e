"""Exact sets of network flows: which protocol, which port, from which addresses to which.

A `FlowSet` is a union of blocks, each the product of four interval sets. Union, intersection, difference and both
projections ("for some", "for every") are exact: nothing is sampled.

The port of a protocol without ports is the whole range; ICMP's type and code stand in the port's place as
type*256+code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lychgate.reasoning.network.addresses import ANYWHERE, IPV4, IPV6, address_text, block, spans_text
from lychgate.reasoning.network.intervals import (
    Intervals,
    covers,
    holds,
    intersect,
    normal,
    subtract,
    union,
)

Block = tuple[Intervals, Intervals, Intervals, Intervals]

PROTOCOL, PORT, SOURCE, DESTINATION = range(4)
ALL_PROTOCOLS: Intervals = ((0, 255),)
ALL_PORTS: Intervals = ((0, 65535),)
TCP, UDP, ICMP, ICMPV6, SCTP = 6, 17, 1, 58, 132

# IANA protocol numbers by the names that EC2 takes (API reference of IpPermission and NetworkAclEntry) and Kubernetes'.
PROTOCOL_NUMBERS = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "icmpv6": ICMPV6, "sctp": SCTP}
PROTOCOL_NAMES = {number: name for name, number in PROTOCOL_NUMBERS.items()}
_WHOLE: Block = (ALL_PROTOCOLS, ALL_PORTS, ANYWHERE, ANYWHERE)


@dataclass(frozen=True, slots=True)
class Flow:
    """One concrete flow, the witness of a set: protocol number, port (or ICMP type*256+code), both addresses."""

    protocol: int
    port: int
    source: int
    destination: int

    def __str__(self) -> str:
        ends = f"from {address_text(self.source)} to {address_text(self.destination)}"
        if self.protocol in (ICMP, ICMPV6):
            return f"{PROTOCOL_NAMES[self.protocol]} type {self.port >> 8} code {self.port & 255} {ends}"
        if self.protocol in (TCP, UDP, SCTP):
            return f"{PROTOCOL_NAMES[self.protocol]} {self.port} {ends}"
        return f"protocol {self.protocol} {ends}"


def _pieces(whole: Block, hole: Block) -> tuple[Block, ...]:
    """What is left of a block outside another: at most one piece for each side."""
    common = tuple(intersect(whole[side], hole[side]) for side in range(4))
    if not all(common):
        return (whole,)
    found: list[Block] = []
    rest = list(whole)
    for side in range(4):
        outside = subtract(rest[side], hole[side])
        if outside:
            piece = list(rest)
            piece[side] = outside
            found.append((piece[0], piece[1], piece[2], piece[3]))
        rest[side] = common[side]
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class FlowSet:
    """An exact set of flows; true when it is not empty. Compare with `same_as` and `within`, not with ==."""

    blocks: tuple[Block, ...] = ()

    @classmethod
    def of(
        cls,
        protocol: str | int | None = None,
        from_port: int = 0,
        to_port: int | None = None,
        source: str | None = None,
        destination: str | None = None,
    ) -> FlowSet:
        """The flows of one protocol (name, number or None for all), port range and CIDR blocks.

        `to_port` left out means the one port when `from_port` is given, else all ports. Raises ValueError for an
        unknown protocol name or a malformed block.
        """
        ports = ALL_PORTS if not from_port and to_port is None else normal([(from_port, to_port or from_port)])
        numbers = ALL_PROTOCOLS if protocol is None else protocol_numbers(protocol)
        return cls(
            (
                (
                    numbers,
                    ports,
                    ANYWHERE if source is None else block(source),
                    ANYWHERE if destination is None else block(destination),
                ),
            )
        )

    def __bool__(self) -> bool:
        return bool(self.blocks)

    def __and__(self, other: FlowSet) -> FlowSet:
        if self is other:
            return self
        found: list[Block] = []
        for left in self.blocks:
            for right in other.blocks:
                protocols = intersect(left[0], right[0])
                if protocols and (ports := intersect(left[1], right[1])):
                    sources = intersect(left[2], right[2])
                    if sources and (destinations := intersect(left[3], right[3])):
                        found.append((protocols, ports, sources, destinations))
        return FlowSet(tuple(found))

    def __or__(self, other: FlowSet) -> FlowSet:
        if self is other or not other.blocks:
            return self
        if not self.blocks:
            return other
        return FlowSet(tuple(dict.fromkeys(self.blocks + other.blocks)))

    def __sub__(self, other: FlowSet) -> FlowSet:
        rest = self.blocks
        for hole in other.blocks:
            rest = tuple(piece for whole in rest for piece in _pieces(whole, hole))
        return FlowSet(rest)

    def within(self, other: FlowSet) -> bool:
        """Whether every flow of this set is in the other."""
        return not (self - other)

    def same_as(self, other: FlowSet) -> bool:
        """Whether both sets hold the same flows, however they are cut into blocks."""
        return self.within(other) and other.within(self)

    def holds(self, flow: Flow) -> bool:
        """Whether the set holds this flow."""
        for protocols, ports, sources, destinations in self.blocks:
            service = holds(protocols, flow.protocol) and holds(ports, flow.port)
            if service and holds(sources, flow.source) and holds(destinations, flow.destination):
                return True
        return False

    def only(self, side: int, spans: Intervals) -> FlowSet:
        """The flows whose value on one side (PROTOCOL, PORT, SOURCE, DESTINATION) lies in `spans`."""
        cut = ((*item[:side], intersect(item[side], spans), *item[side + 1 :]) for item in self.blocks)
        return FlowSet(tuple(item for item in cut if item[side]))  # type: ignore[misc]

    def for_some(self, side: int, spans: Intervals) -> FlowSet:
        """Flows, free on one side, for which some value of that side in `spans` is in the set."""
        kept = self.only(side, spans).blocks
        return FlowSet(tuple(dict.fromkeys((*item[:side], _WHOLE[side], *item[side + 1 :]) for item in kept)))  # type: ignore[misc]

    def for_every(self, side: int, spans: Intervals) -> FlowSet:
        """The flows of the set, within `spans` on one side, that are in it whatever that side's value in `spans` is."""
        inside = self.only(side, spans)
        if all(covers(item[side], spans) for item in inside.blocks):
            return inside
        missing = (FlowSet((_WHOLE,)).only(side, spans) - inside).for_some(side, spans)
        return inside - missing

    def values(self, side: int) -> Intervals:
        """All values that occur on one side."""
        return normal(pair for item in self.blocks for pair in item[side])

    def simplified(self) -> FlowSet:
        """The same set in fewer, disjoint blocks, in a fixed order: for texts and reports."""
        disjoint: list[Block] = []
        for item in self.blocks:
            fresh: tuple[Block, ...] = (item,)
            for old in disjoint:
                fresh = tuple(piece for part in fresh for piece in _pieces(part, old))
            disjoint.extend(fresh)
        for side in (SOURCE, DESTINATION, PORT, PROTOCOL):
            disjoint = _joined(disjoint, side)
        return FlowSet(tuple(sorted(disjoint)))

    def example(self) -> Flow:
        """One flow of the set, a telling one where there is a choice. Raises IndexError when the set is empty."""
        best = next((item for item in self.blocks if holds(item[0], TCP)), self.blocks[0])
        protocol = TCP if holds(best[0], TCP) else best[0][0][0]
        wanted = next((port for port in (443, 22, 80) if holds(best[1], port)), best[1][0][0])
        return Flow(protocol, wanted, _host(best[2]), _host(best[3]))

    def __str__(self) -> str:
        return "; ".join(_block_text(item) for item in self.simplified().blocks) or "nothing"


def _host(spans: Intervals) -> int:
    """An address of the set; not the first of a larger block, which AWS keeps for itself."""
    low, high = spans[0]
    return low + 10 if high - low >= 15 else low


def _joined(blocks: Iterable[Block], side: int) -> list[Block]:
    """Merge blocks that differ on one side only."""
    together: dict[tuple[Intervals, ...], Intervals] = {}
    for item in blocks:
        rest = item[:side] + item[side + 1 :]
        together[rest] = union(together.get(rest, ()), item[side])
    return [(*rest[:side], spans, *rest[side:]) for rest, spans in together.items()]  # type: ignore[misc]


@lru_cache(maxsize=4096)
def service_text(protocols: Intervals, ports: Intervals) -> str:
    """Protocols and ports in words."""
    if protocols == ALL_PROTOCOLS:
        return "every protocol" if ports == ALL_PORTS else f"port {_numbers(ports)} of every protocol"
    names = ", ".join(PROTOCOL_NAMES.get(low, str(low)) if low == high else f"{low}-{high}" for low, high in protocols)
    return names if ports == ALL_PORTS else f"{names} {_numbers(ports)}"


def _block_text(item: Block) -> str:
    return f"{service_text(item[0], item[1])} from {spans_text(item[2])} to {spans_text(item[3])}"


def _numbers(spans: Intervals) -> str:
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


# What load balancers call their protocols (ELB API reference, Listener and TargetGroup), by what carries it.
_CARRIED_BY = {
    "http": (TCP,),
    "https": (TCP,),
    "tls": (TCP,),
    "tcp_udp": (TCP, UDP),
    "quic": (UDP,),
    "tcp_quic": (TCP, UDP),
    "geneve": (UDP,),
}


def protocol_numbers(protocol: str | int) -> Intervals:
    """The IANA numbers of a protocol given by name, number, or a load balancer's word. Raises ValueError."""
    carried = _CARRIED_BY.get(str(protocol).strip().lower())
    return normal((number, number) for number in carried or (protocol_number(protocol),))


def protocol_number(protocol: str | int) -> int:
    """The IANA number of a protocol given by name or number. Raises ValueError for a name that EC2 does not know."""
    text = str(protocol).strip().lower()
    return PROTOCOL_NUMBERS[text] if text in PROTOCOL_NUMBERS else int(text)


NO_FLOWS = FlowSet()
# Every flow there can be: both ends are of the same family.
ALL_FLOWS = FlowSet(((ALL_PROTOCOLS, ALL_PORTS, IPV4, IPV4), (ALL_PROTOCOLS, ALL_PORTS, IPV6, IPV6)))
