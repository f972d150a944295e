"""Amazon Kinesis data streams.

A stream is not encrypted unless it is asked for, and keeps its records for a day
(https://docs.aws.amazon.com/streams/latest/dev/what-is-sse.html, kinesis-extended-retention.html).
"""

from __future__ import annotations

from lychgate.views.base import View
from lychgate.views.kms import NamedKey, named_key

STREAMS = ("aws:kinesis/stream:Stream",)


class Stream(View):
    """A data stream."""

    types = STREAMS
    __slots__ = ()

    @property
    def encrypted(self) -> bool:
        """Whether records are encrypted."""
        return self.read.text("encryptionType") == "KMS"

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that is named and used."""
        return named_key(self.graph, self.resource, self.read, "kmsKeyId") if self.encrypted else None

    @property
    def retention_hours(self) -> float:
        """How long records are kept."""
        return self.read.number("retentionPeriod") or 24
