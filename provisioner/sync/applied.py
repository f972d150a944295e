"""What came of an apply: plain records, without secrets, that can be written as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Stage = Literal["preview", "up", "destroy"]
PASSES = ("same", "refresh")  # operations that change nothing
Outcome = Literal["begun", "applied", "refused", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Step:
    """One resource and what is done to it; `state` is how far that is. `operation` is the engine's own word."""

    state: Literal["begins", "done", "failed"]
    operation: str
    type: str
    urn: str

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.split("::", 3)[-1]

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {"operation": self.operation, "type": self.type, "name": self.name, "urn": self.urn}


# Called when a stage begins (without a step), then for each resource; from other threads than the caller's.
Progress = Callable[[Stage, Step | None], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the policy pack said in the engine.

    `stage` is when it was said first: what only `up` said was unknown in the preview. `level` is the ruleset's where a
    waiver has made the pack's own advisory; `severity` is empty for a policy that is no rule of Lychgate.
    """

    rule: str
    urn: str
    level: str
    severity: str
    message: str
    stage: Stage
    waived: bool = False

    @property
    def blocks(self) -> bool:
        """Whether nothing may be applied because of it."""
        return self.level == "mandatory" and not self.waived

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told: dict[str, Any] = {name: getattr(self, name) for name in ("rule", "urn", "level", "severity", "message")}
        return told | {"stage": self.stage, "waived": self.waived}


@dataclass(frozen=True, slots=True)
class Applied:
    """How far an apply, or a removal, came.

    `begun`: what came of it was never told. `refused`: nothing was touched. `failed` and `cancelled`: what `done` says
    was done before, and Pulumi's state knows it; of what is `unfinished` nobody knows. `id` stands in the message of
    Pulumi's own history too. `counts` is how many resources each operation had; `seconds` how long each stage took.
    """

    stack: str
    id: str
    outcome: Outcome
    reason: str = ""
    engine: str = ""
    started: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    done: tuple[Step, ...] = ()
    broken: tuple[Step, ...] = ()
    unfinished: tuple[Step, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told: dict[str, Any] = {
            name: getattr(self, name) for name in ("stack", "id", "outcome", "reason", "engine", "started")
        }
        told |= {"counts": dict(self.counts), "seconds": {name: round(s, 3) for name, s in self.seconds.items()}}
        for name in ("findings", "done", "broken", "unfinished"):
            told[name] = [one.as_dict() for one in getattr(self, name)]
        return told
