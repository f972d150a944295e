"""Tenants and environments side by side in one cluster: namespaces, paths of nodes and hosts that they share."""

from __future__ import annotations

from collections.abc import Iterator

from lychgate.model.graph import Graph
from lychgate.model.values import UnknownRead
from lychgate.reasoning.tenancy import Dimension
from lychgate.views.kubernetes import Namespace
from lychgate.views.kubernetes_rbac import Right
from lychgate.views.kubernetes_reach import owner_of
from lychgate.views.kubernetes_services import Ingress
from lychgate.views.kubernetes_workloads import Workload

# Resources that stand outside of namespaces: rights on them reach into none.
# `kubectl api-resources --namespaced=false`, and the reviews that change nothing.
CLUSTER_RESOURCES = frozenset(
    (
        "nodes", "namespaces", "persistentvolumes", "storageclasses", "csinodes", "csidrivers", "volumeattachments",
        "clusterroles", "clusterrolebindings", "customresourcedefinitions", "priorityclasses", "ingressclasses",
        "runtimeclasses", "apiservices", "certificatesigningrequests", "tokenreviews", "subjectaccessreviews",
        "selfsubjectaccessreviews", "selfsubjectrulesreviews", "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations", "componentstatuses",
    )
)  # fmt: skip


def neighbour(workload: Workload, dimension: Dimension) -> Workload | None:
    """A workload of another owner in the same namespace."""
    owner = owner_of(workload, dimension)
    index = workload.graph.once(("owners of namespaces", dimension), lambda: _by_owner(workload.graph, dimension))
    inside = index.get((workload.cluster, workload.namespace), {})
    return next((one for whose, one in inside.items() if whose != owner), None)


def _by_owner(graph: Graph, dimension: Dimension) -> dict[tuple[str, str], dict[str, Workload]]:
    """By cluster and namespace: the owners of its workloads, each with one of them."""
    found: dict[tuple[str, str], dict[str, Workload]] = {}
    for one in Workload.all(graph):
        owner = owner_of(one, dimension)
        try:
            if owner is not None:
                found.setdefault((one.cluster, one.namespace), {}).setdefault(owner, one)
        except UnknownRead:
            continue
    return found


def foreign_namespace(graph: Graph, cluster: str, owner: str, dimension: Dimension) -> Namespace | None:
    """A namespace of another owner in the same cluster."""
    known = graph.once(("owned namespaces", dimension), lambda: list(_owned_namespaces(graph, dimension)))
    return next((one for where, whose, one in known if where == cluster and whose != owner), None)


def _owned_namespaces(graph: Graph, dimension: Dimension) -> Iterator[tuple[str, str, Namespace]]:
    for one in Namespace.all(graph):
        owner = owner_of(one, dimension)
        if owner is not None:
            yield one.cluster, owner, one


def inside_namespaces(rights: list[Right]) -> Right | None:
    """A right on something that stands in namespaces."""
    for one in rights:
        if {name.partition("/")[0] for name in one.resources} - CLUSTER_RESOURCES:
            return one
    return None


def sharing_host_path(workload: Workload) -> tuple[Workload, str] | None:
    """A workload of another tenant that mounts the same path of its node, or one above or below it; and the path."""
    owner = owner_of(workload, "tenant")
    for path in workload.host_paths:
        mine = _parts(path)
        for other, theirs in workload.graph.once("host paths", lambda: list(_all_host_paths(workload.graph))):
            short = min(len(mine), len(theirs))
            overlap = mine[:short] == theirs[:short] and other.cluster == workload.cluster
            if overlap and owner_of(other, "tenant") not in (None, owner):
                return other, path
    return None


def _all_host_paths(graph: Graph) -> Iterator[tuple[Workload, tuple[str, ...]]]:
    for one in Workload.all(graph):
        try:
            paths = one.said(lambda one=one: one.host_paths) or ()  # type: ignore[misc]
        except UnknownRead:
            continue
        for path in paths:
            yield one, _parts(path)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def competing(ingress: Ingress) -> tuple[Ingress, str] | None:
    """An Ingress of another tenant that may take this one's traffic, and by what: the same host, or the same group."""
    owner = owner_of(ingress, "tenant")
    index = ingress.graph.once("ingresses by host", lambda: _by_host(ingress.graph))
    for key, what in _claims(ingress):
        for whose, other in index.get(key, {}).items():
            if whose != owner:
                return other, what
    return None


def _claims(ingress: Ingress) -> Iterator[tuple[tuple[str, str, str], str]]:
    for host in ingress.hosts:
        yield (ingress.cluster, ingress.class_name or "", f"host {host}"), f"the host {host}" if host else "every host"
    group = ingress.alb("group.name") if ingress.by_alb else None
    if group:
        yield (ingress.cluster, "", f"group {group}"), f"the load balancer of the group {group}"


def _by_host(graph: Graph) -> dict[tuple[str, str, str], dict[str, Ingress]]:
    found: dict[tuple[str, str, str], dict[str, Ingress]] = {}
    for one in Ingress.all(graph):
        owner = owner_of(one, "tenant")
        if owner is None:
            continue
        try:
            for key, _ in list(_claims(one)):
                found.setdefault(key, {}).setdefault(owner, one)
        except UnknownRead:
            continue
    return found
