"""What somebody may call a thing when a word is asked of it: by no name that is another's as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


def names_of(type_: str, name: str, urn: str = "") -> tuple[str, ...]:
    """The names of a thing, the shortest first: a bucket's policy is called as the bucket is, `TYPE::NAME` tells
    them apart."""
    return tuple(one for one in (name, f"{type_}::{name}", urn) if one)


def told_apart(things: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """Of each thing, given by its names, those that none of the others has; all of them where it has no such name."""
    known = [tuple(names) for names in things]
    counts = Counter(name for names in set(known) for name in set(names))
    return [tuple(name for name in names if counts[name] == 1) or names for names in known]
