"""Is there a point in a box that lies in none of some other boxes?

A statement is a box: a set of actions times a set of resources (times whatever else). "May these statements allow it,
these denies notwithstanding?" is a search for a point of one box outside the others. Each obstacle that meets the
region is left on one of its sides; what remains is smaller, and most obstacles no longer meet it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .matching import ANYTHING, Language, find


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a box: a language or, with `complement`, everything else."""

    language: Language
    complement: bool = False


EVERYTHING = Side(ANYTHING)
Box = tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts that are in all of `inside` and in none of `outside`."""

    inside: frozenset[Language] = frozenset()
    outside: frozenset[Language] = frozenset()

    def within(self, side: Side) -> Texts:
        """What of it is on the side."""
        return self._cut(side.language, side.complement)

    def without(self, side: Side) -> Texts:
        """What of it is not on the side."""
        return self._cut(side.language, not side.complement)

    def _cut(self, language: Language, away: bool) -> Texts:
        if away:
            return Texts(self.inside, self.outside | {language})
        return self if language == ANYTHING else Texts(self.inside | {language}, self.outside)

    def witness(self) -> str | None:
        """A text in it, None if it is empty. Raises TooComplexError."""
        return _witness(self)


@lru_cache(maxsize=65536)
def _witness(texts: Texts) -> str | None:
    if not texts.inside.isdisjoint(texts.outside):
        return None
    return find(sorted(texts.inside, key=repr), sorted(texts.outside, key=repr))


Region = tuple[Texts, ...]
WHOLE = Texts()


def within(region: Region, box: Box) -> Region | None:
    """The part of the region in the box, None if there is none."""
    return _kept(tuple(texts.within(side) for texts, side in zip(region, box, strict=True)))


def _kept(region: Region) -> Region | None:
    return region if all(texts.witness() is not None for texts in region) else None


def escape(region: Region, obstacles: Sequence[Box]) -> Region | None:
    """A part of the region that no obstacle touches, None if they cover it all. Raises TooComplexError."""
    return next(escapes(region, obstacles), None)


def escapes(region: Region, obstacles: Sequence[Box]) -> Iterator[Region]:
    """Parts of the region that no obstacle touches; together they are all that is left of it."""
    near = [box for box in obstacles if within(region, box) is not None]
    if not near:
        yield region
        return
    ways = [(box, list(_around(region, box))) for box in near]
    # the obstacle with the fewest ways around it first: none left means covered
    first, ways_around = min(ways, key=lambda pair: len(pair[1]))
    rest = [box for box in near if box is not first]
    for part in ways_around:
        yield from escapes(part, rest)


def _around(region: Region, box: Box) -> Iterator[Region]:
    """The disjoint parts of the region outside the box: outside in one dimension, inside in all before it."""
    for at, side in enumerate(box):
        part = (*region[:at], region[at].without(side), *region[at + 1 :])
        if part[at].witness() is not None:
            yield part
        region = (*region[:at], region[at].within(side), *region[at + 1 :])
