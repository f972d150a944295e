"""Which ports are open to the world: to more addresses of the internet than one owner has.

A list of addresses counts as the world where it holds more than a /8 of IPv4's public addresses, or more than a /32 of
IPv6's, however it is written: as 0.0.0.0/0, in halves, or in parts over several rules. The measure is Amazon S3's for a
policy that is not public
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from lychgate.reasoning.network import DESTINATION, SOURCE, Bounds, FlowSet, SecurityRule, Unknown
from lychgate.reasoning.network.addresses import INTERNET_ADDRESSES, INTERNET_IPV4, INTERNET_IPV6, block
from lychgate.reasoning.network.flows import ALL_PORTS, TCP, UDP
from lychgate.reasoning.network.intervals import Intervals, holds, intersect, normal, subtract, union
from lychgate.reasoning.network.inventory import services

MOST_IPV4 = 1 << 24
MOST_IPV6 = 1 << 96
NAMES = {TCP: "tcp", UDP: "udp"}


@dataclass(frozen=True, slots=True)
class WorldPorts:
    """The ports of TCP and UDP that are open to the world for certain, and at most."""

    certain: dict[int, Intervals]
    possible: dict[int, Intervals]

    def open(self, ports: Iterable[int]) -> list[int]:
        """Those of these TCP and UDP ports that are open for certain."""
        return _held(self.certain, ports)

    def perhaps(self, ports: Iterable[int]) -> list[int]:
        """Those of these ports that may be open."""
        return _held(self.possible, ports)


def _held(spans: dict[int, Intervals], ports: Iterable[int]) -> list[int]:
    return [port for port in ports if any(holds(row, port) for row in spans.values())] if spans else []


def is_world(addresses: Intervals) -> bool:
    """Whether these are more addresses of the internet than one owner has."""
    v4, v6 = (
        sum(high - low + 1 for low, high in intersect(addresses, part)) for part in (INTERNET_IPV4, INTERNET_IPV6)
    )
    return v4 > MOST_IPV4 or v6 > MOST_IPV6


def world_ports(bounds: Bounds, direction: str) -> WorldPorts:
    """The ports that bounds open to the world."""
    side = SOURCE if direction == "ingress" else DESTINATION
    certain = _by_protocol(bounds.certain, side)
    exact = bounds.certain is bounds.possible
    return WorldPorts(certain, certain if exact else _by_protocol(bounds.possible, side))


def _by_protocol(flows: FlowSet, side: int) -> dict[int, Intervals]:
    row = [item for item in flows.blocks if intersect(item[side], INTERNET_ADDRESSES)]
    found = {}
    for protocol in NAMES:
        spans = _spans([(item[1], item[side]) for item in row if holds(item[0], protocol)])
        if spans:
            found[protocol] = spans
    return found


def _spans(row: list[tuple[Intervals, Intervals]]) -> Intervals:
    """The ports at which all address sets together are the world."""
    cuts = sorted({edge for ports, _ in row for low, high in ports for edge in (low, high + 1)})
    found = []
    for low, after in pairwise(cuts):
        addresses: Intervals = ()
        for ports, one in row:
            if holds(ports, low):
                addresses = union(addresses, one)
        if is_world(addresses):
            found.append((low, after - 1))
    return normal(found)


def touches(rule: SecurityRule, ports: Iterable[int]) -> bool:
    """Whether a rule opens, or may open, one of these ports to addresses of the internet."""
    protocols, spans = services(rule.id, rule.protocol, rule.from_port, rule.to_port).possible
    if not any(holds(protocols, protocol) for protocol in NAMES) or not any(holds(spans, port) for port in ports):
        return False
    return bool(rule.prefix_lists) or any(_of_internet(cidr) for cidr in rule.cidrs)


def _of_internet(cidr: str | Unknown) -> bool:
    if isinstance(cidr, Unknown):
        return True
    try:
        return bool(intersect(block(cidr), INTERNET_ADDRESSES))
    except ValueError:
        return True


def ports_words(spans: dict[int, Intervals]) -> str:
    """Ports in words: `tcp 22, tcp 8000-9000`; `every port` where it is so."""
    if len(spans) == len(NAMES) and all(row == ALL_PORTS for row in spans.values()):
        return "every port"
    parts = [
        f"{NAMES[protocol]} {'every port' if (low, high) == (0, 65535) else low if low == high else f'{low}-{high}'}"
        for protocol, row in spans.items()
        for low, high in row
    ]
    return ", ".join(parts[:4]) + (f" and {len(parts) - 4} more" if len(parts) > 4 else "")


def count(spans: dict[int, Intervals]) -> int:
    """How many ports there are, of the protocol with the most."""
    return max((sum(high - low + 1 for low, high in row) for row in spans.values()), default=0)


def without(spans: dict[int, Intervals], ports: Iterable[int]) -> dict[int, Intervals]:
    """The ports but some."""
    allowed = normal((port, port) for port in ports)
    rest = {protocol: subtract(row, allowed) for protocol, row in spans.items()}
    return {protocol: row for protocol, row in rest.items() if row}
