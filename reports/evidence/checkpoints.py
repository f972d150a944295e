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

from lychgate.reports.evidence.canonical import canonical
from lychgate.reports.evidence.record import moment_of
from lychgate.reports.signing.envelope import EnvelopeError, seal, unseal
from lychgate.reports.signing.keys import read_file
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from securesystemslib.signer import Key, Signer  # type: ignore[attr-defined]  # it has no __all__

from lychgate.model.errors import InputError

TYPE = "application/vnd.lychgate.evidence-checkpoint+json"
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


def sign(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The envelope, as its file holds it. Raises ServiceError."""
    return seal(canonical({"format": 1, **asdict(checkpoint)}), TYPE, signer)


def verified(data: bytes, name: str, keys: Sequence[Key]) -> Checkpoint:
    """What one of the keys has signed. Raises InputError for anything else; `name` is what the file is called."""
    expected = "a checkpoint that a trusted key has signed"
    try:
        payload = _Payload.model_validate_json(unseal(data, TYPE, keys).payload)
    except EnvelopeError as error:
        raise InputError(name, found=str(error), expected=expected) from None
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
            found.append(verified(read_file(str(file)), str(file), keys))
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
