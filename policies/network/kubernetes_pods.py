"""Pods that get around the cluster's network: on the network of their node, or with packets that they make up."""

from functools import partial

from lychgate import Answer, Case, fail, not_applicable, rule
from lychgate.views.kubernetes_containers import Container
from lychgate.views.kubernetes_workloads import Workload

POD = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Pod("api", spec={%s})
        """
DAEMON_SET = """
        import pulumi_kubernetes as k8s

        labels = {"app": "agent"}
        k8s.apps.v1.DaemonSet(
            "agent",
            spec=k8s.apps.v1.DaemonSetSpecArgs(
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels),
                    spec=k8s.core.v1.PodSpecArgs(
                        containers=[
                            k8s.core.v1.ContainerArgs(
                                name="agent",
                                image="example/agent",
                                ports=[k8s.core.v1.ContainerPortArgs(container_port=9100, %s)],
                            )
                        ],
                    ),
                ),
            ),
        )
        """
FORGING = ("ALL", "NET_RAW", "NET_ADMIN", "SYS_ADMIN")


@rule(
    id="kubernetes-pod-on-host-network",
    title="A pod uses the network of its node",
    layer="network",
    severity="high",
    judges=Workload,
    scope="resource",
    rationale="""On its node's network a pod is under no NetworkPolicy, sees the traffic of other pods, and may ask the
    metadata service for the node's own credentials; a host port is open to whoever reaches the node. PCI DSS wants
    inbound traffic to pass a network security control.""",
    remediation="Leave `hostNetwork` and `hostPort` out, and let a Service or an Ingress lead to the pods.",
    compliant=[
        POD % '"containers": [{"name": "api", "image": "example/api", "ports": [{"container_port": 8080}]}]',
        DAEMON_SET % 'name="metrics"',
        DAEMON_SET % "host_port=0",
    ],
    violating=[
        POD % '"host_network": True, "containers": [{"name": "api", "image": "example/api"}]',
        DAEMON_SET % "host_port=9100",
    ],
)
def kubernetes_pod_on_host_network(workload: Workload, case: Case) -> Answer:
    """The whole network, or single ports of it."""
    if workload.said(partial(workload.pod.flag, "hostNetwork")):
        return fail(f"{workload.name} sets hostNetwork: no NetworkPolicy holds for it, and it sees its node's traffic.")
    found = workload.told(_host_ports)
    if found:
        return fail(f"The {'; '.join(found)}, so whoever reaches the node reaches {workload.name}.")
    return workload.otherwise


def _host_ports(container: Container) -> str | None:
    ports = [port.text("hostPort") for port in container.ports if port.number("hostPort")]
    return f"opens port {', '.join(map(str, ports))} of its node" if ports else None


@rule(
    id="kubernetes-container-forging-packets",
    title="A container may send packets under a false address",
    layer="network",
    severity="medium",
    judges=Workload,
    scope="resource",
    rationale="""With the capability NET_RAW, which every container has unless it is dropped, a pod can answer ARP and
    DNS requests of its neighbours and take their traffic over. PCI DSS wants measures against forged source
    addresses.""",
    remediation="Drop `ALL` capabilities, or at least `NET_RAW`, in the security context of every container.",
    compliant=[
        POD
        % """
            "containers": [
                {"name": "api", "image": "example/api", "security_context": {"capabilities": {"drop": ["ALL"]}}},
                {"name": "log", "image": "example/log", "security_context": {"capabilities": {"drop": ["NET_RAW"]}}},
            ]
        """,
        """
        import pulumi_kubernetes as k8s

        k8s.batch.v1.Job(
            "report",
            spec=k8s.batch.v1.JobSpecArgs(
                template=k8s.core.v1.PodTemplateSpecArgs(
                    spec=k8s.core.v1.PodSpecArgs(
                        restart_policy="Never",
                        containers=[
                            k8s.core.v1.ContainerArgs(
                                name="report",
                                image="example/report",
                                security_context=k8s.core.v1.SecurityContextArgs(
                                    capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"], add=["NET_BIND_SERVICE"])
                                ),
                            )
                        ],
                    )
                )
            ),
        )
        """,
    ],
    violating=[
        POD % '"containers": [{"name": "api", "image": "example/api"}]',
        POD
        % """
            "containers": [
                {
                    "name": "api",
                    "image": "example/api",
                    "security_context": {"capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}},
                }
            ]
        """,
        POD
        % """
            "containers": [
                {"name": "api", "image": "example/api", "security_context": {"capabilities": {"drop": ["ALL"]}}}
            ],
            "init_containers": [{"name": "setup", "image": "busybox", "security_context": {"privileged": True}}],
        """,
    ],
)
def kubernetes_container_forging_packets(workload: Workload, case: Case) -> Answer:
    """Kept, given back, or part of being privileged."""
    if workload.windows:
        return not_applicable("the pods run on Windows, which has no capabilities")
    found = workload.told(_forges)
    return fail(f"The {'; '.join(found)}.") if found else workload.otherwise


def _forges(container: Container) -> str | None:
    given = sorted(container.added & {*FORGING})
    if given:
        return f"is given {', '.join(given)}, with which it can send packets under a false address"
    if container.privileged:
        return "is privileged, and can send packets under a false address"
    if container.dropped & {"ALL", "NET_RAW"}:
        return None
    return "keeps NET_RAW, with which it can send packets under a false address"
