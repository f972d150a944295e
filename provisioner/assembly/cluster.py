"""How the program reaches AWS and the cluster: providers that can touch nothing but the stack's own place."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_newrelic as newrelic
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.models.environment import Cluster, Environment

# The services that stacks are made of, as the provider names them, and STS, which says whose the credentials are.
SERVICES = (
    "cloudwatchlogs", "dynamodb", "ec2", "ecr", "eks", "iam", "kms", "lambda_", "rds", "s3", "secretsmanager", "sns",
    "sqs", "sts",
)  # fmt: skip


class Providers(NamedTuple):
    """What resources are made through."""

    aws: aws.Provider
    cluster: kubernetes.Provider
    newrelic: newrelic.Provider


def providers(scope: Scope) -> Providers:
    """AWS in this account and region only, the cluster, and New Relic's account; credentials come from whoever runs
    it (AWS's own chain, NEW_RELIC_API_KEY)."""
    there, context = scope.environment, scope.context
    seen = scope.observability
    return Providers(
        aws.Provider(
            "aws",
            region=there.region,
            allowed_account_ids=[there.account],
            default_tags={"tags": _default_tags(context)},
            **_elsewhere(there),
        ),
        kubernetes.Provider("kubernetes", kubeconfig=_kubeconfig(there.cluster, there.region)),
        newrelic.Provider("newrelic", account_id=str(seen.account), region=seen.region),
    )


def _elsewhere(there: Environment) -> dict[str, Any]:
    """What sends the provider to another place than AWS, where the environment names one."""
    if there.endpoint is None:
        return {}
    endpoints = aws.ProviderEndpointArgs(**dict.fromkeys(SERVICES, there.endpoint))
    return {"endpoints": [endpoints], "s3_use_path_style": True, "skip_metadata_api_check": True}


def _default_tags(context: Context) -> dict[str, str]:
    """The tags of all that the stack makes; which data a thing holds is the thing's own to say."""
    return {name: value for name, value in context.tags().items() if name != "data-classification"}


def _kubeconfig(cluster: Cluster, region: str) -> str:
    """A kubeconfig without a secret: the token is AWS's, made anew for each run.

    https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html
    """
    place = {"server": cluster.endpoint, "certificate-authority-data": cluster.certificate_authority}
    token = ["eks", "get-token", "--region", region, "--cluster-name", cluster.name]
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", "args": token}}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster.name, "cluster": place}],
            "users": [{"name": "deployer", "user": user}],
            "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": "deployer"}}],
            "current-context": cluster.name,
        }
    )
