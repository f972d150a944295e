"""Values of the chart in which everything is used that it offers."""

from __future__ import annotations

from typing import Any

DIGEST = "sha256:" + "5f0b8c1e2d3a4f50" * 4
SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:payments-production-{}-{}-AbCdEf"
ROLE = "arn:aws:iam::111122223333:role/payments-production-{}-{}"


def image(name: str) -> str:
    return f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/{name}@{DIGEST}"


def example(tenant: str = "acme") -> dict[str, Any]:
    """Payments in production for a tenant: an API with a cache, a worker, a store of its own, a nightly job."""

    def secret(name: str) -> str:
        return SECRET.format(tenant, name)

    def role(name: str) -> str:
        return ROLE.format(tenant, name)

    issuer = {"issuer": {"name": "inside"}}
    return {
        "context": {
            "application": "payments",
            "environment": "production",
            "tenant": tenant,
            "classification": "cardholder",
            "region": "eu-central-1",
            "production": True,
        },
        "namespace": f"payments-production-{tenant}",
        "quota": {"claims": 4, "storage": "100Gi"},
        "cluster": {"awsEndpoints": ["10.20.0.0/22"]},
        "telemetry": {
            "region": "eu",
            "license": {"arn": secret("newrelic"), "key": "license"},
            "cidrs": ["185.221.84.0/22"],
        },
        "workloads": {
            "api": {
                "kind": "Deployment",
                "image": image("api"),
                "autoscaling": {"min": 2, "max": 8, "memory": 80},
                "service": {"port": 8443},
                "health": {"path": "/live", "readyPath": "/ready", "startSeconds": 61},
                "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"cpu": "1"}},
                "environment": {
                    "LOG_LEVEL": "info",
                    "YES": "yes",
                    "TABLE": f"payments-{tenant}",
                    "QUOTED": 'a "b" \\c',
                },
                "secrets": [
                    {"arn": secret("acquirer"), "file": "acquirer", "key": "credential"},
                    {"arn": secret("acquirer"), "file": "merchant", "key": "merchant"},
                    {"arn": secret("legacy"), "file": "legacy", "environment": "LEGACY_CREDENTIAL"},
                ],
                "identity": {"podIdentity": True},
                "securityGroups": ["sg-0a1b2c3d4e5f60718"],
                "callers": {"others": [{"namespace": f"checkout-production-{tenant}", "name": "web"}]},
                "calls": {
                    "workloads": ["store"],
                    "others": [{"namespace": "shared-production", "name": "rates", "port": 8443}],
                    "addresses": [
                        {"cidr": "10.20.8.0/22", "port": 5432},
                        {"cidr": "198.51.100.0/28", "port": 443},
                    ],
                },
                "ingress": {"className": "internal", "host": f"{tenant}.payments.example.com", "tls": issuer},
                "tls": issuer,
                "cache": {
                    "image": image("valkey"),
                    "password": {"arn": secret("cache")},
                    "identity": {"podIdentity": True},
                    "tls": issuer,
                },
                "volumes": [{"name": "render", "path": "/var/render", "size": "128Mi", "memory": True}],
                "terminationSeconds": 60,
                "priorityClassName": "payments",
            },
            "worker": {
                "kind": "Deployment",
                "image": image("worker"),
                "command": ["/bin/worker"],
                "args": ["--queue", "settlement"],
                "replicas": 3,
                "health": {"command": ["/bin/worker", "--alive"]},
                "identity": {"roleArn": role("worker")},
                "calls": {"workloads": ["api"]},
            },
            "store": {
                "kind": "StatefulSet",
                "image": image("store"),
                "service": {"port": 9200, "scheme": "TCP"},
                "storage": {"size": "20Gi", "className": "encrypted", "path": "/var/lib/store"},
                "tls": {"secretName": "store-tls"},
                "telemetry": False,
            },
            "report": {
                "kind": "CronJob",
                "image": image("report"),
                "schedule": {
                    "cron": "0 3 * * *",
                    "timeZone": "Europe/Berlin",
                    "deadlineSeconds": 1800,
                    "retries": 0,
                },
                "identity": {"roleArn": role("report")},
                "scratch": "256Mi",
            },
        },
    }
