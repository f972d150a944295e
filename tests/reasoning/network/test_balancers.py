"""Chains through a load balancer against a second search, over packets: who may ask, and what it then sends."""

from ipaddress import ip_address

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lychgate.reasoning.network import INTERNET, Network
from lychgate.reasoning.network import records as r
from tests.reasoning.network import worlds
from tests.reasoning.network.oracle import World
from tests.reasoning.network.test_aws import interfaces, packets_between, packets_in

NUMBERS = {"tcp": 6, "HTTPS": 6, "udp": 17}


@st.composite
def balanced(draw):
    """A network in which e0 is a load balancer."""
    found = draw(worlds.networks(count=4))
    listeners = []
    for at in range(draw(st.integers(1, 2))):
        targets = draw(st.lists(st.sampled_from(["e1", "e2", "e3"]), min_size=1, max_size=2, unique=True))
        service = (draw(st.sampled_from(["tcp", "udp"])), draw(st.sampled_from([22, 80, 443])))
        members = tuple(r.Target(name, draw(st.sampled_from([None, 443, 1024]))) for name in targets)
        found.append(r.TargetGroup(f"tg{at}", *service, members, draw(st.booleans())))
        listener = (draw(st.sampled_from(["tcp", "HTTPS", "udp"])), draw(st.sampled_from([22, 80, 443])))
        listeners.append(r.Listener(f"l{at}", *listener, (f"tg{at}",)))
    return [*found, r.LoadBalancer("e0", tuple(listeners))]


class Second:
    """Steps of an attacker: he holds endpoints, or a request that a listener took from some client."""

    def __init__(self, world):
        self.world = world
        self.ends = {item.id: item for item in world.all(r.Endpoint)}
        self.listeners = world.all(r.LoadBalancer)[0].listeners

    def packets(self, source, target):
        if source == INTERNET:
            return packets_in(self.world, self.ends[target])
        return packets_between(self.world, self.ends[source], self.ends[target])

    def asks(self, source, listener):
        wanted = (NUMBERS[listener.protocol], listener.port)
        return any(works for flow, works in self.packets(source, "e0") if (flow.protocol, flow.port) == wanted)

    def sends(self, listener, client, name):
        group = self.world.get(r.TargetGroup, listener.target_groups[0])
        member = next((item for item in group.targets if item.endpoint == name), None)
        if member is None:
            return False
        service = (NUMBERS[group.protocol], member.port or group.port)
        for near, own in interfaces(self.world, self.ends["e0"]):
            for shown in self.clients(client) if group.preserves_client_address else [own]:
                for far, there in interfaces(self.world, self.ends[name]):
                    ends = (self.ends["e0"], near, shown, self.ends[name], far, there)
                    if shown.version == there.version and self.world.delivered(
                        *ends, *service, kept=group.preserves_client_address
                    ):
                        return True
        return False

    def clients(self, client):
        if client == INTERNET:
            return [address for address in worlds.INTERNET if address != ip_address("10.9.9.9")]
        return [address for _, address in interfaces(self.world, self.ends[client])]

    def next_steps(self, state):
        if isinstance(state, tuple):
            at, client = state
            return {name for name in self.ends if name != "e0" and self.sends(self.listeners[at], client, name)}
        found = {
            name for name in self.ends if name not in (state, "e0") and any(w for _, w in self.packets(state, name))
        }
        return found | {(at, state) for at, listener in enumerate(self.listeners) if self.asks(state, listener)}

    def distances(self, starts, most):
        known, frontier = dict.fromkeys(starts, 0), set(starts)
        for step in range(1, most + 1):
            frontier = {after for state in frontier for after in self.next_steps(state)} - set(known)
            known |= dict.fromkeys(frontier, step)
        return known


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(balanced(), st.sampled_from([INTERNET, "e1"]))
def test_paths_through_a_load_balancer_are_those_of_the_second_search(records, start):
    network, second = Network(records, client_ports=(1, 65535)), Second(World(records, worlds.CLIENT_PORTS))
    expected = second.distances({start}, 4)
    for name in {"e1", "e2", "e3"} - {start}:
        answer = network.paths({start}, name, 4)
        assert answer.is_yes == (name in expected), (name, answer.reason)
        if answer.is_yes:
            assert len(answer.witness.hops) == expected[name]
