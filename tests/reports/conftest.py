"""Verdicts that reports are made of: of the faulty example, of a clean stack, of nothing, and of a hostile program."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.verdict import RunFacts, verdict_of
from lychgate.judging.waivers import Waivers
from lychgate.model.graph import Graph, Location, Resource, StackInfo
from lychgate.model.values import Unknown
from lychgate.model.verdict import Verdict

ROOT = Path(__file__).parents[2]
TYPE = "aws:s3/bucket:Bucket"
HOSTILE = 'evil"><script>\x1b[31m</testcase>\x00'

ATTACKS = (
    "@all", "@here please", "\n/merge\n", "\r/close", "/approve", "![](https://evil.example/i.png)",
    "[a](javascript:x)", "<img src=x onerror=alert(1)>", "<!-- ", "-->", "</details>", "</summary>", "```\n", "~~~",
    "`", "``", "` @all `", "\\", "\\`", "|", "\n| a | b |\n| --- | --- |", "\n# heading", "\n---\n", "\n> quote",
    "*bold*", "__bold__", "$x$", "#1", "!1", "~bug", "%1", "&1", "^1", ":smile:", "www.evil.example",
    "https://evil.example", "a@evil.example", "deadbeef", "[[_TOC_]]", "[TOC]", "::include{file=x}", "&lt;script&gt;",
    "&#64;all", "=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0", ";=1", "\t=1", "\uff1d1", "\x00", "\x1b]0;x\x07",
    "\u202e", "\u200b=1", "\ufffe", "'", '"', ",", "]]>", "<![CDATA[", "_x0041_", "../../etc/passwd", "/etc/passwd",
    "C:\\x", "//evil.example", "a" * 2_000, "", " ",
)  # fmt: skip

# Texts as somebody would write them who wants out of a report.
hostile_texts = st.lists(
    st.one_of(st.sampled_from(ATTACKS), st.text(max_size=20), st.sampled_from([" ", "\n", "word"])), max_size=6
).map("".join)


def of(resources: list[Resource]) -> dict[str, Any]:
    """The verdict on some resources of one stack."""
    graph = Graph(resources, [StackInfo("p/s", "p", "s")])
    rules = built_in_rules()
    ruleset = load_ruleset("production", rules)
    run = RunFacts(datetime(2026, 11, 26, tzinfo=UTC), "production", True, "0.1.0")
    return verdict_of(graph, rules, ruleset, Waivers(), run)


@pytest.fixture(scope="session")
def verdict() -> dict[str, Any]:
    """One bucket that fails, one that cannot be decided, one with a hostile name."""
    return of(
        [
            Resource("urn:1", TYPE, "open", {}, stack="p/s", id="open", location=Location("app/__main__.py", 7)),
            Resource("urn:2", TYPE, "later", {"forceDestroy": Unknown()}, stack="p/s", id="later"),
            Resource("urn:3", TYPE, HOSTILE, {}, stack="p/s", id="x"),
        ]
    )


@pytest.fixture(scope="session")
def empty() -> dict[str, Any]:
    """A stack without a resource: clean, and no judgement."""
    return of([])


@pytest.fixture(scope="session")
def faulty() -> dict[str, Any]:
    """The faulty example, as the command judges it."""
    command = [Path(sys.executable).with_name("lychgate"), "check", "examples/faulty", "--format", "json"]
    done = subprocess.run([*command, "--as-of", "2026-11-30"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def compared(faulty: dict[str, Any]) -> dict[str, Any]:
    """The faulty example with all that a verdict can hold: waivers, a crash, a change, parts not seen."""
    made = deepcopy(faulty)
    failed = [one for one in made["judgements"] if one["outcome"] == "fail"]
    for number, one in enumerate(failed):
        one["introduced"] = number % 3 == 0
    waiver = {
        "owner": "ledger", "reason": "being moved", "ticket": "SEC-7", "approver": "security",
        "compensating_control": "no host may pass it on", "created": "2026-11-01", "expires": "2027-01-31",
        "expired": False, "void": None, "used": True, "location": {"file": "waivers.yaml", "line": 2},
    }  # fmt: skip
    for one in failed[:5]:
        one.update(outcome="waived", waiver="SEC-7")
        made["waivers"].append({"rule": one["rule"], "stack": one["stack"], "urn": one["urn"], **waiver})
    failed[5].update(waiver="SEC-8")
    failed[6].update(outcome="error", message="the rule crashed: KeyError")
    failed[7].update(outcome="unknown", message="bucket is not known before the deployment")
    failed[8].update(level="advisory")
    made["not_inspected"] = [{"stack": "checkout/production", "urn": "urn:9", "type": "chart", "why": "a chart"}]
    made["compared"] = {
        "what": "verdict", "run": "1", "as_of": "2026-11-29T00:00:00+00:00", "commit": "c" * 40, "decision": "findings",
    }  # fmt: skip
    hows = ("passes", "waived", "resource gone", "rule not in use", "not judged")
    made["mended"] = [
        {name: one[name] for name in ("rule", "urn", "type", "name", "stack", "severity", "level", "message")}
        | {"was": "fail", "how": how}
        for how, one in zip(hows, failed, strict=False)
    ]
    made["run"]["isolation"] = ["no network namespace"]
    states = {"waived": failed[:5], "unknown": failed[6:8]}
    for name, judgements in states.items():
        for one in judgements:
            for requirement in made["requirements"]:
                if requirement["id"] in one["requirements"]:
                    requirement["failed"] -= 1
                    requirement[name] += 1
                    requirement["state"] = "undetermined" if name == "unknown" else requirement["state"]
    Verdict.model_validate(made)
    return made


@pytest.fixture(params=["faulty", "compared", "verdict", "empty"])
def each(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of these verdicts."""
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def poisoned(text: str) -> dict[str, Any]:
    """A verdict with a text wherever the format of a verdict takes any."""
    place = {"file": text, "line": 3}
    judgement = {
        "rule": "r", "urn": text, "type": text, "name": text, "stack": text, "level": "mandatory", "severity": "high",
        "layer": "iam", "requirements": [text], "message": text, "location": place, "witness": {"path": text},
        "waiver": None, "introduced": None,
    }  # fmt: skip
    outcomes = ("fail", "error", "unknown", "waived", "pass", "not applicable")
    made = {
        "version": "1",
        "decision": "findings",
        "run": {
            "id": "5f0c6f8e-0000-4000-8000-000000000000", "tool": text, "tool_version": text, "ruleset": text,
            "ruleset_digest": text, "rules_digest": text, "environment": text, "strict": False,
            "as_of": "2026-11-26T00:00:00+00:00", "commit": text, "policy_ref": text, "inputs": {text: text},
            "isolation": [text],
        },
        "stacks": [{"name": text, "project": text, "stack": text, "account": text, "region": text}],
        "summary": dict.fromkeys(outcomes, 1),
        "resources": [
            {
                "urn": text, "type": text, "name": text, "stack": text, "labels": {text: text}, "parent": text,
                "dependencies": [text], "location": place, "external": False, "component": False,
            }
        ],
        "rules": [
            {
                "id": "r", "title": text, "layer": "iam", "severity": "high", "level": "mandatory", "rationale": text,
                "remediation": text, "requirements": [text], "population": 6,
            }
        ],
        "requirements": [
            {
                "id": text, "title": text, "state": "undetermined", "rules": ["r"], "failed": 1, "unknown": 2,
                "waived": 1,
            }
        ],
        "judgements": [
            judgement | {"outcome": name, "fingerprint": f"{number:032}", "waiver": text if name == "waived" else None}
            for number, name in enumerate(outcomes)
        ],
        "waivers": [
            {
                "rule": "r", "stack": text, "urn": text, "owner": text, "reason": text, "ticket": text,
                "approver": text, "compensating_control": text, "created": "2026-11-01", "expires": "2027-01-31",
                "expired": False, "void": text, "used": True, "location": None,
            }
        ],
        "not_inspected": [{"stack": text, "urn": text, "type": text, "why": text}],
        "lookups": [{"stack": text, "token": text, "arguments": {text: text}, "answered": text}],
        "compared": {"what": "verdict", "run": text, "as_of": text, "commit": text, "decision": text},
        "mended": [
            {
                "rule": text, "urn": text, "type": text, "name": text, "stack": text, "severity": "high",
                "level": "mandatory", "message": text, "was": "fail", "how": how,
            }
            for how in ("passes", "waived", "resource gone", "rule not in use", "not judged")
        ],
    }  # fmt: skip
    Verdict.model_validate(made)
    return made
