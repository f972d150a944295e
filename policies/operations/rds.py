"""Operation of Amazon RDS and Aurora databases: backup, deletion, availability, logs, upgrades."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.model.values import UnknownRead
from lychgate.views.rds import Cluster, ClusterInstance, Database, Instance

CLUSTER = """
        import pulumi_aws as aws

        cluster = aws.rds.Cluster("orders", engine="aurora-postgresql", master_username="app",
                                  manage_master_user_password=True, %s)
        """
INSTANCE = """
        import pulumi_aws as aws

        aws.rds.Instance("orders", engine="postgres", instance_class="db.t4g.medium", allocated_storage=20,
                         username="app", manage_master_user_password=True, %s)
        """
MEMBERS = """
        for index in range(%d):
            aws.rds.ClusterInstance(f"orders-{index}", cluster_identifier=cluster.id, instance_class="db.serverless",
                                    engine="aurora-postgresql")
        """
PLACED = """
        aws.rds.ClusterInstance("placed", cluster_identifier=cluster.id, instance_class="db.serverless",
                                engine="aurora-postgresql", availability_zone="eu-west-1%s")
        """


class BackupDays(BaseModel):
    """How long backups must be kept."""

    model_config = ConfigDict(extra="forbid")
    days: int = Field(default=7, ge=1, le=35, description="days that automated backups are kept at least")


@rule(
    id="rds-database-with-short-backup",
    title="Automated backups of an RDS database are kept too short",
    layer="operations",
    severity="medium",
    judges=Database,
    parameters=BackupDays,
    rationale="""A cluster keeps one day of backups unless told otherwise, an instance made by Pulumi none at all.
    Damage that
    is noticed after the weekend is then beyond repair.""",
    remediation="Set backupRetentionPeriod to at least the days the ruleset asks for (7 by default, 35 at most).",
    compliant=[CLUSTER % "backup_retention_period=14", INSTANCE % "backup_retention_period=7"],
    violating=[
        CLUSTER % "",
        INSTANCE % "",
        INSTANCE % "backup_retention_period=0",
        CLUSTER % "backup_retention_period=3",
    ],
)
def rds_database_with_short_backup(database: Database, case: Case) -> Answer:
    """Defaults: one day for a cluster, none for an instance. A replica is backed up at its source."""
    view = Cluster if database.resource.type == Cluster.types[0] else Instance
    days = view.of(database.graph, database.resource).backup_days
    if days == 0 and database.read.has("replicateSourceDb"):
        if database.original is None:
            why = "names a database that is not among the judged resources: how long it is backed up is not known"
            raise UnknownRead(database.resource.urn, "replicateSourceDb", why)
        return not_applicable("a replica: its source is backed up")
    wanted: int = case.parameters.days
    return PASS if days >= wanted else fail(f"Backups are kept for {days:g} days; {wanted} are asked for.")


@rule(
    id="rds-database-without-deletion-protection",
    title="An RDS database can be deleted by a single call",
    layer="operations",
    severity="high",
    judges=Database,
    scope="resource",
    rationale="""Deletion protection is off by default. A rename in the program, or one call of a stolen credential,
    then
    deletes the database with its data.""",
    remediation="Set deletionProtection to true.",
    compliant=[CLUSTER % "deletion_protection=True", INSTANCE % "deletion_protection=True"],
    violating=[CLUSTER % "", INSTANCE % "deletion_protection=False"],
    remedy=lambda properties, parameters: {**properties, "deletionProtection": True},
)
def rds_database_without_deletion_protection(database: Database, case: Case) -> Answer:
    """Off by default."""
    if database.read.flag("deletionProtection"):
        return PASS
    return fail("Renaming or removing the database deletes it with its data.")


@rule(
    id="rds-cluster-in-one-zone",
    title="An Aurora cluster has no second instance to fail over to",
    layer="operations",
    severity="medium",
    judges=Cluster,
    rationale="""A cluster with one instance is down while that instance, or its zone, is. Payments stop for as long
    as AWS needs
    to make a new one.""",
    remediation="Give the cluster two ClusterInstances or more: Aurora puts them into different zones.",
    compliant=[CLUSTER % "" + MEMBERS % 2, CLUSTER % "" + MEMBERS % 2 + PLACED % "b"],
    violating=[
        CLUSTER % "" + MEMBERS % 1,
        CLUSTER % "",
        CLUSTER % "" + PLACED % "a" + PLACED.replace("placed", "other") % "a",
    ],
)
def rds_cluster_in_one_zone(cluster: Cluster, case: Case) -> Answer:
    """Multi-AZ clusters of RDS come with their instances, and so does the first generation of Aurora Serverless;
    Aurora's others are resources of their own, in different zones unless they name one."""
    if not cluster.aurora:
        return not_applicable("a Multi-AZ cluster brings its instances itself")
    if cluster.read.text("engineMode") == "serverless":
        return not_applicable("Aurora Serverless v1 moves to another zone by itself")
    instances = cluster.instances
    count = len(instances)
    zones = {one.read.text("availabilityZone") for one in instances if one.read.has("availabilityZone")}
    if count >= 2 and len(zones) == 1 and all(one.read.has("availabilityZone") for one in instances):
        return fail(f"All {count} instances of the cluster are put into {zones.pop()}: they stop when that zone does.")
    if count >= 2:
        return PASS
    return fail(
        f"The cluster has {count or 'no'} instance{'s' if count == 0 else ''}, so nothing takes over when it fails."
    )


