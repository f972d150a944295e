"""A sync that may begin, of which the rules' examples are variations."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from lychgate.model.sync_request import (
    AcceptedFinding,
    Approval,
    Drift,
    Image,
    JudgedBy,
    Limited,
    SignedVerdict,
    SyncRequest,
)

COMMIT = "5f3a9c1e7b2d4860a1c3e5f7092b4d6f8a0c2e41"
OLDER = "0d1c2b3a49586776859403a2b1c0d9e8f7a6b5c4"
DIGEST = "sha256:5f0b8c1e2d3a4f5061728394a5b6c7d8e9f00112233445566778899aabbccdde"
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
GRACE = Approval("grace", datetime(2026, 11, 2, 10, 0, tzinfo=UTC), COMMIT)
JUDGED_BY = JudgedBy("a" * 64, "b" * 64, {"platform": "c" * 64, "settings lychgate.yaml": "d" * 64})
SIGNED = SignedVerdict(
    file="verdict.intoto.json",
    sha256="e" * 64,
    signers=("the key 1c2b3a4958677685",),
    decision="clean",
    strict=True,
    environment="production",
    commit=COMMIT,
    stacks=("payments.production.acme", "payments.production.globex"),
    as_of=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
    judged_by=JUDGED_BY,
)

PRODUCTION = SyncRequest(
    application="payments",
    environment="production",
    tenant="acme",
    stack="payments.production.acme",
    environments=("production", "test"),
    tenants=("acme", "globex", "shared"),
    production=True,
    production_accounts=("111122223333",),
    frozen=None,
    as_of=NOON,
    now=NOON,
    account="111122223333",
    account_found="111122223333",
    region="eu-central-1",
    region_found="eu-central-1",
    branch_wanted="main",
    branch="main",
    branch_protected=True,
    branch_holds_commit=True,
    commit=COMMIT,
    changed=(),
    requester="ada",
    authors=("ada",),
    approvals=(GRACE,),
    backend="s3://platform-production-state",
    backend_override=None,
    backend_encrypted=True,
    secrets_provider="awskms://alias/platform-state?region=eu-central-1",
    secrets_providers=("awskms://alias/platform-state?region=eu-central-1",),
    locks=(),
    images=(Image("api", DIGEST),),
    waivers=(AcceptedFinding("SEC-12 (sqs-queue-without-customer-key)", date(2026, 11, 30)),),
    drift=Drift(0),
    limits=(Limited("workload.max_replicas of api", "6", 6, 20, "environments/production.yaml:44"),),
    removal=False,
    losses=(),
    may_lose=(),
    verdict_within=timedelta(hours=24),
    signed_verdict=SIGNED,
    judged_by=JUDGED_BY,
)
TEST = replace(
    PRODUCTION,
    environment="test",
    stack="payments.test.acme",
    production=False,
    account="444455556666",
    account_found="444455556666",
    backend="file:///srv/state",
    backend_encrypted=False,
    secrets_provider="passphrase",
    secrets_providers=("passphrase",),
    branch="try-it",
    branch_protected=False,
    branch_holds_commit=False,
    approvals=(),
    changed=("applications/payments.yaml",),
    verdict_within=None,
    signed_verdict=None,
)
