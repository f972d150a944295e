"""What evaluation makes of unknowns, secrets, crashes, waivers and hidden parts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from lychgate.judging.evaluation import Judgement, evaluate
from lychgate.judging.rule import Case, Rule
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.verdict import RunFacts, decide, verdict_of, waive
from lychgate.judging.waivers import Waiver, Waivers
from lychgate.model.graph import Graph, NotInspected, Resource, StackInfo
from lychgate.model.outcome import PASS, Answer, fail
from lychgate.model.values import Secret, Unknown
from lychgate.model.verdict import Verdict
from lychgate.views.s3 import Bucket

TYPE = "aws:s3/bucket:Bucket"


class Levels:
    """A ruleset that has one level for all."""

    def __init__(self, level: str = "mandatory") -> None:
        self._level = level

    def level(self, rule: Rule) -> Any:
        return self._level

    def parameters(self, rule: Rule) -> Any:
        return None


def rule_of(check: Any, **facts: Any) -> Rule:
    given = {
        "id": "bucket-without-name",
        "title": "A bucket has no name",
        "layer": "operations",
        "severity": "high",
        "judges": Bucket,
        "rationale": "why",
        "remediation": "how",
        "compliant": ("",),
        "violating": ("",),
        "check": check,
    }
    return Rule(**(given | facts))


def graph_of(*buckets: dict[str, Any], **more: Any) -> Graph:
    resources = [
        Resource(f"urn:pulumi:s::p::{TYPE}::b{index}", TYPE, f"b{index}", properties, stack="p/s", id=f"b{index}")
        for index, properties in enumerate(buckets)
    ]
    return Graph(resources, [StackInfo("p/s", "p", "s")], **more)


def judged(check: Any, *buckets: dict[str, Any], **facts: Any) -> list[Judgement]:
    return evaluate(graph_of(*buckets), [rule_of(check, **facts)], Levels())


def named(bucket: Bucket, case: Case) -> Answer:
    name = bucket.read.text("bucket")
    return PASS if name else fail("no name")


def test_every_resource_that_a_rule_selects_is_in_the_population() -> None:
    assert [one.outcome for one in judged(named, {"bucket": "x"}, {}, {"bucket": Unknown("later")})] == [
        "pass",
        "fail",
        "unknown",
    ]


def test_an_unknown_names_the_property_and_why() -> None:
    (one,) = judged(named, {"bucket": Unknown("known only after key is deployed")})
    assert one.answer.message == "bucket is known only after key is deployed"


def test_a_crash_is_that_rules_error_and_others_go_on() -> None:
    broken = rule_of(lambda bucket, case: 1 / 0, id="rule-that-crashes")
    found = evaluate(graph_of({"bucket": "x"}), [broken, rule_of(named)], Levels())
    assert [(one.rule.id, one.outcome) for one in found] == [
        ("bucket-without-name", "pass"),
        ("rule-that-crashes", "error"),
    ]
    assert "ZeroDivisionError" in found[1].answer.message


def test_a_view_that_cannot_tell_what_it_selects_is_that_rules_error() -> None:
    class Broken(Bucket):
        @classmethod
        def all(cls, graph: Graph) -> Any:
            raise KeyError("index")

    found = evaluate(
        graph_of({"bucket": "x"}), [rule_of(named, judges=Broken), rule_of(named, id="other-rule")], Levels()
    )
    assert [(one.rule.id, one.outcome) for one in found] == [("bucket-without-name", "error"), ("other-rule", "pass")]


def test_an_answer_that_is_none_is_an_error() -> None:
    (one,) = judged(lambda bucket, case: None, {})
    assert one.outcome == "error"


def test_what_is_said_after_a_secret_was_read_is_withheld() -> None:
    def tells(bucket: Bucket, case: Case) -> Answer:
        return fail(f"the name backwards is {(bucket.read.text('bucket') or '')[::-1]}", {"name": "x"})

    (one,) = judged(tells, {"bucket": Secret("hunter2-hunter2")})
    assert one.outcome == "fail"
    assert "2retnuh" not in one.answer.message and one.answer.witness is None
    assert "bucket" in one.answer.message


def test_a_kept_fact_still_counts_as_reading_its_secrets() -> None:
    def tells(bucket: Bucket, case: Case) -> Answer:
        return fail(bucket.once("fact", lambda: f"derived {bucket.read.text('bucket')}"))

    graph = graph_of({"bucket": Secret("hunter2-hunter2")})
    rules = [rule_of(tells, id="first-of-them"), rule_of(tells, id="second-of-them")]
    for one in evaluate(graph, rules, Levels()):
        assert "hunter2" not in one.answer.message


def test_a_secret_elsewhere_is_redacted_from_messages() -> None:
    def tells(bucket: Bucket, case: Case) -> Answer:
        return fail(f"about {bucket.resource.properties['tags']['k'].value}")

    (one,) = judged(tells, {"tags": {"k": Secret("hunter2-hunter2")}})
    assert one.answer.message == "about [secret]"


def test_a_rule_of_several_stacks_is_unknown_where_siblings_are_out_of_sight() -> None:
    graph = graph_of({"bucket": "x"}, complete=False)
    (one,) = evaluate(graph, [rule_of(named, scope="stacks")], Levels())
    assert one.outcome == "unknown"


def test_mandatory_rules_are_undetermined_in_what_is_hidden() -> None:
    graph = graph_of({"bucket": "x"})
    hidden = NotInspected("p/s", graph.resources[0].urn, "awsx:ec2:Vpc", "a remote component")
    chart = NotInspected("p/s", graph.resources[0].urn, "kubernetes:helm.sh/v4:Chart", "a chart")
    graph.not_inspected += [hidden, chart]
    found = evaluate(graph, [rule_of(named)], Levels())
    assert [one.outcome for one in found] == ["pass", "unknown"]  # a chart holds no bucket
    assert [one.outcome for one in evaluate(graph, [rule_of(named)], Levels("advisory"))] == ["pass"]


def waiver(**facts: Any) -> Waiver:
    given: dict[str, Any] = {
        "rule": "bucket-without-name", "stack": "p/s", "urn": f"urn:pulumi:s::p::{TYPE}::b0", "owner": "ann",
        "reason": "why", "ticket": "PCI-1", "approver": "bob", "expires": date(2027, 1, 31), "created": None,
        "compensating_control": None, "state": "active", "line": 1,
    }  # fmt: skip
    return Waiver(**(given | facts))


@pytest.mark.parametrize(
    ("state", "outcome", "decision"), [("active", "waived", "clean"), ("expired", "fail", "findings")]
)
def test_a_waiver_counts_until_it_expires(state: str, outcome: str, decision: str) -> None:
    (one,) = waive(judged(named, {}), Waivers([waiver(state=state)]))
    assert one.outcome == outcome
    assert decide([one], strict=True) == decision
    assert ("expired" in one.message) == (state == "expired")


def test_a_crash_cannot_be_waived_and_blocks_at_any_level() -> None:
    found = evaluate(graph_of({}), [rule_of(lambda bucket, case: 1 / 0)], Levels("advisory"))
    (one,) = waive(found, Waivers([waiver()]))
    assert one.outcome == "error"
    assert decide([one], strict=False) == "findings"


def test_strictness_decides_about_the_undetermined() -> None:
    decided = waive(judged(named, {"bucket": Unknown()}), Waivers())
    assert decide(decided, strict=True) == "undetermined"
    assert decide(decided, strict=False) == "clean"


def test_the_document_fits_its_schema_and_is_the_same_each_time() -> None:
    rules = {"bucket-without-name": rule_of(named)}
    ruleset = load_ruleset("production", _with_built_in(rules))
    run = RunFacts(datetime(2026, 11, 26, tzinfo=UTC), "production", True, "0.1.0")

    def document() -> dict[str, Any]:
        graph = graph_of({"bucket": "x", "tags": {"tenant": "acme"}}, {})
        made = verdict_of(graph, rules, ruleset, Waivers(), run)
        made["run"]["id"] = ""
        return made

    made = document()
    Verdict.model_validate(made)
    assert made == document()
    assert made["decision"] == "findings"
    assert made["resources"][0]["labels"] == {"tenant": "acme"}
    assert made["rules"][0]["population"] == 2


def test_what_only_preflight_rules_speak_for_is_manual_in_a_verdict() -> None:
    rules = _with_built_in({})
    ruleset = load_ruleset("production", rules)
    run = RunFacts(datetime(2026, 11, 26, tzinfo=UTC), "production", True, "0.1.0")
    made = verdict_of(graph_of(), rules, ruleset, Waivers(), run)
    found = {one["id"]: one for one in made["requirements"]}
    alone = [one.id for one in ruleset.requirements if one.preflight and not one.rules]
    assert {"6.5.1", "7.2.3"} <= set(alone)
    assert {(found[id_]["state"], *found[id_]["rules"]) for id_ in alone} == {("manual",)}
    assert found["6.5.3"]["state"] == "decided" and "sync-into-another-account" not in found["6.5.3"]["rules"]


def _with_built_in(rules: dict[str, Rule]) -> dict[str, Rule]:
    from lychgate.judging.discovery import built_in_rules

    return built_in_rules() | rules
