"""Who can reach whom in a cluster: NetworkPolicies over workloads, Services and Ingresses.

Policies of other APIs (Cilium, Calico, AdminNetworkPolicy) are not read: where one is in the cluster, what pods reach
is not known. Whether the cluster enforces policies at all is another matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeVar

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, Unknown, UnknownRead
from lychgate.reasoning.network import (
    INTERNET,
    Answer,
    Cluster,
    ContainerPort,
    IpBlock,
    Namespace,
    NetworkPolicy,
    Pod,
    PodReach,
    PolicyPeer,
    PolicyPort,
    PolicyRule,
)
from lychgate.reasoning.network import Unknown as Doubt
from lychgate.reasoning.network.addresses import IPV6_BASE
from lychgate.reasoning.network.pods import Direction, concerns, selects
from lychgate.views.kubernetes import NAMESPACES
from lychgate.views.kubernetes_objects import (
    cluster_of,
    is_patch,
    kind_of,
    namespace_name,
    object_name,
    opened,
    read_of,
)
from lychgate.views.kubernetes_selectors import doubt, label_selector, labels_at, text_or_doubt, unread
from lychgate.views.kubernetes_workloads import Workload

T = TypeVar("T")

POLICIES = ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "kubernetes:extensions/v1beta1:NetworkPolicy")
# Kinds of other APIs that filter traffic of pods as well, and add to or override what NetworkPolicies say.
FOREIGN = (
    "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy",
    "ClusterNetworkPolicy", "GlobalNetworkPolicy", "ApplicationNetworkPolicy",
)  # fmt: skip
# Where pods have their addresses when nobody says: not on the internet (RFC 1918, 6598).
POD_CIDRS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
# Pods that no rule names: without labels, in a namespace without labels, of either family of addresses.
STRANGER = "any pod of another namespace"
STRANGERS = {STRANGER: (), f"{STRANGER} (IPv6)": ("fc00::/7", "2000::/3")}
ANY_POD = "any pod of namespace "


class PodNetwork:
    """The pods, policies and namespaces of one cluster."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph, self.name = graph, name
        self.workloads: dict[str, Workload] = {}
        pods = [Pod(name, STRANGER, addresses=addresses) for name, addresses in STRANGERS.items()]
        for workload in Workload.all(graph):
            if workload.partial or workload.cluster != name:
                continue
            try:
                pods.append(_pod(workload))
            except UnknownRead:
                continue  # asked for, it says so itself
            self.workloads[workload.resource.urn] = workload
        self.policies, self.unplaced = _policies(graph, name)
        self.namespaces = {one.name: one for one in _namespaces(graph, name)}
        known = {policy.namespace for policy in self.policies} | self.namespaces.keys()
        pods += [Pod(f"{ANY_POD}{namespace}", namespace) for namespace in sorted(known)]
        self.cluster = Cluster(pods, self.policies, [*self.namespaces.values(), Namespace(STRANGER)], POD_CIDRS)

    @cached_property
    def foreign(self) -> Resource | None:
        """A policy of another API that is in force in the cluster."""
        for type_, resources in self.graph.by_type.items():
            if type_.rpartition(":")[2] in FOREIGN or type_.startswith("kubernetes:crd.projectcalico.org"):
                for one in resources:
                    if cluster_of(self.graph, one) == self.name:
                        return one
        return None

    @cached_property
    def by_namespace(self) -> dict[str, list[NetworkPolicy]]:
        """The policies of each namespace."""
        found: dict[str, list[NetworkPolicy]] = {}
        for policy in self.policies:
            found.setdefault(policy.namespace, []).append(policy)
        return found

    def decided(self, answer: Answer[T]) -> bool:
        """Whether the answer is yes. Raises `UnknownRead` where it is unknown, or more policies may be in force."""
        self.settled()
        if answer.is_unknown:
            raise unread(answer.unknowns[0])
        return answer.is_yes

    def open_to_strangers(self, pod: str) -> PodReach | None:
        """How pods that no rule names reach a pod; None where they do not. Raises `UnknownRead`."""
        self.settled()
        answers = [self.cluster.pods_reachable(stranger, pod) for stranger in STRANGERS]
        certain = next((one.witness for one in answers if one.is_yes), None)
        if certain is None:
            for one in answers:
                self.decided(one)
        return certain

    def settled(self) -> None:
        """Raises `UnknownRead` where policies are in force that are not read, or whose namespace is unknown."""
        if self.unplaced:
            raise self.unplaced[0]
        if self.foreign is not None:
            kind = self.foreign.type.rpartition(":")[2]
            why = f"is a {kind}, which filters traffic as well and is not read"
            raise UnknownRead(self.foreign.urn, self.foreign.name, why)

    def defaults(self, namespace: str, direction: Direction) -> list[NetworkPolicy]:
        """The policies that isolate every pod of a namespace in a direction. Raises `UnknownRead`."""
        found = []
        for policy in self.by_namespace.get(namespace, ()):
            everything = _selects_everything(policy)
            states = (everything, concerns(policy, direction))
            if False in states:
                continue
            unsure = next((state for state in states if isinstance(state, Doubt)), None)
            if unsure is not None:
                raise unread(unsure)
            found.append(policy)
        return found

    def selecting(self, pod: Pod, direction: Direction) -> list[NetworkPolicy]:
        """The policies that isolate a pod in a direction, or may do so."""
        return [
            policy
            for policy in self.by_namespace.get(pod.namespace, ())
            if selects(policy.pod_selector, pod.labels) is not False and concerns(policy, direction) is not False
        ]


