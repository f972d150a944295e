"""AWS reachability against the packet-by-packet oracle, exactly and with unknown values."""

from ipaddress import ip_address
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lychgate.reasoning.network import INTERNET, Network
from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import IPV6_BASE, address_text
from lychgate.reasoning.network.flows import Flow
from tests.reasoning.network import worlds
from tests.reasoning.network.oracle import World

slow = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
SERVICES = worlds.SERVICES


def number(address):
    return int(address) + (IPV6_BASE if address.version == 6 else 0)


def interfaces(world, endpoint):
    """All (subnet, address) that an endpoint may have."""
    for name in endpoint.subnets:
        for text in worlds.ADDRESSES[name]:
            address = ip_address(text)
            if address.version == 4 or endpoint.ipv6_address:
                yield world.get(r.Subnet, name), address


def flow_of(protocol, port, source, target):
    return Flow(protocol, port, number(source), number(target))


def packets_between(world, source, target):
    """Every sampled flow between two endpoints, and whether it works."""
    sides = product(interfaces(world, source), interfaces(world, target))
    for (near, here), (far, there) in sides:
        for protocol, port in SERVICES if here.version == there.version else ():
            works = world.delivered(source, near, here, target, far, there, protocol, port)
            yield flow_of(protocol, port, here, there), works


def packets_in(world, target):
    for subnet, address in interfaces(world, target):
        for outside, (protocol, port) in product(worlds.INTERNET, SERVICES):
            if outside.version == address.version:
                works = world.exposed(target, subnet, address, outside, protocol, port)
                yield flow_of(protocol, port, outside, address), works


def packets_out(world, source):
    for subnet, address in interfaces(world, source):
        for outside, (protocol, port) in product(worlds.INTERNET, SERVICES):
            if outside.version == address.version:
                works = world.leaves(source, subnet, address, outside, protocol, port)
                yield flow_of(protocol, port, address, outside), works


def questions(world, network):
    """Each question on a network with the sampled packets that answer it."""
    ends = world.all(r.Endpoint)
    for source, target in product(ends, ends):
        yield network.reachable(source.id, target.id), packets_between(world, source, target)
    for endpoint in ends:
        yield network.exposed_to_internet(endpoint.id), packets_in(world, endpoint)
        yield network.egress_to_internet(endpoint.id), packets_out(world, endpoint)


def built(records):
    # The oracle tries each client port; a narrow choice keeps that quick, and both sides are given the same.
    return Network(records, client_ports=(1, 65535)), World(records, worlds.CLIENT_PORTS)


@slow
@given(worlds.networks())
def test_flows_are_exactly_those_that_the_oracle_delivers(records):
    network, world = built(records)
    for answer, packets in questions(world, network):
        # The one thing not modelled: what a transit gateway leads on to, outside of the VPCs.
        assert all(doubt.field.startswith("what lies behind tgw") for doubt in answer.unknowns), answer.reason
        flows = answer.witness.flows if answer.witness else None
        for flow, works in packets:
            told = flows is not None and flows.holds(flow)
            assert works == told or (told and answer.is_unknown), (flow, answer.reason)


@slow
@given(worlds.networks())
def test_every_witness_is_delivered(records):
    network, world = built(records)
    for source, target in product(world.all(r.Endpoint), repeat=2):
        answer = network.reachable(source.id, target.id)
        if not answer.is_yes:
            continue
        flow = answer.witness.flow
        here, there = ip_address(address_text(flow.source)), ip_address(address_text(flow.destination))
        found = [
            world.delivered(source, near, here, target, far, there, flow.protocol, flow.port)
            for near in (world.get(r.Subnet, name) for name in source.subnets)
            for far in (world.get(r.Subnet, name) for name in target.subnets)
            if here in network_of(near, here) and there in network_of(far, there)
        ]
        assert any(found), str(answer.witness)
        assert answer.witness.flows.holds(flow)


def network_of(subnet, address):
    from ipaddress import ip_network

    cidr = subnet.cidr if address.version == 4 else subnet.ipv6_cidr
    return ip_network(cidr) if cidr else ()


@slow
@given(st.data())
def test_an_answer_with_unknowns_holds_for_what_they_stand_for(data):
    records = data.draw(worlds.networks())
    hidden = data.draw(worlds.blurred(records))
    network, world = built(records)
    blind = Network(hidden, client_ports=(1, 65535))
    ends = [item.id for item in world.all(r.Endpoint)]
    pairs = [*product(ends, ends), *((INTERNET, name) for name in ends), *((name, INTERNET) for name in ends)]
    for source, target in pairs:
        told, open_answer = network.reachable(source, target), blind.reachable(source, target)
        if open_answer.is_yes:
            assert told.is_yes, (source, target, open_answer.reason, told.reason)
        elif open_answer.is_no:
            assert told.is_no, (source, target, open_answer.reason, told.reason)
        else:
            assert open_answer.unknowns and open_answer.witness
            if told.is_yes:
                assert told.witness.flows.within(open_answer.witness.flows), (source, target)


@slow
@given(worlds.networks(count=5), st.integers(1, 4))
def test_paths_are_the_shortest_there_are(records, hops):
    network, world = built(records)
    ends = [item.id for item in world.all(r.Endpoint)]
    edges = {
        (source.id, target.id)
        for source, target in product(world.all(r.Endpoint), repeat=2)
        if source.id != target.id and any(works for _, works in packets_between(world, source, target))
    }
    edges |= {
        (INTERNET, target.id)
        for target in world.all(r.Endpoint)
        if any(works for _, works in packets_in(world, target))
    }
    for starts in ({INTERNET}, {"e0", "e1"}):
        distance = dict.fromkeys(starts, 0)
        for step in range(1, hops + 1):
            for source, target in edges:
                if distance.get(source, step) == step - 1:
                    distance.setdefault(target, step)
        for target in set(ends) - starts:
            answer = network.paths(starts, target, hops)
            assert answer.is_yes == (target in distance)
            if answer.is_yes:
                hop_ends = [(hop.source, hop.target) for hop in answer.witness.hops]
                assert len(hop_ends) == distance[target]
                assert hop_ends[0][0] in starts and hop_ends[-1][1] == target
                assert all(pair in edges for pair in hop_ends)


@slow
@given(worlds.networks(count=5), st.lists(st.sampled_from(["x", "y", None]), min_size=5, max_size=5))
def test_reached_from_others_is_what_asking_each_pair_gives(records, row):
    network, _ = built(records)
    owners = {f"e{at}": owner for at, owner in enumerate(row) if owner}
    found = network.reached_from_others(owners)
    for target, owner in owners.items():
        strangers = [name for name, other in owners.items() if other != owner]
        states = {network.reachable(name, target).state for name in strangers} - {"no"}
        if not states:
            assert target not in found
            continue
        source, answer = found[target]
        assert source in strangers and (answer.witness.source, answer.witness.target) == (source, target)
        assert answer.state == ("yes" if "yes" in states else "unknown")
        assert answer.state == network.reachable(source, target).state
