"""Tenants and environments apart by rights in a cluster."""

from lychgate import PASS, Answer, Case, fail, rule, unknown
from lychgate.reasoning.tenancy import Dimension
from lychgate.views.kubernetes import KubernetesObject
from lychgate.views.kubernetes_rbac import Binding, Subject
from lychgate.views.kubernetes_reach import owner_of
from lychgate.views.kubernetes_tenants import foreign_namespace, inside_namespaces

TENANTS = """
        import pulumi_kubernetes as k8s

        for tenant in ("acme", "globex"):
            k8s.core.v1.Namespace(tenant, metadata={"name": tenant, "labels": {"%s": tenant}})
            k8s.core.v1.ServiceAccount(tenant, metadata={"name": "deployer", "namespace": tenant})

        def role_of(name, kind="ClusterRole"):
            return {"api_group": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        """


@rule(
    id="kubernetes-binding-for-another-tenant",
    title="A service account of one tenant is given rights in another tenant's namespace",
    layer="tenancy",
    severity="critical",
    judges=Binding,
    scope="stacks",
    rationale="""What runs as the account reads and changes the other tenant's objects as if they were its own. A
    customer of a provider must reach nothing but its own environment.""",
    remediation="""Bind a service account of the same tenant, with a RoleBinding in its own namespace. What serves
    several tenants gets the label `shared: true` and only the rights that it needs.""",
    compliant=[
        TENANTS % "tenant"
        + """
        for tenant in ("acme", "globex"):
            k8s.rbac.v1.RoleBinding(
                tenant,
                metadata={"namespace": tenant},
                role_ref=role_of("edit"),
                subjects=[{"kind": "ServiceAccount", "name": "deployer", "namespace": tenant}],
            )
        """,
        TENANTS % "tenant"
        + """
        # What stands outside of namespaces is nobody's.
        k8s.rbac.v1.ClusterRole(
            "nodes", metadata={"name": "nodes"}, rules=[{"api_groups": [""], "resources": ["nodes"], "verbs": ["get"]}]
        )
        k8s.rbac.v1.ClusterRoleBinding(
            "nodes",
            role_ref=role_of("nodes"),
            subjects=[{"kind": "ServiceAccount", "name": "deployer", "namespace": "acme"}],
        )
        """,
    ],
    violating=[
        TENANTS % "tenant"
        + """
        k8s.rbac.v1.RoleBinding(
            "globex",
            metadata={"namespace": "globex"},
            role_ref=role_of("view"),
            subjects=[{"kind": "ServiceAccount", "name": "deployer", "namespace": "acme"}],
        )
        """,
        TENANTS % "tenant"
        + """
        # As a group of all accounts of the other's namespace.
        k8s.rbac.v1.RoleBinding(
            "globex",
            metadata={"namespace": "globex"},
            role_ref=role_of("custom", "Role"),
            subjects=[{"kind": "Group", "name": "system:serviceaccounts:acme"}],
        )
        """,
        TENANTS % "tenant"
        + """
        # In all namespaces, so in the other tenant's too.
        k8s.rbac.v1.ClusterRoleBinding(
            "acme",
            role_ref=role_of("view"),
            subjects=[{"kind": "ServiceAccount", "name": "deployer", "namespace": "acme"}],
        )
        """,
    ],
)
def kubernetes_binding_for_another_tenant(binding: Binding, case: Case) -> Answer:
    """By the namespace of the binding, or by all of them."""
    return _bound(binding, "tenant")


@rule(
    id="kubernetes-binding-for-another-environment",
    title="A service account of one environment is given rights in another environment's namespace",
    layer="tenancy",
    severity="high",
    judges=Binding,
    scope="stacks",
    rationale="""Whoever may deploy to test can then change production, without the control that production asks for.
    PCI DSS wants environments separated by access control, and roles for each.""",
    remediation="Bind a service account of the same environment, with a RoleBinding in its own namespace.",
    compliant=[
        TENANTS % "environment"
        + """
        k8s.rbac.v1.RoleBinding(
            "acme",
            metadata={"namespace": "acme"},
            role_ref=role_of("edit"),
            subjects=[{"kind": "ServiceAccount", "name": "deployer"}],
        )
        """,
        TENANTS % "environment"
        + """
        k8s.rbac.v1.RoleBinding(
            "people",
            metadata={"namespace": "acme"},
            role_ref=role_of("view"),
            subjects=[{"kind": "Group", "name": "developers"}],
        )
        """,
    ],
    violating=[
        TENANTS % "environment"
        + """
        k8s.rbac.v1.RoleBinding(
            "globex",
            metadata={"namespace": "globex"},
            role_ref=role_of("edit"),
            subjects=[{"kind": "User", "name": "system:serviceaccount:acme:deployer"}],
        )
        """,
        TENANTS % "environment"
        + """
        k8s.rbac.v1.ClusterRoleBinding(
            "acme",
            role_ref=role_of("edit"),
            subjects=[{"kind": "ServiceAccount", "name": "deployer", "namespace": "acme"}],
        )
        """,
    ],
)
def kubernetes_binding_for_another_environment(binding: Binding, case: Case) -> Answer:
    """By the namespace of the binding, or by all of them."""
    return _bound(binding, "environment")


def _bound(binding: Binding, dimension: Dimension) -> Answer:
    if not binding.everywhere and dimension in binding.labels.unknown:
        return unknown(f"its {dimension} is known only after the deployment")
    for subject in binding.subjects:
        behind = binding.behind(subject)
        whose = None if behind is None else owner_of(KubernetesObject.of(binding.graph, behind), dimension)
        if whose is None:
            continue
        answer = _everywhere(binding, subject, whose, dimension) if binding.everywhere else None
        theirs = owner_of(binding, dimension)
        if not binding.everywhere and theirs not in (None, whose):
            answer = fail(
                f"{subject} of the {dimension} {whose} gets the role {binding.role_name} in {binding.where}, which is "
                f"the {dimension} {theirs}'s.",
                {"subject": str(subject), "role": binding.role_name, "from": whose, "to": theirs},
            )
        if answer is not None:
            return answer
    return PASS


def _everywhere(binding: Binding, subject: Subject, whose: str, dimension: Dimension) -> Answer | None:
    other = foreign_namespace(binding.graph, binding.cluster, whose, dimension)
    right = inside_namespaces(binding.rights) if other is not None else None
    if other is None or right is None:
        return None
    theirs = owner_of(other, dimension)
    return fail(
        f"{subject} of the {dimension} {whose} gets the role {binding.role_name} in all namespaces, in {other.name} of "
        f"{theirs} too: {right}.",
        {"subject": str(subject), "role": binding.role_name, "right": str(right), "from": whose, "to": theirs},
    )
