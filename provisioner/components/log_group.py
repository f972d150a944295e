"""Log groups of CloudWatch."""

from __future__ import annotations

from typing import ClassVar

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.key import Key

# The days that CloudWatch Logs takes:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


class LogGroup(Component):
    """A log group under the stack's key, whose events go after `days` (PCI DSS 10.5.1 asks for a year).

    `log_name` is its physical name where a service wants one of its own (`/aws/rds/...`). The key's policy must let
    CloudWatch Logs use it: `Key(services=("logs",))`. Raises ValueError for days that CloudWatch does not take.
    """

    kind: ClassVar[str] = "LogGroup"

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        key: Key,
        days: int = 400,
        log_name: str | None = None,
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        if days not in RETENTION_DAYS:
            raise ValueError(f"CloudWatch cannot keep logs for {days} days: {', '.join(map(str, RETENTION_DAYS))}")
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.name = log_name or context.named(name)
        self.arn = f"arn:aws:logs:{context.region}:{context.account}:log-group:{self.name}"
        self.group = aws.cloudwatch.LogGroup(
            name,
            name=self.name,
            retention_in_days=days,
            kms_key_id=key.arn,
            tags=context.tags(),
            opts=self.child,
        )
        self.register_outputs({"name": self.group.name})
