"""An OSCAL component definition: Lychgate as a component that validates, and what its rules do for each requirement.

Rules are properties of the component (`Rule_Id`, `Rule_Description`, grouped by their remarks) and of the requirements
that they serve, as compliance-trestle writes and reads them.
"""

from __future__ import annotations

from lychgate.reports.oscal import finished, identity, metadata, prop, standard, token, tool_id, tool_props
from lychgate.reports.reading import Record
from lychgate.reports.texts import line, prose
from trestle.oscal.component import Model

# The words of compliance-trestle: https://oscal-compass.github.io/compliance-trestle
TRESTLE = "https://oscal-compass.github.io/compliance-trestle/schemas/oscal"
KIND = {
    "decided": "The rules decide the infrastructure side of this requirement.",
    "contributed": "The rules give evidence; a part of the answer is with people, or with what no graph shows.",
    "undetermined": "The rules give evidence; in this verdict they could not decide.",
}


def render(verdict: Record) -> bytes:
    """What the rules of the verdict do."""
    sets = {rule["id"]: f"rule_set_{number:04}" for number, rule in enumerate(verdict["rules"])}
    component = {
        "uuid": tool_id(verdict),
        "type": "validation",
        "title": prose(verdict["run"]["tool"], 200),
        "description": "Policy as code for Pulumi: judges the resources of a program before they are deployed.",
        "props": [*tool_props(verdict), *(one for rule in verdict["rules"] for one in _rule(rule, sets))],
    }
    served = [one for one in verdict["requirements"] if one["rules"]]
    if served:
        component["control-implementations"] = [
            {
                "uuid": identity("implementation", tool_id(verdict)),
                "source": f"#{identity('standard')}",
                "description": "What rules on infrastructure code do for requirements of PCI DSS v4.0.1.",
                "implemented-requirements": [_requirement(verdict, one) for one in served],
            }
        ]
    definition = {
        "uuid": identity("component definition", tool_id(verdict)),
        "metadata": metadata(verdict, "Lychgate's rules"),
        "components": [component],
        "back-matter": {"resources": [standard()]},
    }
    return finished(Model, "component-definition", definition)


def _rule(rule: Record, sets: dict[str, str]) -> list[Record]:
    facts = {
        "Rule_Id": rule["id"], "Rule_Description": rule["title"], "Rule_Severity": rule["severity"],
        "Rule_Level": rule["level"], "Rule_Layer": rule["layer"],
    }  # fmt: skip
    return [
        {"name": name, "ns": TRESTLE, "value": line(value), "remarks": sets[rule["id"]]}
        for name, value in facts.items()
    ]


def _requirement(verdict: Record, one: Record) -> Record:
    return {
        "uuid": identity("implemented", token(one["id"]), tool_id(verdict)),
        "control-id": token(one["id"]),
        "description": f"{prose(one['title'])}: {KIND.get(one['state'], 'Rules give evidence.')}",
        "props": [
            prop("state", one["state"]),
            *({"name": "Rule_Id", "ns": TRESTLE, "value": line(rule)} for rule in one["rules"]),
        ],
    }
