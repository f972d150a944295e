"""The store and its records, and triggers that keep them append-only.

The triggers are a second line: who owns the database can take them away, and `lychgate evidence verify` finds what is
done then. A record may be deleted only when one of pruning covers it.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORDS = (
    "kind", "stacks", "applications", "tenants", "environment", "commit", "branch", "pipeline", "requester", "told_by",
    "decision", "outcome", "ruleset", "judged_at",
)  # fmt: skip

SQLITE = (
    """
    CREATE TRIGGER evidence_record_chained BEFORE INSERT ON evidence_record
    WHEN NEW.sequence <> 1 + (SELECT coalesce(max(sequence), 0) FROM evidence_record)
      OR NEW.previous <> coalesce((SELECT hash FROM evidence_record ORDER BY sequence DESC LIMIT 1), NEW.previous)
    BEGIN SELECT RAISE(ABORT, 'a record of evidence is appended to the newest one'); END
    """,
    """
    CREATE TRIGGER evidence_record_unchanged BEFORE UPDATE ON evidence_record
    BEGIN SELECT RAISE(ABORT, 'a record of evidence is never changed'); END
    """,
    """
    CREATE TRIGGER evidence_record_kept BEFORE DELETE ON evidence_record
    WHEN OLD.sequence > coalesce((SELECT max(pruned_to) FROM evidence_record WHERE kind = 'prune'), 0)
    BEGIN SELECT RAISE(ABORT, 'a record of evidence goes only by pruning'); END
    """,
    """
    CREATE TRIGGER evidence_store_unchanged BEFORE UPDATE ON evidence_store
    BEGIN SELECT RAISE(ABORT, 'the store of evidence is never changed'); END
    """,
    """
    CREATE TRIGGER evidence_store_kept BEFORE DELETE ON evidence_store
    BEGIN SELECT RAISE(ABORT, 'the store of evidence is never deleted'); END
    """,
)

POSTGRESQL = (
    """
    CREATE FUNCTION evidence_chained() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE head RECORD;
    BEGIN
      SELECT sequence, hash INTO head FROM evidence_record ORDER BY sequence DESC LIMIT 1;
      IF NEW.sequence <> 1 + coalesce(head.sequence, 0) OR NEW.previous <> coalesce(head.hash, NEW.previous) THEN
        RAISE EXCEPTION 'a record of evidence is appended to the newest one';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION evidence_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.sequence > coalesce((SELECT max(pruned_to) FROM evidence_record WHERE kind = 'prune'), 0) THEN
        RAISE EXCEPTION 'a record of evidence goes only by pruning';
      END IF;
      RETURN OLD;
    END $$
    """,
    """
    CREATE FUNCTION evidence_unchanged() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'evidence is never changed'; END $$
    """,
    "CREATE TRIGGER evidence_record_chained BEFORE INSERT ON evidence_record"
    " FOR EACH ROW EXECUTE FUNCTION evidence_chained()",
    "CREATE TRIGGER evidence_record_kept BEFORE DELETE ON evidence_record"
    " FOR EACH ROW EXECUTE FUNCTION evidence_kept()",
    "CREATE TRIGGER evidence_record_unchanged BEFORE UPDATE OR TRUNCATE ON evidence_record"
    " FOR EACH STATEMENT EXECUTE FUNCTION evidence_unchanged()",
    "CREATE TRIGGER evidence_store_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_store"
    " FOR EACH STATEMENT EXECUTE FUNCTION evidence_unchanged()",
)


def upgrade() -> None:
    """From nothing."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    exact = sa.Text(collation="C") if postgresql else sa.Text()
    store = op.create_table(
        "evidence_store", sa.Column("id", sa.String(36), primary_key=True), sa.Column("created_at", exact)
    )
    op.create_table(
        "evidence_record",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("recorded_at", exact, nullable=False, index=True),
        sa.Column("document_digest", sa.String(64), nullable=False, unique=True),
        sa.Column("document_size", sa.BigInteger, nullable=False),
        *(sa.Column(name, exact) for name in WORDS),
        sa.Column("pruned_to", sa.BigInteger),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    op.bulk_insert(store, [{"id": str(uuid.uuid4()), "created_at": now}])
    for statement in POSTGRESQL if postgresql else SQLITE:
        op.execute(statement)
