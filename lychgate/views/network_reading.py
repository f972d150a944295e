"""From the resources of a graph to the records of a network: names, references and values, unknown ones as such.

A record has the name that a message shows (`sg app`, `subnet private-a`), and a reference leads to a record by the
symbolic id of a capture, by the property dependencies of a preview, or to a thing outside of the graph under its own
id, of which the reasoning then knows nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lychgate.model import values
from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, Symbol, UnknownRead, reading, reveal
from lychgate.reasoning.network import (
    Endpoint,
    LoadBalancer,
    NetworkAcl,
    Record,
    RouteTable,
    SecurityGroup,
    SecurityRule,
    Unknown,
)
from lychgate.views.network_types import SUBNETS, VPCS, WORDS

Text = str | Unknown


class Names:
    """A name for each resource of a network: what it is and what it is called, and more only where two share that."""

    def __init__(self, graph: Graph) -> None:
        known = [one for one in graph.resources if one.type in WORDS]
        taken = Counter(form for one in known for form in _forms(one))
        self._names: dict[str, str] = {}
        self._resources: dict[str, Resource] = {}
        for one in known:
            self.rename(one, next((form for form in _forms(one) if taken[form] == 1), one.urn))

    def rename(self, resource: Resource, name: str) -> None:
        """Give a resource that takes over what a VPC brings along that thing's name."""
        self._names[resource.urn] = name
        self._resources[name] = resource

    def resource(self, name: str) -> Resource | None:
        """The resource that has a name."""
        return self._resources.get(name)

    def of(self, resource: Resource) -> str:
        """The name of a resource."""
        return self._names.get(resource.urn) or f"{resource.type.rpartition(':')[2]} {resource.name}"


def _forms(resource: Resource) -> Iterator[str]:
    """How a resource may be called, the shortest first."""
    short = f"{WORDS[resource.type]} {resource.name}"
    exact = f"{short} ({resource.type.rpartition(':')[2]})"
    yield from (short, f"{short} of {resource.stack}", exact, f"{exact} of {resource.stack}")


