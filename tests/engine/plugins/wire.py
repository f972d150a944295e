"""Property values as they travel between engine and provider: plain JSON values and a few marked forms.

The markers are those of the Pulumi SDK (`pulumi.runtime.rpc`): an unknown value is a certain string, and a secret,
asset, archive or resource reference is an object with a signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

UNKNOWN: str = rpc.UNKNOWN
SIGNATURE: str = rpc._special_sig_key
DEFAULTS = "__defaults"

Properties = dict[str, Any]


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties of a request."""
    return json_format.MessageToDict(struct)


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties for a response."""
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def is_plain_object(value: object) -> bool:
    """Whether this is an object of the program and not a secret, asset, archive or reference."""
    return isinstance(value, dict) and SIGNATURE not in value


def has_unknown(value: object) -> bool:
    """Whether the value, or any part of it, is only known after a deployment."""
    return any(part == UNKNOWN for part in _leaves(value))


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    else:
        yield value
