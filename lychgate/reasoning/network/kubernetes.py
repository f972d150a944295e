"""The questions that rules ask of NetworkPolicies: isolation, reach between pods, the internet.

Source: Kubernetes documentation, "Network Policies", and the API reference of NetworkPolicy v1. Only TCP, UDP and SCTP
are spoken of: a policy says nothing on other protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lychgate.reasoning.network.addresses import ANYWHERE, INTERNET_ADDRESSES, IPV4, block
from lychgate.reasoning.network.answers import Answer, Bounds, Step, Unknown, no, unknown, yes
from lychgate.reasoning.network.flows import (
    ALL_PORTS,
    DESTINATION,
    NO_FLOWS,
    PROTOCOL_NAMES,
    PROTOCOL_NUMBERS,
    SCTP,
    SOURCE,
    TCP,
    UDP,
    Flow,
    FlowSet,
)
from lychgate.reasoning.network.internet import INTERNET
from lychgate.reasoning.network.intervals import Intervals, covers, intersect, normal, subtract, union
from lychgate.reasoning.network.pods import (
    Direction,
    IpBlock,
    Namespace,
    NetworkPolicy,
    Pod,
    PolicyPeer,
    PolicyPort,
    PolicyRule,
    both,
    concerns,
    selects,
)

_PROTOCOLS: Intervals = normal((number, number) for number in (TCP, UDP, SCTP))
POD_FLOWS = FlowSet(((_PROTOCOLS, ALL_PORTS, ANYWHERE, ANYWHERE),))


@dataclass(frozen=True, slots=True)
class PodReach:
    """A reach between two pods, or a pod and INTERNET: all flows that pass, and what lets one of them through."""

    source: str
    target: str
    flows: FlowSet
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        flow = self.flows.example()
        return f"{self.source} -> {self.target} ({PROTOCOL_NAMES[flow.protocol]} {flow.port}) by " + ", ".join(
            str(step) for step in self.steps
        )


@dataclass(frozen=True, slots=True)
class _Side:
    """What one pod's policies let through in one direction, and why."""

    bounds: Bounds
    doubts: tuple[Unknown, ...]
    steps: Callable[[Flow], tuple[Step, ...]]
    refusal: str


