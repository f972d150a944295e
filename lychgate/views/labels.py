"""Which application, environment, tenant and data classification a resource belongs to (contract: Labels).

Sources in this order: the resource's own tags or Kubernetes labels (or those of its pods), its provider's default
tags, its namespace, its component parent, the stack's configuration, selectors of the user's lychgate.yaml. The first
that says something counts; others that disagree are kept as conflicts, which a rule reports.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.labels import DIMENSIONS, Conflict, Labels
from lychgate.model.values import Secret, Unknown, UnknownRead
from lychgate.views.kubernetes_objects import cluster_of, namespace_name, objects, template_labels


def labels_of(graph: Graph, resource: Resource) -> Labels:
    """The labels of a resource, computed once."""
    return graph.once(("labels", resource.urn), lambda: _labels(graph, resource))


def _labels(graph: Graph, resource: Resource) -> Labels:
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    conflicts: list[Conflict] = []
    unknown: set[str] = set()
    keys = graph.settings.keys
    for source, given in _sources(graph, resource):
        for dimension in DIMENSIONS:
            value = _pick(given, keys[dimension])
            if value is None:
                continue
            if isinstance(value, Unknown):
                if dimension not in values:
                    unknown.add(dimension)
            elif dimension not in values:
                values[dimension], sources[dimension] = value, source
            elif values[dimension] != value:
                conflicts.append(Conflict(dimension, values[dimension], sources[dimension], value, source))
    return Labels(**values, sources=sources, conflicts=tuple(conflicts), unknown=frozenset(unknown - values.keys()))


def _pick(given: Mapping[str, Any], keys: tuple[str, ...]) -> str | Unknown | None:
    for key in keys:
        value = given.get(key)
        if isinstance(value, Secret):
            value = value.value
        if isinstance(value, Unknown):
            return value
        if value is not None and value != "":
            return str(value)
    return None


def _lowered(value: Any) -> dict[str, Any]:
    if isinstance(value, Secret):
        value = value.value
    return {str(key).lower(): item for key, item in value.items()} if isinstance(value, dict) else {}


def _sources(graph: Graph, resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    own = own_tags(resource)
    yield "its tags", own
    if pods := template_tags(graph, resource, own):
        yield "its pods' labels", pods
    yield "its provider's default tags", provider_tags(graph, resource)
    namespace = namespace_of(graph, resource)
    if namespace is not None:
        yield f"its namespace {namespace.name}", own_tags(namespace)
    parent = graph.by_urn.get(resource.parent or "")
    while parent is not None and parent.type != "pulumi:pulumi:Stack":
        if not parent.custom:
            given = _lowered(parent.properties) | own_tags(parent)
            yield f"its component {parent.name}", given
        parent = graph.by_urn.get(parent.parent or "")
    stack = graph.stacks.get(resource.stack)
    if stack is not None:
        yield "the stack's configuration", {key.rpartition(":")[2].lower(): item for key, item in stack.config.items()}
    yield from graph.settings.selected(resource)


def own_tags(resource: Resource) -> dict[str, Any]:
    """Tags or Kubernetes labels that stand on the resource itself, keys in lower case."""
    properties = resource.properties
    if resource.type.startswith("kubernetes:"):
        metadata = properties.get("metadata")
        return _lowered(metadata.get("labels")) if isinstance(metadata, dict) else {}
    tags = properties.get("tags")
    if isinstance(tags, list):  # Auto Scaling groups list them
        return {str(t.get("key", "")).lower(): t.get("value") for t in tags if isinstance(t, dict)}
    return _lowered(properties.get("tagsAll")) | _lowered(tags)


def template_tags(graph: Graph, resource: Resource, own: Mapping[str, Any]) -> dict[str, Any]:
    """The labels of the pods that a Kubernetes workload makes, keys in lower case. The application is left out where
    the workload names its own: pods go by the names of their parts."""
    labels = {key.lower(): value for key, value in template_labels(resource)}
    keys = graph.settings.keys["application"]
    if labels and _pick(own, keys) is not None:
        return {key: value for key, value in labels.items() if key not in keys}
    return labels


def provider_tags(graph: Graph, resource: Resource) -> dict[str, Any]:
    """The default tags of the resource's provider, keys in lower case."""
    provider = graph.by_urn.get((resource.provider or "").rpartition("::")[0])
    default = provider.properties.get("defaultTags") if provider else None
    if isinstance(default, str):
        try:
            default = json.loads(default)
        except ValueError:
            return {}
    return _lowered(default.get("tags")) if isinstance(default, dict) else {}


def namespace_of(graph: Graph, resource: Resource) -> Resource | None:
    """The Namespace object that a Kubernetes object stands in, where it is in the graph and known which it is."""
    if not resource.type.startswith("kubernetes:") or not resource.custom:
        return None
    try:
        namespace = namespace_name(graph, resource)
        return objects(graph).find(cluster_of(graph, resource), "Namespace", "", namespace) if namespace else None
    except UnknownRead:
        return None
