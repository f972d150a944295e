"""Identities of AWS resources, from aws.json (scripts/refresh_arns.py makes it and says where each fact comes from)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from lychgate.sources.identities.arn import Place, dns_suffix
from lychgate.sources.identities.autoname import Autoname
from lychgate.sources.identities.identity import Identity
from lychgate.sources.identities.template import Missing, Template, as_text, compile_template, generate

_DATA = Path(__file__).with_name("aws.json")


@dataclass(frozen=True, slots=True)
class _Type:
    """One resource type, compiled: templates by property, how it is named, which templates have no source."""

    templates: Mapping[str, Template]
    autoname: Autoname | None
    never: frozenset[str]
    assumed: frozenset[str]


@cache
def _data() -> Any:
    return orjson.loads(_DATA.read_bytes())


@cache
def _type(token: str) -> _Type | None:
    entry = _data()["types"].get(token)
    if entry is None:
        return None
    maps = _data()["maps"]
    nodes = {"id": entry.get("id"), "arn": entry.get("arn"), **entry.get("out", {})}
    templates = {name: compile_template(node, name, maps) for name, node in nodes.items() if node is not None}
    never = frozenset(name for name, node in entry.items() if node is None) | frozenset(
        name for name, node in entry.get("out", {}).items() if node is None
    )
    name = entry.get("name")
    return _Type(templates, None if name is None else Autoname(**name), never, frozenset(entry.get("assumed", ())))


@cache
def _place(place: Place, region: object) -> Mapping[str, str]:
    """The place as templates see it; without a region where the resource's own is unknown."""
    values = {
        "account": place.account,
        "partition": place.partition,
        "suffix": dns_suffix(place.partition),
        "organization": "o-" + generate(f"{place.account}|organization", "alnum", 10),
    }
    if isinstance(region, str):
        values["region"] = region
    return values


class _Scope:
    """One resource while its templates are evaluated; each property is evaluated once."""

    __slots__ = ("_inputs", "_memo", "_type", "_unknown", "logical", "place", "problem", "urn")

    def __init__(
        self, type_: _Type, urn: str, logical: str, inputs: Mapping[str, object], unknown: frozenset[str], place: Place
    ):
        self.urn = urn
        self.problem: str | None = None
        self._type = type_
        self.logical = logical
        self._inputs = inputs
        self._unknown = unknown
        self._memo: dict[str, object] = {}
        region = Missing.UNKNOWN if "region" in unknown else inputs.get("region") or place.region
        self.place = _place(place, region)

    def value(self, name: str) -> object:
        memo = self._memo
        if name not in memo:
            memo[name] = self._evaluate(name)
        return memo[name]

    def _evaluate(self, name: str) -> object:
        if name in self._unknown:
            return Missing.UNKNOWN
        given = self._inputs.get(name)
        if given is not None:
            return given
        template = self._type.templates.get(name)
        if template is not None:
            return template(self)
        autoname = self._type.autoname
        if autoname is not None and autoname.property == name:
            return self._named(autoname)
        return self._nested(name) if "." in name else Missing.ABSENT

    def _named(self, autoname: Autoname) -> object:
        if autoname.depends_on_unknown(self._unknown):
            return Missing.UNKNOWN
        name, self.problem = autoname.make(self.urn, self.logical, self._inputs)
        return name

    def _nested(self, path: str) -> object:
        head, *rest = path.split(".")
        known = self._inputs.get(head)
        value = known if isinstance(known, Mapping) else self.value(head)
        for key in rest:
            if not isinstance(value, Mapping):
                break
            value = value.get(key, Missing.ABSENT)
        return value


def identify_aws(
    type_: str,
    urn: str,
    logical_name: str,
    inputs: Mapping[str, object],
    output_names: Set[str],
    place: Place,
    unknown_inputs: frozenset[str],
) -> Identity:
    """The identity of an `aws:MODULE/FILE:TYPE` resource; see `identify`."""
    known = _type(type_) or _unlisted(output_names)
    scope = _Scope(known, urn, logical_name, inputs, unknown_inputs, place)
    assumed = set(known.assumed)
    # Where a type has `arn` among its inputs only, that is the ARN of something else (a topic policy's topic).
    arn = Missing.ABSENT if "arn" in known.never else scope.value("arn")
    if arn is Missing.ABSENT and "arn" in output_names and not {"arn"} & (known.never | known.templates.keys()):
        arn = _likely_arn(type_, scope)
        assumed.add("arn")
    properties = _properties(known, scope, inputs, output_names, unknown_inputs)
    if "arn" in output_names and "arn" not in inputs and not isinstance(arn, Missing):
        properties["arn"] = arn
    id_ = scope.value("id")
    if id_ is Missing.ABSENT and "id" not in known.never:
        id_ = _likely_id(scope)
        assumed.add("id")
    return Identity(_known(id_), _known(arn), properties, frozenset(assumed), scope.problem)


def _properties(
    known: _Type, scope: _Scope, inputs: Mapping[str, object], output_names: Set[str], unknown: frozenset[str]
) -> dict[str, object]:
    """Every output of the type that follows from its identity and was not given."""
    names = [name for name in known.templates if name in output_names and name not in ("id", "arn")]
    if known.autoname is not None:
        names.append(known.autoname.property)
    properties: dict[str, object] = {}
    for name in names:
        if inputs.get(name) is None and name not in unknown:
            value = scope.value(name)
            if not isinstance(value, Missing):
                properties[name] = value
    if "region" in output_names and "region" not in known.never and "region" in scope.place:
        properties.setdefault("region", scope.place["region"])
    return properties


def _unlisted(output_names: Set[str]) -> _Type:
    """A type that a newer SDK brought: named as most are, nothing else known."""
    return _Type({}, Autoname() if "name" in output_names else None, frozenset(), frozenset())


def _likely_id(scope: _Scope) -> object:
    """Most ids that are not generated are names."""
    name = scope.value("name")
    return f"{scope.logical}-{generate(scope.urn, 'hex', 17)}" if name is Missing.ABSENT else name


def _likely_arn(type_: str, scope: _Scope) -> object:
    """arn:PARTITION:SERVICE:REGION:ACCOUNT:KIND/NAME"""
    module = type_.split(":")[1].split("/")[0]
    kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type_.rpartition(":")[2]).lower()
    name = scope.value("name")
    if name is Missing.ABSENT:
        name = scope.value("id")
    if name is Missing.ABSENT:
        name = _likely_id(scope)
    place = scope.place
    if isinstance(name, Missing) or "region" not in place:
        return Missing.UNKNOWN
    service = _data()["services"].get(module, module)
    return f"arn:{place['partition']}:{service}:{place['region']}:{place['account']}:{kind}/{as_text(name)}"


def _known(value: object) -> str | None:
    return None if isinstance(value, Missing) else as_text(value)