class Translation:
    """What the translators of the parts of a network share.

    `resources`: record -> the resource that it was made from. `aliases`: ids of things that a VPC brings along (its
    default group, its main table) -> their records, `defaults`: the same by resource and type of what it brings along.
    `implicit_groups`: the groups among these. `carriers`: network interface -> the instance that has it. `rules`: group
    -> its rules, `group_of_rule`: a rule that is a resource of its own -> its group. `secrets`: record -> the secret
    properties that went into it, so that only what is said of these is withheld. `reasons`: why a value is unknown.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names = Names(graph)
        self.records: list[Record] = []
        self._places: dict[tuple[type, str], int] = {}
        self.resources: dict[str, Resource] = {}
        self.aliases: dict[str, str] = {}
        self.defaults: dict[tuple[str, str], str] = {}
        self.implicit_groups: list[str] = []
        self.carriers: dict[str, str] = {}
        self.rules: dict[str, list[SecurityRule | Unknown]] = {}
        self.group_of_rule: dict[str, Text] = {}
        self.secrets: dict[str, frozenset[str]] = {}
        self.reasons: dict[Unknown, str] = {}
        self.narrow: set[Unknown] = set()

    def each(self, *types: str, external: bool = False) -> Iterator[tuple[Resource, str]]:
        """The managed resources of these types (with `external` the looked-up ones too) and their records' names."""
        for resource in self.graph.of_type(*types):
            if external or not resource.external:
                record = self.names.of(resource)
                yield resource, record
                self.note(record)

    def note(self, record: str) -> None:
        """Charge the secrets that were read since the last call to a record."""
        if reading.secrets:
            self.secrets[record] = self.secrets.get(record, frozenset()) | reading.secrets
            reading.begin()

    def add(self, record: Record, resource: Resource | None = None) -> None:
        """Keep a record, and the resource that it stands for. Where two resources take over the same default thing,
        either may be deployed last, so that what both say counts."""
        key = (type(record), record.endpoint if isinstance(record, LoadBalancer) else record.id)
        place = self._places.setdefault(key, len(self.records))
        if place == len(self.records):
            self.records.append(record)
        else:
            self.records[place] = _both(self.records[place], record)
        if resource is not None:
            name = self.names.of(resource)
            self.resources.setdefault(name, resource)
            self.note(name)

    def endpoint(self, resource: Resource, endpoint: Endpoint) -> None:
        """Keep an endpoint."""
        self.add(endpoint, resource)

    # Values

    def text(self, record: str, block: Block, name: str) -> Text | None:
        """A text."""
        try:
            return block.text(name) or None
        except UnknownRead as unknown:
            return self.unknown(record, unknown.path, unknown.why)

    def number(self, record: str, block: Block, name: str) -> int | Unknown | None:
        """A whole number."""
        try:
            found = block.number(name)
        except UnknownRead as unknown:
            return self.unknown(record, unknown.path, unknown.why)
        return None if found is None else int(found)

    def flag(self, record: str, block: Block, name: str, default: bool = False) -> bool | Unknown:
        """A boolean."""
        try:
            return block.flag(name, default)
        except UnknownRead as unknown:
            return self.unknown(record, unknown.path, unknown.why)

    def block(self, record: str, block: Block, name: str) -> Block | Unknown:
        """An object below."""
        try:
            return block.block(name)
        except UnknownRead as unknown:
            return self.unknown(record, unknown.path, unknown.why)

    def blocks(self, record: str, block: Block, name: str) -> list[Block | Unknown]:
        """The objects of a list; an unknown one, or all of it, as an Unknown."""
        row: list[Block | Unknown] = []
        for index, item in enumerate(self.items(record, block, name)):
            if isinstance(item, dict):
                row.append(Block(item, block.urn, block.at(f"{name}[{index}]")))
            else:
                row.append(item if isinstance(item, Unknown) else Unknown(record, f"{name}[{index}]"))
        return row

    def items(self, record: str, block: Block, name: str) -> list[Any]:
        """The members of a list, not opened further; an unknown one, or all of it, as an Unknown."""
        above, _, last = name.rpartition(".")
        try:
            parent = block.block(above) if above else block
        except UnknownRead as unknown:
            return [self.unknown(record, unknown.path, unknown.why)]
        raw = reveal(parent.values.get(last), block.at(name))
        if isinstance(raw, values.Unknown):
            return [self.unknown(record, block.at(name), raw.why)]
        row = raw if isinstance(raw, list) else [] if raw is None else [raw]
        found = []
        for index, item in enumerate(row):
            path = block.at(f"{name}[{index}]")
            item = reveal(item, path)
            found.append(self.unknown(record, path, item.why) if isinstance(item, values.Unknown) else item)
        return found

    def blocks_of_addresses(self, record: str, block: Block, name: str) -> tuple[Text, ...]:
        """The CIDR blocks of a list, or the one that is given. One that AWS chooses for a VPC or subnet is unknown, and
        `narrow`: certainly not the world."""
        found: list[Text] = []
        for index, item in enumerate(self.items(record, block, name)):
            if isinstance(item, str | Unknown) and not isinstance(item, Symbol):
                found.append(item)
                continue
            one = self.unknown(record, block.at(f"{name}[{index}]"), "is decided at the deployment")
            source = self.graph.by_urn.get(item.urn) if isinstance(item, Symbol) else None
            if source is not None and source.type in (*VPCS, *SUBNETS):
                self.narrow.add(one)
            found.append(one)
        return tuple(found)

    def unknown(self, record: str, path: str, why: str) -> Unknown:
        """An unknown value of a record, and why it is one."""
        found = Unknown(record, path)
        self.reasons.setdefault(found, why)
        return found

    # References

    def reference(
        self, record: str, resource: Resource, name: str, *types: str, block: Block | None = None
    ) -> Text | None:
        """The record that a property names; None where it is not given."""
        found = self.references(record, resource, name, *types, block=block)
        return found[0] if found else None

    def references(
        self, record: str, resource: Resource, name: str, *types: str, block: Block | None = None
    ) -> tuple[Text, ...]:
        """The records that a property names. What a preview does not know counts as the resources of these types that
        the property depends on, where they are as many as the unknown values."""
        block = block or resource.read
        found = [
            item if isinstance(item, Unknown) else self.named(record, block.at(name), item, *types)
            for item in self.items(record, block, name)
            if item != ""
        ]
        unknown = [at for at, item in enumerate(found) if isinstance(item, Unknown)]
        if unknown:
            candidates = self._depended_on(resource, block.at(name), types, found)
            if len(candidates) == len(unknown):
                for at, candidate in zip(unknown, candidates, strict=True):
                    found[at] = candidate
        return tuple(found)

    def _depended_on(self, resource: Resource, path: str, types: tuple[str, ...], known: list[Text]) -> list[str]:
        root = path.partition(".")[0].partition("[")[0]
        depended = (self.graph.by_urn.get(urn) for urn in resource.property_dependencies.get(root, ()))
        names = [self.record_of(one, types) for one in depended if one is not None]
        return [name for name in dict.fromkeys(names) if name is not None and name not in known]

    def record_of(self, resource: Resource, types: tuple[str, ...]) -> str | None:
        """The record of a resource where one of these types is wanted: its own, or that of what it brings along."""
        if resource.type in types:
            return self.names.of(resource)
        return next((found for type_ in types if (found := self.defaults.get((resource.urn, type_)))), None)

    def named(self, record: str, path: str, value: Any, *types: str) -> Text:
        """The record of a thing that is named by its id, ARN or name; its own id where it is not in the graph."""
        if not isinstance(value, str):
            return Unknown(record, path)
        if not isinstance(value, Symbol):
            alias = self.aliases.get(value)
            if alias is not None:
                return alias
        found = self.graph.resolve(value, *types)
        if found is None and isinstance(value, Symbol):
            found = self.graph.by_urn.get(value.urn)
        if found is not None:
            return self.record_of(found, types) or Unknown(record, path)
        return Unknown(record, path) if isinstance(value, Symbol) else value


def _both(one: Record, other: Record) -> Record:
    if isinstance(one, SecurityGroup) and isinstance(other, SecurityGroup):
        return replace(one, rules=tuple(dict.fromkeys((*one.rules, *other.rules))))
    if isinstance(one, RouteTable) and isinstance(other, RouteTable):
        return replace(one, routes=tuple(dict.fromkeys((*one.routes, *other.routes))))
    if isinstance(one, NetworkAcl) and isinstance(other, NetworkAcl):
        return replace(one, entries=tuple(dict.fromkeys((*one.entries, *other.entries))))
    return one


def opposite(flag: bool | Unknown) -> bool | Unknown:
    """Not, for what may be unknown."""
    return flag if isinstance(flag, Unknown) else not flag


def either(flags: list[bool | Unknown]) -> bool | Unknown:
    """Or, for what may be unknown."""
    if any(flag is True for flag in flags):
        return True
    return next((flag for flag in flags if isinstance(flag, Unknown)), False)
