"""What the three OSCAL documents (1.2.1) share: identities, controls, the tool as a component, and how one is checked.

Every identity is a uuid5 of what it stands for, so that the same verdict gives the same bytes, and the same resource or
finding keeps its identity from one verdict to the next. There is no OSCAL catalog of PCI DSS: a requirement becomes the
control `pci-8.3.2` of a resource in the back matter that points to the standard.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

import orjson
from lychgate.reports.reading import Record
from lychgate.reports.texts import line, prose
from trestle.core.base_model import OscalBaseModel
from trestle.oscal import OSCAL_VERSION

SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:lychgate:oscal")
NAMES = "urn:lychgate:oscal"  # whose words the properties are
LIBRARY = "https://www.pcisecuritystandards.org/document_library/"
PLAN = "oscal-assessment-plan.json"
REMARKS = (
    "Made by a tool from one verdict, as evidence for an assessor; it does not determine compliance. Rules speak of "
    "infrastructure code only, and the titles of requirements are not the standard's words."
)


@lru_cache(maxsize=65_536)
def identity(*parts: str) -> str:
    """The identity of what these parts name."""
    return str(uuid.uuid5(SPACE, orjson.dumps(parts).decode()))


def token(requirement: str) -> str:
    """A requirement's id as an OSCAL token, which begins with a letter."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", requirement)
    return f"pci-{plain}" if plain == requirement else f"pci-{plain[:50]}-{identity(requirement)[:8]}"


def prop(name: str, value: str) -> Record:
    """A property in our own words."""
    return {"name": name, "ns": NAMES, "value": line(value, 2000)}


def moment(text: str) -> str:
    """A moment as OSCAL writes it, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


def metadata(verdict: Record, title: str) -> Record:
    """The head of a document."""
    return {
        "title": title,
        "last-modified": moment(verdict["run"]["as_of"]),
        "version": line(verdict["run"]["tool_version"], 100),
        "oscal-version": OSCAL_VERSION,
        "remarks": REMARKS,
    }


def stacks(verdict: Record) -> str:
    """The stacks and the environment, as one line of Markdown."""
    names = [stack["name"] for stack in verdict["stacks"]]
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return prose(f"{shown or 'no stack'} in the environment {verdict['run']['environment']}")


def tool(verdict: Record) -> Record:
    """Lychgate itself, as a component of whoever assesses."""
    run = verdict["run"]
    return {
        "uuid": tool_id(verdict),
        "type": "validation",
        "title": prose(f"{run['tool']} {run['tool_version']}", 200),
        "description": "Policy as code for Pulumi: judges the resources of a program before they are deployed.",
        "props": tool_props(verdict),
        "status": {"state": "operational"},
    }


def tool_id(verdict: Record) -> str:
    """The identity of this version of the tool, with these rules and this ruleset."""
    run = verdict["run"]
    return identity("tool", run["tool"], run["tool_version"], run["ruleset_digest"], run["rules_digest"])


def tool_props(verdict: Record) -> list[Record]:
    """Which tool, ruleset and rules."""
    run = verdict["run"]
    names = ("tool_version", "ruleset", "ruleset_digest", "rules_digest")
    return [prop(name.replace("_", "-"), run[name]) for name in names]


def assets(verdict: Record) -> Record:
    """What assesses: the tool on a platform of its own."""
    return {
        "components": [tool(verdict)],
        "assessment-platforms": [
            {
                "uuid": identity("platform", tool_id(verdict)),
                "title": "Lychgate",
                "uses-components": [{"component-uuid": tool_id(verdict)}],
            }
        ],
    }


def activity_id(verdict: Record, rule: str) -> str:
    """The identity of a rule as an activity of the plan."""
    return identity("activity", rule, tool_id(verdict))


def task_id(verdict: Record) -> str:
    """The identity of the plan's one task."""
    return identity("task", tool_id(verdict), *(stack["name"] for stack in verdict["stacks"]))


def controls(requirements: Iterable[str], description: str) -> Record:
    """A choice of controls; OSCAL knows no empty one, so that all stand for none, and the description says so."""
    chosen = [{"control-id": name} for name in dict.fromkeys(map(token, requirements))]
    if not chosen:
        return {"control-selections": [{"description": "No rule serves a requirement.", "include-all": {}}]}
    return {"description": description, "control-selections": [{"include-controls": chosen}]}


def standard() -> Record:
    """The standard, as a resource of the back matter."""
    return {
        "uuid": identity("standard"),
        "title": "PCI DSS v4.0.1",
        "description": "The PCI Security Standards Council publishes the standard; there is no OSCAL catalog of it. "
        "The control pci-8.3.2 stands for requirement 8.3.2.",
        "rlinks": [{"href": LIBRARY}],
    }


def finished(model: type[OscalBaseModel], name: str, document: Record) -> bytes:
    """The document as JSON, after compliance-trestle's model has taken it. Without indentation it is half as large."""
    value = {name: document}
    model.model_validate(value)
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
