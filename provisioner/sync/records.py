"""What a comparison tells: plain records that can be written as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from lychgate.provisioner.sync.comparing import ABSENT, Steps, path_of

from lychgate.model.graph import Location
from lychgate.model.redaction import Redactor
from lychgate.model.values import Secret, plain

Action = Literal["create", "update", "update or replace", "replace", "delete", "same"]
ACTIONS: tuple[Action, ...] = ("create", "update", "update or replace", "replace", "delete", "same")
HIDDEN = "[secret]"


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One place that changes: `old` is deployed, `new` is planned; either may be ABSENT, Unknown or Secret.

    `replaces` is whether this change replaces the resource; None where nobody here knows.
    """

    steps: Steps
    old: Any
    new: Any
    replaces: bool | None = False

    @property
    def path(self) -> str:
        """The place as Pulumi writes it: `spec.template.spec.containers[0].image`."""
        return path_of(self.steps)

    def as_dict(self, redact: Callable[[str], str]) -> dict[str, Any]:
        """For JSON: `old` and `new` only where there is one, secrets as `[secret]`, unknown values as `[unknown]`."""
        hidden = isinstance(self.old, Secret) or isinstance(self.new, Secret)
        told: dict[str, Any] = {"path": redact(self.path)}
        for name, value in (("old", self.old), ("new", self.new)):
            if value is not ABSENT:
                told[name] = HIDDEN if hidden else _redacted(plain(value), redact)
        return told | {"replaces": self.replaces}


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource, and why.

    `properties` of a resource that is created are all that the program gives. `reasons` are causes other than
    properties, in words. `not_compared` are places whose deployed value nobody can read here: encrypted secrets, files.
    `protected`: Pulumi will refuse. `retained`: only Pulumi forgets it, the thing itself stays. `data_store`: what is
    lost with it is data. `formerly` is the URN under which it is deployed, where that is another.
    """

    urn: str
    type: str
    name: str
    action: Action
    properties: tuple[PropertyChange, ...] = ()
    reasons: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    delete_before_replace: bool = False
    protected: bool = False
    retained: bool = False
    data_store: bool = False
    formerly: str = ""
    location: Location | None = None

    @property
    def deletes(self) -> bool:
        """Whether the thing that exists may be gone afterwards."""
        return self.action in ("delete", "replace", "update or replace") and not self.retained

    def as_dict(self, redact: Callable[[str], str]) -> dict[str, Any]:
        """For JSON: what is not so is left out."""
        told: dict[str, Any] = {"urn": redact(self.urn), "type": self.type, "name": redact(self.name)}
        told["action"] = self.action
        if self.location:
            told["location"] = {"file": self.location.file, "line": self.location.line}
        if self.properties:
            told["properties"] = [one.as_dict(redact) for one in self.properties]
        for name in ("reasons", "not_compared"):
            if getattr(self, name):
                told[name] = [redact(text) for text in getattr(self, name)]
        for name in ("delete_before_replace", "protected", "retained", "data_store"):
            if getattr(self, name):
                told[name] = True
        return told | ({"formerly": redact(self.formerly)} if self.formerly else {})


def _no_secrets() -> Redactor:
    return Redactor(())


@dataclass(frozen=True, slots=True)
class Difference:
    """What a deployment would do, a record for each resource, in the order of their URNs."""

    changes: tuple[Change, ...] = ()
    redact: Redactor = field(default_factory=_no_secrets, repr=False, compare=False)

    @property
    def changed(self) -> list[Change]:
        """The resources to which something happens."""
        return [one for one in self.changes if one.action != "same"]

    @property
    def counts(self) -> dict[Action, int]:
        """How many resources each action has; only those that there are."""
        found = Counter(one.action for one in self.changes)
        return {action: found[action] for action in ACTIONS if found[action]}

    @property
    def data_stores_deleted(self) -> list[Change]:
        """The data stores that are, or may be, deleted or replaced: in production this needs an explicit word."""
        return [one for one in self.changes if one.data_store and one.deletes]

    @property
    def protected(self) -> list[Change]:
        """The resources that Pulumi would refuse to delete or replace: as it is, the deployment fails there."""
        return [one for one in self.changes if one.protected]

    def as_dict(self) -> dict[str, Any]:
        """The whole as JSON: the changes, totals, and the URNs that need a word. Deterministic, without secrets."""
        return {
            "summary": self.counts,
            "changes": [one.as_dict(self.redact) for one in self.changes if one.action != "same" or one.not_compared],
            "data_stores_deleted": [self.redact(one.urn) for one in self.data_stores_deleted],
            "protected": [self.redact(one.urn) for one in self.protected],
        }


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(str(name)): _redacted(item, redact) for name, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item, redact) for item in value]
    return value
