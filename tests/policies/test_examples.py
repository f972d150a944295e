"""Every example of every rule is run through the real capture: compliant ones pass, violating ones fail."""

from __future__ import annotations

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case, Rule
from lychgate.model.graph import Graph
from lychgate.model.redaction import Redactor
from lychgate.sources.program.capture import ProgramFailed
from lychgate.sources.program.programs import capture_texts

CASES = [
    (rule, kind, index, text)
    for rule in built_in_rules().values()
    for kind, programs in (("compliant", rule.compliant), ("violating", rule.violating))
    for index, text in enumerate(programs)
]


@pytest.fixture(scope="module")
def graphs(request: pytest.FixtureRequest) -> dict[str, Graph | ProgramFailed]:
    wanted = {
        item.callspec.params["text"]
        for item in request.session.items
        if "text" in getattr(item, "callspec", _None).params
    }
    return dict(capture_texts({text: text for text in sorted(wanted)}))


class _None:
    params: dict[str, object] = {}


@pytest.mark.parametrize(
    ("rule", "kind", "text"),
    [pytest.param(rule, kind, text, id=f"{rule.id}-{kind}-{index + 1}") for rule, kind, index, text in CASES],
)
def test_example(rule: Rule, kind: str, text: str, graphs: dict[str, Graph | ProgramFailed]) -> None:
    graph = graphs[text]
    assert isinstance(graph, Graph), f"{graph}\n{graph.output}"
    case = Case(graph, rule.defaults)
    answers = [(view.name, judge(rule, view, case, Redactor(()))) for view in rule.judges.all(graph)]
    assert answers, "the program holds nothing that the rule judges"
    outcomes = {answer.outcome for _, answer in answers}
    if kind == "compliant":
        assert outcomes <= {"pass", "not applicable"} and "pass" in outcomes, answers
    else:
        assert "fail" in outcomes and outcomes <= {"pass", "fail", "not applicable"}, answers
