"""Three-valued answers: yes with a witness, no with a reason, unknown with the field that would decide it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, NoReturn, TypeVar

from lychgate.reasoning.network.flows import ALL_FLOWS, NO_FLOWS, Flow, FlowSet

Witness = TypeVar("Witness")


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """A value that cannot be known before the deployment: stands in any field of a record in the value's place."""

    record: str
    field: str

    def __str__(self) -> str:
        return f"{self.field} of {self.record}"


@dataclass(frozen=True, slots=True)
class Answer(Generic[Witness]):
    """The answer to a question. Has no truth value on purpose: unknown must not be read as no.

    `witness`: for yes the proof; for unknown what would hold if the unknown values turned out open; for no None.
    `unknowns`: for unknown, the values that would decide it, never empty.
    """

    state: Literal["yes", "no", "unknown"]
    reason: str
    witness: Witness | None = None
    unknowns: tuple[Unknown, ...] = ()

    @property
    def is_yes(self) -> bool:
        """Certainly so, whatever the unknown values are."""
        return self.state == "yes"

    @property
    def is_no(self) -> bool:
        """Certainly not so, whatever the unknown values are."""
        return self.state == "no"

    @property
    def is_unknown(self) -> bool:
        """Depends on values that are not known."""
        return self.state == "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("an Answer is yes, no or unknown: ask is_yes, is_no or is_unknown")


def yes(witness: Witness, reason: str) -> Answer[Witness]:
    """A proven yes."""
    return Answer("yes", reason, witness)


def no(reason: str) -> Answer[Witness]:
    """A proven no."""
    return Answer("no", reason)


def unknown(reason: str, unknowns: tuple[Unknown, ...], witness: Witness | None = None) -> Answer[Witness]:
    """An open answer."""
    return Answer("unknown", reason, witness, unknowns)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a filter lets through for certain, and at most: between the two lies what unknown values decide."""

    certain: FlowSet
    possible: FlowSet

    def __and__(self, other: Bounds) -> Bounds:
        if other is EVERYTHING:
            return self
        certain = self.certain & other.certain
        exact = self.certain is self.possible and other.certain is other.possible
        return Bounds(certain, certain if exact else self.possible & other.possible)

    def __or__(self, other: Bounds) -> Bounds:
        certain = self.certain | other.certain
        exact = self.certain is self.possible and other.certain is other.possible
        return Bounds(certain, certain if exact else self.possible | other.possible)


def exactly(flows: FlowSet) -> Bounds:
    """Bounds without doubt."""
    return Bounds(flows, flows)


EVERYTHING = exactly(ALL_FLOWS)
PERHAPS = Bounds(NO_FLOWS, ALL_FLOWS)


@dataclass(frozen=True, slots=True)
class Step:
    """What lets a flow through at one place: the kind of thing, its record's id, and the rule in words."""

    kind: Literal["public-address", "route", "network-acl", "security-group", "network-policy"]
    record: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind} {self.record}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Hop:
    """One reach from a source to a target (endpoint ids, or INTERNET).

    `flow` is one concrete flow, `flows` all that certainly pass (for an unknown answer: may pass), `steps` what lets
    `flow` through, in the order it is met.
    """

    source: str
    target: str
    flow: Flow
    flows: FlowSet
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} ({self.flow}) by " + ", ".join(str(step) for step in self.steps)
