"""Who can reach whom in the graph: its network, translated once, with its answers in words.

::

    net = network_of(graph)
    net.network                          # lychgate.reasoning.network.Network: reachable, paths, ...
    net.record(resource)                 # the name of its record: "sg app", "database orders"
    net.is_endpoint(resource)            # whether it has an interface that the network knows of
    net.from_internet(record, hops=3)    # Answer[Path]: the chain from the internet
    net.words(path.hops)                 # "internet -> igw main -> lb web (tcp 443 by sg rule web) -> ..."
    net.reached_from_others(owner)       # URN -> Foreign: for every endpoint, who of another owner reaches it

What is modelled: security groups (inline, SecurityGroupRule, SecurityGroupIngressRule and -EgressRule, the default
group), prefix lists, network ACLs, route tables, NAT, peerings, transit gateways; instances, Auto Scaling groups, ECS
services, functions, EKS clusters and nodes, load balancers with their targets, and the data stores of `network_stores`.
Not modelled: pods (`views/kubernetes`), API Gateway's VPC links, App Runner, Global Accelerator, PrivateLink services.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import reading
from lychgate.reasoning.network import (
    INTERNET,
    PORT,
    PROTOCOL,
    Answer,
    Endpoint,
    Flow,
    FlowSet,
    Hop,
    Listener,
    LoadBalancer,
    Network,
    Path,
    Record,
    SecurityRule,
    Step,
    Subnet,
    Unknown,
)
from lychgate.reasoning.network.flows import ALL_PORTS, PROTOCOL_NUMBERS, service_text
from lychgate.reasoning.network.intervals import covers
from lychgate.reasoning.network.inventory import services
from lychgate.views import network_balancers, network_groups, network_links, network_stores
from lychgate.views.network_homes import Homes
from lychgate.views.network_places import Places
from lychgate.views.network_reading import Translation
from lychgate.views.network_workloads import Workloads

MOST_WORDS = 3
TWICE = re.compile(r"\b(igw|nat|tgw|peering) (?=\1 )")
GATEWAY = re.compile(r"leads to igw (.+)$")


@dataclass(frozen=True, slots=True)
class Foreign:
    """That an endpoint is reached by one of another owner: by which, and how (or what would decide it)."""

    source: Resource
    answer: Answer[Hop]


class GraphNetwork:
    """The network of a graph, with its answers in words."""

    def __init__(self, graph: Graph) -> None:
        t = Translation(graph)
        homes = Homes(t)
        places = Places(t, homes)
        workloads = Workloads(t, homes, places)
        t.implicit_groups += workloads.brings()
        places.subnets()
        network_links.translate(t)
        workloads.translate()
        network_stores.translate(t, homes)
        network_balancers.translate(t, homes)
        places.others()
        t.implicit_groups += homes.groups()
        network_groups.translate(t)
        self.records, self.resources, self.names, self.secrets = t.records, t.resources, t.names, t.secrets
        self.rules, self.group_of_rule, self.reasons = t.rules, t.group_of_rule, t.reasons
        self.rule_by_id = {one.id: one for row in t.rules.values() for one in row if isinstance(one, SecurityRule)}
        self.narrow = t.narrow
        self.homes = homes
        self.balancers = {one.endpoint for one in t.records if isinstance(one, LoadBalancer)}
        self.vpc_of = {one.id: one.vpc for one in t.records if isinstance(one, Subnet)}
        self.network = Network(t.records)
        self._doors: dict[frozenset[int], Network] = {}

    def record(self, resource: Resource) -> str:
        """The name of a resource's record."""
        return self.names.of(resource)

    def is_endpoint(self, resource: Resource) -> bool:
        """Whether it has an interface that the network knows of."""
        return self.record(resource) in self.network.endpoints

    def endpoint(self, resource: Resource) -> Endpoint | None:
        """Its endpoint; None where it has no interface of its own."""
        return self.network.endpoints.get(self.record(resource))

    def from_internet(self, record: str, hops: int) -> Answer[Path]:
        """The shortest chain of hops that leads from the internet to an endpoint."""
        return self.network.paths([INTERNET], record, hops)

    def through_balancers(self, record: str, without: frozenset[int]) -> Answer[Path]:
        """How the internet reaches an endpoint through a load balancer's listener on a port that is not one of
        `without`."""
        if without not in self._doors:
            self._doors[without] = Network(self._only_balancers(without))
        return self._doors[without].paths([INTERNET], record, 2)

    def _only_balancers(self, without: frozenset[int]) -> Iterable[Record]:
        for one in self.records:
            if isinstance(one, LoadBalancer):
                row = tuple(
                    item for item in one.listeners if not isinstance(item, Listener) or item.port not in without
                )
                yield replace(one, listeners=row)
            elif isinstance(one, Endpoint) and one.id not in self.balancers:
                yield replace(one, public_address=False, ipv6_address=False)
            else:
                yield one

    def reached_from_others(self, owner: Callable[[Resource], Hashable]) -> dict[str, Foreign]:
        """For every endpoint (by URN) that an endpoint of another owner reaches, or may reach: one that does.

        `owner` says who has a resource, None for nobody. One search for all: some milliseconds for each hundred
        endpoints.
        """
        owners = {
            record: who for record in self.network.endpoints if (who := owner(self.resources[record])) is not None
        }
        found = self.network.reached_from_others(owners)
        return {
            self.resources[target].urn: Foreign(self.resources[source], answer)
            for target, (source, answer) in found.items()
        }

    # In words

    def words(self, hops: Sequence[Hop]) -> str:
        """A chain of hops: `internet -> igw main -> lb web (tcp 443 by ingress[0] of sg web) -> ...`."""
        parts = [hops[0].source]
        for hop in hops:
            self._charge(hop)
            gateways = [found[1] for step in hop.steps if (found := GATEWAY.search(step.detail))]
            if hop.source == INTERNET or hop.target == INTERNET:
                parts += gateways[:1]
            parts.append(hop.target + self._by(hop))
        return " -> ".join(parts)

    def _by(self, hop: Hop) -> str:
        way = "egress" if hop.target == INTERNET else "ingress"
        rules = [one for one in hop.steps if one.kind == "security-group" and one.detail.startswith(way)]
        words = services_words(hop.flows)
        if not rules:
            return f" ({words})"
        rule = self.rule_by_id.get(rules[-1].record)
        own = "" if rule is None or _covers(rule, hop.flows) else f"; {_service(hop.flow)}"
        return f" ({words}{own} by {rules[-1].record})"

    def witness(self, hops: Sequence[Hop]) -> dict[str, Any]:
        """The proof of a chain as plain JSON: each hop with the flow, and the rule or route at each place."""
        return {
            "path": self.words(hops),
            "hops": [
                {
                    "from": hop.source,
                    "to": hop.target,
                    "flow": str(hop.flow),
                    "steps": [_said(step) for step in hop.steps],
                }
                for hop in hops
            ],
        }

    def doubts(self, unknowns: Iterable[Unknown]) -> str:
        """What an answer depends on, and why that is not known."""
        row = list(dict.fromkeys(self._doubt(one) for one in unknowns))
        return ", ".join(row[:MOST_WORDS]) + (f" and {len(row) - MOST_WORDS} more" if len(row) > MOST_WORDS else "")

    def _doubt(self, unknown: Unknown) -> str:
        if unknown.field == "definition":
            return f"{unknown.record}, which is not among the judged resources"
        why = self.reasons.get(unknown)
        return f"the {unknown.field} of {unknown.record}" + (f" ({why})" if why else "")

    def _charge(self, hop: Hop) -> None:
        """What is said of a record that a secret went into is derived from the secret."""
        for record in (hop.source, hop.target, *(step.record for step in hop.steps)):
            self.charge(record)

    def charge(self, record: str) -> None:
        """Note that the secrets of a record were read."""
        reading.secrets |= self.secrets.get(record, frozenset())

    def steps(self, steps: Iterable[Step]) -> list[str]:
        """Steps in words."""
        row = list(steps)
        for step in row:
            self.charge(step.record)
        return [_said(step) for step in row]


