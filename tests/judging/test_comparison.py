"""A verdict beside an earlier one: new, there before, and no longer found, each for its own reason."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lychgate.judging.comparison import compare, of_verdict
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.verdict import RunFacts, verdict_of
from lychgate.judging.waivers import Waiver, Waivers
from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.model.verdict import Verdict

RULES = built_in_rules()
RULESET = load_ruleset("production", RULES)
TYPE, KEY, TLS = "aws:s3/bucket:Bucket", "s3-bucket-without-customer-key", "s3-bucket-reachable-without-tls"


def urn(name: str, stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::shop::{TYPE}::{name}"


def graph(*names: str, stacks: tuple[str, ...] = ("prod",)) -> Graph:
    found = [Resource(urn(name, stack), TYPE, name, stack=f"shop/{stack}") for stack in stacks for name in names]
    return Graph(found, [StackInfo(f"shop/{stack}", "shop", stack) for stack in stacks])


def verdict(of: Graph, *waivers: Waiver, rules: Any = RULES) -> dict[str, Any]:
    run = RunFacts(datetime(2026, 11, 26, tzinfo=UTC), "production", False, "0.1.0")
    return verdict_of(of, rules, RULESET, Waivers(waivers), run)


def compared(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    made = deepcopy(now)
    compare(made, of_verdict(before), [one["name"] for one in before["stacks"]], {"what": "verdict"})
    Verdict.model_validate(made)
    return made


def found(made: dict[str, Any], rule: str = KEY) -> dict[str, bool | None]:
    return {one["name"]: one["introduced"] for one in made["judgements"] if one["rule"] == rule}


def gone(made: dict[str, Any], rule: str = KEY) -> dict[str, str]:
    return {one["name"]: one["how"] for one in made["mended"] if one["rule"] == rule}


def waiver(name: str) -> Waiver:
    facts = {"owner": "ada", "reason": "why", "ticket": "SEC-1", "approver": "grace", "compensating_control": None}
    return Waiver(
        rule=KEY, stack="shop/prod", urn=urn(name), expires=date(2027, 1, 1), created=None, state="active", line=1,
        **facts,  # type: ignore[arg-type]
    )  # fmt: skip


def test_what_is_new_and_what_was_there() -> None:
    made = compared(verdict(graph("old", "new")), verdict(graph("old")))
    assert found(made) == {"old": False, "new": True}
    assert made["mended"] == []
    assert made["compared"] == {"what": "verdict"}


def test_what_passes_now_is_mended_and_what_is_gone_is_not() -> None:
    before = verdict(graph("kept", "removed"))
    now = verdict(graph("kept"))
    for one in now["judgements"]:
        if one["rule"] == KEY:
            one["outcome"] = "pass"
    made = compared(now, before)
    assert gone(made) == {"kept": "passes", "removed": "resource gone"}
    assert found(made) == {"kept": None}


def test_what_is_waived_or_judged_by_no_rule_any_more_is_not_mended() -> None:
    before = verdict(graph("kept"))
    assert gone(compared(verdict(graph("kept"), waiver("kept")), before)) == {"kept": "waived"}
    fewer = {name: rule for name, rule in RULES.items() if name != KEY}
    made = compared(verdict(graph("kept"), rules=fewer), before)
    assert (gone(made), gone(made, TLS)) == ({"kept": "rule not in use"}, {})
    hidden = verdict(graph("kept"))
    hidden["judgements"] = [one for one in hidden["judgements"] if one["rule"] != KEY]
    assert gone(compared(hidden, before)) == {"kept": "not judged"}


def test_a_waiver_that_ended_brings_nothing_new() -> None:
    made = compared(verdict(graph("kept")), verdict(graph("kept"), waiver("kept")))
    assert found(made) == {"kept": False}
    same = compared(verdict(graph("kept"), waiver("kept")), verdict(graph("kept"), waiver("kept")))
    assert (found(same), gone(same)) == ({"kept": False}, {})


def test_of_a_stack_that_only_one_of_them_judged_nothing_is_said() -> None:
    made = compared(verdict(graph("a", stacks=("prod", "dr"))), verdict(graph("a")))
    assert {(one["stack"], one["introduced"]) for one in made["judgements"] if one["rule"] == KEY} == {
        ("shop/prod", False), ("shop/dr", None),
    }  # fmt: skip
    assert compared(verdict(graph("a")), verdict(graph("a", stacks=("prod", "dr"))))["mended"] == []


@pytest.mark.parametrize("was", ["fail", "error", "waived"])
def test_what_failed_or_was_waived_was_there(was: str) -> None:
    before = verdict(graph("kept"))
    for one in before["judgements"]:
        if one["rule"] == KEY:
            one["outcome"] = was
    assert found(compared(verdict(graph("kept")), before)) == {"kept": False}


def test_what_could_not_be_determined_and_fails_now_is_new_and_so_is_what_fails_in_other_words() -> None:
    now = verdict(graph("kept"))
    for change, by_words, new in (
        ({"outcome": "unknown"}, True, True),
        ({"outcome": "unknown"}, False, True),
        ({"message": "Open to two."}, True, True),
        ({"message": "Open to two."}, False, False),
    ):
        before, made = deepcopy(now), deepcopy(now)
        for one in before["judgements"]:
            one.update(change)
        compare(made, of_verdict(before), ["shop/prod"], {"what": "verdict"}, by_words)
        assert found(made) == {"kept": new}, change


def test_a_waiver_that_ended_hides_no_worse_finding_behind_its_words() -> None:
    before, now = verdict(graph("kept"), waiver("kept")), verdict(graph("kept"))
    (one,) = [one for one in now["judgements"] if one["rule"] == KEY]
    plain = one["message"]
    for message, ticket, new in (
        (f"{plain} (its waiver SEC-1 expired on 2026-11-01)", "SEC-1", False),
        (f"Open to all. {plain} (its waiver SEC-1 expired on 2026-11-01)", "SEC-1", True),
        (f"{plain} (its waiver is a name of the program)", None, True),
    ):
        one.update(message=message, waiver=ticket)
        assert found(compared(now, before)) == {"kept": new}
