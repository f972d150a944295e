"""Databases: made as the components make them, and broken."""

from __future__ import annotations

from typing import Any

from lychgate.model.graph import Resource
from tests.provisioner.sync.live.world import PAIRS, TAGS, Case, World, made

NAME = "shop-production-acme-ledger"


def subnet_group(world: World) -> tuple[Resource, ...]:
    _, subnets = world.network()
    found = world.rds.create_db_subnet_group(
        DBSubnetGroupName=NAME, DBSubnetGroupDescription="Managed by Pulumi", SubnetIds=subnets, Tags=PAIRS
    )["DBSubnetGroup"]
    properties = {"name": NAME, "subnetIds": subnets[::-1], "tags": TAGS}
    return (made("aws:rds/subnetGroup:SubnetGroup", NAME, properties, arn=found["DBSubnetGroupArn"]),)


def another_subnet(world: World, _: Resource) -> None:
    """moto's ModifyDBSubnetGroup loses the group."""
    world.rds.delete_db_subnet_group(DBSubnetGroupName=NAME)
    world.rds.create_db_subnet_group(
        DBSubnetGroupName=NAME, DBSubnetGroupDescription="x", SubnetIds=world.network()[1], Tags=PAIRS
    )


def parameter_group(world: World) -> tuple[Resource, ...]:
    found = world.rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=NAME, DBParameterGroupFamily="aurora-postgresql17", Description="x", Tags=PAIRS
    )["DBClusterParameterGroup"]
    properties = {"name": NAME, "family": "aurora-postgresql17", "tags": TAGS}
    arn = found["DBClusterParameterGroupArn"]
    return (made("aws:rds/clusterParameterGroup:ClusterParameterGroup", NAME, properties, arn=arn),)


def cluster(world: World) -> tuple[Resource, ...]:
    key = world.key()
    vpc, subnets = world.network()
    group = world.group(vpc)
    world.rds.create_db_subnet_group(DBSubnetGroupName=NAME, DBSubnetGroupDescription="x", SubnetIds=subnets)
    found = world.rds.create_db_cluster(
        DBClusterIdentifier=NAME, Engine="aurora-postgresql", EngineVersion="17.9", DatabaseName="ledger", Port=5432,
        MasterUsername="administrator", ManageMasterUserPassword=True, MasterUserSecretKmsKeyId=key,
        EnableIAMDatabaseAuthentication=True, StorageEncrypted=True, KmsKeyId=key, VpcSecurityGroupIds=[group],
        DBSubnetGroupName=NAME, BackupRetentionPeriod=35, CopyTagsToSnapshot=True, DeletionProtection=True,
        PreferredBackupWindow="02:00-03:00", PreferredMaintenanceWindow="sun:03:30-sun:04:30", Tags=PAIRS,
        EnableCloudwatchLogsExports=["postgresql"],
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 2},
    )["DBCluster"]  # fmt: skip
    properties = {
        "clusterIdentifier": NAME, "engine": "aurora-postgresql", "engineVersion": "17", "databaseName": "ledger",
        "port": 5432, "masterUsername": "administrator", "manageMasterUserPassword": True,
        "masterUserSecretKmsKeyId": key, "iamDatabaseAuthenticationEnabled": True, "storageEncrypted": True,
        "kmsKeyId": key, "vpcSecurityGroupIds": [group], "dbSubnetGroupName": NAME, "backupRetentionPeriod": 35,
        "preferredBackupWindow": "02:00-03:00", "preferredMaintenanceWindow": "sun:03:30-sun:04:30",
        "copyTagsToSnapshot": True, "deletionProtection": True, "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": f"{NAME}-final", "enabledCloudwatchLogsExports": ["postgresql"],
        "serverlessv2ScalingConfiguration": {"minCapacity": 0.5, "maxCapacity": 2}, "tags": TAGS,
    }  # fmt: skip
    return (
        made("aws:rds/cluster:Cluster", NAME, properties, arn=found["DBClusterArn"]),
        made("aws:ec2/securityGroup:SecurityGroup", group, {"name": "api"}, name="group"),
    )


def set_cluster(world: World, **more: Any) -> None:
    world.rds.modify_db_cluster(DBClusterIdentifier=NAME, ApplyImmediately=True, **more)


def instance(world: World) -> tuple[Resource, ...]:
    key = world.key()
    world.rds.create_db_cluster(
        DBClusterIdentifier=NAME, Engine="aurora-postgresql", MasterUsername="administrator",
        MasterUserPassword="password-1", StorageEncrypted=True,
    )  # fmt: skip
    found = world.rds.create_db_instance(
        DBInstanceIdentifier=f"{NAME}-0", DBClusterIdentifier=NAME, Engine="aurora-postgresql",
        DBInstanceClass="db.serverless", PubliclyAccessible=False, AutoMinorVersionUpgrade=True,
        CopyTagsToSnapshot=True, MonitoringInterval=60, MonitoringRoleArn="arn:aws:iam::123456789012:role/m",
        EnablePerformanceInsights=True, PerformanceInsightsKMSKeyId=key, PerformanceInsightsRetentionPeriod=7,
        Tags=PAIRS,
    )["DBInstance"]  # fmt: skip
    properties = {
        "identifier": f"{NAME}-0", "clusterIdentifier": NAME, "engine": "aurora-postgresql",
        "instanceClass": "db.serverless", "publiclyAccessible": False, "autoMinorVersionUpgrade": True,
        "copyTagsToSnapshot": True, "tags": TAGS,
    }  # fmt: skip
    return (made("aws:rds/clusterInstance:ClusterInstance", f"{NAME}-0", properties, arn=found["DBInstanceArn"]),)


def set_instance(world: World, **more: Any) -> None:
    world.rds.modify_db_instance(DBInstanceIdentifier=f"{NAME}-0", ApplyImmediately=True, **more)


CASES = (
    Case("aws:rds/subnetGroup:SubnetGroup", subnet_group, (
        (another_subnet, ("subnetIds",)),
        (lambda w, _: w.rds.delete_db_subnet_group(DBSubnetGroupName=NAME), None),
    )),
    Case("aws:rds/clusterParameterGroup:ClusterParameterGroup", parameter_group, (
        (lambda w, one: w.rds.remove_tags_from_resource(ResourceName=one.outputs["arn"], TagKeys=["tenant"]),
         ("tags.tenant",)),
        (lambda w, _: w.rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName=NAME), None),
    )),
    Case("aws:rds/cluster:Cluster", cluster, (
        (lambda w, _: set_cluster(w, DeletionProtection=False), ("deletionProtection",)),
        (lambda w, _: set_cluster(w, BackupRetentionPeriod=1), ("backupRetentionPeriod",)),
        (lambda w, _: set_cluster(w, ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 64}),
         ("serverlessv2ScalingConfiguration.maxCapacity",)),
        (lambda w, _: [set_cluster(w, DeletionProtection=False),
                       w.rds.delete_db_cluster(DBClusterIdentifier=NAME, SkipFinalSnapshot=True)], None),
    )),
    Case("aws:rds/clusterInstance:ClusterInstance", instance, (
        (lambda w, _: set_instance(w, PubliclyAccessible=True), ("publiclyAccessible",)),
        (lambda w, _: set_instance(w, DBInstanceClass="db.r6g.large"), ("instanceClass",)),
        (lambda w, _: w.rds.delete_db_instance(DBInstanceIdentifier=f"{NAME}-0", SkipFinalSnapshot=True), None),
    )),
)  # fmt: skip
