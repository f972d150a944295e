"""The questions that rules ask of an AWS network."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import INTERNET_ADDRESSES
from lychgate.reasoning.network.answers import Answer, Bounds, Hop, Step, Unknown, no, unknown, yes
from lychgate.reasoning.network.filters import Filters
from lychgate.reasoning.network.flows import FlowSet
from lychgate.reasoning.network.groups import Direction, GroupSet
from lychgate.reasoning.network.internet import INTERNET
from lychgate.reasoning.network.intervals import intersect
from lychgate.reasoning.network.inventory import Inventory
from lychgate.reasoning.network.paths import Path, Search
from lychgate.reasoning.network.private import Link
from lychgate.reasoning.network.routing import route_text

ANY_CLIENT_PORT = (1, 65535)
# The range that AWS advises to open for answers, enough for every usual client (VPC User Guide, "Ephemeral ports").
EPHEMERAL_PORTS = (1024, 65535)


@dataclass(frozen=True, slots=True)
class Joined:
    """How two VPCs are joined: the links, and the routes that use them in either direction."""

    links: tuple[Link, ...]
    steps: tuple[Step, ...]


class Network:
    """An AWS network made of records. Computes each thing once, on first use; records must not change afterwards.

    `client_ports`: to which ports answers may go. An attacker picks his source port, so by default any counts, and a
    network ACL that lets only the usual ephemeral ports out is no protection less; give EPHEMERAL_PORTS to ask about
    ordinary clients. Raises ValueError for two different records of one kind with one id.
    """

    def __init__(self, records: Iterable[r.Record], client_ports: tuple[int, int] = ANY_CLIENT_PORT) -> None:
        self._inventory = Inventory(records)
        self._filters = Filters(self._inventory, (client_ports,))
        self._search = Search(self._filters)

    @property
    def endpoints(self) -> dict[str, r.Endpoint]:
        """All endpoints by id."""
        return self._search.endpoints

    def reachable(self, source: str, target: str) -> Answer[Hop]:
        """Whether `source` can open a flow to `target` by itself, and with which flows (`witness.flows`).

        Either may be INTERNET. Between VPCs only private addresses count; what goes over public ones is
        `egress_to_internet` of the one and `exposed_to_internet` of the other. Raises KeyError for an unknown id.
        """
        return self._search.hop(source, target)

    def exposed_to_internet(self, endpoint: str, only: FlowSet | None = None) -> Answer[Hop]:
        """Whether the internet reaches an endpoint directly: public address, route, network ACLs, groups, listeners.
        With `only`: by one of these flows."""
        return self._search.hop(INTERNET, endpoint) if only is None else self._search.from_internet(endpoint, only)

    def egress_to_internet(self, endpoint: str) -> Answer[Hop]:
        """Whether an endpoint reaches the internet: by its own public address, a NAT or an egress-only gateway."""
        return self._search.hop(endpoint, INTERNET)

    def paths(self, sources: Iterable[str], target: str, max_hops: int = 8) -> Answer[Path]:
        """The shortest chain of hops from any source (ids, INTERNET) to the target.

        An endpoint that was reached is taken as held by the attacker and reaches on with all its rights; a load
        balancer only forwards, from a listener to its targets. Raises KeyError for an unknown id.
        """
        start = frozenset(sources)
        for name in start:
            if name != INTERNET and name not in self.endpoints:
                raise KeyError(name)
        return self._search.reached_from(start, max_hops)[target]

    def reached_from(self, sources: Iterable[str], max_hops: int = 8) -> dict[str, Answer[Path]]:
        """`paths` to every endpoint that is not itself a source, in one search."""
        return dict(self._search.reached_from(sources, max_hops))

    def reached_from_others(self, owners: Mapping[str, Hashable]) -> dict[str, tuple[str, Answer[Hop]]]:
        """For each endpoint that one of another owner reaches, or may reach, by itself: one that does, and how.

        `owners`: who has which endpoint; endpoints that are not named count for nobody. A yes goes before an unknown.
        Costs a look at few pairs for each endpoint, since one that is found will do. What a load balancer forwards is
        not a reach of its own.
        """
        return self._search.reached_from_others(owners)

    def opened(self, group: str, direction: Direction) -> Bounds:
        """What the rules of a security group open to addresses (of the internet too), whoever is a member of it."""
        return self._filters.groups.bounds(GroupSet((group,)), direction, None)

    def admitted(self, acl: str, direction: Direction) -> Bounds:
        """What a network ACL lets through."""
        return self._filters.acls.bounds(acl, direction)

    def internet_route(self, subnet: str) -> Answer[tuple[Step, ...]]:
        """Whether a route of a subnet leads to an internet gateway, which makes it a public subnet."""
        found = self._inventory.subnet(subnet)
        spans = self._filters.leads(found, "igw")
        if intersect(spans.certain, INTERNET_ADDRESSES):
            hops = [hop for hop in self._filters.routing.hops(found) if intersect(hop.certain, INTERNET_ADDRESSES)]
            used = [hop.route for hop in hops if hop.route and hop.route.kind == "igw"]
            steps = tuple(Step("route", *route_text(route)) for route in used)
            return yes(steps, f"a route of {subnet} leads to an internet gateway")
        if intersect(spans.possible, INTERNET_ADDRESSES):
            return unknown(f"whether a route of {subnet} leads to an internet gateway is not known", spans.unknowns)
        return no(f"no route of {subnet} leads to an internet gateway")

    def peers_across(self, a: str, b: str) -> Answer[Joined]:
        """Whether VPC `a` and VPC `b` are joined and a route of either leads to the other.

        Security groups and ACLs do not count here: a joined network is in scope before a rule opens it.
        """
        found = self._search.private.links(a, b)
        links = tuple(item for item in found if isinstance(item, Link))
        doubts = [item for item in found if isinstance(item, Unknown)]
        steps: list[Step] = []
        perhaps = False
        for link in links:
            for near, far in ((a, b), (b, a)):
                for subnet in self._inventory.all(r.Subnet):
                    if subnet.vpc != near:
                        continue
                    spans = self._search.private.link_spans(subnet, near, far, link)
                    perhaps = perhaps or bool(spans.possible)
                    doubts.extend(spans.unknowns if spans.possible and not spans.certain else ())
                    steps.extend(self._routes(subnet, link) if spans.certain else ())
        joined = Joined(links, tuple(dict.fromkeys(steps)))
        if steps:
            return yes(joined, f"{a} and {b} are joined by {', '.join(link.record for link in links)}")
        if doubts:
            unknowns = tuple(dict.fromkeys(doubts))
            return unknown(f"whether {a} and {b} are joined depends on {unknowns[0]}", unknowns, joined)
        return no(f"no route of {a} or {b} leads to the other" if links else f"{a} and {b} are not joined")

    def _routes(self, subnet: r.Subnet, link: Link) -> list[Step]:
        hops = [hop.route for hop in self._filters.routing.hops(subnet) if hop.certain]
        used = [route for route in hops if route and route.kind == link.kind and route.target == link.record]
        return [Step("route", *route_text(route)) for route in used]
