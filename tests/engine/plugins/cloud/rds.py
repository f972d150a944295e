"""Aurora. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html"""

from __future__ import annotations

from typing import Any

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, given, pairs, retag, without_none
from tests.engine.plugins.wire import Properties

# Property -> argument: those that only a new one gets, and those that can change.
CLUSTER_NEW = {
    "clusterIdentifier": "DBClusterIdentifier", "engine": "Engine", "engineMode": "EngineMode",
    "databaseName": "DatabaseName", "masterUsername": "MasterUsername", "storageEncrypted": "StorageEncrypted",
    "kmsKeyId": "KmsKeyId", "dbSubnetGroupName": "DBSubnetGroupName",
}  # fmt: skip
CLUSTER = {
    "engineVersion": "EngineVersion", "port": "Port", "manageMasterUserPassword": "ManageMasterUserPassword",
    "masterUserSecretKmsKeyId": "MasterUserSecretKmsKeyId",
    "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
    "vpcSecurityGroupIds": "VpcSecurityGroupIds", "dbClusterParameterGroupName": "DBClusterParameterGroupName",
    "backupRetentionPeriod": "BackupRetentionPeriod", "preferredBackupWindow": "PreferredBackupWindow",
    "preferredMaintenanceWindow": "PreferredMaintenanceWindow", "copyTagsToSnapshot": "CopyTagsToSnapshot",
    "deletionProtection": "DeletionProtection",
}  # fmt: skip
INSTANCE_NEW = {
    "identifier": "DBInstanceIdentifier", "clusterIdentifier": "DBClusterIdentifier", "engine": "Engine",
    "engineVersion": "EngineVersion", "dbSubnetGroupName": "DBSubnetGroupName",
}  # fmt: skip
INSTANCE = {
    "instanceClass": "DBInstanceClass", "publiclyAccessible": "PubliclyAccessible",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade", "caCertIdentifier": "CACertificateIdentifier",
    "copyTagsToSnapshot": "CopyTagsToSnapshot", "monitoringInterval": "MonitoringInterval",
    "monitoringRoleArn": "MonitoringRoleArn", "performanceInsightsEnabled": "EnablePerformanceInsights",
    "performanceInsightsKmsKeyId": "PerformanceInsightsKMSKeyId",
    "performanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
}  # fmt: skip
LOGS, SCALING = "enabledCloudwatchLogsExports", "serverlessv2ScalingConfiguration"


def _scaling(inputs: Properties) -> dict[str, Any]:
    said = inputs.get(SCALING)
    names = {"minCapacity": "MinCapacity", "maxCapacity": "MaxCapacity"}
    return {"ServerlessV2ScalingConfiguration": given(said, names)} if said else {}


def create_cluster(cloud: Cloud, inputs: Properties) -> str:
    made = cloud("rds").create_db_cluster(
        Tags=pairs(all_tags(inputs)), **given(inputs, {**CLUSTER_NEW, **CLUSTER}), **_scaling(inputs),
        **given(inputs, {LOGS: "EnableCloudwatchLogsExports"}),
    )  # fmt: skip
    return str(made["DBCluster"]["DBClusterIdentifier"])


def cluster(cloud: Cloud, ident: str, known: Properties) -> Properties:
    found = cloud("rds").describe_db_clusters(DBClusterIdentifier=ident)["DBClusters"][0]
    secret = found.get("MasterUserSecret")
    secrets = [given(secret, {"SecretArn": "secretArn", "SecretStatus": "secretStatus", "KmsKeyId": "kmsKeyId"})]
    return {
        "arn": found["DBClusterArn"], "clusterResourceId": found["DbClusterResourceId"], "endpoint": found["Endpoint"],
        "readerEndpoint": found["ReaderEndpoint"], "hostedZoneId": found["HostedZoneId"],
        "engineVersionActual": found["EngineVersion"], "masterUserSecrets": secrets if secret else [],
        "caCertificateValidTill": "", "upgradeRolloutOrder": found.get("UpgradeRolloutOrder", ""),
        "port": found["Port"],
    }  # fmt: skip


