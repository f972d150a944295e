"""GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format

A list of findings with the documented fields and no other. GitLab compares it with the target branch's by fingerprint.
What is waived is left out, for the format knows no such state; what could not be determined is told, as `info` where it
does not block.
"""

from __future__ import annotations

import orjson
from lychgate.reports.reading import OPEN, Record, blocks, place, rank
from lychgate.reports.texts import line

SEVERITY = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}


def render(verdict: Record) -> bytes:
    """The open findings as code quality violations, the most important first."""
    strict = verdict["run"]["strict"]
    told = sorted((one for one in verdict["judgements"] if one["outcome"] in OPEN), key=rank)
    found = {one["fingerprint"]: _violation(one, strict) for one in reversed(told)}
    return orjson.dumps(list(reversed(found.values())), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _violation(one: Record, strict: bool) -> Record:
    file, number = place(one)
    quiet = one["outcome"] == "unknown" and not blocks(one, strict)
    state = {"unknown": "not determined: ", "error": "the rule crashed: "}.get(one["outcome"], "")
    return {
        "description": line(f"{one['name']}: {state}{one['message']}", 500),
        "check_name": one["rule"],
        "fingerprint": one["fingerprint"],
        "severity": "info" if quiet else SEVERITY[one["severity"]],
        "location": {"path": file, "lines": {"begin": number}},
    }
