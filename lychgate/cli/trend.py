"""`lychgate report --since`: the trend of the store of evidence."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lychgate.cli.evidence_reading import CLEAN, FOUND, moment, opened, refusals, trusted
from lychgate.cli.evidence_showing import show_report
from lychgate.cli.report import check_formats, deliver
from lychgate.cli.trend_showing import show
from lychgate.model.errors import InputError
from lychgate.reports.evidence.checking import SKEW, Report, check
from lychgate.reports.evidence.record import moment_of, stamp
from lychgate.reports.evidence.store import now
from lychgate.reports.trend import FORMATS
from lychgate.reports.trend.history import Selection
from lychgate.reports.trend.reading import Asked, trend_of

MAIN = ("main", "master")  # whose checks count where neither --branch nor GitLab says another


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendOptions:
    """What was asked on the command line."""

    since: str
    until: str | None
    store: str | None
    stack: str | None
    application: str | None
    environment: str | None
    tenant: str | None
    branches: Sequence[str]
    checkpoints: Sequence[Path]
    keys: Sequence[str]
    formats: Sequence[str]
    output: Path | None


@refusals
def run(options: TrendOptions) -> int:
    """Show a trend, or write it; nothing of a store that is not as it was written."""
    check_formats(options, FORMATS)
    end = moment("--until", options.until) if options.until else None
    asked = _asked(options, end)
    known = trusted(options.checkpoints, options.keys)
    with opened(options.store) as snapshot:
        report = check(snapshot.chain(), snapshot.id, known, documents=False)
        if not report.intact:
            show_report(report, documents=False)
            print("lychgate: there is no trend of a store that is not as it was written", file=sys.stderr)
            return FOUND
        trend = trend_of(snapshot, report, _to_newest(asked, report, end))
    deliver(options, trend, show, FORMATS)
    return CLEAN


def _to_newest(asked: Asked, report: Report, end: str | None) -> Asked:
    """A range to now takes in a record whose writer's clock is a little ahead of this one; one far ahead is told of."""
    newest = report.newest
    if newest is None or not stamp(asked.until) < newest.recorded_at <= (end or newest.recorded_at):
        return asked
    ahead = moment_of(newest.recorded_at)
    if ahead > asked.until + SKEW:
        print(f"lychgate: record {newest.sequence} says a later time than now, and is left out", file=sys.stderr)
        return asked
    return replace(asked, until=ahead)


def _asked(options: TrendOptions, end: str | None) -> Asked:
    today = stamp(now())
    until = min(end or today, today)
    since = moment("--since", options.since, begins=True)
    if since >= until:
        expected = f"a moment before {until[:19]}Z, where the range ends"
        raise InputError("--since", found=f"the range begins at {since[:19]}Z", expected=expected)
    default = os.environ.get("CI_DEFAULT_BRANCH")
    return Asked(
        since=moment_of(since), until=moment_of(until), environment=options.environment,
        selection=Selection(options.application, options.tenant, options.stack),
        branches=options.branches or ([default] if default else MAIN),
    )  # fmt: skip
