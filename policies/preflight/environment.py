"""What is synced: an environment that there is and that is open, for a tenant of the application, judged now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta

from lychgate.policies.preflight.examples import NOON, PRODUCTION, TEST

from lychgate.judging.preflight import preflight
from lychgate.model.outcome import PASS, Answer, fail, not_applicable
from lychgate.model.sync_request import Freeze, SyncRequest, known

FROZEN = Freeze(date(2026, 11, 3), "the yearly inventory")
TOLERANCE = timedelta(hours=1)


@preflight(
    id="sync-into-unknown-environment",
    title="There is no environment of this name",
    rationale="An environment's file says which account, network and limits a stack has; without it nothing is known.",
    remediation="Name an environment of the platform (`environments/NAME.yaml`).",
    applying=False,
    compliant=[PRODUCTION, TEST],
    violating=[replace(PRODUCTION, environment="prod"), replace(PRODUCTION, environments=())],
)
def sync_into_unknown_environment(sync: SyncRequest) -> Answer:
    """The environment is one of the platform's."""
    name = known(sync.environment)
    return PASS if name in known(sync.environments) else fail(f"There is no environment {name}.")


@preflight(
    id="sync-into-frozen-environment",
    title="The environment is frozen",
    rationale="Somebody has decided that nothing changes there before a day, and relies on that.",
    remediation="Wait for the day, or have the platform team take `frozen` out of the environment's file.",
    applying=False,
    compliant=[PRODUCTION, replace(PRODUCTION, frozen=Freeze(date(2026, 11, 2), "the yearly inventory"))],
    violating=[replace(PRODUCTION, frozen=FROZEN), replace(TEST, frozen=FROZEN)],
)
def sync_into_frozen_environment(sync: SyncRequest) -> Answer:
    """Frozen before a day, which begins at midnight UTC."""
    frozen = known(sync.frozen)
    if frozen is None:
        return PASS
    if known(sync.as_of).astimezone(UTC).date() >= frozen.until:
        return PASS
    return fail(f"{known(sync.environment)} is frozen until {frozen.until}: {frozen.reason}.")


@preflight(
    id="sync-for-another-applications-tenant",
    title="The tenant does not belong to the application",
    rationale="A stack for a tenant that the application does not serve would hold nobody's data, or somebody else's.",
    remediation="Name one of the application's tenants, or add the tenant to its `tenancy`.",
    applying=False,
    compliant=[
        PRODUCTION,
        replace(PRODUCTION, tenant="shared", stack="payments.production.shared"),
        replace(PRODUCTION, tenant="initech", removal=True),
    ],
    violating=[replace(PRODUCTION, tenant="initech"), replace(PRODUCTION, tenant="Acme")],
)
def sync_for_another_applications_tenant(sync: SyncRequest) -> Answer:
    """The tenant is one of the application's, or what they share. One that is taken away may have left the files."""
    if known(sync.removal):
        return not_applicable("the stack is taken away")
    tenant, tenants = known(sync.tenant), known(sync.tenants)
    if tenant in tenants:
        return PASS
    return fail(f"{known(sync.application)} has no tenant {tenant}, but {', '.join(tenants)}.")


@preflight(
    id="environment-in-production-account",
    title="An environment that is not production has the account of one that is",
    rationale="""
        What is asked of production (a protected branch, an approval, an encrypted state) is not asked of other
        environments, so none of them may lead to production's account.
    """,
    remediation="Give the environment an account of its own, or declare it as production.",
    applying=False,
    compliant=[TEST],
    violating=[replace(PRODUCTION, production=False), replace(TEST, account="111122223333")],
)
def environment_in_production_account(sync: SyncRequest) -> Answer:
    """The accounts of production and of everything else are apart."""
    if known(sync.production):
        return not_applicable("is production")
    account = known(sync.account)
    if account not in known(sync.production_accounts):
        return PASS
    return fail(f"{known(sync.environment)} is not production, but account {account} is production's.")


@preflight(
    id="sync-judged-at-another-time",
    title="The sync is judged at another time than now",
    rationale="In the past a waiver that has expired still holds, and a freeze that has begun has not.",
    remediation="Leave out --as-of when applying.",
    applying=True,
    compliant=[PRODUCTION, replace(PRODUCTION, now=NOON + timedelta(minutes=20))],
    violating=[replace(PRODUCTION, now=NOON + timedelta(days=30)), replace(PRODUCTION, now=NOON - timedelta(days=1))],
)
def sync_judged_at_another_time(sync: SyncRequest) -> Answer:
    """The moment that is judged is the clock's, give or take how long a sync takes."""
    as_of, now = known(sync.as_of), known(sync.now)
    if abs(now - as_of) <= TOLERANCE:
        return PASS
    return fail(f"It is judged as of {as_of:%Y-%m-%d %H:%M %Z}, and now is {now:%Y-%m-%d %H:%M %Z}.")
