"""What containers may do on their node: root, privileges, capabilities, system calls, their own files."""

from typing import Any

from lychgate import Answer, Case, fail, not_applicable, rule
from lychgate.views.kubernetes_containers import Container, with_containers
from lychgate.views.kubernetes_workloads import Workload

POD = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Pod("api", spec={%s})
        """
DEPLOYMENT = """
        import pulumi_kubernetes as k8s

        labels = {"app": "api"}
        k8s.apps.v1.Deployment(
            "api",
            spec=k8s.apps.v1.DeploymentSpecArgs(
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels),
                    spec=k8s.core.v1.PodSpecArgs(%s),
                ),
            ),
        )
        """
PATCHED = """
        import pulumi_kubernetes as k8s

        # The Deployment is in order; what is applied over it later is not.
        labels = {"app": "api"}
        k8s.apps.v1.Deployment(
            "api",
            metadata={"name": "api", "namespace": "payments"},
            spec={
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "api", "image": "example/api", "security_context": {%s}}]},
                },
            },
        )
        k8s.apps.v1.DeploymentPatch(
            "debug",
            metadata={"name": "api", "namespace": "payments"},
            spec={"template": {"spec": {"containers": [{"name": "api", "security_context": {%s}}]}}},
        )
        """
ON_WINDOWS = "the pods run on Windows, which knows no such setting"


def _api(security: str) -> str:
    return f'"containers": [{{"name": "api", "image": "example/api", "security_context": {{{security}}}}}]'


@rule(
    id="kubernetes-container-privileged",
    title="A container is privileged: it has the rights of root on its node",
    layer="operations",
    severity="critical",
    judges=Workload,
    scope="resource",
    rationale="""A privileged container sees all devices of its node and can leave its isolation at will, so whoever
    breaks into it has the node and every pod on it, those of other tenants too. PCI DSS wants only the functions that a
    component needs, and the isolation that a standard configuration gives.""",
    remediation="Leave `privileged` out. What needs one right of the kernel asks for that capability alone.",
    compliant=[
        POD % _api('"privileged": False'),
        DEPLOYMENT % 'containers=[k8s.core.v1.ContainerArgs(name="api", image="example/api")]',
    ],
    violating=[
        POD % _api('"privileged": True'),
        DEPLOYMENT
        % """
                        containers=[k8s.core.v1.ContainerArgs(name="api", image="example/api")],
                        init_containers=[
                            k8s.core.v1.ContainerArgs(
                                name="sysctl",
                                image="busybox",
                                security_context=k8s.core.v1.SecurityContextArgs(privileged=True),
                            )
                        ],
                    """,
        PATCHED % ('"privileged": False', '"privileged": True'),
        """
        import pulumi_kubernetes as k8s

        # The object is somebody else's; what is set here is set here.
        k8s.apps.v1.DaemonSetPatch(
            "node-agent",
            metadata={"name": "node-agent", "namespace": "kube-system"},
            spec={"template": {"spec": {"containers": [{"name": "agent", "security_context": {"privileged": True}}]}}},
        )
        """,
        """
        import pulumi_kubernetes as k8s

        # As a manifest, in a CronJob.
        k8s.yaml.ConfigGroup(
            "report",
            yaml=[
                '''
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: report}
        spec:
          schedule: "0 3 * * *"
          jobTemplate:
            spec:
              template:
                spec:
                  restartPolicy: Never
                  containers: [{name: report, image: example/report, securityContext: {privileged: true}}]
        '''
            ],
        )
        """,
        """
        import pulumi_kubernetes as k8s

        # As a custom resource, which may spell any kind.
        k8s.apiextensions.CustomResource(
            "api",
            api_version="v1",
            kind="Pod",
            spec={"containers": [{"name": "api", "image": "example/api", "securityContext": {"privileged": True}}]},
        )
        """,
    ],
)
def kubernetes_container_privileged(workload: Workload, case: Case) -> Answer:
    """Any container, also one that only prepares the others."""
    found = workload.told(lambda container: "is privileged" if container.privileged else None)
    return fail(f"{_list(found)}: who breaks into it has the whole node.") if found else workload.otherwise


@rule(
    id="kubernetes-container-as-root",
    title="A container runs as root, or nothing stops it",
    layer="operations",
    severity="high",
    judges=Workload,
    scope="resource",
    rationale="""Root in a container is root of the kernel that all pods of the node share, so one flaw of the runtime
    gives the node away. Most images run as root unless they are told not to.""",
    remediation="""Set `runAsNonRoot: true` in the security context of the pod (and in no container the opposite), with
    `runAsUser` if the image names its user by a word.""",
    compliant=[
        POD % f'"security_context": {{"run_as_non_root": True}}, {_api("")}',
        POD % _api('"run_as_user": 10001'),
        DEPLOYMENT
        % """
                        security_context=k8s.core.v1.PodSecurityContextArgs(run_as_user=0),
                        containers=[
                            k8s.core.v1.ContainerArgs(
                                name="api",
                                image="example/api",
                                security_context=k8s.core.v1.SecurityContextArgs(run_as_user=10001),
                            )
                        ],
                    """,
    ],
    violating=[
        POD % _api(""),
        POD
        % f'"security_context": {{"run_as_non_root": True}}, {_api(chr(34) + "run_as_non_root" + chr(34) + ": False")}',
        POD % f'"security_context": {{"run_as_user": 10001}}, {_api(chr(34) + "run_as_user" + chr(34) + ": 0")}',
        DEPLOYMENT
        % """
                        # A group is no user.
                        security_context=k8s.core.v1.PodSecurityContextArgs(run_as_group=10001, fs_group=10001),
                        containers=[k8s.core.v1.ContainerArgs(name="api", image="example/api")],
                    """,
        PATCHED % ('"run_as_non_root": True', '"run_as_non_root": False'),
    ],
)
def kubernetes_container_as_root(workload: Workload, case: Case) -> Answer:
    """The container's own setting, else the pod's."""
    if workload.windows:
        return not_applicable(ON_WINDOWS)
    found = workload.told(_root)
    return fail(f"{_list(found)}.") if found else workload.otherwise


def _root(container: Container) -> str | None:
    if container.effective("runAsUser").known("runAsUser") and container.user:
        return None
    if container.non_root_enforced:
        return None
    if container.user == 0:
        return "runs as root (runAsUser is 0)"
    return "may run as root: the image decides, since runAsNonRoot is not true and no runAsUser is set"


@rule(
    id="kubernetes-container-may-gain-privileges",
    title="A container's processes may gain more privileges than they start with",
    layer="operations",
    severity="high",
    judges=Workload,
    scope="resource",
    rationale="""Unless it is forbidden, a program with the setuid bit gives whoever runs it root's rights in the
    container, whatever user it started as. That makes `runAsNonRoot` worth little.""",
    remediation="Set `allowPrivilegeEscalation: false` in the security context of every container; pods have none.",
    compliant=[
        POD % _api('"allow_privilege_escalation": False'),
        DEPLOYMENT
        % """
                        containers=[
                            k8s.core.v1.ContainerArgs(
                                name="api",
                                image="example/api",
                                security_context=k8s.core.v1.SecurityContextArgs(allow_privilege_escalation=False),
                            )
                        ],
                    """,
    ],
    violating=[
        POD % _api('"run_as_non_root": True'),
        POD
        % """
            "containers": [
                {"name": "api", "image": "example/api", "security_context": {"allow_privilege_escalation": False}},
                {"name": "proxy", "image": "example/proxy"},
            ],
        """,
        PATCHED % ('"allow_privilege_escalation": False', '"allow_privilege_escalation": True'),
    ],
    remedy=lambda properties, parameters: with_containers(properties, _without_escalation),
)
def kubernetes_container_may_gain_privileges(workload: Workload, case: Case) -> Answer:
    """Allowed where nothing is said."""
    if workload.windows:
        return not_applicable(ON_WINDOWS)
    found = workload.told(
        lambda container: "does not set allowPrivilegeEscalation to false" if container.may_escalate else None
    )
    return fail(f"{_list(found)}, so a setuid program makes root of any user.") if found else workload.otherwise


def _without_escalation(container: dict[str, Any]) -> dict[str, Any]:
    return {
        **container,
        "securityContext": {**(container.get("securityContext") or {}), "allowPrivilegeEscalation": False},
    }


@rule(
    id="kubernetes-container-with-capabilities",
    title="A container keeps capabilities of root that it does not need",
    layer="operations",
    severity="medium",
    judges=Workload,
    scope="resource",
    rationale="""The runtime gives every container some fourteen of root's rights over the kernel, such as changing the
    owner of files or sending raw packets. PCI DSS wants all functions removed that are not needed.""",
    remediation="""Set `capabilities: {drop: [ALL]}` in the security context of every container, and add back at most
    `NET_BIND_SERVICE`.""",
    compliant=[
        POD % _api('"capabilities": {"drop": ["ALL"]}'),
        POD % _api('"capabilities": {"drop": ["all"], "add": ["NET_BIND_SERVICE"]}'),
    ],
    violating=[
        POD % _api(""),
        POD % _api('"capabilities": {"drop": ["NET_RAW", "MKNOD"]}'),
        POD % _api('"capabilities": {"drop": ["ALL"], "add": ["CAP_SYS_ADMIN"]}'),
        PATCHED % ('"capabilities": {"drop": ["ALL"]}', '"capabilities": {"add": ["NET_ADMIN"]}'),
    ],
)
def kubernetes_container_with_capabilities(workload: Workload, case: Case) -> Answer:
    """All dropped, and none added but the right to listen on low ports (Pod Security Standard `restricted`)."""
    if workload.windows:
        return not_applicable(ON_WINDOWS)
    found = workload.told(_capabilities)
    return fail(f"{_list(found)}.") if found else workload.otherwise


def _capabilities(container: Container) -> str | None:
    added = sorted(container.added - {"NET_BIND_SERVICE"})
    if added:
        return f"is given {', '.join(added)}"
    return None if "ALL" in container.dropped else "does not drop ALL capabilities, so it keeps the runtime's defaults"


@rule(
    id="kubernetes-container-without-seccomp",
    title="A container may make any system call",
    layer="operations",
    severity="medium",
    judges=Workload,
    scope="resource",
    rationale="""Without a seccomp profile a container reaches all of the kernel, and most ways out of containers began
    in a system call that ordinary programs never make. The runtime's own profile costs nothing.""",
    remediation="Set `seccompProfile: {type: RuntimeDefault}` in the security context of the pod.",
    compliant=[
        POD % f'"security_context": {{"seccomp_profile": {{"type": "RuntimeDefault"}}}}, {_api("")}',
        POD % _api('"seccomp_profile": {"type": "Localhost", "localhost_profile": "api.json"}'),
    ],
    violating=[
        POD % _api(""),
        POD
        % """
            "security_context": {"seccomp_profile": {"type": "RuntimeDefault"}},
            "containers": [
                {"name": "api", "image": "example/api", "security_context": {"seccomp_profile": {"type": "Unconfined"}}}
            ],
        """,
        """
        import pulumi_kubernetes as k8s

        # The annotation of old has no effect since Kubernetes 1.27.
        k8s.core.v1.Pod(
            "api",
            metadata={"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"}},
            spec={"containers": [{"name": "api", "image": "example/api"}]},
        )
        """,
    ],
    remedy=lambda properties, parameters: with_containers(properties, _with_seccomp),
)
def kubernetes_container_without_seccomp(workload: Workload, case: Case) -> Answer:
    """The container's own profile, else the pod's; a kubelet that sets one by itself is not seen from here."""
    if workload.windows:
        return not_applicable(ON_WINDOWS)
    found = workload.told(lambda container: "has no seccomp profile" if container.seccomp == "Unconfined" else None)
    return fail(f"{_list(found)}, so it may make any system call.") if found else workload.otherwise


