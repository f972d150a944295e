"""The effective settings of a thing, and which layer each came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lychgate.provisioner.models.names import SHARED, SINGLE
from lychgate.provisioner.models.settings import Classification, Layer, Part

if TYPE_CHECKING:
    from lychgate.provisioner.models.platform import Platform

# What stands where in an application's file: a workload's settings are of the kind `workload`, whatever it is.
WORKLOAD = "workload"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: the layer's name, and FILE:LINE (empty for the defaults)."""

    layer: str
    place: str


@dataclass(frozen=True, slots=True)
class Effective:
    """The settings of one thing: key -> value, and key -> where from."""

    kind: str
    values: Mapping[str, Any]
    origins: Mapping[str, Origin]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]


@dataclass(frozen=True, slots=True)
class Said:
    """What one layer says of one kind, and where: the document's name and the path to it. `of` is the class of data
    that it says it of, where it is not all."""

    layer: str
    values: Part
    document: str
    path: tuple[str, ...]
    of: str = ""

    @property
    def name(self) -> str:
        """The layer as people read it."""
        return f"{self.layer} ({self.of})" if self.of else self.layer


def effective(
    platform: Platform, application: str, environment: str, tenant: str, kind: str, name: str = ""
) -> Effective:
    """The settings of a thing of an application; of a kind that is no thing by itself (`logs`, `quota`, `cache`) where
    `name` is empty."""
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for said in layers(platform, application, environment, tenant, kind, name):
        for key, value in said.values.model_dump(exclude_none=True).items():
            values[key] = value
            place = platform.place(said.document, *said.path, key) if said.document else ""
            origins[key] = Origin(said.name, place)
    return Effective(kind, values, origins)


def layers(platform: Platform, application: str, environment: str, tenant: str, kind: str, name: str) -> Iterator[Said]:
    """What each layer says of a thing, the one that overrides all others last."""
    spec = platform.applications[application]
    thing = None
    part = "workloads" if kind == WORKLOAD else "resources"
    if name:
        thing = (spec.workloads if part == "workloads" else spec.resources)[name]
    class_: Classification = getattr(thing, "classification", None) or spec.classification
    yield from _both("default", platform.defaults, class_, kind, "", ())
    yield from _both("platform", platform.file, class_, kind, "platform", ())
    there = platform.environments[environment]
    yield from _both(f"environment {environment}", there, class_, kind, f"environments/{environment}", ())
    if tenant not in (SINGLE, SHARED):
        yield from _both(f"tenant {tenant}", platform.tenants[tenant], class_, kind, "tenants", ("tenants", tenant))
    settings = getattr(thing, "settings", None)
    if settings is not None:
        path = (part, name, "settings")
        yield Said(f"application {application}", settings, f"applications/{application}", path)


def _both(
    name: str, layer: Layer, classification: Classification, kind: str, document: str, path: tuple[str, ...]
) -> Iterator[Said]:
    """What a layer says of all, then what it says of this class of data."""
    yield Said(name, getattr(layer.values, kind), document, (*path, "values", kind))
    if values := layer.by_classification.get(classification):
        words = (*path, "by_classification", classification, kind)
        yield Said(name, getattr(values, kind), document, words, classification)


def things(platform: Platform, application: str, environment: str, tenant: str) -> Iterator[tuple[str, str]]:
    """Kind and name of everything in a stack that has settings; of no name what goes for the whole of it."""
    spec = platform.applications[application]
    for name in spec.workloads:
        yield WORKLOAD, name
    if any(workload.cache for workload in spec.workloads.values()):
        yield "cache", ""
    for name, resource in spec.resources.items():
        if hasattr(resource, "settings") and resource.serves(environment, tenant):
            yield resource.kind, name
    yield from (("repository", ""), ("logs", ""), ("quota", ""))


def amount(value: Any) -> float | None:
    """A setting as a number: cores of CPU, GiB of memory; None where it is none."""
    if isinstance(value, int | float):
        return float(value)
    for suffix, factor in (("Gi", 1.0), ("Mi", 1 / 1024), ("m", 0.001), ("", 1.0)):
        head = str(value).removesuffix(suffix) if suffix else str(value)
        if str(value).endswith(suffix) and head.isdecimal():
            return int(head) * factor
    return None
