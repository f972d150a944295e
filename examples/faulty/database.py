"""The orders database: Aurora PostgreSQL."""

import pulumi_aws as aws

import keys
import network
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
    parameters=[{"name": "rds.force_ssl", "value": "0", "apply_method": "pending-reboot"}],
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
    storage_encrypted=True,
    kms_key_id=keys.data.arn,
    db_subnet_group_name=subnets.name,
    db_cluster_parameter_group_name=parameters.name,
    vpc_security_group_ids=[network.database.id],
    backup_retention_period=1,
    skip_final_snapshot=True,
    tags=tags("cardholder"),
)
instance = aws.rds.ClusterInstance(
    "orders-0",
    identifier=f"{PREFIX}-orders-0",
    cluster_identifier=cluster.id,
    engine=ENGINE,
    engine_version=cluster.engine_version,
    instance_class="db.r7g.16xlarge",
    db_subnet_group_name=subnets.name,
    publicly_accessible=True,
    auto_minor_version_upgrade=False,
    tags=tags("cardholder"),
)
