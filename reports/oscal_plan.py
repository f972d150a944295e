"""An OSCAL assessment plan: which requirements, by which rules, on which resources. The rules are its activities."""

from __future__ import annotations

from lychgate.reports.oscal import (
    activity_id,
    assets,
    controls,
    finished,
    identity,
    metadata,
    moment,
    prop,
    stacks,
    standard,
    task_id,
    token,
    tool_id,
)
from lychgate.reports.reading import Record
from lychgate.reports.texts import prose
from trestle.oscal.assessment_plan import Model

EVERY = {"type": "inventory-item", "include-all": {}}


def render(verdict: Record) -> bytes:
    """The plan that the verdict has followed."""
    names = [stack["name"] for stack in verdict["stacks"]]
    plan = {
        "uuid": identity("plan", tool_id(verdict), verdict["run"]["as_of"], *names),
        "metadata": metadata(verdict, f"Plan: {stacks(verdict)}"),
        "import-ssp": {"href": f"#{identity('no ssp')}"},
        "local-definitions": _definitions(verdict),
        "reviewed-controls": controls(
            (one["id"] for one in verdict["requirements"]),
            "Every requirement of the ruleset; those without rules are for people to assess.",
        ),
        "assessment-subjects": [{**EVERY, "description": f"Every resource of {stacks(verdict)}"}],
        "assessment-assets": assets(verdict),
        "tasks": [_task(verdict)],
        "back-matter": {"resources": [standard(), _no_ssp()]},
    }
    if not verdict["rules"]:
        del plan["tasks"]
    return finished(Model, "assessment-plan", {name: value for name, value in plan.items() if value})


def _definitions(verdict: Record) -> Record:
    objectives = [
        {
            "control-id": token(one["id"]),
            "description": prose(one["title"]),
            "parts": [{"id": token(one["id"]), "name": "objective", "prose": prose(one["title"])}],
        }
        for one in verdict["requirements"]
    ]
    activities = [_activity(verdict, rule) for rule in verdict["rules"]]
    found = {"objectives-and-methods": objectives, "activities": activities}
    return {name: value for name, value in found.items() if value}


def _activity(verdict: Record, rule: Record) -> Record:
    made: Record = {
        "uuid": activity_id(verdict, rule["id"]),
        "title": prose(rule["title"]),
        "description": prose(rule["rationale"], 4000),
        "props": [
            prop("rule", rule["id"]),
            prop("layer", rule["layer"]),
            prop("severity", rule["severity"]),
            prop("level", rule["level"]),
            {"name": "method", "value": "EXAMINE"},
        ],
        "remarks": f"How to mend what it finds: {prose(rule['remediation'], 4000)}",
    }
    if rule["requirements"]:
        made["related-controls"] = controls(rule["requirements"], "What the rule gives evidence for.")
    return made


def _task(verdict: Record) -> Record:
    return {
        "uuid": task_id(verdict),
        "type": "action",
        "title": f"Judge {stacks(verdict)}",
        "timing": {"on-date": {"date": moment(verdict["run"]["as_of"])}},
        "associated-activities": [
            {"activity-uuid": activity_id(verdict, rule["id"]), "subjects": [EVERY]} for rule in verdict["rules"]
        ],
    }


def _no_ssp() -> Record:
    return {
        "uuid": identity("no ssp"),
        "title": "System security plan",
        "description": "None is given: the system is what the judged programs declare, and the results list its parts.",
    }
