"""The examples of rules, run as their tests: through the real capture, judged with the rules' default parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case, Rule
from lychgate.model.graph import Graph
from lychgate.model.redaction import Redactor
from lychgate.sources.program.capture import ProgramFailed
from lychgate.sources.program.programs import capture_texts


def failures(rules: Iterable[Rule]) -> Iterator[tuple[Rule, str, str]]:
    """Each example that does not say what it should: its rule, which one it is, and what happened instead."""
    wanted = [(rule, True, text) for rule in rules for text in rule.compliant]
    wanted += [(rule, False, text) for rule in rules for text in rule.violating]
    graphs = capture_texts({text: text for _, _, text in wanted})
    for rule, compliant, text in wanted:
        wrong = verdict_of(rule, compliant, graphs[text])
        if wrong:
            yield rule, ("compliant" if compliant else "violating") + f" example:\n{text}", wrong


def verdict_of(rule: Rule, compliant: bool, graph: Graph | ProgramFailed) -> str:
    """Why an example is not what it claims to be; empty where it is."""
    if isinstance(graph, ProgramFailed):
        return f"{graph}\n{graph.output}"
    case = Case(graph, rule.defaults)
    answers = [(view.name, judge(rule, view, case, Redactor(()))) for view in rule.judges.all(graph)]
    outcomes = {answer.outcome for _, answer in answers}
    told = "; ".join(f"{name}: {answer.outcome} {answer.message}" for name, answer in answers)
    if not answers:
        return "it holds nothing that the rule judges"
    if compliant:
        return "" if "pass" in outcomes and outcomes <= {"pass", "not applicable"} else told
    return "" if "fail" in outcomes and outcomes <= {"pass", "fail", "not applicable"} else told