def told(graph: Graph, reach: PodReach) -> str:
    """What lets flows through, in words: the rules of policies, or that none is there."""
    parts = []
    for step in reach.steps:
        policy = graph.by_urn.get(step.record)
        direction = step.detail.split()[-1]
        if policy is not None and kind_of(policy.type) == "NetworkPolicy":
            parts.append(f"{step.detail} of the NetworkPolicy {policy.name} lets it through")
        elif step.record not in (*STRANGERS, INTERNET):
            name = policy.name if policy is not None else step.record
            parts.append(f"no NetworkPolicy isolates {name} for {direction}")
    return ", and ".join(parts)


def breadth(reach: PodReach, side: int) -> int:
    """How many IPv4 addresses a side of the flows takes in; those of IPv6 count as so many of its /64 networks."""
    spans = reach.flows.values(side)
    count = 0
    for low, high in spans:
        count += max(0, min(high, IPV6_BASE - 1) - low + 1)
        count += max(0, high - max(low, IPV6_BASE) + 1) >> 64
    return count


def network_of(graph: Graph, cluster: str) -> PodNetwork:
    """The pod network of a cluster, made once."""
    return graph.once(("pod network", cluster), lambda: PodNetwork(graph, cluster))


def pod_of(workload: Workload) -> tuple[PodNetwork, Pod]:
    """A workload's network, and its pods in it.

    Raises `UnknownRead` where its namespace is unknown, or where it has no policy in sight and its namespace belongs to
    somebody else, who may have put one there.
    """
    network = network_of(workload.graph, workload.cluster)
    pod = network.cluster.pods.get(workload.resource.urn) or _pod(workload)
    home = workload.home
    theirs = home is None or home.external
    if theirs and pod.namespace != "default" and not network.by_namespace.get(pod.namespace):
        why = f"is {pod.namespace}, which is not among what is judged, and neither are its NetworkPolicies"
        raise UnknownRead(workload.resource.urn, "metadata.namespace", why)
    return network, pod


def _namespaces(graph: Graph, cluster: str) -> Iterator[Namespace]:
    """The namespaces whose labels are known. Of one that is only looked up or patched they are not."""
    for one in graph.of_type(*NAMESPACES):
        if one.external or is_patch(one) or cluster_of(graph, one) != cluster:
            continue
        try:
            yield Namespace(object_name(one), labels_at(read_of(graph, one), "metadata.labels"))
        except UnknownRead:
            continue


def _pod(workload: Workload) -> Pod:
    pod = workload.pod
    host = opened(pod.values.get("hostNetwork"))
    return Pod(
        workload.resource.urn,
        workload.namespace,
        workload.pod_labels,
        tuple(_named_ports(workload)),
        host_network=doubt(pod, "hostNetwork", host) if isinstance(host, Unknown) else host is True or host == "true",
    )


