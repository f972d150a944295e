"""Tenants and environments apart by what data are encrypted with, copied to and delivered to."""

from collections.abc import Iterable

from lychgate.policies.tenancy.access import told

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.reasoning.tenancy import Crossing, Dimension
from lychgate.views.ownership import Key, Labelled, crossed, edges, is_shared, named

KEYS = """
        import pulumi_aws as aws

        def key(tenant):
            return aws.kms.Key(f"{tenant}-key", tags={"tenant": tenant})

        acme, globex = key("acme"), key("globex")
        """
BUCKET = """
        bucket = aws.s3.Bucket("acme-receipts", tags={"tenant": "acme"})
        aws.s3.BucketServerSideEncryptionConfiguration("acme-receipts", bucket=bucket.id, rules=[
            {"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": %s.arn}}])
        """


def crossing(labelled: Labelled, dimension: Dimension, kinds: Iterable[str]) -> Answer:
    """Whether the resource itself leads to another owner's by an edge of these kinds."""
    if not named(labelled.graph, dimension):
        return not_applicable(f"nothing that is judged names a {dimension}")
    found: list[Crossing] = crossed(labelled.graph, dimension).get(labelled.resource.urn, [])
    certain = [one for one in found if one.state == "yes" and one.path[0].kind in kinds]
    unread = edges(labelled.graph).unread.get(labelled.resource.urn)
    if not certain and unread is not None:
        raise unread
    if not certain:
        return PASS
    words, witness = told(certain, labelled.graph)
    return fail(f"From {dimension} {certain[0].source_value} to {certain[0].target_value}: {words}.", witness)


@rule(
    id="data-encrypted-with-another-tenants-key",
    title="Data of one tenant are encrypted with another tenant's key",
    layer="tenancy",
    severity="high",
    judges=Labelled,
    scope="stacks",
    rationale="""A key of its own is what cuts a tenant's data off, and what shows who could read them (PCI DSS
    A1.1.2, 3.6.1).
    With another tenant's key, disabling one tenant stops two.""",
    remediation="Encrypt with the tenant's own key.",
    compliant=[KEYS + BUCKET % "acme"],
    violating=[
        KEYS + BUCKET % "globex",
        KEYS + 'aws.sqs.Queue("jobs", kms_master_key_id=globex.id, tags={"tenant": "acme"})',
        KEYS
        + """
        aws.kms.Alias("data", name="alias/data", target_key_id=globex.id)
        aws.sqs.Queue("jobs", kms_master_key_id=globex.key_id, tags={"tenant": "acme"})
        """,
    ],
)
def data_encrypted_with_another_tenants_key(labelled: Labelled, case: Case) -> Answer:
    """Wherever the encryption is said."""
    return crossing(labelled, "tenant", ("key-use",))


@rule(
    id="key-used-by-several-tenants",
    title="One KMS key encrypts data of several tenants",
    layer="tenancy",
    severity="medium",
    judges=Key,
    scope="stacks",
    rationale="""A key that several tenants share cannot be disabled for one of them, and its audit log cannot be
    given to one of
    them (PCI DSS A1.1.2, A1.2.1).""",
    remediation="Make a key per tenant; a key that is shared on purpose carries the tag `shared: true`.",
    compliant=[
        KEYS + 'aws.sqs.Queue("jobs", kms_master_key_id=acme.id, tags={"tenant": "acme"})',
        """
        import pulumi_aws as aws

        common = aws.kms.Key("common", tags={"shared": "true"})
        for tenant in ("acme", "globex"):
            aws.sqs.Queue(f"{tenant}-jobs", kms_master_key_id=common.id, tags={"tenant": tenant})
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        common = aws.kms.Key("common")
        for tenant in ("acme", "globex"):
            aws.sqs.Queue(f"{tenant}-jobs", kms_master_key_id=common.id, tags={"tenant": tenant})
        """,
    ],
)
def key_used_by_several_tenants(key: Key, case: Case) -> Answer:
    """By the tenants of what it encrypts; a key that is declared shared may."""
    if is_shared(key.graph, key.resource):
        return PASS
    tenants = {Labelled.of(key.graph, one).labels.tenant or "" for one in key.users} - {""}
    if len(tenants) < 2:
        return PASS
    users = sorted(one.name for one in key.users)
    return fail(f"It encrypts data of {', '.join(sorted(tenants))} ({', '.join(users)}).", {"users": users})


COPIES = """
        import pulumi_aws as aws

        source = aws.s3.Bucket("receipts", tags={"environment": "production"})
        copy = aws.s3.Bucket("copy", tags={"environment": "%s"})
        aws.s3.BucketReplicationConfig("receipts", bucket=source.id, role="arn:aws:iam::111122223333:role/replication",
            rules=[{"id": "all", "status": "Enabled", "destination": {"bucket": copy.arn}}])
        """


@rule(
    id="data-copied-into-another-environment",
    title="Data of one environment are copied into another",
    layer="tenancy",
    severity="critical",
    judges=Labelled,
    scope="stacks",
    rationale="""Live card data must not be used outside production (PCI DSS 6.5.5). A replica in test is production
    data with
    test's protection.""",
    remediation="Replicate within the environment; make test data for test.",
    compliant=[COPIES % "production"],
    violating=[
        COPIES % "test",
        """
        import pulumi_aws as aws

        orders = aws.rds.Instance("orders", engine="postgres", instance_class="db.t4g.medium", allocated_storage=20,
                                  username="app", manage_master_user_password=True, tags={"environment": "production"})
        aws.rds.Instance("orders-copy", instance_class="db.t4g.medium", replicate_source_db=orders.identifier,
                         tags={"environment": "test"})
        """,
    ],
)
def data_copied_into_another_environment(labelled: Labelled, case: Case) -> Answer:
    """Replication of buckets, replicas of databases."""
    return crossing(labelled, "environment", ("replication",))


@rule(
    id="data-copied-to-another-tenant",
    title="Data of one tenant are copied or delivered to another",
    layer="tenancy",
    severity="critical",
    judges=Labelled,
    scope="stacks",
    rationale="""A customer must reach nothing but its own data (PCI DSS A1.1.2). Replication, subscriptions and
    event sources move
    data without anyone asking for it.""",
    remediation="Copy and deliver within the tenant, or from what is declared with the tag `shared: true`.",
    compliant=[
        COPIES.replace("environment", "tenant") % "production",
        """
        import pulumi_aws as aws

        topic = aws.sns.Topic("rates", tags={"shared": "true"})
        queue = aws.sqs.Queue("acme-rates", tags={"tenant": "acme"})
        aws.sns.TopicSubscription("rates", topic=topic.arn, protocol="sqs", endpoint=queue.arn)
        aws.s3.Bucket("globex", tags={"tenant": "globex"})
        """,
    ],
    violating=[
        COPIES.replace("environment", "tenant") % "globex",
        """
        import pulumi_aws as aws

        topic = aws.sns.Topic("globex-payments", tags={"tenant": "globex"})
        queue = aws.sqs.Queue("acme-jobs", tags={"tenant": "acme"})
        aws.sns.TopicSubscription("payments", topic=topic.arn, protocol="sqs", endpoint=queue.arn)
        """,
    ],
)
def data_copied_to_another_tenant(labelled: Labelled, case: Case) -> Answer:
    """Replication, replicas, subscriptions, event source mappings."""
    return crossing(labelled, "tenant", ("replication", "event-target"))
