"""Which types keep, move or reach what belongs to somebody, and in which properties that is said."""

from __future__ import annotations

from lychgate.views.attachments import ROLE, USER
from lychgate.views.kms import KEYS
from lychgate.views.s3 import BUCKETS

# Who reaches data: actions that read, change, hand out or destroy what the service keeps. Service authorization
# reference: https://docs.aws.amazon.com/service-authorization/latest/reference/
REACHING: dict[str, tuple[str, ...]] = {
    "s3": ("GetObject", "GetObjectVersion", "PutObject", "DeleteObject", "DeleteObjectVersion", "ListBucket",
           "PutBucketPolicy", "DeleteBucketPolicy", "DeleteBucket", "PutReplicationConfiguration", "PutObjectAcl",
           "PutBucketAcl"),
    "dynamodb": ("GetItem", "BatchGetItem", "Query", "Scan", "PartiQLSelect", "PutItem", "UpdateItem", "DeleteItem",
                 "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete", "DeleteTable", "CreateBackup",
                 "ExportTableToPointInTime", "RestoreTableToPointInTime", "PutResourcePolicy", "GetRecords"),
    "sqs": ("ReceiveMessage", "SendMessage", "DeleteMessage", "PurgeQueue", "SetQueueAttributes", "AddPermission",
            "DeleteQueue"),
    "sns": ("Publish", "Subscribe", "SetTopicAttributes", "AddPermission", "DeleteTopic"),
    "secretsmanager": ("GetSecretValue", "BatchGetSecretValue", "PutSecretValue", "UpdateSecret", "PutResourcePolicy",
                       "ReplicateSecretToRegions", "DeleteSecret"),
    "ssm": ("GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory", "PutParameter",
            "DeleteParameter"),
    "kms": ("Decrypt", "GenerateDataKey", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "CreateGrant", "PutKeyPolicy",
            "ScheduleKeyDeletion", "DisableKey"),
    "rds": ("CreateDBSnapshot", "CreateDBClusterSnapshot", "ModifyDBInstance", "ModifyDBCluster",
            "RestoreDBInstanceToPointInTime", "RestoreDBClusterToPointInTime", "CreateDBInstanceReadReplica",
            "StartExportTask", "DeleteDBInstance", "DeleteDBCluster"),
    "rds-data": ("ExecuteStatement", "BatchExecuteStatement", "ExecuteSql"),
    "rds-db": ("connect",),
    "kinesis": ("GetRecords", "SubscribeToShard", "PutRecord", "PutRecords", "DeleteStream"),
    "ecr": ("BatchGetImage", "GetDownloadUrlForLayer", "PutImage", "SetRepositoryPolicy", "BatchDeleteImage",
            "DeleteRepository"),
    "lambda": ("InvokeFunction", "InvokeFunctionUrl", "UpdateFunctionCode", "UpdateFunctionConfiguration",
               "AddPermission", "DeleteFunction"),
    "logs": ("GetLogEvents", "FilterLogEvents", "StartQuery", "StartLiveTail", "PutSubscriptionFilter",
             "CreateExportTask", "DeleteLogGroup"),
    "elasticfilesystem": ("ClientMount", "ClientWrite", "ClientRootAccess", "PutFileSystemPolicy", "DeleteFileSystem"),
    "es": ("ESHttpGet", "ESHttpPost", "ESHttpPut", "ESHttpDelete", "UpdateDomainConfig", "DeleteDomain"),
    # A role is reached by assuming it, by handing it to a service, or by changing who may assume it or what it may.
    "sts": ("AssumeRole",),
    "iam": ("PassRole", "UpdateAssumeRolePolicy", "PutRolePolicy", "AttachRolePolicy"),
}  # fmt: skip
ACTIONS = {service: tuple(f"{service}:{name}" for name in names) for service, names in REACHING.items()}
ACCESS_POINTS = ("aws:s3/accessPoint:AccessPoint",)
SERVICES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(BUCKETS + ACCESS_POINTS, ("s3",)),
    "aws:dynamodb/table:Table": ("dynamodb",),
    "aws:sqs/queue:Queue": ("sqs",),
    "aws:sns/topic:Topic": ("sns",),
    "aws:secretsmanager/secret:Secret": ("secretsmanager",),
    "aws:ssm/parameter:Parameter": ("ssm",),
    **dict.fromkeys(KEYS, ("kms",)),
    "aws:rds/cluster:Cluster": ("rds", "rds-data", "rds-db"),
    "aws:rds/instance:Instance": ("rds", "rds-db"),
    "aws:kinesis/stream:Stream": ("kinesis",),
    "aws:ecr/repository:Repository": ("ecr",),
    "aws:lambda/function:Function": ("lambda",),
    "aws:cloudwatch/logGroup:LogGroup": ("logs",),
    "aws:efs/fileSystem:FileSystem": ("elasticfilesystem",),
    "aws:opensearch/domain:Domain": ("es",),
    ROLE: ("sts", "iam"),
}
# What stands below the ARN of a resource and is reached through it: objects, indexes and streams, log streams, ...
BELOW = {"s3": "/*", "dynamodb": "/*", "lambda": ":*", "logs": ":*", "es": "/*", "rds-db": "/*"}

