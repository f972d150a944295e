"""A workload of the cardholder data environment, with all that stands around it, as every rule wants it."""

COMPLIANT = """
import pulumi_aws as aws
import pulumi_kubernetes as k8s

IMAGE = "registry.example.com/payments/ledger@sha256:" + "0" * 64
LABELS = {
    "app.kubernetes.io/part-of": "payments",
    "environment": "production",
    "tenant": "acme",
    "data-classification": "cardholder",
}
PODS = {**LABELS, "app": "ledger"}

key = aws.kms.Key("secrets", enable_key_rotation=True, deletion_window_in_days=30)
cluster = aws.eks.Cluster(
    "main",
    role_arn="arn:aws:iam::111122223333:role/eks",
    vpc_config={"subnet_ids": ["subnet-1", "subnet-2"]},
    enabled_cluster_log_types=["api", "audit", "authenticator"],
    encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
)
aws.eks.Addon(
    "cni", cluster_name=cluster.name, addon_name="vpc-cni", configuration_values='{"enableNetworkPolicy": "true"}'
)

# The namespace: what it admits, how much of the cluster it may use, who may talk to its pods.
namespace = k8s.core.v1.Namespace(
    "acme-payments",
    metadata={"labels": {**LABELS, "pod-security.kubernetes.io/enforce": "restricted"}},
)
inside = {"namespace": namespace.metadata["name"], "labels": LABELS}
k8s.core.v1.ResourceQuota(
    "quota", metadata=inside, spec={"hard": {"requests.cpu": "8", "requests.memory": "16Gi", "pods": "40"}}
)
k8s.core.v1.LimitRange(
    "defaults",
    metadata=inside,
    spec={
        "limits": [
            {
                "type": "Container",
                "default": {"memory": "256Mi"},
                "default_request": {"cpu": "100m", "memory": "128Mi"},
            }
        ]
    },
)
k8s.networking.v1.NetworkPolicy(
    "deny-all", metadata=inside, spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]}
)
k8s.networking.v1.NetworkPolicy(
    "dns",
    metadata=inside,
    spec={
        "pod_selector": {},
        "policy_types": ["Egress"],
        "egress": [
            {
                "to": [
                    {
                        "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
                        "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
                    }
                ],
                "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
            }
        ],
    },
)
k8s.networking.v1.NetworkPolicy(
    "ledger",
    metadata=inside,
    spec={
        "pod_selector": {"match_labels": {"app": "ledger"}},
        "policy_types": ["Ingress", "Egress"],
        "ingress": [
            {
                "from_": [
                    {
                        "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "ingress"}},
                        "pod_selector": {"match_labels": {"app": "ingress"}},
                    }
                ],
                "ports": [{"port": "http"}],
            }
        ],
        "egress": [{"to": [{"ip_block": {"cidr": "10.20.0.0/24"}}], "ports": [{"port": 5432}]}],
    },
)

# Its identity: an account of its own, bound to the one thing that it asks the API server for.
account = k8s.core.v1.ServiceAccount("ledger", metadata=inside, automount_service_account_token=False)
role = k8s.rbac.v1.Role(
    "ledger",
    metadata=inside,
    rules=[{"api_groups": [""], "resources": ["configmaps"], "resource_names": ["ledger"], "verbs": ["get", "watch"]}],
)
k8s.rbac.v1.RoleBinding(
    "ledger",
    metadata=inside,
    role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata["name"]},
    subjects=[
        {
            "kind": "ServiceAccount",
            "name": account.metadata["name"],
            "namespace": namespace.metadata["name"],
        }
    ],
)

# What it runs.
settings = k8s.core.v1.ConfigMap("ledger", metadata={**inside, "name": "ledger"}, data={"log_level": "info"})
database = k8s.core.v1.Secret("database", metadata=inside)
probe = {"http_get": {"path": "/health", "port": "http"}}
hardened = {
    "allow_privilege_escalation": False,
    "read_only_root_filesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
ledger = k8s.apps.v1.Deployment(
    "ledger",
    metadata=inside,
    spec={
        "replicas": 2,
        "selector": {"match_labels": {"app": "ledger"}},
        "template": {
            "metadata": {"labels": PODS},
            "spec": {
                "service_account_name": account.metadata["name"],
                "security_context": {"run_as_non_root": True, "seccomp_profile": {"type": "RuntimeDefault"}},
                "init_containers": [
                    {
                        "name": "migrate",
                        "image": IMAGE,
                        "args": ["migrate"],
                        "security_context": hardened,
                        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "256Mi"}},
                    }
                ],
                "containers": [
                    {
                        "name": "ledger",
                        "image": IMAGE,
                        "ports": [{"name": "http", "container_port": 8080}],
                        "env_from": [{"config_map_ref": {"name": settings.metadata["name"]}}],
                        "volume_mounts": [
                            {"name": "database", "mount_path": "/run/secrets/database", "read_only": True},
                            {"name": "tmp", "mount_path": "/tmp"},
                        ],
                        "security_context": hardened,
                        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
                        "liveness_probe": probe,
                        "readiness_probe": probe,
                    }
                ],
                "volumes": [
                    {"name": "database", "secret": {"secret_name": database.metadata["name"]}},
                    {"name": "tmp", "empty_dir": {"size_limit": "64Mi"}},
                ],
            },
        },
    },
)
k8s.policy.v1.PodDisruptionBudget(
    "ledger",
    metadata=inside,
    spec={"min_available": 1, "selector": {"match_labels": {"app": "ledger"}}},
)
k8s.autoscaling.v2.HorizontalPodAutoscaler(
    "ledger",
    metadata=inside,
    spec={
        "min_replicas": 2,
        "max_replicas": 10,
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": ledger.metadata["name"]},
    },
)

# How the public gets to it.
service = k8s.core.v1.Service(
    "ledger",
    metadata=inside,
    spec={"selector": {"app": "ledger"}, "ports": [{"name": "http", "port": 80, "target_port": "http"}]},
)
k8s.networking.v1.Ingress(
    "ledger",
    metadata={
        **inside,
        "annotations": {
            "alb.ingress.kubernetes.io/scheme": "internet-facing",
            "alb.ingress.kubernetes.io/target-type": "ip",
            "alb.ingress.kubernetes.io/certificate-arn": "arn:aws:acm:eu-west-1:111122223333:certificate/1234abcd",
            "alb.ingress.kubernetes.io/listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
            "alb.ingress.kubernetes.io/ssl-redirect": "443",
            "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
            "alb.ingress.kubernetes.io/wafv2-acl-arn": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/ledger/1",
        },
    },
    spec={
        "ingress_class_name": "alb",
        "rules": [
            {
                "host": "ledger.example.com",
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "path_type": "Prefix",
                            "backend": {"service": {"name": service.metadata["name"], "port": {"name": "http"}}},
                        }
                    ]
                },
            }
        ],
    },
)

# What runs beside it, and ends.
k8s.batch.v1.CronJob(
    "report",
    metadata=inside,
    spec={
        "schedule": "0 3 * * *",
        "job_template": {
            "spec": {
                "active_deadline_seconds": 3600,
                "template": {
                    "metadata": {"labels": {**LABELS, "app": "report"}},
                    "spec": {
                        "restart_policy": "Never",
                        "service_account_name": account.metadata["name"],
                        "security_context": {"run_as_non_root": True, "seccomp_profile": {"type": "RuntimeDefault"}},
                        "containers": [
                            {
                                "name": "report",
                                "image": IMAGE,
                                "args": ["report"],
                                "security_context": hardened,
                                "resources": {
                                    "requests": {"cpu": "100m", "memory": "128Mi"},
                                    "limits": {"memory": "128Mi"},
                                },
                            }
                        ],
                    },
                },
            }
        },
    },
)
k8s.storage.v1.StorageClass(
    "encrypted", provisioner="ebs.csi.aws.com", parameters={"type": "gp3", "encrypted": "true"}
)
k8s.core.v1.PersistentVolumeClaim(
    "archive",
    metadata=inside,
    spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}},
)
"""
