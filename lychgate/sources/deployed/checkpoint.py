"""A state that the Pulumi engine wrote, to the graph: a file of a DIY backend or what `pulumi stack export` prints.

The fields are those of https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go (VersionedCheckpoint,
UntypedDeployment, DeploymentV3, ResourceV3). Inputs are what the provider's Check made of what the program said: with
`__defaults`, automatic names and `tagsAll`, which `provisioner.sync.difference` knows to leave aside.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from lychgate.model.errors import InputError, shown
from lychgate.model.graph import Graph, Location, Resource, StackInfo
from lychgate.sources.deployed.values import from_json

MAX_BYTES = 256 << 20
MAX_RESOURCES = 100_000
VERSIONS = (3, 4)
# `supportedFeatures` of pkg/resource/stack/deployment.go: a state that needs another one may mean something else.
FEATURES = frozenset({
    "refreshBeforeUpdate", "views", "hooks", "taint", "replaceWith", "snippets-prototype", "extensionParameterization",
    "byteString",
})  # fmt: skip
STACK = "pulumi:pulumi:Stack"
POSITION = re.compile(r"project:///([^#]+)#(\d{1,9})")
# Field of the state -> name in `Resource.options`.
FLAGS = ("protect", "retainOnDelete", "taint", "pendingReplacement", "refreshBeforeUpdate")
LISTS = ("ignoreChanges", "replaceOnChanges", "additionalSecretOutputs", "aliases", "replaceWith", "initErrors")
TEXTS = {"importID": "importId", "deletedWith": "deletedWith", "viewOf": "viewOf"}
WANTED = "a state of Pulumi: a stack's file in a backend, or what `pulumi stack export` writes"


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation that the engine had begun and whose end it never wrote down: nobody knows whether it happened.

    `operation` is creating, updating, deleting or reading.
    """

    operation: str
    urn: str
    type: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a state says exists.

    `leftovers` are old halves of replacements that the next deployment deletes; their URNs are those of resources in
    `graph`. `project` and `stack` are empty where the state holds no resources. `time` (RFC 3339) and `version` are
    when and by which engine it was written. `secrets_provider` encrypts its secrets, as `Pulumi.STACK.yaml` would name
    it: a URL, `passphrase` or `service`; empty where the state does not say.
    """

    graph: Graph
    project: str = ""
    stack: str = ""
    leftovers: tuple[Resource, ...] = ()
    pending: tuple[Pending, ...] = ()
    time: str = ""
    version: str = ""
    secrets_provider: str = ""


def read_checkpoint(data: bytes, file: str = "the state") -> Deployed:
    """What a state holds; `file` is its name in messages. Secrets stay encrypted where they are.

    Raises InputError for what is no such state, or is larger than a real one (256 MiB, 100,000 resources).
    """
    try:
        return _deployed(_deployment(_parsed(data)))
    except ValueError as error:
        raise InputError(file, found=str(error), expected=WANTED) from None


def _parsed(data: bytes) -> dict[str, Any]:
    if data[:4] == b"\x28\xb5\x2f\xfd":
        raise ValueError("the state is compressed with zstd, which cannot be read here: use `pulumi stack export`")
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = stream.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise ValueError("it is compressed with gzip, and damaged") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        return _object(orjson.loads(data), "it")
    except orjson.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error.msg})") from None


def _deployment(document: dict[str, Any]) -> dict[str, Any]:
    """The deployment inside either wrapping; empty for a stack that was never deployed."""
    names = [name for name in ("checkpoint", "deployment") if name in document]
    if not names and set(document) - {"version", "features"}:
        raise ValueError("it has neither `checkpoint` nor `deployment`")
    inner = _object(document[names[0]] or {}, names[0]) if names else {}
    if names == ["checkpoint"]:
        inner = _object(inner.get("latest") or {}, "checkpoint.latest")
    if not inner.get("resources") and not inner.get("pending_operations"):
        return inner
    version = document.get("version")
    if version not in VERSIONS:
        raise ValueError(f"it has version {shown(version)} where 3 or 4 was expected")
    missing = [one for one in _texts(document.get("features"), "features") if one not in FEATURES]
    if missing:
        raise ValueError(f"it needs a feature that is not known here: {shown(missing[0])}")
    return inner


def _deployed(deployment: dict[str, Any]) -> Deployed:
    entries = _list(deployment.get("resources"), "resources")
    if len(entries) > MAX_RESOURCES:
        raise ValueError(f"it has more than {MAX_RESOURCES} resources")
    found: dict[str, Resource] = {}
    leftovers: list[Resource] = []
    for index, entry in enumerate(entries):
        fields = _object(entry, f"resources[{index}]")
        resource = _resource(fields, f"resources[{index}]")
        if _flag(fields, "delete", resource.urn):
            leftovers.append(resource)
        elif found.setdefault(resource.urn, resource) is not resource:
            raise ValueError(f"two resources have the URN {shown(resource.urn)}")
    manifest = _object(deployment.get("manifest") or {}, "manifest")
    project, stack = _whose([*found.values(), *leftovers])
    roots = [one for one in found.values() if one.type == STACK]
    info = StackInfo(f"{project}/{stack}", project, stack, outputs=roots[0].outputs if roots else {})
    graph = Graph(sorted(found.values(), key=lambda one: one.urn), [info] if found else [])
    pending = _list(deployment.get("pending_operations"), "pending_operations")
    return Deployed(
        graph, project, stack, tuple(sorted(leftovers, key=lambda one: one.urn)), tuple(_pending(pending)),
        _text(manifest, "time", "manifest"), _text(manifest, "version", "manifest"), _secrets_provider(deployment),
    )  # fmt: skip


def _secrets_provider(deployment: dict[str, Any]) -> str:
    """The type, but for `cloud` the URL that is beside it: https://github.com/pulumi/pulumi/blob/master/pkg/secrets."""
    told = _object(deployment.get("secrets_providers") or {}, "secrets_providers")
    state = _object(told.get("state") or {}, "secrets_providers.state")
    kind = _text(told, "type", "secrets_providers")
    return (_text(state, "url", "secrets_providers.state") or kind) if kind == "cloud" else kind