@rule(
    id="rds-instance-in-one-zone",
    title="An RDS instance has no standby in another zone",
    layer="operations",
    severity="medium",
    judges=Instance,
    scope="resource",
    rationale="""An instance is in one zone unless Multi-AZ is asked for. Payments stop when the instance or its zone
    does.""",
    remediation="Set multiAz to true.",
    compliant=[INSTANCE % "multi_az=True"],
    violating=[INSTANCE % "", INSTANCE % "multi_az=False"],
)
def rds_instance_in_one_zone(instance: Instance, case: Case) -> Answer:
    """Off by default; a read replica is itself the second one."""
    if instance.read.has("replicateSourceDb"):
        return not_applicable("a replica of another database")
    return PASS if instance.multi_az else fail("The instance has no standby: it stops when its zone does.")


# What an engine can send to CloudWatch Logs that says who did what.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html (EnableCloudwatchLogsExports)
AUDIT_LOGS = {
    "aurora-postgresql": {"postgresql"},
    "postgres": {"postgresql"},
    "aurora-mysql": {"audit"},
    "mysql": {"audit", "general"},
    "mariadb": {"audit", "general"},
    **{engine: {"audit"} for engine in ("oracle-ee", "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb")},
}


@rule(
    id="rds-database-without-log-exports",
    title="An RDS database keeps its audit log to itself",
    layer="operations",
    severity="medium",
    judges=Database,
    rationale="""Who accessed cardholder data must be found in a log that the database's own administrator cannot
    change (PCI DSS
    10.2.1, 10.3.3). A database exports no log by default.""",
    remediation="""List the engine's audit log in enabledCloudwatchLogsExports: `postgresql` for PostgreSQL, `audit`
    for MySQL
    and MariaDB.""",
    compliant=[
        CLUSTER % 'enabled_cloudwatch_logs_exports=["postgresql"]',
        INSTANCE % 'enabled_cloudwatch_logs_exports=["postgresql", "upgrade"]',
    ],
    violating=[
        CLUSTER % "",
        INSTANCE % 'enabled_cloudwatch_logs_exports=["upgrade"]',
        INSTANCE.replace("postgres", "oracle-se2") % 'enabled_cloudwatch_logs_exports=["alert"]',
    ],
)
def rds_database_without_log_exports(database: Database, case: Case) -> Answer:
    """By engine."""
    if not database.labels.in_scope:
        return not_applicable(f"the database holds {database.labels.classification} data")
    wanted = AUDIT_LOGS.get(database.engine)
    given = set(database.read.texts("enabledCloudwatchLogsExports"))
    if (given & wanted) if wanted else given:
        return PASS
    names = " or ".join(sorted(wanted)) if wanted else "any log"
    return fail(f"The database does not export {names}, so nobody outside of it can tell who did what.")


class Upgraded(Instance):
    """An instance of its own, or one of a cluster: what takes minor versions."""

    types = Instance.types + ClusterInstance.types
    __slots__ = ()


@rule(
    id="rds-database-without-minor-upgrades",
    title="An RDS database does not take minor engine versions",
    layer="operations",
    severity="medium",
    judges=Upgraded,
    scope="resource",
    rationale="""Minor versions carry the engine's security patches, which have to be in place within a month (PCI
    DSS 6.3.3).
    They are applied by themselves unless that is switched off.""",
    remediation="Leave autoMinorVersionUpgrade out, or set it to true.",
    compliant=[INSTANCE % "", INSTANCE % "auto_minor_version_upgrade=True", CLUSTER % "" + MEMBERS % 2],
    violating=[
        INSTANCE % "auto_minor_version_upgrade=False",
        CLUSTER % ""
        + """
        aws.rds.ClusterInstance("orders-0", cluster_identifier=cluster.id, instance_class="db.serverless",
                                engine="aurora-postgresql", auto_minor_version_upgrade=False)
        """,
    ],
    remedy=lambda properties, parameters: {**properties, "autoMinorVersionUpgrade": True},
)
def rds_database_without_minor_upgrades(instance: Upgraded, case: Case) -> Answer:
    """On by default; one instance that has it off holds back its whole cluster.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Maintenance.AMVU.html
    """
    return PASS if instance.minor_upgrades else fail("Minor versions, which carry security patches, are not applied.")
