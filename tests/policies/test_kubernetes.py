"""The Kubernetes rules together: a platform that is in order passes them all."""

from __future__ import annotations

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case, Rule
from lychgate.model.graph import Graph
from lychgate.model.redaction import Redactor
from lychgate.sources.program.programs import capture_texts
from tests.policies.kubernetes_platform import COMPLIANT

RULES = [rule for rule in built_in_rules().values() if "kubernetes" in rule.check.__module__.rpartition(".")[2]]


@pytest.fixture(scope="module")
def platform() -> Graph:
    (graph,) = capture_texts({"platform": COMPLIANT}).values()
    assert isinstance(graph, Graph), f"{graph}\n{graph.output}"
    return graph


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_platform_in_order_passes(rule: Rule, platform: Graph) -> None:
    case = Case(platform, rule.defaults)
    answers = {view.name: judge(rule, view, case, Redactor(())) for view in rule.judges.all(platform)}
    wrong = {name: answer for name, answer in answers.items() if answer.outcome not in ("pass", "not applicable")}
    assert answers and not wrong
    assert any(answer.outcome == "pass" for answer in answers.values())
