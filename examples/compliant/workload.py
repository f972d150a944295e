"""What runs in the cluster: one namespace, shut by default, and two services in it."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

import cluster
import credentials
import database
import keys
import messaging
import network
import registry
import storage
from permissions import WorkloadRole
from settings import ACCOUNT, APPLICATION, REGION, config, labels

NAMESPACE = APPLICATION
API_DIGEST = "sha256:5f0b8c1e2d3a4f5061728394a5b6c7d8e9f00112233445566778899aabbccdde"
WORKER_DIGEST = "sha256:9a8b7c6d5e4f30211203f4e5d6c7b8a9908172635445362718091a2b3c4d5e6f"
HTTPS = 8443

inside = pulumi.ResourceOptions(provider=cluster.provider)
namespace = kubernetes.core.v1.Namespace(
    NAMESPACE,
    metadata={
        "name": NAMESPACE,
        "labels": {
            **labels(NAMESPACE, "cardholder"),
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
        },
    },
    opts=inside,
)


def metadata(name: str, annotations: dict[str, pulumi.Input[str]] | None = None) -> dict:
    """Name, namespace and labels of an object."""
    named = {"name": name, "namespace": namespace.metadata.name, "labels": labels(name, "cardholder")}
    return {**named, "annotations": annotations} if annotations else named


kubernetes.core.v1.ResourceQuota(
    "limits",
    metadata=metadata("limits"),
    spec={
        "hard": {
            "requests.cpu": "8",
            "requests.memory": "16Gi",
            "limits.cpu": "16",
            "limits.memory": "24Gi",
            "pods": "40",
            "services.loadbalancers": "0",
            "services.nodeports": "0",
            "persistentvolumeclaims": "0",
        }
    },
    opts=inside,
)
kubernetes.core.v1.LimitRange(
    "defaults",
    metadata=metadata("defaults"),
    spec={
        "limits": [
            {
                "type": "Container",
                "default": {"cpu": "500m", "memory": "512Mi"},
                "defaultRequest": {"cpu": "100m", "memory": "256Mi"},
            }
        ]
    },
    opts=inside,
)


def policy(name: str, spec: dict) -> None:
    """A network policy of the namespace."""
    kubernetes.networking.v1.NetworkPolicy(name, metadata=metadata(name), spec=spec, opts=inside)


def pods(name: str) -> dict:
    """The pods of a service."""
    return {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}


policy("shut", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
policy(
    "names",
    {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [
                    {
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                    }
                ],
                "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
            }
        ],
    },
)
policy(
    "stores",
    {
        "podSelector": {"matchLabels": {"app.kubernetes.io/part-of": APPLICATION}},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [{"ipBlock": {"cidr": cidr}} for cidr in network.DATA],
                "ports": [{"protocol": "TCP", "port": network.POSTGRES}],
            },
            {
                "to": [{"ipBlock": {"cidr": cidr}} for cidr in network.PRIVATE],
                "ports": [{"protocol": "TCP", "port": 443}],
            },
        ],
    },
)
policy(
    "acquirer",
    {
        **pods("api"),
        "policyTypes": ["Egress"],
        "egress": [
            {"to": [{"ipBlock": {"cidr": network.ACQUIRER}}], "ports": [{"protocol": "TCP", "port": 443}]},
        ],
    },
)
policy(
    "api",
    {
        **pods("api"),
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [
                    {
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}},
                        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "ingress-nginx"}},
                    }
                ],
                "ports": [{"protocol": "TCP", "port": HTTPS}],
            }
        ],
    },
)


class Service(pulumi.ComponentResource):
    """A deployment with its service account, AWS role, budget for disruptions, scaling and rights in the cluster."""

    def __init__(
        self,
        name: str,
        *,
        image: pulumi.Input[str],
        statements: list[dict],
        environment: dict[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payments:workload:Service", name, {"data-classification": "cardholder"}, opts)
        self.name = name
        self.child = pulumi.ResourceOptions(parent=self, provider=cluster.provider)
        role = WorkloadRole(
            name,
            provider=cluster.identities,
            issuer=cluster.issuer,
            namespace=NAMESPACE,
            statements=statements,
            opts=pulumi.ResourceOptions(parent=self),
        ).role
        self.account = kubernetes.core.v1.ServiceAccount(
            name,
            metadata=metadata(name, {"eks.amazonaws.com/role-arn": role.arn}),
            automount_service_account_token=False,
            opts=self.child,
        )
        self.settings = kubernetes.core.v1.ConfigMap(
            name, metadata=metadata(name), data=environment, immutable=False, opts=self.child
        )
        self._rights()
        self.deployment = self._deployment(image)
        self._availability()
        self.register_outputs({"deployment": self.deployment.metadata.name})

    def _rights(self) -> None:
        """The service may read its own settings, nothing else."""
        kubernetes.rbac.v1.Role(
            self.name,
            metadata=metadata(self.name),
            rules=[
                {
                    "apiGroups": [""],
                    "resources": ["configmaps"],
                    "resourceNames": [self.name],
                    "verbs": ["get", "watch"],
                }
            ],
            opts=self.child,
        )
        kubernetes.rbac.v1.RoleBinding(
            self.name,
            metadata=metadata(self.name),
            role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": self.name},
            subjects=[{"kind": "ServiceAccount", "name": self.name, "namespace": NAMESPACE}],
            opts=self.child,
        )

    def _deployment(self, image: pulumi.Input[str]) -> kubernetes.apps.v1.Deployment:
        health = {"httpGet": {"path": "/health", "port": HTTPS, "scheme": "HTTPS"}}
        container = {
            "name": self.name,
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"name": "https", "containerPort": HTTPS}],
            "envFrom": [{"configMapRef": {"name": self.settings.metadata.name}}],
            "resources": {
                "requests": {"cpu": "250m", "memory": "512Mi", "ephemeral-storage": "128Mi"},
                "limits": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "256Mi"},
            },
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "livenessProbe": {**health, "periodSeconds": 10},
            "readinessProbe": {**health, "periodSeconds": 5},
            "startupProbe": {**health, "failureThreshold": 30},
            "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],
        }
        spec = {
            "serviceAccountName": self.account.metadata.name,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "runAsGroup": 10001,
                "fsGroup": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}}],
            "terminationGracePeriodSeconds": 45,
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "topology.kubernetes.io/zone",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"app.kubernetes.io/name": self.name}},
                }
            ],
        }
        return kubernetes.apps.v1.Deployment(
            self.name,
            metadata=metadata(self.name),
            spec={
                "replicas": 2,
                "selector": {"matchLabels": {"app.kubernetes.io/name": self.name}},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                "template": {"metadata": {"labels": labels(self.name, "cardholder")}, "spec": spec},
            },
            opts=self.child,
        )

    def _availability(self) -> None:
        kubernetes.policy.v1.PodDisruptionBudget(
            self.name,
            metadata=metadata(self.name),
            spec={"minAvailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": self.name}}},
            opts=self.child,
        )
        kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
            self.name,
            metadata=metadata(self.name),
            spec={
                "minReplicas": 2,
                "maxReplicas": 8,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.name},
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                    }
                ],
            },
            opts=self.child,
        )


def image(repository: aws.ecr.Repository, digest: str) -> pulumi.Output[str]:
    """An image by what is in it, not by a name that could come to mean another."""
    return pulumi.Output.concat(repository.repository_url, "@", digest)


def use_key(key: aws.kms.Key) -> dict:
    """The statement that lets a role use a key."""
    return {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key.arn}


connect = {
    "Effect": "Allow",
    "Action": "rds-db:connect",
    "Resource": database.cluster.cluster_resource_id.apply(
        lambda resource: f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{resource}/payments"
    ),
}
api = Service(
    "api",
    image=image(registry.api, API_DIGEST),
    statements=[
        {
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
            "Resource": [storage.ledger.arn, storage.idempotency.arn],
        },
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": storage.receipts.bucket.arn.apply("{}/*".format)},
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": credentials.acquirer.arn},
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": messaging.topic.arn},
        connect,
        use_key(keys.data),
        use_key(keys.messages),
    ],
    environment={
        "DATABASE_HOST": database.cluster.endpoint,
        "LEDGER": storage.ledger.name,
        "IDEMPOTENCY": storage.idempotency.name,
        "RECEIPTS": storage.receipts.bucket.bucket,
        "ACQUIRER_SECRET": credentials.acquirer.arn,
        "PAID_TOPIC": messaging.topic.arn,
    },
)
worker = Service(
    "worker",
    image=image(registry.worker, WORKER_DIGEST),
    statements=[
        {
            "Effect": "Allow",
            "Action": ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"],
            "Resource": messaging.settlement.arn,
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": storage.settlements.bucket.arn.apply("{}/*".format),
        },
        {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": storage.ledger.arn},
        connect,
        use_key(keys.data),
        use_key(keys.messages),
    ],
    environment={
        "DATABASE_HOST": database.cluster.reader_endpoint,
        "LEDGER": storage.ledger.name,
        "SETTLEMENTS": storage.settlements.bucket.bucket,
        "SETTLEMENT_QUEUE": messaging.settlement.url,
    },
)
service = kubernetes.core.v1.Service(
    "api",
    metadata=metadata("api"),
    spec={
        "type": "ClusterIP",
        "selector": {"app.kubernetes.io/name": "api"},
        "ports": [{"name": "https", "port": 443, "targetPort": "https"}],
    },
    opts=inside,
)
kubernetes.networking.v1.Ingress(
    "api",
    metadata=metadata(
        "api",
        {
            "nginx.ingress.kubernetes.io/backend-protocol": "HTTPS",
            "nginx.ingress.kubernetes.io/force-ssl-redirect": "true",
        },
    ),
    spec={
        "ingressClassName": "internal",
        "tls": [{"hosts": [config.require("host")], "secretName": "api-tls"}],
        "rules": [
            {
                "host": config.require("host"),
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": service.metadata.name, "port": {"name": "https"}}},
                        }
                    ]
                },
            }
        ],
    },
    opts=inside,
)
