"""Names and namespaces of Kubernetes objects that exist, or leave their namespace to their provider."""

from __future__ import annotations

from lychgate.model.graph import Graph
from lychgate.sources.program.programs import capture_texts

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s

shared = k8s.core.v1.Namespace.get("shared", "shared-payments")
existing = k8s.core.v1.ConfigMap.get("existing", "tools/settings")
platform = k8s.Provider("platform", namespace="payments", kubeconfig="{}")
inside = pulumi.ResourceOptions(provider=platform)
own = k8s.core.v1.ConfigMap("own", metadata={"name": "own", "namespace": shared.metadata["name"]}, opts=inside)
left = k8s.core.v1.ConfigMap("left", metadata={"name": "left"}, opts=inside)
role = k8s.rbac.v1.ClusterRole("role", metadata={"name": "role"}, opts=inside)
pulumi.export("existing", existing.metadata)
"""


def test_names_of_what_exists_and_of_what_its_provider_places() -> None:
    (graph,) = capture_texts({"program": PROGRAM}).values()
    assert isinstance(graph, Graph), graph
    objects = {one.name: one for one in graph.resources}
    places = {
        name: (objects[name].id, objects[name].outputs["metadata"].get("namespace"))
        for name in ("own", "left", "role", "existing")
    }
    assert places == {
        "own": ("shared-payments/own", "shared-payments"),
        "left": ("payments/left", "payments"),
        "role": ("role", None),
        "existing": ("tools/settings", "tools"),
    }
    assert objects["existing"].outputs["metadata"]["name"] == "settings"
