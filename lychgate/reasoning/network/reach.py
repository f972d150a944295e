"""What one endpoint can reach: addresses, routes, network ACLs, security groups and listeners put in a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.acls import AclReference, Acls
from lychgate.reasoning.network.addresses import ANYWHERE, INTERNET_ADDRESSES, INTERNET_IPV4, INTERNET_IPV6, IPV4, IPV6
from lychgate.reasoning.network.answers import EVERYTHING, Answer, Bounds, Hop, Step, Unknown, exactly, no
from lychgate.reasoning.network.flows import (
    ALL_FLOWS,
    ALL_PORTS,
    DESTINATION,
    NO_FLOWS,
    PORT,
    SOURCE,
    Flow,
    FlowSet,
)
from lychgate.reasoning.network.groups import Direction, Groups, GroupSet
from lychgate.reasoning.network.intervals import Intervals, intersect, union
from lychgate.reasoning.network.inventory import Inventory, Spans, services
from lychgate.reasoning.network.routing import Decision, Routing, Transit
from lychgate.reasoning.network.stages import (
    Pin,
    Stage,
    answer_packet,
    combine,
    coming_from,
    ends,
    evaluate,
    nothing_to_say,
    towards,
    way_back,
)

INTERNET = "internet"


@dataclass(frozen=True, slots=True)
class Leg:
    """One network interface of an endpoint: its subnet (None: outside of every VPC), its addresses, its groups."""

    subnet: r.Subnet | Unknown
    vpc: r.Text | None
    certain: Intervals
    possible: Intervals
    doubts: tuple[Unknown, ...]
    pins: tuple[tuple[Intervals, Unknown], ...]
    groups: GroupSet | None


@dataclass(frozen=True, slots=True)
class Link:
    """How two VPCs are joined: "vpc" for one and the same, "peering" or "tgw" with the record's id."""

    kind: str
    record: str


