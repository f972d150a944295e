"""Kubernetes objects: their place, their patches, and what is unknown of them."""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case
from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.model.labels import LabelSettings
from lychgate.model.outcome import Answer
from lychgate.model.redaction import Redactor
from lychgate.model.values import Block, Secret, Unknown, UnknownRead
from lychgate.views.kubernetes import quantity
from lychgate.views.kubernetes_objects import cluster_of, merged, namespace_name, objects
from lychgate.views.kubernetes_rbac import Binding, bound
from lychgate.views.kubernetes_workloads import Workload
from lychgate.views.labels import labels_of
from tests.views.helpers import resource

RULES = built_in_rules()


def kube(kind: str, name: str, version: str = "core/v1", namespace: Any = None, **properties: Any) -> Resource:
    """An object that is called as its resource is."""
    metadata = {"name": name, **({} if namespace is None else {"namespace": namespace})}
    metadata |= properties.pop("metadata", {})
    return resource(f"kubernetes:{version}:{kind}", name, {"metadata": metadata, **properties})


def pod(name: str = "api", namespace: Any = None, labels: Any = None, **spec: Any) -> Resource:
    """A Pod of one container."""
    spec.setdefault("containers", [{"name": "api", "image": "example/api"}])
    metadata = {} if labels is None else {"labels": labels}
    return kube("Pod", name, namespace=namespace, metadata=metadata, spec=spec)


def provider(name: str, **properties: Any) -> Resource:
    return resource("pulumi:providers:kubernetes", name, properties, id="1")


def given(made: Resource, by: Resource) -> Resource:
    """The resource, of this provider."""
    made.provider = f"{by.urn}::1"
    return made


def ask(rule: str, graph: Graph, name: str) -> Answer:
    """What a rule says of the object of a name."""
    declared = RULES[rule]
    (view,) = (one for one in declared.judges.all(graph) if one.name == name)
    return judge(declared, view, Case(graph, declared.defaults), Redactor(()))


def test_the_namespace_is_its_own_or_its_providers_or_default() -> None:
    platform = provider("platform", namespace="payments")
    own, inherited, plain = pod("own", "shop"), pod("inherited"), pod("plain")
    graph = Graph([platform, given(own, platform), given(inherited, platform), plain])
    assert [namespace_name(graph, one) for one in (own, inherited, plain)] == ["shop", "payments", "default"]
    account = given(kube("ClusterRole", "reader", "rbac.authorization.k8s.io/v1"), platform)
    assert namespace_name(Graph([platform, account]), account) == ""


def test_an_unknown_namespace_is_the_one_it_depends_on() -> None:
    home = kube("Namespace", "payments", metadata={"labels": {"tenant": "acme"}})
    api = pod(namespace=Unknown("known only after payments is deployed"))
    api.property_dependencies = {"metadata": (home.urn,)}
    assert namespace_name(Graph([home, api]), api) == "payments"
    assert labels_of(Graph([home, api]), api).tenant == "acme"
    api.property_dependencies = {}
    with pytest.raises(UnknownRead, match="payments is deployed"):
        namespace_name(Graph([home, api]), api)


def test_an_existing_namespace_is_known_by_its_id() -> None:
    home = resource("kubernetes:core/v1:Namespace", "shared", id="shared-payments", external=True)
    assert objects(Graph([home])).find(cluster_of(Graph([home]), home), "Namespace", "", "shared-payments") is home


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"kubeconfig": "server: https://one"}, {"kubeconfig": '{"server": "https://one"}', "context": "x"}, True),
        ({"kubeconfig": Secret("server: https://one")}, {"kubeconfig": "server: https://two"}, False),
        ({"context": "production"}, {"context": "production"}, True),
        ({"context": "production"}, {"context": "test"}, False),
        ({"kubeconfig": Unknown()}, {"kubeconfig": Unknown()}, False),
        ({}, {}, True),
    ],
)
def test_providers_stand_for_clusters(first: dict[str, Any], second: dict[str, Any], same: bool) -> None:
    one, other = provider("one", **first), provider("other", **second)
    graph = Graph([one, other, given(left := pod("left"), one), given(right := pod("right"), other)])
    assert (cluster_of(graph, left) == cluster_of(graph, right)) is same


