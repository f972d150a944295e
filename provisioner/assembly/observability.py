"""The alert baseline of a stack at New Relic: what somebody must hear of, for every application alike."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_newrelic as newrelic
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.components.base import Component


@dataclass(frozen=True, slots=True)
class Alert:
    """What is counted, and from which number on for how many seconds somebody must hear of it."""

    title: str
    query: str
    above: float
    seconds: int


# NRQL over OpenTelemetry's spans and Kubernetes' own samples, narrowed to the stack by its attributes:
# https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-best-practices-traces
_SERVER = "{scope} AND span.kind = 'server'"
_RESTARTS = "SELECT sum(restartCountDelta) FROM K8sContainerSample WHERE namespaceName = '{namespace}'"
BASELINE = (
    Alert("errors", f"SELECT percentage(count(*), WHERE otel.status_code = 'ERROR') FROM Span WHERE {_SERVER}", 5, 300),
    Alert("slow answers", f"SELECT percentile(duration.ms, 95) FROM Span WHERE {_SERVER}", 1000, 600),
    Alert("restarts", _RESTARTS, 3, 300),
)


class Alerts(Component):
    """A policy and its conditions."""

    kind = "Alerts"


def alerts(scope: Scope, opts: pulumi.ResourceOptions) -> None:
    """The alerts of a stack, tagged as everything of it is."""
    context = scope.context
    component = Alerts("alerts", context, opts=opts)
    policy = newrelic.AlertPolicy(
        "alerts",
        name=context.prefix,
        account_id=str(scope.observability.account),
        incident_preference="PER_CONDITION",
        opts=component.child,
    )
    labels = {"application": context.application, "environment": context.environment, "tenant": context.tenant}
    where = " AND ".join(f"{name} = '{value}'" for name, value in labels.items())
    for alert in BASELINE:
        newrelic.NrqlAlertCondition(
            alert.title.replace(" ", "-"),
            name=alert.title,
            account_id=str(scope.observability.account),
            policy_id=policy.id,
            type="static",
            nrql={"query": alert.query.format(scope=where, namespace=scope.namespace)},
            critical={
                "operator": "above",
                "threshold": alert.above,
                "threshold_duration": alert.seconds,
                "threshold_occurrences": "all",
            },
            violation_time_limit_seconds=86_400,
            opts=component.child,
        )
