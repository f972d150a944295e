"""The kinds of things an application is made of, as forms: the inputs of a form come from the pydantic models.

A form is flat: a field inside of another (`settings.backup_days`) is an input of its own (`settings_backup_days`).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from lychgate.provisioner.models.application import RESOURCES, WORKLOADS
from lychgate.provisioner.models.names import Name
from lychgate.provisioner.models.settings import Part
from pydantic import TypeAdapter

Section = Literal["resources", "workloads"]
Schema = Mapping[str, Any]

# What a form says of a value beside its type, in JSON Schema's words, which are Port's too:
# https://docs.port.io/actions-and-automations/create-self-service-experiences/setup-ui-for-action/user-inputs/
LIMITS = ("enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern")
# Port knows numbers, and no whole ones; a request is held to the model all the same.
TYPES = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "array": "array"}
# Not of a form: what it is, and what a deletion sets.
LEFT_OUT = ("kind", "retiring")


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a form: where its value belongs in the thing, and its schema as pydantic has it."""

    path: tuple[str, ...]
    schema: Schema
    description: str
    required: bool

    @property
    def name(self) -> str:
        """The identifier in the form."""
        return "_".join(self.path)

    @property
    def title(self) -> str:
        """The same as people read it."""
        return " ".join(self.path).replace("_", " ").capitalize()

    @property
    def type(self) -> str:
        """The type in the form."""
        return "object" if self.schema.get("type") == "object" else TYPES[self.schema["type"]]

    def property(self, *, default: bool) -> dict[str, Any]:
        """The input as Port's form has it; `default` fills it in, which an update must not."""
        found: dict[str, Any] = {"type": self.type, "title": self.title}
        found |= {"description": self.description} if self.description else {}
        found |= {key: self.schema[key] for key in LIMITS if key in self.schema}
        if self.type == "array":
            items = self.schema.get("items", {})
            found["items"] = {"type": TYPES[items["type"]]} | {key: items[key] for key in LIMITS if key in items}
        if default and self.schema.get("default") not in (None, [], {}):
            found["default"] = self.schema["default"]
        return found


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: what the application's file calls it, where it stands there, its model and its inputs."""

    name: str
    section: Section
    model: type[Part]

    @property
    def identifier(self) -> str:
        """Its part of identifiers in Port."""
        return self.name.replace("-", "_")

    @property
    def words(self) -> str:
        """What it is, in a sentence."""
        return self.name.replace("-", " ")

    @property
    def description(self) -> str:
        """What the model says it is."""
        return " ".join((inspect.getdoc(self.model) or "").split())

    @property
    def holds_data(self) -> bool:
        """Whether something is lost with it: every resource holds data, messages or a secret, or leads to one."""
        return self.section == "resources"

    @property
    def inputs(self) -> Mapping[str, Input]:
        """The inputs of its form, by name."""
        return _inputs(self.model)


def _kind(model: type[Part], section: Section) -> Kind:
    return Kind(get_args(model.model_fields["kind"].annotation)[0], section, model)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        *(_kind(model, "resources") for model in RESOURCES),
        *(_kind(model, "workloads") for model in WORKLOADS),
    )
}
NAMED = "What the application's file calls it: small letters, digits, single hyphens"
NAME = Input(("name",), TypeAdapter(Name).json_schema(), NAMED, True)


@cache
def _inputs(model: type[Part]) -> Mapping[str, Input]:
    schema = model.model_json_schema()
    found = _of(schema, schema.get("$defs", {}), (), needed=True)
    return {one.name: one for one in found}


def _of(schema: Schema, parts: Mapping[str, Schema], path: tuple[str, ...], *, needed: bool) -> Iterator[Input]:
    """The inputs of a model's schema; of one inside of another none is required where that need not be there."""
    for name, value in schema["properties"].items():
        if path or name not in LEFT_OUT:
            required = needed and name in schema.get("required", ())
            yield from _one(_resolved(value, parts), parts, (*path, name), schema, required)


def _one(
    value: Schema, parts: Mapping[str, Schema], path: tuple[str, ...], around: Schema, required: bool
) -> Iterator[Input]:
    if "properties" in value:
        yield from _of(value, parts, path, needed=required)
        return
    words = value.get("description") or (around.get("description", "") if len(path) > 1 else "")
    yield Input(path, value, " ".join(words.split()), required)


def _resolved(value: Schema, parts: Mapping[str, Schema]) -> Schema:
    """A schema without references, and without `null` as a choice; what stands beside these counts for it."""
    beside = {key: one for key, one in value.items() if key not in ("$ref", "anyOf")}
    if "$ref" in value:
        return _resolved(dict(parts[value["$ref"].rpartition("/")[2]]) | beside, parts)
    choices = [one for one in value.get("anyOf", ()) if one.get("type") != "null"]
    if len(choices) == 1:
        return _resolved(dict(choices[0]) | beside, parts)
    if "items" in value:
        return dict(value) | {"items": _resolved(value["items"], parts)}
    return value
