"""The facts about types: they are of types and properties that there are, and say where they come from."""

from __future__ import annotations

import importlib
import typing
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from lychgate.provisioner import sync
from lychgate.provisioner.sync.comparing import ABSENT, steps_of
from lychgate.provisioner.sync.difference import difference
from lychgate.provisioner.sync.live.readers import READERS
from lychgate.provisioner.sync.replacing import Replaces
from pulumi import _types

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Secret, Unknown
from tests.engine.plugins import shapes

FILE = Path(str(sync.__file__)).parent / "replaces.json"
DATA: dict[str, Any] = orjson.loads(FILE.read_bytes())
LISTS = ("replaces", "replaces_if_given", "replaces_as_it_comes_or_goes", "may_replace")
WRAPPED = [type_ for type_ in DATA["replaces"] if not type_.startswith("kubernetes:")]


@cache
def registered(package: str) -> dict[str, tuple[str, str]]:
    return shapes._classes(package)


def inputs_of(type_: str) -> dict[str, Any]:
    """The inputs of a resource type, with their types. Where a nested type has taken its name, it is `...InitArgs`."""
    module, name = registered(type_.split(":")[0])[type_]
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        found = importlib.import_module(module)
        arguments = getattr(found, f"{name}InitArgs", None) or getattr(found, f"{name}Args")
    return dict(_types.input_type_types(arguments))


def inside(hint: Any) -> type | None:
    """The class of the object, or of the objects in the list, that an input of this type holds."""
    if isinstance(hint, type) and _types.is_input_type(hint):
        return hint
    return next((found for found in map(inside, typing.get_args(hint)) if found), None)


def missing(type_: str, path: str) -> str | None:
    """The first step of a path that the SDK does not have."""
    known = inputs_of(type_)
    for step in steps_of(path):
        if step not in known:
            return str(step)
        nested = inside(known[str(step)])
        known = dict(_types.input_type_types(nested)) if nested else {}
    return None


@pytest.mark.parametrize("type_", WRAPPED)
def test_properties_exist(type_: str) -> None:
    paths = [path for name in LISTS for path in DATA[name].get(type_, ())]
    assert {path: step for path in paths if (step := missing(type_, path))} == {}


def test_types_exist_and_say_where_they_are_from() -> None:
    named = {type_ for name in (*LISTS, "sources") for type_ in DATA[name]} | set(DATA["data_stores"])
    wrapped = {type_ for type_ in named if not type_.startswith("kubernetes")}
    assert sorted(type_ for type_ in wrapped if type_ not in registered(type_.split(":")[0])) == []
    assert sorted(DATA["sources"]) == sorted([*WRAPPED, "kubernetes"])
    for name in LISTS:
        assert [type_ for type_ in DATA[name] if type_ not in DATA["replaces"] and name != "may_replace"] == []


def test_every_managed_type_is_known() -> None:
    alerts = {"newrelic:index/alertPolicy:AlertPolicy", "newrelic:index/nrqlAlertCondition:NrqlAlertCondition"}
    assert sorted({*READERS, *alerts} - set(DATA["replaces"])) == []


def test_the_file_is_laid_out() -> None:
    """One line a type, in order, so that a change of it can be read."""
    parts = []
    for name, value in DATA.items():
        if isinstance(value, str):
            parts.append(f"  {line(name)}: {line(value)}")
        elif isinstance(value, list):
            parts.append(f"  {line(name)}: [\n" + ",\n".join(f"    {line(one)}" for one in sorted(value)) + "\n  ]")
        else:
            types = (f"    {line(type_)}: {line(found)}" for type_, found in sorted(value.items()))
            parts.append(f"  {line(name)}: {{\n" + ",\n".join(types) + "\n  }")
    assert FILE.read_text() == "{\n" + ",\n".join(parts) + "\n}\n"
    assert [type_ for name in LISTS for type_, paths in DATA[name].items() if paths != sorted(set(paths))] == []


def line(value: Any) -> str:
    return orjson.dumps(value).decode().replace('","', '", "')


