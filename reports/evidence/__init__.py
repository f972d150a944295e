"""The evidence store: every decision of the gate, chained by hash, in SQLite or PostgreSQL.

A record is a header and a document. The header is small: who asked for what, when, what was decided, the digest of
the document, and the hash of the header before it. The document is what was recorded, whole: a verdict, or the record
of a sync. `checking` finds what was changed; what nobody can see from the store alone, signed `checkpoints` outside of
it show.
"""
