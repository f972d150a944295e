"""Pulumi's property values on the wire (protobuf `Struct`) to the graph's values and back.

The signatures are those of the SDK's own `pulumi.runtime.rpc`; `UNKNOWN` is its sentinel for a computed value.
"""

from __future__ import annotations

import math
from typing import Any

from google.protobuf import struct_pb2

from lychgate.model.values import UNKNOWN, Secret, Unknown

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWNS = {
    UNKNOWN_TEXT,
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}
DEPTH = 200


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The values of a Struct."""
    return {key: from_value(value) for key, value in struct.fields.items()}


def from_value(value: struct_pb2.Value, depth: int = 0) -> Any:
    """One value. Raises ValueError for one that is nested deeper than any real property, or is no number of JSON."""
    if depth > DEPTH:
        raise ValueError("a property is nested too deeply")
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if len(text) == 36 and text in UNKNOWNS else text
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields:
            return _special({key: from_value(item, depth + 1) for key, item in fields.items()})
        return {key: from_value(item, depth + 1) for key, item in fields.items()}
    if kind == "list_value":
        return [from_value(item, depth + 1) for item in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        return _number(value.number_value)
    return None


def _number(number: float) -> int | float:
    """A whole number as such, as long as a double can tell it from its neighbours."""
    if not math.isfinite(number):
        raise ValueError(f"a property holds the number {number}")
    return int(number) if number.is_integer() and abs(number) <= 2**53 else number


def _special(fields: dict[str, Any]) -> Any:
    signature = fields.pop(SIGNATURE)
    if signature == SECRET:
        return Secret(fields.get("value"))
    if signature == OUTPUT:
        value = fields.get("value", UNKNOWN)
        return Secret(value) if fields.get("secret") else value
    if signature == RESOURCE:
        ident = fields.get("id")
        return ident if ident not in (None, "") else fields.get("urn")
    if signature in (ASSET, ARCHIVE):
        return {"$asset" if signature == ASSET else "$archive": fields}
    return fields


def output_dependencies(value: struct_pb2.Value) -> set[str]:
    """The URNs that output values anywhere in this value say they depend on."""
    found: set[str] = set()
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields and fields[SIGNATURE].string_value == OUTPUT and "dependencies" in fields:
            found.update(item.string_value for item in fields["dependencies"].list_value.values)
        for item in fields.values():
            found |= output_dependencies(item)
    elif kind == "list_value":
        for item in value.list_value.values:
            found |= output_dependencies(item)
    return found


def to_struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """The Struct of these values."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        _set(struct.fields[key], value)
    return struct


def _set(target: struct_pb2.Value, value: Any) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bool):
        target.bool_value = value
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, Unknown):
        target.string_value = UNKNOWN_TEXT
    elif isinstance(value, Secret):
        target.struct_value.fields[SIGNATURE].string_value = SECRET
        _set(target.struct_value.fields["value"], value.value)
    elif isinstance(value, dict):
        _set_object(target.struct_value, value)
    else:
        target.list_value.SetInParent()
        for item in value:
            _set(target.list_value.values.add(), item)


def _set_object(struct: struct_pb2.Struct, value: dict[str, Any]) -> None:
    for mark, signature in (("$asset", ASSET), ("$archive", ARCHIVE)):
        if mark in value:
            struct.fields[SIGNATURE].string_value = signature
            value = value[mark]
    struct.SetInParent()
    for key, item in value.items():
        _set(struct.fields[key], item)
