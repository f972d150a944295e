"""NetworkPolicies against a second implementation that reads manifests, one connection at a time."""

from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lychgate.reasoning.network import (
    Cluster,
    FlowSet,
    IpBlock,
    LabelSelector,
    NetworkPolicy,
    Pod,
    PodReach,
    PolicyPeer,
    PolicyPort,
    PolicyRule,
    Unknown,
)
from lychgate.reasoning.network.addresses import IPV6_BASE
from lychgate.reasoning.network.flows import Flow
from tests.reasoning.network.manifests import (
    HOMES,
    OUTSIDE,
    PORTS,
    PROTOCOLS,
    cluster_of,
    pods,
    policies,
    records_of,
    selected,
    side_allows,
    types_of,
)


def flow(protocol, port, source="10.0.0.1", destination="10.0.0.1"):
    return Flow(PROTOCOLS[protocol], port, int(ip_address(source)), int(ip_address(destination)))


many = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@many
@given(st.lists(pods, min_size=2, max_size=3), st.lists(policies, max_size=4))
def test_pods_reach_each_other_exactly_as_the_second_implementation_says(some, rules_of):
    cluster = cluster_of(some, rules_of)
    for near, source in enumerate(some):
        for far, target in enumerate(some):
            answer = cluster.pods_reachable(f"p{near}", f"p{far}")
            assert not answer.is_unknown
            for protocol in PROTOCOLS:
                for port in PORTS:
                    works = side_allows(rules_of, source, "egress", target, target, protocol, port) and side_allows(
                        rules_of, target, "ingress", source, target, protocol, port
                    )
                    assert works == (answer.is_yes and answer.witness.flows.holds(flow(protocol, port)))


@many
@given(pods, st.lists(policies, max_size=4))
def test_the_internet_is_what_ip_blocks_and_open_rules_say(pod, rules_of):
    cluster = cluster_of([pod], rules_of)
    out, into = cluster.internet_egress("p0"), cluster.internet_ingress("p0")
    for address in OUTSIDE:
        for protocol in PROTOCOLS:
            for port in PORTS:
                other = {"ip": address}
                leaves = side_allows(rules_of, pod, "egress", other, other, protocol, port)
                enters = side_allows(rules_of, pod, "ingress", other, pod, protocol, port)
                assert leaves == (out.is_yes and out.witness.flows.holds(flow(protocol, port, destination=address)))
                assert enters == (into.is_yes and into.witness.flows.holds(flow(protocol, port, source=address)))


@many
@given(pods, st.lists(policies, max_size=4), st.sampled_from(["ingress", "egress"]))
def test_isolation_is_being_selected_by_a_policy_of_that_type(pod, rules_of, way):
    expected = tuple(
        f"policy {at}"
        for at, policy in enumerate(rules_of)
        if policy["namespace"] == pod["namespace"]
        and selected(policy["podSelector"], pod["labels"])
        and way.capitalize() in types_of(policy)
    )
    answer = cluster_of([pod], rules_of).isolated("p0", way)
    assert answer.is_yes == bool(expected)
    assert answer.is_no == (not expected)
    assert not expected or answer.witness == expected


# Unknown values


def blurred_pod(pod, draw):
    what = draw(st.sampled_from(["labels", "one label", "ports", "address"]))
    hole = Unknown(pod.id, what)
    if what == "labels":
        return Pod(pod.id, pod.namespace, hole, pod.ports, pod.addresses)
    if what == "one label" and pod.labels:
        return Pod(pod.id, pod.namespace, {**pod.labels, next(iter(pod.labels)): hole}, pod.ports, pod.addresses)
    if what == "ports":
        return Pod(pod.id, pod.namespace, pod.labels, hole, pod.addresses)
    return Pod(pod.id, pod.namespace, pod.labels, pod.ports)


def blurred_policy(policy, draw):
    what = draw(st.sampled_from(["pod_selector", "ingress", "egress", "policy_types", "peers", "ports"]))
    hole = Unknown(policy.id, what)
    fields = {name: getattr(policy, name) for name in NetworkPolicy.__dataclass_fields__}
    if what in ("ingress", "egress"):
        fields[what] = (*fields[what][1:], hole)
    elif what in ("peers", "ports"):
        # Empty lists mean everything: nothing can be hidden among them.
        fields["ingress"] = tuple(
            PolicyRule((hole, *rule.peers[1:]) if what == "peers" and rule.peers else rule.peers,
                       (hole, *rule.ports[1:]) if what == "ports" and rule.ports else rule.ports)
            for rule in policy.ingress
        )  # fmt: skip
    else:
        fields[what] = hole
    return NetworkPolicy(**fields)


