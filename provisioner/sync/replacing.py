"""Which changes replace a resource, and which resources hold data: facts about types, from replaces.json.

The file says where each of its facts comes from. A type that is not in it may be replaced by any change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import orjson
from lychgate.provisioner.sync.comparing import ABSENT, Steps, covers, steps_of

from lychgate.model.values import Secret, Unknown

Places: TypeAlias = "Mapping[str, tuple[Steps, ...]]"

_DATA = Path(__file__).with_name("replaces.json")
# What replaces any object of Kubernetes: metadataForceNewProperties of pulumi-kubernetes.
_METADATA = (("metadata", "name"), ("metadata", "namespace"))
# Tags and their like: in place for every type of which nothing else is known.
_NEVER = frozenset({"tags", "tagsAll", "forceDestroy"})


@dataclass(frozen=True, slots=True)
class Replaces:
    """What is known of types, each with the places of it that are special.

    `always`: a change replaces the resource. `given`: so does another value, but not that the program says no more of
    the property that holds it, as the provider then keeps what there is. `presence`: it is replaced where the property
    comes or goes, not where its value changes. `perhaps`: a change may replace it, as the values and the provider's
    settings are. Any other change of a type in `always` is made in place. `data_stores`: types whose deletion loses
    data.
    """

    always: Places = field(default_factory=dict)
    given: Places = field(default_factory=dict)
    presence: Places = field(default_factory=dict)
    perhaps: Places = field(default_factory=dict)
    data_stores: frozenset[str] = frozenset()

    @classmethod
    def standard(cls) -> Replaces:
        """What Lychgate knows."""
        return _standard()

    def forces(self, type_: str, steps: Steps, old: Any, new: Any) -> bool | None:
        """Whether a change at this place of a custom resource replaces it; None where that is not known."""
        if type_.startswith("pulumi:providers:"):
            return None if type_.endswith(":kubernetes") else False
        found = set(self._found(type_, steps, old, new))
        if True in found:
            return True
        if None in found:
            return None
        if steps[0] in _NEVER:
            return False
        if type_.startswith("aws:") and steps[0] == "region":
            return True
        return False if type_ in self.always or type_.startswith("kubernetes:") else None

    def _found(self, type_: str, path: Steps, old: Any, new: Any) -> Iterator[bool | None]:
        """What each place that the change touches says of it. Patterns say nothing of places in lists."""
        steps = tuple(step for step in path if not isinstance(step, int))
        for pattern in (*self.always.get(type_, ()), *(_METADATA if type_.startswith("kubernetes:") else ())):
            if covers(pattern, steps):
                yield True
            elif covers(steps, pattern):
                yield _either(_holds(old, pattern[len(steps) :]), _holds(new, pattern[len(steps) :]))
        for pattern in self.given.get(type_, ()):
            if covers(pattern, steps):
                yield len(path) > 1 or new is not ABSENT
            elif covers(steps, pattern):
                rest = pattern[len(steps) :]
                yield _either(_holds(new, rest), len(path) > 1 and _holds(old, rest))
        for pattern in self.presence.get(type_, ()):
            if covers(steps, pattern):
                was, will = (_holds(value, pattern[len(steps) :]) for value in (old, new))
                yield None if None in (was, will) else was is not will
        if any(covers(pattern, steps) or covers(steps, pattern) for pattern in self.perhaps.get(type_, ())):
            yield None


def _either(one: bool | None, other: bool | None) -> bool | None:
    return True if True in (one, other) else None if None in (one, other) else False


def _holds(value: Any, rest: Steps) -> bool | None:
    """Whether there is anything at this place of a value; None where nobody knows."""
    while isinstance(value, Secret):
        value = value.value
    if value is ABSENT or value is None:
        return False
    if not rest:
        return True
    if isinstance(value, Unknown):
        return None
    found: bool | None = False
    if isinstance(value, list):
        for item in value:
            found = _either(found, _holds(item, rest))
    elif isinstance(value, dict):
        for name, item in value.items():
            if rest[0] in ("*", name):
                found = _either(found, _holds(item, rest[1:]))
    return found


@cache
def _standard() -> Replaces:
    data = orjson.loads(_DATA.read_bytes())
    always, given, presence, perhaps = (
        {type_: tuple(steps_of(path) for path in paths) for type_, paths in data[name].items()}
        for name in ("replaces", "replaces_if_given", "replaces_as_it_comes_or_goes", "may_replace")
    )
    return Replaces(always, given, presence, perhaps, frozenset(data["data_stores"]))
