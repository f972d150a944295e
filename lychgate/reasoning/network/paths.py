"""Chains of reaches: from sources, through endpoints that were reached, to a target, the shortest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import INTERNET_ADDRESSES, IPV4, IPV6
from lychgate.reasoning.network.answers import Answer, Hop, Unknown, no, unknown, yes
from lychgate.reasoning.network.filters import Filters
from lychgate.reasoning.network.flows import ALL_FLOWS, FlowSet
from lychgate.reasoning.network.internet import INTERNET, Internet
from lychgate.reasoning.network.intervals import intersect
from lychgate.reasoning.network.inventory import Spans, services
from lychgate.reasoning.network.legs import Leg, Legs
from lychgate.reasoning.network.private import Private


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of hops; each hop's target is the next hop's source."""

    hops: tuple[Hop, ...]

    def __str__(self) -> str:
        return "\n".join(str(hop) for hop in self.hops)


@dataclass(frozen=True, slots=True)
class _Node:
    """What an attacker holds: an endpoint, or (with a listener) a load balancer that forwards for `client`."""

    endpoint: str
    listener: int | None = None
    client: str | None = None


_Edge = tuple[_Node, Answer[Hop]]


class Search:
    """Searches chains; endpoints that are alike for the network are evaluated once."""

    def __init__(self, filters: Filters) -> None:
        self._inventory = filters.inventory
        self._groups = filters.groups
        self._interfaces = Legs(filters.inventory, filters.groups)
        self._internet = Internet(filters)
        self.private = Private(filters)
        self.endpoints = {item.id: item for item in filters.inventory.all(r.Endpoint)}
        self._balancers = {item.endpoint: item for item in filters.inventory.all(r.LoadBalancer)}
        self._classes: dict[tuple[object, ...], list[str]] = {}
        self._class_of: dict[str, tuple[object, ...]] = {}
        for item in self.endpoints.values():
            self._class_of[item.id] = key = self._class(item)
            self._classes.setdefault(key, []).append(item.id)
        self._legs: dict[tuple[object, ...], list[Leg]] = {}
        self._answers: dict[tuple[object, ...], Answer[Hop]] = {}
        self._found: dict[tuple[frozenset[str], int], dict[str, Answer[Path]]] = {}

    def _class(self, item: r.Endpoint) -> tuple[object, ...]:
        own = item.id if item.id in self._balancers else None
        groups = None if item.security_groups is None else frozenset(item.security_groups)
        subnets = frozenset(item.subnets)
        return (own, subnets, groups, item.public_address, item.ipv6_address, item.ports, item.addresses, item.vpc)

    def legs(self, name: str) -> list[Leg]:
        """The interfaces of an endpoint, computed once for its class."""
        key = self._class_of[name]
        if key not in self._legs:
            self._legs[key] = self._interfaces.of(self._ported(name))
        return self._legs[key]

    def _ported(self, name: str) -> r.Endpoint:
        """The endpoint, a load balancer with its listeners as ports."""
        item = self.endpoints[name]
        balancer = self._balancers.get(name)
        if balancer is None or item.ports is not None:
            return item
        ports: list[r.Service] = []
        for listener in balancer.listeners:
            values = (listener,) if isinstance(listener, Unknown) else (listener.protocol, listener.port)
            doubt = next((value for value in values if isinstance(value, Unknown)), None)
            if doubt is not None:
                return replace(item, ports=doubt)
            assert isinstance(listener, r.Listener) and not isinstance(listener.port, Unknown)
            ports.append((str(listener.protocol), listener.port, listener.port))
        return replace(item, ports=tuple(ports))

    def hop(self, source: str, target: str) -> Answer[Hop]:
        """One reach between two endpoints, either of which may be INTERNET. Raises KeyError for an unknown id."""
        if source == INTERNET == target:
            return no("both ends are the internet")
        key = tuple(name if name == INTERNET else self._class_of[name] for name in (source, target))
        if key not in self._answers:
            self._answers[key] = self._compute(source, target)
        return renamed(self._answers[key], source, target)

    def _compute(self, source: str, target: str) -> Answer[Hop]:
        if target == INTERNET:
            return self._internet.out(self.endpoints[source], self.legs(source))
        item = self._ported(target)
        if source == INTERNET:
            return self._internet.into(item, self.legs(target))
        near, far = self.legs(source), self.legs(target)
        if near and far:
            return self.private.between(self.endpoints[source], near, item, far)
        if not near:
            return self._internet.into(item, far)
        # The target stands outside of every VPC: both halves must hold.
        out, into = self._internet.out(self.endpoints[source], near), self._internet.into(item, far)
        return min((out, into), key=lambda answer: ("no", "unknown", "yes").index(answer.state))

    # Chains

    def reached_from(self, sources: Iterable[str], max_hops: int) -> dict[str, Answer[Path]]:
        """For every endpoint that is not a source itself, the shortest chain from any of the sources."""
        start = frozenset(sources)
        key = (start, max_hops)
        if key not in self._found:
            sure = self._search(start, max_hops, ("yes",))
            perhaps = self._search(start, max_hops, ("yes", "unknown"))
            names = [name for name in self.endpoints if name not in start]
            self._found[key] = {name: _path_answer(name, start, sure, perhaps) for name in names}
        return self._found[key]

    def _search(self, start: frozenset[str], max_hops: int, states: tuple[str, ...]) -> dict[str, list[Answer[Hop]]]:
        """Breadth first; the chain of answers that first reached each endpoint."""
        chains: dict[_Node, list[Answer[Hop]]] = {_Node(name): [] for name in sorted(start)}
        reached: dict[str, list[Answer[Hop]]] = {name: [] for name in start}
        expanded: set[object] = set()
        frontier = list(chains)
        for _ in range(max_hops):
            following: list[_Node] = []
            for node in frontier:
                for other, answer in self._edges(node, reached, expanded):
                    if answer.state in states and other not in chains:
                        chains[other] = [*chains[node], answer]
                        reached.setdefault(other.endpoint, chains[other])
                        following.append(other)
            frontier = following
        return reached

    def _edges(self, node: _Node, reached: dict[str, list[Answer[Hop]]], expanded: set[object]) -> Iterator[_Edge]:
        """Everything one hop away that is not reached yet. Alike endpoints lead to the same, so one stands for all."""
        if node.listener is not None:
            yield from self._forwards(node)
            return
        # A load balancer by itself starts no connection: only its listeners lead on.
        mine = node.endpoint if node.endpoint == INTERNET else self._class_of[node.endpoint]
        if mine in expanded or (node.endpoint in self._balancers and reached[node.endpoint]):
            return
        expanded.add(mine)
        for key, members in self._classes.items():
            if members[0] in self._balancers:
                yield from self._listeners(node.endpoint, members[0])
            fresh = [name for name in members if name not in reached and name != node.endpoint]
            if not fresh or not self._may_touch(node.endpoint, key):
                continue
            answer = self.hop(node.endpoint, fresh[0])
            if not answer.is_no:
                yield from ((_Node(name), renamed(answer, node.endpoint, name)) for name in fresh)

    def _may_touch(self, source: str, key: tuple[object, ...]) -> bool:
        """A cheap look that rules most pairs out: does anything of the target's groups name this source at all?"""
        near = [] if source == INTERNET else self.legs(source)
        for far in self.legs(self._classes[key][0]):
            if far.groups is None:
                return True
            spans, named, anything = self._groups.sources(far.groups)
            if anything or (not near and spans):
                return True
            for leg in near:
                member = leg.groups is not None and (leg.groups.unknowns or named & set(leg.groups.ids))
                if member or intersect(spans, leg.spans.possible):
                    return True
        return not self.legs(self._classes[key][0])

    def _listeners(self, source: str, name: str) -> Iterator[_Edge]:
        """The listeners of a load balancer that a source reaches, each a node of its own."""
        if source == name:
            return
        balancer, item = self._balancers[name], self.endpoints[name]
        for at, listener in enumerate(balancer.listeners):
            if isinstance(listener, Unknown):
                only = ALL_FLOWS
            else:
                found = services(listener.id, listener.protocol, listener.port, listener.port)
                only = _service_flows(found.possible)
            if source == INTERNET or not self.legs(source):
                answer = self._internet.into(item, self.legs(name), only)
            else:
                answer = self.private.between(self.endpoints[source], self.legs(source), item, self.legs(name), only)
            if isinstance(listener, Unknown) or _doubts(listener):
                doubts = (listener,) if isinstance(listener, Unknown) else _doubts(listener)
                answer = doubted(answer, doubts)
            if not answer.is_no:
                yield _Node(name, at, source), renamed(answer, source, name)

    def _forwards(self, node: _Node) -> Iterator[_Edge]:
        """What a load balancer hands on for a client, from one listener."""
        listener = self._balancers[node.endpoint].listeners[node.listener or 0]
        assert node.client is not None
        if isinstance(listener, Unknown):
            for name in self.endpoints:
                if name != node.endpoint:
                    answer = self.private.between(
                        self.endpoints[node.endpoint], self.legs(node.endpoint), self.endpoints[name], self.legs(name)
                    )
                    yield _Node(name), doubted(answer, (listener,))
            return
        for reference in listener.target_groups:
            group = self._inventory.find(r.TargetGroup, reference)
            for target in () if isinstance(group, Unknown) else group.targets:
                if isinstance(group, r.TargetGroup) and isinstance(target, r.Target):
                    yield from self._to_target(node, group, target)

    def _to_target(self, node: _Node, group: r.TargetGroup, target: r.Target) -> Iterator[_Edge]:
        if isinstance(target.endpoint, Unknown) or target.endpoint not in self.endpoints:
            return
        port = target.port if target.port is not None else group.port
        found = services(group.id, group.protocol, port, port)
        only = _service_flows(found.possible)
        ends = (self.endpoints[node.endpoint], self.legs(node.endpoint))
        far = (self.endpoints[target.endpoint], self.legs(target.endpoint))
        answers = []
        if group.preserves_client_address is not True:
            answers.append(self.private.between(*ends, *far, only))
        if group.preserves_client_address is not False:
            answers.append(self.private.between(*ends, *far, only, self._client(node.client or INTERNET)))
        answer = answers[0]
        if isinstance(group.preserves_client_address, Unknown) and answers[0].state != answers[1].state:
            answer = doubted(next(item for item in answers if not item.is_no), (group.preserves_client_address,))
        if found.unknowns:
            answer = doubted(answer, found.unknowns)
        yield _Node(target.endpoint), answer

    def _client(self, name: str) -> Spans:
        legs = [] if name == INTERNET else self.legs(name)
        if not legs:
            return Spans(INTERNET_ADDRESSES, INTERNET_ADDRESSES)
        total = legs[0].spans
        for leg in legs[1:]:
            total = total.joined(leg.spans)
        pins = tuple(doubt for leg in legs for _, doubt in leg.pins)
        return Spans(() if pins else total.certain, total.possible, total.unknowns + pins)