SECURITY_GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
# A separate rule of a security group: type -> its group, and the group it lets in.
GROUP_RULES = {
    "aws:ec2/securityGroupRule:SecurityGroupRule": ("securityGroupId", "sourceSecurityGroupId"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("securityGroupId", "referencedSecurityGroupId"),
}
# Properties of what stands on a network that name its security groups.
GROUPS_OF = (
    "vpcSecurityGroupIds",
    "securityGroupIds",
    "securityGroups",
    "vpcConfig.securityGroupIds",
    "vpcOptions.securityGroupIds",
    "networkConfiguration.securityGroups",
    "brokerNodeGroupInfo.securityGroups",
)
# Types that name a KMS key, and the properties that do; the bucket's companion is read by itself.
KEY_PROPERTIES: dict[str, tuple[str, ...]] = {
    "aws:rds/cluster:Cluster": ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"),
    "aws:rds/instance:Instance": ("kmsKeyId", "masterUserSecretKmsKeyId", "performanceInsightsKmsKeyId"),
    "aws:rds/clusterInstance:ClusterInstance": ("performanceInsightsKmsKeyId",),
    "aws:rds/snapshotCopy:SnapshotCopy": ("kmsKeyId",),
    "aws:docdb/cluster:Cluster": ("kmsKeyId",),
    "aws:neptune/cluster:Cluster": ("kmsKeyArn",),
    "aws:redshift/cluster:Cluster": ("kmsKeyId", "masterPasswordSecretKmsKeyId"),
    "aws:memorydb/cluster:Cluster": ("kmsKeyArn",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("kmsKeyId",),
    "aws:elasticache/serverlessCache:ServerlessCache": ("kmsKeyId",),
    "aws:dynamodb/table:Table": ("serverSideEncryption.kmsKeyArn", "replicas.kmsKeyArn"),
    "aws:dynamodb/tableReplica:TableReplica": ("kmsKeyArn",),
    "aws:sqs/queue:Queue": ("kmsMasterKeyId",),
    "aws:sns/topic:Topic": ("kmsMasterKeyId",),
    "aws:kinesis/stream:Stream": ("kmsKeyId",),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": ("serverSideEncryption.keyArn",),
    "aws:secretsmanager/secret:Secret": ("kmsKeyId", "replicas.kmsKeyId"),
    "aws:ssm/parameter:Parameter": ("keyId",),
    "aws:cloudwatch/logGroup:LogGroup": ("kmsKeyId",),
    "aws:cloudtrail/trail:Trail": ("kmsKeyId",),
    "aws:ebs/volume:Volume": ("kmsKeyId",),
    "aws:ebs/snapshotCopy:SnapshotCopy": ("kmsKeyId",),
    "aws:efs/fileSystem:FileSystem": ("kmsKeyId",),
    "aws:fsx/lustreFileSystem:LustreFileSystem": ("kmsKeyId",),
    "aws:backup/vault:Vault": ("kmsKeyArn",),
    "aws:ecr/repository:Repository": ("encryptionConfigurations.kmsKey",),
    "aws:eks/cluster:Cluster": ("encryptionConfig.provider.keyArn",),
    "aws:opensearch/domain:Domain": ("encryptAtRest.kmsKeyId",),
    "aws:lambda/function:Function": ("kmsKeyArn",),
}
# What is made from other data: the type, and the properties that name what it is made from, with the types these are.
RDS = ("aws:rds/cluster:Cluster", "aws:rds/instance:Instance")
RDS_SNAPSHOTS = (
    "aws:rds/snapshot:Snapshot",
    "aws:rds/clusterSnapshot:ClusterSnapshot",
    "aws:rds/snapshotCopy:SnapshotCopy",
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy",
)
EBS_SNAPSHOTS = ("aws:ebs/snapshot:Snapshot", "aws:ebs/snapshotCopy:SnapshotCopy")
MADE_FROM: dict[str, dict[str, tuple[str, ...]]] = {
    RDS[0]: {
        "replicationSourceIdentifier": RDS,
        "snapshotIdentifier": RDS_SNAPSHOTS,
        "restoreToPointInTime.sourceClusterIdentifier": RDS,
        "restoreToPointInTime.sourceClusterResourceId": RDS,
    },
    RDS[1]: {
        "replicateSourceDb": RDS,
        "snapshotIdentifier": RDS_SNAPSHOTS,
        "restoreToPointInTime.sourceDbInstanceIdentifier": RDS,
        "restoreToPointInTime.sourceDbiResourceId": RDS,
        "restoreToPointInTime.sourceDbInstanceAutomatedBackupsArn": (),
    },
    RDS_SNAPSHOTS[0]: {"dbInstanceIdentifier": RDS},
    RDS_SNAPSHOTS[1]: {"dbClusterIdentifier": RDS},
    RDS_SNAPSHOTS[2]: {"sourceDbSnapshotIdentifier": RDS_SNAPSHOTS},
    RDS_SNAPSHOTS[3]: {"sourceDbClusterSnapshotIdentifier": RDS_SNAPSHOTS},
    "aws:docdb/cluster:Cluster": {
        "snapshotIdentifier": ("aws:docdb/clusterSnapshot:ClusterSnapshot",),
        "restoreToPointInTime.sourceClusterIdentifier": ("aws:docdb/cluster:Cluster",),
    },
    "aws:docdb/clusterSnapshot:ClusterSnapshot": {"dbClusterIdentifier": ("aws:docdb/cluster:Cluster",)},
    "aws:neptune/cluster:Cluster": {
        "snapshotIdentifier": ("aws:neptune/clusterSnapshot:ClusterSnapshot",),
        "replicationSourceIdentifier": ("aws:neptune/cluster:Cluster",),
    },
    "aws:neptune/clusterSnapshot:ClusterSnapshot": {"dbClusterIdentifier": ("aws:neptune/cluster:Cluster",)},
    "aws:dynamodb/table:Table": {
        "restoreSourceName": ("aws:dynamodb/table:Table",),
        "restoreSourceTableArn": ("aws:dynamodb/table:Table",),
        "restoreBackupArn": (),
    },
    EBS_SNAPSHOTS[0]: {"volumeId": ("aws:ebs/volume:Volume",)},
    EBS_SNAPSHOTS[1]: {"sourceSnapshotId": EBS_SNAPSHOTS},
    "aws:ebs/volume:Volume": {"snapshotId": EBS_SNAPSHOTS},
    "aws:elasticache/replicationGroup:ReplicationGroup": {"snapshotName": ()},
    "aws:elasticache/cluster:Cluster": {"snapshotName": ()},
    "aws:memorydb/cluster:Cluster": {"snapshotName": ("aws:memorydb/snapshot:Snapshot",)},
    "aws:redshift/cluster:Cluster": {"snapshotIdentifier": ("aws:redshift/clusterSnapshot:ClusterSnapshot",)},
}
# What moves data or starts work by itself: the type, the property that names where it comes from (empty: the resource
# itself), the types that a bare name there may mean, and the properties that name where it goes.
FUNCTION = "aws:lambda/function:Function"
SENDING: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "aws:sns/topicSubscription:TopicSubscription": ("topic", (), ("endpoint",)),
    "aws:lambda/eventSourceMapping:EventSourceMapping": ("eventSourceArn", (), ("functionName",)),
    "aws:cloudwatch/eventTarget:EventTarget": ("rule", ("aws:cloudwatch/eventRule:EventRule",), ("arn",)),
    "aws:s3/bucketNotification:BucketNotification": (
        "bucket",
        BUCKETS,
        ("queues.queueArn", "topics.topicArn", "lambdaFunctions.lambdaFunctionArn"),
    ),
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": (
        "logGroup",
        ("aws:cloudwatch/logGroup:LogGroup",),
        ("destinationArn",),
    ),
    "aws:pipes/pipe:Pipe": ("source", (), ("target",)),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        "functionName",
        (FUNCTION,),
        ("destinationConfig.onSuccess.destination", "destinationConfig.onFailure.destination"),
    ),
    "aws:dynamodb/kinesisStreamingDestination:KinesisStreamingDestination": (
        "tableName",
        ("aws:dynamodb/table:Table",),
        ("streamArn",),
    ),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": ("", (), ("extendedS3Configuration.bucketArn",)),
    FUNCTION: ("", (), ("deadLetterConfig.targetArn",)),
    "aws:sqs/queue:Queue": ("", (), ("redrivePolicy.deadLetterTargetArn",)),
    "aws:sqs/redrivePolicy:RedrivePolicy": ("queueUrl", (), ("redrivePolicy.deadLetterTargetArn",)),
}
# Which properties of a workload name the role that it runs as.
RUNS_AS = {
    FUNCTION: "role",
    "aws:ecs/taskDefinition:TaskDefinition": "taskRoleArn",
    "aws:sfn/stateMachine:StateMachine": "roleArn",
    "aws:codebuild/project:Project": "serviceRole",
    "aws:codepipeline/pipeline:Pipeline": "roleArn",
    "aws:glue/job:Job": "roleArn",
    "aws:sagemaker/notebookInstance:NotebookInstance": "roleArn",
    "aws:pipes/pipe:Pipe": "roleArn",
}
MACHINES = ("aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate")
ACTORS = (ROLE, USER, *RUNS_AS, *MACHINES)
