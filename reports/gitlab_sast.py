"""GitLab's report of static analysis: https://docs.gitlab.com/development/integrations/secure/#report

By schema 15.0.7 of https://gitlab.com/gitlab-org/security-products/security-report-schemas. GitLab reads descriptions
and solutions as Markdown. What is waived is left out, since vulnerabilities are dismissed in GitLab alone; what could
not be determined has the severity `Unknown`.
"""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from lychgate.reports.reading import OPEN, Record, place, rank
from lychgate.reports.texts import line, prose

VERSION = "15.0.7"
SCHEMAS = "https://gitlab.com/gitlab-org/security-products/security-report-schemas"
SEVERITY = {"critical": "Critical", "high": "High", "medium": "Medium", "low": "Low"}
MOST_IDENTIFIERS = 20  # what GitLab keeps of a vulnerability's


def render(verdict: Record) -> bytes:
    """The open findings as vulnerabilities, the most important first."""
    rules = {rule["id"]: rule for rule in verdict["rules"]}
    told = sorted((one for one in verdict["judgements"] if one["outcome"] in OPEN), key=rank)
    found = {one["fingerprint"]: _vulnerability(one, rules[one["rule"]]) for one in reversed(told)}
    run = verdict["run"]
    name, version = line(run["tool"], 100), line(run["tool_version"], 100)
    tool = {"id": name, "name": name, "version": version, "vendor": {"name": name}}
    moment = _moment(run["as_of"])
    report = {
        "version": VERSION,
        "schema": f"{SCHEMAS}/-/raw/v{VERSION}/dist/sast-report-format.json",
        "scan": {
            "analyzer": tool, "scanner": tool, "type": "sast", "status": "success", "start_time": moment,
            "end_time": moment,
        },
        "vulnerabilities": list(reversed(found.values())),
    }  # fmt: skip
    return orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _moment(text: str) -> str:
    """A moment as the schema wants it: UTC, no fraction and no zone."""
    moment = datetime.fromisoformat(text)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return moment.replace(tzinfo=None, microsecond=0).isoformat()


def _vulnerability(one: Record, rule: Record) -> Record:
    file, number = place(one)
    state = {"unknown": "not determined: ", "error": "the rule crashed: "}.get(one["outcome"], "")
    requirements = [line(name, 100) for name in one["requirements"]]
    names = [
        {"type": "lychgate_rule", "name": one["rule"], "value": one["rule"]},
        *({"type": "pci_dss", "name": f"PCI DSS {name}", "value": name} for name in requirements),
    ]
    return {
        "id": one["fingerprint"],
        "name": line(rule["title"], 255),
        "description": prose(f"{one['name']} ({one['stack']}): {state}{one['message']}", 4000),
        "severity": "Unknown" if one["outcome"] == "unknown" else SEVERITY[one["severity"]],
        "solution": prose(rule["remediation"], 4000),
        "identifiers": names[:MOST_IDENTIFIERS],
        # By what GitLab knows it again, where lines move.
        "tracking": {
            "type": "source",
            "items": [
                {"file": file, "start_line": number, "end_line": number,
                 "signatures": [{"algorithm": "hash", "value": one["fingerprint"]}]}
            ],
        },
        "location": {"file": file, "start_line": number},
    }  # fmt: skip
