"""Where a sync leads: the account and the region of its credentials."""

from __future__ import annotations

from dataclasses import replace

from lychgate.policies.preflight.examples import PRODUCTION, TEST

from lychgate.judging.preflight import preflight
from lychgate.model.outcome import PASS, Answer, fail
from lychgate.model.sync_request import SyncRequest, known


@preflight(
    id="sync-into-another-account",
    title="The credentials are of another account than the environment's",
    rationale="""
        A stack that is brought about in the wrong account stands among the data of another environment, and its names
        may take over what is there.
    """,
    remediation="Assume the deployer's role of the environment's account (`deployers` in its file).",
    applying=True,
    compliant=[PRODUCTION, TEST],
    violating=[replace(PRODUCTION, account_found="444455556666"), replace(TEST, account_found="111122223333")],
)
def sync_into_another_account(sync: SyncRequest) -> Answer:
    """AWS says whose the credentials are."""
    wanted, found = known(sync.account), known(sync.account_found)
    if found == wanted:
        return PASS
    return fail(f"The credentials are of account {found}, where {known(sync.environment)} is account {wanted}.")


@preflight(
    id="sync-into-another-region",
    title="The credentials' region is another than the environment's",
    rationale="""
        What takes its region from the surroundings would be made, or looked for, where neither the environment's
        network nor its keys are.
    """,
    remediation="Set AWS_REGION to the environment's region.",
    applying=True,
    compliant=[PRODUCTION, TEST],
    violating=[replace(PRODUCTION, region_found="us-east-1")],
)
def sync_into_another_region(sync: SyncRequest) -> Answer:
    """The region that AWS clients of this process have."""
    wanted, found = known(sync.region), known(sync.region_found)
    if found == wanted:
        return PASS
    return fail(f"The region is {found}, where {known(sync.environment)} is in {wanted}.")
