"""What every view shares. A view says what a service means: one resource with its companions and AWS's defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Self, TypeVar

from lychgate.model.graph import Graph, Resource
from lychgate.model.labels import Labels
from lychgate.model.values import Block, UnknownRead
from lychgate.views.labels import labels_of

T = TypeVar("T")


class View:
    """One resource as its service understands it. Subclasses name their `types` and add readable facts.

    A fact is a property that reads on access, so that an unknown value makes only those judgements unknown that need
    it. What is costly, or shared by several rules, is computed `once` and kept in the graph.
    """

    types: ClassVar[tuple[str, ...]] = ()
    __slots__ = ("graph", "read", "resource")

    def __init__(self, graph: Graph, resource: Resource) -> None:
        self.graph = graph
        self.resource = resource
        self.read: Block = resource.read

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.resource.urn})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and self.resource is other.resource

    def __hash__(self) -> int:
        return hash(self.resource.urn)

    @classmethod
    def of(cls, graph: Graph, resource: Resource) -> Self:
        """The view of a resource; the same object each time."""
        return graph.once((cls, resource.urn), lambda: cls(graph, resource))

    @classmethod
    def all(cls, graph: Graph) -> list[Self]:
        """The views of all managed resources of these types."""
        return graph.once(
            (cls, "all"), lambda: [cls.of(graph, item) for item in graph.of_type(*cls.types) if cls.takes(item)]
        )

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """Whether a resource of these types is one that the view stands for: read-only ones are not judged."""
        return not resource.external

    @property
    def name(self) -> str:
        """The logical name."""
        return self.resource.name

    @property
    def labels(self) -> Labels:
        """Application, environment, tenant and data classification."""
        return labels_of(self.graph, self.resource)

    def once(self, fact: str, make: Callable[[], T]) -> T:
        """A fact of this view, computed on first use."""
        return self.graph.once((type(self), self.resource.urn, fact), make)


class Companions:
    """Resources that say something about another one by a reference property, found from the other side.

    A companion whose reference is unknown may belong to anyone: asking for the companions of a resource that has none
    of its own then raises `UnknownRead`, since nobody can say that it has none.
    """

    def __init__(self, graph: Graph, types: Iterable[str], reference: str, *targets: str) -> None:
        self.placed: dict[str, list[Resource]] = {}
        self.unplaced: list[UnknownRead] = []
        for resource in graph.of_type(*types):
            if resource.external:
                continue
            try:
                target = graph.target(resource, reference, *targets)
            except UnknownRead as unknown:
                self.unplaced.append(UnknownRead(resource.urn, f"{resource.name}.{unknown.path}", unknown.why))
                continue
            if target is not None:
                self.placed.setdefault(target.urn, []).append(resource)

    def of(self, resource: Resource) -> list[Resource]:
        """The companions of a resource. Raises `UnknownRead` where there are none but an unplaced one could be its."""
        found = self.placed.get(resource.urn, [])
        if not found and self.unplaced:
            raise self.unplaced[0]
        return found

    def certain(self, resource: Resource) -> list[Resource]:
        """The companions that are known to be the resource's, whatever else may be."""
        return self.placed.get(resource.urn, [])


def companions(graph: Graph, types: tuple[str, ...], reference: str, *targets: str) -> Companions:
    """The companions of these types, indexed once per graph."""
    return graph.once(("companions", types, reference), lambda: Companions(graph, types, reference, *targets))


def first(items: Iterable[T]) -> T | None:
    """The first of them, or None."""
    return next(iter(items), None)


def same_name(value: Any, name: str) -> bool:
    """Whether a value is this name."""
    return isinstance(value, str) and value == name