class Cluster:
    """The pods, namespaces and NetworkPolicies of a cluster.

    `enforced`: whether the network plugin enforces policies; the VPC CNI of EKS does so only when told to (EKS User
    Guide, "Limit Pod traffic with Kubernetes network policies"). `pod_cidrs`: where pods without known addresses have
    theirs, any IPv4 address when not given. A namespace that is not given has unknown labels. Raises ValueError when
    two pods share an id.
    """

    def __init__(
        self,
        pods: Iterable[Pod],
        policies: Iterable[NetworkPolicy],
        namespaces: Iterable[Namespace] = (),
        pod_cidrs: tuple[str, ...] = (),
        enforced: bool | Unknown = True,
    ) -> None:
        self.pods: dict[str, Pod] = {}
        for pod in pods:
            if pod.id in self.pods:
                raise ValueError(f"two pods with the id {pod.id!r}")
            self.pods[pod.id] = pod
        self._namespaces = {item.name: item for item in namespaces}
        self._policies: dict[str, list[NetworkPolicy]] = {}
        for policy in policies:
            self._policies.setdefault(policy.namespace, []).append(policy)
        self._enforced = enforced
        self._spans = normal(pair for cidr in pod_cidrs for pair in block(cidr)) or IPV4

    def isolated(self, pod: str, direction: Direction) -> Answer[tuple[str, ...]]:
        """Whether any policy isolates a pod in a direction; the witness is the policies' ids. Raises KeyError."""
        chosen = self._selecting(self.pods[pod], direction)
        sure = tuple(policy.id for policy, state in chosen if state is True)
        doubts = tuple(dict.fromkeys(state for _, state in chosen if isinstance(state, Unknown)))
        if sure:
            return yes(sure, f"{pod} is isolated for {direction} by {', '.join(sure)}")
        if doubts:
            maybe = tuple(policy.id for policy, _ in chosen)
            return unknown(f"whether {pod} is isolated for {direction} depends on {doubts[0]}", doubts, maybe)
        return no(f"no policy that is enforced isolates {pod} for {direction}")

    def pods_reachable(self, source: str, target: str, flows: FlowSet | None = None) -> Answer[PodReach]:
        """Whether policies let one pod (or one of a workload's) reach another, on some of `flows` (any by default).

        Both sides must let it: the source's egress and the target's ingress. Raises KeyError for an unknown id.
        """
        near, far = self.pods[source], self.pods[target]
        sides = (self._side(near, "egress", far), self._side(far, "ingress", near))
        return self._answer(source, target, sides, POD_FLOWS if flows is None else POD_FLOWS & flows)

    def internet_egress(self, pod: str) -> Answer[PodReach]:
        """Whether policies let a pod reach the internet, and where and on which ports. Raises KeyError."""
        within = POD_FLOWS.only(DESTINATION, INTERNET_ADDRESSES)
        return self._answer(pod, INTERNET, (self._side(self.pods[pod], "egress", None),), within)

    def internet_ingress(self, pod: str) -> Answer[PodReach]:
        """Whether policies let internet addresses in to a pod, should something lead them there. Raises KeyError."""
        within = POD_FLOWS.only(SOURCE, INTERNET_ADDRESSES)
        return self._answer(INTERNET, pod, (self._side(self.pods[pod], "ingress", None),), within)

    def _answer(self, source: str, target: str, sides: tuple[_Side, ...], within: FlowSet) -> Answer[PodReach]:
        total = Bounds(within, within)
        for side in sides:
            total = total & side.bounds
            if not total.possible:
                return no(f"{source} does not reach {target}: {side.refusal}")
        flows = total.certain or total.possible
        flow = flows.example()
        hop = PodReach(source, target, flows, tuple(step for side in sides for step in side.steps(flow)))
        if total.certain:
            return yes(hop, str(hop))
        doubts = tuple(
            dict.fromkeys(doubt for side in sides if not side.bounds.certain.holds(flow) for doubt in side.doubts)
        )
        return unknown(f"whether {source} reaches {target} depends on {doubts[0]}", doubts, hop)

    # One side

    def _selecting(self, pod: Pod, direction: Direction) -> list[tuple[NetworkPolicy, bool | Unknown]]:
        """The policies that isolate a pod in a direction, or may do so."""
        found: list[tuple[NetworkPolicy, bool | Unknown]] = []
        for policy in self._policies.get(pod.namespace, ()):
            state = both(selects(policy.pod_selector, pod.labels), concerns(policy, direction))
            state = both(both(state, self._enforced), _governed(pod))
            if state is not False:
                found.append((policy, state))
        return found

    def _side(self, pod: Pod, direction: Direction, peer: Pod | None) -> _Side:
        chosen = self._selecting(pod, direction)
        if not chosen:
            open_step = (Step("network-policy", pod.id, f"no policy isolates it for {direction}"),)
            return _Side(Bounds(POD_FLOWS, POD_FLOWS), (), lambda _: open_step, "")
        parts = [(state, *self._policy(policy, direction, pod, peer)) for policy, state in chosen]
        doubts = [state for state, _, _ in parts if isinstance(state, Unknown)]
        doubts += [doubt for _, _, found in parts for doubt in found]
        isolating = any(state is True for state, _, _ in parts)
        possible, certain = (NO_FLOWS, NO_FLOWS) if isolating else (POD_FLOWS, POD_FLOWS)
        for state, bounds, _ in parts:
            possible = possible | bounds.possible
            if isolating:
                certain = certain | bounds.certain if state is True else certain
            else:
                # Whichever of these policies turn out to select the pod, one alone gives at least its own.
                certain = certain & bounds.certain
        names = ", ".join(policy.id for policy, _ in chosen)
        return _Side(
            Bounds(certain, possible),
            tuple(doubts),
            lambda flow: self._steps(chosen, direction, pod, peer, flow),
            f"no {direction} rule of {names} lets that through",
        )

    def _steps(
        self,
        chosen: list[tuple[NetworkPolicy, bool | Unknown]],
        direction: Direction,
        pod: Pod,
        peer: Pod | None,
        flow: Flow,
    ) -> tuple[Step, ...]:
        """The first rule that lets a flow through; none where policies only perhaps isolate the pod."""
        for policy, _ in chosen:
            for at, rule in enumerate(policy.ingress if direction == "ingress" else policy.egress):
                if self._rule(policy, rule, direction, pod, peer)[0].possible.holds(flow):
                    return (Step("network-policy", policy.id, f"{direction} rule {at + 1}"),)
        return ()

    def _policy(
        self, policy: NetworkPolicy, direction: Direction, pod: Pod, peer: Pod | None
    ) -> tuple[Bounds, list[Unknown]]:
        total = Bounds(NO_FLOWS, NO_FLOWS)
        doubts: list[Unknown] = []
        for rule in policy.ingress if direction == "ingress" else policy.egress:
            bounds, found = self._rule(policy, rule, direction, pod, peer)
            total = total | bounds
            doubts += found
        return total, doubts

    def _rule(
        self, policy: NetworkPolicy, rule: PolicyRule | Unknown, direction: Direction, pod: Pod, peer: Pod | None
    ) -> tuple[Bounds, list[Unknown]]:
        if isinstance(rule, Unknown):
            return Bounds(NO_FLOWS, POD_FLOWS), [rule]
        ports, doubts = _ports(policy, rule, peer if direction == "egress" else pod)
        peers, more = self._peers(policy, rule, direction, peer)
        return ports & peers, [*doubts, *more]

    def _peers(
        self, policy: NetworkPolicy, rule: PolicyRule, direction: Direction, other: Pod | None
    ) -> tuple[Bounds, list[Unknown]]:
        if not rule.peers:
            return Bounds(POD_FLOWS, POD_FLOWS), []
        certain: Intervals = ()
        possible: Intervals = ()
        doubts: list[Unknown] = []
        for peer in rule.peers:
            low, high, found = self._peer(policy, peer, other)
            certain, possible = union(certain, low), union(possible, high)
            doubts += found
        side = SOURCE if direction == "ingress" else DESTINATION
        return Bounds(POD_FLOWS.only(side, certain), POD_FLOWS.only(side, possible)), doubts

    def _peer(
        self, policy: NetworkPolicy, peer: PolicyPeer | Unknown, other: Pod | None
    ) -> tuple[Intervals, Intervals, list[Unknown]]:
        """The addresses of the other side that one peer matches. A pod stands for all addresses: it matches or not."""
        if isinstance(peer, Unknown):
            return (), ANYWHERE, [peer]
        if peer.ip_block is not None:
            low, high, doubts = _block_spans(policy, peer.ip_block)
            return (low, high, doubts) if other is None else self._pod_in(other, low, high, doubts)
        if other is None or (peer.pod_selector is None and peer.namespace_selector is None):
            return (), (), []
        matched = both(self._selected(policy, peer, other), _governed(other))
        if isinstance(matched, Unknown):
            return (), ANYWHERE, [matched]
        return (ANYWHERE, ANYWHERE, []) if matched else ((), (), [])

    def _selected(self, policy: NetworkPolicy, peer: PolicyPeer, other: Pod) -> bool | Unknown:
        if peer.namespace_selector is None:
            inside: bool | Unknown = other.namespace == policy.namespace
        else:
            home = self._namespaces.get(other.namespace)
            labels = home.labels if home else Unknown(f"namespace {other.namespace}", "labels")
            inside = selects(peer.namespace_selector, labels, other.namespace)
        return inside if peer.pod_selector is None else both(inside, selects(peer.pod_selector, other.labels))

    def _pod_in(
        self, pod: Pod, low: Intervals, high: Intervals, doubts: list[Unknown]
    ) -> tuple[Intervals, Intervals, list[Unknown]]:
        """A pod against a block: matched when all its possible addresses are in it."""
        spans = normal(pair for cidr in pod.addresses for pair in block(cidr)) or self._spans
        if covers(low, spans):
            return ANYWHERE, ANYWHERE, []
        if not intersect(high, spans):
            return (), (), []
        return (), ANYWHERE, [*doubts, Unknown(pod.id, "address")]


