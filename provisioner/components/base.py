"""What all components share: whose a thing is, how it is named and tagged, where it was declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, TypedDict

import pulumi

Classification = Literal["cardholder", "sensitive", "internal", "public"]


@dataclass(frozen=True, slots=True)
class Context:
    """Whose the things of a stack are, and where they stand.

    `shared` is whether the stack serves the tenants of others: then it is kept apart from none of them.
    `production` is whether what is lost is lost for good: deletion protection, final snapshots and `protect` follow it.
    `retiring` is whether it is about to be taken away, so that nothing may protect it any more.
    `deployers` are the ARNs of the roles that administer keys (kms:PutKeyPolicy and the like) in this account.
    `boundary` is the ARN of the permissions boundary that every role of the environment carries.
    """

    application: str
    environment: str
    tenant: str
    classification: Classification
    owner: str
    account: str
    region: str
    production: bool
    boundary: str
    deployers: tuple[str, ...] = ()
    shared: bool = False
    retiring: bool = False

    @property
    def protected(self) -> bool:
        """Whether deletion is refused, by AWS and by Pulumi."""
        return self.production and not self.retiring

    @property
    def whose(self) -> str:
        """The tenant as tags and labels say it: `shared` where it is no tenant's own."""
        return "shared" if self.shared else self.tenant

    @property
    def prefix(self) -> str:
        """What the names of the stack's things begin with."""
        return f"{self.application}-{self.environment}-{self.tenant}"

    def named(self, name: str) -> str:
        """The physical name of a thing, the same in every run, so that policies can name it before it exists."""
        return f"{self.prefix}-{name}"

    def classified(self, classification: Classification | None) -> Context:
        """The same for a thing that holds other data than the application at large."""
        return replace(self, classification=classification) if classification else self

    def tags(self, **more: str) -> dict[str, str]:
        """The tags that everything in AWS carries."""
        return {
            "application": self.application,
            "environment": self.environment,
            "tenant": self.whose,
            "data-classification": self.classification,
            "owner": self.owner,
            **({"shared": "true"} if self.shared else {}),
            **more,
        }

    def labels(self, name: str) -> dict[str, str]:
        """The same as labels of a Kubernetes object."""
        return {
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/part-of": self.application,
            "app.kubernetes.io/managed-by": "lychgate",
            "environment": self.environment,
            "tenant": self.whose,
            "data-classification": self.classification,
            **({"shared": "true"} if self.shared else {}),
        }


class Access(TypedDict):
    """One declared use of a thing: by its name in the model, and in which mode."""

    target: str
    mode: str


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
