"""What a person sees of a trend in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lychgate.cli.terminal import COLOURS
from lychgate.model.escaping import flat
from lychgate.reports.trend.trend import ENDS, Counts, Mending, Trend

MOST = 5  # lines of what is open longest, and of waivers


def show(trend: Trend) -> None:
    """A table of then and now, and a few lines."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(_head(trend))
    console.print(_table(trend))
    for line in (*_findings(trend), *_requirements(trend), *_open(trend), *_waivers(trend)):
        console.print(line)
    console.print(Text(_made(trend), style="dim"))
    for words in _noted(trend):
        print(f"lychgate: {words}", file=sys.stderr)


def _table(trend: Trend) -> Table:
    """Counts by severity at the end, and beside each the change, where there was something to change."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column()
    for name in Counts._fields:
        table.add_column(name, justify="right")
        if any(trend.totals[0]):
            table.add_column()
    for severity, counts in trend.severities.items():
        cells = []
        for before, after in zip(counts[0], counts[-1], strict=True):
            cells += [str(after), *([_change(before, after)] if any(trend.totals[0]) else [])]
        table.add_row(Text(severity or "", style=COLOURS.get(severity or "", "")), *cells)
    return table


def _head(trend: Trend) -> Text:
    line = Text(f"{trend.since:%Y-%m-%d} to {trend.until:%Y-%m-%d}", style="bold")
    chosen = [f"{name} {flat(value)}" for name, value in trend.selection.items()]
    line.append(f"  {many(len(trend.standing), 'stack')}{''.join(f', {one}' for one in chosen)}", style="")
    compared = any(trend.totals[0])
    words = ", and the change since the beginning" if compared else "; at the beginning nothing was judged"
    line.append(f": now{words}", style="dim")
    return line


def _change(before: int, after: int) -> str:
    return f"{after - before:+d}" if after != before else "="


def many(number: int, what: str) -> str:
    """A number of things."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _findings(trend: Trend) -> Iterator[Text]:
    opened, again = sum(one.opened for one in trend.flows), sum(one.again for one in trend.flows)
    ended = ", ".join(f"{sum(flow.ended[name] for flow in trend.flows)} {name}" for name in ENDS)
    yield Text(f"findings: {opened} opened ({again} of them again), {ended}; {len(trend.open)} open")
    yield Text(f"time to mend: {mended(trend.mending['all'])}")


def mended(one: Mending) -> str:
    """How long it took, in words."""
    older = f"; {one.older} more were open longer than the store can say" if one.older else ""
    if one.mean is None or one.median is None or one.longest is None:
        return f"nothing was mended whose beginning is known{older}"
    few = ", too few for more than a hint" if one.few else ""
    return (
        f"mean {one.mean:.1f} days, median {one.median:.1f}, longest {one.longest:.1f} (n = {one.number}{few}){older}"
    )


def _requirements(trend: Trend) -> Iterator[Text]:
    failing = [one.id for one in trend.requirements if one.counts[-1].failed]
    open_ = [one.id for one in trend.requirements if one.counts[-1].state == "undetermined"]
    yield Text(f"requirements with a failure: {', '.join(map(flat, failing)) or 'none'}")
    if open_:
        yield Text(f"requirements with something undetermined: {', '.join(map(flat, open_))}")


def _open(trend: Trend) -> Iterator[Text]:
    for one in trend.open[:MOST]:
        line = Text("  ")
        line.append(one.severity, style=COLOURS[one.severity])
        line.append(f" {flat(one.rule)}", style="bold").append(f" {flat(one.name)} in {flat(one.stack)}: open ")
        line.append(f"{'at least ' if one.at_least else ''}{trend.age(one):.0f} days", style="bold")
        yield line
    if len(trend.open) > MOST:
        yield Text(f"  and {len(trend.open) - MOST} more", style="dim")


def _waivers(trend: Trend) -> Iterator[Text]:
    if trend.waivers:
        oldest = max(trend.waivers, key=lambda one: one.age)
        ended = sum(one.left is not None and one.left < 0 for one in trend.waivers)
        words = f"waivers: {len(trend.waivers)}, {ended} over; the oldest is {many(oldest.age, 'day')} old"
        how = "its own first day" if oldest.told else "first seen in the store"
        yield Text(f"{words} ({flat(oldest.ticket)}, {how} {oldest.since}), renewed {many(oldest.renewed, 'time')}")
    coming = [one for one in trend.waivers if one.left is not None and one.left >= 0]
    for one in coming[:MOST]:
        yield Text(f"  {flat(one.rule)} in {flat(one.stack)} ({flat(one.ticket)}): {many(one.left or 0, 'day')} left")


def _made(trend: Trend) -> str:
    made = trend.sources
    proof = f"a checkpoint vouches to record {made.proven_to}" if made.proven_to else "no checkpoint vouches for them"
    return f"from {made.used} of {many(made.records, 'record')}, the newest {made.newest} {made.hash[:12]}; {proof}"


def _noted(trend: Trend) -> Iterator[str]:
    yield from map(flat, trend.sources.notes)
    if left_out := trend.sources.left_out:
        named = ", ".join(flat(branch) if branch else "no branch" for branch in list(left_out)[:MOST])
        checks = many(sum(left_out.values()), "check")
        yield f"{checks} of other branches left out ({named}): --branch takes them in"
    if not trend.standing:
        yield "no stack stands at the end of the range"