# Of every type that the platform manages: a place that replaces it, where there is one, and one that does not.
MANAGED = {
    "aws:cloudwatch/logGroup:LogGroup": ("name", "retentionInDays"),
    "aws:dynamodb/table:Table": ("hashKey", "globalSecondaryIndexes[0].projectionType"),
    "aws:ec2/securityGroup:SecurityGroup": ("description", "ingress[0].toPort"),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": ("policy.rules", ""),
    "aws:ecr/repository:Repository": ("encryptionConfigurations[0].kmsKey", "imageTagMutability"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("repository", "policy.Statement"),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": ("serviceAccount", "roleArn"),
    "aws:iam/role:Role": ("path", "assumeRolePolicy"),
    "aws:iam/rolePolicy:RolePolicy": ("role", "policy"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("policyArn", ""),
    "aws:kms/alias:Alias": ("name", "targetKeyId"),
    "aws:kms/key:Key": ("multiRegion", "enableKeyRotation"),
    "aws:lambda/permission:Permission": ("sourceArn", ""),
    "aws:rds/cluster:Cluster": ("masterUsername", "engineVersion"),
    "aws:rds/clusterInstance:ClusterInstance": ("availabilityZone", "instanceClass"),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": ("family", "parameters[0].value"),
    "aws:rds/subnetGroup:SubnetGroup": ("name", "subnetIds[0]"),
    "aws:s3/bucket:Bucket": ("objectLockConfiguration.objectLockEnabled", "lifecycleRules[0].enabled"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ("bucket", "rules[0].status"),
    "aws:s3/bucketLogging:BucketLogging": ("bucket", "targetPrefix"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("bucket", "rule.objectOwnership"),
    "aws:s3/bucketPolicy:BucketPolicy": ("bucket", "policy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ("bucket", "blockPublicAcls"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ("bucket", "rules[0]"),
    "aws:s3/bucketVersioning:BucketVersioning": ("bucket", "versioningConfiguration.status"),
    "aws:secretsmanager/secret:Secret": ("name", "kmsKeyId"),
    "aws:secretsmanager/secretRotation:SecretRotation": ("secretId", "rotationRules.automaticallyAfterDays"),
    "aws:sns/topic:Topic": ("fifoTopic", "kmsMasterKeyId"),
    "aws:sns/topicPolicy:TopicPolicy": ("arn", "policy"),
    "aws:sns/topicSubscription:TopicSubscription": ("endpoint", "filterPolicy"),
    "aws:sqs/queue:Queue": ("fifoQueue", "delaySeconds"),
    "aws:sqs/queuePolicy:QueuePolicy": ("queueUrl", "policy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": ("queueUrl", "redriveAllowPolicy"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("securityGroupId", "cidrIpv4"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("securityGroupId", "referencedSecurityGroupId"),
}  # fmt: skip


@pytest.mark.parametrize("type_", READERS)
def test_managed_types(type_: str) -> None:
    replaces, stays = MANAGED[type_]
    assert Replaces.standard().forces(type_, steps_of(replaces), "a", "b") is True
    assert not stays or Replaces.standard().forces(type_, steps_of(stays), "a", "b") is False


RULE, CLUSTER, BUCKET, DATABASE, MACHINE = (
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:rds/cluster:Cluster", "aws:s3/bucket:Bucket",
    "aws:rds/instance:Instance", "aws:ec2/instance:Instance",
)  # fmt: skip
LOCK, DAYS = {"objectLockEnabled": "Enabled"}, {"rule": {"defaultRetention": {"days": 1}}}


@pytest.mark.parametrize(
    ("type_", "path", "old", "new", "forces"),
    [
        ("aws:sqs/queue:Queue", "region", "a", "b", True),
        (BUCKET, "tags.owner", "a", "b", False),
        (BUCKET, "aPropertyOfTomorrow", "a", "b", False),
        ("aws:x/y:Z", "a", "a", "b", None),
        # a block that is added or taken away: what is in it counts
        (BUCKET, "objectLockConfiguration", ABSENT, LOCK | DAYS, True),
        (BUCKET, "objectLockConfiguration", DAYS, Secret(LOCK), True),
        (BUCKET, "objectLockConfiguration", ABSENT, DAYS, False),
        (BUCKET, "objectLockConfiguration", LOCK, ABSENT, False),
        (BUCKET, "objectLockConfiguration.objectLockEnabled", "Enabled", ABSENT, True),
        (BUCKET, "objectLockConfiguration", ABSENT, Unknown(), None),
        # what the provider keeps where the program says no more of it
        (CLUSTER, "kmsKeyId", "a", "b", True),
        (CLUSTER, "kmsKeyId", ABSENT, "b", True),
        (CLUSTER, "kmsKeyId", "a", ABSENT, False),
        (CLUSTER, "availabilityZones[2]", "a", ABSENT, True),
        (CLUSTER, "restoreToPointInTime.useLatestRestorableTime", False, True, True),
        (MACHINE, "ebsBlockDevices", [{"deviceName": "a"}], ABSENT, False),
        (MACHINE, "ebsBlockDevices[1]", {"deviceName": "a"}, ABSENT, True),
        (CLUSTER, "storageType", "a", "b", None),
        # what replaces only as it comes or goes
        (RULE, "cidrIpv4", "10.0.0.0/8", "10.0.0.0/16", False),
        (RULE, "cidrIpv4", "10.0.0.0/8", ABSENT, True),
        (RULE, "prefixListId", ABSENT, Unknown(), True),
        (DATABASE, "restoreToPointInTime", ABSENT, {"useLatestRestorableTime": True}, True),
        ("aws:lambda/function:Function", "durableConfig", {"executionTimeout": 1}, ABSENT, True),
        ("aws:lambda/function:Function", "durableConfig.executionTimeout", 1, 2, False),
        # tags, of a type that says so of them
        ("aws:ssm/activation:Activation", "tags.a", "b", "c", True),
        ("kubernetes:apps/v1:Deployment", "spec", {"replicas": 1}, {"replicas": 1, "selector": {}}, True),
        ("kubernetes:apps/v1:Deployment", "spec.template.spec.containers[0].image", "a", "b", False),
        ("kubernetes:core/v1:ConfigMap", "data.key", "a", "b", None),
        ("kubernetes:example.com/v1:Thing", "metadata.name", "a", "b", True),
        ("kubernetes:example.com/v1:Thing", "spec", "a", "b", False),
        ("newrelic:index/alertPolicy:AlertPolicy", "name", "a", "b", False),
        ("newrelic:index/nrqlAlertCondition:NrqlAlertCondition", "policyId", 1, 2, True),
        ("newrelic:index/nrqlAlertCondition:NrqlAlertCondition", "nrql.query", "a", "b", False),
        ("newrelic:index/thing:Thing", "name", "a", "b", None),
        ("pulumi:providers:aws", "region", "a", "b", False),
        ("pulumi:providers:kubernetes", "context", "a", "b", None),
    ],
)  # fmt: skip
def test_what_a_change_does(type_: str, path: str, old: Any, new: Any, forces: bool | None) -> None:
    assert Replaces.standard().forces(type_, steps_of(path), old, new) is forces


@pytest.mark.parametrize(
    ("type_", "holds"),
    [
        ("aws:backup/vault:Vault", True),
        ("aws:acmpca/certificateAuthority:CertificateAuthority", True),
        ("aws:s3tables/tableBucket:TableBucket", True),
        ("aws:rds/clusterInstance:ClusterInstance", False),  # the cluster's volume stays
        ("aws:secretsmanager/secretVersion:SecretVersion", False),  # the program gives it again
        ("aws:s3/bucketPolicy:BucketPolicy", False),
    ],
)
def test_what_holds_data(type_: str, holds: bool) -> None:
    assert (type_ in Replaces.standard().data_stores) is holds


def test_of_every_data_store_of_aws_is_known_what_replaces_it() -> None:
    """Else any change of it would be told as a possible loss."""
    assert [one for one in DATA["data_stores"] if one.startswith("aws:") and one not in DATA["replaces"]] == []


@pytest.mark.parametrize(
    ("type_", "planned", "action", "lost"),
    [
        (CLUSTER, {"engineVersion": "16.4", "kmsKeyId": "k"}, "update", False),
        (CLUSTER, {"engineVersion": "15.6"}, "update", False),
        (CLUSTER, {"engineVersion": "15.6", "kmsKeyId": "other"}, "replace", True),
        (CLUSTER, {"engineVersion": "15.6", "kmsKeyId": "k", "storageType": "io1"}, "update or replace", True),
        ("aws:x/store:Store", {"engineVersion": "16.4", "kmsKeyId": "k"}, "update or replace", False),
        ("aws:iam/role:Role", {"engineVersion": "15.6", "kmsKeyId": "k", "path": "/a/"}, "replace", False),
    ],
)
def test_a_data_store_is_lost_only_where_it_may_be_replaced(
    type_: str, planned: dict[str, Any], action: str, lost: bool
) -> None:
    urn = f"urn:pulumi:dev::shop::{type_}::a"
    was = Resource(urn, type_, "a", {"engineVersion": "15.6", "kmsKeyId": "k"})
    found = difference(Graph([Resource(urn, type_, "a", planned)]), Graph([was]))
    assert [change.action for change in found.changes] == [action]
    assert bool(found.data_stores_deleted) is lost
