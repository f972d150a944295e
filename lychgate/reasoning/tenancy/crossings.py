"""Owners, edges, and the shortest paths from one owner's resources into another's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

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


class Owned(NamedTuple):
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
        owner: str | None = getattr(self, dimension)
        return owner


class Edge(NamedTuple):
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
    """The crossings of a dimension, in a fixed order.

    Every direct edge between different owners, and every edge that touches an unlabelled resource (state unknown). Of
    the paths through resources in between, whose number may be vast: a shortest one for each resource that is reached
    from another owner, for each resource that reaches another owner's, and for each pair of owners. Raises ValueError
    when a URN is given two different owners.
    """
    owners = _by_urn(owned)
    row = sorted(set(edges))
    values = {urn: item.owner(dimension) for urn, item in owners.items()}
    shared = {urn for urn, item in owners.items() if item.shared}
    found: list[Crossing] = []
    for edge in row:
        if edge.source in shared or edge.target in shared or edge.source == edge.target:
            continue
        source, target = values.get(edge.source), values.get(edge.target)
        if source is None or target is None:
            found.append(Crossing((edge,), source, target, "unknown"))
        elif source != target:
            found.append(Crossing((edge,), source, target, "yes"))
    between = _Between(owners, values, row).chosen()
    found.extend(Crossing(path, values[path[0].source], values[path[-1].target], "yes") for path in between)
    return sorted(found, key=lambda item: (item.source, item.target, item.path, item.state))


def _by_urn(owned: Iterable[Owned]) -> dict[str, Owned]:
    found: dict[str, Owned] = {}
    for item in owned:
        if found.setdefault(item.urn, item) != item:
            raise ValueError(f"two different owners for {item.urn}")
    return found


Path = tuple[Edge, ...]


class _Between:
    """The paths through resources of no owner that act."""

    def __init__(self, owners: Mapping[str, Owned], values: Mapping[str, str | None], row: list[Edge]) -> None:
        self._values = values
        self._leaving: dict[str, list[Edge]] = {}
        self._entering: dict[str, list[Edge]] = {}
        for edge in row:
            self._leaving.setdefault(edge.source, []).append(edge)
            self._entering.setdefault(edge.target, []).append(edge)
        acting = {edge.source for edge in row if edge.kind in ACTING_KINDS}
        told = {urn: item.acts for urn, item in owners.items() if item.acts is not None}
        self._passable = {urn for urn in self._leaving if values.get(urn) is None and told.get(urn, urn in acting)}
        self._entries = [edge for edge in row if values.get(edge.source) is not None and edge.target in self._passable]

    def chosen(self) -> list[Path]:
        """A shortest path for each target, each source and each pair of owners."""
        best: dict[tuple[str, ...], Path] = {}
        by_owner: dict[str, list[Edge]] = {}
        for edge in self._entries:
            by_owner.setdefault(self._owner(edge.source), []).append(edge)
        for owner, first in sorted(by_owner.items()):
            for path in self._onward(first):
                other = self._values.get(path[-1].target)
                if other is not None and other != owner:
                    _keep(best, ("target", path[-1].target), path)
                    _keep(best, ("owners", owner, other), path)
        ways = self._ways_on()
        for edge in self._entries:
            for owner, rest in ways.get(edge.target, {}).items():
                if owner != self._owner(edge.source):
                    _keep(best, ("source", edge.source), (edge, *rest))
        return sorted(set(best.values()))

    def _owner(self, urn: str) -> str:
        owner = self._values[urn]
        assert owner is not None
        return owner

    def _onward(self, first: list[Edge]) -> Iterable[Path]:
        """Breadth first from the first edges: one shortest path to each resource beyond."""
        reached: set[str] = set()
        waiting: deque[Path] = deque()
        for edge in first:
            if edge.target not in reached:
                reached.add(edge.target)
                waiting.append((edge,))
        while waiting:
            path = waiting.popleft()
            for edge in self._leaving[path[-1].target]:
                if edge.target not in reached:
                    reached.add(edge.target)
                    longer = (*path, edge)
                    yield longer
                    if edge.target in self._passable:
                        waiting.append(longer)

    def _ways_on(self) -> dict[str, dict[str, Path]]:
        """Backwards from all owned resources: for each resource in between, shortest ways to its two nearest owners.

        Two are enough: whoever comes in, one of them is another owner.
        """
        ways: dict[str, dict[str, Path]] = {}
        waiting: deque[tuple[str, str, Path]] = deque()

        def offer(urn: str, owner: str, path: Path) -> None:
            known = ways.setdefault(urn, {})
            if owner not in known and len(known) < 2:
                known[owner] = path
                waiting.append((urn, owner, path))

        for urn in sorted(self._passable):
            for edge in self._leaving[urn]:
                if self._values.get(edge.target) is not None:
                    offer(urn, self._owner(edge.target), (edge,))
        while waiting:
            urn, owner, path = waiting.popleft()
            for edge in self._entering.get(urn, ()):
                if edge.source in self._passable:
                    offer(edge.source, owner, (edge, *path))
        return ways


def _keep(best: dict[tuple[str, ...], Path], key: tuple[str, ...], path: Path) -> None:
    if key not in best or len(path) < len(best[key]):
        best[key] = path
