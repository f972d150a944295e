"""What a namespace admits."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.kubernetes import ENFORCE, Namespace

NAMESPACE = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Namespace("payments", metadata={"labels": {%s}})
        """
STRICTNESS = {"privileged": 0, "baseline": 1, "restricted": 2}
ADMITS = {
    "privileged": "admits every pod, privileged ones too",
    "baseline": "admits pods as root, with all of the runtime's capabilities and any system call",
}


class Standard(BaseModel):
    """How strict namespaces have to be."""

    model_config = ConfigDict(extra="forbid")

    level: Literal["baseline", "restricted"] = Field(
        default="restricted", description="The Pod Security Standard that has to be enforced, or a stricter one."
    )


@rule(
    id="kubernetes-namespace-without-pod-security",
    title="A namespace admits pods that are not hardened",
    layer="operations",
    severity="high",
    judges=Namespace,
    scope="resource",
    parameters=Standard,
    rationale="""What a program declares is judged before it is deployed; what comes by a chart, an operator or by hand
    is stopped only by the cluster itself. Pod Security Admission refuses it there, if the namespace says so. PCI DSS
    wants hardening standards applied to every component.""",
    remediation=f"Give the namespace the label `{ENFORCE}: restricted`. `warn` and `audit` refuse nothing.",
    compliant=[
        NAMESPACE % f'"{ENFORCE}": "restricted"',
        """
        import pulumi_kubernetes as k8s

        # A namespace that exists, such as the one that every cluster has.
        k8s.core.v1.NamespacePatch(
            "default",
            metadata={"name": "default", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        )
        """,
        """
        import pulumi_kubernetes as k8s

        # Made by one part of the program, labelled by another.
        k8s.core.v1.Namespace("payments", metadata={"name": "payments"})
        k8s.core.v1.NamespacePatch(
            "payments",
            metadata={"name": "payments", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        )
        """,
    ],
    violating=[
        NAMESPACE % "",
        NAMESPACE % f'"{ENFORCE}": "baseline"',
        NAMESPACE % '"pod-security.kubernetes.io/warn": "restricted", "pod-security.kubernetes.io/audit": "restricted"',
        """
        import pulumi_kubernetes as k8s

        # An annotation is no label.
        k8s.core.v1.Namespace(
            "payments", metadata={"annotations": {"pod-security.kubernetes.io/enforce": "restricted"}}
        )
        """,
    ],
)
def kubernetes_namespace_without_pod_security(namespace: Namespace, case: Case) -> Answer:
    """The level that is enforced; one that does not exist is read by Kubernetes as `restricted`."""
    level = namespace.enforced_level
    if STRICTNESS.get(level, 2) >= STRICTNESS[case.parameters.level]:
        return PASS
    return fail(f"The namespace {namespace.name} {ADMITS[level]}: the level it enforces is {level}.")
