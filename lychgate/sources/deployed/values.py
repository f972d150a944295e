"""Property values as the engine writes them into a state (JSON), to the graph's values.

`SerializePropertyValue` of https://github.com/pulumi/pulumi/blob/master/pkg/resource/stack/deployment.go writes them;
the signatures are in sdk/go/common/resource/sig/sig.go.
"""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Any

import orjson

from lychgate.model.values import UNKNOWN, Secret, Unknown
from lychgate.sources.program.wire import (
    ARCHIVE,
    ASSET,
    DEPTH,
    RESOURCE,
    SECRET,
    SIGNATURE,
    UNKNOWNS,
)  # fmt: skip

BYTES = "803fd3297a5875dc03ca845dda5d2a98"
FLOAT = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"
# What stands in a secret that was not decrypted: whoever reads it does not know it.
ENCRYPTED = Unknown("is encrypted in the deployed state")


def from_json(value: Any, depth: int = 0) -> Any:
    """The graph's value. Raises ValueError for what the engine would not have written."""
    if depth > DEPTH:
        raise ValueError("a property is nested too deeply")
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWNS else value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= 2**53 else value
    if isinstance(value, list):
        return [from_json(item, depth + 1) for item in value]
    if isinstance(value, dict):
        if SIGNATURE in value:
            return _special(value, depth + 1)
        return {key: from_json(item, depth + 1) for key, item in value.items()}
    return value


def _special(fields: dict[str, Any], depth: int) -> Any:
    signature = fields[SIGNATURE]
    if signature == SECRET:
        return _secret(fields, depth)
    if signature == RESOURCE:
        return _reference(fields)
    if signature in (ASSET, ARCHIVE):
        content = {key: from_json(item, depth) for key, item in fields.items() if key != SIGNATURE}
        return {"$asset" if signature == ASSET else "$archive": content}
    if signature in (BYTES, FLOAT):
        try:
            return _bytes(fields["value"]) if signature == BYTES else _float(fields["value"])
        except (KeyError, TypeError, AttributeError, binascii.Error, struct.error):
            raise ValueError("a text or number that cannot be read") from None
    raise ValueError("a value with a signature that is not known")


def _secret(fields: dict[str, Any], depth: int) -> Secret:
    """A secret: with its value in a state that was exported with `--show-secrets`, else with a placeholder."""
    plain, hidden = fields.get("plaintext"), fields.get("ciphertext")
    if isinstance(plain, str) and hidden is None:
        try:
            return Secret(from_json(orjson.loads(plain), depth))
        except orjson.JSONDecodeError:
            raise ValueError("a secret that cannot be read") from None
    if isinstance(hidden, str) and plain is None:
        return Secret(ENCRYPTED)
    raise ValueError("a secret that has neither `ciphertext` nor `plaintext`, or both")


def _reference(fields: dict[str, Any]) -> str:
    """What a reference to a resource is in a capture: its id, else its URN. Older engines wrote the id as an object."""
    ident, urn = fields.get("id"), fields.get("urn")
    if isinstance(ident, dict):
        ident = ident.get("V")
    if not isinstance(urn, str):
        raise ValueError("a reference to a resource without a URN")
    return ident if isinstance(ident, str) and ident else urn


def _bytes(text: str) -> str:
    """A text that is no UTF-8, with its other bytes written out."""
    return base64.b64decode(text, validate=True).decode(errors="backslashreplace")


def _float(text: str) -> str:
    """A number that JSON does not have (infinity and the like), as a text."""
    return str(struct.unpack(">d", bytes.fromhex(text))[0])
