"""What stands in the PDF: the verdict in the order in which an assessor reads it, each list with an end.

Nobody reads a thousand pages: of many findings or a large population it holds the first, says so, and names the report
that holds all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from lychgate.reports.evidence.canonical import NotCanonicalError, canonical, digest
from lychgate.reports.reading import (
    TOLD,
    Record,
    by_requirement,
    days_left,
    mandatory,
    moment,
    rank,
    sentence,
    waiver_of,
    where,
)
from lychgate.reports.texts import cut, line

from lychgate.model.labels import OTHER_DATA

FINDINGS = 1_200  # of all requirements together
ANNEX = 4_000  # rows of all populations together
MOST = 300  # entries of any other list
FEW = 20  # of what stands in one place
LONGEST = 600  # characters of a text
NAME = 150  # of a name; a row of such fits on a page

WORDS = {
    "fail": "failed", "error": "crashed", "unknown": "undetermined", "waived": "waived", "pass": "passed",
    "not applicable": "not applicable",
}  # fmt: skip
STATES = {
    "decided": "Decided: rules decide its infrastructure part.",
    "contributed": "Contributed: rules see a part of it, and evidence from elsewhere is needed.",
    "manual": "Manual: it needs evidence that no rule can give.",
    "undetermined": "Undetermined: a rule that it rests on could not decide.",
}
CHANGES = {True: "brought by this change", False: "was there before", None: ""}
DECISIONS = {"clean": "Clean", "findings": "Blocked", "undetermined": "Blocked, undetermined"}

# What the fonts that come with Typst can draw, and is read from left to right: a glyph that is missing is no PDF/A.
_NOT_DRAWN = re.compile(
    "[^ -~\xa1-\xac\xae-\u017f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0482\u048a-\u04ff\u2010-\u2015\u2018-\u2026"
    "\u2030-\u203a\u20ac\u2190-\u22ff\u2500-\u257f]"
)
MARK = "\u200b"  # where the template may break a word; no text has one of its own
_LONG = re.compile(r"[^\s]{14,}")
_PIECE = re.compile(r"[/:.,;_=@$+*|-]{1,10}|[A-Z]{0,10}[^A-Z/:.,;_=@$+*|-]{1,10}|[A-Z]{1,10}")


def shown(text: str, longest: int = NAME) -> str:
    """A text in one line that the template can set: what cannot be drawn is written out, long words may break."""
    text = line(text, longest)
    if not text.isascii():
        text = cut(_NOT_DRAWN.sub(lambda found: found.group().encode("unicode-escape").decode(), text), longest)
    return _LONG.sub(lambda word: MARK.join(_PIECE.findall(word.group())), text)


def first(rows: Sequence[Any], most: int = MOST) -> Record:
    """As many as there is room for, and how many more there are."""
    return {"rows": list(rows[:most]), "more": max(len(rows) - most, 0)}


def share(sizes: Iterable[int], most: int) -> int:
    """The largest number of rows of each list with which all lists together have no more than `most`, at least one."""
    sizes = sorted(sizes, reverse=True)
    low, high = 1, max(sizes, default=1)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(size, middle) for size in sizes) <= most:
            low = middle
        else:
            high = middle - 1
    return low


def contents(verdict: Record, signers: Sequence[str] = ()) -> Record:
    """The data of `paper/report.typ`; `signers` are in words who has signed the verdict, as somebody has verified."""
    return _Contents(verdict, signers).all()


class _Contents:
    """A verdict with what many parts of the document ask of it."""

    def __init__(self, verdict: Record, signers: Sequence[str]) -> None:
        self.verdict, self.run, self.signers = verdict, verdict["run"], signers
        self.many = len(verdict["stacks"]) > 1
        self.rules = {one["id"]: one for one in verdict["rules"]}
        self.populations = by_requirement(verdict)
        self.waiver = waiver_of(verdict)
        self.waivers = sorted(verdict["waivers"], key=lambda one: (one["expires"], one["rule"], one["urn"]))
        self.by_rule: dict[str, list[Record]] = {}
        for one in verdict["judgements"]:
            self.by_rule.setdefault(one["rule"], []).append(one)
        self.free = [one for one in verdict["judgements"] if not one["requirements"]]
        told = [sum(one["outcome"] in TOLD for one in each) for each in (*self.populations.values(), self.free)]
        self.findings = share(told, FINDINGS)
        self.cut = sum(told) > sum(min(size, self.findings) for size in told)

    def all(self) -> Record:
        """Everything."""
        verdict, run = self.verdict, self.run
        spoken = sorted((one for one in verdict["requirements"] if one["rules"]), key=lambda one: _order(one["id"]))
        manual = sorted((one for one in verdict["requirements"] if not one["rules"]), key=lambda one: _order(one["id"]))
        names = ", ".join(one["name"] for one in verdict["stacks"][:3]) or "no stack"
        when = moment(verdict)
        return {
            "title": line(f"Lychgate verdict on {names}", 200),
            "date": list(when.timetuple()[:6]),
            "head": {"run": shown(run["id"], 40), "commit": _commit(run["commit"])},
            "decision": {"word": DECISIONS[verdict["decision"]], "sentence": sentence(verdict)},
            "strict": run["strict"],
            "other": ", ".join(OTHER_DATA),
            "many": self.many,
            "cover": self.cover(),
            "stacks": self.stacks(),
            "summary": self.summary(spoken, len(manual)),
            "manual": first([[shown(one["id"]), shown(one["title"])] for one in manual]) | {"total": len(manual)},
            "sections": first([self.section(one) for one in spoken[:MOST]]) | {"more": max(len(spoken) - MOST, 0)},
            "others": self.judged([rule["id"] for rule in verdict["rules"] if not rule["requirements"]], self.free),
            "waivers": self.waiver_rows(self.waivers, MOST),
            "compared": verdict["compared"] is not None,
            "mended": first([_mended(one) for one in verdict["mended"]]),
            "hidden": first([_hidden(one) for one in verdict["not_inspected"]]),
            "lookups": first([_lookup(one) for one in verdict["lookups"]]),
            **self.annex(),
        }

    def cover(self) -> Record:
        """Scope, run, digests."""
        verdict, run = self.verdict, self.run
        managed = [one for one in verdict["resources"] if _managed(one)]
        labels = {name: _names(one["labels"].get(name) for one in managed) for name in ("application", "tenant")}
        classified = Counter(one["labels"].get("classification", "not classified") for one in managed)
        data = [f"{shown(name, 40)}: {count:,}" for name, count in sorted(classified.items())]
        return {
            "scope": [
                ["Environment", shown(run["environment"])],
                ["Applications", labels["application"]],
                ["Tenants", labels["tenant"]],
                ["Resources", f"{len(managed):,}, of them in scope {sum(map(_in_scope, managed)):,}"],
                ["Data they hold", "; ".join(data[:FEW]) + (" ..." if len(data) > FEW else "") or "-"],
                ["Commit", shown(run["commit"] or "not known: judged outside of a repository")],
                ["As of", shown(run["as_of"])],
                ["Made by", shown(f"{run['tool']} {run['tool_version']}, ruleset {run['ruleset']}")],
                ["Signer", shown("; ".join(self.signers) or "a signature is a file of its own: see Integrity below")],
            ],
            "run": [
                ["Run", shown(run["id"])],
                ["As of", shown(run["as_of"])],
                ["Commit", shown(run["commit"] or "-")],
                ["Policy from", shown(run["policy_ref"] or "the working tree that was judged")],
                ["Compared with", shown(_compared(verdict["compared"]))],
                ["Tool", shown(f"{run['tool']} {run['tool_version']}")],
                ["Ruleset", shown(f"{run['ruleset']}{' (strict)' if run['strict'] else ' (not strict)'}")],
                ["Digest of the ruleset", shown(run["ruleset_digest"])],
                ["Digest of the rules", shown(run["rules_digest"])],
            ],
            "inputs": first([[shown(name), shown(value)] for name, value in run["inputs"].items()]),
            "isolation": first([shown(what, LONGEST) for what in run["isolation"]]),
            "sha256": _sha256(verdict),
        }

    def stacks(self) -> Record:
        """Stacks with their account, region, resources, and those of them that are in scope."""
        managed = Counter(one["stack"] for one in self.verdict["resources"] if _managed(one))
        scope = Counter(one["stack"] for one in self.verdict["resources"] if _managed(one) and _in_scope(one))
        rows = [
            [
                shown(one["name"]),
                shown(one["account"], 40),
                shown(one["region"], 40),
                managed[one["name"]],
                scope[one["name"]],
            ]
            for one in self.verdict["stacks"]
        ]
        return first(rows, FEW)

    def summary(self, spoken: list[Record], manual: int) -> Record:
        """Outcomes and states in numbers."""
        counts = Counter(one["outcome"] for one in self.verdict["judgements"])
        states = Counter(one["state"] for one in spoken)
        known = ", ".join(f"{states[name]} {name}" for name in STATES if states[name])
        return {
            "sentence": f"Of {len(spoken) + manual:,} requirements rules speak of {len(spoken):,}"
            f"{f' ({known})' if known else ''}; {manual:,} need other evidence altogether. Judgements by outcome:",
            "outcomes": [[word, counts[outcome]] for outcome, word in WORDS.items()],
        }

    def requirement(self, one: Record) -> Record:
        """A requirement as one line of the summary."""
        counts = Counter(each["outcome"] for each in self.populations[one["id"]])
        return {
            **{name: shown(one[name]) for name in ("id", "title", "state")},
            "result": _result(one, counts),
            "number": len(one["rules"]),
            "population": counts.total(),
            "failed": counts["fail"],
            "unknown": counts["unknown"] + counts["error"],
            "waived": counts["waived"],
        }

    def section(self, one: Record) -> Record:
        """A requirement with its rules, findings and waivers."""
        waivers = [each for each in self.waivers if each["rule"] in set(one["rules"])]
        return {
            **self.requirement(one),
            "says": STATES[one["state"]],
            **self.judged(one["rules"], self.populations[one["id"]]),
            "waivers": self.waiver_rows(waivers, FEW),
        }

    def judged(self, rules: Sequence[str], population: list[Record]) -> Record:
        """Rules with their counts, and the findings among some judgements, by rule."""
        told = sorted((one for one in population if one["outcome"] in TOLD), key=rank)
        groups: dict[str, list[Record]] = {}
        for one in told[: self.findings]:
            groups.setdefault(one["rule"], []).append(one)
        known = [self.rules[rule] for rule in rules if rule in self.rules]
        busy = [rule for rule in known if rule["id"] in self.by_rule]
        return {
            "rules": first([self.rule(rule) for rule in busy[:MOST]]) | {"more": max(len(busy) - MOST, 0)},
            "idle": first([shown(rule["id"]) for rule in known if rule["id"] not in self.by_rule]),
            "findings": [self.group(rule, found) for rule, found in groups.items()],
            "more": len(told) - sum(map(len, groups.values())),
        }

    def rule(self, rule: Record) -> Record:
        """A rule with its level, and its judgements by outcome."""
        counts = Counter(one["outcome"] for one in self.by_rule.get(rule["id"], ()))
        outcomes = [counts["pass"], counts["fail"], counts["unknown"] + counts["error"], counts["waived"]]
        return {
            **{name: shown(rule[name]) for name in ("id", "title", "level", "severity")},
            "counts": [counts.total(), *outcomes, counts["not applicable"]],
        }

    def group(self, rule: str, found: list[Record]) -> Record:
        """Findings of one rule, and how to mend them."""
        mends = any(one["outcome"] in ("fail", "waived") for one in found)
        return {
            "rule": shown(rule),
            "title": shown(self.rules[rule]["title"]),
            "fix": shown(self.rules[rule]["remediation"], LONGEST) if mends else "",
            "rows": [self.finding(one) for one in found],
        }

    def finding(self, one: Record) -> Record:
        """A finding with where it is."""
        waiver = self.waiver(one) if one["waiver"] else None
        until = f", until {waiver['expires']}" if waiver else ""
        return {
            **{name: shown(one[name]) for name in ("name", "type")},
            "message": shown(one["message"], LONGEST),
            "where": shown(where(one)) if one["location"] else "",
            "stack": shown(one["stack"]) if self.many else "",
            "word": WORDS[one["outcome"]],
            "how": f"{'mandatory' if mandatory(one) else 'advisory'}, {one['severity']}",
            "change": CHANGES[one["introduced"]],
            "waiver": shown(f"{one['waiver']}{until}") if one["waiver"] else "",
        }

    def waiver_rows(self, waivers: Sequence[Record], most: int) -> Record:
        """Waivers with the days that are left."""
        made = [
            {
                **{name: shown(one[name]) for name in ("ticket", "rule", "owner", "approver", "expires")},
                **{name: shown(one[name], LONGEST) for name in ("urn", "reason")},
                "since": shown(one["created"], 40) if one["created"] else "",
                "stack": shown(one["stack"]) if self.many else "",
                "control": shown(one["compensating_control"], LONGEST) if one["compensating_control"] else "",
                "state": shown(_state(self.verdict, one)),
            }
            for one in waivers[:most]
        ]
        return {"rows": made, "more": max(len(waivers) - most, 0)}

    def annex(self) -> Record:
        """The population of each rule, findings first."""
        size = share(map(len, self.by_rule.values()), ANNEX)
        made, left = [], 0
        for rule in sorted(self.by_rule)[:MOST]:
            population = sorted(self.by_rule[rule], key=lambda one: one["outcome"] not in TOLD)
            known = self.rules[rule]
            rows = [self.row(one) for one in population[:size]]
            more = f", of which the first {len(rows):,} stand here" if len(rows) < len(population) else ""
            left += len(population) - len(rows)
            made.append(
                {
                    **{name: shown(known[name]) for name in ("id", "title")},
                    "sentence": f"Population {len(population):,}{more}. {_serves(known)}",
                    "rows": rows,
                }
            )
        bound = f"Here are the first {size:,} of each; {left:,} more stand in populations.xlsx and populations.csv."
        findings = f"Here are the first {self.findings:,} findings of each; populations.xlsx and verdict.json hold all."
        return {
            "annex": {"rows": made, "more": max(len(self.by_rule) - MOST, 0)},
            "empty": first([shown(one) for one in sorted(set(self.rules) - set(self.by_rule))]),
            "bounds": {
                "annex": bound if left else "All are here.",
                "findings": findings if self.cut else "All findings are here.",
            },
        }

    def row(self, one: Record) -> list[str]:
        """A judgement as one line of the annex."""
        stack = [shown(one["stack"])] if self.many else []
        names = [shown(one["name"]), shown(one["type"])]
        return [WORDS[one["outcome"]], *names, *stack, shown(where(one)) if one["location"] else "-"]


def _order(name: str) -> list[tuple[bool, int, str]]:
    """For sorting: 3.2 before 3.10, both before A1.1."""
    parts = name.split(".")
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _commit(commit: str | None) -> str:
    return f"commit {shown(commit[:12])}" if commit else "no commit"


def _managed(one: Record) -> bool:
    """Whether a resource is a thing of its own that the judged programs manage."""
    return not (one["external"] or one["component"] or one["type"].startswith(("pulumi:", "lychgate:")))


def _in_scope(one: Record) -> bool:
    return one["labels"].get("classification") not in OTHER_DATA


def _names(values: Iterable[str | None]) -> str:
    names = sorted({value for value in values if value})
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(shown(name, 60) for name in names[:FEW]) + more or "none is named"


def _sha256(verdict: Record) -> str:
    try:
        return digest(canonical(verdict))
    except NotCanonicalError as error:
        return f"none: {error}"


def _hidden(one: Record) -> list[str]:
    return [shown(one["urn"], LONGEST), shown(one["type"]), shown(one["why"], LONGEST)]


def _compared(other: Record | None) -> str:
    if other is None:
        return "nothing"
    if other["what"] == "deployed":
        return "what is deployed"
    commit = f" on commit {other['commit']}" if other["commit"] else ""
    return f"the verdict of {other['as_of']}{commit}, which was {other['decision']}"


def _mended(one: Record) -> list[str]:
    now = "mended" if one["how"] == "passes" else one["how"]
    return [*(shown(one[name]) for name in ("rule", "name", "type")), WORDS[one["was"]], now]


def _lookup(one: Record) -> list[str]:
    return [shown(one["token"]), shown(orjson.dumps(one["arguments"]).decode(), 300), shown(one["answered"])]


def _result(requirement: Record, counts: Counter[str]) -> str:
    """In a word what the rules of a requirement came to; the worst counts."""
    if counts["fail"]:
        return "failed"
    if counts["unknown"] or counts["error"] or requirement["state"] == "undetermined":
        return "undetermined"
    if counts["waived"]:
        return "waived"
    return "no finding" if counts["pass"] else "nothing judged"


def _state(verdict: Record, waiver: Record) -> str:
    if waiver["void"]:
        return f"void: {waiver['void']}"
    if waiver["expired"]:
        return "expired"
    days = days_left(verdict, waiver)
    return f"{days} day{'s' * (days != 1)} left{'' if waiver['used'] else ', no finding needs it'}"


def _serves(rule: Record) -> str:
    names = ", ".join(shown(name) for name in rule["requirements"][:FEW])
    return f"Serves {names}." if names else "Serves no requirement."
