"""Plots as SVG: no script, no style of their own (the page's classes colour them), each with its words.

A library would bring styles that the page's policy forbids, or more than these four forms need.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from markupsafe import Markup, escape

from lychgate.model.escaping import escape as written_out

WIDTH, HEIGHT = 760, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 10, 26
TICKS = 7  # dates along an axis, at most
STRIP, STRIP_HEIGHT = 320, 16
SPARK, SPARK_HEIGHT = 160, 28
# The worse a state, the taller its part of a strip: it is not told by colour alone.
HEIGHTS = {"failed": 16, "undetermined": 12, "waived": 8, "passed": 4}


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a moment lies across."""

    moments: Sequence[datetime]

    def x(self, moment: datetime) -> float:
        first, last = self.moments[0], self.moments[-1]
        return LEFT + (WIDTH - LEFT - RIGHT) * ((moment - first) / (last - first) if last > first else 0.0)

    def dates(self) -> Iterator[str]:
        """Some moments, the first with its year, none so near the end that the two would touch."""
        every = max(1, -(-(len(self.moments) - 1) // TICKS))
        for place, moment in enumerate(self.moments[:-1:every]):
            year = place == 0 or moment.year != self.moments[(place - 1) * every].year
            at = self.x(moment)
            yield f'<line class="tick" x1="{at:.1f}" y1="{HEIGHT - BOTTOM}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM + 4}"/>'
            anchor = "middle" if place else "start"
            words = f"{moment.day} {moment:%b %Y}" if year else f"{moment.day} {moment:%b}"
            yield f'<text class="small" x="{at:.1f}" y="{HEIGHT - 7}" text-anchor="{anchor}">{words}</text>'

    def steps(self, values: Sequence[float]) -> list[tuple[float, float]]:
        """A value holds until the next moment."""
        points = []
        for place, (moment, value) in enumerate(zip(self.moments, values, strict=True)):
            until = self.moments[min(place + 1, len(self.moments) - 1)]
            points += [(self.x(moment), value), (self.x(until), value)]
        return points


def areas(moments: Sequence[datetime], layers: Sequence[tuple[str, Sequence[int]]], label: str) -> Markup:
    """Numbers that are added up, the first of them lowest; each layer has a class of its name."""
    frame, height = _Frame(moments), HEIGHT - TOP - BOTTOM
    top, step = _scale(max(map(sum, zip(*(found for _, found in layers), strict=True)), default=0))
    parts = [part for value in range(0, top + 1, step) for part in _line(TOP + height * (1 - value / top), str(value))]
    below = [0] * len(moments)
    for name, values in layers:
        above = [low + value for low, value in zip(below, values, strict=True)]
        edges = ([TOP + height * (1 - value / top) for value in found] for found in (above, below))
        upper, lower = (frame.steps(edge) for edge in edges)
        if any(values):
            parts.append(f'<path class="area {name}" d="{_path([*upper, *reversed(lower)])}"/>')
        below = above
    return _svg(WIDTH, HEIGHT, label, [*parts, *frame.dates()])


def flows(moments: Sequence[datetime], up: Sequence[int], down: Sequence[int], label: str) -> Markup:
    """Bars above a line and below it, one of each between two moments that follow on each other."""
    frame = _Frame(moments)
    _, step = _scale(max([*up, *down], default=0))
    top, bottom = (step * max(-(-max(found, default=0) // step), 1) for found in (up, down))
    unit = (HEIGHT - TOP - BOTTOM) / (top + bottom)
    zero = TOP + unit * top
    parts = [part for value in range(-bottom, top + 1, step) for part in _line(zero - unit * value, str(abs(value)))]
    for place, (begin, end) in enumerate(pairwise(moments)):
        left, wide = frame.x(begin) + 0.5, max(frame.x(end) - frame.x(begin) - 1, 0.5)
        for name, at, tall in (
            ("opened", zero - unit * up[place], unit * up[place]), ("mended", zero, unit * down[place]),
        ):  # fmt: skip
            if tall:
                parts.append(
                    f'<rect class="{name}" x="{left:.1f}" y="{at:.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'
                )
    return _svg(WIDTH, HEIGHT, label, [*parts, *frame.dates()])


def spark(values: Sequence[int], top: int, label: str) -> Markup:
    """One small area, for a row of a table; `top` is the highest value of all rows."""
    width = SPARK / max(len(values), 1)
    points: list[tuple[float, float]] = [(0, SPARK_HEIGHT)]
    for place, value in enumerate(values):
        at = SPARK_HEIGHT - (SPARK_HEIGHT - 2) * value / max(top, 1)
        points += [(place * width, at), ((place + 1) * width, at)]
    parts = [f'<path class="area failed" d="{_path([*points, (SPARK, SPARK_HEIGHT)])}"/>'] if any(values) else []
    return _svg(SPARK, SPARK_HEIGHT, label, [*parts, _base(SPARK, SPARK_HEIGHT)], "spark")


def span(values: tuple[float, float, float], top: float, label: str) -> Markup:
    """Median, mean and the longest of durations: a bar to the longest, a disc at the mean, a line at the median."""
    median, mean, longest = (8 + (SPARK - 16) * value / (top or 1) for value in values)
    middle = SPARK_HEIGHT / 2
    parts = [
        f'<line class="span" x1="8" y1="{middle}" x2="{longest:.1f}" y2="{middle}"/>',
        f'<line class="median" x1="{median:.1f}" y1="{middle - 8}" x2="{median:.1f}" y2="{middle + 8}"/>',
        f'<circle class="mean" cx="{mean:.1f}" cy="{middle}" r="4.5"/>',
    ]
    return _svg(SPARK, SPARK_HEIGHT, label, parts)


def strip(runs: Sequence[tuple[str, int, int]], count: int, label: str) -> Markup:
    """States over time; a run is a state, its first moment and its last. Where there is none, nothing was judged."""
    wide = STRIP / max(count, 1)
    parts = [
        f'<rect class="{state}" x="{begin * wide:.1f}" y="{STRIP_HEIGHT - HEIGHTS[state]}"'
        f' width="{(end + 1 - begin) * wide:.1f}" height="{HEIGHTS[state]}"/>'
        for state, begin, end in runs
        if state
    ]
    return _svg(STRIP, STRIP_HEIGHT, label, [*parts, _base(STRIP, STRIP_HEIGHT)], "strip")


def _svg(width: int, height: int, label: str, parts: Sequence[str], kind: str = "") -> Markup:
    """The label is all that somebody else may have written; the parts are numbers and words of this module. A plot of
    a kind may be made narrower by the page's style."""
    how = f' {kind}" preserveAspectRatio="none' if kind else ""
    head = f'<svg class="plot{how}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
    return Markup(f'{head} aria-label="{escape(written_out(label))}">{"".join(parts)}</svg>')


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def _line(y: float, words: str) -> Iterator[str]:
    yield f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
    yield f'<text class="small" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{words}</text>'


def _base(width: int, height: int) -> str:
    return f'<line class="base" x1="0" y1="{height - 0.5}" x2="{width}" y2="{height - 0.5}"/>'


def _scale(most: int) -> tuple[int, int]:
    """The top of an axis of whole numbers, and the step between its lines, of which there are five at most."""
    steps = (unit * size for unit in (10**power for power in range(20)) for size in (1, 2, 5))
    step = next(one for one in steps if one * 5 >= most)
    return step * max(-(-most // step), 1), step
