"""Waivers themselves: ended, needed by nothing, covering too much, approved by who has written them.

None of these blocks in the baselines. A waiver that has ended or is void waives nothing, so what it covered counts
again by itself; and a change that takes a waiver away is judged while it still stands.
"""

from pydantic import BaseModel, Field

from lychgate import PASS, Answer, Case, fail, rule, unknown
from lychgate.model.people import is_one_of
from lychgate.views.waivers import WaiverView

WAIVER = """
        import pulumi

        pulumi.CustomResource("lychgate:waivers:Waiver", "SEC-12", {
            "ticket": "SEC-12", "rule": "sqs-queue-without-customer-key", "approver": "grace", "expires": "2027-01-31",
            %s
        })
        """


@rule(
    id="waiver-past-its-last-day",
    title="A waiver is past its last day",
    layer="operations",
    severity="medium",
    judges=WaiverView,
    scope="resource",
    rationale="""Somebody has accepted a risk until a day that is over; nobody has accepted it since. Left where it is,
    an ended waiver looks like consent.""",
    remediation="""Mend what it covered and remove it, or have it approved again: `lychgate waive ... --renew` writes
    the new day.""",
    compliant=[WAIVER % '"state": "active", "covers": 1', WAIVER % '"state": "not yet"'],
    violating=[WAIVER % '"state": "expired", "covers": 1', WAIVER % '"state": "expired", "notNeeded": "..."'],
)
def waiver_past_its_last_day(waiver: WaiverView, case: Case) -> Answer:
    """Its last day ends at midnight UTC."""
    if waiver.state != "expired":
        return PASS
    came = "what it covered counts again" if waiver.covers else f"and nothing needs it: {waiver.not_needed}"
    return fail(f"{waiver.ticket} ended on {waiver.expires}; {came}.")


@rule(
    id="waiver-unused",
    title="A waiver covers nothing",
    layer="operations",
    severity="low",
    judges=WaiverView,
    scope="resource",
    rationale="""A waiver that nothing needs any more would silently take the next finding that fits it. One that never
    fitted (a misspelt URN or stack) lets its owner believe that a finding is settled.""",
    remediation="Remove it, or correct what it names.",
    compliant=[
        WAIVER % '"state": "active", "covers": 1',
        WAIVER % '"state": "not yet"',
        WAIVER % '"state": "expired", "notNeeded": "..."',
    ],
    violating=[WAIVER % '"state": "active", "covers": 0, "notNeeded": "its rule is disabled"'],
)
def waiver_unused(waiver: WaiverView, case: Case) -> Answer:
    """Of active ones; that another one has ended is told already."""
    needless = waiver.state == "active" and waiver.not_needed
    return fail(f"{waiver.ticket} covers nothing: {waiver.not_needed}.") if needless else PASS


class Most(BaseModel):
    """How much one waiver may cover."""

    findings: int = Field(default=10, ge=1, description="findings that one waiver may cover")


@rule(
    id="waiver-too-wide",
    title="A waiver covers more than somebody can have looked at",
    layer="operations",
    severity="medium",
    judges=WaiverView,
    parameters=Most,
    scope="resource",
    rationale="""A pattern that fixes neither the type nor a part of the name accepts what does not exist yet. Such
    a one waives nothing. One that covers many findings accepts a practice, not an exception.""",
    remediation="""Name the resource by its exact URN, or its type and at least three letters of its name in a row; for
    many findings mend the cause, or set the rule's level or parameters in a ruleset, with the reason.""",
    compliant=[WAIVER % '"state": "active", "narrow": True, "covers": 10'],
    violating=[
        WAIVER % '"state": "void", "narrow": False, "covers": 0',
        WAIVER % '"state": "expired", "narrow": False, "covers": 1',
        WAIVER % '"state": "active", "narrow": True, "covers": 11',
    ],
)
def waiver_too_wide(waiver: WaiverView, case: Case) -> Answer:
    """By its pattern, and by what it came to cover."""
    if not waiver.is_narrow:
        return fail(f"{waiver.ticket} waives nothing: its pattern fixes no type, or less than three letters of a name.")
    most = case.parameters.findings
    return fail(f"{waiver.ticket} covers {waiver.covers} findings, more than {most}.") if waiver.covers > most else PASS


@rule(
    id="waiver-approved-by-its-author",
    title="A waiver was approved by who has written it",
    layer="operations",
    severity="high",
    judges=WaiverView,
    scope="resource",
    rationale="""Two people stand behind an accepted risk: who asks for it and who answers for it. Git knows who has
    written the lines last, whatever name they give as the approver.""",
    remediation="Have somebody else approve it: another `approver`, or the lines written by who asks.",
    compliant=[WAIVER % '"state": "active", "covers": 1, "authors": ["Ada Lovelace", "ada@example.com"]'],
    violating=[
        WAIVER % '"state": "void", "authors": ["Grace Hopper", "grace@example.com"]',
        WAIVER % '"state": "expired", "authors": ["Ada Lovelace", "Grace"]',
    ],
)
def waiver_approved_by_its_author(waiver: WaiverView, case: Case) -> Answer:
    """Names and addresses of Git's authors, as far as they are known."""
    if waiver.authors is None:
        return unknown("Git does not say who has written it")
    if is_one_of(waiver.approver, waiver.authors):
        return fail(f"{waiver.ticket} is approved by {waiver.approver}, who has written it: it waives nothing.")
    return PASS
