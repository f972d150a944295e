"""What a rule can say of a resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["pass", "fail", "unknown", "error", "waived", "not applicable"]
Level = Literal["advisory", "mandatory", "remediate", "disabled"]
Severity = Literal["low", "medium", "high", "critical"]
Layer = Literal["encryption", "iam", "network", "tenancy", "cost", "operations"]

LAYERS: tuple[Layer, ...] = ("encryption", "iam", "network", "tenancy", "cost", "operations")
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rule says of one resource. `witness` is the proof: the request, the path, the pair of tenants."""

    outcome: Outcome
    message: str = ""
    witness: dict[str, Any] | None = None


PASS = Answer("pass")


def fail(message: str, witness: dict[str, Any] | None = None) -> Answer:
    """The resource breaks the rule. The message says what is wrong, where, and why it matters."""
    return Answer("fail", message, witness)


def not_applicable(reason: str) -> Answer:
    """The rule has nothing to say of this resource, and why."""
    return Answer("not applicable", reason)


def unknown(reason: str) -> Answer:
    """The rule cannot decide, for a reason other than an unknown property (which says so by itself)."""
    return Answer("unknown", reason)
