"""Tenants and environments apart by what data are encrypted with, copied to and delivered to."""

from lychgate.policies.tenancy.access import told

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.model.graph import Graph
from lychgate.model.values import UnknownRead
from lychgate.reasoning.tenancy import Crossing, Dimension, EdgeKind
from lychgate.views.owners import is_shared, owner_of
from lychgate.views.ownership import Key, Labelled, crossed, edges, named, reached

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


def crossing(labelled: Labelled, dimension: Dimension, kinds: tuple[EdgeKind, ...]) -> Answer:
    """Whether the resource itself leads to another owner's by an edge of these kinds, or is a copy of another's."""
    graph, urn = labelled.graph, labelled.resource.urn
    suspects = graph.once(("suspects", dimension, kinds), lambda: _suspects(graph, dimension, kinds))
    if suspects is None:
        return not_applicable(f"nothing that is judged names a {dimension}")
    if urn not in suspects:
        return PASS
    found: list[Crossing] = [one for one in crossed(graph, dimension).get(urn, []) if one.path[0].kind in kinds]
    if "replication" in kinds:
        found += [one for one in reached(graph, dimension).get(urn, []) if one.path[-1].kind == "replication"]
    certain = [one for one in found if one.state == "yes"]
    if certain:
        words, witness = told(certain, graph)
        return fail(f"From {dimension} {certain[0].source_value} to {certain[0].target_value}: {words}.", witness)
    unread = edges(graph).why_open(urn, kinds)
    if unread is not None:
        raise unread
    if found:
        ends = (graph.by_urn[found[0].source], graph.by_urn[found[0].target])
        silent = ends[0] if found[0].source_value is None else ends[1]
        why = (
            f"not named by {silent.name}, so that this may be a way to another {dimension} ({found[0].path[0].detail})"
        )
        raise UnknownRead(urn, dimension, why)
    return PASS


