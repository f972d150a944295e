"""What the real AWS provider does to particular types, as far as a policy or a program can see it.

Automatic names and descriptions: pulumi-aws v7, provider/resource_overrides.go and provider/autonaming.go.
Defaults: the `Default:` entries of terraform-provider-aws's schemas (internal/service/*), which the bridge adds on
Check.
ARN and id formats: AWS Service Authorization Reference, "Resource types defined by ..."
(https://docs.aws.amazon.com/service-authorization/latest/reference/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Autoname:
    """How a name is made where the program gives none: the resource's name, a separator and random digits."""

    property: str = "name"
    longest: int = 255
    separator: str = "-"
    lower: bool = False
    random: int = 7


AUTONAMES: dict[str, Autoname | None] = {
    "aws:appsync/dataSource:DataSource": Autoname(separator="_"),
    "aws:appsync/function:Function": Autoname(separator="_"),
    "aws:athena/database:Database": Autoname(separator="_"),
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": Autoname(separator="_"),
    "aws:cloudwatch/eventRule:EventRule": Autoname(longest=64),
    "aws:cloudwatch/eventTarget:EventTarget": Autoname("targetId"),
    "aws:codedeploy/deploymentConfig:DeploymentConfig": Autoname("deploymentConfigName", 100, "_"),
    "aws:directoryservice/directory:Directory": None,
    "aws:ec2/keyPair:KeyPair": Autoname("keyName"),
    "aws:efs/fileSystem:FileSystem": Autoname("creationToken"),
    "aws:eks/fargateProfile:FargateProfile": Autoname("fargateProfileName"),
    "aws:eks/nodeGroup:NodeGroup": Autoname("nodeGroupName"),
    "aws:elasticache/cluster:Cluster": Autoname("clusterId", 50, lower=True),
    "aws:elasticache/replicationGroup:ReplicationGroup": Autoname("replicationGroupId", 40, lower=True),
    "aws:elasticbeanstalk/environment:Environment": Autoname(longest=40),
    "aws:elasticsearch/domain:Domain": Autoname("domainName", 28, lower=True),
    "aws:glue/catalogDatabase:CatalogDatabase": Autoname(separator="_", lower=True, random=8),
    "aws:glue/catalogTable:CatalogTable": Autoname(separator="_", lower=True, random=8),
    "aws:iam/role:Role": Autoname(longest=64),
    "aws:iot/topicRule:TopicRule": Autoname(separator="_"),
    "aws:kms/alias:Alias": Autoname(longest=238),
    "aws:lambda/function:Function": Autoname(longest=64),
    "aws:lambda/permission:Permission": Autoname("statementId", 100),
    "aws:mq/broker:Broker": Autoname("brokerName", 55),
    "aws:msk/cluster:Cluster": Autoname("clusterName"),
    "aws:msk/serverlessCluster:ServerlessCluster": Autoname("clusterName"),
    "aws:opensearch/domain:Domain": Autoname("domainName"),
    "aws:rds/instance:Instance": Autoname("identifier", separator=""),
    "aws:route53/record:Record": None,
    "aws:s3/bucket:Bucket": Autoname("bucket", 63, lower=True),
    "aws:s3/bucketObject:BucketObject": Autoname("key", 1024, "", random=0),
    "aws:s3/bucketObjectv2:BucketObjectv2": Autoname("key", 1024, "", random=0),
    "aws:s3/bucketV2:BucketV2": Autoname("bucket", 63, lower=True),
    "aws:sns/topic:Topic": Autoname(longest=80),
    "aws:sqs/queue:Queue": Autoname(longest=80),
}

