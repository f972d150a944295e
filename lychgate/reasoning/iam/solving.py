"""Boxes and the search for a point in some of them and outside others.

A point is an action, a resource, a caller (each one of finitely many atoms, a bit each), for every condition key a
set of values (atoms again; the empty set means that the key is absent) and the truth of some facts that are not
looked into. A statement is one or several boxes. Conditions need only two forms of terms, which are each other's
negation:

- ("any", key, mask): a value of the key is in the mask;
- ("all", key, mask): every value of the key is in the mask, which an absent key meets;
- ("fact", number, 0 or 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .matching import TooComplexError

Term = tuple[str, int, int]
Terms = frozenset[Term]
NO_TERMS: Terms = frozenset()
_LIMIT = 20_000  # decisions of one search


@dataclass(frozen=True, slots=True)
class Box:
    """Atoms of action, resource and caller as bits, and terms that all have to hold."""

    action: int
    resource: int
    caller: int
    terms: Terms = NO_TERMS


@dataclass(frozen=True, slots=True)
class Key:
    """What the search has to know of a condition key: all its atoms, and whether it holds one value at most."""

    full: int
    single: bool


@dataclass(frozen=True, slots=True)
class State:
    """What is decided: for keys the atoms that values may have and those some value needs, the facts' truth."""

    keys: dict[int, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    facts: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Point:
    """A solution: any of some actions, resources and callers, as masks, and what is decided of the rest."""

    action: int
    resource: int
    caller: int
    state: State


class Solver:
    """Finds points in one box of every group and in none of the forbidden boxes."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = keys
        self.left = _LIMIT

    def add(self, state: State, term: Term) -> State | None:
        """The state with the term decided, None if that contradicts it."""
        form, number, mask = term
        if form == "fact":
            known = state.facts.get(number)
            if known is not None:
                return state if known == mask else None
            return State(state.keys, {**state.facts, number: mask})
        key = self.keys[number]
        may, needs = state.keys.get(number, (key.full, ()))
        if form == "all":
            may &= mask
        elif not needs or not key.single:
            needs = (*needs, mask)
        else:
            needs = (needs[0] & mask,)
        if any(not need & may for need in needs):
            return None
        return State({**state.keys, number: (may, needs)}, state.facts)

    def negated(self, term: Term) -> Term:
        """The term that holds exactly where this one does not."""
        form, number, mask = term
        if form == "fact":
            return form, number, 1 - mask
        return ("all" if form == "any" else "any"), number, self.keys[number].full & ~mask

    def holds(self, state: State, term: Term) -> bool:
        """Whether the term follows from the state."""
        return self.add(state, self.negated(term)) is None

    def add_all(self, state: State, terms: Terms) -> State | None:
        """The state with all terms decided."""
        for term in sorted(terms):
            after = self.add(state, term)
            if after is None:
                return None
            state = after
        return state

    def solve(self, groups: Sequence[Sequence[Terms]], forbidden: Sequence[Terms], state: State) -> State | None:
        """A state in one of each group's term sets and in none of the forbidden ones. Raises TooComplexError."""
        self.left -= 1
        if self.left < 0:
            raise TooComplexError("the conditions combine in too many ways")
        propagated = self._propagate(forbidden, state)
        if propagated is None:
            return None
        state, open_ = propagated
        waiting = []
        for group in groups:
            ways = [after for terms in group if (after := self.add_all(state, terms)) is not None]
            if not ways:
                return None
            if not any(after == state or self._same(after, state) for after in ways):
                waiting.append((len(ways), group, ways))
        if waiting:
            _, chosen, ways = min(waiting, key=lambda entry: entry[0])
            rest = [group for _, group, _ in waiting if group is not chosen]
            return next((done for way in ways if (done := self.solve(rest, open_, way)) is not None), None)
        if not open_:
            return state
        return self._branch(min(open_, key=len), open_, state)

    def _same(self, after: State, before: State) -> bool:
        """Whether nothing new was decided: every term of the way held already."""
        return after.facts == before.facts and all(
            before.keys.get(number, (self.keys[number].full, ())) == value or self._implied(before, number, value)
            for number, value in after.keys.items()
        )

    def _implied(self, before: State, number: int, value: tuple[int, tuple[int, ...]]) -> bool:
        may, needs = value
        return self.holds(before, ("all", number, may)) and all(
            self.holds(before, ("any", number, need)) for need in needs
        )

    def _propagate(self, forbidden: Sequence[Terms], state: State) -> tuple[State, list[Terms]] | None:
        """Forbidden sets that cannot hold any more are dropped, those with one open term decide it."""
        pending: Sequence[Terms] = forbidden
        while True:
            open_: list[Terms] = []
            decided = False
            for terms in pending:
                undecided = []
                for term in sorted(terms):
                    if self.add(state, term) is None:
                        break
                    if not self.holds(state, term):
                        undecided.append(term)
                else:
                    if not undecided:
                        return None
                    if len(undecided) > 1:
                        open_.append(frozenset(undecided))
                        continue
                    after = self.add(state, self.negated(undecided[0]))
                    if after is None:
                        return None
                    state, decided = after, True
            if not decided:
                return state, open_
            pending = open_

    def _branch(self, terms: Terms, open_: Sequence[Terms], state: State) -> State | None:
        """Leave one forbidden set by each of its terms in turn, the terms before it holding."""
        rest = [other for other in open_ if other is not terms]
        for term in sorted(terms):
            after = self.add(state, self.negated(term))
            if after is not None:
                done = self.solve([], rest, after)
                if done is not None:
                    return done
            held = self.add(state, term)
            if held is None:
                return None
            state = held
        return None


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Search:
    """Points of one question, over all atoms of action, resource and caller."""

    def __init__(self, keys: Sequence[Key], groups: Sequence[Sequence[Box]], forbidden: Sequence[Box]) -> None:
        self.solver = Solver(keys)
        self.boxes = [*(box for group in groups for box in group), *forbidden]
        self.groups = []
        start = 0
        for group in groups:
            self.groups.append(((1 << len(group)) - 1) << start)
            start += len(group)
        self.never = ((1 << len(forbidden)) - 1) << start
        self.flat = sum(1 << at for at, box in enumerate(self.boxes) if not box.terms)

    def points(self) -> Iterator[Point]:
        """Solutions, one for each set of statements that can apply together."""
        actions, resources, callers = (self._across(name) for name in ("action", "resource", "caller"))
        seen: set[int] = set()
        for action, by_action in actions.items():
            if not self._possible(by_action):
                continue
            for caller, by_caller in callers.items():
                here = by_action & by_caller
                if not self._possible(here):
                    continue
                for resource, by_resource in resources.items():
                    boxes = here & by_resource
                    if boxes in seen or not self._possible(boxes) or boxes & self.never & self.flat:
                        continue
                    seen.add(boxes)
                    state = self._state(boxes)
                    if state is not None:
                        yield Point(action, resource, caller, state)

    def _across(self, name: str) -> dict[int, int]:
        """Atoms that are in the same boxes, as a mask, and those boxes."""
        by_mask: dict[int, int] = {}
        for at, box in enumerate(self.boxes):
            mask = getattr(box, name)
            by_mask[mask] = by_mask.get(mask, 0) | 1 << at
        found: dict[int, int] = {}
        for mask, boxes in by_mask.items():
            for atom in bits(mask):
                found[atom] = found.get(atom, 0) | boxes
        alike: dict[int, int] = {}
        for atom, boxes in sorted(found.items()):
            alike[boxes] = alike.get(boxes, 0) | 1 << atom
        return {atoms: boxes for boxes, atoms in alike.items()}

    def _possible(self, boxes: int) -> bool:
        return all(boxes & group for group in self.groups)

    def _state(self, boxes: int) -> State | None:
        bound = [group for group in self.groups if not boxes & group & self.flat]
        forbidden = list(dict.fromkeys(self.boxes[at].terms for at in bits(boxes & self.never)))
        groups = []
        for group in bound:
            ways = dict.fromkeys(self.boxes[at].terms for at in bits(boxes & group))
            groups.append([terms for terms in ways if not any(never <= terms for never in forbidden)])
            if not groups[-1]:
                return None
        self.solver.left = _LIMIT
        return self.solver.solve(groups, forbidden, State())
