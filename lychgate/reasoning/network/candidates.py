"""Which endpoints a source may reach at all, by a look at the security groups: most pairs need no closer one."""

from __future__ import annotations

from lychgate.reasoning.network.groups import Groups
from lychgate.reasoning.network.intervals import Intervals, intersect
from lychgate.reasoning.network.legs import Leg


class Candidates:
    """An index of classes of endpoints by what their groups' ingress rules name."""

    def __init__(self, groups: Groups, legs: list[list[Leg]]) -> None:
        self._open: set[int] = set()
        self._by_group: dict[str, set[int]] = {}
        self._by_spans: dict[Intervals, set[int]] = {}
        self._within: dict[Intervals, set[int]] = {}
        for number, row in enumerate(legs):
            if not row:
                self._open.add(number)
            for leg in row:
                if leg.groups is None:
                    self._open.add(number)
                    continue
                spans, named, anything = groups.sources(leg.groups)
                if anything:
                    self._open.add(number)
                if spans:
                    self._by_spans.setdefault(spans, set()).add(number)
                for group in named:
                    self._by_group.setdefault(group, set()).add(number)

    def of(self, source: list[Leg]) -> set[int]:
        """The classes that a source with these interfaces may reach; without any it is the internet."""
        found = set(self._open)
        if not source:
            found.update(*self._by_spans.values())
        for leg in source:
            if leg.spans.possible not in self._within:
                self._within[leg.spans.possible] = self._named_by_address(leg.spans.possible)
            found |= self._within[leg.spans.possible]
            if leg.groups is None:
                continue
            for group in self._by_group if leg.groups.unknowns else leg.groups.ids:
                found |= self._by_group.get(group, set())
        return found

    def _named_by_address(self, addresses: Intervals) -> set[int]:
        found: set[int] = set()
        for spans, numbers in self._by_spans.items():
            if intersect(spans, addresses):
                found |= numbers
        return found