def _said(step: Step) -> str:
    """A step in words; the names of gateways say already what they are."""
    return f"{step.record}: {TWICE.sub('', step.detail)}"


def _covers(rule: SecurityRule, flows: FlowSet) -> bool:
    """Whether a rule is for all protocols and ports of the flows: another one may let some of them through."""
    spans = services(rule.id, rule.protocol, rule.from_port, rule.to_port).possible
    return all(covers(mine, flows.values(side)) for side, mine in zip((PROTOCOL, PORT), spans, strict=True))


def _service(flow: Flow) -> str:
    return service_text(((flow.protocol,) * 2,), ((flow.port,) * 2,))


def services_words(flows: FlowSet) -> str:
    """Protocols and ports of flows: `tcp 443`, `tcp 0-442, 444-65535 and udp`, `every protocol`."""
    names = sorted(PROTOCOL_NUMBERS, key=lambda name: name not in ("tcp", "udp"))
    ports = {name: flows.only(PROTOCOL, ((PROTOCOL_NUMBERS[name],) * 2,)).values(PORT) for name in names}
    if all(spans == ALL_PORTS for spans in ports.values()):
        return "every protocol"
    parts = [
        service_text(((PROTOCOL_NUMBERS[name],) * 2,), spans[:MOST_WORDS]) + (", ..." if spans[MOST_WORDS:] else "")
        for name, spans in ports.items()
        if spans
    ]
    return " and ".join(parts) or "another protocol"


def network_of(graph: Graph) -> GraphNetwork:
    """The network of a graph, made on first use."""
    return graph.once("network", lambda: GraphNetwork(graph))
