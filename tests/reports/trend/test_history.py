"""From verdicts to series, times to mend and the ages of waivers: held against an implementation that is naive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lychgate.reports.trend.history import Event, History, Part, Selection
from lychgate.reports.trend.trend import Counts, moments_of

from lychgate.model.outcome import SEVERITIES
from tests.reports.trend import naive

DAY = datetime(2026, 3, 1, tzinfo=UTC)
SINCE, UNTIL = DAY + timedelta(days=3), DAY + timedelta(days=9)
OUTCOMES = ("fail", "fail", "pass", "unknown", "error", "waived", "not applicable")


def told(rule: str, urn: str, outcome: str, stack: str = "p/a") -> dict[str, Any]:
    number = int(rule[-1])
    return {
        "rule": rule, "urn": urn, "type": "t", "name": urn, "stack": stack, "outcome": outcome, "level": "mandatory",
        "severity": SEVERITIES[number], "layer": ("iam", "network")[number % 2],
        "requirements": [f"1.{number}", "A1.1.2"][: number + 1], "waiver": "T" if outcome == "waived" else None,
    }  # fmt: skip


def part(stack: str, *said: tuple[str, str, str], labels: Any = (), waivers: Any = ()) -> Part:
    """`labels`: (): every judged resource has none; None: the record holds no resources."""
    known = {urn: {} for _, urn, _ in said} if labels == () else labels
    return Part(stack, [told(*one, stack) for one in said], known, waivers=waivers)


def check(day: float, record: int, *parts: Part, environment: str = "production") -> Event:
    return Event(DAY + timedelta(days=day), record, None, environment, parts)


def sync(day: float, record: int, own: str, *parts: Part, removal: bool = False, application: Any = None) -> Event:
    return Event(DAY + timedelta(days=day), record, own, "production", parts, removal, application)


def gone_over(events: Sequence[Event], **how: Any) -> History:
    history = History(how.pop("since", SINCE), how.pop("until", UNTIL), **how)
    for event in sorted(events, key=lambda one: (one.at, one.record)):
        history.take(event)
    history.end()
    return history


def ended(history: History) -> dict[str, int]:
    return {name: sum(flow.ended[name] for flow in history.flows) for name in history.flows[0].ended}


names = st.sampled_from(["p/a", "q/a", "p/b"])
saying = st.tuples(st.sampled_from(["r0", "r1", "r2"]), st.sampled_from(["u", "v"]), st.sampled_from(OUTCOMES))
labels = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["u", "v"]), st.sampled_from([{}, {"application": "shop"}, {"application": "bank"}])
    ),
)  # fmt: skip


@st.composite
def parts(draw: st.DrawFn, stack: st.SearchStrategy[str]) -> Part:
    name = draw(stack)
    days = st.sampled_from(["2026-02-20", "2026-03-02", "2026-03-05", "2026-04-01"])
    waivers = [
        {
            "rule": draw(st.sampled_from(["r0", "r1"])), "stack": draw(st.sampled_from([name, "else"])), "urn": "u",
            "owner": "o", "approver": "k", "ticket": "T", "reason": "y", "used": True, "expires": draw(days),
            "created": draw(st.one_of(st.none(), days)),
        }
        for _ in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    return part(name, *draw(st.lists(saying, max_size=4)), labels=draw(labels), waivers=waivers)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Checks, syncs and removals whose numbers need not follow their clocks."""
    count = draw(st.integers(1, 9))
    numbers = draw(st.permutations(range(1, count + 1)))
    found = []
    for number in numbers:
        at = DAY + timedelta(hours=draw(st.integers(0, 240)))
        environment = draw(st.sampled_from(["production", "production", "test"]))
        kind = draw(st.sampled_from(["check", "check", "sync", "removal"]))
        if kind == "check":
            made = draw(st.lists(parts(names), min_size=1, max_size=2, unique_by=lambda one: one.stack))
            found.append(Event(at, number, None, environment, made))
        else:
            made = [draw(parts(st.just("p/a")))] if kind == "sync" else []
            found.append(Event(at, number, "a", environment, made, kind == "removal", "shop"))
    return found


