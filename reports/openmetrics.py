"""OpenMetrics 1.0 text (prometheus.io/docs/specs/om/open_metrics_spec), for GitLab's metrics report and New Relic.

Gauges without timestamps are all that is used, so that it is Prometheus' own text format as well, which GitLab and New
Relic read. GitLab takes whatever follows a `#` for a comment, even in a label: none is written there. Labels hold no
URN, and names beyond a number are added up, so that there are never more than some hundred series.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lychgate.reports.reading import Record, blocks, by_requirement
from lychgate.reports.trend.trend import Counts, added

from lychgate.model.escaping import flat

MOST = 100  # names of a label; requirements have more
MOST_REQUIREMENTS = 400
LONGEST = 100  # characters of a label's value
OTHERS, UNLABELLED = "(others)", "(unlabelled)"
STATES = ("decided", "contributed", "manual", "undetermined")
PLACES = {"fail": 0, "error": 1, "unknown": 1, "waived": 2, "pass": 3}  # outcome -> its place in Counts
FINDINGS = ("failed", "undetermined", "waived")

Pair = tuple[str, str]  # severity, layer


@dataclass(frozen=True, slots=True)
class Family:
    """A gauge: its samples are label values, in the order of `labels`, -> a number. `unit` ends the name."""

    name: str
    help: str
    labels: tuple[str, ...]
    samples: Mapping[Any, float]
    unit: str = ""


def render(verdict: Record) -> bytes:
    """How one verdict stands."""
    pairs: dict[Pair, list[Record]] = {(rule["severity"], rule["layer"]): [] for rule in verdict["rules"]}
    for one in verdict["judgements"]:
        pairs.setdefault((one["severity"], one["layer"]), []).append(one)
    of_requirement = {name: counted(found) for name, found in by_requirement(verdict).items()}
    outcomes = Counter(one["outcome"] for one in verdict["judgements"])
    blocking = sum(blocks(one, verdict["run"]["strict"]) for one in verdict["judgements"])
    families = [
        *posture(
            {pair: counted(found) for pair, found in sorted(pairs.items())},
            {one["id"]: (one["state"], of_requirement[one["id"]]) for one in verdict["requirements"]},
        ),
        single("blocking_findings", "Findings that stop a deployment.", blocking),
        Family(
            "judgements", "Judgements by outcome.", ("outcome",),
            {(name,): outcomes[name] for name in ("pass", "fail", "unknown", "error", "waived", "not applicable")},
        ),
        single("not_inspected", "Parts that no rule could look into.", len(verdict["not_inspected"])),
        waivers(state_of(one["expired"], one["used"]) for one in verdict["waivers"]),
    ]  # fmt: skip
    return write(families)


def counted(judgements: Iterable[Record]) -> Counts:
    """Judgements by outcome."""
    found = Counter(PLACES.get(one["outcome"], 4) for one in judgements)
    return Counts(*(found[place] for place in range(4)))


def posture(pairs: Mapping[Pair, Counts], requirements: Mapping[str, tuple[str | None, Counts]]) -> list[Family]:
    """What one verdict and the newest ones of several stacks are both asked: findings, and how requirements stand."""
    findings = {
        (severity, layer, outcome): getattr(counts, outcome)
        for (severity, layer), counts in pairs.items()
        for outcome in FINDINGS
    }
    states = Counter(state for state, _ in requirements.values())
    judged = {name: counts for name, (_, counts) in requirements.items() if any(counts)}
    return [
        Family("findings", "What does not pass, by severity and layer.", ("severity", "layer", "outcome"), findings),
        Family(
            "requirements", "PCI DSS requirements by what rules can say of them.", ("state",),
            {(state,): states[state] for state in STATES},
        ),
        named("requirement_judgements", "Judgements for a requirement.", "requirement", judged, MOST_REQUIREMENTS),
    ]  # fmt: skip


def named(name: str, help: str, label: str, counts: Mapping[Any, Counts], most: int = MOST) -> Family:
    """Counts of things whose names somebody else has chosen: the worst of them, and the others added up."""
    samples: defaultdict[tuple[str, ...], float] = defaultdict(float)
    ordered = sorted(counts, key=lambda key: (*(-number for number in counts[key][:3]), key or ""))
    kept = ordered if len(ordered) <= most else ordered[:most]
    others = {OTHERS: added(counts[key] for key in ordered[most:])} if len(ordered) > most else {}
    shown: list[tuple[str, Counts]] = [(UNLABELLED if key is None else label_of(key), counts[key]) for key in kept]
    for text, found in [*sorted(shown), *others.items()]:
        for outcome, number in found._asdict().items():
            samples[text, outcome] += number
    return Family(name, help, (label, "outcome"), samples)


def single(name: str, help: str, value: float, unit: str = "") -> Family:
    """One number."""
    return Family(name, help, (), {(): value}, unit)


def waivers(states: Iterable[str]) -> Family:
    """How many waivers there are: active, unused (nothing needs them) or expired."""
    found = Counter(states)
    return Family(
        "waivers", "Waivers by state.", ("state",), {(name,): found[name] for name in ("active", "unused", "expired")}
    )


def state_of(expired: bool, used: bool) -> str:
    """The state of a waiver in one word."""
    return "expired" if expired else "active" if used else "unused"


def label_of(text: str) -> str:
    """Text that somebody else wrote, as the value of a label."""
    return flat(text).replace("#", "\\x23")[:LONGEST]


def write(families: Iterable[Family]) -> bytes:
    """The text. A family without a sample is left out."""
    lines = []
    for family in families:
        if not family.samples:
            continue
        name = f"lychgate_{family.name}"
        lines += [f"# TYPE {name} gauge", *([f"# UNIT {name} {family.unit}"] if family.unit else [])]
        lines.append(f"# HELP {name} {family.help}")
        for values, number in family.samples.items():
            labels = ",".join(f'{key}="{_quoted(value)}"' for key, value in zip(family.labels, values, strict=True))
            lines.append(f"{name}{{{labels}}} {number:.15g}" if labels else f"{name} {number:.15g}")
    return ("\n".join([*lines, "# EOF"]) + "\n").encode()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
