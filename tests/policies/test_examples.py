"""Every example of every rule is run through the real capture: compliant ones pass, violating ones fail."""

from __future__ import annotations

import pytest

from lychgate.cli.examples import verdict_of
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.rule import Rule
from lychgate.model.graph import Graph
from lychgate.sources.program.capture import ProgramFailed
from lychgate.sources.program.programs import capture_texts

CASES = [
    pytest.param(rule, kind == "compliant", text, id=f"{rule.id}-{kind}-{index + 1}")
    for rule in built_in_rules().values()
    for kind, programs in (("compliant", rule.compliant), ("violating", rule.violating))
    for index, text in enumerate(programs)
]


@pytest.fixture(scope="module")
def graphs(request: pytest.FixtureRequest) -> dict[str, Graph | ProgramFailed]:
    """All programs that this run's examples need, captured together."""
    specs = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = sorted({params["text"] for params in specs if "text" in params and "compliant" in params})
    return capture_texts({text: text for text in wanted})


@pytest.mark.parametrize(("rule", "compliant", "text"), CASES)
def test_examples(rule: Rule, compliant: bool, text: str, graphs: dict[str, Graph | ProgramFailed]) -> None:
    assert verdict_of(rule, compliant, graphs[text]) == ""
