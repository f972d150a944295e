"""What a rule has read of a secret, and what a program makes a secret of, can neither leak nor change the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lychgate.reports import FORMATS, renderer

from lychgate.judging.rule import Case, Rule, rule
from lychgate.judging.ruleset import WAIVER_LIMITS, Ruleset, Setting
from lychgate.judging.verdict import RunFacts, verdict_of
from lychgate.judging.waivers import Waivers
from lychgate.model.graph import Graph, Lookup, NotInspected, Resource, StackInfo
from lychgate.model.outcome import PASS, Answer, fail, unknown
from lychgate.model.values import Secret, reading, reveal
from lychgate.model.verdict import Verdict
from lychgate.views.base import View

SECRET = "hunter2-planted"
WORDS = [
    "fail", "pass", "unknown", "error", "mandatory", "findings", "clean", "undetermined", "outcome", "level",
    "decision", "judgements", "high", "iam", "lychgate", "production", "parameter-with-something", "decided",
]  # fmt: skip

RULESET = Ruleset(
    "mine",
    "ours",
    True,
    "none",
    (),
    (),
    WAIVER_LIMITS,
    "",
    {"parameter-with-something": Setting("mandatory", None, False, ())},
)


class Parameter(View):
    types = ("aws:ssm/parameter:Parameter",)


def made(check: Callable[[Any, Case], Answer]) -> Rule:
    facts: dict[str, Any] = {"title": "A parameter", "layer": "iam", "severity": "high", "judges": Parameter}
    texts: dict[str, Any] = {"rationale": "x", "remediation": "x", "compliant": ["x"], "violating": ["x"]}
    return rule(id="parameter-with-something", **facts, **texts)(check)


def judged(
    check: Callable[[Any, Case], Answer],
    properties: Mapping[str, Any],
    secrets: Sequence[Secret] = (),
    **more: Any,
) -> dict[str, Any]:
    parameter = Resource(
        "urn:pulumi:dev::shop::aws:ssm/parameter:Parameter::url", Parameter.types[0], "url", dict(properties),
        stack="shop/dev",
    )  # fmt: skip
    graph = Graph([parameter], [StackInfo("shop/dev", "shop", "dev", secrets=secrets)], **more)
    rules = {"parameter-with-something": made(check)}
    run = RunFacts(datetime(2027, 1, 1, tzinfo=UTC), "production", True, "1")
    return verdict_of(graph, rules, RULESET, Waivers(), run)


def outcome(verdict: dict[str, Any]) -> tuple[str, str]:
    (one,) = verdict["judgements"]
    return one["outcome"], one["message"]


def test_what_is_said_after_a_secret_was_read_is_withheld() -> None:
    verdict = judged(
        lambda view, case: fail(f"begins with {view.read.text('value')[:2]}", {"length": 15}),
        {"value": Secret(SECRET)},
    )
    assert outcome(verdict) == ("fail", "A parameter (details withheld: value is secret)")
    assert verdict["judgements"][0]["witness"] is None
    assert verdict["decision"] == "findings"


def test_so_is_what_is_said_of_a_pass_and_of_an_unknown() -> None:
    said = {"value": Secret(SECRET)}
    verdict = judged(lambda view, case: Answer("pass", view.read.text("value")[:3]), said)
    assert outcome(verdict) == ("pass", "")
    verdict = judged(lambda view, case: unknown(view.read.text("value")[::-1]), said)
    assert outcome(verdict) == ("unknown", "A parameter (details withheld: value is secret)")


def test_so_is_what_a_rule_says_that_fails_itself() -> None:
    verdict = judged(lambda view, case: fail(f"{view.read.text('value')[:2]} {1 / 0}"), {"value": Secret(SECRET)})
    found, message = outcome(verdict)
    assert found == "error"
    assert message.startswith("the rule itself failed: ZeroDivisionError at test_secrets.py:")
    assert message.rpartition(":")[2].isdigit()


def test_a_secret_document_that_is_none() -> None:
    verdict = judged(lambda view, case: fail(str(view.read.document("value"))), {"value": Secret(f"{{{SECRET}")})
    found, message = outcome(verdict)
    assert found == "unknown"
    assert message.startswith("value is not JSON (")
    assert SECRET not in json.dumps(verdict)


def test_documents_that_no_parser_bears() -> None:
    for text, why in (("[" * 1_000_000, "is JSON that is nested too deeply"), ('"\\ud800', "is not JSON (")):
        verdict = judged(lambda view, case: fail(str(view.read.document("value"))), {"value": text})
        assert outcome(verdict)[0] == "unknown"
        assert why in outcome(verdict)[1]


def test_a_label_that_is_secret_is_not_shown() -> None:
    tags = {"tenant": Secret("abc"), "application": "payments", "environment": Secret("live-2")}
    verdict = judged(lambda view, case: fail(f"of {view.labels.tenant}"), {"tags": tags})
    assert verdict["resources"][0]["labels"] == {
        "application": "payments", "environment": "[secret]", "tenant": "[secret]",
    }  # fmt: skip
    assert outcome(verdict) == (
        "fail", "A parameter (details withheld: the label environment, the label tenant is secret)",
    )  # fmt: skip
    verdict = judged(lambda view, case: PASS, {"tags": Secret({"tenant": "abc"})})
    assert verdict["resources"][0]["labels"] == {"tenant": "[secret]"}


def test_arguments_of_lookups_and_reasons_hold_no_secret() -> None:
    verdict = judged(
        lambda view, case: PASS,
        {},
        (Secret(SECRET),),
        lookups=[Lookup("shop/dev", f"aws:x:{SECRET}", {"name": f"/x/{SECRET}", SECRET: Secret("other")}, "assumed")],
        not_inspected=[NotInspected("shop/dev", "urn:x", "t", f"the chart {SECRET}")],
    )
    assert SECRET not in json.dumps(verdict)
    assert verdict["lookups"][0]["arguments"] == {"name": "/x/[secret]", "[secret]": "[secret]"}


@pytest.mark.parametrize("word", WORDS)
def test_a_program_cannot_hide_its_findings_by_making_secrets_of_the_verdicts_own_words(word: str) -> None:
    plain = judged(lambda view, case: fail("It is wrong."), {})
    verdict = judged(lambda view, case: fail("It is wrong."), {"value": Secret(word)}, tuple(map(Secret, WORDS)))
    for document in (plain, verdict):
        document["run"]["id"] = "x"
        for entry in (*document["judgements"], *document["resources"]):
            entry["urn"] = entry["type"] = "x"
    assert verdict == plain


def test_text_that_no_report_can_hold() -> None:
    document = '{"Sid": "\\ud800\\u0000\\u001b[2J", "n": 123456789012345678901234567890}'
    verdict = judged(
        lambda view, case: fail(view.read.document("value")["Sid"], view.read.document("value")), {"value": document}
    )
    for name in FORMATS:
        assert renderer(name)(verdict)
    assert verdict["judgements"][0]["witness"]["n"] == "123456789012345678901234567890"


def test_a_message_has_an_end() -> None:
    verdict = judged(lambda view, case: fail(view.read.text("value")), {"value": "x" * 1_000_000})
    assert len(outcome(verdict)[1]) == 4004


JSON = st.recursive(
    st.text('ab["é', max_size=12) | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(secret=st.text(min_size=4, max_size=30), open_=JSON, position=st.integers(0, 3))
def test_no_report_holds_a_secret(secret: str, open_: Any, position: int) -> None:
    secret = f"§{secret}§"
    places = [{"value": Secret(secret)}, {"tags": {"tenant": Secret(secret)}}, {"tags": Secret({"a": secret})}, {}]
    verdict = judged(
        lambda view, case: fail(f"said {secret}!", {"said": [secret, open_, {secret: json.dumps(secret)}]}),
        {"other": open_, **places[position]},
        (Secret(secret),),
    )
    Verdict.model_validate(verdict)
    assert all("§" not in str(one).replace(str(open_), "") for one in verdict["judgements"] + verdict["resources"])


def test_a_crash_in_a_kept_fact_does_not_forget_what_was_read_before() -> None:
    graph = Graph([])
    reading.begin()
    reveal(Secret("hunter2"), "password")
    with pytest.raises(ZeroDivisionError):
        graph.once("fact", lambda: 1 / 0)
    assert reading.secrets == {"password"}
    reading.begin()
