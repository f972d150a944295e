"""AWS KMS: keys, aliases, and which key a resource names for its encryption.

Defaults: symmetric key, no rotation, a waiting period of 30 days before deletion
(https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html, API_EnableKeyRotation.html,
API_ScheduleKeyDeletion.html). Aliases that begin with `alias/aws/` are reserved for keys that AWS manages
(https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, Symbol, UnknownRead
from lychgate.views.base import View, companions

KEYS = (
    "aws:kms/key:Key",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/externalKey:ExternalKey",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
)
ALIASES = ("aws:kms/alias:Alias",)

ALIAS = re.compile(r"(?:^|:)(alias/.+)")
AWS_ALIAS = re.compile(r"(^|:)alias/aws/")


@dataclass(frozen=True, slots=True)
class NamedKey:
    """The key that a resource names. `customer` is false for a key that AWS manages (`alias/aws/...`).

    `resource` is the key where it is in the graph, through an alias too. A key from elsewhere (an ARN, an id, an alias
    of another stack) is assumed to be a customer managed one, as its name cannot tell.
    """

    written: str
    customer: bool
    resource: Resource | None = None


def whose(key: NamedKey | None, otherwise: str) -> str:
    """Whose key that is, for messages; `otherwise` where none is named."""
    if key is None:
        return otherwise
    return f"the customer managed key {key.written}" if key.customer else f"AWS's managed key {key.written}"


def named_key(graph: Graph, resource: Resource, block: Block, name: str) -> NamedKey | None:
    """The key that a property names by id, ARN or alias; None where none is named.

    Raises `UnknownRead` where it is not known, unless all keys that the property depends on are customer managed ones.
    """
    if not block.known(name):
        property_ = re.split(r"[.\[]", block.at(name), maxsplit=1)[0]
        used = [graph.by_urn[urn] for urn in resource.property_dependencies.get(property_, ()) if urn in graph.by_urn]
        keys = [_key_of(graph, one, one.name) for one in used if one.type in KEYS + ALIASES]
        if not keys or not all(key.customer for key in keys):
            block.value(name)
        return keys[0] if len(keys) == 1 else NamedKey("one of several keys", True)
    value = block.value(name)
    if value is None or value == "":
        return None
    found = graph.resolve(value, *KEYS, *ALIASES, stack=resource.stack)
    if found is not None:
        return _key_of(graph, found, found.name)
    if isinstance(value, Symbol):
        raise UnknownRead(resource.urn, block.at(name), f"is decided when {value.urn.rpartition('::')[2]} is deployed")
    if not str(value).startswith("alias/") and graph.once(
        ("aws keys", resource.stack), lambda: _looks_up(graph, resource)
    ):
        why = "is perhaps the key of AWS that the program looks up by its alias; name a key of your own"
        raise UnknownRead(resource.urn, block.at(name), why)
    return _by_name(graph, str(value))


def _key_of(graph: Graph, found: Resource, written: str) -> NamedKey:
    """The key that a key or alias of the graph stands for."""
    if found.type not in ALIASES:
        return NamedKey(written, True, found)
    if any(AWS_ALIAS.search(str(name)) for name in (found.id, found.properties.get("name"))):
        return NamedKey(str(found.properties.get("name") or found.id), False)
    key = None if found.external else graph.target(found, "targetKeyId", *KEYS)
    return NamedKey(written, True, key)


def _looks_up(graph: Graph, resource: Resource) -> bool:
    """Whether the resource's program looks up a key that AWS manages: which ARN it found cannot be told."""
    return any(
        lookup.stack == resource.stack
        and lookup.token.startswith(("aws:kms/getKey:", "aws:kms/getAlias:", "aws:kms:getKey", "aws:kms:getAlias"))
        and any(AWS_ALIAS.search(str(argument)) for argument in lookup.arguments.values())
        for lookup in graph.lookups
    )


def _by_name(graph: Graph, text: str) -> NamedKey:
    if AWS_ALIAS.search(text):
        return NamedKey(text, False)
    named = ALIAS.search(text)
    found = graph.once("key aliases", lambda: _aliases(graph)).get(named.group(1)) if named else None
    return NamedKey(text, True) if found is None else _key_of(graph, found, text)


def _aliases(graph: Graph) -> dict[str, Resource]:
    """The aliases of the graph by their names."""
    named = ((one.properties.get("name") or one.id, one) for one in graph.of_type(*ALIASES))
    return {name: one for name, one in named if isinstance(name, str)}


class Key(View):
    """A customer managed key: one of KMS, a replica, or one with imported material."""

    types = KEYS
    __slots__ = ()

    @property
    def spec(self) -> str:
        """The key spec; `SYMMETRIC_DEFAULT` where nothing is said."""
        name = "keySpec" if "xternal" in self.resource.type else "customerMasterKeySpec"
        return self.read.text(name) or "SYMMETRIC_DEFAULT"

    @property
    def usage(self) -> str:
        """`ENCRYPT_DECRYPT` (the default), `SIGN_VERIFY`, `GENERATE_VERIFY_MAC` or `KEY_AGREEMENT`."""
        return self.read.text("keyUsage") or "ENCRYPT_DECRYPT"

    @property
    def can_rotate(self) -> bool:
        """Whether KMS can rotate the key by itself: symmetric, made by KMS, in no custom key store, no replica.

        https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
        """
        made_by_kms = self.resource.type == KEYS[0]
        return made_by_kms and self.spec == "SYMMETRIC_DEFAULT" and not self.read.has("customKeyStoreId")

    @property
    def rotates(self) -> bool:
        """Whether automatic rotation is on."""
        return self.read.flag("enableKeyRotation")

    @property
    def rotation_days(self) -> float:
        """Days between rotations, where it rotates; a year by default."""
        return self.read.number("rotationPeriodInDays") or 365

    @property
    def deletion_days(self) -> float:
        """Days that a deletion waits and can be cancelled."""
        return self.read.number("deletionWindowInDays") or 30

    @property
    def enabled(self) -> bool:
        """Whether the key can be used."""
        return self.read.flag("isEnabled" if self.resource.type == KEYS[0] else "enabled", True)

    @property
    def multi_region(self) -> bool:
        """Whether the key may have replicas in other regions."""
        return self.read.flag("multiRegion") or "eplica" in self.resource.type

    @property
    def aliases(self) -> list[Resource]:
        """The aliases of the key."""
        return companions(self.graph, ALIASES, "targetKeyId", *KEYS).of(self.resource)