class Reach:
    """Evaluates single reaches; holds what is computed once per subnet, ACL or group set."""

    def __init__(self, inventory: Inventory, client_ports: Intervals) -> None:
        self.inventory = inventory
        self.groups = Groups(inventory)
        self.acls = Acls(inventory)
        self.routing = Routing(inventory)
        self.transit = Transit(inventory)
        self.client_ports = client_ports
        self._gates: dict[tuple[object, ...], list[Stage]] = {}
        self._local: dict[tuple[object, ...], Spans] = {}

    # What an endpoint is made of

    def legs(self, endpoint: r.Endpoint) -> list[Leg]:
        """The endpoint's interfaces, one for each subnet; none when it stands outside of every VPC."""
        subnets: r.Texts = endpoint.subnets
        if not subnets and endpoint.vpc is not None:
            subnets = (Unknown(endpoint.id, "subnets"),)
        return [self._leg(endpoint, self.inventory.find(r.Subnet, item)) for item in subnets]

    def _leg(self, endpoint: r.Endpoint, subnet: r.Subnet | Unknown) -> Leg:
        vpc = endpoint.vpc if isinstance(subnet, Unknown) else subnet.vpc
        if vpc is None and isinstance(subnet, Unknown):
            vpc = subnet
        found = [self._family(endpoint, subnet, vpc, family) for family in (IPV4, IPV6)]
        pins = tuple((spans.possible, doubt) for spans, doubt in found if doubt is not None)
        return Leg(
            subnet,
            vpc,
            union(found[0][0].certain, found[1][0].certain),
            union(found[0][0].possible, found[1][0].possible),
            found[0][0].unknowns + found[1][0].unknowns,
            pins,
            self.groups.of_endpoint(endpoint, vpc),
        )

    def _family(
        self, endpoint: r.Endpoint, subnet: r.Subnet | Unknown, vpc: r.Text | None, family: Intervals
    ) -> tuple[Spans, Unknown | None]:
        """The addresses of one family; with a doubt when the interface has one unknown address of the possible ones."""
        has: r.Flag = True if family is IPV4 else endpoint.ipv6_address
        if has is False:
            return Spans((), ()), None
        sure = has is True
        unknowns = (has,) if isinstance(has, Unknown) else ()
        fixed = [item for item in endpoint.addresses if isinstance(item, str) and (":" in item) == (family is IPV6)]
        cidr = subnet if isinstance(subnet, Unknown) else (subnet.cidr if family is IPV4 else subnet.ipv6_cidr)
        if fixed and not any(isinstance(item, Unknown) for item in endpoint.addresses):
            spans = self.inventory.cidrs(endpoint.id, tuple(fixed))
        elif cidr is None:
            return Spans((), ()), None
        else:
            owner = endpoint.id if isinstance(subnet, Unknown) else subnet.id
            spans = self.inventory.cidrs(owner, (cidr,))
        if not spans.unknowns:
            return Spans(spans.certain if sure else (), spans.certain, unknowns), None
        home = None if vpc is None else self.inventory.find(r.Vpc, vpc)
        wide = family
        if isinstance(home, r.Vpc):
            blocks = self.inventory.cidrs(home.id, home.cidrs)
            wide = intersect(family, blocks.possible) or family
        return Spans(wide if sure else (), wide, unknowns), spans.unknowns[0]

    def listening(self, endpoint: r.Endpoint) -> tuple[list[Stage], list[Pin]]:
        """The stage of the ports that an endpoint listens on."""
        if endpoint.ports is None:
            return [], []
        if isinstance(endpoint.ports, Unknown):
            return [], [Pin(PORT, ALL_PORTS, endpoint.ports)]
        found = [services(endpoint.id, *service).possible for service in endpoint.ports]
        flows = FlowSet(tuple((*part, *block[2:]) for part in found for block in ALL_FLOWS.blocks))
        return [Stage(exactly(flows), f"{endpoint.id} does not listen there", nothing_to_say, nothing_to_say)], []

    # Stages

    def group_stage(self, groups: GroupSet | None, direction: Direction, peer: GroupSet | None) -> Stage:
        """The security groups of an endpoint, in one direction."""
        if groups is None:
            return Stage(EVERYTHING, "", nothing_to_say, nothing_to_say)
        names = ", ".join(groups.ids) or "its security groups"
        verb = "lets it in" if direction == "ingress" else "lets it out"
        return Stage(
            self.groups.bounds(groups, direction, peer),
            f"no rule of {names} {verb}",
            lambda flow: self.groups.steps(groups, direction, peer, flow),
            lambda flow: self.groups.doubts(groups, direction, peer, flow),
        )

    def acl_stage(self, subnet: r.Subnet | Unknown, direction: Direction) -> Stage:
        """The network ACL of a subnet, in one direction."""
        reference = self.acls.of_subnet(subnet)
        return Stage(
            self.acls.bounds(reference, direction),
            f"network ACL {reference} lets no such {direction} through",
            lambda flow: self.acls.steps(reference, direction, flow),
            lambda flow: self.acls.doubts(reference, direction, flow),
        )

    def route_stage(self, subnet: r.Subnet | Unknown, spans: Spans, refusal: str, back: bool = False) -> Stage:
        """A route that must be there, for the way to the destination or (back) to the source."""
        of = coming_from if back else towards
        certain = of(spans.certain)
        bounds = Bounds(certain, certain if spans.certain == spans.possible else of(spans.possible))
        return Stage(
            bounds,
            refusal,
            lambda flow: self.routing.steps(subnet, flow.source if back else flow.destination),
            lambda _: spans.unknowns,
        )

    def back_stage(
        self, borders: list[tuple[AclReference, Direction]], route: tuple[r.Subnet | Unknown, Spans] | None = None
    ) -> Stage:
        """The way of TCP's answers: through the ACLs at these borders, by the routes of a subnet."""
        joint = EVERYTHING if route is None else Bounds(towards(route[1].certain), towards(route[1].possible))
        for reference, direction in borders:
            joint = joint & self.acls.bounds(reference, direction)

        def steps(flow: Flow) -> Iterable[Step]:
            packet = answer_packet(joint.certain, flow, self.client_ports)
            packet = packet or answer_packet(joint.possible, flow, self.client_ports)
            if packet is None:
                return
            for reference, direction in borders:
                for step in self.acls.steps(reference, direction, packet) if reference is not None else ():
                    yield Step(step.kind, step.record, f"{step.detail} (answers, to port {packet.port})")

        def doubts(flow: Flow) -> Iterable[Unknown]:
            packet = answer_packet(joint.possible, flow, self.client_ports)
            yield from route[1].unknowns if route else ()
            for reference, direction in borders if packet is not None else ():
                yield from self.acls.doubts(reference, direction, packet) if packet is not None else ()

        names = ", ".join(dict.fromkeys(str(reference) for reference, _ in borders if reference is not None))
        refusal = f"network ACL {names} lets no answer through" if names else "no route leads back"
        return Stage(way_back(joint, self.client_ports), refusal, steps, doubts)

    # From and to the internet

    def _public(self, endpoint: r.Endpoint, leg: Leg, outgoing: bool) -> Stage:
        """Which of an interface's addresses the internet can talk to: a public IPv4 one, any IPv6 one."""
        v4, v6 = (intersect(leg.possible, family) for family in (IPV4, IPV6))
        sure = (*(v4 if endpoint.public_address is True else ()), *intersect(leg.certain, v6))
        perhaps = (*(v4 if endpoint.public_address is not False else ()), *v6)

        def flows(spans: Intervals) -> FlowSet:
            return ends(spans, INTERNET_ADDRESSES) if outgoing else ends(INTERNET_ADDRESSES, spans)

        doubts = (*leg.doubts, *((endpoint.public_address,) if isinstance(endpoint.public_address, Unknown) else ()))
        certain = flows(sure)
        return Stage(
            Bounds(certain, certain if sure == perhaps else flows(perhaps)),
            f"{endpoint.id} has no public address",
            nothing_to_say,
            lambda _: doubts,
        )

    def from_internet(self, endpoint: r.Endpoint, legs: list[Leg], only: FlowSet | None = None) -> Answer[Hop]:
        """Whether, and with which flows (`only` some, if given), the internet reaches an endpoint."""
        listen, held = self.listening(endpoint)
        if only is not None:
            listen.append(Stage(exactly(only), f"{endpoint.id} does not listen there", nothing_to_say, nothing_to_say))
        if not legs:
            return evaluate(INTERNET, endpoint.id, [_outside(endpoint), *listen], held)
        answers: list[Answer[Hop]] = []
        for leg in legs:
            gate = self._gate(endpoint, leg)
            if not gate[0].bounds.possible:
                answers.append(no(f"{endpoint.id}: {gate[0].refusal}"))
                continue
            row = [_named_public(endpoint), *gate, self.group_stage(leg.groups, "ingress", None), *listen]
            answers.append(evaluate(INTERNET, endpoint.id, row, [*held, *_pins(leg, DESTINATION)]))
        return combine(INTERNET, endpoint.id, answers)

    def _gate(self, endpoint: r.Endpoint, leg: Leg) -> list[Stage]:
        """All that lies before an interface's security groups, folded into one stage and kept for its like."""
        key = (leg.subnet, leg.certain, leg.possible, leg.doubts, endpoint.public_address)
        if key in self._gates:
            return self._gates[key]
        gateway = self.routing.leads(leg.subnet, _kinds("igw"))
        row = [
            self._public(endpoint, leg, outgoing=False),
            self.route_stage(leg.subnet, gateway, "its subnet has no route to an internet gateway", back=True),
            self.acl_stage(leg.subnet, "ingress"),
            self.back_stage([(self.acls.of_subnet(leg.subnet), "egress")]),
        ]
        total, refusal = EVERYTHING, ""
        for stage in row:
            total = total & stage.bounds
            if not total.possible:
                refusal = stage.refusal.removeprefix(f"{endpoint.id} ")
                break
        folded = Stage(
            total,
            refusal,
            lambda flow: [step for stage in row for step in stage.steps(flow)],
            lambda flow: [
                doubt for stage in row if not stage.bounds.certain.holds(flow) for doubt in stage.doubts(flow)
            ],
        )
        self._gates[key] = [folded]
        return self._gates[key]

    def to_internet(self, endpoint: r.Endpoint, legs: list[Leg]) -> Answer[Hop]:
        """Whether, and with which flows, an endpoint reaches the internet."""
        if not legs:
            everything = ends(INTERNET_ADDRESSES, INTERNET_ADDRESSES)
            step = Step("public-address", endpoint.id, "stands outside of every VPC")
            stage = Stage(exactly(everything), "", lambda _: (step,), nothing_to_say)
            return evaluate(endpoint.id, INTERNET, [stage])
        answers: list[Answer[Hop]] = []
        for leg in legs:
            group = self.group_stage(leg.groups, "egress", None)
            rows = self._ways_out(endpoint, leg)
            answers.extend(
                evaluate(endpoint.id, INTERNET, [row[0], group, *row[1:]], _pins(leg, SOURCE)) for row in rows
            )
        return combine(endpoint.id, INTERNET, answers)

    def _ways_out(self, endpoint: r.Endpoint, leg: Leg) -> Iterable[list[Stage]]:
        acl = self.acls.of_subnet(leg.subnet)
        border = [self.acl_stage(leg.subnet, "egress"), self.back_stage([(acl, "ingress")])]

        def route(*kinds: str, unsure: tuple[str, ...] = ()) -> Stage:
            spans = self.routing.leads(leg.subnet, _kinds(*kinds, unsure=unsure))
            behind = tuple(
                Unknown(hop.route.id, f"what {hop.route.kind} {hop.route.target or ''} does".replace("  ", " "))
                for hop in self.routing.hops(leg.subnet)
                if unsure and hop.route and hop.route.kind in unsure
            )
            known = Spans(spans.certain, spans.possible, spans.unknowns + behind)
            return self.route_stage(leg.subnet, known, "its subnet has no route to the internet")

        yield [self._public(endpoint, leg, outgoing=True), _named_public(endpoint), route("igw"), *border]
        v4, v6 = (_addresses(leg, family, far) for family, far in ((IPV4, INTERNET_IPV4), (IPV6, INTERNET_IPV6)))
        yield [v6, route("egress-only"), *border]
        either = _addresses(leg, union(IPV4, IPV6), INTERNET_ADDRESSES)
        yield [either, route(unsure=("appliance", "tgw", "vpn")), *border]
        for gateway in dict.fromkeys(
            hop.route.target for hop in self.routing.hops(leg.subnet) if hop.route and hop.route.kind == "nat"
        ):
            yield [v4, *self._through_nat(leg, gateway, acl)]

    def _through_nat(self, leg: Leg, gateway: r.Text | None, acl: AclReference) -> list[Stage]:
        spans = self.routing.leads(
            leg.subnet, lambda route: "yes" if route and route.kind == "nat" and route.target == gateway else "no"
        )
        to_nat = self.route_stage(leg.subnet, spans, "its subnet has no route to the internet")
        found = self.inventory.find(r.NatGateway, gateway or Unknown("route to a NAT gateway", "target"))
        subnet = found if isinstance(found, Unknown) else self.inventory.find(r.Subnet, found.subnet)
        public: r.Flag = found if isinstance(found, Unknown) else found.public
        doubts = (public,) if isinstance(public, Unknown) else ()
        of_nat = Stage(
            Bounds(ALL_FLOWS if public is True else NO_FLOWS, ALL_FLOWS if public is not False else NO_FLOWS),
            f"NAT gateway {gateway} is private",
            nothing_to_say,
            lambda _: doubts,
        )
        onward = self.route_stage(
            subnet, self.routing.leads(subnet, _kinds("igw")), f"NAT gateway {gateway} has no route to the internet"
        )
        border, far = [(acl, "ingress")], self.acls.of_subnet(subnet)
        row = [to_nat, of_nat, onward]
        if isinstance(subnet, Unknown) or isinstance(leg.subnet, Unknown) or subnet.id != leg.subnet.id:
            row += [self.acl_stage(leg.subnet, "egress"), self.acl_stage(subnet, "ingress")]
            borders: list[tuple[AclReference, Direction]] = [(far, "egress"), (acl, "ingress")]
            row.append(self.back_stage(borders))
        else:
            border = [(far, "ingress")]
        return [*row, self.acl_stage(subnet, "egress"), self.back_stage([(far, "ingress")])] if border else row

    # Between endpoints

    def between(
        self,
        source: r.Endpoint,
        from_legs: list[Leg],
        target: r.Endpoint,
        to_legs: list[Leg],
        only: FlowSet | None = None,
        client: Spans | None = None,
    ) -> Answer[Hop]:
        """Whether, and with which flows, one endpoint reaches another over private addresses.

        For a load balancer as source, `only` is what it sends to the target, and `client` the addresses of its client
        where the target sees those.
        """
        listen, held = self.listening(target)
        if only is not None:
            refusal = f"{source.id} forwards nothing to {target.id} there"
            listen.append(Stage(exactly(only), refusal, nothing_to_say, nothing_to_say))
        answers = []
        for near in from_legs:
            for far in to_legs:
                pins = [*held, *_pins(near, SOURCE), *_pins(far, DESTINATION)]
                for link in self.links(near.vpc, far.vpc):
                    row = [*self._way(near, far, link, client), *listen]
                    answers.append(evaluate(source.id, target.id, row, pins))
        if not answers:
            return no(f"the VPCs of {source.id} and {target.id} are not joined")
        return combine(source.id, target.id, answers)

    def links(self, near: r.Text | None, far: r.Text | None) -> list[Link | Unknown]:
        """The ways in which two VPCs are joined; an Unknown where that cannot be told."""
        for side in (near, far):
            if not isinstance(side, str):
                return [side or Unknown("endpoint", "VPC")]
        if near == far:
            return [Link("vpc", str(near))]
        found: list[Link | Unknown] = []
        for peering in self.inventory.all(r.Peering):
            sides = (peering.requester, peering.accepter)
            doubts = [side for side in sides if isinstance(side, Unknown)]
            if set(sides) == {near, far} and peering.active is not False:
                found.append(Link("peering", peering.id))
            elif doubts and (near in sides or far in sides) and peering.active is not False:
                found.append(doubts[0])
        attachments = self.inventory.all(r.TransitAttachment)
        for gateway in dict.fromkeys(item.gateway for item in attachments if item.vpc == near):
            if isinstance(gateway, Unknown):
                found.append(gateway)
            elif any(item.gateway == gateway and item.vpc == far for item in attachments):
                found.append(Link("tgw", gateway))
        return found

    def _way(self, near: Leg, far: Leg, link: Link | Unknown, client: Spans | None) -> list[Stage]:
        origin = client or Spans(near.certain, near.possible)
        flows = Bounds(ends(origin.certain, far.certain), ends(origin.possible, far.possible))
        doubts = (*near.doubts, *far.doubts)
        row = [Stage(flows, "they share no address family", nothing_to_say, lambda _: doubts)]
        inside, outside = near.groups, far.groups
        if isinstance(link, Link) and link.kind == "tgw":
            # References hold in ingress rules only there, and only where the gateway supports them.
            gateway = self.inventory.find(r.TransitGateway, link.record)
            inside = inside if not isinstance(gateway, Unknown) and gateway.group_references is True else None
            outside = None
        row.append(self.group_stage(near.groups, "egress", outside))
        same = (
            isinstance(near.subnet, r.Subnet) and isinstance(far.subnet, r.Subnet) and near.subnet.id == far.subnet.id
        )
        if not same:
            there = self.link_spans(near.subnet, near.vpc, far.vpc, link)
            # Answers to a preserved client address go back through the load balancer, whatever the routes say.
            back = Spans(ANYWHERE, ANYWHERE) if client else self.link_spans(far.subnet, far.vpc, near.vpc, link)
            acls = (self.acls.of_subnet(near.subnet), self.acls.of_subnet(far.subnet))
            row += [
                self.route_stage(near.subnet, there, "no route leads there"),
                self.acl_stage(near.subnet, "egress"),
                self.acl_stage(far.subnet, "ingress"),
            ]
            row.append(self.back_stage([(acls[1], "egress"), (acls[0], "ingress")], (far.subnet, back)))
        row.append(self.group_stage(far.groups, "ingress", inside))
        return row

    def link_spans(
        self, subnet: r.Subnet | Unknown, near: r.Text | None, far: r.Text | None, link: Link | Unknown
    ) -> Spans:
        """The destinations that a subnet's routes send over a link."""
        key = (subnet, near, far, link)
        if key not in self._local:
            self._local[key] = self._link_spans(subnet, near, far, link)
        return self._local[key]

    def _link_spans(
        self, subnet: r.Subnet | Unknown, near: r.Text | None, far: r.Text | None, link: Link | Unknown
    ) -> Spans:
        if isinstance(link, Unknown):
            return Spans((), union(IPV4, IPV6), (link,))

        def accept(route: r.Route | None) -> Decision:
            if route is None or route.kind == "local":
                return "yes" if link.kind == "vpc" else "no"
            if route.kind == "appliance":
                return "maybe"
            if route.kind != link.kind:
                return "no"
            if isinstance(route.target, Unknown) or route.target is None:
                return "maybe"
            return "yes" if route.target == link.record else "no"

        spans = self.routing.leads(subnet, accept)
        doubts = spans.unknowns
        if link.kind == "peering":
            peering = self.inventory.find(r.Peering, link.record)
            if isinstance(peering, r.Peering) and isinstance(peering.active, Unknown):
                spans = Spans((), spans.possible, (*doubts, peering.active))
        elif link.kind == "tgw" and isinstance(near, str) and isinstance(far, str):
            over = self.transit.hands_over(link.record, near, far)
            certain, possible = intersect(spans.certain, over.certain), intersect(spans.possible, over.possible)
            spans = Spans(certain, possible, doubts + over.unknowns)
        unsure = tuple(
            hop.route.target
            if isinstance(hop.route.target, Unknown)
            else Unknown(hop.route.id, "what its target lets on")
            for hop in self.routing.hops(subnet)
            if hop.route and (hop.route.kind == "appliance" or isinstance(hop.route.target, Unknown))
        )
        return Spans(spans.certain, spans.possible, spans.unknowns + unsure)


