"""The orders database: Aurora PostgreSQL in two zones, TLS only, its password made and rotated by RDS."""

import pulumi
import pulumi_aws as aws

import keys
import network
import permissions
from settings import PREFIX, tags

ENGINE = "aurora-postgresql"

subnets = aws.rds.SubnetGroup(
    "orders",
    name=f"{PREFIX}-orders",
    subnet_ids=[subnet.id for subnet in network.data_subnets],
    tags=tags("cardholder"),
)
parameters = aws.rds.ClusterParameterGroup(
    "orders",
    name=f"{PREFIX}-orders",
    family="aurora-postgresql16",
    parameters=[
        {"name": "rds.force_ssl", "value": "1", "apply_method": "pending-reboot"},
        {"name": "log_connections", "value": "1"},
        {"name": "log_statement", "value": "ddl"},
    ],
    tags=tags(),
)
logs = aws.cloudwatch.LogGroup(
    "orders",
    name=f"/aws/rds/cluster/{PREFIX}-orders/postgresql",
    retention_in_days=400,
    kms_key_id=keys.logs.arn,
    tags=tags(),
)
cluster = aws.rds.Cluster(
    "orders",
    cluster_identifier=f"{PREFIX}-orders",
    engine=ENGINE,
    engine_version="16.8",
    database_name="orders",
    master_username="administrator",
    manage_master_user_password=True,
    master_user_secret_kms_key_id=keys.data.arn,
    iam_database_authentication_enabled=True,
    storage_encrypted=True,
    kms_key_id=keys.data.arn,
    db_subnet_group_name=subnets.name,
    db_cluster_parameter_group_name=parameters.name,
    vpc_security_group_ids=[network.database.id],
    backup_retention_period=35,
    preferred_backup_window="02:00-03:00",
    preferred_maintenance_window="sun:03:30-sun:04:30",
    copy_tags_to_snapshot=True,
    deletion_protection=True,
    skip_final_snapshot=False,
    final_snapshot_identifier=f"{PREFIX}-orders-final",
    enabled_cloudwatch_logs_exports=["postgresql"],
    tags=tags("cardholder"),
    opts=pulumi.ResourceOptions(protect=True, depends_on=[logs]),
)
instances = [
    aws.rds.ClusterInstance(
        f"orders-{index}",
        identifier=f"{PREFIX}-orders-{index}",
        cluster_identifier=cluster.id,
        engine=ENGINE,
        engine_version=cluster.engine_version,
        instance_class="db.r7g.large",
        db_subnet_group_name=subnets.name,
        publicly_accessible=False,
        auto_minor_version_upgrade=True,
        ca_cert_identifier="rds-ca-rsa2048-g1",
        monitoring_interval=60,
        monitoring_role_arn=permissions.monitoring.arn,
        performance_insights_enabled=True,
        performance_insights_kms_key_id=keys.data.arn,
        performance_insights_retention_period=7,
        tags=tags("cardholder"),
    )
    for index in range(2)
]
