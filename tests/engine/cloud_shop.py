"""One resource of each type of the table, as the platform's components make them, in the order in which they need one
another; and a change of each that can be changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.engine.groundwork import TRUST, Groundwork
from tests.engine.plugins.wire import Properties

NAME, TAGS = "shop-test-acme", {"application": "shop", "environment": "test", "tenant": "acme"}
VPC, S3 = "aws:vpc/securityGroup{0}Rule:SecurityGroup{0}Rule", "aws:s3/bucket{0}:Bucket{0}"
Made = dict[str, Properties]


@dataclass(frozen=True)
class Step:
    """A resource: its type, its name in the program, its inputs, and what changes of them; `inputs` get what was made
    before, by name."""

    type: str
    name: str
    inputs: Callable[[Made], Properties]
    change: Properties | None = None


def policy(actions: str, resource: str, sid: str = "OnlyWithTls") -> str:
    statement = {
        "Sid": sid, "Effect": "Deny", "Principal": "*", "Action": actions, "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def grant(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": ["*"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def steps(base: Groundwork) -> list[Step]:
    """All of them, on an account's base."""
    return [*_keys(base), *_queues(), *_bucket(base), *_stores(base), *_roles(), *_network(base), *_database(base)]


def _keys(base: Groundwork) -> Iterator[Step]:
    account = base.environment.account
    administration = {
        "Sid": "Administration", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": ["kms:PutKeyPolicy", "kms:Create*"], "Resource": "*",
    }  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [administration]})
    said = {"description": "Data of shop", "deletionWindowInDays": 30, "policy": document, "tags": TAGS}
    yield Step("aws:kms/key:Key", "data", lambda made: {**said, "enableKeyRotation": True}, {"description": "Data"})
    yield Step("aws:kms/key:Key", "more", lambda made: said, {"enableKeyRotation": True})
    yield Step(
        "aws:kms/alias:Alias", "alias", lambda made: {"name": f"alias/{NAME}", "targetKeyId": made["data"]["keyId"]}
    )
    yield Step(
        "aws:cloudwatch/logGroup:LogGroup", "logs",
        lambda made: {"name": NAME, "kmsKeyId": made["data"]["arn"], "retentionInDays": 90, "tags": TAGS},
        {"retentionInDays": 400},
    )  # fmt: skip


