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
from lychgate.model.values import Secret, Unknown, UnknownRead, reveal
from lychgate.views.kubernetes_objects import cluster_of, namespace_name, objects, template_labels


def labels_of(graph: Graph, resource: Resource) -> Labels:
    """The labels of a resource, computed once."""
    return graph.once(("labels", resource.urn), lambda: _labels(graph, resource))


def _labels(graph: Graph, resource: Resource) -> Labels:
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    conflicts: list[Conflict] = []
    unknown: set[str] = set()
    secret: set[str] = set()
    for source, picked in _sources(graph, resource):
        for dimension, given in picked.items():
            value = reveal(given, f"the label {dimension}")
            if value is not given:
                secret.add(dimension)
            if isinstance(value, Unknown):
                if dimension not in values:
                    unknown.add(dimension)
            elif dimension in unknown:
                continue  # what counts first is not known, so this may not be what holds
            elif dimension not in values:
                values[dimension], sources[dimension] = value, source
            elif values[dimension] != value:
                conflicts.append(Conflict(dimension, values[dimension], sources[dimension], value, source))
    application, environment, tenant, classification = map(values.get, DIMENSIONS)
    return Labels(
        application,
        environment,
        tenant,
        classification,
        sources=sources,
        conflicts=tuple(conflicts),
        unknown=frozenset(unknown),
        secret=frozenset(secret),
    )


Picked = dict[str, "str | Secret | Unknown"]


def _pick(graph: Graph, given: Mapping[str, Any] | Unknown) -> Picked:
    """What tags or labels say of each dimension; of several keys for one the first of the settings counts. Tags that
    are unknown as a whole may say anything."""
    if isinstance(given, Unknown):
        return dict.fromkeys(DIMENSIONS, given)
    ranks: dict[str, tuple[str, int]] = graph.once("label keys", lambda: _ranks(graph))
    found: dict[str, tuple[int, str | Secret | Unknown]] = {}
    for key, value in given.items():
        hit = ranks.get(key) or ranks.get(str(key).lower())
        if hit is None:
            continue
        inner = value.value if isinstance(value, Secret) else value
        dimension, rank = hit
        if inner is not None and inner != "" and (dimension not in found or rank < found[dimension][0]):
            label = inner if isinstance(inner, Unknown) else str(inner)
            found[dimension] = (rank, Secret(label) if isinstance(value, Secret) else label)
    return {dimension: value for dimension, (_, value) in found.items()}


def _ranks(graph: Graph) -> dict[str, tuple[str, int]]:
    keys = graph.settings.keys
    return {key: (dimension, rank) for dimension in DIMENSIONS for rank, key in enumerate(keys[dimension])}


def _lowered(value: Any) -> dict[str, Any]:
    value = _opened(value)
    return {str(key).lower(): item for key, item in value.items()}


def _opened(value: Any) -> dict[str, Any]:
    """An object's items; those of a secret object are secret."""
    if isinstance(value, Secret):
        return {key: Secret(item) for key, item in _opened(value.value).items()}
    return value if isinstance(value, dict) else {}


def _sources(graph: Graph, resource: Resource) -> Iterator[tuple[str, Picked]]:
    own = _pick(graph, _tags(resource))
    yield "its tags", own
    if pods := _template(graph, resource, own):
        yield "its pods' labels", pods
    if resource.provider:
        picked = graph.once(
            ("provider labels", resource.provider), lambda: _pick(graph, _provider_tags(graph, resource))
        )
        yield "its provider's default tags", picked
    namespace = namespace_of(graph, resource)
    if namespace is not None:
        yield f"its namespace {namespace.name}", _pick(graph, _tags(namespace))
    parent = graph.by_urn.get(resource.parent or "")
    while parent is not None and parent.type != "pulumi:pulumi:Stack":
        if not parent.custom:
            yield f"its component {parent.name}", _component(graph, parent)
        parent = graph.by_urn.get(parent.parent or "")
    if resource.stack in graph.stacks:
        yield (
            "the stack's configuration",
            graph.once(("stack labels", resource.stack), lambda: _stack(graph, resource.stack)),
        )
    for source, given in graph.settings.selected(resource):
        yield source, _pick(graph, given)


def _component(graph: Graph, component: Resource) -> Picked:
    """A component's inputs and its tags; these count first."""

    def pick() -> Picked:
        return _pick(graph, _opened(component.properties)) | _pick(graph, _tags(component))

    return graph.once(("component labels", component.urn), pick)


def _stack(graph: Graph, name: str) -> Picked:
    config = graph.stacks[name].config
    return _pick(graph, {key.rpartition(":")[2]: value for key, value in config.items()})


def _tags(resource: Resource) -> Mapping[str, Any] | Unknown:
    """Tags or Kubernetes labels that stand on the resource itself."""
    properties = resource.properties
    if resource.type.startswith("kubernetes:"):
        metadata = properties.get("metadata")
        labels = metadata if isinstance(metadata, Unknown) else _opened(metadata).get("labels")
        return labels if isinstance(labels, Unknown) else _opened(labels)
    tags = properties.get("tags")
    if isinstance(tags, Unknown):
        return tags
    if isinstance(tags, list):  # Auto Scaling groups list them
        return {str(t.get("key", "")): t.get("value") for t in tags if isinstance(t, dict)}
    every = properties.get("tagsAll")
    return {**_opened(every), **_opened(tags)} if every is not None else _opened(tags)


def own_tags(resource: Resource) -> dict[str, Any]:
    """Tags or Kubernetes labels that stand on the resource itself, keys in lower case."""
    return _lowered(_tags(resource))


def _template(graph: Graph, resource: Resource, own: Picked) -> Picked:
    """What the labels of the pods say that a Kubernetes workload makes. The application is left out where the workload
    names its own: pods go by the names of their parts."""
    if not resource.type.startswith("kubernetes:"):
        return {}
    picked = _pick(graph, dict(template_labels(resource)))
    if "application" in own:
        picked.pop("application", None)
    return picked


def provider_tags(graph: Graph, resource: Resource) -> dict[str, Any]:
    """The default tags of the resource's provider, as far as they are known; keys in lower case."""
    return _lowered(_provider_tags(graph, resource))


def _provider_tags(graph: Graph, resource: Resource) -> dict[str, Any] | Unknown:
    provider = graph.by_urn.get((resource.provider or "").rpartition("::")[0])
    default = provider.properties.get("defaultTags") if provider else None
    if isinstance(default, str):
        try:
            default = json.loads(default)
        except ValueError:
            return {}
    tags = default.get("tags") if isinstance(default, dict) else default
    return tags if isinstance(tags, Unknown) else _opened(tags)


def namespace_of(graph: Graph, resource: Resource) -> Resource | None:
    """The Namespace object that a Kubernetes object stands in, where it is in the graph and known which it is."""
    if not resource.type.startswith("kubernetes:") or not resource.custom:
        return None
    try:
        namespace = namespace_name(graph, resource)
        return objects(graph).find(cluster_of(graph, resource), "Namespace", "", namespace) if namespace else None
    except UnknownRead:
        return None
