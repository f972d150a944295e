"""What pods share with their node: its processes, its files, its memory."""

from functools import partial

from lychgate import Answer, Case, fail, rule
from lychgate.views.kubernetes_containers import Container
from lychgate.views.kubernetes_workloads import Workload

POD = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Pod("api", spec={"containers": [{"name": "api", "image": "example/api"}], %s})
        """
LIMITED = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Pod("api", spec={"containers": [%s]})
        """
CLAIMED = """
        import pulumi_kubernetes as k8s

        # The path is two objects away: a claim, and the volume that it is bound to.
        k8s.core.v1.PersistentVolume(
            "data",
            metadata={"name": "data"},
            spec={"capacity": {"storage": "1Gi"}, "access_modes": ["ReadWriteOnce"], "storage_class_name": "", %s},
        )
        k8s.core.v1.PersistentVolumeClaim(
            "data",
            metadata={"name": "data"},
            spec={
                "access_modes": ["ReadWriteOnce"],
                "storage_class_name": "",
                "volume_name": "data",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        )
        k8s.apps.v1.StatefulSet(
            "store",
            spec={
                "service_name": "store",
                "selector": {"match_labels": {"app": "store"}},
                "template": {
                    "metadata": {"labels": {"app": "store"}},
                    "spec": {
                        "containers": [{"name": "store", "image": "example/store"}],
                        "volumes": [{"name": "data", "persistent_volume_claim": {"claim_name": "data"}}],
                    },
                },
            },
        )
        """


@rule(
    id="kubernetes-pod-in-host-processes",
    title="A pod sees the processes of its node",
    layer="operations",
    severity="high",
    judges=Workload,
    scope="resource",
    rationale="""With hostPID or hostIPC a container sees the processes and the shared memory of all pods on its node,
    their environment variables and secrets among them. Tenants and systems of different trust are not separated
    then.""",
    remediation="Leave `hostPID` and `hostIPC` out.",
    compliant=[POD % "", POD % '"host_pid": False, "share_process_namespace": True'],
    violating=[
        POD % '"host_pid": True',
        """
        import pulumi_kubernetes as k8s

        k8s.apps.v1.DaemonSet(
            "agent",
            spec=k8s.apps.v1.DaemonSetSpecArgs(
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels={"app": "agent"}),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(labels={"app": "agent"}),
                    spec=k8s.core.v1.PodSpecArgs(
                        host_ipc=True, containers=[k8s.core.v1.ContainerArgs(name="agent", image="example/agent")]
                    ),
                ),
            ),
        )
        """,
    ],
)
def kubernetes_pod_in_host_processes(workload: Workload, case: Case) -> Answer:
    """Both switches are the pod's, and off by default."""
    pod = workload.pod
    on = [name for name in ("hostPID", "hostIPC") if workload.said(partial(pod.flag, name))]
    if on:
        return fail(f"With {' and '.join(on)} {workload.name} sees the processes of all pods on its node.")
    return workload.otherwise


@rule(
    id="kubernetes-pod-with-host-path",
    title="A pod mounts a path of its node",
    layer="operations",
    severity="high",
    judges=Workload,
    rationale="""Whoever gets into the container reads or changes files of the node: the kubelet's credentials, the
    sockets of the runtime, the logs and volumes of other pods. PCI DSS wants components kept apart by their
    configuration, not by their good behaviour.""",
    remediation="""Use a PersistentVolumeClaim, an `emptyDir`, or a `projected` volume. An agent that has to read the
    node's files belongs into a namespace of its own, with a waiver.""",
    compliant=[
        POD
        % """
            "volumes": [
                {"name": "tmp", "empty_dir": {}},
                {"name": "data", "persistent_volume_claim": {"claim_name": "data"}},
            ],
        """,
        CLAIMED % '"csi": {"driver": "ebs.csi.aws.com", "volume_handle": "vol-1"}',
    ],
    violating=[
        POD % '"volumes": [{"name": "sockets", "host_path": {"path": "/var/run"}}]',
        CLAIMED % '"host_path": {"path": "/var/lib/store"}',
        CLAIMED % '"local": {"path": "/mnt/disk"}',
    ],
)
def kubernetes_pod_with_host_path(workload: Workload, case: Case) -> Answer:
    """Directly, or by the volume behind a claim."""
    paths = sorted(set(workload.said(lambda: workload.host_paths) or ()))
    if not paths:
        return workload.otherwise
    return fail(
        f"{workload.name} mounts {', '.join(paths)} of its node, so whoever gets into it reaches files of the node.",
        {"paths": paths},
    )


@rule(
    id="kubernetes-container-without-memory-limit",
    title="A container may take all memory of its node",
    layer="operations",
    severity="medium",
    judges=Workload,
    rationale="""A container without a memory limit that leaks or is attacked has the kernel end other pods of the node,
    those of other tenants too. A tenant of a provider may use only what was allotted to it.""",
    remediation="Set `resources.limits.memory` of every container, or a default for the namespace in a LimitRange.",
    compliant=[
        LIMITED % '{"name": "api", "image": "example/api", "resources": {"limits": {"memory": "256Mi"}}}',
        """
        import pulumi_kubernetes as k8s

        # The namespace has a default.
        payments = k8s.core.v1.Namespace("payments")
        k8s.core.v1.Pod(
            "api",
            metadata={"namespace": payments.metadata.name},
            spec={"containers": [{"name": "api", "image": "example/api"}]},
        )
        k8s.core.v1.LimitRange(
            "defaults",
            metadata={"namespace": payments.metadata["name"]},
            spec={"limits": [{"type": "Container", "default": {"memory": "256Mi"}}]},
        )
        """,
    ],
    violating=[
        LIMITED % '{"name": "api", "image": "example/api", "resources": {"requests": {"memory": "256Mi"}}}',
        LIMITED
        % """
            {"name": "api", "image": "example/api", "resources": {"limits": {"memory": "256Mi"}}},
            {"name": "proxy", "image": "example/proxy", "resources": {"limits": {"cpu": "1"}}},
        """,
        """
        import pulumi_kubernetes as k8s

        # A maximum is no default, and the default is another namespace's.
        k8s.core.v1.LimitRange("maximum", spec={"limits": [{"type": "Pod", "max": {"memory": "1Gi"}}]})
        k8s.core.v1.LimitRange(
            "defaults",
            metadata={"namespace": "orders"},
            spec={"limits": [{"type": "Container", "default": {"memory": "256Mi"}}]},
        )
        k8s.core.v1.Pod("api", spec={"containers": [{"name": "api", "image": "example/api"}]})
        """,
    ],
)
def kubernetes_container_without_memory_limit(workload: Workload, case: Case) -> Answer:
    """Its own limit, the namespace's default, or the pod's limit for all of its containers."""
    found = workload.told(lambda container: _unlimited(workload, container))
    if found:
        return fail(f"The {'; '.join(found)}, so it may take the memory of every pod on its node.")
    return workload.otherwise


def _unlimited(workload: Workload, container: Container) -> str | None:
    if container.role == "ephemeral container":
        return None  # has no resources of its own
    return "has no memory limit" if workload.amount(container, "limits", "memory") is None else None
