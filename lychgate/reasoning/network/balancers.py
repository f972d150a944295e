"""Load balancers: from a request that reached a listener to the targets behind it.

Source: Elastic Load Balancing User Guide, "Target groups for your Network Load Balancers" and "Client IP preservation".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import INTERNET_ADDRESSES, IPV4, IPV6
from lychgate.reasoning.network.answers import Answer, Hop, Unknown, unknown
from lychgate.reasoning.network.flows import ALL_FLOWS, FlowSet
from lychgate.reasoning.network.intervals import Intervals
from lychgate.reasoning.network.inventory import Inventory, Spans, services
from lychgate.reasoning.network.legs import Leg
from lychgate.reasoning.network.private import Private


@dataclass(frozen=True, slots=True)
class Placed:
    """An endpoint with its interfaces."""

    endpoint: r.Endpoint
    legs: list[Leg]


class Balancers:
    """Knows which endpoints are load balancers and what they forward."""

    def __init__(self, inventory: Inventory, private: Private) -> None:
        self._inventory = inventory
        self._private = private
        self.by_endpoint = {item.endpoint: item for item in inventory.all(r.LoadBalancer)}

    def listening(self, endpoint: r.Endpoint) -> r.Endpoint:
        """The endpoint, a load balancer with its listeners' ports unless it has ports of its own."""
        balancer = self.by_endpoint.get(endpoint.id)
        if balancer is None or endpoint.ports is not None:
            return endpoint
        ports: list[r.Service] = []
        for listener in balancer.listeners:
            if isinstance(listener, Unknown):
                return replace(endpoint, ports=listener)
            if isinstance(listener.protocol, Unknown):
                return replace(endpoint, ports=listener.protocol)
            ports.append((listener.protocol, listener.port, listener.port))
        return replace(endpoint, ports=tuple(ports))

    def listeners(self, name: str) -> Iterator[tuple[int, FlowSet, tuple[Unknown, ...]]]:
        """Each listener of a load balancer: its place, the flows that it takes, and what is not known of it."""
        for at, listener in enumerate(self.by_endpoint[name].listeners):
            if isinstance(listener, Unknown):
                yield at, ALL_FLOWS, (listener,)
            else:
                found = services(listener.id, listener.protocol, listener.port, listener.port)
                yield at, _flows(found.possible), found.unknowns

    def keeps_client(self, name: str, at: int) -> bool:
        """Whether any target of a listener sees the client's address, or may do so."""
        listener = self.by_endpoint[name].listeners[at]
        groups = [] if isinstance(listener, Unknown) else [self._group(item) for item in listener.target_groups]
        return any(isinstance(group, r.TargetGroup) and group.preserves_client_address is not False for group in groups)

    def _group(self, reference: r.Text) -> r.TargetGroup | Unknown:
        return self._inventory.find(r.TargetGroup, reference)

    def forwards(
        self, balancer: Placed, at: int, client: list[Leg], everything: dict[str, Placed]
    ) -> Iterator[tuple[str, Answer[Hop]]]:
        """The targets that a listener hands a request of `client` to (no interfaces: from the internet)."""
        listener = self.by_endpoint[balancer.endpoint.id].listeners[at]
        if isinstance(listener, Unknown):
            yield from self._anything(balancer, everything, listener)
            return
        for reference in listener.target_groups:
            group = self._group(reference)
            if isinstance(group, Unknown):
                yield from self._anything(balancer, everything, group)
                continue
            for target in group.targets:
                if isinstance(target, Unknown):
                    yield from self._anything(balancer, everything, target)
                elif isinstance(target.endpoint, Unknown):
                    yield from self._anything(balancer, everything, target.endpoint)
                elif target.endpoint in everything:
                    answer = self._to_target(balancer, group, target.port, client, everything[target.endpoint])
                    yield target.endpoint, answer

    def _anything(
        self, balancer: Placed, everything: dict[str, Placed], doubt: Unknown
    ) -> Iterator[tuple[str, Answer[Hop]]]:
        """Any endpoint may be an unknown target, as far as the network lets the load balancer reach it."""
        for name, target in everything.items():
            if name != balancer.endpoint.id and target.legs:
                answer = self._private.between(balancer.endpoint, balancer.legs, target.endpoint, target.legs)
                yield name, doubted(answer, (doubt,))

    def _to_target(
        self, balancer: Placed, group: r.TargetGroup, port: r.Number | None, client: list[Leg], target: Placed
    ) -> Answer[Hop]:
        own = port if port is not None else group.port
        found = services(group.id, group.protocol, own, own)
        only, ends = _flows(found.possible), (balancer.endpoint, balancer.legs, target.endpoint, target.legs)
        keeps = group.preserves_client_address
        answers = []
        if keeps is not True:
            answers.append(self._private.between(*ends, only))
        if keeps is not False:
            answers.append(self._private.between(*ends, only, _addresses(client)))
        answer = max(answers, key=lambda item: ("no", "unknown", "yes").index(item.state))
        if isinstance(keeps, Unknown) and answers[0].state != answers[1].state:
            answer = doubted(answer, (keeps,))
        return doubted(answer, found.unknowns)


def _addresses(client: list[Leg]) -> Spans:
    """The addresses that a client shows; one that is not known is certain to be none in particular."""
    if not client:
        return Spans(INTERNET_ADDRESSES, INTERNET_ADDRESSES)
    total = Spans((), ())
    for leg in client:
        total = total.joined(leg.spans)
    pins = tuple(doubt for leg in client for _, doubt in leg.pins)
    return Spans(() if pins else total.certain, total.possible, total.unknowns + pins)


def _flows(service: tuple[Intervals, Intervals]) -> FlowSet:
    return FlowSet(tuple((*service, family, family) for family in (IPV4, IPV6)))


def doubted(answer: Answer[Hop], doubts: tuple[Unknown, ...]) -> Answer[Hop]:
    """An answer that depends on further unknown values, if there are any."""
    if answer.is_no or not doubts:
        return answer
    found = tuple(dict.fromkeys((*answer.unknowns, *doubts)))
    return unknown(f"depends on {', '.join(str(item) for item in found)}", found, answer.witness)
