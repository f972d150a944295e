"""Under which URN a planned resource may be deployed still.

As `generateAliases` and `inheritedChildAlias` of https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy do:
its own aliases, and those that follow from the aliases of its parent. Of an alias, a capture keeps its URN, or
`name=... type=...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lychgate.model.graph import Graph, Resource

SPEC = re.compile(r"name=(.*) type=(.*)", re.S)
STACK = "pulumi:pulumi:Stack"
MOST = 100


def former_urns(resource: Resource, planned: Graph) -> list[str]:
    """The URNs that a resource may have had, its own aliases first; without the one that it has."""
    return [urn for urn in dict.fromkeys(_urns(resource, planned, 0)) if urn != resource.urn][:MOST]


def _urns(resource: Resource, planned: Graph, depth: int) -> Iterator[str]:
    head, qualified, _ = _parts(resource.urn)
    chain = qualified.rpartition("$")[0]
    own = [(resource.name, resource.type)]
    for text in [*resource.options.get("aliasURNs", ()), *resource.options.get("aliases", ())]:
        spec = SPEC.fullmatch(str(text))
        if spec is None:
            yield str(text)
            continue
        name, type_ = spec[1] or resource.name, spec[2] or resource.type
        own.append((name, type_))
        yield f"{head}::{chain}${type_}::{name}" if chain else f"{head}::{type_}::{name}"
    parent = planned.by_urn.get(resource.parent or "")
    if parent is None or parent.type == STACK or depth > 20:
        return
    for urn in list(_urns(parent, planned, depth + 1))[:MOST]:
        if urn.count("::") < 3:
            continue
        above, types, former = _parts(urn)
        for name, type_ in own:
            inherited = former + name.removeprefix(parent.name) if name.startswith(parent.name) else name
            for one in dict.fromkeys((inherited, name)):
                yield f"{above}::{types}${type_}::{one}"


def _parts(urn: str) -> tuple[str, str, str]:
    """Stack and project, the qualified type, the name."""
    stack, project, qualified, name = (*urn.split("::", 3), "", "", "")[:4]
    return f"{stack}::{project}", qualified, name
