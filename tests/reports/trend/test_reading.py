"""From a store to a trend: which records count, on both databases; what is not as it was written gives none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest
from lychgate.reports.evidence.pruning import prune
from lychgate.reports.evidence.record import BrokenRecordError, stamp
from lychgate.reports.evidence.searching import newest_at
from lychgate.reports.evidence.store import Store
from lychgate.reports.trend.document import render
from lychgate.reports.trend.trend import ENDS, Trend

from lychgate.model.errors import InputError
from tests.reports.evidence.records import tamper
from tests.reports.trend.conftest import SINCE, UNTIL, made
from tests.reports.trend.stores import RULES, START, At, document, judgement, put, synced, waiver

FULL = "platform/payments.production.acme"
OWN = "payments.production.acme"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "evidence.db"), create=True, clock=At())


@pytest.fixture
def either(address: str) -> Store:
    """A store on each of the two databases."""
    return Store.open(address, create=True, clock=At())


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def said(*outcomes: str, stack: str = FULL, application: str | None = "payments", **how: object) -> dict[str, object]:
    """One resource, of which the rules in their order say this."""
    judgements = [judgement(rule, stack, "ledger", one) for rule, one in zip(RULES, outcomes, strict=False)]
    return document(*judgements, application=application, **how)  # type: ignore[arg-type]


def failed(trend: Trend) -> list[int]:
    return [one.failed for one in trend.totals]


def test_a_branch_does_not_move_the_posture(store: Store) -> None:
    put(store, said("fail", "fail"), day(0))
    put(store, said("pass", "pass"), day(1), branch="feature/mend")
    put(store, said("pass", "pass", run="2"), day(1.1), branch=None)
    until = day(2)
    trend = made(store, until=until)
    assert failed(trend) == [0, 2, 2, 2]
    assert trend.sources.left_out == {"feature/mend": 1, None: 1} and trend.sources.used == 1
    assert failed(made(store, until=until, branches=("main", "feature/*"))) == [0, 2, 0, 0]
    assert failed(made(store, until=until, branches=("*",)))[-1] == 0
    with pytest.raises(InputError, match="3 checks of other branches"):
        made(store, until=until, branches=("other",))


def test_what_was_deployed_counts_and_what_was_not_does_not(either: Store) -> None:
    put(either, said("pass", "fail"), day(0))
    put(either, synced(OWN, said("fail", "pass")), day(1))
    put(either, synced(OWN, said("fail", "fail"), outcome="failed"), day(2))
    put(either, synced(OWN, said("fail", "fail"), outcome="refused"), day(3))
    put(either, said("pass", "pass"), day(4))
    trend = made(either, until=day(5))
    assert [(one.rule, one.opened) for one in trend.open] == [(RULES[0]["id"], day(1))]
    assert trend.mending["all"].mean == 1
    assert [(one.stack, one.record, one.deployed) for one in trend.standing] == [(FULL, 2, True)]
    assert trend.sources.notes == [f"{OWN}: a sync since was failed (record 3): what was deployed then may differ"]
    put(either, synced(OWN, None, kind="removal"), day(6))
    gone = made(either, until=day(7))
    assert gone.standing == [] and gone.totals[-1] == (0, 0, 0, 0)
    assert sum(flow.ended["removed"] for flow in gone.flows) == 1


def test_a_sync_whose_verdict_was_not_kept_mends_nothing(store: Store) -> None:
    put(store, synced(OWN, said("fail")), day(0))
    put(store, synced(OWN, None), day(1))
    trend = made(store, until=day(2))
    assert sum(flow.ended["no longer judged"] for flow in trend.flows) == 1
    assert trend.mending["all"].number == 0 and [one.stack for one in trend.standing] == [OWN]


def test_a_record_of_the_first_format_says_less_and_claims_no_more(store: Store) -> None:
    """It holds no resources: what is not judged any more may be gone, or may be there as it was."""
    kept = ("run", "decision", "judgements", "waivers")
    for number, verdict in enumerate((said("fail", "fail"), said("pass"))):
        made_of = synced(OWN, {name: verdict[name] for name in kept}) | {"format": 1}
        del made_of["pipeline"]
        put(store, made_of, day(number))
    trend = made(store, until=day(2))
    ended = {name: sum(flow.ended[name] for flow in trend.flows) for name in ENDS}
    assert ended == {"mended": 1, "waived": 0, "removed": 0, "no longer judged": 1}
    assert [one.kind for one in trend.requirements if any(one.counts[-1])] == [None]
    assert list(trend.applications) == ["payments"]  # as the sync was asked for


def test_of_siblings_that_are_judged_with_a_sync_nothing_counts(store: Store) -> None:
    both = [judgement(RULES[0], stack, "ledger", "fail") for stack in (FULL, "platform/payments.production.globex")]
    put(store, synced(OWN, document(*both)), day(0))
    trend = made(store, until=day(1))
    assert list(trend.stacks) == [FULL] and len(trend.open) == 1


def test_what_was_found_before_the_range_keeps_its_age(store: Store) -> None:
    put(store, synced(OWN, said("fail", "fail")), day(0))
    put(store, synced(OWN, said("pass", "fail")), day(40))
    trend = made(store, since=day(35), until=day(50))
    assert failed(trend)[0] == 2 and failed(trend)[-1] == 1
    assert trend.mending["all"].mean == 40 and trend.age(trend.open[0]) == 50
    assert sum(flow.opened for flow in trend.flows) == 0


def test_what_was_not_judged_for_long_is_said(store: Store) -> None:
    put(store, synced(OWN, said("pass")), day(0))
    assert made(store, until=day(30)).sources.notes == []
    assert made(store, until=day(31)).sources.notes == [f"{FULL}: judged last on 2026-03-01, 31 days before the end"]


def test_another_ruleset_is_said(store: Store) -> None:
    for number, ruleset in enumerate("aabb"):
        put(store, said("pass" if ruleset == "b" else "fail", ruleset=ruleset), day(number))
    note = f"{FULL}: judged by another ruleset since 2026-03-03: what passes since may have been mended by that"
    assert note in made(store, until=day(5)).sources.notes
    assert note not in made(store, since=day(2.5), until=day(5)).sources.notes


def test_what_was_pruned_makes_ages_at_least(either: Store) -> None:
    assert isinstance(either.clock, At)
    put(either, synced(OWN, said("fail", "fail")), day(-800))
    put(either, synced(OWN, said("fail", "fail", run="2")), day(-2))
    either.clock.now = day(-1)
    assert prune(either, months=12).gone is not None
    put(either, synced(OWN, said("pass", "fail")), day(1))
    trend = made(either, until=day(2))
    assert [(one.at_least, one.opened) for one in trend.open] == [(True, day(-2))]
    assert (trend.mending["all"].number, trend.mending["all"].older) == (0, 1)


def test_a_selection_is_of_judgements(store: Store) -> None:
    put(store, said("fail", "pass", application="payments"), day(0))
    put(store, said("fail", "fail", stack="bank/production", application="bank", environment="test"), day(0.5))
    put(store, said("pass", stack="free/production", application=None, tenant=None), day(0.6))
    until = day(1)
    assert failed(made(store, until=until))[-1] == 3
    chosen = made(store, until=until, application="bank")
    assert failed(chosen)[-1] == 2 and [one.stack for one in chosen.standing] == ["bank/production"]
    assert failed(made(store, until=until, environment="production"))[-1] == 1
    assert failed(made(store, until=until, stack="production"))[-1] == 2
    assert None in made(store, until=until).applications
    for wrong in ({"application": "bnak"}, {"tenant": "none"}, {"stack": "none"}, {"environment": "none"}):
        with pytest.raises(InputError, match="no record counts"):
            made(store, until=until, **wrong)


def test_a_document_that_was_changed_gives_no_trend(either: Store) -> None:
    put(either, said("fail"), day(0))
    put(either, said("pass", run="2"), day(1))
    other = "UPDATE evidence_record SET document = (SELECT document FROM evidence_record WHERE sequence = 2)"
    tamper(either, f"{other} WHERE sequence = 1")
    with pytest.raises(BrokenRecordError):
        made(either, until=day(2))


def test_each_moment_is_what_evidence_shows_then(some_months: Path) -> None:
    store = Store.open(str(some_months))
    trend = made(store)
    with store.read() as snapshot:
        headers = [row.header(snapshot.id) for row in snapshot.rows(documents=False)]
        main = [one for one in headers if one.facts.branch == "main"]
        for place in (0, 10, 31, 45, 61, len(trend.moments) - 1):
            moment = trend.moments[place]
            expected: dict[str, int] = {}
            for header in newest_at(main, stamp(moment)).headers:
                row = snapshot.row(header.sequence)
                assert row is not None
                made_of = orjson.loads(row.content())
                for one in (made_of if header.facts.kind == "check" else made_of["after"])["judgements"]:
                    expected[one["severity"]] = expected.get(one["severity"], 0) + (one["outcome"] == "fail")
            assert {
                name: found[place].failed for name, found in trend.severities.items() if any(found[place])
            } == expected


def test_json_says_all_of_it(trend: Trend, hostile: Callable[[str], Trend]) -> None:
    told = orjson.loads(render(trend))
    assert told["moments"][0] == "2026-03-01T00:00:00Z" and len(told["open"]) == len(trend.open)
    assert [len(one["counts"]) for one in told["series"]["severities"]] == [len(trend.moments)] * 4
    assert told["sources"]["left_out"] == [{"branch": "feature/new-queue", "checks": 54}]
    assert told["mending"]["all"]["number"] == trend.mending["all"].number
    assert orjson.loads(render(hostile("</script>\u202e")))["open"]


def test_waivers_are_those_of_the_newest_verdict(store: Store) -> None:
    one = judgement(RULES[0], FULL, "ledger", "waived")
    first = document(one, waivers=(waiver(one["rule"], one, "2026-03-20", created="2026-02-01"),))
    put(store, synced(OWN, first), day(0))
    put(store, synced(OWN, document(one, waivers=(waiver(one["rule"], one, "2026-04-20"),))), day(10))
    (found,) = made(store, until=day(20)).waivers
    assert (found.since, found.told, found.age, found.left, found.renewed) == ("2026-02-01", True, 48, 30, 1)
    put(store, synced(OWN, document(judgement(RULES[0], FULL, "ledger", "pass"))), day(30))
    assert made(store, SINCE, UNTIL).waivers == []
