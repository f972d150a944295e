"""Statements as boxes over atoms: the finite question that a question about all requests comes down to.

What cannot be looked into becomes a *fact* that may be true or false: a policy variable whose value ties two parts of
a request together, a condition that AWS does not define. Facts only add points, so where no point is found, there is
none; a point that is found is held to the evaluator (`witnesses`). For variables, forbidden boxes say what is known:
a key that equals `${x}` is present, has the form of the pattern, and where `x` is a constant it is that constant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

from .callers import IMPLIED, Callers, callers_of
from .conditions import Context, UndecidedError, holds
from .domains import ACTIONS, RESOURCES, KeyDomain, Texts, base, text_pattern
from .language import Condition, Policy, Statement
from .matching import TooComplexError
from .patterns import action_pattern, arn_tokens, equal_pattern, resource_pattern
from .solving import NO_TERMS, Box, Key, Term, Terms
from .templates import Piece, pieces, variables_in
from .variables import Doubt, Fact, Template, template_of

_MOST_BOXES = 256  # of one statement
_MOST_VALUES = 16  # constants of a key that a policy variable is tried with
Alternative = tuple[int, Terms]  # callers, and terms that have to hold


class Universe:
    """Everything that the policies of one question tell apart. Raises TooComplexError."""

    def __init__(self, policies: Iterable[Policy], facts: Iterable[Condition] = ()) -> None:
        self.statements = list(dict.fromkeys(statement for policy in policies for statement in policy.statements))
        self.extra = list(facts)
        self.callers: Callers | None = callers_of(self.statements)
        self.actions = Texts(ACTIONS)
        self.resources = Texts(RESOURCES)
        self.domains: dict[str, KeyDomain] = {}
        self.facts: dict[Fact, int] = {}
        self._collect()
        for texts in (self.actions, self.resources):
            texts.close()
        for domain in self.domains.values():
            domain.close()
        self.numbers = {key: number for number, key in enumerate(self.domains)}
        self.keys = [Key(domain.full, not domain.multivalued) for domain in self.domains.values()]

    def _collect(self) -> None:
        for statement in self.statements:
            self.actions.add(map(action_pattern, statement.actions))
            self._collect_resources(statement)
            for condition in statement.conditions:
                self._collect_condition(condition, statement.variables)
        for condition in self.extra:
            self._collect_condition(condition, False)
        for domain in self.domains.values():
            domain.settle()
        for condition, variables in self._conditions():
            known = self.domains.get(condition.key)
            if known is not None and known.kind == "text" and condition.operator != "Null":
                plain = (pieces(text, variables) for text in condition.values if not variables_in(text, variables))
                found = (text_pattern(base(condition), parts) for parts in plain)
                known.texts.add(pattern for pattern in found if pattern is not None)
        for template in [fact for fact in self.facts if isinstance(fact, Template)]:
            self._collect_template(template)

    def _conditions(self) -> Iterable[tuple[Condition, bool]]:
        for statement in self.statements:
            for condition in statement.conditions:
                yield condition, statement.variables
        for condition in self.extra:
            yield condition, False

    def _collect_resources(self, statement: Statement) -> None:
        for text in statement.resources or ("*",):
            if variables_in(text, statement.variables):
                self.fact(Template("", "", pieces(text, True)))
            else:
                self.resources.add([resource_pattern(text, statement.variables)])

    def _collect_condition(self, condition: Condition, variables: bool) -> None:
        if self._implied(condition):
            return
        domain = self.domains.setdefault(condition.key, KeyDomain(condition.key))
        domain.add(condition)
        if condition.operator == "Null" or condition.qualifier:
            return
        for text in condition.values:
            if variables_in(text, variables) and base(condition).startswith(("String", "Arn")):
                self.fact(template_of(condition, pieces(text, True)))

    def _implied(self, condition: Condition) -> bool:
        """Whether the condition is about a key that follows from the caller, and the caller is part of the question."""
        return self.callers is not None and condition.key in IMPLIED

    def fact(self, fact: Fact) -> int:
        """The number of a fact."""
        return self.facts.setdefault(fact, len(self.facts))

    def target(self, template: Template) -> Texts | None:
        """The texts that a template is held against; None where they are not compared as text."""
        if not template.key:
            return self.resources
        domain = self.domains[template.key]
        return domain.texts if domain.kind == "text" else None

    def _collect_template(self, template: Template) -> None:
        for variable in template.variables:
            if variable.key not in self.domains:
                self.domains[variable.key] = KeyDomain(variable.key)
                self.domains[variable.key].settle()
            domain = self.domains[variable.key]
            if self.callers is not None and variable.key in IMPLIED:
                domain.texts.add(
                    equal_pattern(known[variable.key]) for known in self.callers.keys if variable.key in known
                )
        if template.key and template.key not in self.domains:
            self.domains[template.key] = KeyDomain(template.key)
            self.domains[template.key].settle()
        target = self.target(template)
        if target is None:
            return
        target.add([template.widest()])
        for values in self.instances(template):
            pattern = template.filled(values)
            if pattern is not None:
                target.add([pattern])
            for key, value in values.items():
                if value is not None:
                    self.domains[key].texts.add([equal_pattern(value)])
        if template.key and template.pure:
            source = self.domains[template.variables[0].key]
            if source.kind == "text":
                source.texts.add(map(equal_pattern, self.constants(template.key)))
                target.add(map(equal_pattern, self.constants(template.key)))

    def instances(self, template: Template) -> list[dict[str, str | None]]:
        """Values of the variables that are worth filling in: constants that their key is held to, and its absence."""
        names = {variable.key for variable in template.variables}
        if len(names) != 1:
            return []
        (name,) = names
        domain = self.domains[name]
        if domain.multivalued or domain.kind != "text":
            return []
        found: list[dict[str, str | None]] = [{name: value} for value in self.constants(name)]
        return [*found, {name: None}]

    def constants(self, key: str) -> list[str]:
        """The texts without wildcards and variables that conditions hold the key to."""
        found: dict[str, None] = {}
        for condition in self.domains[key].conditions if key in self.domains else ():
            for text in condition.values:
                plain = base(condition) == "StringEquals" or not set("*?") & set(text)
                if plain and "${" not in text and base(condition).startswith("String"):
                    found[text] = None
        return list(found)[:_MOST_VALUES]

    # From here on the atoms are known.

    @property
    def everyone(self) -> int:
        """All callers, as a mask; where policies are of one identity there is one caller."""
        return 1 if self.callers is None else self.callers.full

    def boxes(self, statement: Statement) -> list[Box]:
        """The statement as boxes. Raises TooComplexError."""
        action = self.actions.mask(map(action_pattern, statement.actions))
        if statement.not_action:
            action = self.actions.full & ~action
        choices = [self.alternatives(condition, statement.variables) for condition in statement.conditions]
        choices.append(self._meant(statement))
        found: list[Box] = []
        for resource, terms in self._resources(statement):
            for chosen in product(*choices):
                callers = self.everyone
                for mask, _ in chosen:
                    callers &= mask
                if callers and resource and action:
                    found.append(Box(action, resource, callers, terms.union(*(more for _, more in chosen))))
                if len(found) > _MOST_BOXES:
                    raise TooComplexError("a statement has too many alternatives")
        return found

    def _meant(self, statement: Statement) -> list[Alternative]:
        """Whom the statement is about."""
        if self.callers is None or statement.principals is None:
            return [(self.everyone, NO_TERMS)]
        sure, doubtful = self.callers.meant(statement.principals)
        found: list[Alternative] = [(sure, NO_TERMS)]
        for at, listed in doubtful:
            doubt = Doubt((at, listed), "NotPrincipal lists some of the principals behind a request, not all")
            found.append((1 << at, frozenset({("fact", self.fact(doubt), 1)})))
        return found

    def _resources(self, statement: Statement) -> list[tuple[int, Terms]]:
        """The resources of the statement: the plain entries together, each one with variables by itself."""
        if statement.resources is None:
            return [(self.resources.full, NO_TERMS)]
        plain, tied = 0, []
        for text in statement.resources:
            if variables_in(text, statement.variables):
                tied.append(self.fact(Template("", "", pieces(text, True))))
            else:
                plain |= self.resources.mask([resource_pattern(text, statement.variables)])
        if statement.not_resource:
            return [(self.resources.full & ~plain, terms) for terms in self._outside(statement, tied)]
        return [(plain, NO_TERMS), *((self.resources.full, frozenset({("fact", number, 1)})) for number in tied)]

    def _outside(self, statement: Statement, tied: list[int]) -> list[Terms]:
        """When none of the entries with variables matches: for certain where all have a value, else doubtful."""
        without = frozenset(("fact", number, 0) for number in tied)
        needed = {
            variable.key
            for text in statement.resources or ()
            for variable in variables_in(text, statement.variables)
            if variable.default is None
        }
        numbers = sorted(self.numbers[key] for key in needed)
        found = [without.union(("any", number, self.keys[number].full) for number in numbers)]
        for number in numbers:
            doubt = Doubt((statement.resources, number), "a policy variable in NotResource has no value")
            found.append(without | {("all", number, 0), ("fact", self.fact(doubt), 1)})
        return found

    def alternatives(self, condition: Condition, variables: bool) -> list[Alternative]:
        """The ways in which a condition holds."""
        if self._implied(condition):
            return self._by_caller(condition, variables)
        number = self.numbers[condition.key]
        full = self.keys[number].full
        if condition.operator == "Null":
            words = {text.lower() for text in condition.values}
            if not words <= {"true", "false"}:
                return self._doubtful(condition, variables, "Null takes true or false")
            nothing = self.domains[condition.key].empty_text if self.domains[condition.key].multivalued else 0
            ways: list[Term] = [("all", number, nothing)] if "true" in words else []
            ways += [("any", number, full & ~nothing)] if "false" in words else []
            return [(self.everyone, frozenset({way})) for way in ways]
        split = self._values(condition, variables)
        if split is None:
            return self._doubtful(condition, variables, f"{condition} cannot be decided for every request")
        if condition.qualifier:
            return [(self.everyone, frozenset({self._set_way(condition, number, split[0])}))]
        return [(self.everyone, terms) for terms in self._plain_ways(condition, number, *split)]

    def _values(self, condition: Condition, variables: bool) -> tuple[int, list[int]] | None:
        """The values that match, and the facts for those with variables; None if that is not exact."""
        domain = self.domains[condition.key]
        if domain.multivalued and not condition.qualifier:
            return None
        mask, tied = 0, []
        for text in condition.values:
            parts = pieces(text, variables)
            if variables_in(text, variables) and base(condition).startswith(("String", "Arn")):
                if condition.qualifier or domain.kind != "text" or _short_arn(condition, parts):
                    return None
                tied.append(self.fact(template_of(condition, parts)))
            else:
                found = domain.mask(base(condition), text, parts)
                if found is None:
                    return None
                mask |= found
        return mask, tied

    def _plain_ways(self, condition: Condition, number: int, mask: int, tied: list[int]) -> list[Terms]:
        full = self.keys[number].full
        if condition.negated:
            return [frozenset({("all", number, full & ~mask), *(("fact", fact, 0) for fact in tied)})]
        if condition.if_exists and not tied:
            return [frozenset({("all", number, mask)})]
        ways: list[Term] = [("any", number, mask), *(("fact", fact, 1) for fact in tied)]
        ways += [("all", number, 0)] if condition.if_exists else []
        return [frozenset({way}) for way in ways]

    def _set_way(self, condition: Condition, number: int, mask: int) -> Term:
        full, nothing = self.keys[number].full, self.domains[condition.key].empty_text
        meant = full & ~mask if condition.negated else mask
        if condition.qualifier == "ForAllValues":
            return ("all", number, meant | nothing)
        return ("any", number, meant & ~nothing)

    def _doubtful(self, condition: Condition, variables: bool, reason: str) -> list[Alternative]:
        fact = self.fact(Doubt((replace(condition, written=""), variables), reason))
        return [(self.everyone, frozenset({("fact", fact, 1)}))]

    def _by_caller(self, condition: Condition, variables: bool) -> list[Alternative]:
        """A condition on a key that follows from the caller."""
        assert self.callers is not None
        if any(variables_in(text, variables) for text in condition.values):
            return self._doubtful(condition, variables, f"{condition} ties the caller to the rest of the request")
        mask = 0
        for at, known in enumerate(self.callers.keys):
            try:
                mask |= holds(condition, Context(known), variables) << at
            except UndecidedError as error:
                return self._doubtful(condition, variables, str(error))
        return [(mask, NO_TERMS)]


def _short_arn(condition: Condition, parts: tuple[Piece, ...]) -> bool:
    return base(condition).startswith("Arn") and arn_tokens(parts) is None