@settings(max_examples=150, deadline=None)
@given(histories(), st.sampled_from([None, "shop", "bank"]))
def test_it_agrees_with_the_naive_implementation(events: list[Event], application: str | None) -> None:
    until = [one for one in events if one.at <= UNTIL]
    history = gone_over(events, selection=Selection(application=application))
    for ours, theirs in (
        ("severities", "severity"), ("layers", "layer"), ("requirements", "requirements"), ("stacks", "stack"),
        ("applications", "application"),
    ):  # fmt: skip
        series = history.series(ours)
        for place, moment in enumerate(history.moments):
            expected = naive.counts(until, moment, theirs, application)
            assert {key: found[place] for key, found in series.items() if any(found[place])} == {
                key: Counts(**counted) for key, counted in expected.items()
            }
    if application is None:
        open_, happened = naive.findings(until)
        assert {(one.stack, one.rule, one.urn): (one.opened, one.again) for one in history._still_open()} == open_
        inside = [one for one in happened if one[1] > SINCE]
        counted = Counter(what for what, *_ in inside)
        assert ended(history) == {name: counted[name] for name in ended(history)}
        assert sum(flow.opened for flow in history.flows) == counted["opened"] + counted["again"]
        assert sum(flow.again for flow in history.flows) == counted["again"]
        assert history.parts_of_trend()["mending"]["all"].mean == pytest.approx(naive.mean_days(happened, SINCE))
        told = {(one.rule, one.stack, one.urn): one for one in history._waivers()}
        assert {key: (one.since, one.expires, one.renewed) for key, one in told.items()} == {
            key: (since.isoformat(), last, renewed) for key, (since, last, renewed) in naive.waivers(until).items()
        }


def test_only_what_passes_is_mended() -> None:
    first = check(0, 1, part("p/a", *((f"r{n}", f"u{m}", "fail") for n in range(3) for m in range(2))))
    second = part(
        "p/a", ("r0", "u0", "pass"), ("r0", "u1", "waived"), ("r1", "u0", "unknown"), ("r1", "u1", "not applicable"),
        labels={"u0": {}, "u1": {}},
    )  # fmt: skip
    history = gone_over([first, check(4, 2, second)])
    assert ended(history) == {"mended": 1, "waived": 1, "removed": 0, "no longer judged": 3}
    assert [(one.rule, one.urn) for one in history._still_open()] == [("r1", "u0")]
    assert history.mended == {"critical": [4.0]}
    gone = part("p/a", labels={"u0": {}})
    assert ended(gone_over([first, check(4, 2, gone)])) == {
        "mended": 0, "waived": 0, "removed": 3, "no longer judged": 3,
    }  # fmt: skip
    without_resources = part("p/a", labels=None)
    assert ended(gone_over([first, check(4, 2, without_resources)]))["no longer judged"] == 6


def test_what_is_not_determined_in_between_was_open_all_the_time() -> None:
    said = [(0, "fail"), (2, "unknown"), (3, "error"), (5, "pass")]
    history = gone_over([check(day, day + 1, part("p/a", ("r0", "u", outcome))) for day, outcome in said])
    assert history.mended == {"critical": [5.0]}


def test_another_environment_mends_nothing() -> None:
    fails, passes = part("p/a", ("r0", "u", "fail")), part("p/a", ("r0", "u", "pass"))
    history = gone_over([check(0, 1, fails), check(4, 2, passes, environment="test")])
    assert ended(history)["mended"] == 0 and ended(history)["no longer judged"] == 1
    assert history.environments["p/a"] == {"production", "test"}


def test_a_finding_grows_older_through_syncs() -> None:
    bad = part("p/a", ("r0", "u", "fail"))
    history = gone_over([check(0, 1, bad), sync(1, 2, "a", bad), sync(5, 3, "a", bad)])
    assert [(one.opened, one.record) for one in history._still_open()] == [(DAY, 1)]
    assert ended(history) == {"mended": 0, "waived": 0, "removed": 0, "no longer judged": 0}


