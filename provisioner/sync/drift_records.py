"""What a comparison with the account tells: plain records that can be written as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lychgate.provisioner.sync.comparing import ABSENT, Steps, path_of
from lychgate.provisioner.sync.live.calling import Unread
from lychgate.provisioner.sync.live.tagged import Unmanaged

from lychgate.model.graph import Graph, Location
from lychgate.model.outcome import Outcome, Severity
from lychgate.model.redaction import Redactor
from lychgate.model.values import Secret, plain

State = Literal["changed", "missing", "unread", "same"]
STATES: tuple[State, ...] = ("missing", "changed", "unread", "same")
HIDDEN = "[secret]"


@dataclass(frozen=True, slots=True)
class Drifted:
    """One place where the account differs from what was deployed; either value may be ABSENT or Secret."""

    steps: Steps
    deployed: Any
    live: Any

    @property
    def path(self) -> str:
        """The place as Pulumi writes it: `rules[0].bucketKeyEnabled`."""
        return path_of(self.steps)

    def as_dict(self, redact: Redactor) -> dict[str, Any]:
        """For JSON: secrets as `[secret]`; a value that is not there is left out."""
        told: dict[str, Any] = {"path": redact(self.path)}
        hidden = isinstance(self.deployed, Secret) or isinstance(self.live, Secret)
        for name, value in (("deployed", self.deployed), ("live", self.live)):
            if value is not ABSENT:
                told[name] = HIDDEN if hidden else redact.value(plain(value))
        return told


@dataclass(frozen=True, slots=True)
class ResourceDrift:
    """What the account says of one resource of the state.

    `unread` are the calls that brought no answer, also where others did; `not_compared` are properties that no reader
    knows, or whose deployed value is encrypted. `overlay` has the live values of the properties that differ (None where
    there is none, `Unknown` where they could not be read).
    """

    urn: str
    type: str
    name: str
    id: str
    state: State
    properties: tuple[Drifted, ...] = ()
    unread: tuple[Unread, ...] = ()
    not_compared: tuple[str, ...] = ()
    location: Location | None = None
    overlay: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def drifted(self) -> bool:
        """Whether the resource is known to be another than was deployed."""
        return self.state in ("changed", "missing")

    def as_dict(self, redact: Redactor) -> dict[str, Any]:
        """For JSON: what is not so is left out."""
        told: dict[str, Any] = {
            "urn": redact(self.urn), "type": self.type, "name": redact(self.name), "id": redact(self.id),
            "state": self.state,
        }  # fmt: skip
        if self.location:
            told["location"] = {"file": self.location.file, "line": self.location.line}
        if self.properties:
            told["properties"] = [one.as_dict(redact) for one in self.properties]
        if self.unread:
            told["unread"] = [_unread(one, redact) for one in self.unread]
        if self.not_compared:
            told["not_compared"] = [redact(one) for one in self.not_compared]
        return told


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not pass any more because of one drift, and the requirements that it serves.

    `cause` is the URN of the drifted resource, or the id of what is not managed; empty where only all drifts together
    do it. `urn` is the resource that was judged, which may be another: a bucket is judged with its companions.
    """

    cause: str
    rule: str
    severity: Severity
    outcome: Outcome
    urn: str
    message: str
    requirements: tuple[str, ...] = ()

    def as_dict(self, redact: Redactor) -> dict[str, Any]:
        """For JSON."""
        return {
            "cause": redact(self.cause), "rule": self.rule, "severity": self.severity, "outcome": self.outcome,
            "urn": redact(self.urn), "message": redact(self.message), "requirements": list(self.requirements),
        }  # fmt: skip


def _no_secrets() -> Redactor:
    return Redactor(())


@dataclass(frozen=True, slots=True)
class Drift:
    """The deployed state against the live account: a record for each resource of AWS, in the order of their URNs.

    `unmanaged` is what the state does not know, `not_searched` where nobody could look for such. `elsewhere` counts, by
    package, what is not in AWS and was not compared. `broken` is filled in by `attributed`.
    """

    resources: tuple[ResourceDrift, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    not_searched: tuple[Unread, ...] = ()
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()
    account: str = ""
    deployed: Graph = field(default_factory=Graph, repr=False, compare=False)
    redact: Redactor = field(default_factory=_no_secrets, repr=False, compare=False)

    @property
    def drifted(self) -> list[ResourceDrift]:
        """The resources that are known to be others than were deployed."""
        return [one for one in self.resources if one.drifted]

    @property
    def found(self) -> bool:
        """Whether there is any drift. False says nothing where the comparison is not `complete`."""
        return bool(self.drifted or self.unmanaged)

    @property
    def complete(self) -> bool:
        """Whether every call was answered: only then does nothing found mean no drift."""
        return not self.not_searched and not any(one.unread for one in self.resources)

    @property
    def counts(self) -> dict[State, int]:
        """How many resources are in each state; only those that there are."""
        found = Counter(one.state for one in self.resources)
        return {state: found[state] for state in STATES if found[state]}

    def as_dict(self) -> dict[str, Any]:
        """The whole as JSON. Deterministic, without secrets."""
        redact = self.redact
        told = [one for one in self.resources if one.state != "same" or one.unread or one.not_compared]
        return {
            "found": self.found,
            "complete": self.complete,
            "account": self.account,
            "summary": {**self.counts, "unmanaged": len(self.unmanaged)},
            "resources": [one.as_dict(redact) for one in told],
            "unmanaged": [_unmanaged(one, redact) for one in self.unmanaged],
            "not_searched": [_unread(one, redact) for one in self.not_searched],
            "elsewhere": dict(sorted(self.elsewhere.items())),
            "broken": [one.as_dict(redact) for one in self.broken],
        }


def _unread(one: Unread, redact: Callable[[str], str]) -> dict[str, str]:
    return {"call": one.call, "code": redact(one.code)}


def _unmanaged(one: Unmanaged, redact: Redactor) -> dict[str, Any]:
    told: dict[str, Any] = {"type": one.type, "id": redact(one.id)}
    if one.owner:
        told["owner"] = redact(one.owner)
    if one.properties:
        told["properties"] = redact.value(dict(one.properties))
    return told
