"""The verdict: judgements, waivers and requirements put together and decided. Deterministic but for the run's id."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from lychgate.judging.evaluation import Judgement, by_rule, evaluate
from lychgate.judging.framework import Requirement
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset
from lychgate.judging.waiver_graph import waiver_graph
from lychgate.judging.waivers import Waiver, Waivers
from lychgate.model.graph import Graph, Location, Resource
from lychgate.model.outcome import Outcome
from lychgate.model.redaction import Redactor
from lychgate.model.values import plain
from lychgate.views.labels import labels_of
from lychgate.views.waivers import WAIVER

Show = Callable[[Any], Any]
Decision = Literal["clean", "findings", "undetermined"]

TOOL = "lychgate"
VERSION = "1"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run was told, beside graph and ruleset. `inputs`: name -> SHA-256."""

    as_of: datetime
    environment: str
    strict: bool
    tool_version: str
    commit: str | None = None
    policy_ref: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    isolation: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """A judgement after waivers: its final outcome and message, and the waiver that applies or has expired; `declared`
    is by what else it is accepted."""

    judgement: Judgement
    outcome: Outcome
    message: str
    waiver: Waiver | None = None
    declared: str = ""

    @property
    def blocks(self) -> bool:
        """Whether it stops a deployment: a mandatory failure, or a rule that crashed at any level."""
        mandatory = self.judgement.level in ("mandatory", "remediate")
        return (self.outcome == "fail" and mandatory) or self.outcome == "error"

    @property
    def undetermined(self) -> bool:
        """Whether a mandatory rule could not be decided."""
        return self.outcome == "unknown" and self.judgement.level in ("mandatory", "remediate")


def waive(judgements: Iterable[Judgement], waivers: Waivers) -> list[Decided]:
    """Judgements as they stand after waivers: a failure or an unknown can be waived, a crash cannot."""
    found = []
    for judgement in judgements:
        outcome, message = judgement.outcome, judgement.answer.message
        waiver, declared = None, ""
        if outcome in ("fail", "unknown"):
            waiver = waivers.match(judgement.rule.id, judgement.resource.stack, judgement.resource.urn)
            if waiver is not None and waiver.expired:
                message = f"{message} (its waiver {waiver.ticket} expired on {waiver.expires})"
            elif waiver is not None:
                outcome = "waived"
        about = (judgement.rule.id, judgement.resource.stack, judgement.resource.name)
        if outcome == "fail" and about in waivers.retired:
            outcome, waiver, declared = "waived", None, f"retiring, {waivers.retired[about]}"
            message = judgement.answer.message
        found.append(Decided(judgement, outcome, message, waiver, declared))
    return found


def decide(decided: Iterable[Decided], strict: bool) -> Decision:
    """Findings outrank what is undetermined, which counts under strict only."""
    decided = list(decided)
    if any(one.blocks for one in decided):
        return "findings"
    if strict and any(one.undetermined for one in decided):
        return "undetermined"
    return "clean"


def verdict_of(
    graph: Graph, rules: Mapping[str, Rule], ruleset: Ruleset, waivers: Waivers, run: RunFacts
) -> dict[str, Any]:
    """The verdict document (schema: `model.verdict.Verdict`) on a graph, and on the waivers that its stacks have.

    What comes from the program is shown without secrets.
    """
    decided = waive(evaluate(graph, rules.values(), ruleset), waivers)
    about = waiver_graph(waivers, graph, rules, ruleset)
    judging = [rule for rule in rules.values() if WAIVER in rule.judges.types]
    decided += [Decided(one, one.outcome, one.answer.message) for one in evaluate(about, judging, ruleset)]
    return _document(graph, about, rules, ruleset, waivers, decided, run)


def _document(
    graph: Graph,
    about: Graph,
    rules: Mapping[str, Rule],
    ruleset: Ruleset,
    waivers: Waivers,
    decided: Sequence[Decided],
    run: RunFacts,
) -> dict[str, Any]:
    show = Redactor.of(graph).value
    used = {rule.id: rule for rule in rules.values() if ruleset.level(rule) != "disabled"}
    return {
        "version": VERSION,
        "decision": decide(decided, run.strict),
        "run": {
            "id": str(uuid.uuid4()),
            "tool": TOOL,
            "tool_version": run.tool_version,
            "ruleset": ruleset.name,
            "ruleset_digest": ruleset.digest,
            "rules_digest": rules_digest(used.values()),
            "environment": run.environment,
            "strict": run.strict,
            "as_of": run.as_of.isoformat(),
            "commit": run.commit,
            "policy_ref": run.policy_ref,
            "inputs": dict(sorted(run.inputs.items())),
            "isolation": list(run.isolation),
        },
        "stacks": [
            {name: getattr(stack, name) for name in ("name", "project", "stack", "account", "region")}
            for stack in sorted(graph.stacks.values(), key=lambda stack: stack.name)
        ],
        "summary": dict(sorted(Counter(one.outcome for one in decided).items())),
        "resources": [
            show(_resource(graph if item.urn in graph.by_urn else about, item))
            for item in sorted([*graph.resources, *about.resources], key=_key)
        ],
        "rules": _rules(used, ruleset, decided),
        "requirements": [_requirement(requirement, decided, used) for requirement in ruleset.requirements],
        "judgements": [_judgement(one, ruleset, show) for one in sorted(decided, key=_order)],
        "waivers": [_waiver(waiver, waivers) for waiver in waivers.all],
        "not_inspected": [
            show({"stack": item.stack, "urn": item.urn, "type": item.type, "why": item.why})
            for item in sorted(graph.not_inspected, key=lambda item: (item.stack, item.urn, item.type, item.why))
        ],
        "lookups": [show(item) for item in _lookups(graph)],
        "compared": None,
        "mended": [],
    }


