"""Amazon ElastiCache: replication groups, single clusters and serverless caches.

Encryption is off by default for Redis OSS and on for Valkey; a serverless cache always has both
(https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html,
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html, in-transit-encryption.html).
"""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.model.values import UnknownRead
from lychgate.views.base import View
from lychgate.views.kms import NamedKey, named_key

REPLICATION_GROUPS = ("aws:elasticache/replicationGroup:ReplicationGroup",)
CACHE_CLUSTERS = ("aws:elasticache/cluster:Cluster",)
SERVERLESS_CACHES = ("aws:elasticache/serverlessCache:ServerlessCache",)


class Cache(View):
    """A cache of any kind. A cluster that is a member of a replication group is judged there."""

    types = REPLICATION_GROUPS + CACHE_CLUSTERS + SERVERLESS_CACHES
    __slots__ = ()

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """Managed ones, but for members of a replication group."""
        member = resource.type in CACHE_CLUSTERS and resource.properties.get("replicationGroupId") is not None
        return not resource.external and not member

    @property
    def serverless(self) -> bool:
        """Whether it is a serverless cache."""
        return self.resource.type in SERVERLESS_CACHES

    @property
    def engine(self) -> str:
        """`redis`, `valkey` or `memcached`."""
        return (self.read.text("engine") or "redis").lower()

    @property
    def encrypted_at_rest(self) -> bool:
        """Whether data on disk are encrypted. A single cluster cannot be."""
        if self.serverless:
            return True
        if self.resource.type in CACHE_CLUSTERS:
            return False
        if not self.read.has("atRestEncryptionEnabled"):
            self._primary("atRestEncryptionEnabled")
        return self.read.flag("atRestEncryptionEnabled", self.engine == "valkey")

    @property
    def requires_tls(self) -> bool:
        """Whether clients have to use TLS; the mode `preferred` lets them go without."""
        if self.serverless:
            return True
        if not self.read.has("transitEncryptionEnabled"):
            self._primary("transitEncryptionEnabled")
        on = self.read.flag("transitEncryptionEnabled", self.engine == "valkey")
        return on and self.read.text("transitEncryptionMode") != "preferred"

    def _primary(self, name: str) -> None:
        """A secondary of a global datastore has the settings of its primary, which may be anywhere."""
        if self.read.has("globalReplicationGroupId"):
            raise UnknownRead(self.resource.urn, name, "is that of the global datastore's primary")

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that is named; None for a key of AWS's choice."""
        return named_key(self.graph, self.resource, self.read, "kmsKeyId")

    @property
    def snapshot_days(self) -> float:
        """Days that daily snapshots are kept; 0 is none."""
        return self.read.number("snapshotRetentionLimit") or 0
