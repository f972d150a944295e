"""What all components share: where a thing was declared, who uses it, what a workload gets that does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NotRequired, TypedDict

import pulumi
from lychgate.provisioner.components.context import Context


class Access(TypedDict):
    """One declared use of a thing: by its name in the model (or its ARN), and in which mode.

    `tenant` is whose share of it is meant, where several use it; `key` is the ARN of the key that encrypts what the
    program does not hold.
    """

    target: str
    mode: str
    tenant: NotRequired[str]
    key: NotRequired[str]


class Component(pulumi.ComponentResource):
    """A component of the platform.

    Its registered inputs say where the model declared it (`declaredAt: FILE:LINE`) and what it uses (`access`): from
    there Lychgate reads a finding's place and the declared access. `classification` counts as its label.
    """

    kind: ClassVar[str]
    classified: ClassVar[bool] = True  # whether all that it holds is of one class of data

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        declared_at: str | None = None,
        access: Sequence[Access] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs: dict[str, Any] = {"data-classification": context.classification} if self.classified else {}
        if declared_at:
            inputs["declaredAt"] = declared_at
        if access:
            inputs["access"] = [dict(one) for one in access]
        super().__init__(f"lychgate:platform:{self.kind}", name, inputs, opts)
        self.context = context
        self.child = pulumi.ResourceOptions(parent=self)
        # What holds data that cannot be made again: Pulumi refuses to delete it before `protect` is taken away.
        self.kept = pulumi.ResourceOptions(parent=self, protect=context.protected)


def document(statements: Sequence[Mapping[str, Any]]) -> pulumi.Output[str]:
    """A policy document of these statements, whose parts may be outputs."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def only_with_tls(service: str, resources: Any) -> dict[str, Any]:
    """The statement that refuses a service's calls without TLS (PCI DSS 4.2.1; AWS names `aws:SecureTransport`:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html)."""
    return {
        "Sid": "OnlyWithTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": f"{service}:*",
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port behind a security group that a workload connects to."""

    security_group: pulumi.Input[str]
    port: int


@dataclass(frozen=True, slots=True)
class Use:
    """What a workload gets that uses a thing: what its role may do, what it is told, what it may connect to.

    `environment` maps a suffix to a value: of the table `ledger`, `{"TABLE": name}` becomes `LEDGER_TABLE`. `secrets`
    are ARNs in Secrets Manager, mounted as files by the last part of the suffix (`{"": arn}` is the thing's own name).
    """

    statements: tuple[Mapping[str, Any], ...] = ()
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
