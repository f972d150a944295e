"""A DSSE envelope: bytes, what they are, and who has signed both. Read as hostile data.

https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from lychgate.reports.signing.keys import ServiceError, service
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Key, Signer  # type: ignore[attr-defined]  # it has no __all__

MOST_SIGNATURES = 20


class EnvelopeError(ValueError):
    """What is no envelope, or one that nobody who counts has signed; the text says which."""


class _Signature(BaseModel):
    """One signature; `bundle` is what sigstore adds to it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    keyid: Annotated[str, Field(max_length=1000)]
    sig: Annotated[str, Field(max_length=10_000)]
    bundle: dict[str, Any] | None = None


class _Envelope(BaseModel):
    """The whole: nothing in it that is not known, since it would not be signed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    payload: str
    payloadType: str
    signatures: Annotated[list[_Signature], Field(min_length=1, max_length=MOST_SIGNATURES)]


@dataclass(frozen=True, slots=True)
class Opened:
    """What was signed, the keys of ours that have signed it, and the ids of signatures that nobody was asked about."""

    payload: bytes
    keys: tuple[Key, ...]
    others: tuple[str, ...]


def seal(payload: bytes, payload_type: str, signer: Signer) -> bytes:
    """An envelope, as its file holds it; the signature is verified before it is given out. Raises ServiceError."""
    envelope = Envelope(payload, payload_type, {})
    with service("the signature"):
        envelope.sign(signer)
    if not _verifies(envelope, signer.public_key):
        raise ServiceError("the signature: what was made does not hold")
    return orjson.dumps(envelope.to_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def unseal(data: bytes, payload_type: str, keys: Sequence[Key]) -> Opened:
    """What at least one of the keys has signed as a payload of this type. Raises EnvelopeError."""
    envelope = _read(data)
    if envelope.payload_type != payload_type:
        raise EnvelopeError("an envelope of something else")
    verified = tuple(key for key in dict.fromkeys(keys) if _verifies(envelope, key))
    if not verified:
        raise EnvelopeError("no trusted key has signed it")
    known = {key.keyid for key in verified}
    return Opened(envelope.payload, verified, tuple(one for one in envelope.signatures if one not in known))


def _read(data: bytes) -> Envelope:
    try:
        document = json.loads(data.decode(), object_pairs_hook=_once)
        _Envelope.model_validate(document)
        return Envelope.from_dict(document)
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError):
        raise EnvelopeError("no signed envelope") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; where a key stands in it twice, readers would not agree on what was signed."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that stands there twice")
    return found


def _verifies(envelope: Envelope, key: Key) -> bool:
    try:
        return bool(envelope.verify([key], threshold=1))
    except (VerificationError, ValueError):
        return False
