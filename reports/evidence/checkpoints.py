"""Checkpoints: where the chain was at a moment, signed, and kept where who can write the store cannot.

One file is one DSSE envelope (github.com/secure-systems-lab/dsse), which other tools can verify as well.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import orjson
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from lychgate.reports.evidence.canonical import canonical
from lychgate.reports.evidence.record import moment_of
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, Key, SSlibKey  # type: ignore[attr-defined]  # it has no __all__

from lychgate.model.errors import InputError

TYPE = "application/vnd.lychgate.evidence-checkpoint+json"
MAX_BYTES = 100_000
PASSPHRASE = "LYCHGATE_SIGNING_PASSPHRASE"
NAME = re.compile(r"checkpoint-[0-9]{12}\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The newest record at a moment: its number, hash and time, how many there were, and up to where was pruned."""

    store: str
    sequence: int
    hash: str
    recorded_at: str
    records: int
    pruned_to: int
    at: str

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"checkpoint-{self.sequence:012}.json"


def _moment(text: str) -> str:
    moment_of(text)
    return text


_Number = Annotated[int, Field(ge=0, lt=2**53)]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[1]
    store: Annotated[str, Field(max_length=100)]
    sequence: Annotated[int, Field(ge=1, lt=2**53)]
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    recorded_at: Annotated[str, AfterValidator(_moment)]
    records: _Number
    pruned_to: _Number
    at: Annotated[str, AfterValidator(_moment)]


def read_signer(file: Path) -> CryptoSigner:
    """A private key: PEM, Ed25519 or ECDSA. Its passphrase is LYCHGATE_SIGNING_PASSPHRASE. Raises InputError."""
    passphrase = os.environ.get(PASSPHRASE)
    try:
        key = load_pem_private_key(_read(file), passphrase.encode() if passphrase else None)
        return CryptoSigner(key)
    except (ValueError, TypeError):
        expected = f"an Ed25519 or ECDSA private key in PEM; its passphrase in {PASSPHRASE}, if it has one"
        raise InputError(str(file), found="no key that can be used", expected=expected) from None


def read_key(file: Path) -> SSlibKey:
    """A public key: PEM. Raises InputError."""
    try:
        return SSlibKey.from_crypto(load_pem_public_key(_read(file)))
    except (ValueError, TypeError):
        raise InputError(str(file), found="no public key", expected="an Ed25519 or ECDSA public key in PEM") from None


def sign(checkpoint: Checkpoint, signer: CryptoSigner) -> bytes:
    """The envelope, as its file holds it."""
    envelope = Envelope(canonical({"format": 1, **asdict(checkpoint)}), TYPE, {})
    envelope.sign(signer)
    return orjson.dumps(envelope.to_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def verified(data: bytes, name: str, keys: Sequence[Key]) -> Checkpoint:
    """What one of the keys has signed. Raises InputError for anything else; `name` is what the file is called."""
    expected = "a checkpoint that a trusted key has signed"
    try:
        envelope = Envelope.from_dict(orjson.loads(data))
    except Exception:  # whatever the library makes of hostile data
        raise InputError(name, found="no signed checkpoint", expected=expected) from None
    if envelope.payload_type != TYPE:
        raise InputError(name, found="an envelope of something else", expected=expected)
    try:
        envelope.verify(list(keys), threshold=1)
    except (VerificationError, ValueError):
        raise InputError(name, found="no trusted key has signed it", expected=expected) from None
    try:
        payload = _Payload.model_validate_json(envelope.payload)
    except ValidationError:
        raise InputError(name, found="what was signed is no checkpoint of this format", expected=expected) from None
    return Checkpoint(**payload.model_dump(exclude={"format"}))


def read_all(places: Sequence[Path], keys: Sequence[Key]) -> list[Checkpoint]:
    """The checkpoints in files, and in folders, in the order of their records.

    Raises InputError, with every file that holds none: one that was made useless is as bad as one that is gone.
    """
    found, errors = [], []
    for file in _files(places):
        try:
            found.append(verified(_read(file), str(file), keys))
        except InputError as error:
            errors.append(error)
    if errors:
        raise InputError.of(errors)
    return sorted(found, key=lambda one: (one.sequence, one.at))


def write(checkpoint: Checkpoint, data: bytes, folder: Path) -> Path | None:
    """Keep a checkpoint in a folder; None where it has one of this record. Nothing is ever replaced. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / checkpoint.file
    number, name = tempfile.mkstemp(dir=folder, prefix=".")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.link(name, target)
    except FileExistsError:
        return None
    finally:
        Path(name).unlink(missing_ok=True)
    return target


def _files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(one for one in place.iterdir() if NAME.fullmatch(one.name))
        else:
            yield place


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(str(file), found=f"cannot be read: {error.strerror}", expected="a file") from None
    if len(data) > MAX_BYTES:
        raise InputError(str(file), found="too large", expected=f"at most {MAX_BYTES:,} bytes")
    return data
