import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, StatefulSet
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    Namespace,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ResourceRequirementsArgs,
    Secret,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.yaml import ConfigGroup

config = pulumi.Config()
is_minikube = config.get_bool("isMinikube")

namespace = Namespace("guestbook", metadata={"name": "guestbook"})
settings = ConfigMap(
    "settings", metadata={"namespace": namespace.metadata["name"]}, data={"greeting": "Hello", "color": "blue"}
)
password = Secret(
    "redis",
    metadata=ObjectMetaArgs(namespace=namespace.metadata.name),
    string_data={"password": config.get_secret("redisPassword") or "changeme"},
)

redis_labels = {"app": "redis"}
redis = StatefulSet(
    "redis",
    metadata=ObjectMetaArgs(namespace=namespace.metadata.name),
    spec={
        "serviceName": "redis",
        "selector": {"matchLabels": redis_labels},
        "template": {
            "metadata": {"labels": redis_labels},
            "spec": {
                "containers": [
                    {
                        "name": "redis",
                        "image": "redis:7",
                        "args": ["--requirepass", "$(PASSWORD)"],
                        "ports": [{"containerPort": 6379}],
                        "env": [
                            {
                                "name": "PASSWORD",
                                "valueFrom": {"secretKeyRef": {"name": password.metadata.name, "key": "password"}},
                            }
                        ],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                    }
                ]
            },
        },
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }
        ],
    },
)
redis_service = Service(
    "redis",
    metadata=ObjectMetaArgs(name="redis", namespace=namespace.metadata.name, labels=redis_labels),
    spec=ServiceSpecArgs(ports=[ServicePortArgs(port=6379, target_port=6379)], selector=redis_labels),
)

frontend_labels = {"app": "frontend"}
frontend = Deployment(
    "frontend",
    metadata=ObjectMetaArgs(namespace=namespace.metadata.name),
    spec={
        "replicas": 3,
        "selector": LabelSelectorArgs(match_labels=frontend_labels),
        "template": PodTemplateSpecArgs(
            metadata=ObjectMetaArgs(labels=frontend_labels),
            spec=PodSpecArgs(
                containers=[
                    ContainerArgs(
                        name="frontend",
                        image="ghcr.io/example/guestbook:v5",
                        resources=ResourceRequirementsArgs(requests={"cpu": "100m", "memory": "100Mi"}),
                        env=[
                            EnvVarArgs(name="STORE", value=redis_service.metadata.name),
                            EnvVarArgs(
                                name="GREETING",
                                value_from={"config_map_key_ref": {"name": settings.metadata.name, "key": "greeting"}},
                            ),
                        ],
                        ports=[ContainerPortArgs(container_port=80)],
                    )
                ]
            ),
        ),
    },
)
frontend_service = Service(
    "frontend",
    metadata=ObjectMetaArgs(namespace=namespace.metadata.name, labels=frontend_labels),
    spec=ServiceSpecArgs(
        type="ClusterIP" if is_minikube else "LoadBalancer",
        ports=[ServicePortArgs(port=80, target_port=80)],
        selector=frontend_labels,
    ),
)
ConfigGroup(
    "policies",
    yaml=[
        """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: redis-from-frontend
  namespace: guestbook
spec:
  podSelector:
    matchLabels: {app: redis}
  ingress:
    - from:
        - podSelector:
            matchLabels: {app: frontend}
      ports:
        - port: 6379
"""
    ],
)

if is_minikube:
    pulumi.export("address", frontend_service.spec.apply(lambda spec: spec.cluster_ip))
else:
    ingress = frontend_service.status.apply(lambda status: status.load_balancer.ingress[0])
    pulumi.export("address", ingress.apply(lambda point: point.ip or point.hostname or ""))
