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
from functools import cache
from pathlib import Path

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from lychgate.reports.compact import Compact, order
from lychgate.reports.reading import TOLD, Record, blocks, days_left, sentence, where
from markupsafe import Markup

from lychgate.model.escaping import escape
from lychgate.model.outcome import LAYERS, SEVERITIES

PAGE = Path(__file__).with_name("page")
STACK = "pulumi:pulumi:Stack"
MOST, FEWER, FEW = 300, 100, 5  # rows of a table that stand in the HTML itself, or are open at once
SOON = 30  # days before a waiver ends in which the summary says so

WORDS = {"fail": "failed", "error": "rule crashed", "unknown": "undetermined", "waived": "waived"}
STATES = {
    "decided": "rules decide its part that is infrastructure",
    "contributed": "rules contribute, and evidence from elsewhere is needed",
    "manual": "needs evidence that no rule can give",
    "undetermined": "a rule that it rests on could not decide",
}
GONE = {
    "passes": "mended",
    "waived": "waived",
    "resource gone": "resource is gone",
    "rule not in use": "rule is not in use",
    "not judged": "not judged any more",
}
CHANGES = {True: "brought by this change", False: "was there before", None: ""}


def render(verdict: Record) -> bytes:
    """The verdict as one HTML file."""
    style, script = (PAGE / "page.css").read_text("utf-8"), (PAGE / "page.js").read_text("utf-8")
    policy = (
        f"default-src 'none'; style-src '{digest_of(style)}'; script-src '{digest_of(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    told = sorted(
        (one for one in verdict["judgements"] if one["outcome"] in TOLD),
        key=lambda one: order(one, verdict["run"]["strict"]),
    )
    page = template(PAGE).render(
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
        mended=Counter(one["how"] for one in verdict["mended"]),
        gone=GONE,
        words=WORDS,
        most=MOST,
        fewer=FEWER,
        few=FEW,
        states=STATES,
        severities=SEVERITIES,
        rules={rule["id"]: rule for rule in verdict["rules"]},
    )
    return page.encode()


def digest_of(text: str) -> str:
    """What a page's policy calls a style or a script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(tables: Record) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element, or begin a comment."""
    text = orjson.dumps(tables).decode()
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


@cache
def template(folder: Path) -> Template:
    """The page.html of a folder. What it shows is never markup, and control characters are written out."""
    environment = Environment(
        loader=FileSystemLoader(folder),
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
    judgements = verdict["judgements"]
    managed = {
        (one["stack"], one["urn"]) for one in verdict["resources"] if one["type"] != STACK and not one["external"]
    }
    judged = managed & {(one["stack"], one["urn"]) for one in judgements}
    return {
        "title": f"{verdict['decision']}: {', '.join(stack['name'] for stack in verdict['stacks'][:4])}",
        "sentence": sentence(verdict),
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
    made = [one | {"days": days_left(verdict, one)} for one in verdict["waivers"]]
    for one in made:
        one["soon"] = not one["expired"] and one["days"] is not None and one["days"] <= SOON
    return sorted(made, key=lambda one: (one["expires"], one["rule"], one["stack"], one["urn"]))
