"""Databases: Aurora clusters, reached over TLS only, by IAM's tokens instead of passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component, Port, Use, document
from lychgate.provisioner.components.checks import known_mode, never_by_tenant, shared_tags, short_enough, within
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.key import Key
from lychgate.provisioner.components.log_group import LogGroup
from lychgate.provisioner.components.security_group import SecurityGroup

from lychgate.reasoning.uses import READER, WRITER
from lychgate.reasoning.uses import statements as allowed

Engine = Literal["postgresql", "mysql"]
MONITORING = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What differs between the engines. `version` is a prefix: minor versions come by themselves."""

    engine: aws.rds.EngineType
    version: str
    port: int
    logs: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]

    def family(self, version: str) -> str:
        """The family of parameter groups: `aurora-postgresql17`, `aurora-mysql8.0`."""
        parts = version.split(".")
        postgresql = self.engine is aws.rds.EngineType.AURORA_POSTGRESQL
        return self.engine.value + (parts[0] if postgresql else ".".join(parts[:2]))


# Versions: 17 stood at 17.9 in April 2026, Aurora MySQL 3 (8.0) at 3.12.0 in February 2026:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/aurorapostgresql-release-calendar.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraMySQLReleaseNotes/doc-history.html
# TLS: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
# and https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Security.html
# Logs: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.CloudWatch.html
# and https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html
KINDS: dict[Engine, _Kind] = {
    "postgresql": _Kind(
        aws.rds.EngineType.AURORA_POSTGRESQL,
        "17",
        5432,
        ("postgresql",),
        (("rds.force_ssl", "1"), ("log_connections", "1"), ("log_disconnections", "1"), ("log_statement", "ddl")),
    ),
    "mysql": _Kind(
        aws.rds.EngineType.AURORA_MYSQL,
        "8.0",
        3306,
        ("audit", "error"),
        (
            ("require_secure_transport", "ON"),
            ("server_audit_logging", "1"),
            ("server_audit_events", "CONNECT,QUERY_DCL,QUERY_DDL"),
        ),
    ),
}


