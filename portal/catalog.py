"""What Port shows of the platform: blueprints with their relations, and a scorecard for each group of requirements.

https://docs.port.io/api-reference/create-a-blueprint, https://docs.port.io/api-reference/create-a-scorecard
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lychgate.portal.actions import APPLICATION, FINDING, PREFIX, STACK, blueprint_of
from lychgate.portal.kinds import KINDS
from lychgate.provisioner.models.settings import CLASSIFICATIONS

from lychgate.judging.framework import Requirement
from lychgate.model.outcome import SEVERITIES

# By this an object is known as ours: nothing without it is touched.
MARKER = "Kept by Lychgate; a change made here is undone."
ENVIRONMENT, TENANT, VERDICT, WAIVER = (f"{PREFIX}{name}" for name in ("environment", "tenant", "verdict", "waiver"))
DECISIONS = ("clean", "findings", "undetermined")
# What rules have seen of a requirement in a stack; never more than that: an assessor decides.
STATES = ("no finding", "finding", "undetermined", "not judged")
OUTCOMES, GONE = ("fail", "error", "unknown", "waived"), "gone"
COLORS = {"clean": "green", "findings": "red", "undetermined": "orange"}


def _blueprint(
    identifier: str,
    title: str,
    words: str,
    properties: Mapping[str, Any],
    relations: Mapping[str, str],
    owned: str | None = None,
) -> dict[str, Any]:
    """A blueprint; `relations` are target by name, `owned` is the way to what says which team it belongs to."""
    ownership = {"type": "Inherited", "path": owned} if owned else {"type": "Direct"}
    return {
        "identifier": identifier,
        "title": title,
        "description": f"{words} {MARKER}",
        "schema": {"properties": dict(properties), "required": []},
        **({} if owned == "" else {"ownership": ownership}),
        "mirrorProperties": {},
        "calculationProperties": {},
        "relations": {
            name: {"title": name.capitalize(), "target": target, "required": False, "many": False}
            for name, target in relations.items()
        },
    }


def _text(title: str, *enum: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "title": title, **({"enum": list(enum)} if enum else {}), **more}


def _number(title: str) -> dict[str, Any]:
    return {"type": "number", "title": title}


def blueprints(requirements: Iterable[Requirement]) -> Iterator[dict[str, Any]]:
    """All blueprints, each after those that it is related to."""
    yield _blueprint(
        APPLICATION, "Application", "An application of the platform.",
        {
            "classification": _text("Classification", *CLASSIFICATIONS),
            "tenancy": {"type": "array", "title": "Tenancy", "items": {"type": "string"}},
            "shared": {"type": "boolean", "title": "Shared"},
        }, {},
    )  # fmt: skip
    yield _blueprint(
        ENVIRONMENT, "Environment", "An environment: its account, region and baseline.",
        {
            "account": _text("Account"), "region": _text("Region"), "baseline": _text("Baseline"),
            "production": {"type": "boolean", "title": "Production"},
        }, {}, owned="",
    )  # fmt: skip
    yield _blueprint(TENANT, "Tenant", "Whom the platform serves.", {}, {}, owned="")
    for kind in KINDS.values():
        properties = {name: one.property(default=False) for name, one in kind.inputs.items()}
        title, on = kind.words.capitalize(), {"application": APPLICATION}
        yield _blueprint(blueprint_of(kind), title, kind.description, properties, on, owned="application")
    yield _blueprint(
        STACK, "Stack", "An application in an environment for a tenant, and what rules have seen of its requirements.",
        {
            "production": {"type": "boolean", "title": "Production"},
            "decision": _text("Decision", *DECISIONS, enumColors=COLORS),
            **{property_of(one.id): _text(f"{one.id} {one.title}"[:100], *STATES) for one in judged(requirements)},
        },
        {"application": APPLICATION, "environment": ENVIRONMENT, "tenant": TENANT}, owned="application",
    )  # fmt: skip
    yield _blueprint(
        VERDICT, "Verdict", "What a stack was judged to be.",
        {
            "decision": _text("Decision", *DECISIONS, enumColors=COLORS), "commit": _text("Commit"),
            "ruleset": _text("Ruleset"), "as_of": _text("As of", format="date-time"),
            "findings": _number("Mandatory findings"), "undetermined": _number("Undetermined"),
        },
        {"stack": STACK}, owned="stack.application",
    )  # fmt: skip
    yield _blueprint(
        FINDING, "Finding", "A rule that a resource does not keep.",
        {
            "rule": _text("Rule"), "severity": _text("Severity", *SEVERITIES), "level": _text("Level"),
            "outcome": _text("Outcome", *OUTCOMES, GONE), "resource": _text("Resource"),
            "message": _text("Message"), "location": _text("Location"),
            "requirements": {"type": "array", "title": "Requirements", "items": {"type": "string"}},
        },
        {"verdict": VERDICT, "stack": STACK}, owned="stack.application",
    )  # fmt: skip
    yield _blueprint(
        WAIVER, "Waiver", "A finding that somebody accepts, for a reason and until a day.",
        {
            "rule": _text("Rule"), "urn": _text("URN"), "reason": _text("Reason"), "ticket": _text("Ticket"),
            "owner": _text("Owner"), "approver": _text("Approver"), "expires": _text("Last day", format="date-time"),
        },
        {"stack": STACK}, owned="stack.application",
    )  # fmt: skip


def judged(requirements: Iterable[Requirement]) -> list[Requirement]:
    """The requirements that rules give evidence for; of the others a stack says nothing."""
    return [one for one in requirements if one.rules]


def property_of(requirement: str) -> str:
    """The property of a stack that says what rules have seen of a requirement."""
    return f"pci_{requirement.replace('.', '_')}"


def scorecards(requirements: Iterable[Requirement]) -> Iterator[dict[str, Any]]:
    """A scorecard of stacks for each group of requirements (1 to 12, A1), with a rule for each requirement.

    They say whether rules have found something: no level of them is compliance.
    """
    groups: dict[str, list[Requirement]] = {}
    for one in judged(requirements):
        groups.setdefault(one.id.partition(".")[0], []).append(one)
    for group, members in groups.items():
        rules = []
        for level, allowed in (("Judged", STATES[:3]), ("No finding", STATES[::2]), ("Determined", STATES[:1])):
            rules += [_rule(one, level, allowed) for one in members]
        yield {
            "identifier": f"pci_{group.lower()}",
            "title": f"PCI DSS requirement {group}, as far as rules see it",
            "levels": [
                {"title": "Not judged", "color": "lightGray"},
                {"title": "Judged", "color": "red"},
                {"title": "No finding", "color": "orange"},
                {"title": "Determined", "color": "green"},
            ],
            "rules": rules,
        }


def _rule(one: Requirement, level: str, allowed: Iterable[str]) -> dict[str, Any]:
    conditions = [{"property": property_of(one.id), "operator": "=", "value": state} for state in allowed]
    return {
        "identifier": f"{property_of(one.id)}_{level.lower().replace(' ', '_')}",
        "title": f"{one.id} {one.title}",
        "description": f"{one.summary} {MARKER}",
        "level": level,
        "query": {"combinator": "or", "conditions": conditions},
    }
