"""The examples of rules, run as their tests: through the real capture, judged with the rules' default parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from lychgate.judging.evaluation import judge
from lychgate.judging.preflight import Preflight, ask
from lychgate.judging.rule import Case, Rule
from lychgate.model.graph import Graph
from lychgate.model.redaction import Redactor
from lychgate.model.sync_request import SyncRequest
from lychgate.policies.preflight.examples import PRODUCTION, TEST
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


def preflight_failures(rules: Iterable[Preflight]) -> Iterator[tuple[Preflight, str, str]]:
    """The same of preflight rules, whose examples are requests."""
    for rule in rules:
        for kind, examples, wanted in (
            ("compliant", rule.compliant, ("pass", "not applicable")),
            ("violating", rule.violating, ("fail",)),
        ):
            for sync in examples:
                answer = ask(rule, sync)
                if answer.outcome not in wanted:
                    yield rule, f"{kind} example:\n{as_written(sync)}", f"{answer.outcome} {answer.message}"


def as_written(sync: SyncRequest) -> str:
    """A request as the variation that it is of the one in production, or of the one before it."""

    def changes(base: SyncRequest) -> list[str]:
        names = [field.name for field in fields(SyncRequest) if getattr(sync, field.name) != getattr(base, field.name)]
        return [f"{name}={getattr(sync, name)!r}" for name in names]

    name, changed = min((("PRODUCTION", changes(PRODUCTION)), ("TEST", changes(TEST))), key=lambda one: len(one[1]))
    return f"replace({', '.join([name, *changed])})" if changed else name


def verdict_of(rule: Rule, compliant: bool, graph: Graph | ProgramFailed) -> str:
    """Why an example is not what it claims to be; empty where it is."""
    if isinstance(graph, ProgramFailed):
        return f"{graph}\n{graph.output}"
    case = Case(graph, rule.example_parameters or rule.defaults)
    answers = [(view.name, judge(rule, view, case, Redactor(()))) for view in rule.judges.all(graph)]
    outcomes = {answer.outcome for _, answer in answers}
    told = "; ".join(f"{name}: {answer.outcome} {answer.message}" for name, answer in answers)
    if not answers:
        return "it holds nothing that the rule judges"
    if compliant:
        return "" if "pass" in outcomes and outcomes <= {"pass", "not applicable"} else told
    return "" if "fail" in outcomes and outcomes <= {"pass", "fail", "not applicable"} else told
