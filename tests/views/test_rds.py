"""What databases mean, where a program's example does not reach."""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UNKNOWN, UnknownRead
from lychgate.views.rds import Cluster, Database, Instance
from tests.views.helpers import KEY_ARN, key, resource

CLUSTER, INSTANCE = "aws:rds/cluster:Cluster", "aws:rds/instance:Instance"
GROUP = "aws:rds/clusterParameterGroup:ClusterParameterGroup"


def database(type_: str, properties: dict[str, Any], *others: Resource, **more: Any) -> Database:
    one = resource(type_, "cards", properties, **more)
    return Database.of(Graph([one, *others]), one)


@pytest.mark.parametrize(
    ("type_", "engine", "version", "required"),
    [
        (CLUSTER, "aurora-postgresql", "16.9", False),
        (CLUSTER, "aurora-postgresql", "17.0", True),
        (CLUSTER, "postgres", "15.4", True),
        (CLUSTER, "aurora-mysql", "8.0.mysql_aurora.3.08.0", False),
        (CLUSTER, "aurora-mysql", "5.7.mysql_aurora.2.11.1", False),
        (CLUSTER, "aurora-mysql", "8.4.mysql_aurora.8.4.7", True),
        (INSTANCE, "postgres", "14", False),
        (INSTANCE, "postgres", "15", True),
        (INSTANCE, "mysql", "8.4.3", False),
        (INSTANCE, "mysql", "9.7.0", True),
        (INSTANCE, "mariadb", "11.4.5", False),
        (INSTANCE, "mariadb", "11.8.2", True),
        (INSTANCE, "sqlserver-se", "16.00.4085.2.v1", False),
    ],
)
def test_tls_by_the_versions_default(type_: str, engine: str, version: str, required: bool) -> None:
    assert database(type_, {"engine": engine, "engineVersion": version}).requires_tls is required


def test_a_version_that_aws_picks_decides_nothing() -> None:
    with pytest.raises(UnknownRead, match=r"engineVersion.*only from 17 on"):
        assert database(CLUSTER, {"engine": "aurora-postgresql"}).requires_tls
    with pytest.raises(UnknownRead, match="requires TLS by no parameter"):
        assert database(INSTANCE, {"engine": "oracle-ee", "engineVersion": "19"}).requires_tls


def test_a_parameter_group_from_elsewhere_is_unknown_and_awss_own_is_not() -> None:
    given = {"engine": "aurora-postgresql", "engineVersion": "17.4"}
    with pytest.raises(UnknownRead, match="not among the judged resources"):
        assert database(CLUSTER, {**given, "dbClusterParameterGroupName": "hardened"}).requires_tls
    assert database(CLUSTER, {**given, "dbClusterParameterGroupName": "default.aurora-postgresql17"}).requires_tls


def group(*values: Any) -> Resource:
    parameters = [{"name": "rds.force_ssl", "value": value} for value in values]
    return resource(GROUP, "cards", {"family": "aurora-postgresql17", "parameters": parameters}, id="cards-1")


def test_the_parameter_group_by_its_dependency_in_a_preview() -> None:
    given = {"engine": "aurora-postgresql", "dbClusterParameterGroupName": UNKNOWN}
    for values, required in (((1,), True), (("1",), True), (("0",), False), (("1", "0"), False), ((), True)):
        one = group(*values)
        depends = {"dbClusterParameterGroupName": (one.urn,)}
        assert database(CLUSTER, given, one, property_dependencies=depends).requires_tls is required
    with pytest.raises(UnknownRead, match=r"parameters\[0\]\.value"):
        one = group(UNKNOWN)
        assert database(
            CLUSTER, given, one, property_dependencies={"dbClusterParameterGroupName": (one.urn,)}
        ).requires_tls


def test_what_is_restored_is_as_its_source() -> None:
    with pytest.raises(UnknownRead, match="snapshotIdentifier"):
        assert database(
            CLUSTER, {"engine": "aurora-mysql", "snapshotIdentifier": "old", "storageEncrypted": True}
        ).encrypted
    assert database(CLUSTER, {"engine": "aurora-mysql", "snapshotIdentifier": "old", "kmsKeyId": KEY_ARN}).encrypted


def test_a_replica_is_as_its_original() -> None:
    for encrypted in (True, False):
        original = resource(
            INSTANCE, "original", {"engine": "postgres", "storageEncrypted": encrypted}, id="original-1"
        )
        replica = database(INSTANCE, {"replicateSourceDb": "original-1", "instanceClass": "db.m7g.large"}, original)
        assert replica.encrypted is encrypted
        assert replica.engine == "postgres"
    with pytest.raises(UnknownRead, match="replicateSourceDb"):
        assert database(INSTANCE, {"replicateSourceDb": "elsewhere"}).encrypted


def test_facts_and_defaults() -> None:
    members = [
        resource(
            "aws:rds/clusterInstance:ClusterInstance",
            f"i{at}",
            {"clusterIdentifier": "c-1", "publiclyAccessible": at > 0},
        )
        for at in range(2)
    ]
    one = resource(CLUSTER, "cards", {"engine": "aurora-postgresql"}, id="c-1")
    cluster = Cluster.of(Graph([one, *members]), one)
    assert cluster.backup_days == 1 and not cluster.deletion_protected and cluster.final_snapshot
    assert cluster.encrypted and cluster.key is None
    assert [member.name for member in cluster.instances] == ["i0", "i1"] and cluster.public
    two = resource(INSTANCE, "old", {"engine": "mysql", "vpcSecurityGroupIds": ["sg-1"]})
    instance = Instance.of(Graph([two, resource("aws:ec2/securityGroup:SecurityGroup", "db", id="sg-1")]), two)
    assert instance.backup_days == 0 and not instance.encrypted and instance.minor_upgrades
    assert [found.name for found in instance.security_groups] == ["db"]


def test_the_key() -> None:
    assert database(CLUSTER, {"engine": "aurora-mysql", "kmsKeyId": KEY_ARN}, key()).key is not None
