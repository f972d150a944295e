"""OSCAL assessment results: an observation for each rule with its population, a finding for each requirement, risks.

A requirement is satisfied only where rules decide it, judged something, and all of it passed or did not apply. Where a
part of the answer is with people, something could not be determined, nothing was judged, or a failure is waived, it is
not satisfied for another reason than a failure, which its remarks name. A failure that is open is a risk that is open,
one that could not be determined a risk under investigation; a waiver is an approved deviation, with its last day as the
risk's deadline and a remediation that names owner, approver and reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lychgate.reports.oscal import (
    PLAN,
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
from lychgate.reports.reading import TOLD, Record, by_requirement, waiver_of, where
from lychgate.reports.texts import prose
from trestle.oscal.assessment_results import Model

RISK = {"fail": "open", "error": "open", "unknown": "investigating", "waived": "deviation-approved"}
MOST = 100


def render(verdict: Record) -> bytes:
    """The verdict as assessment results with one result."""
    names = [stack["name"] for stack in verdict["stacks"]]
    identities = [f"{name} {digest}" for name, digest in sorted(verdict["run"]["inputs"].items())]
    result_id = identity("result", tool_id(verdict), verdict["run"]["as_of"], *names, *identities)
    results = {
        "uuid": identity("results", result_id),
        "metadata": metadata(verdict, f"Results: {stacks(verdict)}"),
        "import-ap": {"href": PLAN},
        "results": [_result(verdict, result_id)],
        "back-matter": {"resources": [standard()]},
    }
    return finished(Model, "assessment-results", results)


def _result(verdict: Record, result_id: str) -> Record:
    run, when = verdict["run"], moment(verdict["run"]["as_of"])
    items = _inventory(verdict)
    observations = _observations(verdict, result_id)
    told = [one for one in verdict["judgements"] if one["outcome"] in TOLD]
    waiver, rules = waiver_of(verdict), {rule["id"]: rule for rule in verdict["rules"]}
    commit = [prop("commit", run["commit"])] if run["commit"] else []
    made: Record = {
        "uuid": result_id,
        "title": f"Verdict: {verdict['decision']}",
        "description": f"What {len(verdict['rules']):,} rules said of {stacks(verdict)}.",
        "start": when,
        "end": when,
        "props": [prop("decision", verdict["decision"]), prop("strict", str(run["strict"]).lower()), *commit],
        "local-definitions": {"inventory-items": items, "assessment-assets": assets(verdict)},
        "reviewed-controls": controls(
            (one["id"] for one in verdict["requirements"]),
            "Every requirement of the ruleset. Findings say which of them rules could not decide.",
        ),
        "observations": [*observations.values(), *_not_seen(verdict, result_id)],
        "risks": [_risk(verdict, one, rules[one["rule"]], waiver(one), observations[one["rule"]]) for one in told],
        "findings": _findings(verdict, result_id, observations),
    }
    if not items:
        del made["local-definitions"]["inventory-items"]
    return {name: value for name, value in made.items() if value}


def _item(stack: str, urn: str) -> str:
    return identity("resource", stack, urn)


def _inventory(verdict: Record) -> list[Record]:
    """Every resource that the programs declare, and every other that was judged."""
    known: dict[str, Record] = {}
    for one in (*verdict["resources"], *verdict["judgements"]):
        key = _item(one["stack"], one["urn"])
        if key not in known:
            place = [prop("place", where(one))] if one["location"] else []
            names = ("name", "type", "urn", "stack")
            known[key] = {
                "uuid": key,
                "description": prose(one["name"], 300),
                "props": [*(prop(name, one[name]) for name in names), *place],
            }
    return list(known.values())


def _origin(verdict: Record) -> list[Record]:
    actor = {"type": "tool", "actor-uuid": tool_id(verdict)}
    return [{"actors": [actor], "related-tasks": [{"task-uuid": task_id(verdict)}]}]


def _observations(verdict: Record, result_id: str) -> dict[str, Record]:
    """Rule -> what it said of each resource that it selects; rules without a population are left out."""
    populations: dict[str, list[Record]] = {}
    for one in verdict["judgements"]:
        populations.setdefault(one["rule"], []).append(one)
    rules = {rule["id"]: rule for rule in verdict["rules"]}
    when = moment(verdict["run"]["as_of"])
    return {
        name: {
            "uuid": identity("observation", result_id, name),
            "title": prose(rules[name]["title"]),
            "description": f"{_counted(population)}: {prose(rules[name]['rationale'], 4000)}",
            "props": [
                prop("rule", name),
                prop("severity", rules[name]["severity"]),
                prop("level", rules[name]["level"]),
            ],
            "methods": ["EXAMINE"],
            "types": ["control-objective"],
            "origins": _origin(verdict),
            "subjects": [_subject(one) for one in population],
            "collected": when,
        }
        for name, population in populations.items()
    }


def _counted(population: Iterable[Record]) -> str:
    counts = Counter(one["outcome"] for one in population)
    return ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(counts.items()))


def _subject(one: Record) -> Record:
    made = {
        "subject-uuid": _item(one["stack"], one["urn"]),
        "type": "inventory-item",
        "props": [prop("outcome", one["outcome"])],
    }
    if one["message"]:
        made["remarks"] = prose(one["message"])
    return made


def _not_seen(verdict: Record, result_id: str) -> list[Record]:
    """What could not be looked into, or not be kept apart, as an observation of its own."""
    hidden = [f"{one['urn']}: {one['why']}" for one in verdict["not_inspected"]]
    more = [f"and {len(hidden) - MOST} more"] if len(hidden) > MOST else []
    lines = [*hidden[:MOST], *more, *(f"not isolated: {what}" for what in verdict["run"]["isolation"][:MOST])]
    if not lines:
        return []
    return [
        {
            "uuid": identity("not seen", result_id),
            "title": "What could not be inspected",
            "description": "\n".join(f"- {prose(text, 500)}" for text in lines),
            "methods": ["EXAMINE"],
            "types": ["discovery"],
            "origins": _origin(verdict),
            "collected": moment(verdict["run"]["as_of"]),
        }
    ]


def _risk_id(one: Record) -> str:
    return identity("risk", one["stack"], one["rule"], one["urn"])


def _risk(verdict: Record, one: Record, rule: Record, entry: Record | None, observation: Record) -> Record:
    said = {"error": "the rule crashed: ", "unknown": "not determined: "}.get(one["outcome"], "")
    made: Record = {
        "uuid": _risk_id(one),
        "title": prose(f"{rule['title']}: {one['name']}", 300),
        "description": f"{said}{prose(one['message'])}",
        "statement": prose(rule["rationale"], 2000),
        "props": [
            prop("rule", one["rule"]),
            prop("severity", one["severity"]),
            prop("level", one["level"]),
            prop("fingerprint", one["fingerprint"]),
        ],
        "links": [{"href": f"#{_item(one['stack'], one['urn'])}", "rel": "subject"}],
        "status": RISK[one["outcome"]],
        "origins": _origin(verdict),
        "remediations": [
            {
                "uuid": identity("remediation", _risk_id(one)),
                "lifecycle": "recommendation",
                "title": "How to mend it",
                "description": prose(rule["remediation"], 2000),
            }
        ],
        "related-observations": [{"observation-uuid": observation["uuid"]}],
    }
    if one["introduced"] is not None:
        made["props"].append(prop("introduced", str(one["introduced"]).lower()))
    if one["outcome"] == "waived":
        made["remediations"].append(_accepted(one, entry))
        if entry:
            made["deadline"] = f"{entry['expires']}T23:59:59+00:00"
    return made


def _accepted(one: Record, entry: Record | None) -> Record:
    """A waiver, as what is planned for a risk: whoever owns it mends it by its last day."""
    made: Record = {
        "uuid": identity("waiver", _risk_id(one), str(one["waiver"])),
        "lifecycle": "planned",
        "title": f"Waiver {prose(str(one['waiver']), 100)}",
        "description": "The finding is accepted.",
    }
    if entry:
        made["description"] = f"The finding is accepted until {prose(entry['expires'])}: {prose(entry['reason'], 2000)}"
        made["props"] = [prop(name, entry[name]) for name in ("owner", "approver", "ticket", "expires")]
        made["tasks"] = [
            {
                "uuid": identity("waiver ends", _risk_id(one), str(one["waiver"])),
                "type": "milestone",
                "title": "The waiver ends",
                "timing": {"on-date": {"date": f"{entry['expires']}T23:59:59+00:00"}},
            }
        ]
    return made


def _findings(verdict: Record, result_id: str, observations: dict[str, Record]) -> list[Record]:
    populations = by_requirement(verdict)
    found = []
    for one in verdict["requirements"]:
        population = populations[one["id"]]
        state, reason, remarks = _status(one, population)
        rules = dict.fromkeys(judgement["rule"] for judgement in population)
        finding = {
            "uuid": identity("finding", result_id, one["id"]),
            "title": prose(f"{one['id']} {one['title']}", 300),
            "description": remarks,
            "props": [prop("state", one["state"]), prop("judgements", str(len(population)))],
            "origins": _origin(verdict),
            "target": {
                "type": "objective-id",
                "target-id": token(one["id"]),
                "status": {"state": state, "reason": reason, "remarks": remarks},
            },
            "related-observations": [{"observation-uuid": observations[rule]["uuid"]} for rule in rules],
            "related-risks": [{"risk-uuid": _risk_id(each)} for each in population if each["outcome"] in TOLD],
        }
        found.append({name: value for name, value in finding.items() if value})
    return found


def _status(requirement: Record, population: list[Record]) -> tuple[str, str, str]:
    """State, reason, and what is behind them."""
    counts = Counter(one["outcome"] for one in population)
    failed = requirement["failed"] or counts["fail"]
    undetermined = requirement["unknown"] or counts["unknown"] + counts["error"]
    waived = requirement["waived"] or counts["waived"]
    if failed:
        return "not-satisfied", "fail", f"{_counted(population) or f'{failed:,} fail'}."
    if requirement["state"] == "manual":
        return "not-satisfied", "other", "Not tested: no rule on infrastructure code speaks for it, people assess it."
    if requirement["state"] == "undetermined" or undetermined:
        return "not-satisfied", "other", f"Not determined: {_counted(population)}."
    if waived:
        return "not-satisfied", "other", f"Failures are accepted by waivers: {_counted(population)}."
    if requirement["state"] != "decided":
        return "not-satisfied", "other", "Rules found nothing against it, but a part of the answer is with people."
    if not counts["pass"]:
        return "not-satisfied", "other", "Not tested: no resource that the rules judge."
    return "satisfied", "pass", f"{_counted(population)}."
