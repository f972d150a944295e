"""Owners, edges, and the shortest paths from one owner's resources into another's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Dimension = Literal["tenant", "environment", "application"]

EdgeKind = Literal[
    "assume-role",
    "identity-grant",
    "resource-grant",
    "security-group",
    "network",
    "key-use",
    "mount",
    "secret-ref",
    "stack-reference",
    "replication",
    "event-target",
]

# Kinds whose source uses rights of its own. The rest also start at stores: a bucket uses a key, replicates and sends
# events, and a stack's outputs are read by others.
ACTING_KINDS: frozenset[str] = frozenset(
    {"assume-role", "identity-grant", "resource-grant", "security-group", "network", "mount", "secret-ref"}
)


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose a resource is: None for a label that is missing. `acts` None: told by the edges that start at it."""

    urn: str
    application: str | None = None
    environment: str | None = None
    tenant: str | None = None
    classification: str | None = None
    shared: bool = False
    acts: bool | None = None

    def owner(self, dimension: Dimension) -> str | None:
        """The label of one dimension; None for shared and for unlabelled resources."""
        if self.shared:
            return None
        return {"tenant": self.tenant, "environment": self.environment, "application": self.application}[dimension]


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One resource gets at another, or drives it; `detail` says by what (a statement, a rule, a property)."""

    source: str
    target: str
    kind: EdgeKind
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} by {self.kind}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True, order=True)
class Crossing:
    """A path of edges from a resource of one owner to a resource of another.

    `state` is "unknown" when an end of a single edge is unlabelled (its value is None then), so that the edge crosses
    or does not according to a label nobody gave.
    """

    path: tuple[Edge, ...]
    source_value: str | None
    target_value: str | None
    state: Literal["yes", "unknown"]

    @property
    def source(self) -> str:
        """The resource where the path starts."""
        return self.path[0].source

    @property
    def target(self) -> str:
        """The resource that is reached."""
        return self.path[-1].target


def crossings(owned: Iterable[Owned], edges: Iterable[Edge], dimension: Dimension = "tenant") -> list[Crossing]:
    """All crossings of a dimension, in a fixed order.

    Every direct edge between different owners, every edge that touches an unlabelled resource (state unknown), and for
    each pair of an owner and another owner's resource that it reaches only through resources in between, one shortest
    path. Raises ValueError when a URN is given two different owners.
    """
    owners = _by_urn(owned)
    row = sorted(set(edges), key=lambda edge: (edge.source, edge.target, edge.kind, edge.detail))
    values = {urn: item.owner(dimension) for urn, item in owners.items()}
    shared = {urn for urn, item in owners.items() if item.shared}
    found: list[Crossing] = []
    direct: set[tuple[str, str]] = set()
    for edge in row:
        if edge.source in shared or edge.target in shared or edge.source == edge.target:
            continue
        source, target = values.get(edge.source), values.get(edge.target)
        if source is None or target is None:
            found.append(Crossing((edge,), source, target, "unknown"))
        elif source != target:
            direct.add((source, edge.target))
            found.append(Crossing((edge,), source, target, "yes"))
    found.extend(_through_others(owners, values, row, direct))
    return sorted(found, key=lambda item: (item.source, item.target, item.path, item.state))


def _by_urn(owned: Iterable[Owned]) -> dict[str, Owned]:
    found: dict[str, Owned] = {}
    for item in owned:
        if found.setdefault(item.urn, item) != item:
            raise ValueError(f"two different owners for {item.urn}")
    return found


def _through_others(
    owners: Mapping[str, Owned], values: Mapping[str, str | None], row: list[Edge], direct: set[tuple[str, str]]
) -> list[Crossing]:
    """For each owner, a breadth-first search from all its resources through acting resources of no owner."""
    leaving: dict[str, list[Edge]] = {}
    for edge in row:
        leaving.setdefault(edge.source, []).append(edge)
    acting = {edge.source for edge in row if edge.kind in ACTING_KINDS}
    told = {urn: item.acts for urn, item in owners.items() if item.acts is not None}
    passable = {urn for urn in leaving if values.get(urn) is None and told.get(urn, urn in acting)}
    entries: dict[str, list[Edge]] = {}
    for edge in row:
        owner = values.get(edge.source)
        if owner is not None and edge.target in passable:
            entries.setdefault(owner, []).append(edge)
    found: list[Crossing] = []
    for owner, first in sorted(entries.items()):
        for path in _shortest(first, leaving, passable):
            target = values.get(path[-1].target)
            if target is not None and target != owner and (owner, path[-1].target) not in direct:
                found.append(Crossing(path, owner, target, "yes"))
    return found


def _shortest(first: list[Edge], leaving: Mapping[str, list[Edge]], passable: set[str]) -> list[tuple[Edge, ...]]:
    """One shortest path from any first edge to each resource beyond; paths go on through passable resources only."""
    reached: set[str] = set()
    paths: dict[str, tuple[Edge, ...]] = {}
    waiting: deque[tuple[Edge, ...]] = deque()
    for edge in first:
        if edge.target not in reached:
            reached.add(edge.target)
            waiting.append((edge,))
    while waiting:
        path = waiting.popleft()
        for edge in leaving.get(path[-1].target, ()):
            if edge.target in reached:
                continue
            reached.add(edge.target)
            paths[edge.target] = longer = (*path, edge)
            if edge.target in passable:
                waiting.append(longer)
    return list(paths.values())
