"""A verdict as tables for a page: each text once, judgements as columns of numbers.

10,000 resources with 100,000 judgements are a few megabytes so, which a browser parses in a tenth of a second. Every
text is escaped here: control characters and marks of direction are written out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lychgate.reports.reading import TOLD, Record, blocks, rank

from lychgate.model.escaping import escape
from lychgate.model.outcome import LAYERS, SEVERITIES

OUTCOMES = ("fail", "error", "unknown", "waived", "pass", "not applicable")
LEVELS = ("mandatory", "remediate", "advisory", "disabled")
DEEPEST = 24  # levels of a witness; what lies deeper is left out
INTRODUCED = {None: "0", True: "1", False: "2"}


class Table:
    """Things by number: each once, in the order in which they came."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def number(self, key: Any) -> int:
        """The number of a thing, which is taken in where it is new."""
        return self.numbers.setdefault(key, len(self.numbers))


class Compact:
    """The tables of one verdict. Text 0 is the empty one."""

    def __init__(self, verdict: Record) -> None:
        self.verdict = verdict
        self.texts, self.places, self.labels, self.kinds = Table(), Table(), Table(), Table()
        self.texts.number("")
        self.rules = {rule["id"]: number for number, rule in enumerate(verdict["rules"])}
        self.requirements = {one["id"]: number for number, one in enumerate(verdict["requirements"])}
        self.resources = Table()  # (stack, urn)
        self.anywhere: dict[str, int] = {}  # URN -> a resource, for what another stack has
        for one in verdict["resources"]:
            self.anywhere.setdefault(one["urn"], self.resources.number((one["stack"], one["urn"])))

    def tables(self) -> Record:
        """Everything that the page is made of."""
        verdict = self.verdict
        resources, judgements = self._resources(), self._judgements()
        made = {
            "strict": verdict["run"]["strict"],
            "asOf": verdict["run"]["as_of"],
            "outcomes": OUTCOMES,
            "layers": LAYERS,
            "severities": SEVERITIES,
            "levels": LEVELS,
            "rules": [self._rule(one) for one in verdict["rules"]],
            "requirements": [self._requirement(one) for one in verdict["requirements"]],
            "resources": resources,
            "judgements": judgements,
            "findings": self._findings(),
            "hidden": [self._texts(one[name] for name in ("stack", "type", "urn", "why")) for one in _hidden(verdict)],
            "lookups": [self._lookup(one) for one in verdict["lookups"]],
        }
        made["labels"] = [[list(pair) for pair in labels] for labels in self.labels.numbers]
        made["kinds"] = [[*kind[:4], list(kind[4])] for kind in self.kinds.numbers]
        made["places"] = [list(place) for place in self.places.numbers]
        made["texts"] = [escape(text) for text in self.texts.numbers]
        return made

    def _text(self, text: str) -> int:
        return self.texts.number(text)

    def _texts(self, texts: Iterable[str]) -> list[int]:
        return [self.texts.number(text) for text in texts]

    def _place(self, place: Record | None) -> int:
        return self.places.number((self._text(place["file"]), place["line"])) if place else -1

    def _find(self, stack: str, urn: str) -> int:
        return self.resources.numbers.get((stack, urn), self.anywhere.get(urn, -1))

    def _rule(self, one: Record) -> list[Any]:
        texts = self._texts((one["id"], one["title"], one["rationale"], one["remediation"]))
        facts = LAYERS.index(one["layer"]), SEVERITIES.index(one["severity"]), LEVELS.index(one["level"])
        return [*texts, *facts, self._texts(one["requirements"]), one["population"]]

    def _requirement(self, one: Record) -> list[Any]:
        rules = [self.rules[name] for name in one["rules"] if name in self.rules]
        texts = self._texts((one["id"], one["title"], one["state"]))
        return [*texts, rules, one["failed"], one["unknown"], one["waived"]]

    def _resources(self) -> Record:
        """Columns. What a resource depends on and the verdict does not have is kept as text."""
        made: dict[str, list[Any]] = {name: [] for name in ("urn", "type", "name", "stack", "label", "place", "parent")}
        needs: list[list[int]] = []
        missing: dict[str, list[int]] = {}
        kinds = []
        seen: set[int] = set()
        for one in self.verdict["resources"]:
            number = self.resources.numbers[one["stack"], one["urn"]]
            if number in seen:  # a verdict that somebody else made
                continue
            seen.add(number)
            for name in ("urn", "type", "name", "stack"):
                made[name].append(self._text(one[name]))
            labels = tuple((self._text(key), self._text(value)) for key, value in one["labels"].items())
            made["label"].append(self.labels.number(labels))
            made["place"].append(self._place(one["location"]))
            made["parent"].append(self._find(one["stack"], one["parent"]) if one["parent"] else -1)
            found = [self._find(one["stack"], urn) for urn in one["dependencies"]]
            needs.append([other for other in dict.fromkeys(found) if other not in (-1, number)])
            lost = [self._text(urn) for urn, other in zip(one["dependencies"], found, strict=True) if other == -1]
            if lost:
                missing[str(number)] = lost
            kinds.append("2" if one["component"] else "1" if one["external"] else "0")
        return {**made, "needs": needs, "missing": missing, "kind": "".join(kinds)}

    def _judgements(self) -> Record:
        """Columns by number of the judgement; what few judgements have is kept by number."""
        kinds, resources, messages, outcomes, introduced = [], [], [], [], []
        rare: dict[str, dict[str, Any]] = {"place": {}, "witness": {}, "waiver": {}, "fingerprint": {}, "strange": {}}
        places = {
            (one["stack"], one["urn"]): one["location"] for one in self.verdict["resources"]
        }  # most judgements lie where their resource does
        for number, one in enumerate(self.verdict["judgements"]):
            key = str(number)
            identity = one["stack"], one["urn"]
            resource = self.resources.numbers.get(identity, -1)
            if resource == -1:
                rare["strange"][key] = self._texts((one["urn"], one["type"], one["name"], one["stack"]))
            if resource == -1 or one["location"] != places[identity]:
                rare["place"][key] = self._place(one["location"])
            told = one["outcome"] in TOLD
            if told:
                rare["fingerprint"][key] = escape(one["fingerprint"])
            if one["witness"]:
                rare["witness"][key] = shown(one["witness"])
            if one["waiver"]:
                rare["waiver"][key] = self._text(one["waiver"])
            kinds.append(self.kinds.number(self._kind(one)))
            resources.append(resource)
            messages.append(self._text(one["message"]))
            outcomes.append(str(OUTCOMES.index(one["outcome"])))
            introduced.append(INTRODUCED[one["introduced"]])
        columns = {"kind": kinds, "resource": resources, "message": messages}
        return {**columns, "outcome": "".join(outcomes), "introduced": "".join(introduced), **rare}

    def _kind(self, one: Record) -> tuple[Any, ...]:
        """What a rule's judgements share: rule, level, severity, layer, requirements."""
        facts = LEVELS.index(one["level"]), SEVERITIES.index(one["severity"]), LAYERS.index(one["layer"])
        return self._rule_number(one["rule"]), *facts, tuple(self._texts(one["requirements"]))

    def _rule_number(self, name: str) -> int:
        """A judgement's rule is one of the verdict's; a verdict that somebody else made may say another."""
        return self.rules.get(name, -1)

    def _findings(self) -> list[int]:
        """What is to be read, the most important first: what stops the deployment, then by `reading.rank`."""
        judgements, strict = self.verdict["judgements"], self.verdict["run"]["strict"]
        told = [number for number, one in enumerate(judgements) if one["outcome"] in TOLD]
        return sorted(told, key=lambda number: order(judgements[number], strict))

    def _lookup(self, one: Record) -> list[Any]:
        return [*self._texts((one["stack"], one["token"], one["answered"])), shown(one["arguments"])]


def order(one: Record, strict: bool) -> tuple[Any, ...]:
    """For sorting findings: waived last, what blocks first."""
    return one["outcome"] == "waived", not blocks(one, strict), rank(one)


def _hidden(verdict: Record) -> list[Record]:
    found: list[Record] = verdict["not_inspected"]
    return found


def shown(value: Any, depth: int = 0) -> Any:
    """A value of JSON with its texts escaped, and not deeper than a page can show."""
    if isinstance(value, str):
        return escape(value)
    if depth >= DEEPEST and isinstance(value, dict | list):
        return "..."
    if isinstance(value, dict):
        # A list of pairs: a key such as `__proto__` is no property of anything.
        return {"pairs": [[escape(str(key)), shown(one, depth + 1)] for key, one in value.items()]}
    if isinstance(value, list):
        return [shown(one, depth + 1) for one in value]
    return value