def _governed(pod: Pod) -> bool | Unknown:
    """Whether policies see a pod as a pod: Kubernetes leaves it open for those on the host's network."""
    if isinstance(pod.host_network, Unknown):
        return pod.host_network
    if pod.host_network:
        return Unknown(pod.id, "hostNetwork, which each network plugin treats its own way")
    return True


def _block_spans(policy: NetworkPolicy, ip_block: IpBlock | Unknown) -> tuple[Intervals, Intervals, list[Unknown]]:
    if isinstance(ip_block, Unknown):
        return (), ANYWHERE, [ip_block]
    doubts: list[Unknown] = []
    spans: list[Intervals] = []
    for cidr in (ip_block.cidr, *ip_block.excepted):
        try:
            spans.append(() if isinstance(cidr, Unknown) else block(cidr))
        except ValueError:
            spans.append(())
            doubts.append(Unknown(policy.id, f"ipBlock {cidr!r}"))
        doubts.extend([cidr] if isinstance(cidr, Unknown) else [])
    known = normal(pair for part in spans[1:] for pair in part)
    whole = spans[0] or ANYWHERE
    high = subtract(whole, known)
    return (() if doubts else high), high, doubts


def _ports(policy: NetworkPolicy, rule: PolicyRule, receiver: Pod | None) -> tuple[Bounds, list[Unknown]]:
    """The protocols and ports of a rule; names are looked up on the receiving pod, and match nothing outside."""
    if not rule.ports:
        return Bounds(POD_FLOWS, POD_FLOWS), []
    total = Bounds(NO_FLOWS, NO_FLOWS)
    doubts: list[Unknown] = []
    for port in rule.ports:
        bounds, found = (
            (Bounds(NO_FLOWS, POD_FLOWS), [port]) if isinstance(port, Unknown) else _port(policy, port, receiver)
        )
        total = total | bounds
        doubts += found
    return total, doubts


