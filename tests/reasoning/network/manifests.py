"""NetworkPolicy manifests: drawn at random, read by a second implementation, and turned into records."""

from ipaddress import ip_address, ip_network

from hypothesis import strategies as st

from lychgate.reasoning.network import (
    Cluster,
    ContainerPort,
    IpBlock,
    LabelSelector,
    Namespace,
    NetworkPolicy,
    Pod,
    PolicyPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
)

PORTS = (79, 80, 81, 443, 5432)
PROTOCOLS = {"TCP": 6, "UDP": 17, "SCTP": 132}
OUTSIDE = ("8.8.8.8", "9.9.9.9", "203.0.113.9")
NAMESPACES = {"one": {"team": "a"}, "two": {"team": "b"}, "three": {}}

# Manifests

keys, values = st.sampled_from(["app", "team", "kubernetes.io/metadata.name"]), st.sampled_from(["a", "b", "one"])
labels = st.dictionaries(keys.filter(lambda key: "/" not in key), values, max_size=2)
expressions = st.fixed_dictionaries(
    {
        "key": keys,
        "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        "values": st.lists(values, min_size=1, max_size=2),
    }
)
selectors = st.fixed_dictionaries(
    {},
    optional={
        "matchLabels": st.dictionaries(keys, values, max_size=1),
        "matchExpressions": st.lists(expressions, max_size=2),
    },
)
blocks = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "0.0.0.0/0", "except": ["8.0.0.0/8"]},
        {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "9.0.0.0/8"]},
        {"cidr": "10.0.0.0/30"},
        {"cidr": "8.8.0.0/16"},
    ]
)
peers = st.one_of(
    st.fixed_dictionaries({"podSelector": selectors}),
    st.fixed_dictionaries({"namespaceSelector": selectors}),
    st.fixed_dictionaries({"podSelector": selectors, "namespaceSelector": selectors}),
    st.fixed_dictionaries({"ipBlock": blocks}),
)
ports = st.one_of(
    st.fixed_dictionaries(
        {"port": st.sampled_from([80, 443, "web", "db"])}, optional={"protocol": st.sampled_from(["TCP", "UDP"])}
    ),
    st.just({"protocol": "UDP"}),
    st.just({"port": 79, "endPort": 81}),
    st.just({"protocol": "SCTP", "port": 80, "endPort": 443}),
)


def rules(end):
    return st.fixed_dictionaries({}, optional={end: st.lists(peers, max_size=2), "ports": st.lists(ports, max_size=2)})


policies = st.fixed_dictionaries(
    {"namespace": st.sampled_from(list(NAMESPACES)), "podSelector": selectors},
    optional={
        "ingress": st.lists(rules("from"), max_size=2),
        "egress": st.lists(rules("to"), max_size=2),
        "policyTypes": st.sampled_from([[], ["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
    },
)
pods = st.fixed_dictionaries(
    {
        "namespace": st.sampled_from(list(NAMESPACES)),
        "labels": labels,
        "ports": st.lists(
            st.sampled_from([("web", "TCP", 80), ("web", "UDP", 81), ("db", "TCP", 5432), ("web", "TCP", 443)]),
            max_size=2,
        ),
        "ip": st.sampled_from(["10.0.0.1", "10.0.0.9", "10.0.1.1"]),
    }
)

# The second implementation


def selected(selector, own):
    for key, value in selector.get("matchLabels", {}).items():
        if own.get(key) != value:
            return False
    for item in selector.get("matchExpressions", []):
        among = own.get(item["key"]) in item["values"]
        if not {
            "In": among,
            "NotIn": not among,
            "Exists": item["key"] in own,
            "DoesNotExist": item["key"] not in own,
        }[item["operator"]]:
            return False
    return True


def in_block(block, address):
    return ip_address(address) in ip_network(block["cidr"]) and not any(
        ip_address(address) in ip_network(part) for part in block.get("except", [])
    )


def peer_matches(policy, peer, other):
    if "ipBlock" in peer:
        return in_block(peer["ipBlock"], other["ip"])
    if "namespace" not in other:
        return False
    if "namespaceSelector" in peer:
        home = {**NAMESPACES[other["namespace"]], "kubernetes.io/metadata.name": other["namespace"]}
        if not selected(peer["namespaceSelector"], home):
            return False
    elif other["namespace"] != policy["namespace"]:
        return False
    return selected(peer.get("podSelector", {}), other["labels"])


def port_matches(entry, receiver, protocol, port):
    if entry.get("protocol", "TCP") != protocol:
        return False
    wanted = entry.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return (wanted, protocol, port) in receiver.get("ports", [])
    return wanted <= port <= entry.get("endPort", wanted)


def types_of(policy):
    return policy.get("policyTypes") or ["Ingress"] + (["Egress"] if policy.get("egress") else [])


def side_allows(everything, pod, way, other, receiver, protocol, port):
    mine = [
        policy
        for policy in everything
        if policy["namespace"] == pod["namespace"]
        and selected(policy["podSelector"], pod["labels"])
        and way.capitalize() in types_of(policy)
    ]
    if not mine:
        return True
    end = "from" if way == "ingress" else "to"
    return any(
        (not rule.get(end) or any(peer_matches(policy, peer, other) for peer in rule[end]))
        and (not rule.get("ports") or any(port_matches(entry, receiver, protocol, port) for entry in rule["ports"]))
        for policy in mine
        for rule in policy.get(way, [])
    )


# From manifests to records


def selector_of(found):
    if found is None:
        return None
    expressions_of = found.get("matchExpressions", [])
    return LabelSelector(
        dict(found.get("matchLabels", {})),
        tuple(Requirement(item["key"], item["operator"], tuple(item["values"])) for item in expressions_of),
    )


def peer_of(peer):
    block = peer.get("ipBlock")
    return PolicyPeer(
        selector_of(peer.get("podSelector")),
        selector_of(peer.get("namespaceSelector")),
        IpBlock(block["cidr"], tuple(block.get("except", ()))) if block else None,
    )


def rule_of(rule, end):
    return PolicyRule(
        tuple(peer_of(peer) for peer in rule.get(end, [])),
        tuple(
            PolicyPort(item.get("protocol", "TCP"), item.get("port"), item.get("endPort"))
            for item in rule.get("ports", [])
        ),
    )


def pod_of(name, pod):
    named = tuple(ContainerPort(*port) for port in pod["ports"])
    return Pod(name, pod["namespace"], pod["labels"], named, (pod["ip"],))


def policy_of(name, policy):
    return NetworkPolicy(
        name,
        policy["namespace"],
        selector_of(policy["podSelector"]),
        tuple(rule_of(rule, "from") for rule in policy.get("ingress", [])),
        tuple(rule_of(rule, "to") for rule in policy.get("egress", [])),
        tuple(policy["policyTypes"]) if "policyTypes" in policy else None,
    )


HOMES = [Namespace(name, own) for name, own in NAMESPACES.items()]


def records_of(found_pods, found_policies):
    return (
        [pod_of(f"p{at}", pod) for at, pod in enumerate(found_pods)],
        [policy_of(f"policy {at}", policy) for at, policy in enumerate(found_policies)],
    )


def cluster_of(found_pods, found_policies):
    return Cluster(*records_of(found_pods, found_policies), HOMES)