def _resource(fields: dict[str, Any], where: str) -> Resource:
    urn, type_ = _text(fields, "urn", where), _text(fields, "type", where)
    stack, project, name = _urn(urn, where)
    if not type_:
        raise ValueError(f"{where} has no type")
    dependencies = _object(fields.get("propertyDependencies") or {}, f"{where}.propertyDependencies")
    return Resource(
        urn=urn, type=type_, name=name, stack=f"{project}/{stack}",
        properties=_properties(fields, "inputs", where),
        outputs=_properties(fields, "outputs", where),
        parent=_text(fields, "parent", where) or None,
        provider=_text(fields, "provider", where) or None,
        dependencies=tuple(sorted(_texts(fields.get("dependencies"), f"{where}.dependencies"))),
        property_dependencies={key: tuple(sorted(found)) for key, urns in dependencies.items()
                               if (found := _texts(urns, f"{where}.propertyDependencies"))},
        options=_options(fields, where),
        location=_location(_text(fields, "sourcePosition", where)),
        id=_text(fields, "id", where) or None,
        custom=_flag(fields, "custom", where),
        external=_flag(fields, "external", where),
    )  # fmt: skip


def _urn(urn: str, where: str) -> tuple[str, str, str]:
    """Stack, project and name in a URN; a name may hold `::` itself."""
    parts = urn.split("::", 3)
    if len(parts) != 4 or not parts[0].startswith("urn:pulumi:") or not all(parts):
        raise ValueError(f"{where} has the URN {shown(urn)}")
    return parts[0].removeprefix("urn:pulumi:"), parts[1], parts[3]


def _whose(resources: Iterable[Resource]) -> tuple[str, str]:
    """Project and stack of a state. All of its resources are of one stack."""
    owners = {tuple(_urn(one.urn, "a resource")[:2]) for one in resources}
    if len(owners) > 1:
        raise ValueError("it holds resources of several stacks")
    for stack, project in owners:
        return project, stack
    return "", ""


def _options(fields: dict[str, Any], where: str) -> dict[str, Any]:
    found: dict[str, Any] = {name: True for name in FLAGS if _flag(fields, name, where)}
    found |= {name: texts for name in LISTS if (texts := _texts(fields.get(name), f"{where}.{name}"))}
    found |= {option: text for name, option in TEXTS.items() if (text := _text(fields, name, where))}
    return found


def _properties(fields: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    values = _object(fields.get(name) or {}, f"{where}.{name}")
    try:
        return {key: from_json(value) for key, value in values.items()}
    except ValueError as error:
        raise ValueError(f"{where}.{name} holds {error}") from None


def _location(position: str) -> Location | None:
    """Where the program registers it; None where that is not in a file of the project's own."""
    found = POSITION.match(position)
    return Location(found[1], max(int(found[2]), 1)) if found and ".." not in found[1].split("/") else None


def _pending(entries: list[Any]) -> Iterable[Pending]:
    for index, entry in enumerate(entries):
        where = f"pending_operations[{index}]"
        fields = _object(entry, where)
        resource = _object(fields.get("resource"), f"{where}.resource")
        urn = _text(resource, "urn", where)
        _urn(urn, where)
        yield Pending(_text(fields, "type", where), urn, _text(resource, "type", where))


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {shown(value)} where an object was expected")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list | None):
        raise ValueError(f"{where} is {shown(value)} where a list was expected")
    return value or []


def _texts(value: Any, where: str) -> list[str]:
    for one in _list(value, where):
        if not isinstance(one, str):
            raise ValueError(f"{where} holds {shown(one)} where a text was expected")
    return value or []


def _text(fields: dict[str, Any], name: str, where: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str | None):
        raise ValueError(f"{where}.{name} is {shown(value)} where a text was expected")
    return value or ""


def _flag(fields: dict[str, Any], name: str, where: str) -> bool:
    value = fields.get(name)
    if not isinstance(value, bool | None):
        raise ValueError(f"{where}.{name} is {shown(value)} where true or false was expected")
    return bool(value)
