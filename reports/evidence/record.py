"""A record: its header, whose canonical form is hashed, and its document, whose digest stands in the header."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from lychgate.reports.evidence.canonical import NotCanonicalError, canonical, digest

FORMAT = 1
Kind = Literal["check", "sync", "removal", "prune"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Fields of a header that hold several words.
SEVERAL = ("stacks", "applications", "tenants")
MAX_DOCUMENT = 512_000_000


class BrokenRecordError(ValueError):
    """A stored record that cannot be one; the text says what of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a decision, to search by: `None` and `()` where nobody said.

    `decision` is the verdict's own word; `outcome` what came of a sync (begun, applied, refused, failed, cancelled).
    `judged_at` is the moment that the document gives. `told_by` says on whose word branch, pipeline and requester stand
    here; of a sync they are in its own record. `pruned_to` is of a record of pruning alone: the last that went.
    """

    kind: Kind
    stacks: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    environment: str | None = None
    commit: str | None = None
    branch: str | None = None
    pipeline: str | None = None
    requester: str | None = None
    told_by: str | None = None
    decision: str | None = None
    outcome: str | None = None
    ruleset: str | None = None
    judged_at: str | None = None
    pruned_to: int | None = None


FACTS = tuple(one.name for one in fields(Facts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Facts, and what chains them: `store` is the store's id, `previous` the hash of the header before."""

    store: str
    sequence: int
    previous: str
    recorded_at: str
    document_digest: str
    document_size: int
    facts: Facts

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what is hashed."""
        facts = {name: getattr(self.facts, name) for name in FACTS}
        return {
            "format": FORMAT,
            "store": self.store,
            "sequence": self.sequence,
            "previous": self.previous,
            "recorded_at": self.recorded_at,
            "document": {"sha256": self.document_digest, "size": self.document_size},
            **{name: list(value) if name in SEVERAL else value for name, value in facts.items()},
        }

    @property
    def canonical(self) -> bytes:
        """The header as it is hashed. Raises NotCanonicalError."""
        return canonical(self.as_dict())

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical form, hexadecimal."""
        return digest(self.canonical)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be recorded."""

    facts: Facts
    document: bytes
    digest: str = field(default="")

    @classmethod
    def of(cls, facts: Facts, document: Mapping[str, Any]) -> Entry:
        """An entry of a document. Raises NotCanonicalError."""
        data = canonical(document)
        if len(data) > MAX_DOCUMENT:
            raise NotCanonicalError(f"more than {MAX_DOCUMENT:,} bytes")
        return cls(facts, data, digest(data))


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it is stored: nothing of it is believed before it was checked."""

    values: Mapping[str, Any]
    document: Any = None

    @property
    def sequence(self) -> Any:
        """Its number."""
        return self.values["sequence"]

    @property
    def hash(self) -> Any:
        """The hash that is stored with it."""
        return self.values["hash"]

    def header(self, store: str) -> Header:
        """The header that its columns make. Raises BrokenRecordError."""
        facts = {name: self._fact(name) for name in FACTS}
        if facts["kind"] not in KINDS:
            raise BrokenRecordError("its kind is none that there is")
        own = {name: self.values[name] for name in ("sequence", "previous", "recorded_at", "document_digest")}
        for name, value in own.items():
            if not isinstance(value, int if name == "sequence" else str):
                raise BrokenRecordError(f"its {name} is not of its type")
        size = self.values["document_size"]
        if not isinstance(size, int):
            raise BrokenRecordError("its document_size is not of its type")
        return Header(store=store, document_size=size, facts=Facts(**facts), **own)

    def _fact(self, name: str) -> Any:
        value = self.values[name]
        if name in SEVERAL:
            if not isinstance(value, str) or (value and not (value.startswith("\n") and value.endswith("\n"))):
                raise BrokenRecordError(f"its {name} is no list")
            return tuple(value[1:-1].split("\n")) if value else ()
        if value is not None and not isinstance(value, int if name == "pruned_to" else str):
            raise BrokenRecordError(f"its {name} is not of its type")
        return value

    def content(self) -> bytes:
        """The document, as it was hashed. Raises BrokenRecordError."""
        size = self.values["document_size"]
        if not isinstance(self.document, bytes) or not isinstance(size, int) or not 0 <= size <= MAX_DOCUMENT:
            raise BrokenRecordError("its document is not there")
        unpacker = zlib.decompressobj()
        try:
            data = unpacker.decompress(self.document, size + 1)
        except zlib.error:
            raise BrokenRecordError("its document cannot be unpacked") from None
        if len(data) != size or not unpacker.eof or unpacker.unused_data:
            raise BrokenRecordError("its document has another size than its header says")
        if digest(data) != self.values["document_digest"]:
            raise BrokenRecordError("its document is not the one that was recorded")
        return data


def row_of(header: Header, document: bytes) -> dict[str, Any]:
    """The columns of a record."""
    facts = {name: getattr(header.facts, name) for name in FACTS}
    return {
        "sequence": header.sequence,
        "previous": header.previous,
        "hash": header.hash,
        "recorded_at": header.recorded_at,
        "document_digest": header.document_digest,
        "document_size": header.document_size,
        **{name: _joined(value) if name in SEVERAL else value for name, value in facts.items()},
        "document": zlib.compress(document),
    }


def genesis(store: str) -> str:
    """What the first record of a store chains to."""
    return digest(f"lychgate evidence {store}".encode())


def stamp(moment: datetime) -> str:
    """A moment in UTC, in a form that sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(text: str) -> datetime:
    """The moment of a stamp. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _joined(words: tuple[str, ...]) -> str:
    """Words between line feeds, so that one can be searched for whole."""
    return "".join(f"\n{word}" for word in words) + "\n" if words else ""