def _outside(endpoint: r.Endpoint) -> Stage:
    flows = ends(INTERNET_ADDRESSES, INTERNET_ADDRESSES)
    public = endpoint.public_address
    doubts = (public,) if isinstance(public, Unknown) else ()
    step = Step("public-address", endpoint.id, "stands outside of every VPC, with a public address")
    return Stage(
        Bounds(flows if public is True else NO_FLOWS, flows if public is not False else NO_FLOWS),
        f"{endpoint.id} has no public address",
        lambda _: (step,),
        lambda _: doubts,
    )


def _named_public(endpoint: r.Endpoint) -> Stage:
    step = Step("public-address", endpoint.id, "has an address that the internet knows")
    return Stage(EVERYTHING, "", lambda _: (step,), nothing_to_say)


def _addresses(leg: Leg, family: Intervals, far: Intervals) -> Stage:
    certain, possible = (intersect(spans, family) for spans in (leg.certain, leg.possible))
    bounds = Bounds(ends(certain, far), ends(possible, far))
    return Stage(bounds, "it has no such address", nothing_to_say, lambda _: leg.doubts)


def _pins(leg: Leg, side: int) -> list[Pin]:
    return [Pin(side, spans, doubt) for spans, doubt in leg.pins]


def _kinds(*kinds: str, unsure: tuple[str, ...] = ()) -> Callable[[r.Route | None], Decision]:
    def accept(route: r.Route | None) -> Decision:
        if route is None:
            return "no"
        return "yes" if route.kind in kinds else "maybe" if route.kind in unsure else "no"

    return accept
