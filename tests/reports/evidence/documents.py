"""Documents as jobs leave them: a small verdict, and the record of a sync by what writes it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
from lychgate.provisioner.sync.applied import Applied, Outcome
from lychgate.provisioner.sync.recording import Record

from lychgate.model.sync_request import Approval

CLUSTER, BUCKET = "aws:rds/cluster:Cluster", "aws:s3/bucket:Bucket"
COMMIT = "353cff9cb01995b61488d8b6b0df4e33bcf00e65"
WAIVER = {
    "rule": "rds-storage-without-customer-key", "stack": "*", "urn": "*", "owner": "jo", "reason": "moves in May",
    "ticket": "SEC-7", "approver": "kim", "expires": "2026-05-31", "expired": False, "used": True,
}  # fmt: skip


def judgement(stack: str, kind: str, name: str, rule: str, requirement: str, outcome: str = "pass") -> dict[str, Any]:
    return {
        "rule": rule, "urn": f"urn:pulumi:{stack}::{kind}::{name}", "type": kind, "name": name, "stack": stack,
        "outcome": outcome, "level": "mandatory", "severity": "high", "layer": "encryption",
        "requirements": [requirement], "message": "" if outcome == "pass" else "has no key of its own",
        "location": None, "fingerprint": "f" * 32, "witness": None, "introduced": None,
        "waiver": "SEC-7" if outcome == "waived" else None,
    }  # fmt: skip


def verdict(
    *stacks: str, run: str = "1", outcome: str = "pass", name: str = "ledger", labels: dict[str, str] | None = None
) -> dict[str, Any]:
    """A database and a bucket in each stack; `outcome` is the database's."""
    judgements, resources = [], []
    for stack in stacks or ("shop/production",):
        judgements += [
            judgement(stack, CLUSTER, name, WAIVER["rule"], "3.6.1.1", outcome),
            judgement(stack, BUCKET, "receipts", "s3-bucket-without-customer-key", "3.6.1"),
            judgement(stack, BUCKET, "receipts", "s3-bucket-without-tls", "4.2.1"),
        ]
        known = labels or {"application": "shop", "tenant": "acme", "classification": "cardholder"}
        for kind, which, said in ((CLUSTER, name, known), (BUCKET, "receipts", known | {"classification": "internal"})):
            urn = f"urn:pulumi:{stack}::{kind}::{which}"
            resources.append(
                {"urn": urn, "type": kind, "name": which, "stack": stack, "labels": said, "dependencies": []}
            )
    return {
        "version": "1", "decision": {"fail": "findings", "unknown": "undetermined"}.get(outcome, "clean"),
        "run": {
            "id": run, "tool": "lychgate", "tool_version": "0.1.0", "ruleset": "production", "ruleset_digest": "a" * 64,
            "rules_digest": "b" * 64, "environment": "production", "strict": True, "as_of": "2026-03-01T09:00:00+00:00",
            "commit": COMMIT, "policy_ref": None, "inputs": {"program shop": "c" * 64}, "isolation": [],
        },
        "stacks": [
            {"name": one, "project": one.split("/")[0], "stack": one.split("/")[1], "account": "1", "region": "r"}
            for one in stacks or ("shop/production",)
        ],
        "summary": dict(Counter(one["outcome"] for one in judgements)), "resources": resources, "rules": [],
        "requirements": [], "judgements": judgements, "waivers": [WAIVER], "not_inspected": [], "lookups": [],
    }  # fmt: skip


def sync(
    stack: str = "shop.production.acme", outcome: Outcome | None = "applied", *, kind: str = "sync", run: str = "s",
    database: str = "pass",
) -> dict[str, Any]:  # fmt: skip
    """The record of a sync, which was judged together with a sibling; None: refused before it began."""
    judged = verdict(f"platform/{stack}", "platform/shop.production.globex", run=run, outcome=database)
    request = {
        "application": "shop", "environment": "production", "tenant": "acme", "account": "111122223333",
        "requester": "jo", "branch": "main", "commit": COMMIT, "authors": ["jo"],
        "as_of": datetime(2026, 3, 1, tzinfo=UTC),
        "approvals": [Approval("kim", datetime(2026, 3, 1, tzinfo=UTC), COMMIT)], "may_lose": [], "explained": {},
    }  # fmt: skip
    record = Record(
        kind, stack, request, {"judged": [{"id": "sync-of-a-locked-stack", "outcome": "pass"}]},
        {"summary": {"create": 2}}, judged if kind == "sync" else None,
        Applied(stack, run * 32, outcome) if outcome else None,
        judged if kind == "sync" and outcome == "applied" else None,
        pipeline={"url": "https://gitlab.example/shop/-/pipelines/7"}, recorded=datetime(2026, 3, 1, 9, tzinfo=UTC),
    )  # fmt: skip
    made: dict[str, Any] = orjson.loads(orjson.dumps(record.as_dict()))
    return made
