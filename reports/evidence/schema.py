"""The tables, as the newest migration leaves them."""

from __future__ import annotations

from lychgate.reports.evidence.record import FACTS
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, Text

HEAD = "0001"  # the newest migration; a store of another is not read

metadata = MetaData()
# Compared by bytes, so that moments sort as text everywhere.
_EXACT = Text().with_variant(Text(collation="C"), "postgresql")


def _fact(name: str) -> Column[object]:
    return Column(name, BigInteger() if name == "pruned_to" else _EXACT)


store = Table("evidence_store", metadata, Column("id", String(36), primary_key=True), Column("created_at", _EXACT))

record = Table(
    "evidence_record",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("recorded_at", _EXACT, nullable=False, index=True),
    Column("document_digest", String(64), nullable=False, unique=True),
    Column("document_size", BigInteger, nullable=False),
    *map(_fact, FACTS),
    Column("document", LargeBinary, nullable=False),
)
HEADER = tuple(column.name for column in record.columns if column.name != "document")
