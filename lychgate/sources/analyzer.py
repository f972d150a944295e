"""What the Pulumi engine shows a policy pack (analyzer.proto) as a graph.

What is asked of one resource shows its inputs after the provider's Check: with `__defaults`, autonames and `tagsAll`.
What is asked of the stack shows outputs: in a preview all that the provider computes is unknown, given or not, or there
are none at all; only property dependencies tell where values come from. So a pack remembers the inputs, and a property
that was not given is not given here either.
https://github.com/pulumi/pulumi/blob/master/proto/pulumi/analyzer.proto
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.sources.program.wire import from_struct

DEFAULTS = "__defaults"


def graph_of_one(request: Any, stack: StackInfo) -> Graph:
    """The graph in which a single resource is judged (an AnalyzeRequest): itself and its provider."""
    resource = _resource(request, stack.name)
    provider = _provider(request, stack.name)
    resource.provider = f"{provider.urn}::" if provider else None
    return Graph([resource, *([provider] if provider else [])], [stack], complete=False)


def graph_of_stack(resources: Iterable[Any], stack: StackInfo, inputs: Mapping[str, Any] | None = None) -> Graph:
    """The graph of a whole stack (an AnalyzeStackRequest). `inputs`: URN -> what Analyze was asked with."""
    found: dict[str, Resource] = {}
    for request in resources:
        resource = _resource(request, stack.name)
        given = (inputs or {}).get(request.urn)
        if given is not None:
            resource.properties = without_defaults(from_struct(given))
            resource.outputs = resource.properties | resource.outputs
        resource.parent = request.parent or None
        resource.dependencies = tuple(sorted(request.dependencies))
        resource.property_dependencies = {
            name: tuple(sorted(entry.urns)) for name, entry in request.propertyDependencies.items() if entry.urns
        }
        provider = _provider(request, stack.name)
        if provider is not None:
            resource.provider = f"{provider.urn}::"
            found.setdefault(provider.urn, provider)
        found[resource.urn] = resource
    return Graph(sorted(found.values(), key=lambda resource: resource.urn), [stack], complete=False)


def without_defaults(value: Any) -> Any:
    """The properties without the bridge's own lists of what it defaulted."""
    if isinstance(value, dict):
        return {key: without_defaults(item) for key, item in value.items() if key != DEFAULTS}
    if isinstance(value, list):
        return [without_defaults(item) for item in value]
    return value


def _resource(request: Any, stack: str) -> Resource:
    properties = without_defaults(from_struct(request.properties))
    return Resource(
        urn=request.urn,
        type=request.type,
        name=request.name,
        properties=properties,
        options=_options(request.options),
        stack=stack,
        id=properties.get("id"),
        outputs=properties,
        custom=not request.type.startswith("pulumi:pulumi:"),
        parent=request.options.parent or None,
    )


def _options(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if options.protect:
        found["protect"] = True
    for name in ("ignoreChanges", "additionalSecretOutputs", "aliases"):
        if getattr(options, name):
            found[name] = list(getattr(options, name))
    if options.deleteBeforeReplaceDefined:
        found["deleteBeforeReplace"] = options.deleteBeforeReplace
    return found


def _provider(request: Any, stack: str) -> Resource | None:
    if not request.HasField("provider"):
        return None
    provider = request.provider
    return Resource(provider.urn, provider.type, provider.name, from_struct(provider.properties), stack=stack)
