"""What moto does not know, or answers otherwise than AWS documents: read from botocore's stubs, which hold answers to
the shapes of AWS's API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from lychgate.provisioner.sync.drift import drift
from lychgate.provisioner.sync.live.calling import Calls, Gone, Refused
from lychgate.provisioner.sync.live.readers import READERS
from lychgate.provisioner.sync.live.reading import Live

from lychgate.model.graph import Resource
from tests.provisioner.sync.live.world import ACCOUNT, REGION, TAGS, made, state

Answer = tuple[str, Mapping[str, Any] | str]


def read(one: Resource, service: str, *answers: Answer) -> tuple[str, list[str]]:
    """The state and the places of a resource, where AWS answers so; an error is its code."""
    client = boto3.session.Session("a", "b", region_name=REGION).client(service)
    with Stubber(client) as stub:
        for operation, answer in answers:
            if isinstance(answer, str):
                stub.add_client_error(operation, answer)
            else:
                stub.add_response(operation, dict(answer))
        live = READERS[one.type](Calls(lambda service: client), one)
        stub.assert_no_pending_responses()
    (row,) = drift(state(one), Live({one.urn: live})).resources
    return row.state, [place.path for place in row.properties]


def test_pod_identities() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/api"
    said = {"clusterName": "main", "namespace": "shop", "serviceAccount": "api", "roleArn": role, "tags": TAGS}
    one = made("aws:eks/podIdentityAssociation:PodIdentityAssociation", "a-1", said, associationId="a-1")
    call = "describe_pod_identity_association"
    assert read(one, "eks", (call, {"association": said})) == ("same", [])
    other = {**said, "roleArn": f"{role}-other", "serviceAccount": "other"}
    assert read(one, "eks", (call, {"association": other})) == ("changed", ["roleArn", "serviceAccount"])
    with pytest.raises(Gone):
        read(one, "eks", (call, "ResourceNotFoundException"))
    with pytest.raises(Refused, match="eks:DescribePodIdentityAssociation: AccessDeniedException"):
        read(one, "eks", (call, "AccessDeniedException"))


def test_who_may_set_messages_aside() -> None:
    arns = [f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders", f"arn:aws:sqs:{REGION}:{ACCOUNT}:more"]
    document = {"redrivePermission": "byQueue", "sourceQueueArns": arns}
    properties = {"queueUrl": "https://q", "redriveAllowPolicy": json.dumps(document)}
    one = made("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "https://q", properties)

    def answer(live: Mapping[str, Any]) -> Answer:
        return "get_queue_attributes", {"Attributes": {"RedriveAllowPolicy": json.dumps(live)}}

    assert read(one, "sqs", answer({**document, "sourceQueueArns": arns[::-1]})) == ("same", [])
    assert read(one, "sqs", answer({"redrivePermission": "allowAll"})) == (
        "changed", ["redriveAllowPolicy.redrivePermission", "redriveAllowPolicy.sourceQueueArns"],
    )  # fmt: skip
    with pytest.raises(Gone):
        read(one, "sqs", ("get_queue_attributes", {"Attributes": {"QueueArn": arns[0]}}))


def test_the_most_request_units_of_a_table() -> None:
    said = {"maxReadRequestUnits": 1000, "maxWriteRequestUnits": 500}
    one = made("aws:dynamodb/table:Table", "ledger", {"name": "ledger", "onDemandThroughput": said})

    def answers(live: Mapping[str, int] | None) -> list[Answer]:
        table = {
            "TableName": "ledger", "TableArn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/ledger",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            **({"OnDemandThroughput": live} if live else {}),
        }  # fmt: skip
        backups = {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}
        ttl = {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
        return [("describe_table", {"Table": table}), ("describe_continuous_backups", backups),
                ("describe_time_to_live", ttl), ("list_tags_of_resource", {"Tags": []})]  # fmt: skip

    same = {"MaxReadRequestUnits": 1000, "MaxWriteRequestUnits": 500}
    assert read(one, "dynamodb", *answers(same)) == ("same", [])
    more = {**same, "MaxReadRequestUnits": -1}
    assert read(one, "dynamodb", *answers(more)) == ("changed", ["onDemandThroughput.maxReadRequestUnits"])
    assert read(one, "dynamodb", *answers(None)) == ("changed", ["onDemandThroughput"])


def test_parameters_of_a_cluster() -> None:
    row = {"name": "rds.force_ssl", "value": "1", "applyMethod": "pending-reboot"}
    said = {"name": "ledger", "family": "aurora-postgresql17", "parameters": [row]}
    one = made("aws:rds/clusterParameterGroup:ClusterParameterGroup", "ledger", said)
    group = {"DBClusterParameterGroupName": "ledger", "DBParameterGroupFamily": "aurora-postgresql17",
             "DBClusterParameterGroupArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster-pg:ledger"}  # fmt: skip

    def answers(*rows: tuple[str, str]) -> list[Answer]:
        live = [{"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
                for name, value in rows]  # fmt: skip
        return [("describe_db_cluster_parameter_groups", {"DBClusterParameterGroups": [group]}),
                ("describe_db_cluster_parameters", {"Parameters": live}),
                ("list_tags_for_resource", {"TagList": []})]  # fmt: skip

    assert read(one, "rds", *answers(("rds.force_ssl", "1"))) == ("same", [])
    assert read(one, "rds", *answers(("rds.force_ssl", "0"))) == ("changed", ["parameters[0].value"])
    assert read(one, "rds", *answers(("log_statement", "none"), ("rds.force_ssl", "1"))) == (
        "changed", ["parameters[1]"],
    )  # fmt: skip


def test_a_secret_of_which_nothing_but_its_description_is_asked() -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:x"
    one = made("aws:secretsmanager/secret:Secret", arn, {"name": "x", "kmsKeyId": f"arn:aws:kms:{REGION}:1:key/k"})
    assert read(one, "secretsmanager", ("describe_secret", {"ARN": arn, "Name": "x", "KmsKeyId": "k"}))[0] == "same"
    assert read(one, "secretsmanager", ("describe_secret", {"ARN": arn, "Name": "x"})) == ("changed", ["kmsKeyId"])
    with pytest.raises(Gone):
        read(one, "secretsmanager", ("describe_secret", {"ARN": arn, "DeletedDate": datetime.now(UTC)}))


def test_what_rds_says_of_an_instance_that_moto_does_not() -> None:
    said = {"identifier": "a", "caCertIdentifier": "rds-ca-rsa2048-g1", "monitoringInterval": 60,
            "performanceInsightsEnabled": True, "performanceInsightsRetentionPeriod": 7}  # fmt: skip
    one = made("aws:rds/clusterInstance:ClusterInstance", "a", said)
    live = {"DBInstanceIdentifier": "a", "Engine": "aurora-postgresql", "DBInstanceClass": "db.serverless",
            "CACertificateIdentifier": "rds-ca-rsa2048-g1", "MonitoringInterval": 60,
            "PerformanceInsightsEnabled": True, "PerformanceInsightsRetentionPeriod": 7}  # fmt: skip
    assert read(one, "rds", ("describe_db_instances", {"DBInstances": [live]})) == ("same", [])
    off = {**live, "MonitoringInterval": 0, "PerformanceInsightsEnabled": False, "CACertificateIdentifier": "old"}
    assert read(one, "rds", ("describe_db_instances", {"DBInstances": [off]})) == (
        "changed", ["caCertIdentifier", "monitoringInterval", "performanceInsightsEnabled"],
    )  # fmt: skip
