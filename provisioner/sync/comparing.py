"""Two values of one property: what the program says, and what the state holds after the provider's Check."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import orjson

from lychgate.model.values import Secret, Unknown

Steps: TypeAlias = "tuple[str | int, ...]"

DEFAULTS = "__defaults"
# What providers and the engine add at the top of the inputs, where the program has not said it.
ADDED = frozenset({"tagsAll", "region", "__internal", "__provider", DEFAULTS})
# The same in the metadata of a Kubernetes object: provider/pkg/metadata of pulumi-kubernetes.
AUTONAMED = "pulumi.com/autonamed"
MANAGED_BY = "app.kubernetes.io/managed-by"
PLAIN = re.compile(r"[A-Za-z_$][\w$-]*")
STEP = re.compile(r'\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([^.\[\]]+)')
UNSURE = "\ue000"  # stands in a text where nobody knows what is deployed
DEEPEST = 400


class Absent:
    """The value of a property that is not there."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


def path_of(steps: Steps) -> str:
    """The steps as Pulumi writes a property path: `spec.template.spec.containers[0].image`, `tags["a.b"]`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{orjson.dumps(step).decode()}]" if step.isprintable() else f"[{step!r}]"
    return text


def steps_of(path: str) -> Steps:
    """The steps of a property path, as `ignoreChanges` has them; `*` is any one step."""
    found: list[str | int] = []
    for index, quoted, plain in STEP.findall(path):
        found.append(int(index) if index.isdigit() else index or quoted.replace('\\"', '"') or plain)
    return tuple(found)


def covers(pattern: Sequence[str | int], steps: Steps) -> bool:
    """Whether a path, or the part of it that there is, holds what stands at these steps."""
    return len(pattern) <= len(steps) and all(one in ("*", step) for one, step in zip(pattern, steps, strict=False))


class Comparison:
    """Compares the properties of one resource.

    `real` puts deployed names in the place of symbolic ones; `waits` says whether what an unknown property waits for
    is about to change. `found` are the places that differ, `unsure` those that cannot be compared.
    """

    def __init__(self, type_: str, real: Callable[[str], str], waits: Callable[[str], bool]) -> None:
        self.kubernetes = type_.startswith("kubernetes:")
        self.real, self.waits = real, waits
        self.found: list[tuple[Steps, Any, Any]] = []
        self.unsure: list[Steps] = []

    def properties(self, planned: dict[str, Any], deployed: dict[str, Any]) -> None:
        """Compare all properties of the resource."""
        defaults = {*_names(deployed.get(DEFAULTS)), *ADDED}
        for name in sorted(planned.keys() | deployed.keys()):
            if name in planned or name not in defaults:
                self.value((name,), planned.get(name, ABSENT), deployed.get(name, ABSENT))

    def value(self, steps: Steps, planned: Any, deployed: Any) -> None:
        """Compare what stands at one place."""
        planned = ABSENT if planned is None else planned
        deployed = ABSENT if deployed is None else deployed
        if len(steps) > DEEPEST or steps[-1] == "__provider" or isinstance(deployed, Unknown):
            self._unsure(steps)
        elif isinstance(planned, Secret) or isinstance(deployed, Secret):
            self._secret(steps, planned, deployed)
        elif isinstance(planned, Unknown):
            if deployed is ABSENT or self.waits(str(steps[0])):
                self.found.append((steps, deployed, planned))
            else:
                self._unsure(steps)
        elif isinstance(planned, dict) and isinstance(deployed, dict):
            self._objects(steps, planned, deployed)
        elif isinstance(planned, list) and isinstance(deployed, list):
            for index in range(max(len(planned), len(deployed))):
                self.value((*steps, index), _at(planned, index), _at(deployed, index))
        else:
            self._rest(steps, planned, deployed)

    def _unsure(self, steps: Steps) -> None:
        self.unsure.append(steps)

    def _secret(self, steps: Steps, planned: Any, deployed: Any) -> None:
        """What differs inside a secret is told as one change of the whole, and never shown."""
        inside = Comparison("kubernetes:" if self.kubernetes else "", self.real, self.waits)
        old, new = _open(deployed), _open(planned)
        inside.value(steps, new, old)
        if inside.found:
            self.found.append(
                (steps, deployed if old is ABSENT else Secret(old), planned if new is ABSENT else Secret(new))
            )
        elif inside.unsure:
            self._unsure(steps)

    def _objects(self, steps: Steps, planned: dict[str, Any], deployed: dict[str, Any]) -> None:
        if {"$asset", "$archive"} & (planned.keys() | deployed.keys()):
            self._contents(steps, planned, deployed)
            return
        skipped = {*_names(deployed.get(DEFAULTS)), DEFAULTS, *self._added(steps, deployed)}
        for name in sorted(planned.keys() | deployed.keys()):
            if planned.get(name) is not None or name not in skipped:
                self.value((*steps, name), planned.get(name, ABSENT), deployed.get(name, ABSENT))

    def _added(self, steps: Steps, deployed: dict[str, Any]) -> Iterator[str]:
        """What the provider has put into the metadata of a Kubernetes object."""
        if not self.kubernetes or steps[0] != "metadata":
            return
        if steps == ("metadata",):
            yield "namespace"
            notes = deployed.get("annotations")
            if isinstance(notes, dict) and AUTONAMED in notes:
                yield "name"
                if len(notes) == 1:
                    yield "annotations"
            labels = deployed.get("labels")
            if isinstance(labels, dict) and labels.keys() == {MANAGED_BY}:
                yield "labels"
        yield from (AUTONAMED, MANAGED_BY)

    def _contents(self, steps: Steps, planned: dict[str, Any], deployed: dict[str, Any]) -> None:
        """Assets: where both name the same file, whether it changed is not known here."""
        new, old = _content(planned), _content(deployed)
        if new != old:
            self.found.append((steps, deployed, planned))
        elif _named(new):
            self._unsure(steps)

    def _rest(self, steps: Steps, planned: Any, deployed: Any) -> None:
        if isinstance(planned, str):
            planned = self.real(planned)
            if UNSURE in planned:
                self._unsure(steps)
                return
        if (
            planned is deployed
            or (type(planned) is type(deployed) and planned == deployed)
            or self._alike(planned, deployed)
        ):
            return
        new, old = document(planned), document(deployed)
        if new is not None and old is not None and (isinstance(planned, str) or isinstance(deployed, str)):
            self.value(steps, _sorted(new), _sorted(old))
        else:
            self.found.append((steps, deployed, self.settled(planned)))

    def settled(self, planned: Any) -> Any:
        """What is added, with deployed names in it."""
        if isinstance(planned, dict):
            return {name: self.settled(item) for name, item in planned.items()}
        if isinstance(planned, list):
            return [self.settled(item) for item in planned]
        if isinstance(planned, Secret):
            return Secret(self.settled(planned.value))
        return self.real(planned).replace(UNSURE, "[unknown]") if isinstance(planned, str) else planned

    def _alike(self, planned: Any, deployed: Any) -> bool:
        """Whether the provider takes both for the same: those made from Terraform's do not tell "1" from 1, nor
        nothing from an empty list."""
        if isinstance(planned, bool) == isinstance(deployed, bool) and isinstance(planned, int | float):
            return isinstance(deployed, int | float) and planned == deployed
        if self.kubernetes:
            return False
        if ABSENT in (planned, deployed):
            return all(one is ABSENT or one in ({}, []) for one in (planned, deployed))
        texts = {_text(planned), _text(deployed)}
        return len(texts) == 1 and None not in texts


def _names(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else ABSENT


def _open(value: Any) -> Any:
    while isinstance(value, Secret):
        value = value.value
    return value


def _text(value: Any) -> str | None:
    """A plain value as the text that Terraform would make of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _content(value: Any) -> Any:
    """An asset without the hashes that only the engine knows."""
    if isinstance(value, dict):
        return {name: _content(item) for name, item in value.items() if name != "hash" and item not in (None, "")}
    return value


def _named(value: Any) -> bool:
    """Whether an asset says where its content is, and not what it is."""
    if not isinstance(value, dict):
        return False
    return "path" in value or "uri" in value or any(_named(item) for item in value.values())


def document(value: Any) -> Any:
    """A JSON object or list, given as it is or as a text; None for anything else."""
    if isinstance(value, dict | list):
        return value
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def _sorted(document: Any) -> Any:
    """A policy document with its lists of texts in order, as it means the same in any; other documents as they are."""
    return _in_order(document) if isinstance(document, dict) and "Statement" in document else document


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_order(item) for name, item in value.items()}
    if isinstance(value, list):
        items = [_in_order(item) for item in value]
        return sorted(items) if all(isinstance(item, str) for item in items) else items
    return value
