"""One page that needs nothing beside itself: styles, script and the verdict's tables are all inside.

The server of an artifact may forbid scripts: the summary, the requirements and the first findings stand in the HTML.
With scripts, the page is built from the tables (`compact`). Text of the judged program is never markup: Jinja escapes
it here, and the script sets nothing but text. The page's policy names its one style and its one script by their
digests, so that no other could run, and lets it load nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from lychgate.reports.compact import Compact, order
from lychgate.reports.reading import TOLD, Record, blocks, where
from markupsafe import Markup

from lychgate.model.escaping import escape
from lychgate.model.outcome import LAYERS, SEVERITIES

PAGE = Path(__file__).with_name("page")
STACK = "pulumi:pulumi:Stack"
MOST = 300  # rows of a table that stand in the HTML itself
SOON = 30  # days before a waiver ends in which the summary says so

WORDS = {"fail": "failed", "error": "rule crashed", "unknown": "undetermined", "waived": "waived"}
STATES = {
    "decided": "rules decide its part that is infrastructure",
    "contributed": "rules contribute, and evidence from elsewhere is needed",
    "manual": "needs evidence that no rule can give",
    "undetermined": "a rule that it rests on could not decide",
}
CHANGES = {True: "brought by this change", False: "was there before", None: ""}


def render(verdict: Record) -> bytes:
    """The verdict as one HTML file."""
    style, script = (PAGE / "page.css").read_text("utf-8"), (PAGE / "page.js").read_text("utf-8")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    told = sorted(
        (one for one in verdict["judgements"] if one["outcome"] in TOLD),
        key=lambda one: order(one, verdict["run"]["strict"]),
    )
    page = _template().render(
        style=Markup(style),
        script=Markup(script),
        policy=policy,
        tables=_data(Compact(verdict).tables()),
        verdict=verdict,
        run=verdict["run"],
        summary=_summary(verdict),
        told=len(told),
        findings=[_row(one, verdict["run"]["strict"]) for one in told[:MOST]],
        waivers=_waivers(verdict),
        most=MOST,
        states=STATES,
        severities=SEVERITIES,
        rules={rule["id"]: rule for rule in verdict["rules"]},
    )
    return page.encode()


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(tables: Record) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element, or begin a comment."""
    text = orjson.dumps(tables).decode()
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: escape(value) if type(value) is str else value,
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    return environment.get_template("page.html")


def _row(one: Record, strict: bool) -> Record:
    word = WORDS[one["outcome"]]
    return one | {
        "word": word,
        "where": where(one),
        "change": CHANGES[one["introduced"]],
        "blocking": blocks(one, strict),
    }


def _summary(verdict: Record) -> Record:
    """What the top of the page says."""
    judgements, strict = verdict["judgements"], verdict["run"]["strict"]
    stopping = [one for one in judgements if blocks(one, strict)]
    managed = {
        (one["stack"], one["urn"]) for one in verdict["resources"] if one["type"] != STACK and not one["external"]
    }
    judged = managed & {(one["stack"], one["urn"]) for one in judgements}
    return {
        "title": f"{verdict['decision']}: {', '.join(stack['name'] for stack in verdict['stacks'][:4])}",
        "sentence": _sentence(verdict["decision"], stopping),
        "managed": len(managed),
        "judged": len(judged),
        "without": _without_rules(verdict, judged),
        "layers": _table(judgements, "layer", LAYERS),
        "severities": _table(judgements, "severity", SEVERITIES),
        "changes": _changes(judgements),
        "states": Counter(one["state"] for one in verdict["requirements"]),
        "broken": sum(one["failed"] > 0 for one in verdict["requirements"]),
        "crashed": sum(one["outcome"] == "error" for one in judgements),
    }


def _sentence(decision: str, stopping: list[Record]) -> str:
    undetermined = sum(one["outcome"] == "unknown" for one in stopping)
    failed = len(stopping) - undetermined
    if decision == "findings":
        more = f" {undetermined:,} more could not be determined." if undetermined else ""
        return f"Blocked by {failed:,} mandatory finding{'s' * (failed != 1)}.{more}"
    if decision == "undetermined":
        return f"Blocked: {undetermined:,} mandatory judgement{'s' * (undetermined != 1)} could not be determined."
    return "No mandatory rule is broken."


def _table(judgements: Iterable[Record], name: str, keys: Iterable[str]) -> list[tuple[str, Counter[str]]]:
    counts: dict[str, Counter[str]] = {key: Counter() for key in keys}
    for one in judgements:
        counts[one[name]][one["outcome"]] += 1
    return [(key, found) for key, found in counts.items() if found]


def _changes(judgements: Iterable[Record]) -> dict[str, int]:
    """Findings that are new, those that are not, and those of which nobody knows; empty where nothing was compared."""
    found = Counter(one["introduced"] for one in judgements if one["outcome"] in TOLD)
    if not found[True] and not found[False]:
        return {}
    return {"new": found[True], "before": found[False], "unknown": found[None]}


def _without_rules(verdict: Record, judged: set[tuple[str, str]]) -> list[str]:
    """The packages of managed resources of which none was judged. A component is no more than its children."""
    of_package: dict[str, bool] = {}
    for one in verdict["resources"]:
        package = one["type"].partition(":")[0]
        if package != "pulumi" and not one["external"] and not one["component"]:
            of_package[package] = of_package.get(package, False) or (one["stack"], one["urn"]) in judged
    return sorted(package for package, told in of_package.items() if not told)


def _waivers(verdict: Record) -> list[Record]:
    """Waivers with the days that were left at the moment of the verdict, the next to end first."""
    day = datetime.fromisoformat(verdict["run"]["as_of"]).astimezone(UTC).date()
    made = [one | {"days": _days(one["expires"], day)} for one in verdict["waivers"]]
    for one in made:
        one["soon"] = not one["expired"] and one["days"] is not None and one["days"] <= SOON
    return sorted(made, key=lambda one: (one["expires"], one["rule"], one["stack"], one["urn"]))


def _days(text: str, day: date) -> int | None:
    try:
        return (date.fromisoformat(text) - day).days
    except ValueError:
        return None
