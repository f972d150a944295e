"""Stores of some months: findings that come, are waived, are mended, come back; a stack that begins, one that goes."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from lychgate.reports.evidence.entering import Told, entry_of
from lychgate.reports.evidence.store import Store

from lychgate.model.outcome import LAYERS, SEVERITIES

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
APPLICATIONS = ("payments", "receipts", "ledger")
TENANTS = ("acme", "globex")
STACKS = tuple(f"{application}.production.{tenant}" for application in APPLICATIONS for tenant in TENANTS)
RULES = tuple(
    {
        "id": name, "title": title, "layer": LAYERS[number % 6], "severity": SEVERITIES[number * 7 % 4],
        "requirements": list(requirements),
    }
    for number, (name, title, requirements) in enumerate((
        ("s3-bucket-without-customer-key", "A bucket has no key of its own", ("3.6.1",)),
        ("iam-policy-with-wildcard", "A policy allows everything", ("7.2.1", "7.2.2")),
        ("security-group-open-to-the-world", "A port is open to the internet", ("1.3.1", "1.4.4")),
        ("tenants-share-a-key", "Two tenants share one key", ("A1.1.2",)),
        ("log-group-without-retention", "Logs are kept for ever, or too short", ("10.5.1",)),
        ("rds-cluster-without-backup", "A database has no backups", ("12.10.1",)),
        ("rds-storage-without-customer-key", "A database has no key of its own", ("3.6.1.1",)),
        ("role-assumable-by-anyone", "Anybody may take a role", ("7.2.1", "8.2.7")),
        ("load-balancer-without-tls", "Traffic is not encrypted", ("4.2.1",)),
        ("bucket-policy-crosses-tenants", "A tenant reads another's bucket", ("A1.1.2", "A1.1.3")),
        ("trail-without-validation", "A trail can be altered unseen", ("10.3.4",)),
        ("image-without-digest", "An image may change unseen", ("6.3.2",)),
    ))
)  # fmt: skip
TYPES = ("aws:s3/bucket:Bucket", "aws:iam/role:Role", "aws:rds/cluster:Cluster", "aws:kms/key:Key")


@dataclass
class At:
    """A clock that says what it is told to: these moments, then `now` for ever."""

    now: datetime = START
    coming: deque[datetime] = field(default_factory=deque)

    def __call__(self) -> datetime:
        return self.coming.popleft() if self.coming else self.now


def judgement(rule: Mapping[str, Any], stack: str, name: str, outcome: str, *, level: str = "mandatory") -> Any:
    kind = TYPES[len(name) % 4]
    return {
        "rule": rule["id"], "urn": f"urn:pulumi:{stack}::platform::{kind}::{name}", "type": kind, "name": name,
        "stack": stack, "outcome": outcome, "level": level, "severity": rule["severity"], "layer": rule["layer"],
        "requirements": rule["requirements"], "message": "" if outcome == "pass" else rule["title"], "location": None,
        "fingerprint": "0" * 32, "witness": None, "waiver": "SEC-7" if outcome == "waived" else None,
        "introduced": None,
    }  # fmt: skip


def document(
    *judgements: Any, stacks: tuple[str, ...] = (), waivers: tuple[Any, ...] = (), environment: str = "production",
    application: str | None = "shop", tenant: str | None = "acme", rules: Any = RULES, run: str = "1",
    gone: tuple[str, ...] = (), ruleset: str = "a",
) -> dict[str, Any]:  # fmt: skip
    """A verdict of these judgements, whose resources are those that were judged, but `gone`."""
    labels = {"application": application, "tenant": tenant}
    names = stacks or tuple(sorted({one["stack"] for one in judgements}))
    urns = sorted({(one["stack"], one["urn"], one["type"], one["name"]) for one in judgements} - set(gone))
    outcomes = {one["outcome"] for one in judgements if one["level"] == "mandatory"}
    decision = "findings" if outcomes & {"fail", "error"} else "undetermined" if "unknown" in outcomes else "clean"
    requirements = sorted({name for rule in rules for name in rule["requirements"]})
    return {
        "version": "1", "decision": decision,
        "run": {
            "id": run, "tool": "lychgate", "tool_version": "0.1.0", "ruleset": environment,
            "ruleset_digest": ruleset * 64,
            "rules_digest": "b" * 64, "environment": environment, "strict": True,
            "as_of": "2026-03-01T09:00:00+00:00", "commit": "c" * 40, "policy_ref": None, "inputs": {}, "isolation": [],
        },
        "stacks": [
            {"name": one, "project": one.partition("/")[0], "stack": one.partition("/")[2], "account": "", "region": ""}
            for one in names
        ],
        "summary": {},
        "resources": [
            {
                "urn": urn, "type": kind, "name": name, "stack": stack, "dependencies": [],
                "labels": {key: value for key, value in labels.items() if value is not None},
            }
            for stack, urn, kind, name in urns
        ],
        "rules": [
            rule | {"level": "mandatory", "rationale": "Because.", "remediation": "Do.", "population": 1}
            for rule in rules
        ],
        "requirements": [
            {
                "id": name, "title": f"Requirement {name} holds", "state": "decided", "rules": [], "failed": 0,
                "unknown": 0, "waived": 0,
            }
            for name in requirements
        ],
        "judgements": list(judgements), "waivers": list(waivers), "not_inspected": [], "lookups": [],
    }  # fmt: skip


def waiver(rule: str, one: Mapping[str, Any], expires: str, ticket: str = "SEC-7", **more: Any) -> dict[str, Any]:
    return {
        "rule": rule, "stack": one["stack"], "urn": one["urn"], "owner": "jo", "reason": "moves in summer",
        "ticket": ticket, "approver": "kim", "expires": expires, "expired": False, "used": True, **more,
    }  # fmt: skip


def synced(
    stack: str, verdict: dict[str, Any] | None, *, outcome: str = "applied", kind: str = "sync"
) -> dict[str, Any]:
    """The record of a sync, as its file holds it."""
    application, environment, tenant = stack.split(".")
    return {
        "format": 2, "kind": kind, "stack": stack, "recorded": "2026-03-01T09:00:00+00:00", "pipeline": {},
        "request": {
            "application": application, "environment": environment, "tenant": tenant, "requester": "jo",
            "branch": "main", "commit": "c" * 40,
        },
        "preflight": {}, "difference": {}, "applied": {"stack": stack, "id": "1", "outcome": outcome},
        "verdict": None, "after": verdict,
    }  # fmt: skip


def put(store: Store, made: dict[str, Any], at: datetime, branch: str | None = "main") -> int:
    """Record a document at a moment, as an import does."""
    return put_all(store, [(made, at, branch)])


def put_all(store: Store, documents: Iterable[tuple[dict[str, Any], datetime, str | None]]) -> int:
    """Record several at once, each at its moment; the number of the last."""
    assert isinstance(store.clock, At)
    entries = []
    for made, at, branch in documents:
        own = {"run": made["run"] | {"id": f"{at} {branch}"}} if "run" in made else {"recorded": at.isoformat()}
        entries.append(entry_of(orjson.dumps(made | own), "a file", Told(branch=branch, by="a test")))
        store.clock.coming.append(at)
        store.clock.now = at
    done = store.append(entries)
    assert all(one.new for one in done)
    return done[-1].sequence


def months(
    count: int = 90, resources: int = 12, seed: int = 7
) -> Iterator[tuple[dict[str, Any], datetime, str | None]]:
    """So many days of six stacks, one record a day each; most are syncs, two stacks are only checked."""
    chance = random.Random(seed)
    broken: dict[tuple[str, str, str], str] = {}
    for day in range(count):
        for number, stack in enumerate(STACKS):
            begins, ends = (30 if number == 4 else 0), (60 if number == 5 else count)
            if not begins <= day <= ends:
                continue
            at = START + timedelta(days=day, minutes=number)
            if day == ends:
                yield synced(stack, None, kind="removal"), at, "main"
                continue
            made = _day(chance, stack, day, resources, broken)
            yield made if number in (2, 3) else synced(stack, made), at, "main"
            if day % 9 == number:
                noise = made | {"decision": "clean", "judgements": [], "summary": {}}
                yield noise, at + timedelta(seconds=30), "feature/new-queue"


def _day(
    chance: random.Random, stack: str, day: int, resources: int, broken: dict[tuple[str, str, str], str]
) -> dict[str, Any]:
    full = f"platform/{stack}"
    application, _, tenant = stack.split(".")
    judgements, waivers = [], []
    for number in range(resources):
        for place, rule in enumerate(RULES):
            if (number + place) % 3:
                continue
            key = (stack, rule["id"], f"thing-{number}")
            state = broken.get(key)
            if state is None and chance.random() < (0.04 if day == 0 else 0.0035):
                state = "unknown" if chance.random() < 0.15 else "fail"
            elif state is not None and chance.random() < 0.06:
                state = "waived" if state == "fail" and chance.random() < 0.2 else None
            if state is None:
                broken.pop(key, None)
            else:
                broken[key] = state
            one = judgement(rule, full, key[2], state or "pass", level="advisory" if place == 4 else "mandatory")
            judgements.append(one)
            if state == "waived":
                expires = START + timedelta(days=(day // 40 + 1) * 40 + number)
                since = None if number % 2 else f"2026-02-{number + 10}"
                ticket = f"SEC-{number}{place}"
                one["waiver"] = ticket
                waivers.append(waiver(rule["id"], one, f"{expires:%Y-%m-%d}", ticket, created=since))
    return document(*judgements, waivers=tuple(waivers), application=application, tenant=tenant)