def _doubts(listener: r.Listener) -> tuple[Unknown, ...]:
    return tuple(item for item in (listener.protocol, listener.port) if isinstance(item, Unknown))


def _service_flows(service: tuple[object, object]) -> FlowSet:
    return FlowSet(tuple((*service, family, family) for family in (IPV4, IPV6)))  # type: ignore[misc]


def renamed(answer: Answer[Hop], source: str, target: str) -> Answer[Hop]:
    """The answer of a class, said of two of its members."""
    hop = answer.witness
    if hop is None or (hop.source == source and hop.target == target):
        return answer
    reason = answer.reason.replace(f"{hop.source} reaches {hop.target}", f"{source} reaches {target}", 1)
    return Answer(answer.state, reason, replace(hop, source=source, target=target), answer.unknowns)


def doubted(answer: Answer[Hop], doubts: tuple[Unknown, ...]) -> Answer[Hop]:
    """An answer that depends on further unknown values."""
    if answer.is_no:
        return answer
    found = tuple(dict.fromkeys((*answer.unknowns, *doubts)))
    return unknown(f"depends on {', '.join(str(item) for item in found)}", found, answer.witness)


def _path_answer(
    name: str, start: frozenset[str], sure: dict[str, list[Answer[Hop]]], perhaps: dict[str, list[Answer[Hop]]]
) -> Answer[Path]:
    chain = sure.get(name) or perhaps.get(name)
    if not chain:
        return no(f"no chain of hops leads from {', '.join(sorted(start))} to {name}")
    path = Path(tuple(answer.witness for answer in chain if answer.witness is not None))
    route = " -> ".join([path.hops[0].source, *(hop.target for hop in path.hops)])
    doubts = tuple(dict.fromkeys(doubt for answer in chain for doubt in answer.unknowns))
    return (
        unknown(f"{route}, depending on {', '.join(map(str, doubts[:3]))}", doubts, path)
        if doubts
        else yes(path, route)
    )
