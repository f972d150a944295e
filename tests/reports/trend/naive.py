"""The trend again, by recomputing everything from all verdicts at every record. Slow, and shares no code with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from statistics import fmean
from typing import Any

from lychgate.reports.trend.history import Event, Part

OUTCOMES = {"fail": "failed", "unknown": "undetermined", "error": "undetermined", "waived": "waived", "pass": "passed"}
Standing = dict[str, tuple[Event, Part]]


def name_of(stack: str) -> str:
    return stack.split("/")[-1]


def standing(events: Sequence[Event]) -> Standing:
    """Of each stack the verdict that holds, by these events and no others."""
    carried: dict[str, Event] = {}
    for event in events:
        if event.own is not None and (event.own not in carried or carried[event.own].record < event.record):
            carried[event.own] = event
    found: Standing = {}
    for event in sorted(events, key=lambda one: one.record):
        for part in event.parts:
            if event.own is None and name_of(part.stack) not in carried:
                found[part.stack] = (event, part)
    for event in carried.values():
        found |= {part.stack: (event, part) for part in event.parts if not event.removal}
    return found


def outcome(found: Standing, key: tuple[str, str, str]) -> str | None:
    stack, rule, urn = key
    if stack not in found:
        return None
    said = {one["outcome"] for one in found[stack][1].judgements if (one["rule"], one["urn"]) == (rule, urn)}
    return next((one for one in ("fail", "error", "unknown", "waived", "not applicable", "pass") if one in said), None)


def counts(events: Sequence[Event], moment: datetime, name: str, application: str | None) -> dict[Any, Counter[str]]:
    """How often each outcome stands at a moment, by a field of the judgements, or by application."""
    found: dict[Any, Counter[str]] = {}
    for event, part in standing([one for one in events if one.at <= moment]).values():
        for one in part.judgements:
            belongs = application_of(event, part, one["urn"])
            if one["outcome"] in OUTCOMES and application in (None, belongs):
                keys = one[name] if name == "requirements" else [belongs if name == "application" else one[name]]
                for key in keys:
                    found.setdefault(key, Counter())[OUTCOMES[one["outcome"]]] += 1
    return found


def application_of(event: Event, part: Part, urn: str) -> str | None:
    labels = part.labels[urn] if part.labels and urn in part.labels else {}
    return labels.get("application") or event.application


def findings(events: Sequence[Event]) -> tuple[dict[Any, tuple[datetime, bool]], list[tuple[Any, ...]]]:
    """What is open at the end (key -> since when, whether again), and all that has happened: what, when, since when."""
    ordered = sorted(events, key=lambda one: (one.at, one.record))
    keys = {
        (part.stack, one["rule"], one["urn"]) for event in events for part in event.parts for one in part.judgements
    }
    open_: dict[Any, tuple[datetime, bool]] = {}
    ended, happened = set(), []
    before: Standing = {}
    for number, event in enumerate(ordered):
        after = standing(ordered[: number + 1])
        for key in sorted(keys):
            said = outcome(after, key)
            if key in open_ and said not in ("fail", "error", "unknown"):
                happened.append(
                    (why(before, after, key, said, ordered[: number + 1]), event.at, open_.pop(key)[0], key)
                )
                ended.add(key)
            elif key not in open_ and said == "fail":
                open_[key] = (event.at, key in ended)
                happened.append(("again" if key in ended else "opened", event.at, event.at, key))
        before = after
    return open_, happened


def why(before: Standing, after: Standing, key: tuple[str, str, str], said: str | None, events: Sequence[Event]) -> str:
    stack, _, urn = key
    if stack not in after:
        carried = max((one for one in events if one.own == name_of(stack)), key=lambda one: one.record)
        return "removed" if carried.removal else "no longer judged"
    if said == "waived":
        return "waived"
    if said == "pass":
        return "mended" if before[stack][0].environment == after[stack][0].environment else "no longer judged"
    labels = after[stack][1].labels
    return "removed" if said is None and labels is not None and urn not in labels else "no longer judged"


def mean_days(happened: Sequence[tuple[Any, ...]], since: datetime) -> float | None:
    spans = [
        (at - opened).total_seconds() / 86400 for what, at, opened, _ in happened if what == "mended" and at > since
    ]
    return fmean(spans) if spans else None


def waivers(events: Sequence[Event]) -> dict[tuple[str, str, str], tuple[date, str, int]]:
    """Those that stand: since when, until when, how often renewed."""
    ordered = sorted(events, key=lambda one: (one.at, one.record))
    versions: dict[tuple[str, str, str], list[tuple[datetime, str, str | None]]] = {}
    before: Standing = {}
    for number in range(len(ordered)):
        after = standing(ordered[: number + 1])
        for stack, (event, part) in after.items():
            if stack not in before or before[stack][0] is not event:
                for one in sorted(part.waivers, key=lambda each: each["expires"]):
                    if one["stack"] == stack:
                        key = (one["rule"], one["stack"], one["urn"])
                        versions.setdefault(key, []).append((event.at, one["expires"], one["created"]))
        before = after
    found = {}
    for stack, (_, part) in before.items():
        for one in part.waivers:
            key = (one["rule"], one["stack"], one["urn"])
            if one["stack"] == stack:
                known = versions[key]
                days = [known[0][0].date(), *(date.fromisoformat(said) for _, _, said in known if said)]
                ends = [end for _, end, _ in known]
                renewed = sum(end > max(ends[:place]) for place, end in enumerate(ends) if place)
                last = max(
                    each["expires"] for each in part.waivers if (each["rule"], each["stack"], each["urn"]) == key
                )
                found[key] = (min(days), last, renewed)
    return found