@many
@given(st.data())
def test_an_answer_with_unknowns_holds_for_what_they_stand_for(data):
    some = data.draw(st.lists(pods, min_size=2, max_size=2))
    rules_of = data.draw(st.lists(policies, min_size=1, max_size=3))
    known = cluster_of(some, rules_of)
    hidden_pods, hidden_policies = records_of(some, rules_of)
    if data.draw(st.booleans()):
        hidden_pods[0] = blurred_pod(hidden_pods[0], data.draw)
    at = data.draw(st.integers(0, len(hidden_policies) - 1))
    hidden_policies[at] = blurred_policy(hidden_policies[at], data.draw)
    enforced = data.draw(st.sampled_from([True, Unknown("cni", "enableNetworkPolicy")]))
    blind = Cluster(hidden_pods, hidden_policies, HOMES, enforced=enforced)
    for told, open_answer in [
        *((known.isolated("p0", way), blind.isolated("p0", way)) for way in ("ingress", "egress")),
        *((known.pods_reachable(*pair), blind.pods_reachable(*pair)) for pair in (("p0", "p1"), ("p1", "p0"))),
        (known.internet_egress("p0"), blind.internet_egress("p0")),
        (known.internet_ingress("p0"), blind.internet_ingress("p0")),
    ]:
        assert open_answer.is_unknown or open_answer.state == told.state
        assert bool(open_answer.unknowns) == open_answer.is_unknown
        if told.is_yes and isinstance(told.witness, PodReach):
            low, high = (told, open_answer) if open_answer.is_unknown else (open_answer, told)
            assert low.witness.flows.within(high.witness.flows)


# Single facts, as the documentation words them


def test_an_empty_egress_list_alone_does_not_isolate():
    pod = Pod("p", "one")
    assert Cluster([pod], [NetworkPolicy("n", "one")]).isolated("p", "egress").is_no
    assert Cluster([pod], [NetworkPolicy("n", "one", policy_types=("Egress",))]).isolated("p", "egress").is_yes
    assert Cluster([pod], [NetworkPolicy("n", "one", policy_types=("Egress",))]).isolated("p", "ingress").is_no


def test_an_empty_rule_lets_everything_through_and_no_rule_nothing():
    pair = [Pod("p", "one"), Pod("q", "one")]
    deny = Cluster(pair, [NetworkPolicy("deny", "one")])
    assert deny.pods_reachable("p", "q").is_no
    assert "deny" in deny.pods_reachable("p", "q").reason
    assert Cluster(pair, [NetworkPolicy("open", "one", ingress=(PolicyRule(),))]).pods_reachable("p", "q").is_yes


def test_the_ports_that_are_asked_for_narrow_the_answer():
    pair = [Pod("p", "one"), Pod("q", "one")]
    cluster = Cluster(pair, [NetworkPolicy("n", "one", ingress=(PolicyRule(ports=(PolicyPort("TCP", 443),)),))])
    assert cluster.pods_reachable("p", "q", FlowSet.of("tcp", 5432)).is_no
    answer = cluster.pods_reachable("p", "q", FlowSet.of("tcp", 400, 500))
    assert answer.is_yes
    assert [str(step) for step in answer.witness.steps] == [
        "network-policy p: no policy isolates it for egress",
        "network-policy n: ingress rule 1",
    ]


def test_policies_that_nothing_enforces_isolate_nothing():
    pair = [Pod("p", "one"), Pod("q", "one")]
    assert Cluster(pair, [NetworkPolicy("n", "one")], enforced=False).isolated("q", "ingress").is_no
    answer = Cluster(pair, [NetworkPolicy("n", "one")], enforced=Unknown("cni", "configuration")).pods_reachable(
        "p", "q"
    )
    assert answer.is_unknown
    assert answer.unknowns == (Unknown("cni", "configuration"),)


def test_a_pod_on_the_host_network_is_an_open_question_once_a_policy_names_it():
    host = Pod("h", "one", host_network=True)
    assert Cluster([host], []).isolated("h", "ingress").is_no
    answer = Cluster([host], [NetworkPolicy("n", "one")]).isolated("h", "ingress")
    assert answer.is_unknown
    assert answer.unknowns[0].record == "h"


def test_a_namespace_that_is_not_given_has_unknown_labels_but_a_known_name():
    pair = [Pod("p", "elsewhere"), Pod("q", "one")]

    def reached(selector):
        policy = NetworkPolicy("n", "one", ingress=(PolicyRule((PolicyPeer(namespace_selector=selector),)),))
        return Cluster(pair, [policy]).pods_reachable("p", "q").state

    assert reached(LabelSelector({"team": "a"})) == "unknown"
    assert reached(LabelSelector({"kubernetes.io/metadata.name": "elsewhere"})) == "yes"
    assert reached(LabelSelector({"kubernetes.io/metadata.name": "two"})) == "no"
    assert reached(LabelSelector()) == "yes"


def test_two_pods_may_not_share_an_id():
    with pytest.raises(ValueError, match="two pods"):
        Cluster([Pod("p", "one"), Pod("p", "two")], [])


def test_ipv6_blocks_are_apart_from_ipv4():
    policy = NetworkPolicy(
        "n", "one", egress=(PolicyRule((PolicyPeer(ip_block=IpBlock("::/0")),)),), policy_types=("Egress",)
    )
    answer = Cluster([Pod("p", "one")], [policy]).internet_egress("p")
    assert answer.is_yes
    assert all(low >= IPV6_BASE for item in answer.witness.flows.blocks for low, _ in item[3])
