"""What Lychgate captured of a program against what the real engine registered: every difference, in words.

Left aside, each for a reason:

- Values that only the cloud knows. The capture has symbolic ones, the test provider others; what stands at the same
  place of the same resource's outputs is taken as the same value, and everything that those who depend on the resource
  make of it must then be equal.
- Unknown values of the capture: it promises nothing about them. That they are few is for the caller to say.
- What a provider adds on Check, which the program never sent: `__defaults`, the properties listed there, `tagsAll` and
  `region`; a Kubernetes object's generated name with its mark, and its namespace; and the JSON text that it makes of a
  policy document given as an object.
- In a preview what is not known yet, and the dependencies of such properties: for a function that waits for a value the
  SDK reports none. Secrets, which a preview does not show, and default providers.
- `__internal` of a provider's own inputs, which the engine keeps for itself; ids, which follow the providers; the
  inputs of the provider of dynamic resources, which is given all configuration, and their pickled code, which holds
  the path of the program.
- The inputs of what is only read, and the lines of that and of providers: the engine does not keep them.
- The order of lists that a computed policy document sorts by values which differ.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Secret, Unknown
from tests.engine.plugins.wire import DEFAULTS, SIGNATURE
from tests.engine.plugins.wire import UNKNOWN as UNKNOWN_TEXT

SECRET, ASSET, ARCHIVE, REFERENCE = (
    "1b47061264138c4ac30d75fd1eb44270", "c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7",
    "5cf8f73096256a8f31e491e813e4eb8e",
)  # fmt: skip
ADDED_BY_PROVIDERS = {"tagsAll", "region", "__internal"}
DYNAMIC = "pulumi:providers:pulumi-python"
AUTONAMED = "pulumi.com/autonamed"
HIDDEN = "[secret]"
UNKNOWN = Unknown()
State = Mapping[str, Any]


def differences(graph: Graph, resources: Iterable[State], preview: Iterable[State]) -> list[str]:
    """How the capture differs from the state after a deployment, and from the steps of a preview."""
    state = {resource["urn"]: resource for resource in resources}
    planned = {step["urn"]: step["newState"] for step in preview if "newState" in step}
    found = [f"{urn}: only captured" for urn in graph.by_urn if urn not in state]
    found += [f"{urn}: not captured" for urn in state if urn not in graph.by_urn]
    found += [f"{urn}: not in the preview" for urn in graph.by_urn if urn not in planned and not _is_default(urn)]
    deployed, previewed = Names(graph, state), Names(graph, planned)
    for resource in graph.resources:
        if resource.urn in state:
            found += _of_one(resource, state[resource.urn], deployed)
        if resource.urn in planned:
            found += _of_one(resource, planned[resource.urn], previewed, known_only=True)
    return found


def _is_default(urn: str) -> bool:
    """Whether this is a default provider, which `preview --json` does not list."""
    return "::pulumi:providers:" in urn and urn.rpartition("::")[2].startswith("default")


def unknown_places(graph: Graph) -> list[str]:
    """The inputs of managed resources that are unknown to the capture, as `TYPE name.path`."""
    return [
        f"{resource.type} {resource.name}.{path}"
        for resource in graph.resources
        for path, value in _leaves(resource.properties, "")
        if isinstance(value, Unknown)
    ]


class Names:
    """Symbolic values of the capture -> what the test provider gave in their place."""

    def __init__(self, graph: Graph, state: Mapping[str, State]) -> None:
        self._graph = graph
        facts = {fact for stack in graph.stacks.values() for fact in (stack.account, stack.region)}
        self._of = {one.urn: _symbolic(one, state.get(one.urn, {}), facts) for one in graph.resources}

    def seen_by(self, resource: Resource) -> Callable[[str], str]:
        """Puts real values in the place of those that a resource can have from what it depends on."""
        known: dict[str, str] = {}
        for urn in self._sources(resource):
            known = self._of.get(urn, {}) | known
        inside = sorted((text for text in known if len(text) > 5), key=len, reverse=True)

        def real(text: str) -> str:
            if text in known:
                return known[text]
            for symbolic in inside:
                text = text.replace(symbolic, known[symbolic])
            return text

        return real

    def _sources(self, resource: Resource) -> Iterator[str]:
        """What a resource depends on, the nearest first."""
        waiting, seen = deque([resource]), set[str]()
        while waiting:
            one = waiting.popleft()
            needs = {*one.dependencies, *(urn for urns in one.property_dependencies.values() for urn in urns)}
            for urn in sorted(needs - seen):
                yield urn
                waiting.append(self._graph.by_urn[urn])
            seen |= needs


def _symbolic(resource: Resource, real: State, facts: set[str]) -> dict[str, str]:
    known = _plain(real.get("inputs", {}), keep_defaults=True) | _plain(real.get("outputs", {}))
    outputs, given = dict(_leaves(known, "")), _texts(resource.properties)
    found: dict[str, str] = {}
    for path, value in [*_leaves(resource.outputs, ""), ("id", resource.id)]:
        there = real.get("id") if path == "id" else outputs.get(path)
        if isinstance(value, str) and isinstance(there, str) and value != there and value not in given | facts:
            found.setdefault(value, there)
    hosts = {text.removeprefix("https://"): host.removeprefix("https://") for text, host in found.items()}
    return hosts | found


def _of_one(resource: Resource, real: State, names: Names, known_only: bool = False) -> Iterator[str]:
    """The differences of one resource; `known_only` for a preview, whose unknown values say nothing."""
    where = f"{resource.urn.rpartition('::')[2]} ({resource.type}{', preview' if known_only else ''})"
    mine, theirs = _facts(resource), _registered(real)
    inputs = _sent(resource, real)
    if known_only:
        _forget_unknown(mine, theirs, inputs)
    for name in mine:
        if mine[name] != theirs[name] and not (name == "line" and not theirs["line"]):
            yield f"{where}: {name} is {mine[name]!r} where the engine has {theirs[name]!r}"
    if resource.external or resource.type == DYNAMIC:
        return
    captured_inputs = _named(resource.properties, names.seen_by(resource))
    for path, captured, registered in _unequal(captured_inputs, inputs, ""):
        if not (path == ".__provider" or (known_only and (registered == HIDDEN or _holds_unknown(registered)))):
            yield f"{where}: inputs{path} is {captured!r} where the engine has {registered!r}"


def _sent(resource: Resource, real: State) -> dict[str, Any]:
    """The inputs in the state that the program sent: those of the provider are left out where it sent none."""
    given = _plain(real.get("inputs", {}))
    sent = {
        name: value for name, value in given.items() if name in resource.properties or name not in ADDED_BY_PROVIDERS
    }
    metadata = dict(sent.get("metadata") or {}) if resource.type.startswith("kubernetes:") else {}
    if metadata:
        own = resource.properties.get("metadata") or {}
        marks = {name: mark for name, mark in (metadata.pop("annotations", None) or {}).items() if name != AUTONAMED}
        metadata = {name: value for name, value in metadata.items() if name in own or name not in ("name", "namespace")}
        sent["metadata"] = metadata | ({"annotations": marks} if marks else {})
        if not sent["metadata"] and "metadata" not in resource.properties:
            del sent["metadata"]
    return sent


def _forget_unknown(mine: dict[str, Any], theirs: dict[str, Any], inputs: Mapping[str, Any]) -> None:
    """Take out of both sides what a preview cannot know."""
    unknown = {name for name, value in inputs.items() if _holds_unknown(value)}
    for facts in (mine, theirs):
        facts["propertyDependencies"] = {
            name: urns for name, urns in facts["propertyDependencies"].items() if name not in unknown
        }
    if set(theirs["dependencies"]) <= set(mine["dependencies"]) and unknown:
        mine["dependencies"] = theirs["dependencies"]


def _facts(resource: Resource) -> dict[str, Any]:
    """What was captured beside the inputs, as the state would say it."""
    options = resource.options
    return {
        "type": resource.type,
        "parent": resource.parent,
        "provider": (resource.provider or "").rpartition("::")[0],
        "dependencies": sorted(resource.dependencies),
        "propertyDependencies": {name: sorted(urns) for name, urns in resource.property_dependencies.items()},
        "custom": resource.custom,
        "external": resource.external,
        "protect": bool(options.get("protect")),
        "retainOnDelete": bool(options.get("retainOnDelete")),
        "ignoreChanges": options.get("ignoreChanges", []),
        "deletedWith": options.get("deletedWith", ""),
        "importID": options.get("importId", ""),
        "line": str(resource.location.line) if resource.location else "",
    }


def _registered(real: State) -> dict[str, Any]:
    deps = {name: sorted(urns) for name, urns in (real.get("propertyDependencies") or {}).items() if urns}
    position = str(real.get("sourcePosition", ""))
    own = position.startswith("project:///") and "/../" not in position
    return {
        "type": real["type"],
        "parent": real.get("parent"),
        "provider": real.get("provider", "").rpartition("::")[0],
        "dependencies": sorted(real.get("dependencies") or ()),
        "propertyDependencies": deps,
        "custom": real.get("custom", False),
        "external": real.get("external", False),
        "protect": real.get("protect", False),
        "retainOnDelete": real.get("retainOnDelete", False),
        "ignoreChanges": list(real.get("ignoreChanges") or ()),
        "deletedWith": real.get("deletedWith", ""),
        "importID": real.get("importID", ""),
        "line": position.rpartition("#")[2] if own else "",
    }


def _unequal(mine: Any, theirs: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The innermost places where the two differ."""
    if isinstance(mine, Unknown):
        return
    if isinstance(mine, dict) and isinstance(theirs, dict):
        for name in mine.keys() | theirs.keys():
            yield from _unequal(mine.get(name), theirs.get(name), f"{path}.{name}")
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for index, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            yield from _unequal(one, other, f"{path}[{index}]")
    elif not _same(mine, theirs):
        yield path, mine, theirs


