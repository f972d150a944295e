"""Encryption of Amazon RDS and Aurora databases, at rest and in transit."""

from typing import Any

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.kms import whose
from lychgate.views.rds import Database, Proxy


@rule(
    id="rds-storage-unencrypted",
    title="The storage of a database is not encrypted",
    layer="encryption",
    severity="critical",
    judges=Database,
    rationale="""The database's disks, its backups, snapshots and replicas all lie in the clear, and encryption cannot
    be switched on later without a new database. For PCI DSS encryption of disks alone does not make card numbers
    unreadable, but it is the least that is asked of the place they lie in.""",
    remediation="""Set `storageEncrypted` to true, with `kmsKeyId` of a key of your own. A database that is restored
    from an unencrypted snapshot gets encrypted by `kmsKeyId`.""",
    compliant=[
        """
        import pulumi_aws as aws

        aws.rds.Instance("cards", engine="postgres", instance_class="db.t4g.micro", storage_encrypted=True)
        """,
        """
        import pulumi_aws as aws

        # Aurora encrypts every new cluster.
        aws.rds.Cluster("cards", engine="aurora-postgresql")
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("cards")
        aws.rds.Cluster("cards", engine="aurora-mysql", snapshot_identifier="before-the-move", kms_key_id=key.arn)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        original = aws.rds.Instance("cards", engine="postgres", instance_class="db.t4g.micro")
        aws.rds.Instance("replica", replicate_source_db=original.identifier, instance_class="db.t4g.micro")
        """,
        """
        import pulumi_aws as aws

        aws.rds.Cluster("cards", engine="aurora-postgresql", storage_encrypted=False)
        """,
        """
        import pulumi_aws as aws

        # A Multi-AZ cluster of RDS is none of Aurora.
        aws.rds.Cluster(
            "cards",
            engine="postgres",
            db_cluster_instance_class="db.m6gd.large",
            storage_type="io1",
            allocated_storage=100,
            iops=1000,
        )
        """,
    ],
)
def rds_storage_unencrypted(database: Database, case: Case) -> Answer:
    """Encrypted with any key; what is restored or replicated is as its source."""
    if database.encrypted:
        return PASS
    said = "`storageEncrypted` is false" if database.read.has("storageEncrypted") else "`storageEncrypted` is left out"
    return fail(f"The storage of {database.name} is not encrypted: {said}. Its backups and snapshots are not either.")