class Database(Component):
    """An Aurora cluster that lets in what its `security_group` is connected to, and whom IAM says.

    Serverless (`min_capacity` to `max_capacity`, in Aurora capacity units of 2 GiB, 0 to 256), or provisioned where an
    `instance_class` is named. `instances`: two in production, over the zones of `subnet_ids`, else one. `version` pins
    what is otherwise a major version whose minor ones come by themselves. `backup_days` (1 to 35) is how far back any
    second can be restored: 35 in production, else 7. `log_days` is how long its logs are kept. RDS makes and changes
    the master's password, which nobody needs. In production it cannot be deleted, and leaves a snapshot. `shared_by`
    says that it serves several tenants: then only what serves all of them may connect.

    Raises ValueError for numbers and names that RDS does not take, and for less than two instances in production.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.html
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html
    """

    kind: ClassVar[str] = "Database"
    MODES: ClassVar[tuple[str, ...]] = ("connect", "read", "use")

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        key: Key,
        vpc_id: pulumi.Input[str],
        subnet_ids: Sequence[pulumi.Input[str]],
        engine: Engine = "postgresql",
        version: str | None = None,
        min_capacity: float = 0.5,
        max_capacity: float = 2,
        instance_class: str | None = None,
        instances: int | None = None,
        backup_days: int | None = None,
        log_days: int = 400,
        shared_by: tuple[str, ...] = (),
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        count = instances or (2 if context.production else 1)
        backup = backup_days or (35 if context.production else 7)
        _check(name, context, engine, count, backup, min_capacity, max_capacity)
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.name, self.key, self._engine = name, key, KINDS[engine]
        self.identifier = short_enough("database", context.named(name), 57)
        self.database_name = name.replace("-", "_")
        self._tags = shared_tags(context.tags(), shared_by)
        self._engine_version = version or self._engine.version
        self.security_group = SecurityGroup(
            name, context, vpc_id=vpc_id, description=f"The database {name}", opts=self.child
        )
        logs = self._logs(log_days)
        capacity = {"min_capacity": min_capacity, "max_capacity": max_capacity}
        self.cluster = self._cluster(
            logs,
            serverlessv2_scaling_configuration=None if instance_class else capacity,
            db_subnet_group_name=self._subnets(subnet_ids),
            db_cluster_parameter_group_name=self._parameters(),
            backup_retention_period=backup,
        )
        self._instances(count, instance_class or "db.serverless", self._monitoring())
        self.register_outputs({"endpoint": self.cluster.endpoint})

    def _logs(self, days: int) -> list[LogGroup]:
        """The groups that RDS would make itself, without key and without end."""
        return [
            LogGroup(
                f"{self.name}-{log}",
                self.context,
                key=self.key,
                days=days,
                log_name=f"/aws/rds/cluster/{self.identifier}/{log}",
                opts=self.child,
            )
            for log in self._engine.logs
        ]

    def _subnets(self, subnet_ids: Sequence[pulumi.Input[str]]) -> pulumi.Output[str]:
        group = aws.rds.SubnetGroup(
            self.name, name=self.identifier, subnet_ids=list(subnet_ids), tags=self._tags, opts=self.child
        )
        return group.name

    def _parameters(self) -> pulumi.Output[str]:
        group = aws.rds.ClusterParameterGroup(
            self.name,
            name=self.identifier,
            family=self._engine.family(self._engine_version),
            parameters=[
                {"name": parameter, "value": value, "apply_method": "pending-reboot"}
                for parameter, value in self._engine.parameters
            ],
            tags=self._tags,
            opts=self.child,
        )
        return group.name

    def _cluster(self, logs: list[LogGroup], **more: Any) -> aws.rds.Cluster:
        production = self.context.production
        return aws.rds.Cluster(
            self.name,
            cluster_identifier=self.identifier,
            engine=self._engine.engine,
            engine_version=self._engine_version,
            database_name=self.database_name,
            port=self._engine.port,
            master_username="administrator",
            manage_master_user_password=True,
            master_user_secret_kms_key_id=self.key.arn,
            iam_database_authentication_enabled=True,
            storage_encrypted=True,
            kms_key_id=self.key.arn,
            vpc_security_group_ids=[self.security_group.id],
            preferred_backup_window="02:00-03:00",
            preferred_maintenance_window="sun:03:30-sun:04:30",
            copy_tags_to_snapshot=True,
            deletion_protection=self.context.protected,
            skip_final_snapshot=not production,
            final_snapshot_identifier=f"{self.identifier}-final" if production else None,
            enabled_cloudwatch_logs_exports=list(self._engine.logs),
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, protect=self.context.protected, depends_on=logs),
            **more,
        )

    def _instances(self, count: int, instance_class: str, monitoring: pulumi.Output[str]) -> None:
        for index in range(count):
            aws.rds.ClusterInstance(
                f"{self.name}-{index}",
                identifier=f"{self.identifier}-{index}",
                cluster_identifier=self.cluster.id,
                engine=self._engine.engine,
                instance_class=instance_class,
                db_subnet_group_name=self.cluster.db_subnet_group_name,
                publicly_accessible=False,
                auto_minor_version_upgrade=True,
                ca_cert_identifier="rds-ca-rsa2048-g1",
                copy_tags_to_snapshot=True,
                monitoring_interval=60,
                monitoring_role_arn=monitoring,
                performance_insights_enabled=True,
                performance_insights_kms_key_id=self.key.arn,
                performance_insights_retention_period=7,
                tags=self._tags,
                opts=self.child,
            )

    def _monitoring(self) -> pulumi.Output[str]:
        """The role by which RDS writes its metrics.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Monitoring.OS.Enabling.html
        """
        context, name = self.context, f"{self.name}-monitoring"
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "monitoring.rds.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": context.account},
                "ArnLike": {"aws:SourceArn": f"arn:aws:rds:{context.region}:{context.account}:db:{self.identifier}-*"},
            },
        }
        role = aws.iam.Role(
            name,
            name=short_enough("role", context.named(name), 64),
            assume_role_policy=document([trust]),
            permissions_boundary=context.boundary,
            tags=self._tags,
            opts=self.child,
        )
        attachment = aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=MONITORING, opts=self.child)
        # An instance that is made before the attachment cannot write.
        return pulumi.Output.all(role.arn, attachment.id).apply(lambda known: str(known[0]))

    def use(self, mode: str, *, tenant: str | None = None) -> Use:
        """What a workload gets that connects (connect and use are the same), or reads only, at the reader endpoint.

        HOST, PORT, NAME and USER are what it connects to and as whom: `application`, or `reader`, both of which its
        migrations make; the password is a token of IAM. Raises ValueError for another mode, and for any tenant.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
        """
        known_mode("database", mode, self.MODES)
        never_by_tenant("database", self.name, tenant)
        reads = mode == "read"
        user = READER if reads else WRITER
        users = f"arn:aws:rds-db:{self.context.region}:{self.context.account}:dbuser:"
        environment: dict[str, pulumi.Input[str]] = {
            "HOST": self.cluster.reader_endpoint if reads else self.cluster.endpoint,
            "PORT": str(self._engine.port),
            "NAME": self.database_name,
            "USER": user,
        }
        users_arn = pulumi.Output.concat(users, self.cluster.cluster_resource_id, "/", user)
        statements = allowed("database", mode, {"reader" if reads else "writer": users_arn})
        return Use(tuple(statements), environment, ports=(Port(self.security_group.id, self._engine.port),))


def _check(
    name: str, context: Context, engine: str, instances: int, backup: int, lowest: float, highest: float
) -> None:
    if engine not in KINDS:
        raise ValueError(f"the engine of {name} is {engine!r}: {' or '.join(KINDS)}")
    if context.production and instances < 2:
        raise ValueError(f"the database {name} has one instance: production needs two, in two zones")
    within("the number of instances", instances, 1, 16)
    within("the days of backups", backup, 1, 35)
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
    within("the highest capacity", highest, 1, 256)
    within("the lowest capacity", lowest, 0, highest)
