"""What the engine tells while it works, put together: which resources, which findings, which errors."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Literal

from lychgate.provisioner.sync.applied import PASSES, Finding, Progress, Stage, Step
from pulumi.automation import EngineEvent

COLOUR = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")
MOST = 4000  # characters of one message that are kept
UNDETERMINED = "\nnot determined: "  # how the pack's findings begin that only a deployment can decide


class Events:
    """Collects the events of one sync, over its stages. The engine's events come in threads of their own.

    `severities` are those of the rules by id; `waived` are pairs of rule and URN: what such a rule finds elsewhere is
    mandatory, though a waiver has made the pack's own level advisory.
    """

    def __init__(
        self,
        progress: Progress,
        redact: Callable[[str], str],
        severities: Mapping[str, str],
        waived: Collection[tuple[str, str]],
    ) -> None:
        self.progress, self.redact = progress, redact
        self.severities, self.waived = severities, waived
        self._lowered = {rule for rule, _ in waived}
        self.stage: Stage = "preview"
        self.findings: dict[tuple[str, str, str], Finding] = {}
        self._lock = threading.Lock()
        self._forget()

    def begin(self, stage: Stage) -> None:
        """What comes now belongs to another stage: findings are kept, all else is of the last stage."""
        with self._lock:
            self.stage = stage
            self._forget()
        self.progress(stage, None)

    def _forget(self) -> None:
        self.counts: dict[str, int] = {}
        self.errors: list[str] = []
        self.begun: list[Step] = []
        self._begun: dict[tuple[str, str], Step] = {}
        self._ended: list[Step] = []

    def __call__(self, event: EngineEvent) -> None:
        """Take one event."""
        step = self._step(event)
        with self._lock:
            self._note(event, step)
        if step is not None:
            self.progress(self.stage, step)

    def _step(self, event: EngineEvent) -> Step | None:
        told: tuple[tuple[Literal["begins", "done", "failed"], object], ...] = (
            ("begins", event.resource_pre_event),
            ("done", event.res_outputs_event),
            ("failed", event.res_op_failed_event),
        )
        for state, one in told:
            if one is not None:
                metadata = one.metadata  # type: ignore[attr-defined]
                state_of = metadata.new or metadata.old
                if state_of is None or not state_of.custom:  # a component: nothing is done to it
                    return None
                operation = getattr(metadata.op, "value", metadata.op)
                return Step(state, str(operation), metadata.type, self.redact(metadata.urn))
        return None

    def _note(self, event: EngineEvent, step: Step | None) -> None:
        if step is not None and step.state == "begins":
            self._begun[step.urn, step.operation] = step
            self.begun.append(step)
        elif step is not None:
            known = self._begun.pop((step.urn, step.operation), None)
            if known or step.state == "failed":  # a component's outputs come a second time
                self._ended.append(step)
        if event.summary_event is not None:
            counts = event.summary_event.resource_changes
            self.counts = {str(getattr(name, "value", name)): count for name, count in counts.items()}
        if event.diagnostic_event is not None and event.diagnostic_event.severity == "error":
            message = self._said(event.diagnostic_event.message)
            urn = event.diagnostic_event.urn or ""
            named = f"{self.redact(urn.split('::', 3)[-1])}: {message}" if urn else message
            if message and named not in self.errors:
                self.errors.append(named)
        if event.policy_event is not None:
            self._found(event)

    def _found(self, event: EngineEvent) -> None:
        told = event.policy_event
        assert told is not None
        rule, urn = told.policy_name, told.resource_urn or ""
        waived = (rule, urn) in self.waived
        level = "mandatory" if told.enforcement_level == "mandatory" else "advisory"
        message = self._said(told.message)
        if rule in self._lowered and UNDETERMINED not in message:
            level = "mandatory"
        one = Finding(rule, self.redact(urn), level, self.severities.get(rule, ""), message, self.stage, waived)
        self.findings.setdefault((rule, urn, level), one)

    def _said(self, message: str) -> str:
        return self.redact(COLOUR.sub("", message).strip())[:MOST]

    @property
    def blocking(self) -> list[Finding]:
        """The findings against which nothing may be applied."""
        return [one for one in self.findings.values() if one.blocks]

    def done(self) -> tuple[Step, ...]:
        """What was done to resources in this stage, in order."""
        return tuple(one for one in self._ended if one.state == "done" and one.operation not in PASSES)

    def broken(self) -> tuple[Step, ...]:
        """The resources that failed in this stage."""
        return tuple(one for one in self._ended if one.state == "failed")

    def unfinished(self) -> tuple[Step, ...]:
        """What was begun in this stage and did not end."""
        begun = [one for one in self._begun.values() if one.operation not in PASSES]
        broken = {one.urn for one in self.broken()}
        return tuple(one for one in begun if one.urn not in broken)

    def totals(self) -> dict[str, int]:
        """How many resources each operation had: the engine's own summary, else what was seen."""
        return self.counts or dict(Counter(one.operation for one in self._ended if one.state == "done"))