def _suspects(graph: Graph, dimension: Dimension, kinds: tuple[EdgeKind, ...]) -> set[str] | None:
    """The few URNs of which there is something to say at all; None where nothing names an owner."""
    if not named(graph, dimension):
        return None
    found = {urn for urn, row in crossed(graph, dimension).items() if any(one.path[0].kind in kinds for one in row)}
    if "replication" in kinds:
        found.update(reached(graph, dimension))
    return found.union(urn for urn, kind in edges(graph).unread if kind in kinds)


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
        KEYS
        + """
        aws.s3.BucketV2("acme", tags={"tenant": "acme"}, server_side_encryption_configurations=[{"rules": [
            {"apply_server_side_encryption_by_defaults": [
                {"sse_algorithm": "aws:kms", "kms_master_key_id": globex.arn}]}]}])
        """,
        KEYS
        + """
        aws.s3.Bucket("acme", tags={"tenant": "acme"}, server_side_encryption_configuration={"rule": {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms", "kms_master_key_id": globex.arn}}})
        """,
        KEYS
        + """
        aws.ecr.Repository("acme", tags={"tenant": "acme"},
                           encryption_configurations=[{"encryption_type": "KMS", "kms_key": globex.arn}])
        """,
        KEYS
        + """
        alias = aws.kms.Alias("data", name="alias/data", target_key_id=globex.id)
        aws.elasticache.ReplicationGroup("acme", description="cache", kms_key_id=alias.target_key_arn,
                                         tags={"tenant": "acme"})
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
    tenants = {owner_of(key.graph, one, "tenant").owner("tenant") or "" for one in key.users} - {""}
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

        copy = aws.s3.Bucket("copy", tags={"environment": "test"})
        aws.s3.Bucket("receipts", tags={"environment": "production"}, versioning={"enabled": True},
                      replication_configuration={"role": "arn:aws:iam::111122223333:role/replication",
                          "rules": [{"status": "Enabled", "destination": {"bucket": copy.arn}}]})
        """,
        """
        import pulumi_aws as aws

        copy = aws.s3.BucketV2("copy", tags={"environment": "test"})
        aws.s3.BucketV2("receipts", tags={"environment": "production"}, replication_configurations=[
            {"role": "arn:aws:iam::111122223333:role/replication",
             "rules": [{"status": "Enabled", "destinations": [{"bucket": copy.arn}]}]}])
        """,
        """
        import pulumi_aws as aws

        orders = aws.rds.Instance("orders", engine="postgres", instance_class="db.t4g.medium", allocated_storage=20,
                                  username="app", manage_master_user_password=True, tags={"environment": "production"})
        snapshot = aws.rds.Snapshot("orders", db_instance_identifier=orders.identifier, db_snapshot_identifier="orders")
        copy = aws.rds.SnapshotCopy("orders", source_db_snapshot_identifier=snapshot.db_snapshot_arn,
                                    target_db_snapshot_identifier="orders-copy")
        aws.rds.Instance("orders-test", instance_class="db.t4g.medium", tags={"environment": "test"},
                         snapshot_identifier="orders-copy")
        """,
        """
        import pulumi_aws as aws

        orders = aws.rds.Cluster("orders", engine="aurora-postgresql", tags={"environment": "production"})
        aws.rds.Cluster("orders-test", engine="aurora-postgresql", tags={"environment": "test"},
                        restore_to_point_in_time={"source_cluster_identifier": orders.cluster_identifier,
                                                  "use_latest_restorable_time": True})
        """,
        """
        import pulumi_aws as aws

        orders = aws.rds.Cluster("orders", engine="aurora-postgresql", tags={"env": "prod"})
        everywhere = aws.rds.GlobalCluster("orders", global_cluster_identifier="orders",
                                           source_db_cluster_identifier=orders.arn)
        aws.rds.Cluster("orders-test", engine="aurora-postgresql", tags={"env": "test"},
                        global_cluster_identifier=everywhere.id)
        """,
        """
        import pulumi_aws as aws

        table = {"hash_key": "id", "attributes": [{"name": "id", "type": "S"}], "billing_mode": "PAY_PER_REQUEST"}
        ledger = aws.dynamodb.Table("ledger", tags={"environment": "production"}, **table)
        aws.dynamodb.Table("ledger-test", tags={"environment": "test"}, restore_source_name=ledger.name,
                           restore_to_latest_time=True, **table)
        """,
        """
        import pulumi_aws as aws

        disk = aws.ebs.Volume("disk", availability_zone="eu-west-1a", size=10, tags={"environment": "production"})
        snapshot = aws.ebs.Snapshot("disk", volume_id=disk.id)
        aws.ebs.Volume("copy", availability_zone="eu-west-1a", snapshot_id=snapshot.id, tags={"environment": "test"})
        """,
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

        # A stream of changes, read by a function that is called by its name.
        table = aws.dynamodb.Table("globex", hash_key="id", attributes=[{"name": "id", "type": "S"}],
                                   billing_mode="PAY_PER_REQUEST", stream_enabled=True,
                                   stream_view_type="NEW_IMAGE", tags={"tenant": "globex"})
        reader = aws.lambda_.Function("acme", role="arn:aws:iam::111122223333:role/x", tags={"tenant": "acme"})
        aws.lambda_.EventSourceMapping("changes", event_source_arn=table.stream_arn, function_name=reader.name,
                                       starting_position="LATEST")
        """,
        """
        import pulumi_aws as aws

        bucket = aws.s3.Bucket("globex", tags={"tenant": "globex"})
        queue = aws.sqs.Queue("acme", tags={"tenant": "acme"})
        aws.s3.BucketNotification("objects", bucket=bucket.id,
                                  queues=[{"queue_arn": queue.arn, "events": ["s3:ObjectCreated:*"]}])
        """,
        """
        import pulumi_aws as aws

        rule = aws.cloudwatch.EventRule("globex", event_pattern='{"source": ["payments"]}', tags={"tenant": "globex"})
        queue = aws.sqs.Queue("acme", tags={"tenant": "acme"})
        aws.cloudwatch.EventTarget("payments", rule=rule.name, arn=queue.arn)
        """,
        """
        import pulumi
        import pulumi_aws as aws

        # What cannot be processed goes to another tenant.
        dead = aws.sqs.Queue("acme-dead", tags={"tenant": "acme"})
        aws.sqs.Queue("globex-jobs", tags={"tenant": "globex"}, redrive_policy=pulumi.Output.json_dumps(
            {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 5}))
        """,
        """
        import pulumi_aws as aws

        group = aws.cloudwatch.LogGroup("globex", tags={"tenant": "globex"})
        reader = aws.lambda_.Function("acme", role="arn:aws:iam::111122223333:role/x", tags={"tenant": "acme"})
        aws.cloudwatch.LogSubscriptionFilter("events", log_group=group.name, filter_pattern="",
                                             destination_arn=reader.arn)
        """,
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