def _same(mine: Any, theirs: Any) -> bool:
    """Equal as they are, or as the policy documents that they stand for."""
    return bool(mine == theirs) or _document(mine) == _document(theirs) is not None


def _document(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return _sorted(value) if isinstance(value, dict) else None


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(item) for name, item in value.items()}
    if isinstance(value, list):
        items = [_sorted(item) for item in value]
        return sorted(items) if all(isinstance(item, str) for item in items) else items
    return value


def _named(value: Any, real: Callable[[str], str]) -> Any:
    """A captured value with real names, secrets opened, nothing for None."""
    if isinstance(value, Secret):
        return _named(value.value, real)
    if isinstance(value, dict):
        if "$asset" in value or "$archive" in value:
            return _content(value.get("$asset") or value.get("$archive") or {})
        return {key: _named(item, real) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_named(item, real) for item in value]
    return real(value) if isinstance(value, str) else value


def _plain(value: Any, keep_defaults: bool = False) -> Any:
    """A value of the state without Pulumi's and the provider's marks, and without what the provider added."""
    if isinstance(value, list):
        return [_plain(item, keep_defaults) for item in value]
    if not isinstance(value, dict):
        return UNKNOWN if value == UNKNOWN_TEXT else value
    signature = value.get(SIGNATURE)
    if signature == SECRET:
        return _plain(json.loads(value["plaintext"]), keep_defaults)
    if signature in (ASSET, ARCHIVE):
        return _content(value)
    if signature == REFERENCE:
        return value.get("id") or value["urn"]
    added = set() if keep_defaults else set(value.get(DEFAULTS, ()))
    return {name: _plain(item, keep_defaults) for name, item in value.items() if name != DEFAULTS and name not in added}


def _content(value: Mapping[str, Any]) -> dict[str, Any]:
    """What an asset or archive was made of; the engine adds hashes."""
    parts = {name: value[name] for name in ("path", "uri", "text") if value.get(name)}
    inside = value.get("assets") or {}
    nested = {name: _content(item.get("$asset") or item.get("$archive") or item) for name, item in inside.items()}
    return parts | ({"assets": nested} if nested else {})


def _holds_unknown(value: Any) -> bool:
    return any(isinstance(leaf, Unknown) for _, leaf in _leaves(value, ""))


def _texts(value: Any) -> set[str]:
    return {leaf for _, leaf in _leaves(value, "") if isinstance(leaf, str)}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    while isinstance(value, Secret):
        value = value.value
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value
