"""What a request changes of a stack's resources, as plain records that go from one process to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lychgate.provisioner.sync.records import Action, Difference
from lychgate.provisioner.sync.showing import notes, shown

OURS = ("pulumi:", "lychgate:")  # stacks, providers and components: nothing that is somewhere
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Property:
    """A place in a resource, and its value before and after, in one line each; a secret is never among them."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A resource to which something happens; `notes` are what people should know of it, such as that data is lost.

    Of what is created or deleted the properties are not listed.
    """

    action: Action
    type: str
    name: str
    notes: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()


def changes_of(found: Difference) -> tuple[Changed, ...]:
    """What a difference says, without secrets: by URN."""
    return tuple(_changes(found))


def _changes(found: Difference) -> Iterator[Changed]:
    for change in found.changed:
        if change.type.startswith(OURS):
            continue
        told = change.as_dict(found.redact)
        properties = () if change.action in ("create", "delete") else told.get("properties", ())
        lines = [
            Property(one["path"], *(shown(one[key]) if key in one else NOTHING for key in ("old", "new")))
            for one in properties
        ]
        yield Changed(change.action, change.type, told["name"], tuple(notes(change, told)), tuple(lines))
