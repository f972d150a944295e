"""Reach from the internet and to it."""

from __future__ import annotations

from collections.abc import Iterable

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import ANYWHERE, INTERNET_ADDRESSES, INTERNET_IPV4, INTERNET_IPV6, IPV4, IPV6
from lychgate.reasoning.network.answers import EVERYTHING, Answer, Bounds, Hop, Step, Unknown, exactly, no
from lychgate.reasoning.network.filters import Filters
from lychgate.reasoning.network.flows import DESTINATION, NO_FLOWS, SOURCE, Flow, FlowSet
from lychgate.reasoning.network.intervals import Intervals, intersect
from lychgate.reasoning.network.inventory import Spans
from lychgate.reasoning.network.legs import Leg, listening
from lychgate.reasoning.network.routing import Decision
from lychgate.reasoning.network.stages import Stage, combine, ends, evaluate, nothing_to_say

INTERNET = "internet"

# Source ports that a NAT gateway takes (VPC User Guide, "NAT gateway basics").
_NAT_PORTS: Intervals = ((1024, 65535),)
# Routes whose target may itself lead on to the internet, by what is not modelled here.
_PERHAPS_ON = ("appliance", "tgw", "vpn")


class Internet:
    """Evaluates reaches between endpoints and the internet."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._gates: dict[tuple[object, ...], Stage] = {}

    def into(self, endpoint: r.Endpoint, legs: list[Leg], only: FlowSet | None = None) -> Answer[Hop]:
        """Whether, and with which flows (of `only`, if given), the internet reaches an endpoint."""
        listen, held = listening(endpoint)
        if only is not None:
            listen.append(Stage(exactly(only), f"{endpoint.id} does not listen there", nothing_to_say, nothing_to_say))
        if not legs:
            return evaluate(INTERNET, endpoint.id, [_outside(endpoint), *listen], held)
        answers: list[Answer[Hop]] = []
        for leg in legs:
            gate = self._gate(endpoint, leg)
            if not gate.bounds.possible:
                answers.append(no(f"{endpoint.id} {gate.refusal}"))
                continue
            group = self._filters.group(leg.groups, "ingress", None)
            row = [gate, _public_step(endpoint), group, *listen]
            answers.append(evaluate(INTERNET, endpoint.id, row, [*held, *leg.pinned(DESTINATION)]))
        return combine(INTERNET, endpoint.id, answers)

    def _gate(self, endpoint: r.Endpoint, leg: Leg) -> Stage:
        """All that lies before an interface's security groups as one stage, kept for interfaces alike."""
        key = (leg.subnet, leg.spans, endpoint.public_address)
        if key not in self._gates:
            spans = self._filters.leads(leg.subnet, "igw", unsure=("appliance",))
            row = [
                _public(endpoint, leg, outgoing=False),
                self._filters.route(leg.subnet, spans, "has no route to an internet gateway in its subnet", back=True),
                self._filters.acl(leg.subnet, "ingress"),
                self._filters.answers([(self._filters.acls.of_subnet(leg.subnet), "egress")]),
            ]
            self._gates[key] = _folded(row)
        return self._gates[key]

    def out(self, endpoint: r.Endpoint, legs: list[Leg]) -> Answer[Hop]:
        """Whether, and with which flows, an endpoint reaches the internet."""
        if not legs:
            step = Step("public-address", endpoint.id, "stands outside of every VPC")
            flows = exactly(ends(INTERNET_ADDRESSES, INTERNET_ADDRESSES))
            return evaluate(endpoint.id, INTERNET, [Stage(flows, "", lambda _: (step,), nothing_to_say)])
        answers: list[Answer[Hop]] = []
        for leg in legs:
            group = self._filters.group(leg.groups, "egress", None)
            if not group.bounds.possible:
                answers.append(no(f"{endpoint.id} does not reach the internet: {group.refusal}"))
                continue
            pins = leg.pinned(SOURCE)
            ways = [evaluate(endpoint.id, INTERNET, [group, *row], pins) for row in self._ways_out(endpoint, leg)]
            refused = f"no route of {leg.subnet.id} leads {endpoint.id} to the internet"
            answers.append(combine(endpoint.id, INTERNET, ways) if any(not way.is_no for way in ways) else no(refused))
        return combine(endpoint.id, INTERNET, answers)

    def _ways_out(self, endpoint: r.Endpoint, leg: Leg) -> Iterable[list[Stage]]:
        filters, subnet = self._filters, leg.subnet
        border = [filters.acl(subnet, "egress"), filters.answers([(filters.acls.of_subnet(subnet), "ingress")])]
        direct = filters.route(subnet, filters.leads(subnet, "igw"), "")
        yield [_public(endpoint, leg, outgoing=True), _public_step(endpoint), direct, *border]
        yield [
            _from(leg, IPV6, INTERNET_IPV6),
            filters.route(subnet, filters.leads(subnet, "egress-only"), ""),
            *border,
        ]
        beyond = filters.route(subnet, filters.leads(subnet, unsure=_PERHAPS_ON), "")
        yield [_from(leg, ANYWHERE, INTERNET_ADDRESSES), beyond, *border]
        hops = filters.routing.hops(subnet)
        for gateway in dict.fromkeys(hop.route.target for hop in hops if hop.route and hop.route.kind == "nat"):
            yield [_from(leg, IPV4, INTERNET_IPV4), *self._through_nat(leg, gateway)]

    def _through_nat(self, leg: Leg, gateway: r.Text | None) -> list[Stage]:
        """From an interface to its NAT gateway, and from that one's subnet to the internet."""
        filters = self._filters

        def to_gateway(route: r.Route | None) -> Decision:
            return "yes" if route and route.kind == "nat" and route.target == gateway else "no"

        found = filters.inventory.find(r.NatGateway, gateway or Unknown("route to a NAT gateway", "target"))
        subnet = filters.inventory.subnet(found if isinstance(found, Unknown) else found.subnet)
        public: r.Flag = found if isinstance(found, Unknown) else found.public
        far, near = filters.acls.of_subnet(subnet), filters.acls.of_subnet(leg.subnet)
        row = [filters.route(leg.subnet, filters.routing.leads(leg.subnet, to_gateway), "")]
        if subnet.id != leg.subnet.id:
            row += [filters.acl(leg.subnet, "egress"), filters.acl(subnet, "ingress")]
            row.append(filters.answers([(far, "egress"), (near, "ingress")]))
        sure = ("igw",) if public is True else ()
        unsure = _PERHAPS_ON if public is not True else ("appliance",)
        onward = filters.leads(subnet, *sure, unsure=("igw", *unsure) if isinstance(public, Unknown) else unsure)
        doubts = (public,) if isinstance(public, Unknown) else ()
        row.append(filters.route(subnet, Spans(onward.certain, onward.possible, doubts + onward.unknowns), ""))
        return [*row, filters.acl(subnet, "egress"), filters.answers([(far, "ingress")], _NAT_PORTS)]


