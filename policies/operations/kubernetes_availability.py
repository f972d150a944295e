"""Workloads that one failure stops, or that get traffic they cannot serve."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.kubernetes_containers import Container
from lychgate.views.kubernetes_workloads import Lasting, Replicated, Workload
from lychgate.views.owners import environment_word

SERVED = """
        import pulumi_kubernetes as k8s

        labels = {"app": "api"}
        k8s.apps.v1.Deployment(
            "api",
            spec={
                "replicas": 2,
                "selector": {"match_labels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [%s]}},
            },
        )
        k8s.core.v1.Service("api", spec={"selector": labels, "ports": [{"port": 80, "target_port": 8080}]})
        """
PROBE = '{"http_get": {"path": "/health", "port": 8080}}'
REPEATED = """
        import pulumi_kubernetes as k8s

        labels = {"app": "api"}
        api = k8s.apps.v1.Deployment(
            "api",
            spec={
                "replicas": %d,
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "api", "image": "example/api"}]},
                },
            },
        )
        """
BUDGET = """
        k8s.policy.v1.PodDisruptionBudget("api", spec={"%s": %s, "selector": {"match_labels": %s}})
        """


@rule(
    id="kubernetes-workload-without-probes",
    title="Nobody notices when a container hangs or is not ready",
    layer="operations",
    severity="low",
    judges=Lasting,
    rationale="""Without a liveness probe a container that hangs is never restarted, and without a readiness probe a
    Service sends requests to pods that cannot answer yet. Both look like an outage.""",
    remediation="""Give every container a `livenessProbe`, and one of each pod behind a Service a `readinessProbe` (an
    HTTP path, a port or a command).""",
    compliant=[
        SERVED % f'{{"name": "api", "image": "example/api", "liveness_probe": {PROBE}, "readiness_probe": {PROBE}}}',
        """
        import pulumi_kubernetes as k8s

        # No Service sends it anything: there is nothing to be ready for.
        labels = {"app": "worker"}
        k8s.apps.v1.Deployment(
            "worker",
            spec={
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "init_containers": [{"name": "migrate", "image": "example/migrate"}],
                        "containers": [
                            {
                                "name": "worker",
                                "image": "example/worker",
                                "liveness_probe": {"exec_": {"command": ["/bin/alive"]}},
                            }
                        ],
                    },
                },
            },
        )
        """,
    ],
    violating=[
        SERVED % '{"name": "api", "image": "example/api"}',
        SERVED % f'{{"name": "api", "image": "example/api", "liveness_probe": {PROBE}}}',
        SERVED
        % f"""
            {{"name": "api", "image": "example/api", "liveness_probe": {PROBE}, "readiness_probe": {PROBE}}},
            {{"name": "proxy", "image": "example/proxy"}},
        """,
    ],
)
def kubernetes_workload_without_probes(workload: Lasting, case: Case) -> Answer:
    """Liveness for each container, readiness for the pod where a Service selects it."""
    missing = [f"the {text}" for text in workload.told(_not_probed, "container")]
    if not workload.partial and workload.services and not _ready(workload):
        service = workload.services[0].name
        missing.append(f"no container has a readinessProbe, though the Service {service} sends it traffic")
    return fail(f"Of {workload.name} {'; '.join(missing)}.") if missing else workload.otherwise


def _not_probed(container: Container) -> str | None:
    return None if container.read.has("livenessProbe") else "has no livenessProbe"


def _ready(workload: Workload) -> bool:
    return any(one.read.has("readinessProbe") for one in workload.containers if one.role == "container" or one.sidecar)


class Production(BaseModel):
    """Where the rule applies."""

    model_config = ConfigDict(extra="forbid")

    environments: tuple[str, ...] = Field(
        default=("production",), description="Environments whose workloads have to stand the loss of a node."
    )
    replicas: int = Field(default=2, ge=1, description="The fewest replicas.")


@rule(
    id="kubernetes-workload-stopped-by-one-node",
    title="The loss of one node stops a production workload",
    layer="operations",
    severity="medium",
    judges=Replicated,
    parameters=Production,
    rationale="""With one replica every patch of a node is an outage, so nodes go unpatched; without a disruption budget
    a drain may end all replicas at once. PCI DSS wants patches installed within a month.""",
    remediation="""Set `replicas` (or the autoscaler's `minReplicas`) to 2 or more, and add a PodDisruptionBudget with
    `minAvailable: 1` or `maxUnavailable: 1` that selects the pods.""",
    compliant=[
        REPEATED % 2 + BUDGET % ("min_available", "1", "labels"),
        REPEATED % 3 + BUDGET % ("max_unavailable", '"50%"', "labels"),
        REPEATED % 1
        + BUDGET % ("max_unavailable", "1", "labels")
        + """
        # The autoscaler decides.
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            "api",
            spec={
                "min_replicas": 2,
                "max_replicas": 6,
                "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": api.metadata.name},
            },
        )
        """,
    ],
    violating=[
        REPEATED % 1,
        REPEATED % 3,
        REPEATED % 3 + BUDGET % ("min_available", "1", '{"app": "orders"}'),
        REPEATED % 3 + BUDGET % ("max_unavailable", '"100%"', "labels"),
        REPEATED % 3
        + BUDGET % ("min_available", "1", "labels")
        + """
        k8s.autoscaling.v1.HorizontalPodAutoscaler(
            "api",
            spec={"max_replicas": 6, "scale_target_ref": {"kind": "Deployment", "name": api.metadata["name"]}},
        )
        """,
        """
        import pulumi_kubernetes as k8s

        # Nothing replaces a Pod that was made by hand.
        k8s.core.v1.Pod("api", spec={"containers": [{"name": "api", "image": "example/api"}]})
        """,
    ],
)
def kubernetes_workload_stopped_by_one_node(workload: Replicated, case: Case) -> Answer:
    """Enough replicas, and a budget that keeps one of them."""
    environment = workload.labels.environment
    word = environment_word(environment or "production") or environment
    if word not in case.parameters.environments:
        return not_applicable(f"the environment is {environment}")
    if workload.partial:
        return workload.otherwise
    if workload.kind == "Pod":
        once = workload.pod.text("restartPolicy", "Always") != "Always"
        return not_applicable("the Pod runs once") if once else fail("Nothing replaces this Pod when its node is lost.")
    scaler = workload.autoscaler
    replicas = workload.replicas if scaler is None else scaler.least
    if replicas == 0:
        return not_applicable("it is scaled to nothing")
    said = f"the autoscaler {scaler.name} may leave" if scaler is not None else "there is"
    missing = [f"{said} {replicas:.0f} replica"] if replicas < case.parameters.replicas else []
    if not any(budget.leaves(replicas) > 0 for budget in workload.budgets):
        given = ", ".join(one.name for one in workload.budgets)
        missing.append(f"{given} lets all replicas be ended" if given else "no PodDisruptionBudget selects its pods")
    return (
        fail(f"The loss or drain of one node can stop {workload.name}: {' and '.join(missing)}.") if missing else PASS
    )
