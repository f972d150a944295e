"""Every remediation mends what its rule found, and leaves alone what it did not."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case, Rule
from lychgate.model.graph import Graph, Resource
from lychgate.model.redaction import Redactor
from lychgate.sources.program.programs import capture_texts

RULES = [rule for rule in built_in_rules().values() if rule.remedy is not None]


@pytest.fixture(scope="module")
def graphs() -> dict[str, Any]:
    texts = {text for rule in RULES for text in rule.violating}
    return capture_texts({text: text for text in sorted(texts)})


def outcome(rule: Rule, resource: Resource) -> str:
    """What the rule says of the resource alone, as a policy pack asks it."""
    graph = Graph([resource], complete=False)
    return judge(rule, rule.judges.of(graph, resource), Case(graph, rule.defaults), Redactor(())).outcome


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
def test_remedy(rule: Rule, graphs: dict[str, Any]) -> None:
    assert rule.scope == "resource" and rule.remedy is not None
    mended = 0
    for text in rule.violating:
        for view in rule.judges.all(graphs[text]):
            if outcome(rule, view.resource) != "fail":
                continue
            before = deepcopy(view.resource.properties)
            better = rule.remedy(view.resource.properties, rule.defaults)
            assert view.resource.properties == before, "a remedy changes a copy"
            if better is not None:
                assert outcome(rule, replace(view.resource, properties=better)) == "pass"
                mended += 1
    assert mended, "no violating example is mended"
