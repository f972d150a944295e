"""Kubernetes objects in a graph: which kind, which cluster, which namespace and name, and what patches change of them.

Names and namespaces are those that the provider gives: `metadata.namespace`, else the provider's own, else `default`
(https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider/). Providers that name the same server (else
the same cluster of the graph, else the same context) stand for one cluster; those that name none are the cluster of
their environment, since the kubeconfig of whoever deploys is switched with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, Secret, Unknown, UnknownRead

SERVER = re.compile(r"""server["']?\s*:\s*["']?([^\s"',}]+)""")  # of a kubeconfig, in YAML or JSON
# Kinds that stand outside of namespaces, of those that views know.
CLUSTER_SCOPED = frozenset(
    (
        "Namespace",
        "Node",
        "PersistentVolume",
        "StorageClass",
        "ClusterRole",
        "ClusterRoleBinding",
        "IngressClass",
        "IngressClassParams",
    )
)
ELSEWHERE = "is decided by the object that it patches, which is not among what is judged"


def tokens(kind: str, *versions: str) -> tuple[str, ...]:
    """The type tokens of a kind in these API versions, and of its patches. A CustomResource says `v1` for `core/v1`."""
    spelled = [name for version in versions for name in ((version, "v1") if version == "core/v1" else (version,))]
    return tuple(f"kubernetes:{version}:{kind}{patch}" for version in spelled for patch in ("", "Patch"))


@lru_cache(maxsize=4096)
def kind_of(type_: str) -> str:
    """The kind that a type token names, without `Patch`."""
    return type_.rpartition(":")[2].removesuffix("Patch")


def is_patch(resource: Resource) -> bool:
    """Whether it changes an object that exists (server-side apply), and does not make one."""
    return resource.type.startswith("kubernetes:") and resource.type.endswith("Patch")


def opened(value: Any) -> Any:
    """The value inside its secrets."""
    while isinstance(value, Secret):
        value = value.value
    return value


def field(resource: Resource, *path: str) -> Any:
    """The raw value of a property: `Unknown` where it or something above it is unknown, None where it is not given.

    Names of objects, namespaces and clusters are read with it: they are never withheld, whatever they stood inside.
    """
    value = opened(resource.properties)
    for part in path:
        if not isinstance(value, dict):
            return value if isinstance(value, Unknown) else None
        value = opened(value.get(part))
    return value


def provider_of(graph: Graph, resource: Resource) -> Resource | None:
    """The provider of a resource."""
    return graph.by_urn.get((resource.provider or "").rpartition("::")[0])


def cluster_of(graph: Graph, resource: Resource) -> str:
    """What names the cluster that an object is in: equal for objects of the same cluster."""
    provider = provider_of(graph, resource)
    key = provider.urn if provider else resource.stack
    return graph.once(("cluster", key), lambda: _cluster(graph, provider, resource.stack))


def _cluster(graph: Graph, provider: Resource | None, stack: str) -> str:
    if provider is not None:
        config = field(provider, "kubeconfig")
        text = config if isinstance(config, str) else json.dumps(config, default=str)
        servers = set(SERVER.findall(text))
        if len(servers) == 1:
            return str(servers.pop())
        depends = provider.property_dependencies.get("kubeconfig", ())
        made = [urn for urn in depends if urn in graph.by_urn and graph.by_urn[urn].type.endswith(":Cluster")]
        if len(made) == 1:
            return made[0]
        if isinstance(config, Unknown):
            return provider.urn
        context = [str(value) for name in ("context", "cluster") if (value := field(provider, name)) is not None]
        if context or config is not None:
            return " ".join([*context, text])
    return f"the cluster of {_environment(graph, stack)}"


def _environment(graph: Graph, stack: str) -> str:
    """The environment that a stack says it is for, else its own name."""
    info = graph.stacks.get(stack)
    for key, value in info.config.items() if info else ():
        if key.rpartition(":")[2].lower() in graph.settings.keys["environment"] and isinstance(value, str):
            return value
    return graph.settings.environment or (info.stack if info else stack)


def namespace_name(graph: Graph, resource: Resource) -> str:
    """The namespace of an object; empty for one that stands outside of namespaces. Raises `UnknownRead`."""
    return graph.once(("namespace", resource.urn), lambda: _namespace_name(graph, resource))


def _namespace_name(graph: Graph, resource: Resource) -> str:
    if kind_of(resource.type) in CLUSTER_SCOPED:
        return ""
    if resource.external and isinstance(resource.id, str) and not resource.properties:
        return resource.id.rpartition("/")[0] or "default"
    given = field(resource, "metadata", "namespace")
    if isinstance(given, Unknown):
        return object_name(_named_namespace(graph, resource, "metadata", "metadata.namespace", given))
    if given:
        return _text(given)
    provider = provider_of(graph, resource)
    default = field(provider, "namespace") if provider else None
    if provider and isinstance(default, Unknown):
        return object_name(_named_namespace(graph, provider, "namespace", "namespace", default))
    return _text(default) if default else "default"


def _named_namespace(graph: Graph, resource: Resource, property_: str, path: str, value: Unknown) -> Resource:
    """The one Namespace that an unknown reference depends on."""
    found = [
        graph.by_urn[urn]
        for urn in resource.property_dependencies.get(property_, ())
        if urn in graph.by_urn and kind_of(graph.by_urn[urn].type) == "Namespace"
    ]
    if len(found) != 1:
        raise UnknownRead(resource.urn, path, value.why)
    return found[0]


def object_name(resource: Resource) -> str:
    """The name of an object in its cluster. Raises `UnknownRead`."""
    if resource.external and isinstance(resource.id, str) and not resource.properties:
        return resource.id.rpartition("/")[2]
    name = field(resource, "metadata", "name")
    if name is None:
        outputs = opened(resource.outputs.get("metadata"))
        name = opened(outputs.get("name")) if isinstance(outputs, dict) else None
    if name is None or isinstance(name, Unknown):
        why = name.why if isinstance(name, Unknown) else "known only after the deployment"
        raise UnknownRead(resource.urn, "metadata.name", why)
    return _text(name)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Objects:
    """The objects of a graph by cluster, kind, namespace and name; patches apart."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.named: dict[tuple[str, str, str, str], list[Resource]] = {}
        self.patches: dict[tuple[str, str, str, str], list[Resource]] = {}
        self.within: dict[tuple[str, str, str], list[Resource]] = {}
        self.unplaced: dict[tuple[str, str], list[UnknownRead]] = {}
        for type_, resources in graph.by_type.items():
            if type_.startswith("kubernetes:"):
                for resource in resources:
                    if resource.custom:
                        self._place(resource, kind_of(type_))

    def _place(self, resource: Resource, kind: str) -> None:
        cluster = cluster_of(self.graph, resource)
        try:
            namespace = namespace_name(self.graph, resource)
            if not is_patch(resource):
                self.within.setdefault((cluster, kind, namespace), []).append(resource)
            key = (cluster, kind, namespace, object_name(resource))
        except UnknownRead as unknown:
            self.unplaced.setdefault((cluster, kind), []).append(unknown)
            return
        (self.patches if is_patch(resource) else self.named).setdefault(key, []).append(resource)

    def find(self, cluster: str, kind: str, namespace: str, name: str) -> Resource | None:
        """The object of this name, or a patch of it where only that is in sight; None where there is none.

        Raises `UnknownRead` where an object whose place is unknown could be it.
        """
        key = (cluster, kind, namespace, name)
        found = self.named.get(key) or self.patches.get(key)
        if not found and (unplaced := self.unplaced.get((cluster, kind))):
            raise unplaced[0]
        return found[0] if found else None

    def all_in(self, cluster: str, kind: str, namespace: str) -> list[Resource]:
        """The objects of a kind in a namespace. Raises `UnknownRead` where one whose place is unknown may be in it."""
        if unplaced := self.unplaced.get((cluster, kind)):
            raise unplaced[0]
        return self.within.get((cluster, kind, namespace), [])

    def patches_of(self, resource: Resource) -> list[Resource]:
        """The patches that change an object."""
        if not self.patches:
            return []
        try:
            name, namespace = object_name(resource), namespace_name(self.graph, resource)
        except UnknownRead:
            return []
        return self.patches.get((cluster_of(self.graph, resource), kind_of(resource.type), namespace, name), [])

    def patched(self, patch: Resource) -> Resource | None:
        """The managed object that a patch changes, where it is in sight."""
        try:
            name, namespace = object_name(patch), namespace_name(self.graph, patch)
        except UnknownRead:
            return None
        found = self.named.get((cluster_of(self.graph, patch), kind_of(patch.type), namespace, name), [])
        return next((one for one in found if not one.external), None)