def _queues() -> Iterator[Step]:
    def queue(made: Made) -> Properties:
        redrive = json.dumps({"deadLetterTargetArn": made["failed"]["arn"], "maxReceiveCount": 5})
        said = {"name": NAME, "kmsMasterKeyId": made["data"]["arn"], "visibilityTimeoutSeconds": 60, "tags": TAGS}
        return {**said, "messageRetentionSeconds": 345600, "redrivePolicy": redrive}

    def allow(made: Made) -> Properties:
        document = {"redrivePermission": "byQueue", "sourceQueueArns": [made["orders"]["arn"]]}
        return {"queueUrl": made["failed"]["url"], "redriveAllowPolicy": json.dumps(document)}

    yield Step("aws:sqs/queue:Queue", "failed", lambda made: {"name": f"{NAME}-failed", "tags": TAGS})
    yield Step("aws:sqs/queue:Queue", "orders", queue, {"visibilityTimeoutSeconds": 30, "tags": {**TAGS, "more": "x"}})
    yield Step("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "allow", allow)
    yield Step(
        "aws:sqs/queuePolicy:QueuePolicy", "queue",
        lambda made: {"queueUrl": made["orders"]["url"], "policy": policy("sqs:*", made["orders"]["arn"])},
        {"policy": policy("sqs:SendMessage", "*", "Less")},
    )  # fmt: skip
    yield Step(
        "aws:sns/topic:Topic", "paid", lambda made: {"name": NAME, "kmsMasterKeyId": made["data"]["arn"], "tags": TAGS},
        {"displayName": "Paid"},
    )  # fmt: skip
    yield Step(
        "aws:sns/topicPolicy:TopicPolicy", "topic",
        lambda made: {"arn": made["paid"]["arn"], "policy": policy("sns:Publish", made["paid"]["arn"])},
    )  # fmt: skip
    delivery = {"protocol": "sqs", "rawMessageDelivery": True}
    yield Step(
        "aws:sns/topicSubscription:TopicSubscription", "paid-orders",
        lambda made: {"topic": made["paid"]["arn"], "endpoint": made["orders"]["arn"], **delivery},
        {"rawMessageDelivery": False},
    )  # fmt: skip


def _bucket(base: Groundwork) -> Iterator[Step]:
    def rules(made: Made) -> list[Properties]:
        default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": made["data"]["arn"]}
        return [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]

    rule = {
        "id": "keep", "status": "Enabled", "filter": {"prefix": ""},
        "noncurrentVersionExpiration": {"noncurrentDays": 90},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}, "expiration": {"days": 3650},
        "transitions": [{"days": 90, "storageClass": "STANDARD_IA"}],
    }  # fmt: skip
    blocks = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    target = {"targetBucket": base.environment.access_log_bucket, "targetPrefix": f"{NAME}/"}
    yield Step(S3.format(""), "receipts", lambda made: {"bucket": NAME, "tags": TAGS}, {"tags": {**TAGS, "more": "x"}})
    for name, inputs, change in (
        ("ServerSideEncryptionConfiguration", lambda made: {"rules": rules(made)}, None),
        ("PublicAccessBlock", lambda made: dict.fromkeys(blocks, True), {"blockPublicAcls": False}),
        ("OwnershipControls", lambda made: {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
         {"rule": {"objectOwnership": "BucketOwnerPreferred"}}),
        ("Policy", lambda made: {"policy": policy("s3:*", f"arn:aws:s3:::{NAME}/*")}, None),
        ("Versioning", lambda made: {"versioningConfiguration": {"status": "Enabled"}},
         {"versioningConfiguration": {"status": "Suspended"}}),
        ("Logging", lambda made: target, {"targetPrefix": "elsewhere/"}),
        ("LifecycleConfiguration", lambda made: {"rules": [rule]}, {"rules": [{**rule, "expiration": {"days": 30}}]}),
    ):  # fmt: skip
        yield Step(S3.format(name), name, _of_the_bucket(inputs), change)


def _of_the_bucket(inputs: Callable[[Made], Any]) -> Callable[[Made], Properties]:
    return lambda made: {"bucket": made["receipts"]["id"], **inputs(made)}


def _stores(base: Groundwork) -> Iterator[Step]:
    def table(made: Made) -> Properties:
        units = {"maxReadRequestUnits": 1000, "maxWriteRequestUnits": 500}
        index = {"name": "by-day", "hashKey": "day", "projectionType": "ALL", "onDemandThroughput": units}
        return {
            "name": NAME, "billingMode": "PAY_PER_REQUEST", "hashKey": "pk", "tags": TAGS, "onDemandThroughput": units,
            "attributes": [{"name": name, "type": "S"} for name in ("day", "pk")], "globalSecondaryIndexes": [index],
            "serverSideEncryption": {"enabled": True, "kmsKeyArn": made["data"]["arn"]},
            "pointInTimeRecovery": {"enabled": True}, "ttl": {"attributeName": "until", "enabled": True},
            "deletionProtectionEnabled": True,
        }  # fmt: skip

    def permission(made: Made) -> Properties:
        said = {"function": base.environment.rotation_function, "action": "lambda:InvokeFunction"}
        about = {"sourceAccount": base.environment.account, "sourceArn": made["secret"]["arn"]}
        return {**said, **about, "principal": "secretsmanager.amazonaws.com", "statementId": NAME}

    def rotation(made: Made) -> Properties:
        rules = {"automaticallyAfterDays": 30}
        said = {"secretId": made["secret"]["arn"], "rotationRules": rules, "rotateImmediately": False}
        return {**said, "rotationLambdaArn": base.environment.rotation_function}

    def repository(made: Made) -> Properties:
        encryption = [{"encryptionType": "KMS", "kmsKey": made["data"]["arn"]}]
        said = {"name": NAME, "imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True}}
        return {**said, "encryptionConfigurations": encryption, "tags": TAGS}

    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50}
    keep = {"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection": selection}]}
    principal = {"AWS": [f"arn:aws:iam::{base.environment.account}:root"]}
    pull = {"Sid": "Pull", "Effect": "Allow", "Principal": principal, "Action": ["ecr:BatchGetImage"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [pull]})
    yield Step(
        "aws:dynamodb/table:Table", "ledger", table,
        {"deletionProtectionEnabled": False, "pointInTimeRecovery": {"enabled": False},
         "onDemandThroughput": {"maxReadRequestUnits": 20, "maxWriteRequestUnits": 10}},
    )  # fmt: skip
    yield Step(
        "aws:secretsmanager/secret:Secret", "secret",
        lambda made: {"name": NAME, "kmsKeyId": made["data"]["arn"], "recoveryWindowInDays": 7, "tags": TAGS},
        {"description": "Of shop"},
    )  # fmt: skip
    yield Step("aws:lambda/permission:Permission", "permission", permission)
    yield Step(
        "aws:secretsmanager/secretRotation:SecretRotation", "rotation", rotation,
        {"rotationRules": {"automaticallyAfterDays": 60}},
    )  # fmt: skip
    yield Step(
        "aws:ecr/repository:Repository", "api", repository, {"imageScanningConfiguration": {"scanOnPush": False}}
    )
    yield Step(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy", "images",
        lambda made: {"repository": made["api"]["name"], "policy": json.dumps(keep)},
    )  # fmt: skip
    yield Step(
        "aws:ecr/repositoryPolicy:RepositoryPolicy", "pull",
        lambda made: {"repository": made["api"]["name"], "policy": document},
    )  # fmt: skip


