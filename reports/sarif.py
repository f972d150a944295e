"""SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), for code scanning and editors.

Every finding has a physical location, since GitHub and GitLab drop results without one; where the program gave none,
the first line of Pulumi.yaml stands for it. Waivers are suppressions; what could not be determined is kind `open`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVEL = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# GitHub sorts by this number as text: https://docs.github.com/code-security (security-severity).
SCORE = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}
TOLD = ("fail", "error", "unknown", "waived")
LONGEST = 1000


def render(verdict: dict[str, Any]) -> bytes:
    """The verdict as a SARIF log with one run."""
    index = {rule["id"]: position for position, rule in enumerate(verdict["rules"])}
    run = {
        "tool": {
            "driver": {
                "name": verdict["run"]["tool"],
                "semanticVersion": verdict["run"]["tool_version"],
                "rules": [_rule(rule) for rule in verdict["rules"]],
            }
        },
        "automationDetails": {"id": "/".join(["lychgate", *(stack["name"] for stack in verdict["stacks"])])},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, index) for one in verdict["judgements"] if one["outcome"] in TOLD],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    requirements = [f"PCI DSS {requirement}" for requirement in rule["requirements"]]
    return {
        "id": rule["id"],
        "shortDescription": {"text": rule["title"]},
        "fullDescription": {"text": rule["rationale"]},
        "help": {"text": rule["remediation"], "markdown": rule["remediation"]},
        "defaultConfiguration": {"level": LEVEL[rule["severity"]], "enabled": True},
        "properties": {
            "tags": ["security", rule["layer"], *requirements][:20],
            "security-severity": SCORE[rule["severity"]],
        },
    }


def _plain(text: str) -> str:
    """Text in which nothing reads as a link (section 3.11.6): names and messages hold a program's own words."""
    return text.replace("](", "] (")


def _result(one: dict[str, Any], index: dict[str, int]) -> dict[str, Any]:
    place = one["location"] or {"file": "Pulumi.yaml", "line": 1}
    result: dict[str, Any] = {
        "ruleId": one["rule"],
        "ruleIndex": index[one["rule"]],
        "kind": "open" if one["outcome"] == "unknown" else "fail",
        "level": "none" if one["outcome"] == "unknown" else LEVEL[one["severity"]],
        "message": {"text": _plain(f"{one['name']}: {one['message']}")[:LONGEST]},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(place["file"])},
                    "region": {"startLine": max(place["line"], 1)},
                },
                "logicalLocations": [{"fullyQualifiedName": one["urn"], "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"lychgate/v1": one["fingerprint"]},
        "properties": {"outcome": one["outcome"], "enforcement": one["level"], "stack": one["stack"]},
    }
    if one["outcome"] == "waived":
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": one["waiver"]}]
    if one["introduced"] is not None:
        result["baselineState"] = "new" if one["introduced"] else "unchanged"
    return result
