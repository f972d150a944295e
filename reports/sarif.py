"""SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), for code scanning and editors.

Every finding has a physical location, since GitHub and GitLab drop results without one; where the program gave none,
the first line of Pulumi.yaml stands for it. Waivers are suppressions; what could not be determined is kind `open`.
Fingerprints are the verdict's own, which no line is part of. The category of a run is its environment and stacks, so
that the runs of several stacks stand beside one another.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import orjson
from lychgate.reports.reading import TOLD, Record, place, waiver_of
from lychgate.reports.texts import cut, prose

from lychgate.model.escaping import escape

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVEL = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# GitHub sorts by this number as text: https://docs.github.com/code-security (security-severity).
SCORE = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}
LONGEST = 1000
MOST_TAGS = 20
MOST_NOTES = 100
FACTS = ("environment", "ruleset", "ruleset_digest", "rules_digest", "strict", "as_of", "commit", "policy_ref")


def render(verdict: Record) -> bytes:
    """The verdict as a SARIF log with one run."""
    index = {rule["id"]: position for position, rule in enumerate(verdict["rules"])}
    told = [one for one in verdict["judgements"] if one["outcome"] in TOLD]
    suppress = _suppressions(verdict) if any(one["outcome"] == "waived" for one in told) else None
    stacks = "+".join(stack["name"] for stack in verdict["stacks"])
    run = {
        "tool": {
            "driver": {
                "name": verdict["run"]["tool"],
                "semanticVersion": verdict["run"]["tool_version"],
                "rules": [_rule(rule) for rule in verdict["rules"]],
            }
        },
        # What stands before the last slash is the category: section 3.17.3, and GitHub's runAutomationDetails.
        "automationDetails": {"id": _plain(f"lychgate/{verdict['run']['environment']}/{stacks}/")},
        "invocations": [_invocation(verdict, index)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, index, suppress) for one in told],
        "properties": {"decision": verdict["decision"]} | {name: verdict["run"][name] for name in FACTS},
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _rule(rule: Record) -> Record:
    requirements = [f"PCI DSS {requirement}" for requirement in rule["requirements"]]
    serves = f" It serves {', '.join(requirements)}." if requirements else ""
    return {
        "id": rule["id"],
        "shortDescription": {"text": _plain(rule["title"])},
        "fullDescription": {"text": _plain(rule["rationale"])},
        "help": {
            "text": _plain(f"{rule['rationale']}\n\n{rule['remediation']}{serves}"),
            "markdown": f"{prose(rule['rationale'])}\n\n**Fix:** {prose(rule['remediation'], 4000)}"
            + (f"\n\n{prose(serves.strip())}" if serves else ""),
        },
        "defaultConfiguration": {"level": LEVEL[rule["severity"]], "enabled": True},
        "properties": {
            "tags": ["security", rule["layer"], *requirements][:MOST_TAGS],
            "precision": "very-high",
            "security-severity": SCORE[rule["severity"]],
            "enforcement": rule["level"],
            "requirements": rule["requirements"],
        },
    }


def _plain(text: str) -> str:
    """Text in which nothing reads as a link (section 3.11.6): names and messages hold a program's own words."""
    return escape(text).replace("](", "] (")


def _invocation(verdict: Record, index: dict[str, int]) -> Record:
    """How the run went: rules that crashed, and what could not be looked into."""
    crashed = [
        {
            "level": "error",
            "message": {"text": cut(_plain(f"{one['name']}: {one['message']}"), LONGEST)},
            "associatedRule": {"id": one["rule"], "index": index[one["rule"]]},
        }
        for one in verdict["judgements"]
        if one["outcome"] == "error"
    ]
    hidden = [f"not inspected: {one['urn']}: {one['why']}" for one in verdict["not_inspected"]]
    more = [f"and {len(hidden) - MOST_NOTES} more were not inspected"] if len(hidden) > MOST_NOTES else []
    hidden = hidden[:MOST_NOTES] + more + [f"not isolated: {what}" for what in verdict["run"]["isolation"]]
    notes = [{"level": "warning", "message": {"text": cut(_plain(text), LONGEST)}} for text in hidden]
    return {"executionSuccessful": not crashed, "toolExecutionNotifications": crashed[:MOST_NOTES] + notes}


def _suppressions(verdict: Record) -> Callable[[Record], list[Record]]:
    """From a judgement to its suppressions: none but the waiver's."""
    waiver = waiver_of(verdict)

    def suppress(one: Record) -> list[Record]:
        if one["outcome"] != "waived":
            return []
        why, entry = str(one["waiver"]), waiver(one)
        if entry:
            why += f": {entry['reason']} (owner {entry['owner']}, approved by {entry['approver']}"
            why += f", until {entry['expires']})"
        return [{"kind": "external", "status": "accepted", "justification": cut(_plain(why), LONGEST)}]

    return suppress


def _result(one: Record, index: dict[str, int], suppress: Callable[[Record], list[Record]] | None) -> Record:
    file, line = place(one)
    result: Record = {
        "ruleId": one["rule"],
        "ruleIndex": index[one["rule"]],
        "kind": "open" if one["outcome"] == "unknown" else "fail",
        "level": "none" if one["outcome"] == "unknown" else LEVEL[one["severity"]],
        "message": {"text": _plain(f"{one['name']}: {one['message']}")[:LONGEST]},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(file), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": line},
                },
                "logicalLocations": [{"fullyQualifiedName": one["urn"], "name": one["name"], "kind": "resource"}],
            }
        ],
        # The second is the only one that GitHub compares; it would make one of the line's text.
        "partialFingerprints": {"lychgate/v1": one["fingerprint"], "primaryLocationLineHash": one["fingerprint"]},
        "properties": {
            "outcome": one["outcome"],
            "enforcement": one["level"],
            "stack": one["stack"],
            "requirements": one["requirements"],
        },
    }
    if suppress is not None:  # present in all results or in none (section 3.27.23)
        result["suppressions"] = suppress(one)
    if one["introduced"] is not None:
        result["baselineState"] = "new" if one["introduced"] else "unchanged"
    return result
