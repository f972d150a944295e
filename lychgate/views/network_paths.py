"""Ways from the internet to workloads and data stores: by a public address, through a load balancer, over other hosts.

A host counts as exposed where the internet reaches it by its own public address, or where a load balancer hands it
requests on a port that is not one of the web. Whoever takes an exposed host goes on from there with all its rights. A
host behind a load balancer's web listener is what a service is meant to be, and not exposed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from lychgate.model.graph import Graph
from lychgate.reasoning.network import FlowSet, Hop, Unknown
from lychgate.reasoning.network.flows import ALL_FLOWS
from lychgate.views.network import GraphNetwork, network_of
from lychgate.views.network_stores import STORES

WEB = frozenset({80, 443})


@dataclass(frozen=True, slots=True)
class Way:
    """A way from the internet: its hops, and what it depends on (nothing: it is certain)."""

    hops: tuple[Hop, ...]
    unknowns: tuple[Unknown, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether it is there whatever the unknown values are."""
        return not self.unknowns


@dataclass(frozen=True, slots=True)
class Exposed:
    """The exposed hosts: by any port of their own address, and (`open`) by a port that is not one of the web."""

    any: dict[str, Way]
    open: dict[str, Way]


@lru_cache(maxsize=64)
def flows_beside(ports: frozenset[int]) -> FlowSet:
    """All but TCP to these ports, and UDP to 443 where that is one (HTTP/3)."""
    flows = ALL_FLOWS
    for port in sorted(ports):
        flows = flows - FlowSet.of("tcp", port)
    return flows - FlowSet.of("udp", 443) if 443 in ports else flows


def unexpected_way(net: GraphNetwork, record: str, ports: frozenset[int]) -> Way | None:
    """How the internet reaches an endpoint on a port that is not one of these: by itself or through a load balancer."""
    direct = net.network.exposed_to_internet(record, flows_beside(ports))
    ways = [] if direct.witness is None else [Way((direct.witness,), direct.unknowns)]
    through = net.through_balancers(record, ports)
    if through.witness is not None:
        ways.append(Way(through.witness.hops, through.unknowns))
    return min(ways, key=lambda way: not way.certain, default=None)


def direct_way(net: GraphNetwork, record: str) -> Way | None:
    """How the internet reaches an endpoint by its own address, or through a load balancer in front of it."""
    answer = net.from_internet(record, 2)
    if answer.witness is None:
        return None
    hops = answer.witness.hops
    if all(hop.target in net.balancers for hop in hops[:-1]):
        return Way(hops, answer.unknowns)
    through = net.through_balancers(record, frozenset())
    return None if through.witness is None else Way(through.witness.hops, through.unknowns)


def exposed_hosts(graph: Graph) -> Exposed:
    """All exposed hosts of a graph, found once."""
    return graph.once("exposed hosts", lambda: _exposed(network_of(graph)))


def _exposed(net: GraphNetwork) -> Exposed:
    found = Exposed({}, {})
    for record in net.network.endpoints:
        if record in net.balancers or net.resources[record].type in STORES:
            continue
        answer = net.network.exposed_to_internet(record)
        if answer.witness is not None:
            found.any[record] = Way((answer.witness,), answer.unknowns)
        way = unexpected_way(net, record, WEB)
        if way is not None:
            found.open[record] = way
    return found


def way_over_hosts(graph: Graph, record: str, hops: int) -> Way | None:
    """How the internet gets to an endpoint over exposed hosts: one hop from any, up to `hops` from those that are open
    on a port that is not one of the web. A certain way goes before one that depends on something."""
    net, exposed = network_of(graph), exposed_hosts(graph)
    best: Way | None = None
    for entries, most in ((exposed.open, hops), (exposed.any, 1)):
        for certain in (True, False):
            start = {name for name, way in entries.items() if way.certain or not certain}
            if not start or (not certain and all(entries[name].certain for name in start)):
                continue
            answer = net.network.paths(start, record, most)
            if answer.witness is not None:
                entry = entries[answer.witness.hops[0].source]
                way = Way((*entry.hops, *answer.witness.hops), (*entry.unknowns, *answer.unknowns))
                if way.certain:
                    return way
                best = best or way
    return best
