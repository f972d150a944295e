"""Secrets, whose values never stand in code."""

from __future__ import annotations

from typing import ClassVar

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component, Use
from lychgate.provisioner.components.checks import known_mode, never_by_tenant, shared_tags, short_enough, within
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.key import Key

from lychgate.reasoning.uses import statements as allowed


class Secret(Component):
    """A secret without a value: people put it there, or its rotation does.

    `rotation_function` is the ARN of the Lambda function that changes it every `rotation_days` (1 to 1000); what no
    function can change has None, and a production baseline will ask for a waiver. A deleted secret can be called back
    for 30 days in production, for 7 elsewhere. `shared_by` says that it serves several tenants: then only what serves
    all of them may read it. Raises ValueError for numbers and names that Secrets Manager does not take.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
    """

    kind: ClassVar[str] = "Secret"
    MODES: ClassVar[tuple[str, ...]] = ("read", "use")

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        key: Key,
        description: str = "",
        rotation_function: str | None = None,
        rotation_days: int = 30,
        shared_by: tuple[str, ...] = (),
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        within("the days between rotations", rotation_days, 1, 1000)
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.name, self.key = name, key
        self.secret = aws.secretsmanager.Secret(
            name,
            name=short_enough("secret", context.named(name), 512),
            description=description or None,
            kms_key_id=key.arn,
            recovery_window_in_days=30 if context.production else 7,
            tags=shared_tags(context.tags(), shared_by),
            opts=self.kept,
        )
        self.arn: pulumi.Output[str] = self.secret.arn
        if rotation_function:
            self._rotate(name, rotation_function, rotation_days)
        self.register_outputs({"arn": self.arn})

    def _rotate(self, name: str, function: str, days: int) -> None:
        permission = aws.lambda_.Permission(
            name,
            function=function,
            action="lambda:InvokeFunction",
            principal="secretsmanager.amazonaws.com",
            source_account=self.context.account,
            source_arn=self.arn,
            opts=self.child,
        )
        aws.secretsmanager.SecretRotation(
            name,
            secret_id=self.secret.id,
            rotation_lambda_arn=function,
            # There is no value yet that it could change.
            rotate_immediately=False,
            rotation_rules={"automatically_after_days": days},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )

    def use(self, mode: str, *, tenant: str | None = None) -> Use:
        """What a workload gets that reads the secret (read and use are the same), which is mounted as a file.

        Raises ValueError for another mode, and for any tenant.

        https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
        """
        known_mode("secret", mode, self.MODES)
        never_by_tenant("secret", self.name, tenant)
        statements = allowed("secret", mode, {"itself": self.arn}, key=self.key.arn, region=self.context.region)
        return Use(tuple(statements), secrets={"": self.arn})
