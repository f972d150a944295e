"""Chains of reaches: from sources, through endpoints that were reached, to a target, the shortest first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.answers import Answer, Hop, no, unknown, yes
from lychgate.reasoning.network.balancers import Balancers, Placed, doubted
from lychgate.reasoning.network.candidates import Candidates
from lychgate.reasoning.network.filters import Filters
from lychgate.reasoning.network.flows import FlowSet
from lychgate.reasoning.network.internet import INTERNET, Internet
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
    """What an attacker holds: an endpoint, or (with a listener) a request that a load balancer took from `client`."""

    endpoint: str
    listener: int | None = None
    client: str | None = None


_Edge = tuple[_Node, Answer[Hop]]
_Chains = dict[str, list[Answer[Hop]]]


class Search:
    """Searches chains. Endpoints that are alike for the network make a class, which is evaluated once."""

    def __init__(self, filters: Filters) -> None:
        self._groups = filters.groups
        self._interfaces = Legs(filters.inventory, filters.groups)
        self._internet = Internet(filters)
        self.private = Private(filters)
        self._balancers = Balancers(filters.inventory, self.private)
        self.endpoints = {item.id: self._balancers.listening(item) for item in filters.inventory.all(r.Endpoint)}
        numbers: dict[tuple[object, ...], int] = {}
        self._class_of: dict[str, int] = {}
        self._members: list[list[str]] = []
        for item in self.endpoints.values():
            number = numbers.setdefault(self._likeness(item), len(self._members))
            if number == len(self._members):
                self._members.append([])
            self._members[number].append(item.id)
            self._class_of[item.id] = number
        self._legs: dict[int, list[Leg]] = {}
        self._answers: dict[tuple[int, int], Answer[Hop]] = {}
        self._within: dict[tuple[int, FlowSet], Answer[Hop]] = {}
        self._found: dict[tuple[frozenset[str], int], dict[str, Answer[Path]]] = {}

    def _likeness(self, item: r.Endpoint) -> tuple[object, ...]:
        own = item.id if item.id in self._balancers.by_endpoint else None
        groups = None if item.security_groups is None else frozenset(item.security_groups)
        places = (frozenset(item.subnets), item.vpc, item.addresses)
        return (own, places, groups, item.public_address, item.ipv6_address, item.ports)

    def legs(self, name: str) -> list[Leg]:
        """The interfaces of an endpoint (none for INTERNET), computed once for its class."""
        if name == INTERNET:
            return []
        number = self._class_of[name]
        if number not in self._legs:
            self._legs[number] = self._interfaces.of(self.endpoints[name])
        return self._legs[number]

    def hop(self, source: str, target: str) -> Answer[Hop]:
        """One reach between two endpoints, either of which may be INTERNET. Raises KeyError for an unknown id."""
        if source == INTERNET == target:
            return no("both ends are the internet")
        near, far = (-1 if name == INTERNET else self._class_of[name] for name in (source, target))
        answer = self._answers.get((near, far))
        if answer is None:
            answer = self._answers[near, far] = self._compute(source, target)
        return _renamed(answer, source, target)

    def from_internet(self, target: str, only: FlowSet) -> Answer[Hop]:
        """The reach from the internet to an endpoint by some flows alone. Raises KeyError for an unknown id."""
        key = (self._class_of[target], only)
        if key not in self._within:
            self._within[key] = self._internet.into(self.endpoints[target], self.legs(target), only)
        return _renamed(self._within[key], INTERNET, target)

    def _compute(self, source: str, target: str) -> Answer[Hop]:
        near = self.legs(source)
        if target == INTERNET:
            return self._internet.out(self.endpoints[source], near)
        item, far = self.endpoints[target], self.legs(target)
        if not near:
            # The internet itself, or something in AWS's own network, which is as far away.
            return self._internet.into(item, far)
        if far:
            return self.private.between(self.endpoints[source], near, item, far)
        halves = (self._internet.out(self.endpoints[source], near), self._internet.into(item, far))
        return min(halves, key=lambda answer: ("no", "unknown", "yes").index(answer.state))

    def reached_from_others(self, owners: Mapping[str, Hashable]) -> dict[str, tuple[str, Answer[Hop]]]:
        """For each endpoint that one of another owner reaches, or may reach: one that does, and how."""
        members: list[dict[Hashable, list[str]]] = [{} for _ in self._members]
        for number, names in enumerate(self._members):
            for name in names:
                if name in owners:
                    members[number].setdefault(owners[name], []).append(name)
        sources: list[list[int]] = [[] for _ in self._members]
        for number, owned in enumerate(members):
            first = next((names[0] for names in owned.values()), None)
            if first is not None and first not in self._balancers.by_endpoint:
                for target in self._candidates.of(self.legs(first)):
                    sources[target].append(number)
        found: dict[str, tuple[str, Answer[Hop]]] = {}
        for number, owned in enumerate(members):
            for owner, names in owned.items():
                strangers = (
                    theirs[0]
                    for source in sources[number]
                    for other, theirs in members[source].items()
                    if other != owner
                )
                best = self._nearest(strangers, names[0])
                if best is not None:
                    found.update({name: (best[0], _renamed(best[1], best[0], name)) for name in names})
        return found

    def _nearest(self, sources: Iterable[str], target: str) -> tuple[str, Answer[Hop]] | None:
        """The first source that reaches the target for certain, else the first that may."""
        perhaps: tuple[str, Answer[Hop]] | None = None
        for source in sources:
            answer = self.hop(source, target)
            if answer.is_yes:
                return source, answer
            if answer.is_unknown and perhaps is None:
                perhaps = source, answer
        return perhaps

    # Chains

    def reached_from(self, sources: Iterable[str], max_hops: int) -> dict[str, Answer[Path]]:
        """For every endpoint that is not a source itself, the shortest chain from any of the sources."""
        start = frozenset(sources)
        key = (start, max_hops)
        if key not in self._found:
            sure, doubtful = self._search(start, max_hops, certain=True)
            perhaps = self._search(start, max_hops, certain=False)[0] if doubtful else sure
            names = [name for name in self.endpoints if name not in start]
            self._found[key] = {name: _path_answer(name, start, sure, perhaps) for name in names}
        return self._found[key]

    def _search(self, start: frozenset[str], max_hops: int, certain: bool) -> tuple[_Chains, bool]:
        """Breadth first: the answers that first led to each endpoint, and whether any of those met was unknown."""
        chains: dict[_Node, list[Answer[Hop]]] = {_Node(name): [] for name in sorted(start)}
        reached: _Chains = {name: [] for name in start}
        expanded: set[int] = set()
        done: set[int] = set()
        doubtful = False
        frontier = list(chains)
        for _ in range(max_hops):
            following: list[_Node] = []
            for node in frontier:
                for other, answer in self._edges(node, reached, expanded, done):
                    doubtful = doubtful or answer.is_unknown
                    if other in chains or answer.is_no or (certain and answer.is_unknown):
                        continue
                    chains[other] = [*chains[node], answer]
                    reached.setdefault(other.endpoint, chains[other])
                    following.append(other)
            frontier = following
        return reached, doubtful

    def _edges(self, node: _Node, reached: _Chains, expanded: set[int], done: set[int]) -> Iterator[_Edge]:
        """Everything one hop away that is not reached yet; one endpoint goes on for all that are alike."""
        name = node.endpoint
        if node.listener is not None:
            yield from self._forwarded(node, node.listener)
        elif name in self._balancers.by_endpoint:
            # By itself a load balancer starts no connection; as a source, it forwards for anybody.
            for at, _, _ in self._balancers.listeners(name) if not reached[name] else ():
                yield from self._forwarded(node, at)
        else:
            number = -1 if name == INTERNET else self._class_of[name]
            if number not in expanded:
                expanded.add(number)
                yield from self._direct(name, reached, done)

    def _direct(self, name: str, reached: _Chains, done: set[int]) -> Iterator[_Edge]:
        for balancer in self._balancers.by_endpoint:
            if balancer in self.endpoints and balancer != name:
                yield from self._listeners(name, balancer)
        for number in sorted(self._candidates.of(self.legs(name)) - done):
            fresh = [other for other in self._members[number] if other not in reached and other != name]
            if not fresh:
                done.add(number)
                continue
            answer = self.hop(name, fresh[0])
            for other in () if answer.is_no else fresh:
                yield _Node(other), _renamed(answer, name, other)

    @cached_property
    def _candidates(self) -> Candidates:
        return Candidates(self._groups, [self.legs(members[0]) for members in self._members])

    def _listeners(self, source: str, balancer: str) -> Iterator[_Edge]:
        """The listeners of a load balancer that a source reaches, each a node of its own."""
        item, far, near = self.endpoints[balancer], self.legs(balancer), self.legs(source)
        for at, only, doubts in self._balancers.listeners(balancer):
            if near and far:
                answer = self.private.between(self.endpoints[source], near, item, far, only)
            else:
                answer = self._internet.into(item, far, only)
            if not answer.is_no:
                client = source if self._balancers.keeps_client(balancer, at) else None
                yield _Node(balancer, at, client), _renamed(doubted(answer, doubts), source, balancer)

    def _forwarded(self, node: _Node, at: int) -> Iterator[_Edge]:
        client = self.legs(node.client or node.endpoint)
        for name, answer in self._balancers.forwards(self._placed[node.endpoint], at, client, self._placed):
            yield _Node(name), answer

    @cached_property
    def _placed(self) -> dict[str, Placed]:
        return {name: Placed(item, self.legs(name)) for name, item in self.endpoints.items()}


def _renamed(answer: Answer[Hop], source: str, target: str) -> Answer[Hop]:
    """The answer of a class, said of two of its members."""
    hop = answer.witness
    if hop is None or (hop.source == source and hop.target == target):
        return answer
    reason = answer.reason.replace(f"{hop.source} reaches {hop.target}", f"{source} reaches {target}", 1)
    return Answer(answer.state, reason, replace(hop, source=source, target=target), answer.unknowns)


def _path_answer(name: str, start: frozenset[str], sure: _Chains, perhaps: _Chains) -> Answer[Path]:
    chain = sure.get(name) or perhaps.get(name)
    if not chain:
        return no(f"no chain of hops leads from {_named(sorted(start))} to {name}")
    path = Path(tuple(answer.witness for answer in chain if answer.witness is not None))
    route = _named([path.hops[0].source, *(hop.target for hop in path.hops)], " -> ")
    doubts = tuple(dict.fromkeys(doubt for answer in chain for doubt in answer.unknowns))
    return unknown(f"{route}, depending on {_named(map(str, doubts))}", doubts, path) if doubts else yes(path, route)


def _named(names: Iterable[str], between: str = ", ", most: int = 12) -> str:
    row = list(names)
    return between.join(row if len(row) <= most else [*row[: most - 1], "...", row[-1]])
