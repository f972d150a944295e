"""The signed verdict that an environment may demand: of this very change, judged by the same, not long ago."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from lychgate.policies.preflight.examples import JUDGED_BY, NOON, OLDER, PRODUCTION, SIGNED, TEST

from lychgate.judging.preflight import preflight
from lychgate.model.age import untimely
from lychgate.model.outcome import PASS, Answer, fail, not_applicable
from lychgate.model.sync_request import JudgedBy, SignedVerdict, SyncRequest, UnsignedVerdict, known


def _with(**changes: object) -> SyncRequest:
    return replace(PRODUCTION, signed_verdict=replace(SIGNED, **changes))  # type: ignore[arg-type]


@preflight(
    id="sync-without-signed-verdict",
    title="The environment demands a signed verdict, and none speaks for this sync",
    rationale="""
        A pipeline that judges a change and one that carries it out are kept apart by a signature: what nobody has
        judged and recorded is not carried out, though a sync judges again itself.
    """,
    remediation="""
        Judge the commit (`lychgate sync ... --plan --output DIR`), have a job that runs no program sign
        DIR/verdict.json (`lychgate sign`), and give the file with --verdict.
    """,
    applying=True,
    compliant=[
        PRODUCTION,
        TEST,
        replace(PRODUCTION, signed_verdict=None, verdict_within=None),
        replace(PRODUCTION, signed_verdict=None, removal=True),
    ],
    violating=[
        replace(PRODUCTION, signed_verdict=None),
        replace(PRODUCTION, signed_verdict=UnsignedVerdict("v.json", "e" * 64, "no trusted key has signed it")),
        replace(PRODUCTION, now=NOON + timedelta(days=2)),
        replace(PRODUCTION, verdict_within=timedelta(hours=2)),
        _with(signers=()),
        _with(decision="findings"),
        _with(decision="undetermined"),
        _with(strict=False),
        _with(environment="test"),
        _with(commit=OLDER),
        _with(commit=None),
        _with(stacks=("payments.production.globex",)),
        _with(as_of=NOON + timedelta(hours=1)),
        _with(judged_by=JudgedBy("f" * 64, JUDGED_BY.rules, JUDGED_BY.inputs)),
        _with(judged_by=JudgedBy(JUDGED_BY.ruleset, "f" * 64, JUDGED_BY.inputs)),
        _with(judged_by=JudgedBy(JUDGED_BY.ruleset, JUDGED_BY.rules, {**JUDGED_BY.inputs, "platform": "f" * 64})),
        _with(judged_by=JudgedBy(JUDGED_BY.ruleset, JUDGED_BY.rules, {"platform": "c" * 64})),
        _with(judged_by=JudgedBy(JUDGED_BY.ruleset, JUDGED_BY.rules, {**JUDGED_BY.inputs, "waivers w": "f" * 64})),
    ],
)
def sync_without_signed_verdict(sync: SyncRequest) -> Answer:
    """Whom the environment believes has signed a clean verdict of this commit, stack, environment, rules and files."""
    within = known(sync.verdict_within)
    if within is None:
        return not_applicable("the environment demands no signed verdict")
    if known(sync.removal):
        return not_applicable("the stack is taken away")
    signed = known(sync.signed_verdict)
    if signed is None:
        return fail(f"{known(sync.environment)} is synced with a signed verdict, and none was given.")
    if isinstance(signed, UnsignedVerdict):
        return fail(f"{signed.file} is no signed verdict: {signed.why}.")
    against = [*_against(sync, signed, within)]
    return fail(f"{signed.file} does not speak for this sync: {'; '.join(against)}.") if against else PASS


def _against(sync: SyncRequest, signed: SignedVerdict, within: timedelta) -> Iterator[str]:
    """What the verdict says that is not so here."""
    if not signed.signers:
        yield "nobody whom the environment believes has signed it"
    if signed.decision != "clean" or not signed.strict:
        yield f"its decision is {signed.decision}" + ("" if signed.strict else ", and not a strict one")
    if signed.environment != known(sync.environment):
        yield f"it is of the environment {signed.environment}"
    if signed.commit != known(sync.commit):
        yield f"it is of {f'the commit {signed.commit[:12]}' if signed.commit else 'no commit'}"
    if known(sync.stack) not in signed.stacks:
        yield f"it does not hold {known(sync.stack)}"
    yield from _judged_otherwise(signed.judged_by, known(sync.judged_by))
    if why := untimely(signed.as_of, known(sync.now), within):
        yield why


def _judged_otherwise(there: JudgedBy, here: JudgedBy) -> Iterator[str]:
    if there.ruleset != here.ruleset:
        yield "it is judged by another ruleset"
    if there.rules != here.rules:
        yield "it is judged by other rules, or another version of them"
    names = there.inputs.keys() | here.inputs.keys()
    if differ := sorted(name for name in names if there.inputs.get(name) != here.inputs.get(name)):
        yield f"it was made of other files ({', '.join(differ)})"