@rule(
    id="rds-storage-without-customer-key",
    title="The storage of a database is not encrypted with a customer managed key",
    layer="encryption",
    severity="high",
    judges=Database,
    rationale="""Under AWS's own key nobody can cut off access to the data by disabling a key, or show who may use it,
    and snapshots cannot be shared or moved in a controlled way. A customer managed key has its own policy, rotation and
    audit trail.""",
    remediation="Set `storageEncrypted` to true and `kmsKeyId` to the ARN of a key of your own (not `alias/aws/rds`).",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("cards")
        aws.rds.Cluster("cards", engine="aurora-postgresql", storage_encrypted=True, kms_key_id=key.arn)
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("cards")
        alias = aws.kms.Alias("cards", name="alias/cards", target_key_id=key.key_id)
        original = aws.rds.Instance(
            "cards",
            engine="mysql",
            instance_class="db.t4g.micro",
            storage_encrypted=True,
            kms_key_id=alias.target_key_arn,
        )
        aws.rds.Instance("replica", replicate_source_db=original.identifier, instance_class="db.t4g.micro")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.rds.Cluster("cards", engine="aurora-postgresql", storage_encrypted=True)
        """,
        """
        import pulumi_aws as aws

        aws.rds.Instance(
            "cards",
            engine="mysql",
            instance_class="db.t4g.micro",
            storage_encrypted=True,
            kms_key_id="arn:aws:kms:eu-west-1:111122223333:alias/aws/rds",
        )
        """,
        """
        import pulumi_aws as aws

        # A key is named, and encryption is off.
        key = aws.kms.Key("cards")
        aws.rds.Instance(
            "cards", engine="mysql", instance_class="db.t4g.micro", storage_encrypted=False, kms_key_id=key.arn
        )
        """,
    ],
)
def rds_storage_without_customer_key(database: Database, case: Case) -> Answer:
    """A customer's key is named, and used."""
    if database.key is not None and database.key.customer and database.encrypted:
        return PASS
    if not database.encrypted:
        return fail(f"The storage of {database.name} is not encrypted at all, whatever `kmsKeyId` says.")
    how = whose(database.key, "a key of AWS's choice")
    return fail(f"The storage of {database.name} is encrypted with {how}: access cannot be cut off by disabling a key.")


@rule(
    id="rds-without-required-tls",
    title="A database lets clients connect without TLS",
    layer="encryption",
    severity="high",
    judges=Database,
    rationale="""Where TLS is only offered, one client with the wrong setting sends passwords and card data through the
    network in the clear, and nobody notices. PCI DSS asks for strong cryptography for account data on shared networks
    and for every administrative login.""",
    remediation="""Set the parameter `rds.force_ssl` (PostgreSQL, SQL Server) to `1` or `require_secure_transport`
    (MySQL, MariaDB) to `ON` in the parameter group (of an Aurora cluster: the cluster parameter group), and name the
    group in the database.""",
    compliant=[
        """
        import pulumi_aws as aws

        group = aws.rds.ClusterParameterGroup(
            "cards", family="aurora-postgresql16", parameters=[{"name": "rds.force_ssl", "value": "1"}]
        )
        aws.rds.Cluster(
            "cards", engine="aurora-postgresql", engine_version="16.4", db_cluster_parameter_group_name=group.name
        )
        """,
        """
        import pulumi_aws as aws

        # Required by default from these versions on.
        aws.rds.Cluster("cards", engine="aurora-postgresql", engine_version="17.4")
        aws.rds.Cluster("ledger", engine="aurora-mysql", engine_version="8.4.mysql_aurora.8.4.7")
        aws.rds.Instance("audit", engine="postgres", engine_version="15", instance_class="db.t4g.micro")
        aws.rds.Instance("shop", engine="mariadb", engine_version="11.8.3", instance_class="db.t4g.micro")
        """,
        """
        import pulumi_aws as aws

        group = aws.rds.ParameterGroup(
            "cards",
            family="mysql8.0",
            parameters=[aws.rds.ParameterGroupParameterArgs(name="require_secure_transport", value="ON")],
        )
        aws.rds.Instance("cards", engine="mysql", instance_class="db.t4g.micro", parameter_group_name=group.id)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.rds.Cluster("cards", engine="aurora-postgresql", engine_version="16.4")
        """,
        """
        import pulumi_aws as aws

        # The version would require it; the parameter group switches that off.
        group = aws.rds.ParameterGroup(
            "cards", family="postgres16", parameters=[{"name": "rds.force_ssl", "value": "0"}]
        )
        aws.rds.Instance(
            "cards",
            engine="postgres",
            engine_version="16.3",
            instance_class="db.t4g.micro",
            parameter_group_name=group.name,
        )
        """,
        """
        import pulumi_aws as aws

        # The parameter stands in a group that nobody uses.
        aws.rds.ClusterParameterGroup(
            "cards",
            family="aurora-mysql8.0",
            parameters=[{"name": "require_secure_transport", "value": "ON"}],
        )
        aws.rds.Cluster("cards", engine="aurora-mysql", engine_version="8.0.mysql_aurora.3.08.0")
        """,
        """
        import pulumi_aws as aws

        # The other engine's parameter.
        group = aws.rds.ClusterParameterGroup(
            "cards", family="aurora-mysql8.0", parameters=[{"name": "rds.force_ssl", "value": "1"}]
        )
        aws.rds.Cluster("cards", engine="aurora-mysql", db_cluster_parameter_group_name=group.name)
        """,
    ],
)
def rds_without_required_tls(database: Database, case: Case) -> Answer:
    """By the parameter group, else by the version's default."""
    if database.requires_tls:
        return PASS
    parameter = database.tls_parameter
    said = database.parameters.get(parameter or "")
    why = f"its parameter group sets `{parameter}` to {said[0]}" if said else f"`{parameter}` is off by default"
    return fail(f"{database.name} ({database.engine}) accepts connections without TLS: {why}.")


def _require(properties: dict[str, Any], parameters: None) -> dict[str, Any] | None:
    return {**properties, "requireTls": True}


@rule(
    id="rds-proxy-without-required-tls",
    title="An RDS proxy lets clients connect without TLS",
    layer="encryption",
    severity="high",
    judges=Proxy,
    scope="resource",
    remedy=_require,
    rationale="""Clients connect to the proxy, so what the database requires does not protect them: passwords and card
    data cross the network in the clear. PCI DSS asks for strong cryptography on shared networks.""",
    remediation="Set `requireTls` to true.",
    compliant=[
        """
        import pulumi_aws as aws

        role = aws.iam.Role("proxy", assume_role_policy="{}")
        aws.rds.Proxy(
            "cards", engine_family="POSTGRESQL", role_arn=role.arn, vpc_subnet_ids=["subnet-1"], require_tls=True
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        role = aws.iam.Role("proxy", assume_role_policy="{}")
        aws.rds.Proxy("cards", engine_family="POSTGRESQL", role_arn=role.arn, vpc_subnet_ids=["subnet-1"])
        """,
    ],
)
def rds_proxy_without_required_tls(proxy: Proxy, case: Case) -> Answer:
    """Off by default."""
    if proxy.requires_tls:
        return PASS
    return fail(f"`requireTls` of the proxy {proxy.name} is off: it accepts database connections without TLS.")
