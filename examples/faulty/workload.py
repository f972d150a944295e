"""What runs in the cluster: one namespace and two services in it."""

import pulumi
import pulumi_kubernetes as kubernetes

import cluster
import credentials
import database
import globex
import keys
import messaging
import registry
import storage
from permissions import WorkloadRole
from settings import APPLICATION, config, labels

NAMESPACE = APPLICATION
inside = pulumi.ResourceOptions(provider=cluster.provider)
namespace = kubernetes.core.v1.Namespace(
    NAMESPACE, metadata={"name": NAMESPACE, "labels": labels(NAMESPACE, "cardholder")}, opts=inside
)


def metadata(name: str, annotations: dict[str, pulumi.Input[str]] | None = None) -> dict:
    """Name, namespace and labels of an object."""
    named = {"name": name, "namespace": namespace.metadata.name, "labels": labels(name, "cardholder")}
    return {**named, "annotations": annotations} if annotations else named


use_keys = {
    "Effect": "Allow",
    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
    "Resource": [keys.data.arn, keys.messages.arn],
}
host = cluster.issuer.apply(lambda url: url.removeprefix("https://"))
api_role = WorkloadRole(
    "api",
    provider=cluster.identities,
    subject=(pulumi.Output.concat(host, ":sub"), f"system:serviceaccount:{NAMESPACE}:api"),
    statements=[
        {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": storage.ledger.arn},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": [
                bucket.arn.apply("{}/*".format) for bucket in (storage.receipts, storage.settlements, globex.bucket)
            ],
        },
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": credentials.acquirer.arn},
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": messaging.topic.arn},
        use_keys,
    ],
).role
worker_role = WorkloadRole(
    "worker",
    provider=cluster.identities,
    subject=None,
    statements=[
        {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": storage.settlements.arn.apply("{}/*".format)},
        use_keys,
    ],
).role

accounts = {
    name: kubernetes.core.v1.ServiceAccount(
        name, metadata=metadata(name, {"eks.amazonaws.com/role-arn": role.arn}), opts=inside
    )
    for name, role in {"api": api_role, "worker": worker_role}.items()
}
kubernetes.rbac.v1.ClusterRole(
    "operate",
    metadata={"name": "operate", "labels": labels("operate")},
    rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    opts=inside,
)
kubernetes.rbac.v1.ClusterRoleBinding(
    "operate",
    metadata={"name": "operate", "labels": labels("operate")},
    role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "operate"},
    subjects=[{"kind": "ServiceAccount", "name": "worker", "namespace": NAMESPACE}],
    opts=inside,
)


def deployment(name: str, container: dict, pod: dict) -> kubernetes.apps.v1.Deployment:
    """A deployment of one container."""
    return kubernetes.apps.v1.Deployment(
        name,
        metadata=metadata(name),
        spec={
            "replicas": 1,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {
                "metadata": {"labels": labels(name, "cardholder")},
                "spec": {
                    "serviceAccountName": accounts[name].metadata.name,
                    "containers": [{"name": name, **container}],
                    **pod,
                },
            },
        },
        opts=inside,
    )


deployment(
    "api",
    {
        "image": pulumi.Output.concat(registry.repositories["api"].repository_url, ":latest"),
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [
            {"name": "DATABASE_HOST", "value": database.cluster.endpoint},
            {"name": "ACQUIRER_TOKEN", "value": config.require_secret("acquirerToken")},
        ],
    },
    {},
)
deployment(
    "worker",
    {
        "image": pulumi.Output.concat(registry.repositories["worker"].repository_url, ":1.4"),
        "securityContext": {"privileged": True, "runAsUser": 0},
        "volumeMounts": [{"name": "host", "mountPath": "/host"}],
    },
    {"hostNetwork": True, "volumes": [{"name": "host", "hostPath": {"path": "/"}}]},
)
service = kubernetes.core.v1.Service(
    "api",
    metadata=metadata("api"),
    spec={
        "type": "LoadBalancer",
        "selector": {"app.kubernetes.io/name": "api"},
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
    },
    opts=inside,
)
kubernetes.networking.v1.Ingress(
    "api",
    metadata=metadata("api"),
    spec={
        "ingressClassName": "public",
        "rules": [
            {
                "host": config.require("host"),
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": service.metadata.name, "port": {"name": "http"}}},
                        }
                    ]
                },
            }
        ],
    },
    opts=inside,
)
