"""Reach inside a cluster: honest about what is not seen, and the same as asking for every pair."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Unknown, UnknownRead
from lychgate.views.kubernetes_network import network_of
from lychgate.views.kubernetes_reach import owner_of, reached_from
from lychgate.views.kubernetes_workloads import Workload
from tests.views.helpers import resource
from tests.views.test_kubernetes import ask, kube, pod

OPEN = "kubernetes-workload-open-to-all-pods"


def policy(name: str, namespace: Any, **spec: Any) -> Resource:
    spec.setdefault("podSelector", {})
    return kube("NetworkPolicy", name, "networking.k8s.io/v1", namespace=namespace, spec=spec)


def home(name: str, **labels: Any) -> Resource:
    return kube("Namespace", name, metadata={"labels": labels})


def test_a_namespace_that_is_not_judged_may_have_policies() -> None:
    api = pod(namespace="payments")
    answer = ask(OPEN, Graph([api]), "api")
    assert answer.outcome == "unknown" and "payments" in answer.message
    assert ask(OPEN, Graph([api, home("payments")]), "api").outcome == "fail"
    assert ask(OPEN, Graph([pod()]), "api").outcome == "fail"
    assert ask(OPEN, Graph([api, policy("deny", "payments")]), "api").outcome == "pass"


def test_a_policy_whose_namespace_is_unknown_may_be_anywhere() -> None:
    graph = Graph([home("payments"), pod(namespace="payments"), policy("deny", Unknown("decided later"))])
    assert ask(OPEN, graph, "api").outcome == "unknown"


def test_policies_of_other_plugins_are_not_read() -> None:
    other = resource("kubernetes:cilium.io/v2:CiliumNetworkPolicy", "more", {"metadata": {"name": "more"}})
    for rule in (OPEN, "kubernetes-workload-with-open-egress"):
        graph = Graph([home("payments"), pod(namespace="payments"), policy("deny", "payments"), other])
        answer = ask(rule, graph, "api")
        assert answer.outcome == "unknown" and "CiliumNetworkPolicy" in answer.message


@pytest.mark.parametrize(
    ("spec", "outcome"),
    [
        ({"podSelector": {"matchLabels": {"app": Unknown()}}}, "unknown"),
        ({"podSelector": {"matchLabels": {"tier": Unknown()}}}, "fail"),
        ({"ingress": Unknown()}, "unknown"),
        ({"ingress": [{"from": [{"podSelector": Unknown()}]}]}, "pass"),
        ({"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"a": Unknown()}}}]}]}, "pass"),
        ({"ingress": [{"from": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}]}, "pass"),
        ({"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/16"}}]}]}, "unknown"),
        ({"ingress": [{"from": [{"ipBlock": {"cidr": "::/0"}}]}]}, "fail"),
        ({"policyTypes": Unknown()}, "unknown"),
    ],
)
def test_unknown_parts_of_a_policy(spec: dict[str, Any], outcome: str) -> None:
    graph = Graph([home("payments"), pod(namespace="payments", labels={"app": "api"}), policy("p", "payments", **spec)])
    assert ask(OPEN, graph, "api").outcome == outcome


def test_a_namespace_patch_labels_a_namespace_that_policies_select() -> None:
    patch = kube("NamespacePatch", "edge", metadata={"labels": {"team": "edge"}})
    allow = policy("p", "acme", ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"team": "edge"}}}]}])
    inside = [home("acme"), home("edge"), pod("api", "acme", {"tenant": "acme"}), pod("web", "edge", {"tenant": "b"})]
    assert reached(Graph([*inside, allow]), "api") is None
    assert reached(Graph([*inside, allow, patch]), "api") == "web"


def reached(graph: Graph, name: str) -> str | None:
    (workload,) = (one for one in Workload.all(graph) if one.name == name)
    found = reached_from(workload, "tenant")
    return None if found is None else found[0].name


def test_shared_workloads_cross_nothing() -> None:
    inside = [home("acme"), home("edge"), pod("api", "acme", {"tenant": "acme"})]
    web = pod("web", "edge", {"tenant": "globex", "shared": "true"})
    assert reached(Graph([*inside, web]), "api") is None
    assert reached(Graph([*inside, pod("web", "edge", {"tenant": "globex"})]), "api") == "web"


def random_cluster(seed: int) -> Graph:
    """A few namespaces, workloads of three tenants, and policies of every shape; some values unknown."""
    dice = random.Random(seed)
    names = ["a", "b", "c", "d"]
    made = [home(name, team=dice.choice(["x", "y"])) for name in names if dice.random() < 0.9]
    for number in range(8):
        labels = {"app": dice.choice(["web", "db"]), "tenant": dice.choice(["red", "green", "blue"])}
        made.append(pod(f"w{number}", dice.choice(names), labels))

    def selector() -> Any:
        return dice.choice(
            [
                {},
                {"matchLabels": {"app": dice.choice(["web", "db"])}},
                {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]},
                {"matchLabels": {"app": Unknown()}},
            ]
        )

    def peer() -> Any:
        teams = dice.choice([{}, {"matchLabels": {"team": "x"}}, {"matchLabels": {"kubernetes.io/metadata.name": "b"}}])
        return dice.choice(
            [
                {"podSelector": selector()},
                {"namespaceSelector": teams},
                {"namespaceSelector": teams, "podSelector": selector()},
                {"ipBlock": {"cidr": dice.choice(["203.0.113.0/24", "10.0.0.0/8", "0.0.0.0/0"])}},
            ]
        )

    for number in range(dice.randrange(7)):
        rules: Any = [{side: [peer()]} if dice.random() < 0.8 else {} for side in ("from",) * dice.randrange(3)]
        out: Any = [{"to": [peer()]} if dice.random() < 0.8 else {} for _ in range(dice.randrange(3))]
        types = dice.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"], None])
        spec = {"podSelector": selector(), "ingress": rules, "egress": out}
        made.append(
            policy(f"p{number}", dice.choice(names), **spec, **({} if types is None else {"policyTypes": types}))
        )
    return Graph(made)


def by_pairs(graph: Graph, target: Workload) -> str:
    network = network_of(graph, target.cluster)
    others = [one for one in Workload.all(graph) if owner_of(one, "tenant") != owner_of(target, "tenant")]
    states = {network.cluster.pods_reachable(one.resource.urn, target.resource.urn).state for one in others}
    return "yes" if "yes" in states else "unknown" if "unknown" in states else "no"


@pytest.mark.parametrize("seed", range(150))
def test_nobody_is_missed_by_not_asking_for_every_pair(seed: int) -> None:
    graph = random_cluster(seed)
    for target in Workload.all(graph):
        try:
            found = reached_from(target, "tenant")
        except UnknownRead as unknown:
            if "not among what is judged" in unknown.why and unknown.path == "metadata.namespace":
                continue
            assert by_pairs(graph, target) == "unknown"
        else:
            assert by_pairs(graph, target) == ("no" if found is None else "yes")
