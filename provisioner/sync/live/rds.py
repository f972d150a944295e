"""Aurora. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBCluster.html, API_DBInstance.html,
API_DBSubnetGroup.html and API_Parameter.html"""

from __future__ import annotations

from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone, attempted
from lychgate.provisioner.sync.live.saying import as_named, ident, tags, without_none

from lychgate.model.graph import Resource


def cluster(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A cluster."""
    found = _one(calls("rds", "describe_db_clusters", DBClusterIdentifier=ident(resource))["DBClusters"])
    secret = found.get("MasterUserSecret") or {}
    scaling = found.get("ServerlessV2ScalingConfiguration")
    capacity = scaling and without_none(minCapacity=scaling.get("MinCapacity"), maxCapacity=scaling.get("MaxCapacity"))
    return {
        "clusterIdentifier": found["DBClusterIdentifier"],
        "engine": found["Engine"],
        "engineVersion": as_named(resource.properties.get("engineVersion"), found.get("EngineVersion")),
        "databaseName": found.get("DatabaseName"),
        "port": found.get("Port"),
        "masterUsername": found.get("MasterUsername"),
        "manageMasterUserPassword": bool(secret),
        "masterUserSecretKmsKeyId": secret.get("KmsKeyId"),
        "iamDatabaseAuthenticationEnabled": found.get("IAMDatabaseAuthenticationEnabled", False),
        "storageEncrypted": found.get("StorageEncrypted", False),
        "kmsKeyId": found.get("KmsKeyId"),
        "vpcSecurityGroupIds": [one["VpcSecurityGroupId"] for one in found.get("VpcSecurityGroups", ())],
        "dbSubnetGroupName": found.get("DBSubnetGroup"),
        "dbClusterParameterGroupName": found.get("DBClusterParameterGroup"),
        "serverlessv2ScalingConfiguration": capacity or None,
        "backupRetentionPeriod": found.get("BackupRetentionPeriod"),
        "preferredBackupWindow": found.get("PreferredBackupWindow"),
        "preferredMaintenanceWindow": found.get("PreferredMaintenanceWindow"),
        "copyTagsToSnapshot": found.get("CopyTagsToSnapshot", False),
        "deletionProtection": found.get("DeletionProtection", False),
        "enabledCloudwatchLogsExports": found.get("EnabledCloudwatchLogsExports", []),
        "tags": tags(found.get("TagList")),
    }


def instance(calls: Calls, resource: Resource) -> dict[str, Any]:
    """An instance of a cluster."""
    found = _one(calls("rds", "describe_db_instances", DBInstanceIdentifier=ident(resource))["DBInstances"])
    return {
        "identifier": found["DBInstanceIdentifier"],
        "clusterIdentifier": found.get("DBClusterIdentifier"),
        "engine": found["Engine"],
        "engineVersion": as_named(resource.properties.get("engineVersion"), found.get("EngineVersion")),
        "instanceClass": found["DBInstanceClass"],
        "dbSubnetGroupName": (found.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
        "publiclyAccessible": found.get("PubliclyAccessible", False),
        "autoMinorVersionUpgrade": found.get("AutoMinorVersionUpgrade", False),
        "caCertIdentifier": found.get("CACertificateIdentifier"),
        "copyTagsToSnapshot": found.get("CopyTagsToSnapshot", False),
        "monitoringInterval": found.get("MonitoringInterval", 0),
        "monitoringRoleArn": found.get("MonitoringRoleArn"),
        "performanceInsightsEnabled": found.get("PerformanceInsightsEnabled", False),
        "performanceInsightsKmsKeyId": found.get("PerformanceInsightsKMSKeyId"),
        "performanceInsightsRetentionPeriod": found.get("PerformanceInsightsRetentionPeriod"),
        "tags": tags(found.get("TagList")),
    }


def subnet_group(calls: Calls, resource: Resource) -> dict[str, Any]:
    """In which subnets a cluster stands."""
    found = _one(calls("rds", "describe_db_subnet_groups", DBSubnetGroupName=ident(resource))["DBSubnetGroups"])
    live = {
        "name": found["DBSubnetGroupName"],
        "description": found.get("DBSubnetGroupDescription"),
        "subnetIds": [one["SubnetIdentifier"] for one in found["Subnets"]],
    }
    return live | _tags(calls, found["DBSubnetGroupArn"])


def parameter_group(calls: Calls, resource: Resource) -> dict[str, Any]:
    """The parameters of a cluster; those that nobody has set are AWS's."""
    name = ident(resource)
    answer = calls("rds", "describe_db_cluster_parameter_groups", DBClusterParameterGroupName=name)
    found = _one(answer["DBClusterParameterGroups"])
    live = {
        "name": found["DBClusterParameterGroupName"],
        "family": found["DBParameterGroupFamily"],
        "description": found.get("Description"),
    }
    live |= attempted(["parameters"], lambda: {"parameters": _parameters(calls, name)})
    return live | _tags(calls, found["DBClusterParameterGroupArn"])


def _parameters(calls: Calls, name: str) -> list[dict[str, Any]]:
    found = calls.pages(
        "rds", "describe_db_cluster_parameters", "Parameters", DBClusterParameterGroupName=name, Source="user"
    )
    return [
        without_none(name=one["ParameterName"], value=one.get("ParameterValue"), applyMethod=one.get("ApplyMethod"))
        for one in found
    ]


def _one(found: list[Any]) -> dict[str, Any]:
    if not found:
        raise Gone("an empty answer")
    one: dict[str, Any] = found[0]
    return one


def _tags(calls: Calls, arn: str) -> dict[str, Any]:
    return attempted(
        ["tags"], lambda: {"tags": tags(calls("rds", "list_tags_for_resource", ResourceName=arn)["TagList"])}
    )


READERS = {
    "aws:rds/cluster:Cluster": cluster,
    "aws:rds/clusterInstance:ClusterInstance": instance,
    "aws:rds/subnetGroup:SubnetGroup": subnet_group,
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": parameter_group,
}
