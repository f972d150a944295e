"""Evaluation: a graph and rules in, judgements out. A rule costs nothing on resources it does not judge."""

from __future__ import annotations

import gc
import hashlib
import traceback
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from lychgate.judging.rule import Case, Rule
from lychgate.model.graph import Graph, Resource
from lychgate.model.outcome import Answer, Level, Outcome
from lychgate.model.redaction import Redactor
from lychgate.model.values import UnknownRead, reading
from lychgate.views.base import View

SEES_SIBLINGS = "nothing is wrong within this stack, but it is compared with siblings that are not in sight here"

LONGEST = 4000  # characters of a message


class Settings(Protocol):
    """What evaluation needs of a ruleset."""

    def level(self, rule: Rule) -> Level:
        """The level of a rule."""

    def parameters(self, rule: Rule) -> Any:
        """Its parameters, as the rule's own model; None where it has none."""


class Judgement(NamedTuple):
    """What one rule said of one resource, at which level."""

    rule: Rule
    resource: Resource
    level: Level
    answer: Answer

    @property
    def outcome(self) -> Outcome:
        """The outcome."""
        return self.answer.outcome

    @property
    def fingerprint(self) -> str:
        """Stable over line shifts and runs: the rule and the URN."""
        return hashlib.sha256(f"{self.rule.id}\0{self.resource.urn}".encode()).hexdigest()[:32]


def evaluate(graph: Graph, rules: Iterable[Rule], settings: Settings) -> list[Judgement]:
    """Every rule that is not disabled on every resource that it selects, ordered by rule and URN."""
    rules = sorted(rules, key=lambda rule: rule.id)
    collecting = gc.isenabled()
    gc.disable()  # what is made here stays until the end: looking through it again and again costs a third of the time
    try:
        return _judgements(graph, rules, settings) + _not_inspected(graph, rules, settings)
    finally:
        if collecting:
            gc.enable()


def _judgements(graph: Graph, rules: Iterable[Rule], settings: Settings) -> list[Judgement]:
    redact = Redactor.of(graph)
    found: list[Judgement] = []
    for rule in rules:
        level = settings.level(rule)
        if level == "disabled":
            continue
        case = Case(graph, settings.parameters(rule))
        found += [Judgement(rule, resource, level, answer) for resource, answer in ask(rule, case, redact)]
    return found


def ask(rule: Rule, case: Case, redact: Redactor) -> list[tuple[Resource, Answer]]:
    """One rule on every resource of the graph that it selects."""
    try:
        views = rule.judges.all(case.graph)
    except Exception as error:
        return [(one, _without_population(error, redact)) for one in _roots(case.graph)]
    return [(view.resource, judge(rule, view, case, redact)) for view in views]


def _without_population(error: Exception, redact: Redactor) -> Answer:
    """What a rule says whose view cannot even tell what it selects."""
    if isinstance(error, UnknownRead):
        return Answer("unknown", redact(f"what it judges cannot be told: {error}"))
    return Answer("error", redact(f"what it judges cannot be told: {_crash(error)}"))


def _roots(graph: Graph) -> list[Resource]:
    """Where something is said of whole stacks: at each stack's own resource, or at the first there is."""
    return list(graph.of_type("pulumi:pulumi:Stack")) or graph.resources[:1]


def _not_inspected(graph: Graph, rules: Iterable[Rule], settings: Settings) -> list[Judgement]:
    """What is hidden from us may hold anything that a rule judges: every mandatory rule whose types a hidden part can
    hold is undetermined there. A Helm chart or manifest holds Kubernetes objects, another component anything."""
    found = []
    for entry in graph.not_inspected:
        resource = graph.by_urn.get(entry.urn)
        if resource is None:
            continue
        for rule in rules:
            if settings.level(rule) in ("mandatory", "remediate") and _may_hold(entry.type, rule):
                answer = Answer("unknown", f"is not inspected ({entry.why})")
                found.append(Judgement(rule, resource, settings.level(rule), answer))
    return found


def _may_hold(type_: str, rule: Rule) -> bool:
    kubernetes = type_.startswith("kubernetes:")
    return not kubernetes or any(judged.startswith("kubernetes:") for judged in rule.judges.types)


def judge(rule: Rule, view: View, case: Case, redact: Redactor) -> Answer:
    """One rule on one resource. An unknown that is read makes it unknown, a crash makes it an error of that rule, and
    what is said after a secret was read is withheld."""
    reading.begin()
    try:
        answer: Answer = rule.check(view, case)
        if not isinstance(answer, Answer):
            raise TypeError(f"a rule answers PASS, fail(...), unknown(...) or not_applicable(...), not {answer!r}")
        if answer.outcome == "pass" and rule.scope == "stacks" and not case.graph.complete:
            return Answer("unknown", SEES_SIBLINGS)
    except UnknownRead as unread:
        return Answer("unknown", _short(redact(_unread(view, unread))))
    except (Exception, SystemExit) as error:
        return Answer("error", _short(f"the rule itself failed: {redact(_crash(error))}"))
    if reading.secrets and answer.outcome == "pass":
        return Answer("pass")
    if reading.secrets:
        names = redact(", ".join(sorted(reading.secrets)))
        return Answer(answer.outcome, _short(f"{rule.title} (details withheld: {names} is secret)"))
    if answer.message or answer.witness:
        return Answer(answer.outcome, _short(redact(answer.message)), redact.value(answer.witness))
    return answer


def _short(message: str) -> str:
    """A message as people can read it, however long the program's own words in it are."""
    return message if len(message) <= LONGEST else f"{message[:LONGEST]} ..."


def _unread(view: View, unread: UnknownRead) -> str:
    of = "" if unread.urn == view.resource.urn else f" of {unread.urn.rpartition('::')[2]}"
    return f"{unread.path}{of} {unread.why if unread.why.startswith('is ') else f'is {unread.why}'}"


def _crash(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return f"{type(error).__name__} at {place}" if reading.secrets else f"{type(error).__name__} at {place}: {error}"


def by_rule(judgements: Iterable[Judgement]) -> Mapping[str, list[Judgement]]:
    """The judgements of each rule."""
    found: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        found.setdefault(judgement.rule.id, []).append(judgement)
    return found