def _roles() -> Iterator[Step]:
    def role(made: Made) -> Properties:
        return {"name": NAME, "description": "What shop may do", "assumeRolePolicy": TRUST, "tags": TAGS}

    monitoring = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    yield Step("aws:iam/role:Role", "role", role, {"description": "What it may do"})
    yield Step(
        "aws:iam/rolePolicy:RolePolicy", "inline",
        lambda made: {"role": made["role"]["name"], "name": NAME, "policy": grant("s3:GetObject")},
        {"policy": grant("s3:GetObject", "s3:PutObject")},
    )  # fmt: skip
    yield Step(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "monitoring",
        lambda made: {"role": made["role"]["name"], "policyArn": monitoring},
    )  # fmt: skip


def _network(base: Groundwork) -> Iterator[Step]:
    vpc, endpoints = (base.ids[one] for one in (base.environment.network.vpc, base.environment.network.endpoints))
    lists = base.ids[base.environment.network.prefix_lists["s3"]]

    def rule(made: Made) -> Properties:
        where = {"securityGroupId": made["group"]["id"], "ipProtocol": "tcp", "description": "to https", "tags": TAGS}
        return {**where, "fromPort": 443, "toPort": 443}

    said = {"name": NAME, "description": "The pods of shop", "vpcId": vpc, "tags": TAGS}
    yield Step("aws:ec2/securityGroup:SecurityGroup", "group", lambda made: said, {"tags": {**TAGS, "more": "x"}})
    yield Step(VPC.format("Ingress"), "in", lambda made: {**rule(made), "referencedSecurityGroupId": endpoints})
    yield Step(VPC.format("Egress"), "out", lambda made: {**rule(made), "prefixListId": lists})
    yield Step(VPC.format("Egress"), "away", lambda made: {**rule(made), "cidrIpv4": "10.1.0.0/16"}, {"toPort": 444})


def _database(base: Groundwork) -> Iterator[Step]:
    subnets = [base.ids[one.id] for one in base.environment.network.data]

    def cluster(made: Made) -> Properties:
        return {
            "clusterIdentifier": NAME, "engine": "aurora-postgresql", "engineVersion": "17", "databaseName": "ledger",
            "port": 5432, "masterUsername": "administrator", "manageMasterUserPassword": True,
            "masterUserSecretKmsKeyId": made["data"]["arn"], "iamDatabaseAuthenticationEnabled": True,
            "storageEncrypted": True, "kmsKeyId": made["data"]["arn"], "vpcSecurityGroupIds": [made["group"]["id"]],
            "dbSubnetGroupName": made["subnets"]["id"], "backupRetentionPeriod": 7, "copyTagsToSnapshot": True,
            "dbClusterParameterGroupName": made["parameters"]["id"], "preferredBackupWindow": "02:00-03:00",
            "preferredMaintenanceWindow": "sun:03:30-sun:04:30", "deletionProtection": False,
            "skipFinalSnapshot": True, "enabledCloudwatchLogsExports": ["postgresql"],
            "serverlessv2ScalingConfiguration": {"minCapacity": 0.5, "maxCapacity": 2}, "tags": TAGS,
        }  # fmt: skip

    def instance(made: Made) -> Properties:
        watched = {"performanceInsightsEnabled": True, "performanceInsightsKmsKeyId": made["data"]["arn"],
                   "performanceInsightsRetentionPeriod": 7, "monitoringInterval": 60}  # fmt: skip
        return {
            "identifier": f"{NAME}-0", "clusterIdentifier": made["cluster"]["id"], "engine": "aurora-postgresql",
            "instanceClass": "db.serverless", "publiclyAccessible": False, "autoMinorVersionUpgrade": True,
            "copyTagsToSnapshot": True, "caCertIdentifier": "rds-ca-rsa2048-g1", "tags": TAGS,
            "dbSubnetGroupName": made["subnets"]["id"], "monitoringRoleArn": made["role"]["arn"], **watched,
        }  # fmt: skip

    force = {"name": "rds.force_ssl", "value": "1", "applyMethod": "immediate"}
    audit = {"name": "pgaudit.log", "value": "ddl", "applyMethod": "pending-reboot"}
    named = {"name": NAME, "description": "Managed by Pulumi", "tags": TAGS}
    yield Step(
        "aws:rds/subnetGroup:SubnetGroup", "subnets", lambda made: {**named, "subnetIds": subnets},
        {"description": "Of the ledger"},
    )  # fmt: skip
    yield Step(
        "aws:rds/clusterParameterGroup:ClusterParameterGroup", "parameters",
        lambda made: {**named, "family": "aurora-postgresql17", "parameters": [force]}, {"parameters": [force, audit]},
    )  # fmt: skip
    yield Step("aws:rds/cluster:Cluster", "cluster", cluster, {"backupRetentionPeriod": 35})
    yield Step("aws:rds/clusterInstance:ClusterInstance", "instance", instance, {"instanceClass": "db.r7g.large"})
