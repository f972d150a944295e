"""The graph of resources that is judged (contract: shared by every source, view, rule and report)."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lychgate.model.labels import LabelSettings
from lychgate.model.values import NOTHING, Block, Secret, Symbol, UnknownRead, reading, reveal

T = TypeVar("T")

# Outputs that name a resource among those of its type.
NAMING = frozenset({"name", "bucket", "identifier", "clusterIdentifier"})
# Outputs that name one resource, and types whose outputs repeat the ARN of the resource that they belong to.
IDENTIFYING = ("arn", "url", "uniqueId", "keyId", "qualifiedArn", "invokeArn")
ECHOES = frozenset(
    {
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:ses/domainIdentityVerification:DomainIdentityVerification",
    }
)


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the user's own files a resource is declared; `file` is relative to the judged project."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


DECLARED_AT = "declaredAt"
_DECLARED = re.compile(r"(?!/)([\w./ -]{1,500}):([1-9]\d{0,6})")


def _declared(properties: dict[str, Any]) -> Location | None:
    """Where a component says that its user declared it: FILE:LINE, the file as locations name it."""
    said = properties.get(DECLARED_AT)
    found = _DECLARED.fullmatch(said) if isinstance(said, str) else None
    return Location(found[1], int(found[2])) if found and ".." not in found[1].split("/") else None


@dataclass(slots=True)
class Resource:
    """One resource, in Pulumi's own words: type token, camelCase properties, URNs.

    `properties` are the inputs, `outputs` what a source knows beside them (symbolic in a capture). `options` holds
    `protect`, `ignoreChanges`, `retainOnDelete`, `importId` and so on, only where they are set. `external` is a
    resource that is read, not managed (`Resource.get`); `remote` a component whose children another process makes.
    """

    urn: str
    type: str
    name: str
    properties: dict[str, Any] = field(default_factory=dict)
    parent: str | None = None
    provider: str | None = None
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    location: Location | None = None
    stack: str = ""
    id: Any = None
    outputs: dict[str, Any] = field(default_factory=dict)
    custom: bool = True
    remote: bool = False
    external: bool = False

    @property
    def read(self) -> Block:
        """The properties, to be read by a rule or view."""
        return Block(self.properties, self.urn)


@dataclass(frozen=True, slots=True)
class Fact:
    """What the invoker's own file says of existing things: who asks with these arguments finds this. What the program
    asked beside them, and what was made up to fill its result, is no part of it."""

    arguments: Mapping[str, Any]
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lookup:
    """An existing thing that a program asked for: what was asked, where the answer is from, and what it was.

    What stands in an assumed `result` is made up; its ids serve to recognise the thing where a resource refers to it.
    Only a `fact` says what is. One whose question holds a secret has none, so that nothing tells the secret.
    """

    stack: str
    token: str
    arguments: dict[str, Any]
    answered: str
    result: dict[str, Any] = field(default_factory=dict)
    fact: Fact | None = None


@dataclass(frozen=True, slots=True)
class NotInspected:
    """A part of the program that could not be looked into, and why. `urn` is the resource that holds it (the stack, for
    what a function would have made), `type` the type or function token that says what may be in it."""

    stack: str
    urn: str
    type: str
    why: str


@dataclass(frozen=True, slots=True)
class StackInfo:
    """One captured stack: Pulumi project and stack, configuration (secrets as `Secret`), account and region.

    `secrets` is what the program has made a secret of, whether or not it came to stand in a property.
    """

    name: str
    project: str
    stack: str
    config: dict[str, Any] = field(default_factory=dict)
    account: str = ""
    region: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    secrets: Sequence[Secret] = ()


_NOT_YET: Any = object()


class Graph:
    """All resources that are judged together, from one stack or several, with the indexes that views share.

    `complete` is false where siblings of the judged stack may exist that are not in the graph (a policy pack sees one
    stack only): a rule that compares stacks then answers unknown.
    """

    def __init__(
        self,
        resources: Iterable[Resource] = (),
        stacks: Iterable[StackInfo] = (),
        lookups: Iterable[Lookup] = (),
        not_inspected: Iterable[NotInspected] = (),
        complete: bool = True,
        settings: LabelSettings | None = None,
    ) -> None:
        self.resources: list[Resource] = list(resources)
        self.stacks: dict[str, StackInfo] = {stack.name: stack for stack in stacks}
        self.lookups: list[Lookup] = list(lookups)
        self.not_inspected: list[NotInspected] = list(not_inspected)
        self.complete = complete
        self.settings = settings or LabelSettings()
        self.by_urn: dict[str, Resource] = {}
        self.by_type: dict[str, list[Resource]] = {}
        for resource in self.resources:
            self.by_urn[resource.urn] = resource
            self.by_type.setdefault(resource.type, []).append(resource)
        self._place_declared()
        self._kept: dict[Hashable, Any] = {}
        self._noted: dict[Hashable, tuple[Any, frozenset[str]]] = {}

    def _place_declared(self) -> None:
        """What is below a component that says where it was declared stands there, not where the component's code is."""
        declared = {one.urn: place for one in self.resources if not one.custom and (place := _declared(one.properties))}
        for resource in self.resources if declared else ():
            above: Resource | None = resource
            while above is not None and above.urn not in declared:
                above = self.by_urn.get(above.parent or "")
            if above is not None:
                resource.location = declared[above.urn]

    @classmethod
    def together(cls, graphs: Iterable[Graph]) -> Graph:
        """One graph of several, judged as one."""
        parts = list(graphs)
        return cls(
            (resource for graph in parts for resource in graph.resources),
            (stack for graph in parts for stack in graph.stacks.values()),
            (lookup for graph in parts for lookup in graph.lookups),
            (entry for graph in parts for entry in graph.not_inspected),
            all(graph.complete for graph in parts),
            parts[0].settings if parts else None,
        )

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these type tokens, in order of registration within each type."""
        for type_ in types:
            yield from self.by_type.get(type_, ())

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """`make()`, computed on first use and kept. An `UnknownRead` in it is kept too and raised each time; whoever
        uses a kept value has read the secrets that went into it."""
        value = self._kept.get(key, _NOT_YET)
        return self._make(key, make) if value is _NOT_YET else value

    def _make(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept with more to say than its value is kept beside: an unknown, or the secrets that went into it."""
        noted = self._noted.get(key)
        if noted is None:
            before, reading.secrets = reading.secrets, NOTHING
            try:
                value: Any = make()
            except UnknownRead as unknown:
                value = unknown
            except BaseException:
                reading.secrets |= before  # the words of a crash are withheld for what was read before, too
                raise
            noted, reading.secrets = (value, reading.secrets), before
            if not noted[1] and not isinstance(value, UnknownRead):
                self._kept[key] = value
                return value  # type: ignore[no-any-return]
            self._noted[key] = noted
        value, secrets = noted
        reading.secrets |= secrets
        if isinstance(value, UnknownRead):
            raise value.with_traceback(None)
        return value  # type: ignore[no-any-return]

    def _identities(self) -> dict[str, Resource]:
        found: dict[str, Resource] = {}
        keep = found.setdefault
        for resource in self.resources:
            # What a resource was given is another's (the `arn` of a TopicPolicy is its topic's). A pack cannot tell
            # what was given: it sees one object for both.
            given = {} if resource.properties is resource.outputs else resource.properties
            for name in () if resource.type in ECHOES else IDENTIFYING:
                value = resource.outputs.get(name)
                if not isinstance(value, str) or not value or name in given:
                    continue
                if keep(value, resource).stack != resource.stack:
                    keep(f"{resource.stack}\0{value}", resource)
        for resource in self.resources:
            if isinstance(resource.id, str) and resource.id:
                named = f"{resource.type}::{resource.id}"
                keep(named, resource)
                keep(f"{resource.stack}\0{named}", resource)
                if len(resource.id) > 12 and resource.custom:
                    keep(resource.id, resource)
            for name in NAMING & resource.outputs.keys():
                value = resource.outputs[name]
                if isinstance(value, str) and value != resource.id:  # what a pack sees of a resource has no id
                    named = f"{resource.type}::{value}"
                    keep(named, resource)
                    keep(f"{resource.stack}\0{named}", resource)
            keep(resource.urn, resource)
        return found

    def resolve(self, value: Any, *types: str, stack: str = "") -> Resource | None:
        """The resource that an id, ARN, URL or URN names; with `types`, only one of these types (names then count).

        The same name or ARN may stand in several stacks, each in an account of its own: that of `stack` comes first.
        """
        value = reveal(value, "reference")
        if isinstance(value, Symbol):
            found = self.by_urn.get(value.urn)
            return found if found is not None and (not types or found.type in types) else None
        if not isinstance(value, str):
            return None
        index = self.once("identities", self._identities)
        for type_ in types:
            found = index.get(f"{stack}\0{type_}::{value}") or index.get(f"{type_}::{value}")
            if found is not None:
                return found
        found = index.get(f"{stack}\0{value}") or index.get(value)
        if found is not None and types and found.type not in types:
            return None
        return found

    def target(self, resource: Resource, name: str, *types: str) -> Resource | None:
        """The resource that a reference property names: by its value, else (unknown in a preview) by the dependency
        that Pulumi recorded for the property. None where the property is not given, or names a thing outside the graph.

        Raises `UnknownRead` where the value is unknown and its dependencies do not settle it.
        """
        if resource.read.known(name):
            return self.resolve(resource.read.value(name), *types, stack=resource.stack)
        candidates = [
            self.by_urn[urn]
            for urn in resource.property_dependencies.get(name, ())
            if urn in self.by_urn and (not types or self.by_urn[urn].type in types)
        ]
        if len(candidates) == 1:
            return candidates[0]
        resource.read.value(name)
        return None

    def children(self, urn: str) -> list[Resource]:
        """The resources whose parent is this one."""
        index: dict[str, list[Resource]] = self.once("children", self._children)
        return index.get(urn, [])

    def _children(self) -> dict[str, list[Resource]]:
        index: dict[str, list[Resource]] = {}
        for resource in self.resources:
            if resource.parent:
                index.setdefault(resource.parent, []).append(resource)
        return index
