"""What is brought: images by digest, waivers that still hold, sizes within limits, and no unexplained drift."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from datetime import UTC, date

from lychgate.policies.preflight.examples import DIGEST, NOON, PRODUCTION, TEST

from lychgate.judging.preflight import preflight
from lychgate.model.outcome import PASS, Answer, fail, not_applicable, unknown
from lychgate.model.sync_request import AcceptedFinding, Drift, Image, Limited, SyncRequest, known
from lychgate.model.values import Unknown

IMMUTABLE = re.compile(r"([^@\s]+@)?sha256:[0-9a-f]{64}")
SHOWN = 3


@preflight(
    id="image-named-by-tag",
    title="A workload's image is named by a tag",
    rationale="""
        A tag can be moved to another image after it was approved, and two replicas of one workload may run different
        code; a digest is the image.
    """,
    remediation="Name the image by its digest: `image: sha256:...`.",
    applying=False,
    compliant=[PRODUCTION, replace(PRODUCTION, images=(Image("cache", f"registry.example.com/valkey:8@{DIGEST}"),))],
    violating=[
        replace(PRODUCTION, images=(Image("api", "payments/api:1.4.2"),)),
        replace(PRODUCTION, images=(Image("api", "payments/api:sha256-5f0b8c1e"), Image("settle", DIGEST))),
        replace(PRODUCTION, images=(Image("api", f"{DIGEST}0"),)),
    ],
)
def image_named_by_tag(sync: SyncRequest) -> Answer:
    """Every image ends with a whole digest."""
    wrong = [f"{one.workload} ({one.reference})" for one in known(sync.images) if not _is_digest(one.reference)]
    return fail(f"Not named by a digest: {_some(wrong)}.") if wrong else PASS


def _is_digest(reference: str) -> bool:
    return IMMUTABLE.fullmatch(reference) is not None


@preflight(
    id="waiver-expired",
    title="A waiver of the stack has expired",
    rationale="Somebody has accepted a risk until a day that is over; nobody has accepted it since.",
    remediation="Mend the finding and remove the waiver, or have it approved again with a new day.",
    applying=False,
    compliant=[PRODUCTION, replace(PRODUCTION, waivers=(AcceptedFinding("SEC-1", NOON.date()),))],
    violating=[replace(PRODUCTION, waivers=(AcceptedFinding("SEC-1", date(2026, 11, 1)),))],
)
def waiver_expired(sync: SyncRequest) -> Answer:
    """Its last day, which ends at midnight UTC, is not over at the moment that is judged."""
    waivers = known(sync.waivers)
    if not waivers:
        return PASS
    day = known(sync.as_of).astimezone(UTC).date()
    expired = [f"{one.id} on {one.expires}" for one in waivers if day > one.expires]
    return fail(f"Expired: {_some(expired)}.") if expired else PASS


@preflight(
    id="drift-without-explanation",
    title="What is there was changed by somebody else than a sync",
    rationale="""
        A sync would overwrite a change that nobody has explained, be it a repair in the night or an intruder's, and
        with it the trace.
    """,
    remediation="""
        Look at `lychgate drift`; take each difference into the platform's files, or undo it, or say why it is there
        with `--explain-drift NAME=WHY`: then this sync undoes it, and the record keeps the reason. What no state knows
        (not managed) stays as it is.
    """,
    applying=True,
    compliant=[PRODUCTION, replace(PRODUCTION, drift=Drift(2, ()))],
    violating=[replace(PRODUCTION, drift=Drift(2, ("receipts: policy",)))],
)
def drift_without_explanation(sync: SyncRequest) -> Answer:
    """No difference between what was deployed and what is there, or each one explained."""
    drift = known(sync.drift)
    if not drift.unexplained:
        return PASS
    return fail(f"{len(drift.unexplained)} of {drift.count} differences are not explained: {_some(drift.unexplained)}.")


@preflight(
    id="data-store-lost-without-a-word",
    title="A data store would be lost of which nobody said so",
    rationale="""
        A name that was changed, or an application that was taken out of a file, deletes the data with it, and no
        rollback brings them back.
    """,
    remediation="Look at what would be deleted, and why; if that is meant, say so with the options that are told.",
    applying=True,
    compliant=[
        PRODUCTION,
        replace(PRODUCTION, losses=("ledger",), may_lose=("ledger", "receipts")),
        replace(TEST, losses=("ledger",)),
    ],
    violating=[
        replace(PRODUCTION, losses=("ledger", "receipts"), may_lose=("receipts",)),
        replace(TEST, losses=("ledger",), removal=True),
    ],
)
def data_store_lost_without_a_word(sync: SyncRequest) -> Answer:
    """In production, and wherever a whole stack goes, each store that is deleted or replaced was named."""
    if not known(sync.production) and not known(sync.removal):
        return not_applicable("is not production")
    unsaid = sorted(set(known(sync.losses)) - set(known(sync.may_lose)))
    words = " ".join(f"--may-lose {shlex.quote(name)}" for name in unsaid)
    return fail(f"Nobody has said {words}: what is named so would be lost, or may be.") if unsaid else PASS


@preflight(
    id="setting-above-limit",
    title="A size, count or retention exceeds the environment's limit",
    rationale="The platform team has set how much one stack may take; more costs money, or starves its neighbours.",
    remediation="Lower the setting, or have the platform team raise `limits` in the environment's file.",
    applying=False,
    compliant=[PRODUCTION, replace(PRODUCTION, limits=())],
    violating=[replace(PRODUCTION, limits=(Limited("workload.max_replicas of api", "21", 21, 20, "tenants.yaml:6"),))],
)
def setting_above_limit(sync: SyncRequest) -> Answer:
    """Every setting that the environment limits is a number that is no larger."""
    limits = known(sync.limits)
    over = [one for one in limits if not isinstance(one.amount, Unknown) and not one.amount <= one.most]
    if over:
        return fail(f"{_some([f'{one.setting} is {one.value}, at most {one.most:g} ({one.place})' for one in over])}.")
    for one in limits:
        if isinstance(one.amount, Unknown):
            return unknown(f"{one.setting} is {one.value}: {one.amount.why}")
    return PASS if limits else not_applicable("the environment limits nothing that the stack has")


def _some(texts: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return "; ".join(texts[:SHOWN]) + more
