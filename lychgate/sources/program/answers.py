"""Symbolic answers: the outputs of a resource that does not exist yet, deterministic and traceable to the resource.

What a type's outputs are comes from the SDK the program uses (`shapes`, asked of the host). Then, for each output:
given as an input -> that value; an identity AWS would form (ARN, id, URL, autoname) -> formed the same way; another
text that the type always has -> a symbolic text; whatever AWS or the provider decides otherwise -> unknown.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from lychgate.model.graph import Resource
from lychgate.model.values import UNKNOWN, Secret, Symbol, Unknown, contains_unknown
from lychgate.sources.identities import Identity, Place, identify
from lychgate.sources.identities.kubernetes import is_namespaced

Shapes = Callable[[str], "dict[str, Any] | None"]

# Nested outputs that the service fills in beside what was given, so that an echo of the input would miss them.
# https://docs.aws.amazon.com/eks/latest/APIReference/API_VpcConfigResponse.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
COMPUTED_INSIDE: dict[str, dict[str, tuple[str, ...]]] = {
    "aws:eks/cluster:Cluster": {"vpcConfig": ("clusterSecurityGroupId", "vpcId")},
}

TEXT = {"kind": "text", "optional": False}
ROLE_ACCOUNT = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/")


class Answers:
    """Makes the answers of one stack. `account` and `region` are the environment's."""

    def __init__(self, shapes: Shapes, account: str, region: str) -> None:
        self.shapes = shapes
        self.account, self.region = account, region
        self.issued: dict[str, Symbol] = {}

    def place_of(self, resource: Resource, resources: Mapping[str, Resource]) -> Place:
        """Where a resource will stand: its own region, its provider's region and role, else the environment's."""
        provider = resources.get((resource.provider or "").rpartition("::")[0])
        region = resource.properties.get("region")
        if not isinstance(region, str) or not resource.type.startswith("aws:"):
            region = self.region_of(provider)
        return Place.of(self.account_of(provider), region)

    def region_of(self, provider: Resource | None) -> str:
        """The region of a provider, else the environment's."""
        region = provider.properties.get("region") if provider else None
        return region if isinstance(region, str) else self.region

    def account_of(self, provider: Resource | None) -> str:
        """The account of the role that a provider assumes, else the environment's."""
        roles = (
            json_value(provider.properties.get("assumeRoles") or provider.properties.get("assumeRole"))
            if provider
            else None
        )
        for role in reversed(roles if isinstance(roles, list) else [roles]):
            arn = role.get("roleArn") or role.get("role_arn") if isinstance(role, dict) else None
            found = ROLE_ACCOUNT.match(str(arn))
            if found:
                return found.group(1)
        return self.account

    def answer(
        self, resource: Resource, resources: Mapping[str, Resource], known_id: str | None = None
    ) -> tuple[str | Unknown, dict[str, Any]]:
        """The id and outputs of a resource; `known_id` for one that is read by its id."""
        if resource.type.startswith("pulumi:providers:"):
            return str(uuid.uuid5(uuid.NAMESPACE_URL, resource.urn)), dict(resource.properties)
        shapes = self.shapes(resource.type)
        if shapes is None:  # no SDK knows the type: a dynamic resource, or a package that is not installed
            return self._plain(resource)
        opened = {name: open_(value) for name, value in resource.properties.items()}
        known = {name: part for name, value in opened.items() if (part := known_part(value)) is not None}
        known |= provider_namespace(resource, resources, known)
        identity = identify(
            resource.type, resource.urn, resource.name, known, frozenset(shapes), self.place_of(resource, resources),
            unknown_names(resource),
        )  # fmt: skip
        outputs: dict[str, Any] = {}
        for name, shape in shapes.items():
            if name in resource.properties:
                outputs[name] = self._echo(resource, name, shape)
            elif name in identity.properties:
                outputs[name] = identity.properties[name]
            elif not shape["optional"]:
                outputs[name] = self._symbolic(shape, resource, name)
        if "arn" in shapes and "arn" not in resource.properties:
            outputs["arn"] = UNKNOWN if identity.arn is None else identity.arn
        if resource.type.startswith("kubernetes:"):
            outputs |= kubernetes_outputs(resource, outputs, identity, known)
            if known_id is not None:
                outputs["metadata"] |= named_by_id(known_id, is_namespaced(resource.type))
        ident = known_id if known_id is not None else identity.id
        return (UNKNOWN if ident is None else ident), outputs

    def _plain(self, resource: Resource) -> tuple[str | Unknown, dict[str, Any]]:
        """Inputs come back; an input given as None is a dynamic provider's way to declare an output: unknown."""
        outputs = {name: UNKNOWN if value is None else value for name, value in resource.properties.items()}
        return f"{resource.name}-{digest(resource.urn, 7)}", outputs

    def _echo(self, resource: Resource, name: str, shape: dict[str, Any]) -> Any:
        value = resource.properties[name]
        if shape["kind"] == "text" and isinstance(open_(value), dict | list):
            # A policy given as an object (`PolicyDocumentArgs`): the provider returns it as JSON text.
            return UNKNOWN if contains_unknown(value) else _as_text(value)
        inside = COMPUTED_INSIDE.get(resource.type, {}).get(name)
        if inside and isinstance(value, dict):
            value = {key: self._symbolic(TEXT, resource, f"{name}.{key}") for key in inside} | value
        return value

    def _symbolic(self, shape: dict[str, Any], resource: Resource, path: str) -> Any:
        """A symbolic value of a shape. How many elements a list will have is unknown; one stands for them."""
        kind = shape["kind"]
        if kind == "text":
            text = f"{resource.name}-{digest(resource.urn, 12)}.{path}"
            return self.issued.setdefault(text, Symbol.of(text, resource.urn, path))
        if kind == "list":
            element = self._symbolic(shape["of"], resource, f"{path}[0]")
            return UNKNOWN if isinstance(element, Unknown) else [element]
        if kind == "object":
            fields = {}
            for name, field in shape["fields"].items():
                value = self._symbolic(field, resource, f"{path}.{name}")
                if not (field["optional"] and contains_unknown(value)):
                    fields[name] = value
            return fields or UNKNOWN
        return UNKNOWN

    def mark(self, value: Any) -> Any:
        """The value with every text that is one of our symbols made one again."""
        if isinstance(value, str):
            return self.issued.get(value, value)
        if isinstance(value, dict):
            return {key: self.mark(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.mark(item) for item in value]
        return value


def known_part(value: Any) -> Any:
    """The value without the unknowns in its objects; None where nothing of it is known."""
    if isinstance(value, dict):
        return {key: part for key, item in value.items() if (part := known_part(item)) is not None}
    return None if contains_unknown(value) else value


def unknown_names(resource: Resource) -> frozenset[str]:
    """The properties that are given but not known; one inside an object as `metadata.name`."""
    names: set[str] = set()
    for name, value in resource.properties.items():
        bare = open_(value)
        if isinstance(bare, dict):
            names.update(f"{name}.{key}" for key, item in bare.items() if contains_unknown(item))
        if contains_unknown(bare):
            names.add(name)
    return frozenset(names)


def _as_text(value: Any) -> Any:
    """The value as JSON text; secret where any part of it is."""
    text = json.dumps(open_(value))
    return text if open_(value) == value else Secret(text)


def open_(value: Any) -> Any:
    """The value with its secrets opened, for the forming of names."""
    if isinstance(value, Secret):
        return open_(value.value)
    if isinstance(value, dict):
        return {key: open_(item) for key, item in value.items()}
    if isinstance(value, list):
        return [open_(item) for item in value]
    return value


def json_value(value: Any) -> Any:
    """Provider inputs arrive as JSON in a text where they are no plain text."""
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def digest(text: str, length: int) -> str:
    """Hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def provider_namespace(
    resource: Resource, resources: Mapping[str, Resource], known: Mapping[str, Any]
) -> dict[str, Any]:
    """The metadata of a Kubernetes object that leaves its namespace to its provider."""
    provider = resources.get((resource.provider or "").rpartition("::")[0])
    namespace = open_(provider.properties.get("namespace")) if provider else None
    metadata = known.get("metadata") or {}
    if not namespace or isinstance(namespace, Unknown) or not resource.type.startswith("kubernetes:"):
        return {}
    if not is_namespaced(resource.type) or metadata.get("namespace") or "metadata.namespace" in unknown_names(resource):
        return {}
    return {"metadata": {**metadata, "namespace": namespace}}


def named_by_id(ident: str, namespaced: bool) -> dict[str, str]:
    """Name and namespace of an existing object: its id is NAMESPACE/NAME, or NAME."""
    namespace, _, name = ident.rpartition("/")
    return {"name": name} | ({"namespace": namespace or "default"} if namespaced else {})


def kubernetes_outputs(
    resource: Resource, outputs: dict[str, Any], identity: Identity, known: Mapping[str, Any]
) -> dict[str, Any]:
    """What the API server adds to an object: its name and namespace, a uid."""
    metadata = open_(resource.properties.get("metadata") or {})
    if not isinstance(metadata, dict):
        return {}
    made: dict[str, Any] = {"uid": str(uuid.uuid5(uuid.NAMESPACE_URL, resource.urn))}
    unknown = unknown_names(resource)
    for name in ("name", "namespace"):
        path = f"metadata.{name}"
        if path in identity.properties:
            made[name] = identity.properties[path]
        elif "metadata" in unknown and name not in metadata:
            made[name] = UNKNOWN
    if namespace := (known.get("metadata") or {}).get("namespace"):
        made["namespace"] = namespace
    kind = resource.type.rpartition(":")[2]
    return {"metadata": made | metadata, "kind": outputs.get("kind", kind)}
