"""Roles of workloads: one for each Kubernetes service account."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Access, Component, document
from lychgate.provisioner.components.checks import short_enough
from lychgate.provisioner.components.context import Context


@dataclass(frozen=True, slots=True)
class PodIdentity:
    """EKS Pod Identity: the name of the cluster, in the account and region of the context."""

    cluster: str


@dataclass(frozen=True, slots=True)
class Irsa:
    """IAM roles for service accounts: the ARN of the cluster's OpenID Connect provider, and its issuer's URL."""

    provider: pulumi.Input[str]
    issuer: pulumi.Input[str]


class WorkloadRole(Component):
    """The role of one service account in one namespace, and of nobody else, under the environment's boundary.

    `service_account` is `name` where nothing is said. `statements` are what it may do (`Use.statements`), `access` is
    what the model said for it; those that differ in nothing but their resources become one. `arn` is known before the
    role exists. Raises ValueError where the name is longer than IAM takes.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
    https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
    """

    kind: ClassVar[str] = "WorkloadRole"

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        namespace: str,
        identity: PodIdentity | Irsa,
        statements: Sequence[Mapping[str, Any]] = (),
        service_account: str | None = None,
        access: Sequence[Access] = (),
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.role_name = short_enough("role", context.named(name), 64)
        self.arn = f"arn:aws:iam::{context.account}:role/{self.role_name}"
        super().__init__(name, context, declared_at=declared_at, access=access, opts=opts)
        account = service_account or name
        if isinstance(identity, PodIdentity):
            trust = _trusts_pods(context, identity, namespace, account)
        else:
            trust = _trusts_tokens(identity, namespace, account)
        self.role = aws.iam.Role(
            name,
            name=self.role_name,
            description=f"What {name} of {context.application} may do",
            assume_role_policy=trust,
            permissions_boundary=context.boundary,
            tags=context.tags(),
            opts=self.child,
        )
        if statements:
            aws.iam.RolePolicy(
                name, name=self.role_name, role=self.role.name, policy=document(merged(statements)), opts=self.child
            )
        if isinstance(identity, PodIdentity):
            aws.eks.PodIdentityAssociation(
                name,
                cluster_name=identity.cluster,
                namespace=namespace,
                service_account=account,
                role_arn=self.role.arn,
                tags=context.tags(),
                opts=self.child,
            )
        self.register_outputs({"arn": self.role.arn})


def merged(statements: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The statements, in the order in which they come: what differs in its resources only becomes one, without `Sid`.

    A role's inline policies have 10,240 characters in all:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    found: dict[str, dict[str, Any]] = {}
    for statement in statements:
        rest = {key: value for key, value in statement.items() if key not in ("Sid", "Resource")}
        rest["Action"] = sorted(set(_listed(rest["Action"])))
        one = found.setdefault(json.dumps(rest, sort_keys=True), {**rest, "Resource": []})
        # An Output is equal to nothing, not even to itself.
        seen = {id(resource) for resource in one["Resource"]} | {
            resource for resource in one["Resource"] if isinstance(resource, str)
        }
        for resource in _listed(statement["Resource"]):
            if id(resource) not in seen and not (isinstance(resource, str) and resource in seen):
                one["Resource"].append(resource)
    return list(found.values())


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _trusts_pods(context: Context, identity: PodIdentity, namespace: str, account: str) -> pulumi.Output[str]:
    """By the session tags that EKS sets for the pod."""
    cluster = f"arn:aws:eks:{context.region}:{context.account}:cluster/{identity.cluster}"
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {
                        "aws:SourceAccount": context.account,
                        "aws:RequestTag/eks-cluster-arn": cluster,
                        "aws:RequestTag/kubernetes-namespace": namespace,
                        "aws:RequestTag/kubernetes-service-account": account,
                    }
                },
            }
        ]
    )


def _trusts_tokens(identity: Irsa, namespace: str, account: str) -> pulumi.Output[str]:
    """By the subject and the audience of the service account's token."""
    host = pulumi.Output.from_input(identity.issuer).apply(lambda url: url.removeprefix("https://"))
    return pulumi.Output.all(host, identity.provider).apply(
        lambda known: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Federated": known[1]},
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": {
                            "StringEquals": {
                                f"{known[0]}:sub": f"system:serviceaccount:{namespace}:{account}",
                                f"{known[0]}:aud": "sts.amazonaws.com",
                            }
                        },
                    }
                ],
            }
        )
    )
