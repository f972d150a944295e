"""The table of readers: which types can be read, and which belong to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lychgate.provisioner.sync.live import (
    dynamodb,
    ec2,
    ecr,
    eks,
    iam,
    kms,
    lambda_,
    logs,
    rds,
    s3,
    secretsmanager,
    sns,
    sqs,
)
from lychgate.provisioner.sync.live.calling import Calls

from lychgate.model.graph import Resource

Reader = Callable[[Calls, Resource], Mapping[str, Any]]
# Parts of a resource that carry no tags and are resources of their own: type, id, properties of each that there is.
Parts = Callable[[Calls, Resource], Iterable[tuple[str, str, dict[str, Any]]]]

READERS: Mapping[str, Reader] = {
    **dynamodb.READERS, **ec2.READERS, **ecr.READERS, **eks.READERS, **iam.READERS, **kms.READERS, **lambda_.READERS,
    **logs.READERS, **rds.READERS, **s3.READERS, **secretsmanager.READERS, **sns.READERS, **sqs.READERS,
}  # fmt: skip
PARTS: Mapping[str, Parts] = {**ec2.PARTS, **ecr.PARTS, **iam.PARTS, **secretsmanager.PARTS, **sns.PARTS}
# What a part is known by in the state, where that is not its id: the state's ids of attachments are made up.
NAMES: Mapping[str, tuple[str, ...]] = {
    iam.ATTACHED: ("role", "policyArn"),
    iam.INLINE: ("role", "name"),
}
# What only Pulumi and its provider need: AWS does not keep it.
NOT_KEPT = frozenset({
    "deletionWindowInDays", "recoveryWindowInDays", "forceOverwriteReplicaSecret", "rotateImmediately", "forceDestroy",
    "forceDelete", "skipFinalSnapshot", "finalSnapshotIdentifier", "applyImmediately", "allowMajorVersionUpgrade",
    "deleteAutomatedBackups", "bypassPolicyLockoutSafetyCheck", "skipDestroy", "revokeRulesOnDelete",
    "forceDetachPolicies", "statementIdPrefix", "namePrefix", "bucketPrefix",
})  # fmt: skip
# What the components rely on without saying it, as AWS and the provider have it by default.
RELIED_ON: Mapping[str, Mapping[str, Any]] = {"aws:kms/key:Key": {"isEnabled": True}}
