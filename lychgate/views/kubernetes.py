"""Kubernetes objects as views: namespaces, quotas, claims, Secrets and ConfigMaps, and what all objects share.

An object in the graph is seen as it is with all patches of it that are in the graph. A patch of an object that is not
in the graph stands for itself: what it does not say is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from lychgate.model.graph import Graph, Resource
from lychgate.model.outcome import PASS, Answer, not_applicable
from lychgate.model.values import Block, Unknown, UnknownRead
from lychgate.views.base import View
from lychgate.views.kubernetes_objects import (
    ELSEWHERE,
    cluster_of,
    is_patch,
    namespace_name,
    object_name,
    objects,
    opened,
    read_of,
    tokens,
)

NAMESPACES = tokens("Namespace", "core/v1")
QUOTAS = tokens("ResourceQuota", "core/v1")
LIMIT_RANGES = tokens("LimitRange", "core/v1")
CLAIMS = tokens("PersistentVolumeClaim", "core/v1")
STORAGE_CLASSES = tokens("StorageClass", "storage.k8s.io/v1", "storage.k8s.io/v1beta1")
SECRETS = tokens("Secret", "core/v1")
CONFIG_MAPS = tokens("ConfigMap", "core/v1")

# https://kubernetes.io/docs/concepts/security/pod-security-admission/
ENFORCE = "pod-security.kubernetes.io/enforce"
_SUFFIXES = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    **{f"{letter}i": 1024.0 ** (power + 1) for power, letter in enumerate("KMGTPE")},
}  # fmt: skip


class KubernetesObject(View):
    """An object, with the patches of it that are in the graph."""

    __slots__ = ()

    def __init__(self, graph: Graph, resource: Resource) -> None:
        super().__init__(graph, resource)
        self.read = read_of(graph, resource)

    @classmethod
    def all(cls, graph: Graph) -> list[Self]:
        """The views of all managed objects of these types; a patch of one of them is part of it."""
        return graph.once((cls, "all"), lambda: list(cls._managed(graph)))

    @classmethod
    def _managed(cls, graph: Graph) -> Iterator[Self]:
        for resource in graph.of_type(*cls.types):
            if cls.takes(resource) and not (is_patch(resource) and objects(graph).patched(resource)):
                yield cls.of(graph, resource)

    @property
    def cluster(self) -> str:
        """What names its cluster."""
        return cluster_of(self.graph, self.resource)

    @property
    def namespace(self) -> str:
        """The name of its namespace; empty outside of namespaces."""
        return namespace_name(self.graph, self.resource)

    @property
    def object_name(self) -> str:
        """Its name in the cluster."""
        return object_name(self.resource)

    @property
    def home(self) -> Resource | None:
        """The Namespace object, where it is in the graph."""
        return self.in_cluster("Namespace", self.namespace)

    @property
    def partial(self) -> bool:
        """Whether it is the patch of an object that is not in the graph."""
        return is_patch(self.resource)

    @property
    def otherwise(self) -> Answer:
        """The answer of a rule that found nothing wrong: of a patch it saw only what the patch says."""
        return not_applicable(f"what the patch does not say {ELSEWHERE}") if self.partial else PASS

    def entry(self, map_: str, key: str) -> str | None:
        """One entry of an object such as `metadata.annotations`, whose keys may contain dots. None if not given."""
        return entry(self.read.block(map_), key)

    def siblings(self, kind: str) -> list[Resource]:
        """The objects of a kind in the same namespace."""
        return objects(self.graph).all_in(self.cluster, kind, self.namespace)

    def sibling(self, kind: str, name: str) -> Resource | None:
        """The object of a kind and name in the same namespace, where it is in the graph."""
        return objects(self.graph).find(self.cluster, kind, self.namespace, name)

    def in_cluster(self, kind: str, name: str) -> Resource | None:
        """The object of a kind and name that stands outside of namespaces, where it is in the graph."""
        return objects(self.graph).find(self.cluster, kind, "", name)


def entry(block: Block, key: str) -> str | None:
    """One entry of an object whose keys may contain dots. Raises `UnknownRead`; None where it is not given."""
    value = opened(block.values.get(key))
    if isinstance(value, Unknown):
        raise UnknownRead(block.urn, block.at(key), value.why)
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def quantity(block: Block, key: str) -> float | None:
    """An amount of a resource, such as `500m` or `1Gi`, as a number; None where it is not given.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    text = entry(block, key)
    if text is None:
        return None
    for length in (2, 1, 0):
        number, suffix = (text[:-length], text[-length:]) if length else (text, "")
        if suffix in _SUFFIXES:
            try:
                return float(number) * _SUFFIXES[suffix]
            except ValueError:
                continue
    raise UnknownRead(block.urn, block.at(key), f"is no quantity: {text!r}")


class Namespace(KubernetesObject):
    """A namespace."""

    types = NAMESPACES
    __slots__ = ()

    @property
    def namespace(self) -> str:
        """Its own name: what it holds is in it."""
        return self.object_name

    @property
    def enforced_level(self) -> str:
        """The Pod Security Standard that admission enforces: `privileged` where nothing is said."""
        level = self.entry("metadata.labels", ENFORCE)
        if level is None and self.partial:
            raise UnknownRead(self.resource.urn, f"metadata.labels.{ENFORCE}", ELSEWHERE)
        return level or "privileged"

    @property
    def quotas(self) -> list[Quota]:
        """The resource quotas of the namespace."""
        return [Quota.of(self.graph, one) for one in self.siblings("ResourceQuota")]


class Quota(KubernetesObject):
    """A resource quota."""

    types = QUOTAS
    __slots__ = ()

    @property
    def limits(self) -> set[str]:
        """The resources whose sum it limits, such as `requests.cpu`; `cpu` is short for that.

        Empty where a scope narrows it to some of the pods: the others are not limited then.
        """
        if self.read.has("spec.scopes") or self.read.has("spec.scopeSelector"):
            return set()
        hard = self.read.block("spec.hard").values
        return {f"requests.{name}" if name in ("cpu", "memory") else name for name in hard}


class Claim(KubernetesObject):
    """A claim of a volume."""

    types = CLAIMS
    __slots__ = ()

    @property
    def size(self) -> float | None:
        """The size that is asked for, in bytes."""
        return quantity(self.read.block("spec.resources.requests"), "storage")


class StorageClass(KubernetesObject):
    """A class of storage that volumes are made of."""

    types = STORAGE_CLASSES
    __slots__ = ()

    @property
    def provisioner(self) -> str:
        """What makes the volumes."""
        return self.read.text("provisioner") or ""

    def parameter(self, name: str) -> str | None:
        """A parameter of the provisioner; their names differ in case from driver to driver."""
        block = self.read.block("parameters")
        found = next((key for key in block.values if key.lower() == name.lower()), name)
        return entry(block, found)


class SecretObject(KubernetesObject):
    """A Secret."""

    types = SECRETS
    __slots__ = ()


def entries(read: Block, name: str) -> dict[str, Any]:
    """The raw entries of an object, such as the data of a ConfigMap. Raises `UnknownRead` where it is unknown whole."""
    value = opened(read.values.get(name))
    if isinstance(value, Unknown):
        raise UnknownRead(read.urn, name, value.why)
    return value if isinstance(value, dict) else {}
