"""Which workloads of another owner (tenant, environment) reach a workload, without asking for every pair of them.

Two pods can only meet where the rules of both name each other's namespace, or name nobody. Who is left is asked
exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from lychgate.model.graph import Graph
from lychgate.model.values import UnknownRead
from lychgate.reasoning.network import IpBlock, NetworkPolicy, PodReach, PolicyPeer
from lychgate.reasoning.network import Unknown as Doubt
from lychgate.reasoning.network.addresses import block
from lychgate.reasoning.network.intervals import Intervals, intersect, normal
from lychgate.reasoning.network.pods import Direction, both, concerns, selects
from lychgate.reasoning.tenancy import Dimension
from lychgate.views import owners
from lychgate.views.base import View
from lychgate.views.kubernetes_network import POD_CIDRS, PodNetwork, network_of, pod_of
from lychgate.views.kubernetes_selectors import unread
from lychgate.views.kubernetes_workloads import Workload

PODS: Intervals = normal(pair for cidr in POD_CIDRS for pair in block(cidr))


def owner_of(view: View, dimension: Dimension) -> str | None:
    """Whose it is; None for what is shared, or carries no label."""
    urn = view.resource.urn
    return view.graph.once(
        ("owner", dimension, urn), lambda: owners.owner_of(view.graph, view.resource, dimension).owner(dimension)
    )


def reached_from(workload: Workload, dimension: Dimension) -> tuple[Workload, PodReach] | None:
    """A workload of another owner that reaches this one, and how; None where there is none.

    Raises `UnknownRead` where one may reach it, and none does for certain. Pods on the network of their node are left
    out as sources: NetworkPolicies do not govern them.
    """
    network, pod = pod_of(workload)
    network.settled()
    owner = owner_of(workload, dimension)
    unknown: UnknownRead | None = None
    for other in meetings_of(workload.graph, network.name).with_others(workload, owner, dimension):
        answer = network.cluster.pods_reachable(other.resource.urn, pod.id)
        if answer.is_yes and answer.witness:
            return other, answer.witness
        if answer.is_unknown and unknown is None:
            unknown = unread(answer.unknowns[0])
    if unknown is not None:
        raise unknown
    return None


class Meetings:
    """The workloads of a cluster by the namespaces that their egress may lead to."""

    def __init__(self, network: PodNetwork) -> None:
        self.network = network
        self._known: dict[tuple[str, ...], set[str] | None] = {}
        self._owned: dict[Dimension, dict[str, list[Workload]]] = {}

    def with_others(self, workload: Workload, owner: str | None, dimension: Dimension) -> Iterator[Workload]:
        """Workloads of other owners that may reach this one."""
        inside = self.network.cluster.pods[workload.resource.urn].namespace
        allowed = self.openings(workload, "ingress")
        for other in self._bound.get(inside, ()):
            if self._differs(other, owner, dimension) and (allowed is None or self._home(other) in allowed):
                yield other
        for name, senders in self._free(dimension).items():
            if name != owner:
                yield from (one for one in senders if allowed is None or self._home(one) in allowed)

    def _differs(self, other: Workload, owner: str | None, dimension: Dimension) -> bool:
        return owner_of(other, dimension) not in (None, owner)

    def _home(self, workload: Workload) -> str:
        return self.network.cluster.pods[workload.resource.urn].namespace

    def _free(self, dimension: Dimension) -> dict[str, list[Workload]]:
        """By owner, the workloads whose egress may lead anywhere."""
        if dimension not in self._owned:
            found: dict[str, list[Workload]] = {}
            for workload, to in self._senders:
                owner = owner_of(workload, dimension)
                if to is None and owner is not None:
                    found.setdefault(owner, []).append(workload)
            self._owned[dimension] = found
        return self._owned[dimension]

    @cached_property
    def _senders(self) -> list[tuple[Workload, set[str] | None]]:
        pods = self.network.cluster.pods
        return [
            (one, self.openings(one, "egress"))
            for urn, one in self.network.workloads.items()
            if pods[urn].host_network is False
        ]

    @cached_property
    def _bound(self) -> dict[str, list[Workload]]:
        """By namespace, the workloads whose egress may lead there and not everywhere."""
        found: dict[str, list[Workload]] = {}
        for workload, to in self._senders:
            for namespace in to or ():
                found.setdefault(namespace, []).append(workload)
        return found

    def openings(self, workload: Workload, direction: Direction) -> set[str] | None:
        """The namespaces whose pods the rules of a workload may let through; None for any."""
        pod = self.network.cluster.pods[workload.resource.urn]
        policies = self.network.selecting(pod, direction)
        if not any(both(selects(one.pod_selector, pod.labels), concerns(one, direction)) is True for one in policies):
            return None
        key = (direction, *(policy.id for policy in policies))
        if key not in self._known:
            self._known[key] = self._union(policies, direction)
        return self._known[key]

    def _union(self, policies: list[NetworkPolicy], direction: Direction) -> set[str] | None:
        found: set[str] = set()
        for policy in policies:
            for rule in policy.ingress if direction == "ingress" else policy.egress:
                if isinstance(rule, Doubt) or not rule.peers:
                    return None
                for peer in rule.peers:
                    named = None if isinstance(peer, Doubt) else self._of_peer(policy, peer)
                    if named is None:
                        return None
                    found |= named
        return found

    def _of_peer(self, policy: NetworkPolicy, peer: PolicyPeer) -> set[str] | None:
        if peer.ip_block is not None:
            return None if isinstance(peer.ip_block, Doubt) or _may_hold_pods(peer.ip_block) else set()
        if peer.namespace_selector is None:
            return {policy.namespace} if peer.pod_selector is not None else set()
        known = self.network.namespaces
        return {
            name
            for name in {pod.namespace for pod in self.network.cluster.pods.values()}
            if name not in known or selects(peer.namespace_selector, known[name].labels, name) is not False
        }


def _may_hold_pods(ip_block: IpBlock) -> bool:
    try:
        return isinstance(ip_block.cidr, Doubt) or bool(intersect(block(ip_block.cidr), PODS))
    except ValueError:
        return True


def meetings_of(graph: Graph, cluster: str) -> Meetings:
    """The meetings of a cluster, made once."""
    return graph.once(("pod meetings", cluster), lambda: Meetings(network_of(graph, cluster)))
