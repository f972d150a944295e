"""A generated graph of a payments platform: services with their data stores, access, network and workloads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lychgate.model.graph import Graph, Resource, StackInfo

STACK = "bench/production"


def graph(size: int) -> Graph:
    """About `size` resources, 25 of them a service."""
    resources: list[Resource] = []
    for number in range(max(size // 25, 1)):
        resources += service(number)
    return Graph(resources[:size], [StackInfo(STACK, "bench", "production", {}, "111122223333", "us-east-1")])


def as_json(made: Graph) -> bytes:
    """The same graph as a file would hold it."""
    return json.dumps([{"urn": one.urn, "type": one.type, "inputs": one.properties} for one in made.resources]).encode()


def service(number: int) -> Iterator[Resource]:
    """One service of one tenant."""
    name, tenant = f"service{number}", f"tenant{number % 40}"
    tags = {"application": name, "tenant": tenant, "environment": "production", "data-classification": "cardholder"}

    def make(type_: str, suffix: str, properties: dict[str, Any], **outputs: Any) -> Resource:
        urn = f"urn:pulumi:production::bench::{type_}::{name}-{suffix}"
        ident = outputs.pop("id", f"{name}-{suffix}")
        known = properties | outputs
        return Resource(urn, type_, f"{name}-{suffix}", properties, stack=STACK, id=ident, outputs=known)

    key_arn = f"arn:aws:kms:us-east-1:111122223333:key/{number:08d}-0000-0000-0000-000000000000"
    bucket, bucket_arn = f"{name}-data", f"arn:aws:s3:::{name}-data"
    queue_arn = f"arn:aws:sqs:us-east-1:111122223333:{name}-jobs"
    role = f"{name}-role"
    yield make("aws:kms/key:Key", "key", {"enableKeyRotation": True, "tags": tags}, arn=key_arn, id=key_arn[-36:])
    yield make("aws:s3/bucket:Bucket", "data", {"bucket": bucket, "tags": tags}, arn=bucket_arn, id=bucket)
    yield make(
        "aws:s3/bucketVersioning:BucketVersioning",
        "data",
        {"bucket": bucket, "versioningConfiguration": {"status": "Enabled"}},
    )
    sse = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key_arn}}
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    yield make(kind, "data", {"bucket": bucket, "rules": [sse]})
    block = {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    yield make("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "data", {"bucket": bucket} | block)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}  # fmt: skip
    yield make("aws:s3/bucketPolicy:BucketPolicy", "data", {"bucket": bucket, "policy": policy(deny)})
    yield make(
        "aws:sqs/queue:Queue", "jobs", {"name": f"{name}-jobs", "kmsMasterKeyId": key_arn, "tags": tags}, arn=queue_arn
    )
    topic = f"arn:aws:sns:us-east-1:111122223333:{name}-events"
    yield make(
        "aws:sns/topic:Topic",
        "events",
        {"name": f"{name}-events", "kmsMasterKeyId": key_arn, "tags": tags},
        arn=topic,
        id=topic,
    )
    table = {"hashKey": "id", "billingMode": "PAY_PER_REQUEST", "pointInTimeRecovery": {"enabled": True},
             "serverSideEncryption": {"enabled": True, "kmsKeyArn": key_arn}, "tags": tags}  # fmt: skip
    yield make(
        "aws:dynamodb/table:Table", "table", table, arn=f"arn:aws:dynamodb:us-east-1:111122223333:table/{name}-table"
    )
    yield make("aws:cloudwatch/logGroup:LogGroup", "logs", {"retentionInDays": 400, "kmsKeyId": key_arn, "tags": tags})
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    yield make("aws:iam/role:Role", "role", {"name": role, "assumeRolePolicy": policy(trust), "tags": tags},
               arn=f"arn:aws:iam::111122223333:role/{role}", id=role)  # fmt: skip
    allow = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "sqs:SendMessage"],
        "Resource": [f"{bucket_arn}/*", queue_arn],
    }
    yield make("aws:iam/rolePolicy:RolePolicy", "role", {"role": role, "policy": policy(allow)})
    vpc = {"vpcId": "vpc-0123456789abcdef0", "tags": tags}
    yield make("aws:ec2/securityGroup:SecurityGroup", "app", vpc, id=f"sg-{number:016x}a")
    ingress = [{"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "securityGroups": [f"sg-{number:016x}a"]}]
    yield make("aws:ec2/securityGroup:SecurityGroup", "db", vpc | {"ingress": ingress}, id=f"sg-{number:016x}d")
    cluster = {"engine": "aurora-postgresql", "storageEncrypted": True, "kmsKeyId": key_arn, "deletionProtection": True,
               "backupRetentionPeriod": 35, "vpcSecurityGroupIds": [f"sg-{number:016x}d"], "tags": tags,
               "enabledCloudwatchLogsExports": ["postgresql"], "manageMasterUserPassword": True}  # fmt: skip
    yield make("aws:rds/cluster:Cluster", "db", cluster, arn=f"arn:aws:rds:us-east-1:111122223333:cluster:{name}-db")
    for index in range(2):
        member = {
            "clusterIdentifier": f"{name}-db",
            "instanceClass": "db.r6g.large",
            "engine": "aurora-postgresql",
            "tags": tags,
        }
        yield make("aws:rds/clusterInstance:ClusterInstance", f"db-{index}", member)
    secret = f"arn:aws:secretsmanager:us-east-1:111122223333:secret:{name}-secret"
    yield make("aws:secretsmanager/secret:Secret", "secret", {"kmsKeyId": key_arn, "tags": tags}, arn=secret, id=secret)
    repository = {"imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True}, "tags": tags}
    yield make("aws:ecr/repository:Repository", "images", repository)
    yield from workload(make, name, tenant)


def workload(make: Any, name: str, tenant: str) -> Iterator[Resource]:
    """Its Kubernetes objects."""
    meta = {"name": name, "namespace": f"{tenant}-payments", "labels": {"app": name, "tenant": tenant}}
    security = {
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    asked = {"memory": "128Mi", "cpu": "100m"}
    container = {
        "name": "app",
        "image": f"registry.example/{name}@sha256:{'0' * 64}",
        "resources": {"limits": {"memory": "256Mi", "cpu": "1"}, "requests": asked},
        "securityContext": security,
    }
    pod = {"serviceAccountName": name, "automountServiceAccountToken": False, "containers": [container]}
    labels = {"app": name, "tenant": tenant}
    spec = {
        "replicas": 3,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    yield make("kubernetes:apps/v1:Deployment", "deployment", {"metadata": meta, "spec": spec})
    yield make("kubernetes:core/v1:ServiceAccount", "account", {"metadata": meta})
    service = {"selector": labels, "ports": [{"port": 8080}], "type": "ClusterIP"}
    yield make("kubernetes:core/v1:Service", "service", {"metadata": meta, "spec": service})
    yield make("kubernetes:networking.k8s.io/v1:NetworkPolicy", "deny",
               {"metadata": meta, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}})  # fmt: skip
    yield make("kubernetes:policy/v1:PodDisruptionBudget", "budget", {"metadata": meta, "spec": {"minAvailable": 2}})
    autoscaler = {"minReplicas": 3, "maxReplicas": 9, "scaleTargetRef": {"kind": "Deployment", "name": name}}
    yield make("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "scaler", {"metadata": meta, "spec": autoscaler})


def policy(statement: dict[str, Any]) -> str:
    """A policy document of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