def _with_seccomp(container: dict[str, Any]) -> dict[str, Any]:
    profile = {"type": "RuntimeDefault"}
    return {**container, "securityContext": {**(container.get("securityContext") or {}), "seccompProfile": profile}}


@rule(
    id="kubernetes-container-with-writable-root",
    title="A container may change its own program files",
    layer="operations",
    severity="medium",
    judges=Workload,
    scope="resource",
    rationale="""What breaks into a container wants to put its tools there and change what runs. With a read-only root
    filesystem what runs is what was built and scanned, which PCI DSS asks to be able to show for critical files.""",
    remediation="""Set `readOnlyRootFilesystem: true` in the security context of every container, and mount an
    `emptyDir` where it has to write, such as /tmp.""",
    compliant=[
        POD % _api('"read_only_root_filesystem": True'),
        DEPLOYMENT
        % """
                        volumes=[k8s.core.v1.VolumeArgs(name="tmp", empty_dir=k8s.core.v1.EmptyDirVolumeSourceArgs())],
                        containers=[
                            k8s.core.v1.ContainerArgs(
                                name="api",
                                image="example/api",
                                security_context=k8s.core.v1.SecurityContextArgs(read_only_root_filesystem=True),
                                volume_mounts=[k8s.core.v1.VolumeMountArgs(name="tmp", mount_path="/tmp")],
                            )
                        ],
                    """,
    ],
    violating=[
        POD % _api(""),
        POD
        % """
            "init_containers": [{"name": "migrate", "image": "example/migrate"}],
            "containers": [
                {"name": "api", "image": "example/api", "security_context": {"read_only_root_filesystem": True}}
            ],
        """,
    ],
)
def kubernetes_container_with_writable_root(workload: Workload, case: Case) -> Answer:
    """Writable where nothing is said."""
    if workload.windows:
        return not_applicable(ON_WINDOWS)
    found = workload.told(lambda container: None if container.read_only else "may write its root filesystem")
    return fail(f"{_list(found)}, so what runs need not be what was built.") if found else workload.otherwise


def _list(found: list[str]) -> str:
    return f"The {'; '.join(found)}"