def rules_digest(rules: Iterable[Rule]) -> str:
    """SHA-256 over the ids of the rules and the files that they stand in: which code has judged."""
    digest = hashlib.sha256()
    files: dict[str, bytes] = {}
    for rule in sorted(rules, key=lambda rule: rule.id):
        file = rule.check.__code__.co_filename
        if file not in files:
            files[file] = _source(file)
        digest.update(rule.id.encode() + b"\0" + files[file])
    return digest.hexdigest()


def _source(file: str) -> bytes:
    """The digest of a file; of nothing where an installation holds no sources."""
    try:
        return hashlib.sha256(Path(file).read_bytes()).digest()
    except OSError:
        return hashlib.sha256().digest()


def _order(one: Decided) -> tuple[str, str]:
    return one.judgement.rule.id, one.judgement.resource.urn


def _key(resource: Resource) -> tuple[str, str]:
    return resource.stack, resource.urn


def _place(location: Location | None) -> dict[str, Any] | None:
    return {"file": location.file, "line": location.line} if location else None


def _resource(graph: Graph, resource: Resource) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "stack": resource.stack,
        "labels": labels_of(graph, resource).public(),
        "parent": resource.parent,
        "dependencies": list(resource.dependencies),
        "location": _place(resource.location),
        "external": resource.external or resource.type == WAIVER,  # no stack manages it
        "component": not resource.custom,
    }


def _rules(used: Mapping[str, Rule], ruleset: Ruleset, decided: Iterable[Decided]) -> list[dict[str, Any]]:
    population = {name: len(found) for name, found in by_rule(one.judgement for one in decided).items()}
    return [
        {
            "id": rule.id,
            "title": rule.title,
            "layer": rule.layer,
            "severity": rule.severity,
            "level": ruleset.level(rule),
            "rationale": rule.rationale,
            "remediation": rule.remediation,
            "requirements": list(ruleset.requirements_of(rule.id)),
            "population": population.get(rule.id, 0),
        }
        for rule in sorted(used.values(), key=lambda rule: rule.id)
    ]


def _requirement(requirement: Requirement, decided: Iterable[Decided], used: Mapping[str, Rule]) -> dict[str, Any]:
    """Manual where no rule in use speaks for it, undetermined where one could not be decided, else its kind.

    Preflight rules do not count: what they say of a sync is in its record, and a verdict knows of no sync.
    """
    rules = [rule for rule in requirement.rules if rule in used]
    counts = Counter(one.outcome for one in decided if one.judgement.rule.id in rules)
    state: str = requirement.kind if rules else "manual"
    if counts["unknown"] or counts["error"]:
        state = "undetermined"
    return {
        "id": requirement.id,
        "title": requirement.title,
        "state": state,
        "rules": rules,
        "failed": counts["fail"],
        "unknown": counts["unknown"] + counts["error"],
        "waived": counts["waived"],
    }


def _judgement(one: Decided, ruleset: Ruleset, show: Show) -> dict[str, Any]:
    judgement, resource = one.judgement, one.judgement.resource
    return {
        "rule": judgement.rule.id,
        "urn": show(resource.urn),
        "type": show(resource.type),
        "name": show(resource.name),
        "stack": resource.stack,
        "outcome": one.outcome,
        "level": judgement.level,
        "severity": judgement.rule.severity,
        "layer": judgement.rule.layer,
        "requirements": list(ruleset.requirements_of(judgement.rule.id)),
        "message": one.message,
        "location": show(_place(resource.location)),
        "fingerprint": judgement.fingerprint,
        "witness": judgement.answer.witness,
        "waiver": one.waiver.ticket if one.waiver else one.declared or None,
        "introduced": None,
    }


def _waiver(waiver: Waiver, waivers: Waivers) -> dict[str, Any]:
    names = ("rule", "stack", "urn", "owner", "reason", "ticket", "approver", "compensating_control")
    return {name: getattr(waiver, name) for name in names} | {
        "created": waiver.created.isoformat() if waiver.created else None,
        "expires": waiver.expires.isoformat(),
        "expired": waiver.expired,
        "void": waiver.why or None,
        "used": bool(waivers.covers(waiver)),
        "location": {"file": waivers.file, "line": waiver.line} if waivers.file else None,
    }


def _lookups(graph: Graph) -> list[dict[str, Any]]:
    found = [
        {"stack": item.stack, "token": item.token, "arguments": plain(item.arguments), "answered": item.answered}
        for item in graph.lookups
    ]
    return sorted(found, key=lambda item: (item["stack"], item["token"], repr(item["arguments"])))
