"""Encryption of Amazon ElastiCache, at rest and in transit."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.elasticache import Cache


@rule(
    id="cache-without-required-tls",
    title="A cache lets clients connect without TLS",
    layer="encryption",
    severity="high",
    judges=Cache,
    scope="resource",
    rationale="""Sessions, tokens and the cache's own password cross the network in the clear, for every machine on the
    way to read. PCI DSS asks for strong cryptography for account data on shared networks.""",
    remediation="""Set `transitEncryptionEnabled` to true and leave `transitEncryptionMode` out or `required`. A single
    Redis node cannot have TLS: use a ReplicationGroup, with one node if need be.""",
    compliant=[
        """
        import pulumi_aws as aws

        aws.elasticache.ReplicationGroup(
            "sessions",
            description="sessions",
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
        )
        """,
        """
        import pulumi_aws as aws

        # Valkey and serverless caches have it by default; a member is judged with its group.
        group = aws.elasticache.ReplicationGroup("sessions", description="sessions", engine="valkey")
        aws.elasticache.Cluster("member", replication_group_id=group.id)
        aws.elasticache.ServerlessCache("pages", engine="redis")
        aws.elasticache.Cluster("counters", engine="memcached", transit_encryption_enabled=True, num_cache_nodes=1)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.elasticache.ReplicationGroup("sessions", description="sessions", at_rest_encryption_enabled=True)
        """,
        """
        import pulumi_aws as aws

        # Preferred is not required.
        aws.elasticache.ReplicationGroup(
            "sessions",
            description="sessions",
            transit_encryption_enabled=True,
            transit_encryption_mode="preferred",
        )
        """,
        """
        import pulumi_aws as aws

        aws.elasticache.Cluster("sessions", engine="redis", node_type="cache.t4g.small", num_cache_nodes=1)
        """,
    ],
)
def cache_without_required_tls(cache: Cache, case: Case) -> Answer:
    """On, and required."""
    if cache.requires_tls:
        return PASS
    preferred = cache.read.text("transitEncryptionMode") == "preferred"
    why = "`transitEncryptionMode` is `preferred`" if preferred else "`transitEncryptionEnabled` is off"
    return fail(f"The cache {cache.name} ({cache.engine}) accepts connections without TLS: {why}.")


@rule(
    id="cache-unencrypted-at-rest",
    title="A cache writes its data to disk without encryption",
    layer="encryption",
    severity="medium",
    judges=Cache,
    scope="resource",
    rationale="""Snapshots, replication and swap write what is in memory to disk: sessions and tokens then lie in the
    clear, and encryption cannot be switched on later.""",
    remediation="""Set `atRestEncryptionEnabled` to true, with `kmsKeyId` of a key of your own. A single Redis node
    cannot have it: use a ReplicationGroup.""",
    compliant=[
        """
        import pulumi_aws as aws

        aws.elasticache.ReplicationGroup("sessions", description="sessions", at_rest_encryption_enabled=True)
        """,
        """
        import pulumi_aws as aws

        aws.elasticache.ReplicationGroup("sessions", description="sessions", engine="valkey")
        aws.elasticache.ServerlessCache("pages", engine="valkey")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.elasticache.ReplicationGroup("sessions", description="sessions")
        """,
        """
        import pulumi_aws as aws

        aws.elasticache.ReplicationGroup(
            "sessions", description="sessions", engine="valkey", at_rest_encryption_enabled=False
        )
        """,
    ],
)
def cache_unencrypted_at_rest(cache: Cache, case: Case) -> Answer:
    """Memcached keeps nothing on disk."""
    if cache.engine == "memcached":
        return not_applicable("memcached writes nothing to disk")
    if cache.encrypted_at_rest:
        return PASS
    return fail(f"The cache {cache.name} ({cache.engine}) is not encrypted at rest, and neither are its snapshots.")