def update_cluster(cloud: Cloud, ident: str, old: Properties, new: Properties) -> None:
    change = given({name: new.get(name) for name in CLUSTER if differs(old, new, name)}, CLUSTER)
    if differs(old, new, SCALING):
        change |= _scaling(new)
    if differs(old, new, LOGS):
        before, after = set(old.get(LOGS) or ()), set(new.get(LOGS) or ())
        exports = {"EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}
        change["CloudwatchLogsExportConfiguration"] = exports
    if change:
        cloud("rds").modify_db_cluster(DBClusterIdentifier=ident, ApplyImmediately=True, **change)
    _retag(cloud, cluster(cloud, ident, new)["arn"], old, new)


def delete_cluster(cloud: Cloud, ident: str, known: Properties) -> None:
    skip = bool(known.get("skipFinalSnapshot"))
    last = {} if skip else given(known, {"finalSnapshotIdentifier": "FinalDBSnapshotIdentifier"})
    cloud("rds").delete_db_cluster(DBClusterIdentifier=ident, SkipFinalSnapshot=skip, **last)


def create_instance(cloud: Cloud, inputs: Properties) -> str:
    names = {**INSTANCE_NEW, **INSTANCE}
    made = cloud("rds").create_db_instance(Tags=pairs(all_tags(inputs)), **given(inputs, names))
    return str(made["DBInstance"]["DBInstanceIdentifier"])


def instance(cloud: Cloud, ident: str, known: Properties) -> Properties:
    found = cloud("rds").describe_db_instances(DBInstanceIdentifier=ident)["DBInstances"][0]
    owner = cloud("rds").describe_db_clusters(DBClusterIdentifier=known["clusterIdentifier"])["DBClusters"][0]
    members = {one["DBInstanceIdentifier"]: one["IsClusterWriter"] for one in owner["DBClusterMembers"]}
    return {
        "arn": found["DBInstanceArn"], "dbiResourceId": found["DbiResourceId"],
        "endpoint": found["Endpoint"]["Address"], "port": found["Endpoint"]["Port"],
        "engineVersionActual": found["EngineVersion"], "kmsKeyId": owner.get("KmsKeyId", ""),
        "storageEncrypted": owner["StorageEncrypted"], "networkType": found.get("NetworkType", "IPV4"),
        "writer": members.get(ident, False),
    }  # fmt: skip


def update_instance(cloud: Cloud, ident: str, old: Properties, new: Properties) -> None:
    change = given({name: new.get(name) for name in INSTANCE if differs(old, new, name)}, INSTANCE)
    if change:
        cloud("rds").modify_db_instance(DBInstanceIdentifier=ident, ApplyImmediately=True, **change)
    _retag(cloud, instance(cloud, ident, new)["arn"], old, new)


def _retag(cloud: Cloud, arn: str, old: Properties, new: Properties) -> None:
    retag(
        old, new,
        lambda tags: cloud("rds").add_tags_to_resource(ResourceName=arn, Tags=pairs(tags)),
        lambda names: cloud("rds").remove_tags_from_resource(ResourceName=arn, TagKeys=names),
    )  # fmt: skip


def create_subnets(cloud: Cloud, inputs: Properties) -> str:
    made = cloud("rds").create_db_subnet_group(
        DBSubnetGroupName=inputs["name"], DBSubnetGroupDescription=inputs["description"],
        SubnetIds=inputs["subnetIds"], Tags=pairs(all_tags(inputs)),
    )  # fmt: skip
    return str(made["DBSubnetGroup"]["DBSubnetGroupName"])


def subnets(cloud: Cloud, name: str, known: Properties) -> Properties:
    found = cloud("rds").describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
    types = found.get("SupportedNetworkTypes") or ["IPV4"]
    return {"arn": found["DBSubnetGroupArn"], "vpcId": found["VpcId"], "supportedNetworkTypes": types}


def update_subnets(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    if differs(old, new, "description", "subnetIds"):
        cloud("rds").modify_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription=new["description"], SubnetIds=new["subnetIds"]
        )
    _retag(cloud, subnets(cloud, name, new)["arn"], old, new)


def create_parameters(cloud: Cloud, inputs: Properties) -> str:
    made = cloud("rds").create_db_cluster_parameter_group(
        DBClusterParameterGroupName=inputs["name"], DBParameterGroupFamily=inputs["family"],
        Description=inputs["description"], Tags=pairs(all_tags(inputs)),
    )["DBClusterParameterGroup"]  # fmt: skip
    _set_parameters(cloud, inputs["name"], {}, inputs)
    return str(made["DBClusterParameterGroupName"])


def _set_parameters(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    """Twenty at a time, which is as many as RDS takes; those that are gone get RDS's own value again."""
    rows, before = new.get("parameters") or [], old.get("parameters") or []
    names = {"name": "ParameterName", "value": "ParameterValue", "applyMethod": "ApplyMethod"}
    wanted = [given(one, names) for one in rows if one not in before]
    for start in range(0, len(wanted), 20):
        cloud("rds").modify_db_cluster_parameter_group(
            DBClusterParameterGroupName=name, Parameters=wanted[start : start + 20]
        )
    gone = [one for one in before if one["name"] not in {each["name"] for each in rows}]
    if gone:
        resets = [without_none(ParameterName=one["name"], ApplyMethod=one.get("applyMethod")) for one in gone]
        cloud("rds").reset_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=resets)


def parameters(cloud: Cloud, name: str, known: Properties) -> Properties:
    found = cloud("rds").describe_db_cluster_parameter_groups(DBClusterParameterGroupName=name)
    return {"arn": found["DBClusterParameterGroups"][0]["DBClusterParameterGroupArn"]}


def update_parameters(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    _set_parameters(cloud, name, old, new)
    _retag(cloud, parameters(cloud, name, new)["arn"], old, new)


KINDS = {
    "aws:rds/cluster:Cluster": Kind(
        frozenset({*CLUSTER_NEW, *CLUSTER, LOGS, SCALING, "skipFinalSnapshot", "finalSnapshotIdentifier",
                   "applyImmediately", "allowMajorVersionUpgrade"}),
        create_cluster, delete_cluster, cluster, update_cluster, frozenset(CLUSTER_NEW),
    ),
    "aws:rds/clusterInstance:ClusterInstance": Kind(
        frozenset({*INSTANCE_NEW, *INSTANCE, "applyImmediately"}), create_instance,
        lambda cloud, ident, known: cloud("rds").delete_db_instance(DBInstanceIdentifier=ident, SkipFinalSnapshot=True),
        instance, update_instance, frozenset(INSTANCE_NEW),
    ),
    "aws:rds/subnetGroup:SubnetGroup": Kind(
        frozenset({"name", "description", "subnetIds"}), create_subnets,
        lambda cloud, name, known: cloud("rds").delete_db_subnet_group(DBSubnetGroupName=name), subnets, update_subnets,
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Kind(
        frozenset({"name", "family", "description", "parameters"}), create_parameters,
        lambda cloud, name, known: cloud("rds").delete_db_cluster_parameter_group(DBClusterParameterGroupName=name),
        parameters, update_parameters, frozenset({"family", "description"}),
    ),
}  # fmt: skip
