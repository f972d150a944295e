"""Sizes, counts and lifetimes of what runs in Kubernetes."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import Answer, Case, fail, rule
from lychgate.views.kubernetes import quantity
from lychgate.views.kubernetes_containers import Container
from lychgate.views.kubernetes_sizes import Ended, Scaled, Stored
from lychgate.views.kubernetes_workloads import Workload

REPLICAS = """
        import pulumi_kubernetes as k8s

        labels = {"app": "api"}
        k8s.apps.v1.Deployment(
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
POD = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Pod("api", spec={"containers": [%s]})
        """
JOB = """
        import pulumi_kubernetes as k8s

        k8s.batch.v1.Job(
            "report",
            spec={
                %s
                "template": {
                    "spec": {"restart_policy": "Never", "containers": [{"name": "report", "image": "example/report"}]}
                },
            },
        )
        """
CLAIM = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.PersistentVolumeClaim(
            "data",
            spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "%s"}}},
        )
        """


class Count(BaseModel):
    """How many pods are normal."""

    model_config = ConfigDict(extra="forbid")

    replicas: int = Field(default=20, ge=1, description="The most pods that one workload may ask for or scale to.")


@rule(
    id="kubernetes-workload-with-many-replicas",
    title="A workload asks for more pods than the limit",
    layer="cost",
    severity="medium",
    judges=Scaled,
    scope="resource",
    parameters=Count,
    rationale="""Every replica is paid for, and an autoscaler with a high maximum turns a flood of requests, or an error
    in a loop, into a bill. A limit makes large numbers a decision.""",
    remediation="""Lower `replicas`, `maxReplicas` or `parallelism`, or raise the rule's parameter `replicas` for the
    environment that needs more.""",
    compliant=[
        REPLICAS % 3,
        """
        import pulumi_kubernetes as k8s

        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            "api",
            spec={"min_replicas": 2, "max_replicas": 10, "scale_target_ref": {"kind": "Deployment", "name": "api"}},
        )
        """,
    ],
    violating=[
        REPLICAS % 200,
        REPLICAS % 2
        + """
        k8s.autoscaling.v1.HorizontalPodAutoscaler(
            "api",
            spec={"min_replicas": 2, "max_replicas": 500, "scale_target_ref": {"kind": "Deployment", "name": "api"}},
        )
        """,
        JOB % '"parallelism": 64, "completions": 640,',
    ],
)
def kubernetes_workload_with_many_replicas(scaled: Scaled, case: Case) -> Answer:
    """What each object itself says: replicas, the autoscaler's maximum, or the parallelism of a Job."""
    most, path = scaled.most
    if most <= case.parameters.replicas:
        return scaled.otherwise
    return fail(f"{scaled.name} asks for up to {most:.0f} pods ({path}), and the limit is {case.parameters.replicas}.")


class Size(BaseModel):
    """How large one container may be."""

    model_config = ConfigDict(extra="forbid")

    cpu: float = Field(default=4, gt=0, description="The most CPU cores that a container may request or be limited to.")
    memory: float = Field(default=16, gt=0, description="The most memory, in GiB.")


@rule(
    id="kubernetes-container-too-large",
    title="A container asks for more CPU or memory than the limit",
    layer="cost",
    severity="medium",
    judges=Workload,
    scope="resource",
    parameters=Size,
    rationale="""Requests are reserved on a node whether they are used or not, and one large container makes the cluster
    buy a larger node. A limit makes large sizes a decision.""",
    remediation="""Lower `resources.requests` and `resources.limits`, or raise the rule's parameters for the environment
    that needs more.""",
    compliant=[
        POD % '{"name": "api", "image": "example/api", "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}',
        POD % '{"name": "api", "image": "example/api", "resources": {"limits": {"cpu": 4, "memory": "16Gi"}}}',
    ],
    violating=[
        POD % '{"name": "api", "image": "example/api", "resources": {"requests": {"cpu": "16"}}}',
        POD % '{"name": "api", "image": "example/api", "resources": {"limits": {"memory": "128G"}}}',
        POD
        % """
            {"name": "api", "image": "example/api", "resources": {"limits": {"cpu": "1"}}},
            {"name": "cache", "image": "example/cache", "resources": {"requests": {"memory": "65536Mi"}}},
        """,
    ],
)
def kubernetes_container_too_large(workload: Workload, case: Case) -> Answer:
    """What the containers themselves say."""
    limits = {"cpu": (case.parameters.cpu, 1.0, "cores"), "memory": (case.parameters.memory, 2.0**30, "GiB")}
    found = workload.told(lambda container: _too_large(container, limits))
    return fail(f"The {'; '.join(found)}.") if found else workload.otherwise


def _too_large(container: Container, limits: dict[str, tuple[float, float, str]]) -> str | None:
    resources = container.read.block("resources")
    for name, (most, unit, word) in limits.items():
        for which in ("requests", "limits"):
            amount = quantity(resources.block(which), name)
            if amount is not None and amount > most * unit:
                return f"asks for {amount / unit:g} {word} ({which}.{name}), and the limit is {most:g}"
    return None


@rule(
    id="kubernetes-container-without-requests",
    title="A container does not say how much CPU and memory it needs",
    layer="cost",
    severity="low",
    judges=Workload,
    rationale="""Nodes are bought and shared out by requests. What requests nothing is put anywhere, is the first to be
    ended when memory is short, and stands on nobody's bill.""",
    remediation="""Set `resources.requests` for `cpu` and `memory`, or a `defaultRequest` for the namespace in a
    LimitRange.""",
    compliant=[
        POD % '{"name": "api", "image": "example/api", "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}}',
        # A limit is a request too, and the namespace has a default.
        POD % '{"name": "api", "image": "example/api", "resources": {"limits": {"memory": "128Mi"}}}'
        + """
        k8s.core.v1.LimitRange(
            "defaults", spec={"limits": [{"type": "Container", "default_request": {"cpu": "100m"}}]}
        )
        """,
    ],
    violating=[
        POD % '{"name": "api", "image": "example/api"}',
        POD % '{"name": "api", "image": "example/api", "resources": {"requests": {"cpu": "100m"}}}',
    ],
)
def kubernetes_container_without_requests(workload: Workload, case: Case) -> Answer:
    """Its own requests, its limits, the namespace's defaults, or what the pod as a whole requests."""
    found = workload.told(lambda container: _unrequested(workload, container))
    return fail(f"The {'; '.join(found)}.") if found else workload.otherwise


def _unrequested(workload: Workload, container: Container) -> str | None:
    if container.role == "ephemeral container":
        return None
    missing = [name for name in ("cpu", "memory") if workload.amount(container, "requests", name) is None]
    return f"requests no {' and no '.join(missing)}" if missing else None


class Disk(BaseModel):
    """How large one volume may be."""

    model_config = ConfigDict(extra="forbid")

    size: float = Field(default=500, gt=0, description="The largest volume, in GiB.")


@rule(
    id="kubernetes-volume-too-large",
    title="A claim asks for a volume that is larger than the limit",
    layer="cost",
    severity="medium",
    judges=Stored,
    scope="resource",
    parameters=Disk,
    rationale="""A volume is paid for by its size, not by what is on it, and can be made larger later but not smaller. A
    limit makes large ones a decision.""",
    remediation="""Lower the `storage` that is requested, with `allowVolumeExpansion` in the storage class, or raise the
    rule's parameter `size`.""",
    compliant=[
        CLAIM % "100Gi",
        CLAIM % "500Gi",
    ],
    violating=[
        CLAIM % "2Ti",
        """
        import pulumi_kubernetes as k8s

        # One for each replica.
        k8s.apps.v1.StatefulSet(
            "store",
            spec={
                "service_name": "store",
                "replicas": 3,
                "selector": {"match_labels": {"app": "store"}},
                "template": {
                    "metadata": {"labels": {"app": "store"}},
                    "spec": {"containers": [{"name": "store", "image": "example/store"}]},
                },
                "volume_claim_templates": [
                    {
                        "metadata": {"name": "data"},
                        "spec": {
                            "access_modes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": "1000Gi"}},
                        },
                    }
                ],
            },
        )
        """,
    ],
)
def kubernetes_volume_too_large(stored: Stored, case: Case) -> Answer:
    """Claims, and the templates of them."""
    large = [f"{size / 2**30:g} GiB" for size in stored.sizes if size > case.parameters.size * 2**30]
    if not large:
        return stored.otherwise
    return fail(f"{stored.name} asks for {', '.join(large)}, and the limit is {case.parameters.size:g} GiB.")


@rule(
    id="kubernetes-job-without-deadline",
    title="A Job may run for ever",
    layer="cost",
    severity="low",
    judges=Ended,
    scope="resource",
    rationale="""A Job that hangs keeps its CPU and memory until somebody notices, and a CronJob adds another one every
    time.""",
    remediation="Set `activeDeadlineSeconds` in the specification of the Job to well above what it usually takes.",
    compliant=[
        JOB % '"active_deadline_seconds": 3600,',
        """
        import pulumi_kubernetes as k8s

        k8s.batch.v1.CronJob(
            "report",
            spec={
                "schedule": "0 3 * * *",
                "job_template": {
                    "spec": {
                        "active_deadline_seconds": 3600,
                        "template": {
                            "spec": {
                                "restart_policy": "Never",
                                "containers": [{"name": "report", "image": "example/report"}],
                            }
                        },
                    }
                },
            },
        )
        """,
    ],
    violating=[
        JOB % "",
        # How often it is tried again says nothing of how long each try takes.
        JOB % '"backoff_limit": 3, "ttl_seconds_after_finished": 3600,',
        """
        import pulumi_kubernetes as k8s

        k8s.batch.v1.CronJob(
            "report",
            spec={
                "schedule": "0 3 * * *",
                "starting_deadline_seconds": 60,
                "job_template": {
                    "spec": {
                        "template": {
                            "spec": {
                                "restart_policy": "Never",
                                "containers": [{"name": "report", "image": "example/report"}],
                            }
                        },
                    }
                },
            },
        )
        """,
    ],
)
def kubernetes_job_without_deadline(job: Ended, case: Case) -> Answer:
    """In the Job's specification, or in the pod's."""
    if job.bounded or job.partial:
        return job.otherwise
    return fail(f"{job.name} has no activeDeadlineSeconds, so it may run for ever.")
