"""Labels: which application, environment, tenant and data classification a resource belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lychgate.model.graph import Resource

DIMENSIONS = ("application", "environment", "tenant", "classification")

# The source of a label that only the invoker gives, to all stacks alike.
INVOKER = "--environment"

# The words for data other than cardholder data.
OTHER_DATA = ("sensitive", "internal", "public")

DEFAULT_KEYS: dict[str, tuple[str, ...]] = {
    "application": ("application", "app", "app.kubernetes.io/part-of", "app.kubernetes.io/name"),
    "environment": ("environment", "env", "app.kubernetes.io/environment"),
    "tenant": ("tenant", "app.kubernetes.io/tenant"),
    "classification": ("data-classification", "classification", "dataclassification"),
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources that disagree about one dimension."""

    dimension: str
    value: str
    source: str
    other: str
    other_source: str


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a resource; None where nobody says. `unknown` names dimensions whose source is unknown, `secret`
    those whose value the program has marked as secret."""

    application: str | None = None
    environment: str | None = None
    tenant: str | None = None
    classification: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    unknown: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()

    @property
    def in_scope(self) -> bool:
        """Whether the resource counts as part of the cardholder data environment: so classified, not classified, or
        classified by a word that nobody knows. Only a word for other data takes it out."""
        return self.classification not in OTHER_DATA

    def public(self) -> dict[str, str]:
        """The labels that are set, as the verdict shows them."""
        set_ = {name: value for name in DIMENSIONS if (value := getattr(self, name)) is not None}
        return {name: "[secret]" if name in self.secret else value for name, value in set_.items()}


@dataclass(frozen=True, slots=True)
class LabelSettings:
    """Key names per dimension, and selectors of lychgate.yaml: a pattern over URNs -> the labels of what it selects.

    `environment` is what the invoker says the stack is deployed to; it counts last.
    """

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: DEFAULT_KEYS)
    selectors: tuple[tuple[str, Mapping[str, str]], ...] = ()
    environment: str | None = None

    def selected(self, resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
        """What selectors and the invoker say of a resource, first match first."""
        for pattern, labels in self.selectors:
            if fnmatchcase(resource.urn, pattern):
                yield (
                    f"the selector {pattern} of lychgate.yaml",
                    {self.keys[key][0]: value for key, value in labels.items()},
                )
        if self.environment:
            yield INVOKER, {self.keys["environment"][0]: self.environment}