def _named_ports(workload: Workload) -> Iterator[ContainerPort]:
    for container in workload.containers:
        for port in container.ports:
            name = port.values.get("name")
            if name is not None:
                number = opened(port.values.get("containerPort"))
                yield ContainerPort(
                    str(opened(name)), port.text("protocol") or "TCP", _number(port, "containerPort", number)
                )


def _number(block: Block, name: str, value: Any) -> Any:
    """A port: a number, a name, or the record of an unknown."""
    if isinstance(value, Unknown):
        return doubt(block, name, value)
    if isinstance(value, float):
        return int(value)
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _policies(graph: Graph, cluster: str) -> tuple[list[NetworkPolicy], list[UnknownRead]]:
    found, unplaced = [], []
    for one in graph.of_type(*POLICIES):
        if cluster_of(graph, one) != cluster or one.external:
            continue
        try:
            found.append(_policy(one.urn, namespace_name(graph, one), read_of(graph, one)))
        except UnknownRead as unknown:
            unplaced.append(unknown)
    return found, unplaced


def _policy(urn: str, namespace: str, read: Block) -> NetworkPolicy:
    spec = read.block("spec")
    selector = label_selector(spec, "podSelector")
    types = opened(spec.values.get("policyTypes"))
    if isinstance(types, Unknown):
        policy_types: Any = doubt(spec, "policyTypes", types)
    else:
        policy_types = None if types is None else tuple(text_or_doubt(spec, "policyTypes", one) for one in types)
    given = {} if selector is None else {"pod_selector": selector}
    return NetworkPolicy(
        urn,
        namespace,
        ingress=_rules(spec, "ingress", "from"),
        egress=_rules(spec, "egress", "to"),
        policy_types=policy_types,
        **given,
    )


def _each(block: Block, name: str) -> Iterator[Block | Doubt]:
    """The objects of a list; an unknown in the place of one, or of all."""
    value = opened(block.values.get(name))
    if isinstance(value, Unknown):
        yield doubt(block, name, value)
        return
    for index, item in enumerate(value or ()):
        bare, path = opened(item), f"{name}[{index}]"
        if isinstance(bare, Unknown):
            yield doubt(block, path, bare)
        else:
            yield Block(bare or {}, block.urn, block.at(path))


def _rules(spec: Block, name: str, side: str) -> tuple[PolicyRule | Doubt, ...]:
    return tuple(
        rule
        if isinstance(rule, Doubt)
        else PolicyRule(
            tuple(peer if isinstance(peer, Doubt) else _peer(peer) for peer in _each(rule, side)),
            tuple(port if isinstance(port, Doubt) else _port(port) for port in _each(rule, "ports")),
        )
        for rule in _each(spec, name)
    )


def _peer(peer: Block) -> PolicyPeer:
    value = opened(peer.values.get("ipBlock"))
    ip_block: IpBlock | Doubt | None = None
    if isinstance(value, Unknown):
        ip_block = doubt(peer, "ipBlock", value)
    elif value is not None:
        inside = Block(value, peer.urn, peer.at("ipBlock"))
        left_out = opened(value.get("except"))
        excepted = (
            (doubt(inside, "except", left_out),)
            if isinstance(left_out, Unknown)
            else tuple(text_or_doubt(inside, "except", one) for one in left_out or ())
        )
        ip_block = IpBlock(text_or_doubt(inside, "cidr", value.get("cidr")), excepted)
    return PolicyPeer(label_selector(peer, "podSelector"), label_selector(peer, "namespaceSelector"), ip_block)


def _port(port: Block) -> PolicyPort:
    protocol = port.values.get("protocol")
    return PolicyPort(
        "TCP" if protocol is None else text_or_doubt(port, "protocol", protocol),
        _number(port, "port", opened(port.values.get("port"))),
        _number(port, "endPort", opened(port.values.get("endPort"))),
    )


def _selects_everything(policy: NetworkPolicy) -> bool | Doubt:
    selector = policy.pod_selector
    if isinstance(selector, Doubt):
        return selector
    if isinstance(selector.match_labels, Doubt):
        return selector.match_labels
    return not selector.match_labels and not selector.match_expressions
