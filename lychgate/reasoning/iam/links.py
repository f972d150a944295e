"""What is known of the facts about policy variables and of keys that follow from the caller, as forbidden boxes."""

from __future__ import annotations

from collections.abc import Iterable

from . import keys
from .callers import IMPLIED
from .patterns import equal_pattern
from .solving import Box, Term
from .universe import Universe
from .variables import Template


def links(universe: Universe) -> list[Box]:
    """Boxes that no request is in."""
    templates = [(template, number) for template, number in universe.facts.items() if isinstance(template, Template)]
    found = [box for template, number in templates for box in _of_template(universe, template, number)]
    for first, number in templates:
        for second, other in templates:
            if first is not second and first.implies(second):
                found.append(_never(universe, ("fact", number, 1), ("fact", other, 0)))
    return [*found, *_of_callers(universe)]


def _never(universe: Universe, *terms: Term, resource: int | None = None, caller: int | None = None) -> Box:
    return Box(
        universe.actions.full,
        universe.resources.full if resource is None else resource,
        universe.everyone if caller is None else caller,
        frozenset(terms),
    )


def _of_template(universe: Universe, template: Template, number: int) -> Iterable[Box]:
    true, false = ("fact", number, 1), ("fact", number, 0)
    target = universe.target(template)
    for variable in template.variables:
        if variable.default is None:
            yield _never(universe, true, ("all", universe.numbers[variable.key], 0))
    if target is None:
        return
    widest = template.widest()
    yield _outside(universe, template, target.mask([widest]), true)
    for values in universe.instances(template):
        pattern = template.filled(values)
        matched = 0 if pattern is None else target.mask([pattern])
        known = [_equals(universe, key, value) for key, value in values.items()]
        yield _outside(universe, template, matched, true, *known)
        yield _inside(universe, template, matched, false, *known)
    source = template.variables[0].key
    if template.key and template.pure and universe.domains[source].kind == "text":
        for constant in universe.constants(template.key):
            same = _equals(universe, template.key, constant)
            mask = universe.domains[source].texts.mask([equal_pattern(constant)])
            number = universe.numbers[source]
            yield _never(universe, true, same, ("all", number, universe.keys[number].full & ~mask))
            yield _never(universe, false, same, ("any", number, mask))


def _equals(universe: Universe, key: str, value: str | None) -> Term:
    if value is None:
        return "all", universe.numbers[key], 0
    return "any", universe.numbers[key], universe.domains[key].texts.mask([equal_pattern(value)])


def _outside(universe: Universe, template: Template, matched: int, *terms: Term) -> Box:
    """The template's target is not among the atoms that match."""
    if not template.key:
        return _never(universe, *terms, resource=universe.resources.full & ~matched)
    number = universe.numbers[template.key]
    return _never(universe, *terms, ("all", number, universe.keys[number].full & ~matched))


def _inside(universe: Universe, template: Template, matched: int, *terms: Term) -> Box:
    if not template.key:
        return _never(universe, *terms, resource=matched)
    return _never(universe, *terms, ("any", universe.numbers[template.key], matched))


def _of_callers(universe: Universe) -> Iterable[Box]:
    """Strangers and services bring no keys of a principal; what follows from a caller has no other value.

    Where the policies are of one identity, its requests have the keys of signed ones, and it is no service.
    """
    if universe.callers is None:
        for key in keys.SIGNED_KEYS:
            if key in universe.numbers:
                yield _never(universe, ("all", universe.numbers[key], 0))
                if key == "aws:principalisawsservice":
                    yield _never(universe, ("any", universe.numbers[key], universe.domains[key].equal("true")))
        return
    without = sum(1 << at for at, who in enumerate(universe.callers.who) if not who.account)
    for key, number in universe.numbers.items():
        if keys.of_principal(key):
            yield _never(universe, ("any", number, universe.keys[number].full), caller=without)
        if key not in IMPLIED:
            continue
        for at, known in enumerate(universe.callers.keys):
            if key in known:
                mask = universe.domains[key].texts.mask([equal_pattern(known[key])])
                yield _never(universe, ("all", number, universe.keys[number].full & ~mask), caller=1 << at)
            else:
                yield _never(universe, ("any", number, universe.keys[number].full), caller=1 << at)