def test_what_comes_back_is_opened_again() -> None:
    said = [(0, "fail"), (4, "pass"), (5, "fail"), (6, "pass"), (7, "fail")]
    history = gone_over([check(day, day + 1, part("p/a", ("r0", "u", outcome))) for day, outcome in said])
    assert sum(flow.opened for flow in history.flows) == sum(flow.again for flow in history.flows) == 2
    assert history.mended == {"critical": [4.0, 1.0]}
    (still,) = history._still_open()
    assert still.opened == DAY + timedelta(days=7) and still.again and not still.at_least


def test_of_a_pruned_store_the_first_verdict_says_at_least() -> None:
    events = [
        check(0, 5, part("p/a", ("r0", "u", "fail"), ("r1", "u", "fail"))),
        check(4, 6, part("p/a", ("r0", "u", "pass"), ("r1", "u", "fail"), ("r2", "u", "fail"))),
    ]
    history = gone_over(events, pruned=True)
    assert [(one.rule, one.at_least) for one in history._still_open()] == [("r1", True), ("r2", False)]
    mending = history.parts_of_trend()["mending"]
    assert (mending["critical"].number, mending["critical"].older, mending["critical"].mean) == (0, 1, None)


def test_a_stack_that_was_synced_is_moved_by_no_check() -> None:
    good, bad = part("p/a", ("r0", "u", "pass")), part("p/a", ("r0", "u", "fail"))
    history = gone_over([check(0, 1, bad), sync(4, 2, "a", good), check(5, 3, bad)])
    assert [one.failed for one in history.series("stacks")["p/a"]] == [1, 0, 0, 0, 0, 0, 0]
    removed = gone_over([check(0, 1, bad), sync(4, 2, "a", bad), sync(6, 3, "a", removal=True), check(7, 4, bad)])
    assert [one.failed for one in removed.series("stacks")["p/a"]] == [1, 1, 1, 0, 0, 0, 0]
    assert ended(removed)["removed"] == 1 and removed.parts_of_trend()["standing"] == []


def test_a_sync_lends_its_application_to_what_has_no_label() -> None:
    verdict = part("p/a", ("r0", "u", "fail"), ("r1", "v", "fail"), labels={"u": {"application": "other"}, "v": {}})
    history = gone_over([sync(1, 1, "a", verdict, application="shop")])
    assert {key: found[-1].failed for key, found in history.series("applications").items()} == {"other": 1, "shop": 1}


def test_a_renewal_makes_no_waiver_younger() -> None:
    def listed(day: int, expires: str, created: str | None) -> Event:
        waiver = {
            "rule": "r0", "stack": "p/a", "urn": "u", "owner": "o", "approver": "k", "ticket": "T", "reason": "y",
            "used": True, "expires": expires, "created": created,
        }  # fmt: skip
        return check(day, day + 1, part("p/a", ("r0", "u", "waived"), waivers=[waiver]))

    history = gone_over([listed(1, "2026-03-20", None), listed(4, "2026-04-20", "2026-03-05")])
    (one,) = history._waivers()
    assert (one.since, one.told, one.age, one.left, one.renewed) == ("2026-03-02", False, 8, 41, 1)
    history = gone_over([listed(1, "2026-03-20", "2026-02-01"), listed(4, "2026-03-20", "2026-02-01")])
    (one,) = history._waivers()
    assert (one.since, one.told, one.age, one.renewed) == ("2026-02-01", True, 37, 0)


@pytest.mark.parametrize(("days", "most"), [(1, 2), (90, 91), (365, 54), (3650, 132)])
def test_moments_are_both_ends_and_some_between(days: int, most: int) -> None:
    moments = moments_of(DAY, DAY + timedelta(days=days))
    assert moments[0] == DAY and moments[-1] == DAY + timedelta(days=days)
    assert len(moments) == most and moments == sorted(set(moments))