def test_without_a_kubeconfig_the_cluster_is_the_environments() -> None:
    left, right = pod("left"), pod("right")
    right.stack = "shop/blue"
    stacks = [StackInfo("shop/production", "shop", "production"), StackInfo("shop/blue", "shop", "blue")]
    graph = Graph([left, right], stacks)
    assert cluster_of(graph, left) != cluster_of(graph, right)
    graph = Graph([left, right], stacks, settings=LabelSettings(environment="production"))
    assert cluster_of(graph, left) == cluster_of(graph, right)


def test_a_patch_changes_named_entries_and_replaces_other_lists() -> None:
    base = {"containers": [{"name": "a", "args": ["x"], "env": [{"name": "A", "value": "1"}]}, {"name": "b"}], "x": 1}
    patch = {"containers": [{"name": "a", "args": ["y"], "env": [{"name": "B", "value": "2"}]}, {"name": "c"}]}
    a, b, c = merged(base, patch)["containers"]
    assert a == {"name": "a", "args": ["y"], "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    assert (b, c) == ({"name": "b"}, {"name": "c"})
    assert merged({"data": Secret({"a": 1})}, {"data": {"b": 2}}) == {"data": Secret({"a": 1, "b": 2})}


def test_what_a_patch_leaves_alone_is_decided_elsewhere() -> None:
    spec = {"template": {"spec": {"containers": [{"name": "agent", "image": "example/agent:1"}]}}}
    graph = Graph([kube("DaemonSetPatch", "agent", "apps/v1", namespace="kube-system", spec=spec)])
    assert ask("kubernetes-image-by-tag", graph, "agent").outcome == "fail"
    for rule in (
        "container-as-root",
        "pod-on-host-network",
        "container-without-memory-limit",
        "workload-without-probes",
    ):
        answer = ask(f"kubernetes-{rule}", graph, "agent")
        assert answer.outcome == "not applicable" and "not among what is judged" in answer.message


def test_one_bad_container_is_found_beside_one_that_is_unknown() -> None:
    unknown = {"name": "proxy", "securityContext": {"privileged": Unknown("decided later")}}
    bad = {"name": "api", "securityContext": {"privileged": True}}
    found = ask("kubernetes-container-privileged", Graph([pod(containers=[unknown, bad])]), "api")
    assert found.outcome == "fail" and "container api" in found.message
    assert ask("kubernetes-container-privileged", Graph([pod(containers=[unknown])]), "api").outcome == "unknown"


@pytest.mark.parametrize(
    ("pod_context", "own_context", "outcome"),
    [
        ({"runAsUser": Unknown()}, {"runAsNonRoot": True}, "pass"),
        ({"runAsNonRoot": Unknown()}, {"runAsUser": 1000}, "pass"),
        ({"runAsNonRoot": Unknown()}, {}, "unknown"),
        ({"runAsNonRoot": True}, {"runAsNonRoot": None}, "pass"),
        (Unknown(), {}, "unknown"),
    ],
)
def test_only_the_setting_that_decides_has_to_be_known(pod_context: Any, own_context: Any, outcome: str) -> None:
    made = pod(securityContext=pod_context, containers=[{"name": "api", "securityContext": own_context}])
    assert ask("kubernetes-container-as-root", Graph([made]), "api").outcome == outcome


@pytest.mark.parametrize(
    ("text", "amount"),
    [("500m", 0.5), ("1Gi", 2**30), ("2", 2), (3, 3), ("1e3", 1000), ("1.5k", 1500), ("128974848", 128974848)],
)
def test_quantities(text: Any, amount: float) -> None:
    assert quantity(Block({"memory": text}), "memory") == amount


def test_what_is_no_quantity_is_unknown() -> None:
    with pytest.raises(UnknownRead, match="no quantity"):
        quantity(Block({"memory": "much"}), "memory")


def test_a_selector_that_is_unknown_may_select() -> None:
    service = kube("Service", "api", spec={"selector": {"app": Unknown()}})
    (workload,) = Workload.all(Graph([pod(labels={"app": "api"}), service]))
    with pytest.raises(UnknownRead):
        _ = workload.services
    (workload,) = Workload.all(Graph([pod(labels={"tier": "web"}), service]))
    assert workload.services == []


def test_every_spelling_of_a_workload_is_one() -> None:
    containers = [{"name": "api", "securityContext": {"privileged": True}}]
    template = {"spec": {"template": {"spec": {"containers": containers}}}}
    spellings = {
        "kubernetes:extensions/v1beta1:Deployment": template,
        "kubernetes:apps/v1beta2:ReplicaSet": template,
        "kubernetes:core/v1:ReplicationController": template,
        "kubernetes:batch/v1beta1:CronJob": {"spec": {"jobTemplate": template}},
        "kubernetes:v1:Pod": {"spec": {"containers": containers}},
    }
    for type_, properties in spellings.items():
        graph = Graph([resource(type_, "api", {"metadata": {"name": "api"}, **properties})])
        assert ask("kubernetes-container-privileged", graph, "api").outcome == "fail", type_


def binding(kind: str, role: str, subjects: Any, role_kind: str = "ClusterRole") -> Resource:
    role_ref = {"kind": role_kind, "name": role}
    return kube(kind, "given", "rbac.authorization.k8s.io/v1", roleRef=role_ref, subjects=subjects)


def test_a_role_that_is_elsewhere_is_unknown_and_known_ones_are_not() -> None:
    team = [{"kind": "Group", "name": "team"}]
    (view,) = Binding.all(Graph([binding("ClusterRoleBinding", "from-a-chart", team)]))
    with pytest.raises(UnknownRead, match="from-a-chart"):
        _ = view.rights
    (view,) = Binding.all(Graph([binding("ClusterRoleBinding", "edit", team)]))
    assert any(one.allows("get", "", "secrets") for one in view.rights)
    assert not any(one.allows("get", "", "nodes") for one in view.rights)


def test_somebody_unknown_may_be_the_account() -> None:
    made = binding("RoleBinding", "view", Unknown())
    (workload,) = Workload.all(Graph([pod(serviceAccountName="api"), made]))
    with pytest.raises(UnknownRead):
        bound(workload)
    known = binding("RoleBinding", "view", [{"kind": "ServiceAccount", "name": "api"}])
    (workload,) = Workload.all(Graph([pod(serviceAccountName="api"), known]))
    assert [one.name for one in bound(workload)] == ["given"]


def test_an_account_that_is_elsewhere_decides_of_its_token() -> None:
    answer = ask("kubernetes-workload-with-unneeded-token", Graph([pod(serviceAccountName="chart")]), "api")
    assert answer.outcome == "unknown" and "service account chart" in answer.message
    said = pod(serviceAccountName="chart", automountServiceAccountToken=False)
    assert ask("kubernetes-workload-with-unneeded-token", Graph([said]), "api").outcome == "pass"


def test_a_pod_on_windows_has_no_such_settings() -> None:
    graph = Graph([pod(os={"name": "windows"})])
    assert ask("kubernetes-container-as-root", graph, "api").outcome == "not applicable"
    assert ask("kubernetes-container-with-writable-root", graph, "api").outcome == "not applicable"


def test_an_image_of_a_build_is_pinned() -> None:
    from lychgate.model.values import Symbol

    build = resource("docker-build:index:Image", "api")
    for output, outcome in (("ref", "pass"), ("contextHash", "unknown")):
        image = Symbol.of(f"api-1234.{output}", build.urn, output)
        graph = Graph([build, pod(containers=[{"name": "api", "image": image}])])
        assert ask("kubernetes-image-by-tag", graph, "api").outcome == outcome