def objects(graph: Graph) -> Objects:
    """The index of a graph, made once."""
    return graph.once("kubernetes objects", lambda: Objects(graph))


def read_of(graph: Graph, resource: Resource) -> Block:
    """The properties of an object as they are with all that patches change of it."""
    index = objects(graph)
    properties = resource.properties
    for patch in index.patches_of(resource):
        if patch is not resource:
            properties = merged(properties, patch.properties)
    return Block(properties, resource.urn)


def merged(base: Any, change: Any) -> Any:
    """What server-side apply makes of an object: objects are merged, lists of named entries by name, others replaced.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
    """
    if isinstance(base, Secret) or isinstance(change, Secret):
        return Secret(merged(opened(base), opened(change)))
    if isinstance(base, dict) and isinstance(change, dict):
        return base | {key: merged(base[key], value) if key in base else value for key, value in change.items()}
    if isinstance(base, list) and isinstance(change, list) and _by_name(base) and _by_name(change):
        given = {item["name"]: item for item in change}
        kept = [merged(item, given.pop(item["name"], {})) for item in base]
        return [*kept, *given.values()]
    return base if change is None else change


def _by_name(items: list[Any]) -> bool:
    return all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items)


def pod_template(type_: str) -> tuple[str, ...] | None:
    """Where the pod template of a workload stands in its properties: () for a Pod itself, None for other kinds."""
    return TEMPLATES.get(kind_of(type_))


TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"), ("spec", "template")
    ),
}


def template_labels(resource: Resource) -> Iterator[tuple[str, Any]]:
    """The labels of the pods that a workload makes (of a Pod they are its own)."""
    path = pod_template(resource.type) if resource.type.startswith("kubernetes:") else None
    labels = field(resource, *path, "metadata", "labels") if path else None
    if isinstance(labels, dict):
        yield from labels.items()
