"""Questions about all requests: is one set of permissions within another, do they meet, is it public, which is wider.

Every answer is `yes` or `no` with a request that proves it or the certainty that there is none; it is `unknown`, with
the reason, where policy variables, undefined conditions or sheer size stand in the way. How: `universe` makes the
finite question, `solving` searches it, `witnesses` turns what is found into a request and has the evaluator confirm
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from .evaluation import Path, Request, Truth, permitted
from .language import Condition, Policy
from .links import links
from .matching import TooComplexError
from .outsiders import strange_conditions, strangers
from .solving import NO_TERMS, Box, Search
from .universe import Universe
from .witnesses import Check, Doubtful, Witness, realise

Verdict = Literal["yes", "no", "unknown"]
Relation = Literal["equivalent", "narrower", "wider", "incomparable", "unknown"]
_TRIED_POINTS = 40  # in search of a real action, or of a request that can be confirmed


@dataclass(frozen=True, slots=True)
class Access:
    """What some policies allow: a statement of every layer has to allow, none may deny.

    One layer for the policies of an identity, or for a resource's policy; a boundary or an SCP is one layer more.
    """

    layers: tuple[tuple[Policy, ...], ...]

    @property
    def policies(self) -> list[Policy]:
        """All policies of all layers."""
        return [policy for layer in self.layers for policy in layer]


Allowing = Access | Policy | Iterable[Policy]


def access(*layers: Policy | Iterable[Policy]) -> Access:
    """Access by layers: `access(identity_policies, boundary)`."""
    return Access(tuple((layer,) if isinstance(layer, Policy) else tuple(layer) for layer in layers))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its proof: the witness, or why there is none."""

    answer: Verdict
    witness: Witness | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How A relates to B (narrower: A allows less), with a request that only A allows and one that only B allows."""

    relation: Relation
    only_a: Witness | None = None
    only_b: Witness | None = None
    reason: str = ""


def within(narrow: Allowing, wide: Allowing) -> Answer:
    """Whether all that `narrow` allows is allowed by `wide`; the witness of a no is allowed by `narrow` only."""
    first, second = _access(narrow), _access(wide)
    return _negated(_Question([first, second]).difference(first, second))


def meets(first: Allowing, second: Allowing) -> Answer:
    """Whether there is a request that both allow; the witness of a yes is one."""
    both = Access(_access(first).layers + _access(second).layers)
    return _Question([both]).some(both)


def allows_anything(given: Allowing) -> Answer:
    """Whether there is any request that it allows; the witness of a yes is one."""
    one = _access(given)
    return _Question([one]).some(one)


def open_to_strangers(given: Allowing, trusted: Iterable[str] | None = None) -> Answer:
    """Whether a resource policy lets in someone who is not ours; the witness of a yes is such a request.

    Without `trusted` this is what AWS calls public: ours is whoever and whatever the policy names with a fixed value.
    With `trusted` (account ids, organization ids, VPCs, endpoints, address blocks, ARNs) only that is ours. Services
    of AWS are not strangers; what they do for strangers shows in `Grant.pinned("aws:SourceArn")`.
    """
    one = _access(given)
    ours = None if trusted is None else list(trusted)
    conditions = strange_conditions(one.policies, ours)
    question = _Question([one], conditions)
    universe = question.universe
    if universe.callers is None:
        return Answer("no", reason="no statement names a principal: these are the policies of one identity")
    who = strangers(universe.callers, universe.statements, ours)
    ways = [universe.alternatives(condition, False) for condition in conditions]
    region = [
        [Box(universe.actions.full, universe.resources.full, callers & who, terms) for callers, terms in way]
        for way in [[(universe.everyone, NO_TERMS)], *ways]
    ]
    return question.some(one, region)


def compare(a: Allowing, b: Allowing) -> Comparison:
    """How what A allows relates to what B allows."""
    first, second = _access(a), _access(b)
    try:
        question = _Question([first, second])
    except TooComplexError as error:
        return Comparison("unknown", reason=str(error))
    more_a, more_b = question.difference(first, second), question.difference(second, first)
    relations: dict[tuple[Verdict, Verdict], Relation] = {
        ("no", "no"): "equivalent",
        ("no", "yes"): "narrower",
        ("yes", "no"): "wider",
        ("yes", "yes"): "incomparable",
    }
    relation = relations.get((more_a.answer, more_b.answer), "unknown")
    return Comparison(relation, more_a.witness, more_b.witness, more_a.reason or more_b.reason)


def _access(given: Allowing) -> Access:
    return given if isinstance(given, Access) else access(given)


def _negated(answer: Answer) -> Answer:
    turned: dict[Verdict, Verdict] = {"yes": "no", "no": "yes", "unknown": "unknown"}
    return Answer(turned[answer.answer], answer.witness, answer.reason)


class _Question:
    """One universe for all that is asked about some policies. Raises TooComplexError."""

    def __init__(self, sides: Sequence[Access], facts: Iterable[Condition] = ()) -> None:
        policies = list(dict.fromkeys(policy for side in sides for policy in side.policies))
        self.universe = Universe(policies, facts)
        self.boxes = {statement: self.universe.boxes(statement) for statement in self.universe.statements}
        self.links = links(self.universe)

    def of(self, policies: Iterable[Policy], effect: str) -> list[Box]:
        return [
            box
            for policy in policies
            for statement in policy.statements
            if statement.effect == effect
            for box in self.boxes[statement]
        ]

    def some(self, one: Access, region: Sequence[Sequence[Box]] = ()) -> Answer:
        """Whether it allows any request (of a region)."""
        groups = [*(self.of(layer, "Allow") for layer in one.layers), *region]
        forbidden = [*self.of(one.policies, "Deny"), *self.links]
        return self._search([(groups, forbidden)], lambda request: permitted(one.layers, request))

    def difference(self, one: Access, other: Access) -> Answer:
        """Whether `one` allows a request that `other` does not: one that a layer does not allow, or that is denied."""
        groups = [self.of(layer, "Allow") for layer in one.layers]
        forbidden = [*self.of(one.policies, "Deny"), *self.links]
        denied = self.of(other.policies, "Deny")
        cases = [(groups, [*forbidden, *self.of(layer, "Allow")]) for layer in other.layers]
        if denied:
            cases.append(([*groups, denied], forbidden))

        def check(request: Request) -> Path:
            path = permitted(one.layers, request)
            against = permitted(other.layers, request)
            if path.truth is Truth.YES and against.truth is not Truth.NO:
                return Path(Truth(Truth.YES - against.truth), against.reason, against.match)
            return path

        return self._search(cases, check)

    def _search(self, cases: Iterable[tuple[Sequence[Sequence[Box]], Sequence[Box]]], check: Check) -> Answer:
        """Whether one of the cases has a point that the evaluator confirms, a real action before any other."""
        invented: Witness | None = None
        reason = ""
        for groups, forbidden in cases:
            points = Search(self.universe.keys, groups, forbidden).points()
            try:
                for point in islice(points, _TRIED_POINTS):
                    found = realise(self.universe, point, check)
                    if isinstance(found, Doubtful):
                        reason = found.reason
                    elif found.real:
                        return Answer("yes", found)
                    else:
                        invented = invented or found
            except TooComplexError as error:
                reason = str(error)
        if invented is not None:
            return Answer("yes", invented)
        return Answer("unknown", reason=reason) if reason else Answer("no")
