"""The customer-managed key that everything of a stack is encrypted with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component, document
from lychgate.provisioner.components.context import Context

Service = Literal["sns", "logs"]
ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
# What the services that store data ask for, on behalf of whoever makes or uses a store (CreateGrant: RDS, DynamoDB).
USE = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
)
SERVICES: dict[Service, tuple[str, ...]] = {
    "sns": ("kms:Decrypt", "kms:GenerateDataKey*"),
    "logs": ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
}


class Usable:
    """A key that roles are given the use of: its ARN, and whose it is."""

    arn: pulumi.Input[str]
    context: Context


class ExistingKey(Usable):
    """The key of another stack, by its ARN."""

    def __init__(self, context: Context, arn: pulumi.Input[str]) -> None:
        self.context, self.arn = context, arn


class Key(Usable, Component):
    """A KMS key that is rotated every year; a deletion can be called back for 30 days.

    `context.deployers` administer it; who may use it is said by IAM policies of the account. `services` are those that
    use it in their own name: "sns" (to deliver into encrypted queues) and "logs" (CloudWatch Logs). Raises ValueError
    where nobody would administer it, or for another service.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """

    kind: ClassVar[str] = "Key"

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        services: Sequence[Service] = ("sns", "logs"),
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        if not context.deployers:
            raise ValueError(f"nobody would administer the key {name}: name the context's deployers")
        unknown = sorted(set(services) - SERVICES.keys())
        if unknown:
            raise ValueError(f"a key cannot be used by {', '.join(unknown)}: {', '.join(SERVICES)}")
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.key = aws.kms.Key(
            name,
            description=f"Data of {context.prefix}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=document([*_people(context), *(_service(context, one) for one in services)]),
            tags=context.tags(),
            opts=self.kept,
        )
        self.alias = aws.kms.Alias(
            name, name=f"alias/{context.named(name)}", target_key_id=self.key.id, opts=self.child
        )
        self.arn: pulumi.Output[str] = self.key.arn
        self.register_outputs({"arn": self.arn})


def _people(context: Context) -> list[dict[str, Any]]:
    return [
        {
            "Sid": "Administration",
            "Effect": "Allow",
            "Principal": {"AWS": list(context.deployers)},
            "Action": list(ADMINISTRATION),
            "Resource": "*",
        },
        {
            "Sid": "UseAsIamPoliciesSay",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{context.account}:root"},
            "Action": list(USE),
            "Resource": "*",
        },
    ]


def _service(context: Context, service: Service) -> dict[str, Any]:
    """What lets a service use the key, for things of this account only."""
    groups = f"arn:aws:logs:{context.region}:{context.account}:log-group:*"
    principal, condition = {
        "sns": ("sns.amazonaws.com", {"StringEquals": {"aws:SourceAccount": context.account}}),
        "logs": (
            f"logs.{context.region}.amazonaws.com",
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        ),
    }[service]
    return {
        "Sid": f"UseBy{service.capitalize()}",
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": list(SERVICES[service]),
        "Resource": "*",
        "Condition": condition,
    }