def _port(policy: NetworkPolicy, port: PolicyPort, receiver: Pod | None) -> tuple[Bounds, list[Unknown]]:
    if isinstance(port.protocol, Unknown):
        return Bounds(NO_FLOWS, POD_FLOWS), [port.protocol]
    if port.protocol.lower() not in PROTOCOL_NUMBERS:
        return Bounds(NO_FLOWS, POD_FLOWS), [Unknown(policy.id, f"protocol {port.protocol!r}")]
    if isinstance(port.port, str):
        return _named(port.protocol, port.port, receiver)
    doubts = [item for item in (port.port, port.end_port) if isinstance(item, Unknown)]
    if port.port is None:
        return _exact(port.protocol, ALL_PORTS), []
    low = 0 if isinstance(port.port, Unknown) else port.port
    high = low if port.end_port is None else port.end_port
    high = 65535 if doubts and (isinstance(port.port, Unknown) or isinstance(high, Unknown)) else high
    exact = _exact(port.protocol, ((low, high if isinstance(high, int) else 65535),))
    return (Bounds(NO_FLOWS, exact.possible), doubts) if doubts else (exact, [])


def _named(protocol: str, name: str, receiver: Pod | None) -> tuple[Bounds, list[Unknown]]:
    if receiver is None:
        return Bounds(NO_FLOWS, NO_FLOWS), []
    if isinstance(receiver.ports, Unknown):
        return Bounds(NO_FLOWS, _exact(protocol, ALL_PORTS).possible), [receiver.ports]
    total = Bounds(NO_FLOWS, NO_FLOWS)
    doubts: list[Unknown] = []
    for item in receiver.ports:
        if item.name != name or item.protocol.upper() != protocol.upper():
            continue
        if isinstance(item.port, Unknown):
            total = total | Bounds(NO_FLOWS, _exact(protocol, ALL_PORTS).possible)
            doubts.append(item.port)
        else:
            total = total | _exact(protocol, ((item.port, item.port),))
    return total, doubts


def _exact(protocol: str, ports: Intervals) -> Bounds:
    number = PROTOCOL_NUMBERS[protocol.lower()]
    flows = FlowSet(((((number, number),), ports, ANYWHERE, ANYWHERE),))
    return Bounds(flows, flows)
