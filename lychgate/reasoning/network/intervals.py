"""Exact sets of integers as sorted, disjoint, non-adjacent closed intervals: the sides of every flow block."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Intervals = tuple[tuple[int, int], ...]


def normal(pairs: Iterable[tuple[int, int]]) -> Intervals:
    """Bring any pairs (low, high), both inclusive, into normal form; pairs with low above high are empty."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pair for pair in pairs if pair[0] <= pair[1]):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


def union(left: Intervals, right: Intervals) -> Intervals:
    """All numbers of either side."""
    if left == right or not right:
        return left
    return normal(left + right) if left else right


def intersect(left: Intervals, right: Intervals) -> Intervals:
    """All numbers of both sides."""
    if left is right or not left:
        return left
    if not right:
        return right
    if len(left) == 1:
        return _cut(right, *left[0])
    if len(right) == 1:
        return _cut(left, *right[0])
    found: list[tuple[int, int]] = []
    at_left = at_right = 0
    while at_left < len(left) and at_right < len(right):
        low = max(left[at_left][0], right[at_right][0])
        high = min(left[at_left][1], right[at_right][1])
        if low <= high:
            found.append((low, high))
        if left[at_left][1] < right[at_right][1]:
            at_left += 1
        else:
            at_right += 1
    return tuple(found)


def _cut(whole: Intervals, low: int, high: int) -> Intervals:
    """The numbers of a set between two bounds; the most frequent case by far."""
    if low <= whole[0][0] and whole[-1][1] <= high:
        return whole
    found: list[tuple[int, int]] = []
    for at in range(max(0, bisect_right(whole, (low, low)) - 1), len(whole)):
        first, last = whole[at]
        if first > high:
            break
        if last >= low:
            found.append((first if first > low else low, last if last < high else high))
    return tuple(found)


def subtract(left: Intervals, right: Intervals) -> Intervals:
    """The numbers of `left` that `right` does not hold."""
    if not left or not right:
        return left
    found: list[tuple[int, int]] = []
    at_right = 0
    for low, high in left:
        while at_right < len(right) and right[at_right][1] < low:
            at_right += 1
        cursor, probe = low, at_right
        while probe < len(right) and right[probe][0] <= high:
            if cursor < right[probe][0]:
                found.append((cursor, right[probe][0] - 1))
            cursor = right[probe][1] + 1
            probe += 1
        if cursor <= high:
            found.append((cursor, high))
    return tuple(found)


def holds(within: Intervals, number: int) -> bool:
    """Whether the set holds this number."""
    at = bisect_right(within, (number, 1 << 200)) - 1
    return at >= 0 and within[at][1] >= number


def covers(outer: Intervals, inner: Intervals) -> bool:
    """Whether every number of `inner` is in `outer`."""
    return not subtract(inner, outer)
