"""A generated verdict of any size: ten judgements a resource, some findings, many stacks, tenants, applications."""

from __future__ import annotations

from typing import Any

from lychgate.model.outcome import LAYERS, SEVERITIES

TYPES = (
    "aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy",
    "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/subnet:Subnet", "aws:rds/cluster:Cluster",
    "aws:cloudwatch/logGroup:LogGroup", "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service",
)  # fmt: skip
APPLICATIONS = ("payments", "receipts", "ledger", "notify", "reports", "search", "identity", "shared")
TENANTS = ("acme", "globex", "initech", "umbrella")
REQUIREMENTS = 250
RULES = 170
JUDGED = 10


def verdict(size: int) -> dict[str, Any]:
    """The document for so many resources."""
    rules = [_rule(number) for number in range(RULES)]
    stacks = [f"{app}/{tenant}-production" for app in APPLICATIONS for tenant in TENANTS]
    resources = [_resource(number, stacks[number * len(stacks) // size]) for number in range(size)]
    for number, one in enumerate(resources):
        others = {number - 1 - number % 7, number - 40, number - 1} if number % 3 else {number // 50 * 50}
        one["dependencies"] = [resources[other]["urn"] for other in sorted(others) if 0 <= other < number]
    judgements = [
        _judgement(one, number, rules[(number * 7 + turn * 13) % RULES], turn)
        for number, one in enumerate(resources)
        for turn in range(JUDGED)
    ]
    for one in judgements:
        rules[int(one["rule"].rpartition("-")[2])]["population"] += 1
    summary: dict[str, int] = {}
    for one in judgements:
        summary[one["outcome"]] = summary.get(one["outcome"], 0) + 1
    return {
        "version": "1",
        "decision": "findings",
        "run": {
            "id": "0", "tool": "lychgate", "tool_version": "0.1.0", "ruleset": "production", "ruleset_digest": "0" * 64,
            "rules_digest": "1" * 64, "environment": "production", "strict": True, "as_of": "2026-11-26T00:00:00+00:00",
            "commit": "2" * 40, "policy_ref": None, "inputs": {"program": "3" * 64}, "isolation": [],
        },
        "stacks": [_stack(name) for name in stacks],
        "summary": dict(sorted(summary.items())),
        "resources": resources,
        "rules": rules,
        "requirements": [_requirement(number, rules, judgements) for number in range(REQUIREMENTS)],
        "judgements": judgements,
        "waivers": [_waiver(number, one) for number, one in enumerate(judgements) if one["outcome"] == "waived"][:12],
        "not_inspected": [
            {"stack": stacks[0], "urn": f"urn:chart:{number}", "type": "kubernetes:helm.sh/v4:Chart", "why": "a chart"}
            for number in range(size // 100)
        ],
        "lookups": [],
        "compared": {
            "what": "verdict", "run": "the one before", "as_of": "2026-11-25T12:00:00+00:00", "commit": "ab" * 20,
            "decision": "findings",
        },
        "mended": [_mended(number, one) for number, one in enumerate(judgements[: size // 5])],
    }  # fmt: skip


def _mended(number: int, one: dict[str, Any]) -> dict[str, Any]:
    told = {name: one[name] for name in ("rule", "urn", "type", "name", "stack", "severity", "level")}
    how = ("passes", "passes", "waived", "resource gone")[number % 4]
    return told | {"message": "It was open to everybody.", "was": "fail", "how": how}


def _stack(name: str) -> dict[str, Any]:
    project, _, stack = name.partition("/")
    return {"name": name, "project": project, "stack": stack, "account": "111122223333", "region": "eu-central-1"}


def _rule(number: int) -> dict[str, Any]:
    return {
        "id": f"thing-without-protection-{number}", "title": f"A thing lacks protection {number}",
        "layer": LAYERS[number % len(LAYERS)], "severity": SEVERITIES[number % len(SEVERITIES)],
        "level": "mandatory" if number % 5 else "advisory", "remediation": "Set `protection`, or leave it out.",
        "rationale": "Without protection, whoever comes by reads what lies there, and nobody learns of it.",
        "requirements": [_name(number), _name(number + 1)], "population": 0,
    }  # fmt: skip


def _name(number: int) -> str:
    return f"{number // 25 + 1}.{number // 5 % 5 + 1}.{number % 5 + 1}"


def _resource(number: int, stack: str) -> dict[str, Any]:
    kind = TYPES[number % len(TYPES)]
    application, _, rest = stack.partition("/")
    name = f"{kind.rpartition(':')[2].lower()}-{number}"
    return {
        "urn": f"urn:pulumi:{rest}::{application}::{kind}::{name}", "type": kind, "name": name, "stack": stack,
        "labels": {"application": application, "environment": "production", "tenant": rest.partition("-")[0]},
        "parent": None, "dependencies": [], "external": False, "component": False,
        "location": {"file": f"applications/{application}.py", "line": number % 900 + 1},
    }  # fmt: skip


def _judgement(one: dict[str, Any], number: int, rule: dict[str, Any], turn: int) -> dict[str, Any]:
    spread = (number * 31 + turn * 17) % 100
    outcome = "fail" if spread < 9 else "unknown" if spread < 11 else "waived" if spread == 11 else "pass"
    message = f"{one['name']} has no protection at {rule['title'].lower()}."
    return {
        "rule": rule["id"], **{key: one[key] for key in ("urn", "type", "name", "stack", "location")},
        "outcome": outcome, **{key: rule[key] for key in ("level", "severity", "layer", "requirements")},
        "message": "" if outcome == "pass" else message, "fingerprint": f"{number * JUDGED + turn:032x}",
        "witness": None, "waiver": "SEC-7" if outcome == "waived" else None, "introduced": spread % 3 == 0,
    }  # fmt: skip


def _requirement(number: int, rules: list[dict[str, Any]], judgements: list[dict[str, Any]]) -> dict[str, Any]:
    name = _name(number)
    serving = [rule["id"] for rule in rules if name in rule["requirements"]]
    failed = len([one for one in judgements if one["outcome"] == "fail" and name in one["requirements"]])
    state = ("decided", "contributed")[number % 2] if serving else "manual"
    counts = {"failed": failed, "unknown": 0, "waived": 0}
    return {"id": name, "title": "Things are protected", "state": state, "rules": serving, **counts}


def _waiver(number: int, one: dict[str, Any]) -> dict[str, Any]:
    return {
        "rule": one["rule"], "stack": one["stack"], "urn": one["urn"], "owner": "ledger", "reason": "being moved",
        "ticket": "SEC-7", "approver": "security", "compensating_control": None, "created": "2026-11-01",
        "expires": f"20{26 + number % 2}-12-{number % 28 + 1:02}", "expired": False, "void": None, "used": True,
        "location": {"file": "waivers.yaml", "line": 2 + 10 * number},
    }  # fmt: skip
