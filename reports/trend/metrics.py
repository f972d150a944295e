"""A trend's newest moment as OpenMetrics, with the time to mend and the ages of waivers."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from lychgate.reports.openmetrics import Family, named, posture, single, state_of, waivers, write
from lychgate.reports.trend.trend import ENDS, Trend

from lychgate.model.outcome import SEVERITIES

DAY = 86_400


def render(trend: Trend) -> bytes:
    """How the store stands at the end of the range, and what happened in it."""
    requirements = {one.id: (one.kind, one.counts[-1]) for one in trend.requirements}
    families = [
        *posture(trend.pairs, requirements),
        *_names(trend),
        single("stacks", "Stacks whose newest verdict is counted.", len(trend.standing)),
        *_moments(trend),
        *_findings(trend),
        *_mending(trend),
        waivers(state_of(one.left is not None and one.left < 0, one.used) for one in trend.waivers),
        *_waivers(trend),
    ]  # fmt: skip
    return write(families)


def _names(trend: Trend) -> Iterator[Family]:
    for label, series in (("application", trend.applications), ("tenant", trend.tenants)):
        now = {key: counts[-1] for key, counts in series.items() if any(counts[-1])}
        yield named(f"{label}_judgements", f"Judgements of the resources of one {label}.", label, now)


def _moments(trend: Trend) -> Iterator[Family]:
    """When the verdicts that are counted were recorded: an alert can ask whether they are too old."""
    recorded = [one.at.timestamp() for one in trend.standing]
    if recorded:
        oldest, newest = "Recording of the oldest verdict that is counted.", "Recording of the newest verdict."
        yield single("oldest_verdict_timestamp_seconds", oldest, min(recorded), "seconds")
        yield single("newest_verdict_timestamp_seconds", newest, max(recorded), "seconds")
    span = round((trend.until - trend.since).total_seconds())
    yield single(
        "range_seconds", "Length of the range in which changes and mended findings are counted.", span, "seconds"
    )


def _findings(trend: Trend) -> Iterator[Family]:
    changes = {
        ("opened",): sum(one.opened for one in trend.flows),
        ("opened again",): sum(one.again for one in trend.flows),
    }
    changes |= {(name,): sum(flow.ended[name] for flow in trend.flows) for name in ENDS}
    yield Family("finding_changes", "What happened to findings in the range.", ("change",), changes)
    ages = {
        (severity,): max((trend.age(one) * DAY for one in trend.open if one.severity == severity), default=0)
        for severity in SEVERITIES
    }
    yield Family(
        "open_finding_age_max_seconds", "Age of the finding open longest; 0 for none.", ("severity",), ages, "seconds"
    )


def _mending(trend: Trend) -> Iterator[Family]:
    known = {name: one for name, one in trend.mending.items() if name in SEVERITIES}
    numbers = {(name,): one.number for name, one in known.items()}
    yield Family("mended_findings", "Findings mended in the range whose beginning is known.", ("severity",), numbers)
    for name in ("mean", "median", "longest"):
        times = {
            (severity,): value * DAY for severity, one in known.items() if (value := getattr(one, name)) is not None
        }
        help = f"Time from a finding to its mending, {name}."
        yield Family(f"time_to_mend_{name}_seconds", help, ("severity",), times, "seconds")


def _waivers(trend: Trend) -> Iterator[Family]:
    if not trend.waivers:
        return
    ages = [one.age * DAY for one in trend.waivers]
    yield single("waiver_age_mean_seconds", "Age of waivers, mean.", fmean(ages), "seconds")
    yield single("waiver_age_max_seconds", "Age of the oldest waiver.", max(ages), "seconds")
    yield single(
        "waiver_renewals_max",
        "How often the waiver renewed most was renewed.",
        max(one.renewed for one in trend.waivers),
    )
    left = [one.left * DAY for one in trend.waivers if one.left is not None and one.left >= 0]
    if left:
        yield single("waiver_remaining_min_seconds", "Time that the next waiver to end has left.", min(left), "seconds")
