"""Which types carry a policy of a resource, and how.

Each kind is a line of `CARRIERS`: the type that carries the text, the service, the property, and for a separate
resource the property that names its target. Where AWS has no document but one statement per resource
(`aws:lambda/permission:Permission`), the statement is made here as AWS makes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lychgate.model.values import Block
from lychgate.views.attachments import ROLE
from lychgate.views.kms import KEYS

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
FUNCTIONS = ("aws:lambda/function:Function", "aws:lambda/alias:Alias")
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Carrier:
    """A type that carries a resource policy. `reference` is empty where the policy stands on its target itself.

    `make` makes the document where the type has no property for one.
    """

    service: str
    property: str
    reference: str = ""
    targets: tuple[str, ...] = ()
    make: Callable[[Block], Document | None] | None = None


def _statement(action: str | list[str], principal: Any, conditions: list[tuple[str, str, str | None]]) -> Document:
    condition: dict[str, dict[str, str]] = {}
    for operator, key, value in conditions:
        if value:
            condition.setdefault(operator, {})[key] = value
    one = {"Effect": "Allow", "Action": action, "Principal": principal, "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [one]}


def _principal(text: str) -> Any:
    if text == "*":
        return "*"
    return {"Service" if re.search(r"\.amazonaws\.com(\.cn)?$|\.amazon\.com$", text) else "AWS": text}


def _permission(read: Block) -> Document:
    """https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"""
    return _statement(
        read.text("action") or "lambda:InvokeFunction",
        _principal(read.text("principal") or "*"),
        [
            ("ArnLike", "aws:SourceArn", read.text("sourceArn")),
            ("StringEquals", "aws:SourceAccount", read.text("sourceAccount")),
            ("StringEquals", "aws:PrincipalOrgID", read.text("principalOrgId")),
            ("StringEquals", "lambda:FunctionUrlAuthType", read.text("functionUrlAuthType")),
            ("StringEquals", "lambda:EventSourceToken", read.text("eventSourceToken")),
        ],
    )


def _function_url(read: Block) -> Document | None:
    """With authorization NONE the provider adds two permissions for everyone by itself
    (https://www.pulumi.com/registry/packages/aws/api-docs/lambda/functionurl/)."""
    if read.text("authorizationType") != "NONE":
        return None
    return _statement(["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"], "*", [])


def _layer_permission(read: Block) -> Document:
    """https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html"""
    organization = ("StringEquals", "aws:PrincipalOrgID", read.text("organizationId"))
    return _statement(
        read.text("action") or "lambda:GetLayerVersion", _principal(read.text("principal") or "*"), [organization]
    )


def _event_permission(read: Block) -> Document:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html"""
    condition = read.block("condition")
    conditions = [(condition.text("type") or "", condition.text("key") or "", condition.text("value"))]
    return _statement(read.text("action") or "events:PutEvents", _principal(read.text("principal") or "*"), conditions)


def _kms_grant(read: Block) -> Document:
    """https://docs.aws.amazon.com/kms/latest/developerguide/grants.html"""
    actions = [f"kms:{name}" for name in read.texts("operations")] or ["kms:DescribeKey"]
    return _statement(actions, _principal(read.text("granteePrincipal") or "*"), [])


def _inline(service: str, property_: str = "policy") -> Carrier:
    return Carrier(service, property_)


CARRIERS: dict[str, Carrier] = {
    **{type_: _inline("s3") for type_ in BUCKETS},
    "aws:s3/bucketPolicy:BucketPolicy": Carrier("s3", "policy", "bucket", BUCKETS),
    "aws:s3/accessPoint:AccessPoint": _inline("s3"),
    "aws:s3control/accessPointPolicy:AccessPointPolicy": Carrier(
        "s3", "policy", "accessPointArn", ("aws:s3/accessPoint:AccessPoint",)
    ),
    "aws:s3tables/tableBucketPolicy:TableBucketPolicy": Carrier(
        "s3tables", "resourcePolicy", "tableBucketArn", ("aws:s3tables/tableBucket:TableBucket",)
    ),
    "aws:s3/vectorsVectorBucketPolicy:VectorsVectorBucketPolicy": Carrier(
        "s3vectors", "policy", "vectorBucketArn", ("aws:s3/vectorsVectorBucket:VectorsVectorBucket",)
    ),
    "aws:sqs/queue:Queue": _inline("sqs"),
    "aws:sqs/queuePolicy:QueuePolicy": Carrier("sqs", "policy", "queueUrl", ("aws:sqs/queue:Queue",)),
    "aws:sns/topic:Topic": _inline("sns"),
    "aws:sns/topicPolicy:TopicPolicy": Carrier("sns", "policy", "arn", ("aws:sns/topic:Topic",)),
    **{type_: _inline("kms") for type_ in KEYS},
    "aws:kms/keyPolicy:KeyPolicy": Carrier("kms", "policy", "keyId", KEYS),
    "aws:kms/grant:Grant": Carrier("kms", "granteePrincipal", "keyId", KEYS, _kms_grant),
    "aws:secretsmanager/secret:Secret": _inline("secretsmanager"),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Carrier(
        "secretsmanager", "policy", "secretArn", ("aws:secretsmanager/secret:Secret",)
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Carrier(
        "ecr", "policy", "repository", ("aws:ecr/repository:Repository",)
    ),
    "aws:ecr/registryPolicy:RegistryPolicy": _inline("ecr"),
    "aws:lambda/permission:Permission": Carrier("lambda", "principal", "function", FUNCTIONS, _permission),
    "aws:lambda/functionUrl:FunctionUrl": Carrier(
        "lambda", "authorizationType", "functionName", FUNCTIONS, _function_url
    ),
    "aws:lambda/layerVersionPermission:LayerVersionPermission": Carrier(
        "lambda", "principal", "layerName", ("aws:lambda/layerVersion:LayerVersion",), _layer_permission
    ),
    "aws:lambda/resourcePolicy:ResourcePolicy": Carrier("lambda", "policy", "resourceArn", FUNCTIONS),
    "aws:dynamodb/resourcePolicy:ResourcePolicy": Carrier(
        "dynamodb", "policy", "resourceArn", ("aws:dynamodb/table:Table",)
    ),
    "aws:kinesis/resourcePolicy:ResourcePolicy": Carrier(
        "kinesis", "policy", "resourceArn", ("aws:kinesis/stream:Stream",)
    ),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": Carrier(
        "elasticfilesystem", "policy", "fileSystemId", ("aws:efs/fileSystem:FileSystem",)
    ),
    "aws:elasticsearch/domain:Domain": _inline("es", "accessPolicies"),
    "aws:elasticsearch/domainPolicy:DomainPolicy": Carrier(
        "es", "accessPolicies", "domainName", ("aws:elasticsearch/domain:Domain",)
    ),
    "aws:opensearch/domain:Domain": _inline("es", "accessPolicies"),
    "aws:opensearch/domainPolicy:DomainPolicy": Carrier(
        "es", "accessPolicies", "domainName", ("aws:opensearch/domain:Domain",)
    ),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": Carrier(
        "events", "policy", "eventBusName", ("aws:cloudwatch/eventBus:EventBus",)
    ),
    "aws:cloudwatch/eventPermission:EventPermission": Carrier(
        "events", "principal", "eventBusName", ("aws:cloudwatch/eventBus:EventBus",), _event_permission
    ),
    "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": Carrier(
        "logs", "accessPolicy", "destinationName", ("aws:cloudwatch/logDestination:LogDestination",)
    ),
    "aws:backup/vaultPolicy:VaultPolicy": Carrier("backup", "policy", "backupVaultName", ("aws:backup/vault:Vault",)),
    "aws:glacier/vault:Vault": _inline("glacier", "accessPolicy"),
    "aws:msk/clusterPolicy:ClusterPolicy": Carrier(
        "kafka", "policy", "clusterArn", ("aws:msk/cluster:Cluster", "aws:msk/serverlessCluster:ServerlessCluster")
    ),
    "aws:glue/resourcePolicy:ResourcePolicy": _inline("glue"),
    "aws:codeartifact/domainPermissions:DomainPermissions": Carrier(
        "codeartifact", "policyDocument", "domain", ("aws:codeartifact/domain:Domain",)
    ),
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": Carrier(
        "codeartifact", "policyDocument", "repository", ("aws:codeartifact/repository:Repository",)
    ),
    "aws:acmpca/policy:Policy": Carrier(
        "acm-pca", "policy", "resourceArn", ("aws:acmpca/certificateAuthority:CertificateAuthority",)
    ),
    "aws:ses/identityPolicy:IdentityPolicy": Carrier(
        "ses", "policy", "identity", ("aws:ses/domainIdentity:DomainIdentity", "aws:ses/emailIdentity:EmailIdentity")
    ),
    "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy": Carrier(
        "ses", "policy", "emailIdentity", ("aws:sesv2/emailIdentity:EmailIdentity",)
    ),
    "aws:dsql/clusterPolicy:ClusterPolicy": Carrier("dsql", "policy", "identifier", ("aws:dsql/cluster:Cluster",)),
    ROLE: _inline("sts", "assumeRolePolicy"),
}