_DESCRIBED = {
    "description": (
        "aws:apigateway/apiKey:ApiKey", "aws:appsync/apiKey:ApiKey", "aws:docdb/subnetGroup:SubnetGroup",
        "aws:ec2/securityGroup:SecurityGroup", "aws:elasticache/parameterGroup:ParameterGroup",
        "aws:elasticache/subnetGroup:SubnetGroup", "aws:mediapackage/channel:Channel",
        "aws:neptune/subnetGroup:SubnetGroup", "aws:rds/clusterParameterGroup:ClusterParameterGroup",
        "aws:rds/parameterGroup:ParameterGroup", "aws:rds/subnetGroup:SubnetGroup",
        "aws:redshift/parameterGroup:ParameterGroup", "aws:redshift/subnetGroup:SubnetGroup",
    ),
    "optionGroupDescription": ("aws:rds/optionGroup:OptionGroup",),
    "comment": ("aws:route53/zone:Zone",),
}  # fmt: skip

_SCHEMA_DEFAULTS: dict[str, dict[str, Any]] = {
    "aws:cloudwatch/logGroup:LogGroup": {"retentionInDays": 0, "skipDestroy": False},
    "aws:dynamodb/table:Table": {"billingMode": "PROVISIONED"},
    "aws:ec2/securityGroup:SecurityGroup": {"revokeRulesOnDelete": False},
    "aws:ec2/subnet:Subnet": {
        "assignIpv6AddressOnCreation": False, "enableDns64": False, "enableResourceNameDnsARecordOnLaunch": False,
        "enableResourceNameDnsAaaaRecordOnLaunch": False, "ipv6Native": False, "mapPublicIpOnLaunch": False,
    },
    "aws:ec2/vpc:Vpc": {"enableDnsSupport": True, "instanceTenancy": "default"},
    "aws:ecr/repository:Repository": {"imageTagMutability": "MUTABLE"},
    "aws:eks/cluster:Cluster": {"bootstrapSelfManagedAddons": True},
    "aws:iam/group:Group": {"path": "/"},
    "aws:iam/instanceProfile:InstanceProfile": {"path": "/"},
    "aws:iam/policy:Policy": {"path": "/"},
    "aws:iam/role:Role": {"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
    "aws:iam/user:User": {"forceDestroy": False, "path": "/"},
    "aws:kms/key:Key": {
        "bypassPolicyLockoutSafetyCheck": False, "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "isEnabled": True,
        "keyUsage": "ENCRYPT_DECRYPT",
    },
    "aws:lambda/function:Function": {
        "memorySize": 128, "packageType": "Zip", "publish": False, "reservedConcurrentExecutions": -1,
        "skipDestroy": False, "timeout": 3,
    },
    "aws:rds/cluster:Cluster": {"copyTagsToSnapshot": False, "engineMode": "provisioned", "skipFinalSnapshot": False},
    "aws:rds/clusterInstance:ClusterInstance": {"autoMinorVersionUpgrade": True, "copyTagsToSnapshot": False},
    "aws:rds/instance:Instance": {
        "autoMinorVersionUpgrade": True, "copyTagsToSnapshot": False, "deleteAutomatedBackups": True,
        "monitoringInterval": 0, "publiclyAccessible": False, "skipFinalSnapshot": False,
    },
    "aws:s3/bucket:Bucket": {"forceDestroy": False},
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "blockPublicAcls": False, "blockPublicPolicy": False, "ignorePublicAcls": False,
        "restrictPublicBuckets": False,
    },
    "aws:secretsmanager/secret:Secret": {"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30},
    "aws:sns/topic:Topic": {"contentBasedDeduplication": False, "fifoTopic": False},
    "aws:sqs/queue:Queue": {
        "contentBasedDeduplication": False, "delaySeconds": 0, "fifoQueue": False, "messageRetentionSeconds": 345600,
        "receiveWaitTimeSeconds": 0, "visibilityTimeoutSeconds": 30,
    },
}  # fmt: skip

# Defaults in nested blocks: token -> property that holds the blocks -> defaults of each block.
BLOCK_DEFAULTS: dict[str, dict[str, dict[str, Any]]] = {
    "aws:ec2/securityGroup:SecurityGroup": {"egress": {"self": False}, "ingress": {"self": False}},
}

# What AWS itself settles when a resource is made, and the state shows afterwards: new buckets are encrypted with SSE-S3
# since January 2023, new queues with SSE-SQS since October 2022.
DEPLOYED: dict[str, dict[str, Any]] = {
    "aws:s3/bucket:Bucket": {
        "requestPayer": "BucketOwner",
        "serverSideEncryptionConfiguration": {
            "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}
        },
        "versioning": {"enabled": False, "mfaDelete": False},
    },
    "aws:sqs/queue:Queue": {"sqsManagedSseEnabled": True},
}

ARNS = {
    "aws:cloudwatch/eventRule:EventRule": "arn:aws:events:{region}:{account}:rule/{name}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "aws:dynamodb/table:Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "aws:iam/group:Group": "arn:aws:iam::{account}:group/{name}",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "arn:aws:iam::{account}:oidc-provider/{host}",
    "aws:iam/instanceProfile:InstanceProfile": "arn:aws:iam::{account}:instance-profile/{name}",
    "aws:iam/policy:Policy": "arn:aws:iam::{account}:policy/{name}",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role/{name}",
    "aws:iam/user:User": "arn:aws:iam::{account}:user/{name}",
    "aws:kms/alias:Alias": "arn:aws:kms:{region}:{account}:{name}",
    "aws:kms/key:Key": "arn:aws:kms:{region}:{account}:key/{id}",
    "aws:lambda/function:Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "aws:rds/cluster:Cluster": "arn:aws:rds:{region}:{account}:cluster:{id}",
    "aws:rds/instance:Instance": "arn:aws:rds:{region}:{account}:db:{id}",
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{id}",
    "aws:s3/bucketV2:BucketV2": "arn:aws:s3:::{id}",
    "aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:{region}:{account}:secret:{name}",
    "aws:sns/topic:Topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws:sqs/queue:Queue": "arn:aws:sqs:{region}:{account}:{name}",
}

# Types whose id is made of something else than their name.
IDS = {
    "aws:acm/certificate:Certificate": "{arn}",
    "aws:ecs/cluster:Cluster": "{arn}",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "{arn}",
    "aws:iam/policy:Policy": "{arn}",
    "aws:iam/rolePolicy:RolePolicy": "{role}:{name}",
    "aws:lb/listener:Listener": "{arn}",
    "aws:lb/loadBalancer:LoadBalancer": "{arn}",
    "aws:lb/targetGroup:TargetGroup": "{arn}",
    "aws:rds/cluster:Cluster": "{clusterIdentifier}",
    "aws:rds/clusterInstance:ClusterInstance": "{identifier}",
    "aws:secretsmanager/secret:Secret": "{arn}",
    "aws:sns/topic:Topic": "{arn}",
    "aws:sqs/queue:Queue": "https://sqs.{region}.amazonaws.com/{account}/{name}",
}

ID_PREFIXES = {
    "aws:ec2/eip:Eip": "eipalloc-",
    "aws:ec2/flowLog:FlowLog": "fl-",
    "aws:ec2/instance:Instance": "i-",
    "aws:ec2/internetGateway:InternetGateway": "igw-",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt-",
    "aws:ec2/natGateway:NatGateway": "nat-",
    "aws:ec2/networkAcl:NetworkAcl": "acl-",
    "aws:ec2/networkInterface:NetworkInterface": "eni-",
    "aws:ec2/routeTable:RouteTable": "rtb-",
    "aws:ec2/securityGroup:SecurityGroup": "sg-",
    "aws:ec2/subnet:Subnet": "subnet-",
    "aws:ec2/vpc:Vpc": "vpc-",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce-",
}


def autoname(type_: str, inputs: frozenset[str]) -> Autoname | None:
    """How resources of a type are named by themselves; None where they are not. `inputs` are those of the type."""
    if type_ in AUTONAMES:
        return AUTONAMES[type_]
    return Autoname() if "name" in inputs else None


def defaults(type_: str) -> dict[str, Any]:
    """The inputs that the provider adds to a resource of a type when the program leaves them out."""
    described = {name: "Managed by Pulumi" for name, types in _DESCRIBED.items() if type_ in types}
    return {**described, **_SCHEMA_DEFAULTS.get(type_, {})}
