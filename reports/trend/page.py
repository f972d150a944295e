"""A trend as one page that needs nothing beside itself: tables, and plots as SVG. It has no script, and allows none.

Text of records is hostile: Jinja escapes it, and writes out control characters; in a plot it stands in its label alone.
The style is that of the verdict's page (`reports/page/page.css`) and what this one adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from lychgate.reports.html import PAGE, digest_of, template
from lychgate.reports.trend import plots
from lychgate.reports.trend.trend import ENDS, Counts, Mending, Series, Trend
from markupsafe import Markup

from lychgate.model.outcome import SEVERITIES

HERE = Path(__file__).parent
MOST = 100  # rows of a table
SOON = 30  # days before a waiver ends in which it is marked
BARS = 30  # bars of a plot, at most about so many
RUNS = 8  # runs of a state that are told in words beside its strip
STATES = {
    "failed": "failing",
    "undetermined": "undetermined",
    "waived": "waived",
    "passed": "passing",
    "": "nothing judged",
}
KINDS = {
    "decided": "rules decide its part that is infrastructure",
    "contributed": "rules contribute, and evidence from elsewhere is needed",
    "manual": "needs evidence that no rule can give",
    "undetermined": "a rule that it rests on could not decide",
    None: "the newest records do not say",
}


def render(trend: Trend) -> bytes:
    """The page."""
    style = (PAGE / "page.css").read_text("utf-8") + (HERE / "page.css").read_text("utf-8")
    judged = [one for one in trend.requirements if any(map(any, one.counts))]
    policy = f"default-src 'none'; style-src '{digest_of(style)}'; img-src data:; base-uri 'none'; form-action 'none'"
    totals = trend.totals
    page = template(HERE).render(
        style=Markup(style),
        policy=policy,
        trend=trend,
        totals=totals,
        now=totals[-1],
        then=totals[0],
        severities=_compared(trend.severities),
        layers=_compared(trend.layers),
        failing=[one for one in judged if one.counts[-1].failed],
        judged=[_requirement(one, trend.moments) for one in judged],
        unjudged=len(trend.requirements) - len(judged),
        over_time=_over_time(trend),
        changes=_changes(trend),
        opened=sum(one.opened for one in trend.flows),
        again=sum(one.again for one in trend.flows),
        ended={name: sum(flow.ended[name] for flow in trend.flows) for name in ENDS},
        names=[
            ("Stacks", "stack", *_named(trend.stacks, trend.moments)),
            ("Applications", "application", *_named(trend.applications, trend.moments)),
            ("Tenants", "tenant", *_named(trend.tenants, trend.moments)),
        ],
        standing={one.stack: one for one in trend.standing},
        mending=_mending(trend),
        waivers=trend.waivers[:MOST],
        open=trend.open[:MOST],
        most=MOST,
        soon=SOON,
        kinds=KINDS,
        severity_names=SEVERITIES,
    )
    return page.encode()


def _compared(series: Series) -> list[tuple[str | None, Counts, Counts]]:
    return [(name, counts[0], counts[-1]) for name, counts in series.items() if any(map(any, counts))]


def _over_time(trend: Trend) -> Markup:
    """Failures by severity, the worst at the bottom."""
    layers = [(name, [one.failed for one in trend.severities[name]]) for name in SEVERITIES]
    return plots.areas(trend.moments, layers, f"Failed judgements by severity, {_range(trend.moments)}; table below")


def _changes(trend: Trend) -> dict[str, Any]:
    """Findings that were opened and mended, in as many intervals as bars can be told apart."""
    size = -(-len(trend.flows) // BARS) or 1
    groups = [trend.flows[at : at + size] for at in range(0, len(trend.flows), size)]
    moments = [*trend.moments[:-1:size], trend.moments[-1]]
    opened = [sum(one.opened for one in group) for group in groups]
    ended = [{name: sum(one.ended[name] for one in group) for name in ENDS} for group in groups]
    label = f"Findings opened, above the line, and mended, below it, {_range(trend.moments)}; table below"
    return {
        "plot": plots.flows(moments, opened, [one["mended"] for one in ended], label),
        "rows": list(zip(moments, moments[1:], opened, ended, strict=False)),
    }


def _mending(trend: Trend) -> list[tuple[str, Mending, Markup]]:
    top = max((one.longest or 0.0 for one in trend.mending.values()), default=0.0)
    found = []
    for name in (*SEVERITIES, "all"):
        one = trend.mending[name]
        words = f"{name}: median {one.median or 0:.1f} days, mean {one.mean or 0:.1f}, longest {one.longest or 0:.1f}"
        plot = plots.span((one.median or 0, one.mean or 0, one.longest or 0), top, words) if one.number else Markup()
        found.append((name, one, plot))
    return found


def _range(moments: Sequence[datetime]) -> str:
    return f"{_day(moments[0])} to {_day(moments[-1])}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def runs_of(counts: Sequence[Counts]) -> list[tuple[str, int, int]]:
    """Moments of the same state on end: the state, the first of them and the last."""
    runs: list[tuple[str, int, int]] = []
    for at, one in enumerate(counts):
        if runs and runs[-1][0] == one.state:
            runs[-1] = (one.state, runs[-1][1], at)
        else:
            runs.append((one.state, at, at))
    return runs


def _requirement(one: Any, moments: Sequence[datetime]) -> dict[str, Any]:
    runs = runs_of(one.counts)
    told = [f"{STATES[state]} from {_day(moments[begin])}" for state, begin, _ in runs]
    words = "; ".join(told[-RUNS:])
    if len(told) > RUNS:
        words = f"{len(told) - RUNS} changes before, then {words}"
    state, begin, _ = runs[-1]
    since = f"since {_day(moments[begin])}" if begin else "all the time"
    return {
        "one": one,
        "now": one.counts[-1],
        "strip": plots.strip(runs, len(moments), f"{one.id}: {words}"),
        "state": state,
        "word": STATES[state],
        "since": since,
        "runs": [(STATES[state], moments[begin], moments[end]) for state, begin, end in runs],
    }


def _named(series: Series, moments: Sequence[datetime]) -> tuple[list[dict[str, Any]], int]:
    """Names with what they have failed, the worst first, and how many are left out."""
    top = max((one.failed for counts in series.values() for one in counts), default=0)
    ordered = sorted(series, key=lambda name: (*(-number for number in series[name][-1][:3]), name or ""))
    rows = []
    for name in ordered[:MOST]:
        counts = series[name]
        failed = [one.failed for one in counts]
        peak = failed.index(max(failed))
        words = f"failed: {failed[0]} on {_day(moments[0])}, at most {failed[peak]} on {_day(moments[peak])}"
        label = f"{name or 'unlabelled'}, {words}, {failed[-1]} on {_day(moments[-1])}"
        rows.append(
            {
                "name": name,
                "now": counts[-1],
                "change": failed[-1] - failed[0],
                "spark": plots.spark(failed, top, label),
            }
        )
    return rows, len(ordered) - len(rows)
