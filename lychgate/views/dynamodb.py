"""Amazon DynamoDB tables.

A table is encrypted with a key that AWS owns unless `serverSideEncryption` is on; with it on and no key named, AWS's
managed key `aws/dynamodb` is used (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html).
Point-in-time recovery and deletion protection are off by default, capacity is provisioned by default.
"""

from __future__ import annotations

from collections.abc import Iterator

from lychgate.model.graph import Resource
from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key

TABLES = ("aws:dynamodb/table:Table",)
TABLE_REPLICAS = ("aws:dynamodb/tableReplica:TableReplica",)


class Table(View):
    """A table."""

    types = TABLES
    __slots__ = ()

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that is named and used; None for a key of AWS's choice."""
        return self.once("key", self._key)

    def _key(self) -> NamedKey | None:
        encryption = self.read.block("serverSideEncryption")
        if not encryption.flag("enabled"):
            return None
        return named_key(self.graph, self.resource, encryption, "kmsKeyArn")

    @property
    def replica_keys(self) -> list[tuple[str, NamedKey | None]]:
        """Each replica in another region, inline or a TableReplica, by a name for messages, with the key it names."""
        return self.once("replica keys", lambda: list(self._replica_keys()))

    def _replica_keys(self) -> Iterator[tuple[str, NamedKey | None]]:
        for replica in self.read.blocks("replicas"):
            yield replica.text("regionName") or "", named_key(self.graph, self.resource, replica, "kmsKeyArn")
        for one in self.replicas:
            yield one.name, named_key(self.graph, one, one.read, "kmsKeyArn")

    @property
    def replicas(self) -> list[Resource]:
        """The separate TableReplica resources of the table."""
        return companions(self.graph, TABLE_REPLICAS, "globalTableArn", *TABLES).of(self.resource)

    @property
    def recoverable(self) -> bool:
        """Whether the table can be restored to a point in time."""
        return self.read.block("pointInTimeRecovery").flag("enabled")

    @property
    def deletion_protected(self) -> bool:
        """Whether the table cannot be deleted without a change first."""
        return self.read.flag("deletionProtectionEnabled")

    @property
    def expires(self) -> bool:
        """Whether items expire by a time-to-live attribute."""
        ttl = self.read.block("ttl")
        return ttl.flag("enabled") and bool(ttl.text("attributeName"))

    @property
    def on_demand(self) -> bool:
        """Whether capacity is paid per request; provisioned by default."""
        return self.read.text("billingMode") == "PAY_PER_REQUEST"

    @property
    def streams(self) -> bool:
        """Whether changes are streamed."""
        return self.read.flag("streamEnabled")
