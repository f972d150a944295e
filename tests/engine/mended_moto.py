"""moto, where it forgets what AWS keeps: for as long as a test runs, in the server that runs in its process.

Each of these is a property that a stack of the platform sets and that AWS answers with.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

MANAGED = ("AmazonRDSEnhancedMonitoringRole",)  # the policies of AWS's own that roles of the platform are given


def mend(patch: pytest.MonkeyPatch) -> None:
    """Mend all of it, before anything is asked of the server."""
    _managed_policies(patch)
    _queues(patch)
    _rules(patch)
    _tables(patch)
    _rotation(patch)
    _subnet_groups(patch)
    _instances(patch)


def _managed_policies(patch: pytest.MonkeyPatch) -> None:
    """moto has AWS's policies where it is asked for them; all of them take seconds for each account."""
    from moto.iam import models
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    patch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    patch.setattr(models, "aws_managed_policies_data", _few(aws_managed_policies_data))


@functools.cache
def _few(policies: str) -> str:
    every = json.loads(policies)
    return json.dumps({name: every[name] for name in MANAGED})


def _queues(patch: pytest.MonkeyPatch) -> None:
    """A queue answers who may set messages aside in it, and keeps its policy when something else is set.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """
    from moto.sqs.models import Queue

    attributes, set_attributes = Queue.attributes.fget, Queue._set_attributes  # type: ignore[attr-defined]

    def answered(self: Any) -> dict[str, Any]:
        allowed = getattr(self, "redrive_allow_policy", None)
        return {**attributes(self), **({"RedriveAllowPolicy": allowed} if allowed else {})}

    def kept(self: Any, changes: dict[str, Any], now: float | None = None) -> None:
        set_attributes(self, {"Policy": getattr(self, "policy", None), **changes}, now)

    patch.setattr(Queue, "attributes", property(answered))
    patch.setattr(Queue, "_set_attributes", kept)


def _rules(patch: pytest.MonkeyPatch) -> None:
    """A rule has a description, whatever it leads to.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html
    """
    from moto.ec2.models.security_groups import SecurityGroupRule

    init = SecurityGroupRule.__init__

    def made(self: Any, *values: Any, **named: Any) -> None:
        init(self, *values, **named)
        for source in (*values[6:8], named.get("source_group"), named.get("prefix_list_id")):
            if source and source.get("Description"):
                self.ip_range = {**self.ip_range, "Description": source["Description"]}

    patch.setattr(SecurityGroupRule, "__init__", made)


def _tables(patch: pytest.MonkeyPatch) -> None:
    """A table, and each of its indexes, has the most request units; its key can be changed.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
    """
    from moto.dynamodb.models.table import GlobalSecondaryIndex, Table
    from moto.dynamodb.responses import DynamoHandler

    def keeping(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def kept(self: Any) -> Any:
            answer = call(self)
            table = self.dynamodb_backend.get_table(self.body["TableName"])
            if "OnDemandThroughput" in self.body:
                table.most = self.body["OnDemandThroughput"]
            if "SSESpecification" in self.body:
                table.sse_specification = self.body["SSESpecification"]
            return answer

        return kept

    for name in ("create_table", "update_table"):
        patch.setattr(DynamoHandler, name, keeping(getattr(DynamoHandler, name)))
    describe, describe_index, create = Table.describe, GlobalSecondaryIndex.describe, GlobalSecondaryIndex.create

    def described(self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
        found = describe(self, base_key)
        most = getattr(self, "most", None)
        return {**found, base_key: {**found[base_key], **({"OnDemandThroughput": most} if most else {})}}

    def described_index(self: Any) -> dict[str, Any]:
        most = getattr(self, "most", None)
        return {**describe_index(self), **({"OnDemandThroughput": most} if most else {})}

    def created(said: dict[str, Any], keys: list[str]) -> Any:
        index: Any = create(said, keys)
        index.most = said.get("OnDemandThroughput")
        return index

    patch.setattr(Table, "describe", described)
    patch.setattr(GlobalSecondaryIndex, "describe", described_index)
    patch.setattr(GlobalSecondaryIndex, "create", staticmethod(created))


def _rotation(patch: pytest.MonkeyPatch) -> None:
    """The rotation of a secret can be set before it has a value; moto ends with an exception then.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
    """
    from moto.secretsmanager.models import SecretsManagerBackend

    rotate = SecretsManagerBackend.rotate_secret

    def rotated(self: Any, secret_id: str, *values: Any, **named: Any) -> Any:
        secret = self.secrets.get(secret_id) if self._is_valid_identifier(secret_id) else None
        if secret is None or secret.versions or named.get("rotate_immediately", True):
            return rotate(self, secret_id, *values, **named)
        secret.rotation_requested = secret.rotation_enabled = True
        secret.rotation_lambda_arn = named["rotation_lambda_arn"]
        secret.auto_rotate_after_days = (named.get("rotation_rules") or {}).get("AutomaticallyAfterDays", 0)
        secret.next_rotation_date = int(time.time()) + secret.auto_rotate_after_days * 86400
        return secret.to_short_dict()

    patch.setattr(SecretsManagerBackend, "rotate_secret", rotated)


def _subnet_groups(patch: pytest.MonkeyPatch) -> None:
    """A subnet group that is changed is still there."""
    from moto.rds.models import RDSBackend

    modify = RDSBackend.modify_db_subnet_group

    def modified(self: Any, subnet_name: str, *values: Any) -> Any:
        group = modify(self, subnet_name, *values)
        self.subnet_groups[subnet_name] = group
        return group

    patch.setattr(RDSBackend, "modify_db_subnet_group", modified)


def _instances(patch: pytest.MonkeyPatch) -> None:
    """An instance of a cluster says whether, with which key and for how long its performance is looked at.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
    """
    from moto.rds.models import DBInstance

    answers = {
        "enable_performance_insights": "performance_insights_enabled",
        "performance_insights_kms_key_id": "performance_insights_kms_key_id",
        "performance_insights_retention_period": "performance_insights_retention_period",
    }

    def keeping(call: Callable[..., Any]) -> Callable[..., Any]:
        def kept(self: Any, *values: Any, **said: Any) -> None:
            call(self, *values, **said)
            for asked, answered in answers.items():
                if asked in said:
                    setattr(self, answered, said[asked])

        return kept

    for name in ("__init__", "update"):
        patch.setattr(DBInstance, name, keeping(getattr(DBInstance, name)))
