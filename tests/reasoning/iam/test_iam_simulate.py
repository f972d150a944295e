"""The evaluator beside @cloud-copilot/iam-simulate, as a process of its own (its licence is AGPL: it is no dependency).

    npm install --prefix FOLDER @cloud-copilot/iam-simulate@0.1.173
    LYCHGATE_IAM_SIMULATE=FOLDER LYCHGATE_IAM_CASES=10000 ./dev test tests/reasoning/iam/test_iam_simulate.py

Where the two disagree for a known reason the case is left out; SETTLED says why ours is what the documentation says.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lychgate.reasoning.iam import Request, allows, parse

from .helpers import ACCOUNT, OTHER, ROLE, SESSION, USER

FOLDER = os.environ.get("LYCHGATE_IAM_SIMULATE", "")
CASES = int(os.environ.get("LYCHGATE_IAM_CASES", "0")) or 500
DRIVER = Path(__file__).parent / "iam_simulate.mjs"

ACTS = [
    ("s3:GetObject", "arn:aws:s3:::a/b"),
    ("s3:PutObject", "arn:aws:s3:::ab/a/k"),
    ("s3:ListBucket", "arn:aws:s3:::a"),
    ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/target"),
    ("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:s-a1b2c3"),
]
ACTIONS = [
    "s3:GetObject",
    "s3:Get*",
    "s3:*",
    "*",
    "s3:Put?bject",
    "kms:Decrypt",
    "sts:Assume*",
    "sqs:SendMessage",
    "secretsmanager:*",
]
RESOURCES = [
    "*",
    "arn:aws:s3:::a*",
    "arn:aws:s3:::a/b",
    "arn:aws:s3:::*b",
    "arn:aws:s3:::?",
    "arn:aws:s3:*",
    f"arn:aws:sqs:*:{ACCOUNT}:q",
    "arn:aws:sqs:e*t-1:1*:q?",
    f"arn:aws:kms:*:{ACCOUNT}:key/*",
    f"arn:aws:iam::{ACCOUNT}:role/t*",
    "arn:aws:s3:::${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::a/${aws:PrincipalTag/team, 'b'}",
]
PRINCIPALS: list[Any] = [
    "*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"AWS": [USER, OTHER]}, {"AWS": ROLE},
    {"AWS": SESSION}, {"Service": "sns.amazonaws.com"}, {"AWS": f"arn:aws:iam::{OTHER}:user/x"},
]  # fmt: skip
CALLERS = [USER, SESSION, f"arn:aws:iam::{OTHER}:user/x", f"arn:aws:sts::{OTHER}:assumed-role/r/s"]
OPERATORS = ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike"]
TOPICS = ["arn:aws:sns:*:111122223333:*", "arn:aws:sns:eu-west-1:111122223333:t"]
SETS = ["ForAllValues:StringEquals", "ForAnyValue:StringLike", "ForAnyValue:StringNotEquals"]
CONDITIONS: list[tuple[list[str], str, list[str]]] = [
    (OPERATORS, "aws:SourceVpc", ["a", "A*", "a*"]),
    (["StringEquals", "StringNotEquals", "StringLike"], "aws:PrincipalTag/team", ["b", "${aws:ResourceTag/team}", "?"]),
    (["Bool"], "aws:SecureTransport", ["true", "false"]),
    (["IpAddress", "NotIpAddress"], "aws:SourceIp", ["10.0.0.0/8", "10.1.2.3", "192.0.2.0/24"]),
    (["NumericLessThan", "NumericGreaterThanEquals", "NumericNotEquals"], "aws:MultiFactorAuthAge", ["5", "10"]),
    (["DateLessThan", "DateGreaterThanEquals"], "aws:CurrentTime", ["2026-01-01T00:00:00Z"]),
    (["ArnLike", "ArnNotEquals"], "aws:SourceArn", TOPICS),
    (SETS, "aws:TagKeys", ["a", "b*"]),
    (["Null"], "aws:SourceVpc", ["true", "false"]),
]
VALUES: dict[str, list[Any]] = {
    "aws:SourceVpc": ["a", "A", "ab", "c"],
    "aws:PrincipalTag/team": ["b", "bb"],
    "aws:SecureTransport": ["true", "false"],
    "aws:SourceIp": ["10.1.2.3", "192.0.2.7", "198.51.100.1"],
    "aws:MultiFactorAuthAge": ["1", "5", "99"],
    "aws:CurrentTime": ["2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z"],
    "aws:SourceArn": ["arn:aws:sns:eu-west-1:111122223333:t", "arn:aws:sns:eu-west-1:444455556666:t"],
}


def statement(pick: random.Random, principals: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": pick.choice(["Allow"] * 7 + ["Deny"])}
    found[pick.choice(["Action"] * 4 + ["NotAction"])] = pick.sample(ACTIONS, pick.randint(2, 5))
    found[pick.choice(["Resource"] * 4 + ["NotResource"])] = pick.sample(RESOURCES, pick.randint(2, 5))
    if principals:
        found["Principal"] = pick.choice(PRINCIPALS)
    for _ in range(pick.choice([0, 0, 1, 2])):
        operators, key, values = pick.choice(CONDITIONS)
        operator = pick.choice(operators) + pick.choice(["", "", "IfExists"])
        block = found.setdefault("Condition", {})
        if key not in block.get(operator.replace("NullIfExists", "Null"), {}):
            block.setdefault(operator.replace("NullIfExists", "Null"), {})[key] = pick.sample(values, 1)
    return found


def document(pick: random.Random, principals: bool = False) -> dict[str, Any]:
    statements = [statement(pick, principals) for _ in range(pick.randint(1, 3))]
    return {"Version": pick.choice(["2012-10-17"] * 4 + ["2008-10-17"]), "Statement": statements}


def case(pick: random.Random) -> dict[str, Any]:
    action, resource = pick.choice(ACTS)
    given = {key: pick.choice(VALUES[key]) for key in pick.sample(sorted(VALUES), pick.randint(0, 4))}
    found: dict[str, Any] = {
        "request": {
            "principal": pick.choice(CALLERS),
            "action": action,
            "resource": {"resource": resource, "accountId": ACCOUNT},
            "contextVariables": given,
        },
        "identityPolicies": [{"name": "p", "policy": document(pick)} for _ in range(pick.choice([0, 1, 1, 2]))],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
    if action.startswith("kms:") or pick.random() < 0.5:
        found["resourcePolicy"] = document(pick, principals=True)
    if pick.random() < 0.3:
        found["permissionBoundaryPolicies"] = [{"name": "b", "policy": document(pick)}]
    if ":assumed-role/" in found["request"]["principal"] and pick.random() < 0.3:
        found["sessionPolicy"] = document(pick)
    if pick.random() < 0.3:
        found["serviceControlPolicies"] = [
            {"orgIdentifier": "o", "policies": [{"name": "s", "policy": document(pick)}]}
        ]
    return found


def ours(case: dict[str, Any]) -> str:
    request = case["request"]
    found = allows(
        Request(
            request["action"], request["resource"]["resource"], request["principal"], request["contextVariables"],
            request["resource"]["accountId"],
        ),
        identity=[parse(entry["policy"]) for entry in case["identityPolicies"]],
        resource=parse(case["resourcePolicy"]) if "resourcePolicy" in case else None,
        boundary=[parse(entry["policy"]) for entry in case.get("permissionBoundaryPolicies", [])] or None,
        session=parse(case["sessionPolicy"]) if "sessionPolicy" in case else None,
        scps=[[parse(entry["policy"]) for entry in level["policies"]] for level in case["serviceControlPolicies"]],
    )  # fmt: skip
    return found.decision


@pytest.mark.skipif(not FOLDER, reason="LYCHGATE_IAM_SIMULATE names no folder with @cloud-copilot/iam-simulate")
def test_decisions_agree() -> None:
    pick = random.Random(20261126)
    cases = [case(pick) for _ in range(CASES)]
    node = shutil.which("node")
    assert node is not None
    run = subprocess.run(
        [node, str(DRIVER), FOLDER], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    names = {"Allowed": "allow", "ExplicitlyDenied": "explicit-deny", "ImplicitlyDenied": "implicit-deny"}
    differing = []
    for one, result in zip(cases, json.loads(run.stdout), strict=True):
        theirs, own = names.get(result.get("overallResult", "")), ours(one)
        if theirs is not None and own != theirs and not settled(one, own, theirs):
            differing.append((own, theirs, one))
    assert not differing, json.dumps(differing[:3], indent=1)


def settled(case: dict[str, Any], own: str, theirs: str) -> bool:
    """Whether the case has one of the traits on which the documentation was read and ours follows it (see below)."""
    return any(trait(case, own) for trait in SETTLED.values())


def statements(case: dict[str, Any]) -> list[dict[str, Any]]:
    lists = [case["identityPolicies"], case.get("permissionBoundaryPolicies", [])]
    lists += [level["policies"] for level in case["serviceControlPolicies"]]
    documents = [entry["policy"] for entries in lists for entry in entries]
    documents += [case[name] for name in ("resourcePolicy", "sessionPolicy") if name in case]
    return [one for found in documents for one in found["Statement"]]


def short_or_unfilled_not_resource(case: dict[str, Any], _own: str) -> bool:
    texts = [text for one in statements(case) for text in one.get("NotResource", [])]
    return any("${" in text or (text.count(":") < 5 and text != "*") for text in texts)


def operators(case: dict[str, Any]) -> list[tuple[str, str]]:
    """Condition operators with their block as JSON."""
    blocks = [block for one in statements(case) for block in one.get("Condition", {}).items()]
    return [(name, json.dumps(block)) for name, block in blocks]


def set_operator_if_exists(case: dict[str, Any], _own: str) -> bool:
    return any(name.startswith("ForAny") and name.endswith("IfExists") for name, _ in operators(case))


# What differs, and why ours stays as it is.
SETTLED = {
    # An ARN with fields left out is completed with wildcards (reference_policies_elements_resource.html); iam-simulate
    # does so in Resource, in NotResource it lets such an entry make the statement void. A variable without value in
    # NotResource makes ours undecided, theirs void: "might" become invalid, says reference_policies_variables.html.
    "NotResource with a short ARN or a variable": short_or_unfilled_not_resource,
    # "If the key is not present, evaluate the condition element as true", with no exception for set operators
    # (reference_policies_elements_condition_operators.html); iam-simulate takes ForAnyValue first.
    "ForAnyValue with IfExists": set_operator_if_exists,
    # Variables need Version 2012-10-17 (reference_policies_variables.html); iam-simulate fills them in in any version.
    "a variable in an old version": lambda case, _own: "2008-10-17" in (text := json.dumps(case)) and "${" in text,
    # "Inverted condition operators like StringNotEquals do match against a null value" (the same page, "no value").
    "a negated operator and a variable": lambda case, _own: any(
        "Not" in name and "${" in block for name, block in operators(case)
    ),
    # What a resource policy grants to a session is not limited by its session policy
    # (reference_policies_evaluation-logic_policy-eval-basics.html).
    "a session policy and a grant to the session": lambda case, _own: (
        "sessionPolicy" in case and "resourcePolicy" in case
    ),
    # Whether a limit of the role binds what everyone is granted is not documented: ours is unknown.
    "everyone": lambda case, own: own == "unknown" and '"*"' in json.dumps(case.get("resourcePolicy", {})),
    # A role always has a trust policy; where a case gives none ours is unknown, theirs takes the account as trusted.
    "no trust policy": lambda case, own: own == "unknown" and "resourcePolicy" not in case,
}