def _folded(row: list[Stage]) -> Stage:
    total, refusal = EVERYTHING, ""
    for stage in row:
        total = total & stage.bounds
        if not total.possible:
            refusal = stage.refusal
            break

    def steps(flow: Flow) -> Iterable[Step]:
        return [step for stage in row for step in stage.steps(flow)]

    def doubts(flow: Flow) -> Iterable[Unknown]:
        return [doubt for stage in row if not stage.bounds.certain.holds(flow) for doubt in stage.doubts(flow)]

    return Stage(total, refusal, steps, doubts)


def _public(endpoint: r.Endpoint, leg: Leg, outgoing: bool) -> Stage:
    """Which of an interface's addresses the internet can talk to: IPv4 with a public address, any IPv6 one."""
    public, v4 = endpoint.public_address, intersect(leg.spans.possible, IPV4)
    sure = (*(v4 if public is True else ()), *intersect(leg.spans.certain, IPV6))
    perhaps = (*(v4 if public is not False else ()), *intersect(leg.spans.possible, IPV6))

    def flows(spans: Intervals) -> FlowSet:
        return ends(spans, INTERNET_ADDRESSES) if outgoing else ends(INTERNET_ADDRESSES, spans)

    doubts = (*leg.spans.unknowns, *((public,) if isinstance(public, Unknown) else ()))
    certain = flows(sure)
    bounds = Bounds(certain, certain if sure == perhaps else flows(perhaps))
    return Stage(bounds, "has no public address", nothing_to_say, lambda _: doubts)


def _public_step(endpoint: r.Endpoint) -> Stage:
    step = Step("public-address", endpoint.id, "has an address that the internet knows")
    return Stage(EVERYTHING, "", lambda _: (step,), nothing_to_say)


def _outside(endpoint: r.Endpoint) -> Stage:
    """The one stage of an endpoint in AWS's own network: whether it is public."""
    flows, public = ends(INTERNET_ADDRESSES, INTERNET_ADDRESSES), endpoint.public_address
    step = Step("public-address", endpoint.id, "stands outside of every VPC, with a public address")
    return Stage(
        Bounds(flows if public is True else NO_FLOWS, flows if public is not False else NO_FLOWS),
        f"{endpoint.id} has no public address",
        lambda _: (step,),
        lambda _: (public,) if isinstance(public, Unknown) else (),
    )


def _from(leg: Leg, family: Intervals, far: Intervals) -> Stage:
    certain, possible = (intersect(spans, family) for spans in (leg.spans.certain, leg.spans.possible))
    bounds = Bounds(ends(certain, far), ends(possible, far))
    return Stage(bounds, "", nothing_to_say, lambda _: leg.spans.unknowns)
