"""Which changes replace a resource, and which resources hold data: facts about types, from replaces.json.

The file says where each of its facts comes from. A type that is not in it may be replaced by any change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import orjson
from lychgate.provisioner.sync.comparing import Steps, covers, steps_of

_DATA = Path(__file__).with_name("replaces.json")
# What replaces any object of Kubernetes: metadataForceNewProperties of pulumi-kubernetes.
_METADATA = (("metadata", "name"), ("metadata", "namespace"))
# Tags and their like: in place for every type that has them.
_NEVER = frozenset({"tags", "tagsAll", "forceDestroy"})


@dataclass(frozen=True, slots=True)
class Replaces:
    """What is known of types.

    `always`: type -> paths whose change replaces the resource; any other of the type is made in place. `partly`: the
    same of types whose other paths are not known. `perhaps`: paths whose change may replace it, as the provider is set.
    `data_stores`: types whose deletion loses data.
    """

    always: Mapping[str, tuple[Steps, ...]] = field(default_factory=dict)
    partly: Mapping[str, tuple[Steps, ...]] = field(default_factory=dict)
    perhaps: Mapping[str, tuple[Steps, ...]] = field(default_factory=dict)
    data_stores: frozenset[str] = frozenset()

    @classmethod
    def standard(cls) -> Replaces:
        """What Lychgate knows."""
        return _standard()

    def forces(self, type_: str, steps: Steps) -> bool | None:
        """Whether a change at this place of a custom resource replaces it; None where that is not known."""
        if type_.startswith("pulumi:providers:"):
            return None if type_.endswith(":kubernetes") else False
        if steps[0] in _NEVER:
            return False
        kubernetes = type_.startswith("kubernetes:")
        if type_.startswith("aws:") and steps[0] == "region":
            return True
        known = self.always.get(type_)
        if _meets((*(known or ()), *self.partly.get(type_, ()), *(_METADATA if kubernetes else ())), steps):
            return True
        if _meets(self.perhaps.get(type_, ()), steps):
            return None
        return False if known is not None or kubernetes else None


def _meets(patterns: tuple[Steps, ...], steps: Steps) -> bool:
    """Whether what changes holds, or stands in, one of these places. Patterns say nothing of places in lists."""
    bare = tuple(step for step in steps if not isinstance(step, int))
    return any(covers(pattern, bare) or covers(bare, pattern) for pattern in patterns)


@cache
def _standard() -> Replaces:
    data = orjson.loads(_DATA.read_bytes())
    always, partly, perhaps = (
        {type_: tuple(steps_of(path) for path in paths) for type_, paths in data[name].items()}
        for name in ("replaces", "replaces_among_others", "may_replace")
    )
    return Replaces(always, partly, perhaps, frozenset(data["data_stores"]))
