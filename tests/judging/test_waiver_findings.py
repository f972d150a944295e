"""Waivers as findings themselves: what the verdict says of each, and that none of it can be waived away."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.verdict import RunFacts, verdict_of
from lychgate.judging.waivers import Waiver, Waivers
from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.model.verdict import Verdict

RULES = built_in_rules()
RULESET = load_ruleset("production", RULES)
TYPE = "aws:s3/bucket:Bucket"
URN = f"urn:pulumi:prod::shop::{TYPE}::receipts"


def waiver(**facts: Any) -> Waiver:
    given: dict[str, Any] = {
        "rule": "s3-bucket-without-customer-key", "stack": "shop/prod", "urn": URN, "owner": "ada", "reason": "why",
        "ticket": "SEC-1", "approver": "grace", "expires": date(2027, 1, 31), "created": date(2026, 11, 1),
        "compensating_control": "it is empty", "state": "active", "line": 7, "authors": ("ada",),
    }  # fmt: skip
    return Waiver(**(given | facts))


def verdict(*waivers: Waiver, buckets: int = 1) -> dict[str, Any]:
    names = ["receipts", *(f"receipts-{number}" for number in range(1, buckets))]
    found = [Resource(URN.replace("receipts", name), TYPE, name, stack="shop/prod") for name in names]
    graph = Graph(found, [StackInfo("shop/prod", "shop", "prod")])
    run = RunFacts(datetime(2026, 11, 26, tzinfo=UTC), "production", False, "0.1.0")
    made = verdict_of(graph, RULES, RULESET, Waivers(waivers, "waivers.yaml"), run)
    Verdict.model_validate(made)
    return made


def findings(made: dict[str, Any]) -> dict[str, str]:
    about = [one for one in made["judgements"] if one["rule"].startswith("waiver-")]
    return {one["rule"]: one["message"] for one in about if one["outcome"] in ("fail", "unknown")}


def outcome(made: dict[str, Any], rule: str = "s3-bucket-without-customer-key") -> set[str]:
    return {one["outcome"] for one in made["judgements"] if one["rule"] == rule}


def test_a_waiver_that_is_needed_is_judged_and_passes() -> None:
    made = verdict(waiver())
    assert findings(made) == {}
    assert outcome(made) == {"waived"}
    about = [one for one in made["judgements"] if one["rule"].startswith("waiver-")]
    assert {(one["name"], one["location"]["file"], one["location"]["line"]) for one in about} == {
        ("SEC-1", "waivers.yaml", 7)
    }
    assert {one["urn"] for one in about} <= {one["urn"] for one in made["resources"]}
    (entry,) = made["waivers"]
    assert (entry["created"], entry["compensating_control"], entry["used"], entry["void"]) == (
        "2026-11-01", "it is empty", True, None,
    )  # fmt: skip


NEEDLESS: dict[str, tuple[dict[str, Any], str]] = {
    "passes": ({"rule": "s3-bucket-public"}, "its rule finds nothing there that no other waiver covers"),
    "no such resource": ({"urn": URN + "-gone"}, "no resource of the stack has its URN"),
    "disabled": ({"rule": "iam-role-without-boundary"}, "its rule is disabled"),
    "stack without its project": ({"stack": "prod"}, "it names the stack prod, which is shop/prod"),
}


@pytest.mark.parametrize("case", NEEDLESS)
def test_a_waiver_that_covers_nothing_says_why(case: str) -> None:
    facts, why = NEEDLESS[case]
    rule = facts.get("rule", "")
    assert not rule or rule in RULES or pytest.fail(f"no rule {rule}")
    made = verdict(waiver(**facts))
    assert findings(made) == {"waiver-unused": f"SEC-1 covers nothing: {why}."}
    assert "waived" not in outcome(made)


def test_of_two_for_one_finding_the_second_is_unused() -> None:
    made = verdict(waiver(), waiver(ticket="SEC-2"))
    assert findings(made) == {
        "waiver-unused": "SEC-2 covers nothing: its rule finds nothing there that no other waiver covers."
    }


def test_a_waiver_of_a_stack_that_is_not_judged_is_not_called_unused() -> None:
    assert findings(verdict(waiver(stack="other/prod"))) == {}


def test_an_expired_one_is_a_finding_and_what_it_covered_counts() -> None:
    made = verdict(waiver(state="expired", expires=date(2026, 11, 1)))
    assert findings(made) == {"waiver-past-its-last-day": "SEC-1 ended on 2026-11-01; what it covered counts again."}
    assert outcome(made) == {"fail"}
    gone = verdict(waiver(state="expired", expires=date(2026, 11, 1), urn=URN + "-gone"))
    assert findings(gone) == {
        "waiver-past-its-last-day": "SEC-1 ended on 2026-11-01; and nothing needs it: "
        "no resource of the stack has its URN."
    }


def test_one_that_begins_tomorrow_is_no_finding() -> None:
    assert findings(verdict(waiver(state="not yet", created=date(2026, 11, 27)))) == {}


def test_a_void_one_waives_nothing_and_says_why() -> None:
    made = verdict(waiver(state="void", why="its pattern is too wide", urn="*"))
    assert list(findings(made)) == ["waiver-too-wide"]
    assert outcome(made) == {"fail"}
    assert made["waivers"][0]["void"] == "its pattern is too wide"
    made = verdict(waiver(state="void", why="its approver has written it", authors=("Grace", "grace@example.com")))
    assert list(findings(made)) == ["waiver-approved-by-its-author"]
    assert outcome(made) == {"fail"}


def test_one_that_covers_many_is_too_wide() -> None:
    pattern = f"urn:pulumi:prod::shop::{TYPE}::receipts*"
    assert findings(verdict(waiver(urn=pattern), buckets=10)) == {}
    assert findings(verdict(waiver(urn=pattern), buckets=11)) == {
        "waiver-too-wide": "SEC-1 covers 11 findings, more than 10."
    }


def test_who_has_written_it_may_be_unknown() -> None:
    assert findings(verdict(waiver(authors=None))) == {
        "waiver-approved-by-its-author": "Git does not say who has written it"
    }


def test_a_finding_about_a_waiver_cannot_be_waived() -> None:
    first = verdict(waiver(state="expired", expires=date(2026, 11, 1)))
    (about,) = [one for one in first["judgements"] if one["rule"] == "waiver-past-its-last-day"]
    accepted = waiver(rule="waiver-past-its-last-day", urn=about["urn"], ticket="SEC-2")
    made = verdict(waiver(state="expired", expires=date(2026, 11, 1)), accepted)
    assert "waiver-past-its-last-day" in findings(made)
    assert "waived" not in outcome(made, "waiver-past-its-last-day")


def test_two_waivers_of_one_ticket_are_told_apart() -> None:
    made = verdict(waiver(), waiver(urn=URN + "-gone"))
    urns = [one["urn"] for one in made["judgements"] if one["rule"] == "waiver-unused"]
    assert len(set(urns)) == len(urns) == 2


def test_a_program_cannot_pass_a_waiver_of_its_own() -> None:
    fake = Resource(
        "urn:pulumi:prod::shop::lychgate:waivers:Waiver::mine", "lychgate:waivers:Waiver", "mine",
        {"rule": "s3-bucket-without-customer-key", "state": "active", "covers": 1}, stack="shop/prod",
    )  # fmt: skip
    graph = Graph([Resource(URN, TYPE, "receipts", stack="shop/prod"), fake], [StackInfo("shop/prod", "shop", "prod")])
    run = RunFacts(datetime(2026, 11, 26, tzinfo=UTC), "production", False, "0.1.0")
    made = verdict_of(graph, RULES, RULESET, Waivers(), run)
    assert outcome(made) == {"fail"}
    assert made["waivers"] == []
