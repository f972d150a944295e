"""Whose a resource is: its labels as owners of the dimensions in which resources are kept apart."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Unknown, reveal
from lychgate.reasoning.tenancy import Dimension, Owned
from lychgate.views.labels import labels_of, own_tags, provider_tags

SHARED = ("true", "yes", "1")
# Spellings of one environment, in labels and in names of stacks.
ENVIRONMENTS = {
    "production": ("production", "prod", "prd", "live"),
    "staging": ("staging", "stage", "stg", "preprod", "preproduction"),
    "test": ("test", "testing", "tst"),
    "acceptance": ("acceptance", "uat", "qa"),
    "development": ("development", "dev"),
    "sandbox": ("sandbox", "sbx"),
}
_WORDS = {word: name for name, words in ENVIRONMENTS.items() for word in words}


def environment_word(text: str) -> str | None:
    """The environment that a word is a spelling of, None for any other word."""
    return _WORDS.get(text.strip().lower())


def owned(graph: Graph, dimension: Dimension) -> list[Owned]:
    """Whose each resource is, in one dimension; computed once."""
    return graph.once(
        ("owned", dimension), lambda: [owner_of(graph, one, dimension) for one in graph.resources if one.custom]
    )


def owner_of(graph: Graph, resource: Resource, dimension: Dimension) -> Owned:
    """Whose a resource is. Case does not tell owners apart, nor do two spellings of an environment.

    `shared: true` is said of tenants: what serves all tenants of production is production's all the same. Where
    nobody can know yet whether it is shared, it counts as unlabelled.
    """
    labels = labels_of(graph, resource)
    tenant, environment = _folded(labels.tenant), _environment(labels.environment)
    shared = environment == "shared"
    if dimension == "tenant":
        said = _shared(graph, resource)
        shared = tenant == "shared" or _says_yes(said)
        tenant = None if isinstance(said, Unknown) else tenant
    return Owned(resource.urn, _folded(labels.application), environment, tenant, labels.classification, shared)


@lru_cache(4096)  # few words, many resources
def _folded(label: str | None) -> str | None:
    return None if label is None else label.strip().lower() or None


@lru_cache(4096)
def _environment(label: str | None) -> str | None:
    word = _folded(label)
    return _WORDS.get(word or "", word)


def is_shared(graph: Graph, resource: Resource) -> bool:
    """Whether it is declared to serve several tenants: a tag or label `shared: true`, or the tenant `shared`."""
    if _folded(labels_of(graph, resource).tenant) == "shared":
        return True
    return _says_yes(_shared(graph, resource))


def _says_yes(said: Any) -> bool:
    return said is not None and not isinstance(said, Unknown) and str(said).strip().lower() in SHARED


def _shared(graph: Graph, resource: Resource) -> Any:
    """What the tag `shared` says: the resource's own, else its provider's."""
    return graph.once(("shared", resource.urn), lambda: _read_shared(graph, resource))


def _read_shared(graph: Graph, resource: Resource) -> Any:
    own = resource.properties.get("tags")
    if isinstance(own, Unknown):
        return own
    provider: object = graph.once(
        ("default shared", resource.provider), lambda: provider_tags(graph, resource).get("shared")
    )
    return reveal(own_tags(resource).get("shared", provider), "tags.shared")


def tags_of(graph: Graph, resource: Resource) -> dict[str, Any]:
    """The tags that AWS knows it by, its provider's default ones among them; keys in lower case. Values may be
    unknown."""
    return graph.once(("aws tags", resource.urn), lambda: {**provider_tags(graph, resource), **own_tags(resource)})
