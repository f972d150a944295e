"""The edges along which one resource leads to another, and what of them cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, UnknownRead
from lychgate.reasoning.iam import TooComplexError
from lychgate.reasoning.tenancy import Edge, EdgeKind


@dataclass(slots=True)
class Edges:
    """All edges of a graph. `unread` says why others are not known, by the URN of the resource whose they would be and
    by their kind; what cannot be read of an identity's rights stands under `identity-grant`."""

    edges: list[Edge] = field(default_factory=list)
    unread: dict[tuple[str, EdgeKind], UnknownRead] = field(default_factory=dict)

    def add(self, source: Resource | None, target: Resource | None, kind: EdgeKind, detail: str) -> None:
        """An edge, where both ends are in the graph and are two."""
        if source is not None and target is not None and source is not target:
            self.edges.append(Edge(source.urn, target.urn, kind, detail))

    def guard(self, owner: Resource, kind: EdgeKind, read: Callable[[], None]) -> None:
        """Read; what cannot be read is kept for the owner."""
        try:
            read()
        except UnknownRead as unknown:
            self.unread.setdefault((owner.urn, kind), unknown)
        except TooComplexError as error:
            too_complex = UnknownRead(owner.urn, "policy", f"is too complex to be compared ({error})")
            self.unread.setdefault((owner.urn, kind), too_complex)

    def why_open(self, urn: str, kinds: Iterable[EdgeKind]) -> UnknownRead | None:
        """Why edges of these kinds at a resource are not all known; None where they are."""
        return next((found for kind in kinds if (found := self.unread.get((urn, kind))) is not None), None)


def holders(block: Block, path: str) -> list[tuple[Block, str]]:
    """The blocks in which the last part of a dotted path stands; lists on the way fan out, JSON texts are opened."""
    *parents, leaf = path.split(".")
    blocks = [block]
    for name in parents:
        blocks = [inner for one in blocks for inner in _below(one, name)]
    return [(one, leaf) for one in blocks]


def _below(block: Block, name: str) -> list[Block]:
    value = block.values.get(name)
    if isinstance(value, str):
        document = block.document(name)
        return [Block(document, block.urn, block.at(name))] if isinstance(document, dict) else []
    return block.blocks(name)


def named_things(graph: Graph, resource: Resource, path: str, *types: str) -> list[Any]:
    """What a property names: the resources, or as text what is not part of the graph.

    An unknown in a preview is followed by the dependencies of its property. Raises UnknownRead where these do not
    settle it. With `types`, plain names count too.
    """
    try:
        values = [block.value(leaf) for block, leaf in holders(resource.read, path)]
    except UnknownRead:
        used = resource.property_dependencies.get(path.partition(".")[0], ())
        found = [graph.by_urn[urn] for urn in used if urn in graph.by_urn]
        fitting = [one for one in found if not types or one.type in types]
        if not fitting or len(fitting) < len(found):
            raise
        return list(fitting)
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [resolved(graph, value, resource.stack, *types) or value for value in flat if value not in (None, "")]


def resolved(graph: Graph, value: Any, stack: str, *types: str) -> Resource | None:
    """The resource that an id or ARN means, also as a part or version of it: a table's stream, a function's alias, the
    streams of a log group, a key of a secret, a group of another account."""
    found = graph.resolve(value, *types, stack=stack) if types else None
    found = found or graph.resolve(value, stack=stack)
    if found is not None or not isinstance(value, str):
        return found
    fields = value.split(":")
    if "/stream/" in value:
        return resolved(graph, value.partition("/stream/")[0], stack)
    if "/sg-" in value:
        return graph.resolve(value.rpartition("/")[2], stack=stack)
    if fields[0] == "arn" and len(fields) > 7:
        found = graph.resolve(":".join(fields[:7]), stack=stack)
    if fields[0] == "arn" and found is None and types:
        found = graph.resolve(fields[-1].rpartition("/")[2], *types, stack=stack)
    return found
