"""Application Auto Scaling: how far what a program makes may grow by itself.

A scalable target names what it scales by text: `table/ledger`, `cluster:orders`
(https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html).
"""

from __future__ import annotations

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead

TARGETS = ("aws:appautoscaling/target:Target",)


def scaling_of(graph: Graph, resource: Resource, pattern: str, dimension: str) -> float | None:
    """The most that auto scaling may give to a resource in a dimension; None where it scales nothing of it.

    `pattern` has `{}` where the resource's name stands. A target whose text is not known belongs to what the text
    depends on.
    """
    index: dict[tuple[str, str], float] = graph.once("scalable targets", lambda: _index(graph))
    names = (resource.id, *(resource.outputs.get(key) for key in ("name", "clusterIdentifier")))
    keys = [f"{resource.stack}\0{pattern.format(name)}" for name in names if isinstance(name, str)]
    found = [index[key, dimension] for key in (resource.urn, *keys) if (key, dimension) in index]
    return max(found, default=None)


def _index(graph: Graph) -> dict[tuple[str, str], float]:
    index: dict[tuple[str, str], float] = {}
    for target in graph.of_type(*TARGETS):
        if target.external:
            continue
        most, dimension = target.read.number("maxCapacity") or 0, target.read.text("scalableDimension") or ""
        try:
            keys = [f"{target.stack}\0{target.read.value('resourceId')}"]
        except UnknownRead:
            keys = list(target.property_dependencies.get("resourceId", ()))
        for key in keys:
            index[key, dimension] = max(most, index.get((key, dimension), 0))
    return index
