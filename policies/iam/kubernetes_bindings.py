"""Whom Kubernetes roles are given to, and what that makes possible."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.kubernetes_rbac import HARMLESS, READ, Binding, ClusterAccess, Right, Subject

RBAC = """
        import pulumi_kubernetes as k8s

        group = "rbac.authorization.k8s.io"
        """
BINDING = """
        k8s.rbac.v1.%s(
            "operators",
            role_ref={"api_group": group, "kind": "%s", "name": "%s"},
            subjects=[{"api_group": group, "kind": "%s", "name": "%s"}],
        )
        """
ROLE = """
        k8s.rbac.v1.%s("custom", metadata={"name": "custom"}, rules=[%s])
        """
OPERATORS = ("Group", "operators")
EVERYTHING = '{"api_groups": ["*"], "resources": ["*"], "verbs": ["*"]}'
RBAC_GROUP = "rbac.authorization.k8s.io"
# What gives its holder more rights than it has: verb, API group, resource, and how.
# https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks
ESCALATING = (
    ("escalate", RBAC_GROUP, "clusterroles", "write any right into a ClusterRole"),
    ("escalate", RBAC_GROUP, "roles", "write any right into a Role"),
    ("bind", RBAC_GROUP, "clusterroles", "bind anybody to any ClusterRole"),
    ("bind", RBAC_GROUP, "roles", "bind anybody to any Role"),
    ("impersonate", "", "users", "act as any user"),
    ("impersonate", "", "groups", "act as a member of any group, system:masters too"),
    ("impersonate", "", "serviceaccounts", "act as any service account"),
    ("create", "", "serviceaccounts/token", "make a token of any service account"),
    ("get", "", "nodes/proxy", "run commands in any pod through the kubelet"),
    ("create", "", "nodes/proxy", "run commands in any pod through the kubelet"),
    ("update", "certificates.k8s.io", "certificatesigningrequests/approval", "let certificates for any user be signed"),
    ("create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "change every object on its way in"),
    ("update", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "change every object on its way in"),
)
EXEC = (
    ("create", "pods/exec"), ("get", "pods/exec"), ("create", "pods/attach"), ("get", "pods/attach"),
    ("patch", "pods/ephemeralcontainers"), ("update", "pods/ephemeralcontainers"),
)  # fmt: skip
EVERYONE = {
    Subject("User", "system:anonymous"): "everybody who reaches the API server, without a password",
    Subject("Group", "system:unauthenticated"): "everybody who reaches the API server, without a password",
    Subject("Group", "system:authenticated"): "everybody who can log in, every service account too",
    Subject("Group", "system:serviceaccounts"): "every pod of the cluster that has a token",
}


@rule(
    id="kubernetes-cluster-admin-binding",
    title="Somebody is given all rights in a Kubernetes cluster",
    layer="iam",
    severity="critical",
    judges=ClusterAccess,
    rationale="""Whoever takes over the account reads every secret, changes every workload and removes every policy. PCI
    DSS wants privileged access given to as few as possible, and only what their job needs.""",
    remediation="""Bind a role that names what is needed. For emergencies keep one account that nobody uses daily, with
    a waiver that says who approved it.""",
    compliant=[
        RBAC + BINDING % ("ClusterRoleBinding", "ClusterRole", "view", *OPERATORS),
        RBAC
        + ROLE % ("ClusterRole", '{"api_groups": ["apps"], "resources": ["*"], "verbs": ["get"]}')
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS),
        """
        import pulumi_aws as aws

        aws.eks.AccessPolicyAssociation(
            "viewers",
            cluster_name="main",
            principal_arn="arn:aws:iam::111122223333:role/viewers",
            policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
            access_scope={"type": "cluster"},
        )
        """,
    ],
    violating=[
        RBAC + BINDING % ("ClusterRoleBinding", "ClusterRole", "cluster-admin", *OPERATORS),
        # In one namespace, and by another name.
        RBAC + BINDING % ("RoleBinding", "ClusterRole", "cluster-admin", *OPERATORS),
        RBAC
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS)
        + ROLE % ("ClusterRole", EVERYTHING),
        # Every cluster lets `view` grow with the roles that carry its label.
        RBAC
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "view", *OPERATORS)
        + f"""
        k8s.rbac.v1.ClusterRole(
            "more",
            metadata={{"labels": {{"rbac.authorization.k8s.io/aggregate-to-view": "true"}}}},
            rules=[{EVERYTHING}],
        )
        """,
        """
        import pulumi_aws as aws

        aws.eks.AccessPolicyAssociation(
            "admins",
            cluster_name="main",
            principal_arn="arn:aws:iam::111122223333:role/admins",
            policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            access_scope={"type": "cluster"},
        )
        """,
        """
        import pulumi_kubernetes as k8s

        k8s.core.v1.ConfigMap(
            "aws-auth",
            metadata={"name": "aws-auth", "namespace": "kube-system"},
            data={
                "mapRoles": "- rolearn: arn:aws:iam::111122223333:role/admins\\n  groups: [system:masters]\\n",
            },
        )
        """,
    ],
)
def kubernetes_cluster_admin_binding(access: ClusterAccess, case: Case) -> Answer:
    """By what the role allows, whatever its name; and by the doors that EKS has beside RBAC."""
    by = access.gives_everything
    if by is None:
        return PASS
    return fail(f"{access.name} gives all rights to {access.holders}, by {by}.")


@rule(
    id="kubernetes-binding-allows-escalation",
    title="Somebody is given rights by which they can take any other",
    layer="iam",
    severity="critical",
    judges=Binding,
    rationale="""Who may escalate, bind, impersonate or make tokens for others is an administrator, whatever the role is
    called, and no review of roles shows it. PCI DSS wants rights to be what was approved for the job.""",
    remediation="""Take the verb out of the role, or limit it with `resourceNames` to the roles or accounts that are
    meant.""",
    compliant=[
        RBAC
        + ROLE % ("ClusterRole", '{"api_groups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]}')
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS),
        RBAC
        + ROLE
        % (
            "ClusterRole",
            '{"api_groups": [group], "resources": ["clusterroles"], "resource_names": ["view"], "verbs": ["bind"]}',
        )
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS),
        RBAC + BINDING % ("RoleBinding", "ClusterRole", "edit", *OPERATORS),
    ],
    violating=[
        RBAC
        + ROLE % ("ClusterRole", '{"api_groups": [group], "resources": ["clusterroles"], "verbs": ["bind"]}')
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS),
        RBAC
        + BINDING % ("RoleBinding", "Role", "custom", *OPERATORS)
        + ROLE % ("Role", '{"api_groups": ["*"], "resources": ["roles"], "verbs": ["escalate", "update"]}'),
        RBAC
        + ROLE % ("ClusterRole", '{"api_groups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"]}')
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS),
        RBAC
        + ROLE % ("ClusterRole", '{"api_groups": [""], "resources": ["*/token"], "verbs": ["create"]}')
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS),
        # The role for editors of a namespace lets them act as its service accounts: here, as those of all namespaces.
        RBAC + BINDING % ("ClusterRoleBinding", "ClusterRole", "edit", *OPERATORS),
    ],
)
def kubernetes_binding_allows_escalation(binding: Binding, case: Case) -> Answer:
    """All rights at once are another rule's; within its namespace the role `edit` is what Kubernetes means it to be."""
    if any(one.everything for one in binding.rights):
        return not_applicable("it gives all rights, which kubernetes-cluster-admin-binding judges")
    if binding.built_in and not binding.everywhere:
        return PASS
    found = [
        how
        for verb, group, resource, how in ESCALATING
        if any(one.allows(verb, group, resource) for one in binding.rights if not one.names)
    ]
    if not found:
        return PASS
    return fail(
        f"{_holders(binding)} can {'; '.join(dict.fromkeys(found))}, by {_given(binding)}.",
        _witness(binding),
    )


@rule(
    id="kubernetes-binding-reads-all-secrets",
    title="Somebody may read the Secrets of all namespaces",
    layer="iam",
    severity="high",
    judges=Binding,
    rationale="""The Secrets of a cluster hold the passwords and keys of every application and tenant in it, so one such
    account is enough to reach all of their data. PCI DSS wants access limited to what a job needs.""",
    remediation="""Bind the role with a RoleBinding in the namespaces that are meant, or name the Secrets in
    `resourceNames`. `list` and `watch` show the contents too.""",
    compliant=[
        RBAC
        + ROLE % ("ClusterRole", '{"api_groups": [""], "resources": ["secrets"], "verbs": ["get"]}')
        + BINDING % ("RoleBinding", "ClusterRole", "custom", *OPERATORS),
        RBAC
        + ROLE
        % (
            "ClusterRole",
            '{"api_groups": [""], "resources": ["secrets"], "resource_names": ["registry"], "verbs": ["get"]}',
        )
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS),
        RBAC + BINDING % ("ClusterRoleBinding", "ClusterRole", "view", *OPERATORS),
    ],
    violating=[
        RBAC
        + ROLE % ("ClusterRole", '{"api_groups": [""], "resources": ["secrets"], "verbs": ["list"]}')
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS),
        RBAC
        + ROLE % ("ClusterRole", '{"api_groups": ["*"], "resources": ["*"], "verbs": ["get", "watch"]}')
        + BINDING % ("ClusterRoleBinding", "ClusterRole", "custom", *OPERATORS),
        RBAC + BINDING % ("ClusterRoleBinding", "ClusterRole", "admin", "ServiceAccount", "deployer"),
    ],
)
def kubernetes_binding_reads_all_secrets(binding: Binding, case: Case) -> Answer:
    """By a ClusterRoleBinding, with any verb that shows what is in them."""
    if not binding.everywhere:
        return PASS
    if any(one.everything for one in binding.rights):
        return not_applicable("it gives all rights, which kubernetes-cluster-admin-binding judges")
    verbs = [verb for verb in READ if any(one.allows(verb, "", "secrets") for one in binding.rights if not one.names)]
    if not verbs:
        return PASS
    return fail(
        f"{_holders(binding)} may {', '.join(verbs)} the Secrets of all namespaces, by the role {binding.role_name}.",
        _witness(binding),
    )


@rule(
    id="kubernetes-binding-allows-exec",
    title="Somebody may run commands in containers of the cardholder data environment",
    layer="iam",
    severity="high",
    judges=Binding,
    rationale="""Who opens a shell in a container has what it has: its secrets, its database, its network, and leaves no
    trace in the program's own log. PCI DSS wants interactive use of system accounts prevented unless it is needed.""",
    remediation="""Take `pods/exec`, `pods/attach` and `pods/ephemeralcontainers` out of the role; give people `view`
    and let them read logs. For an emergency bind a role for its time, with a waiver.""",
    compliant=[
        RBAC + BINDING % ("RoleBinding", "ClusterRole", "view", *OPERATORS),
        RBAC
        + ROLE % ("Role", '{"api_groups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}')
        + BINDING % ("RoleBinding", "Role", "custom", *OPERATORS),
        RBAC
        + """
        k8s.core.v1.Namespace("sandbox", metadata={"name": "sandbox", "labels": {"data-classification": "internal"}})
        k8s.core.v1.Namespace("payments", metadata={"name": "payments"})
        for namespace, role in (("sandbox", "edit"), ("payments", "view")):
            k8s.rbac.v1.RoleBinding(
                namespace,
                metadata={"namespace": namespace},
                role_ref={"api_group": group, "kind": "ClusterRole", "name": role},
                subjects=[{"api_group": group, "kind": "Group", "name": "developers"}],
            )
        """,
    ],
    violating=[
        RBAC
        + ROLE % ("Role", '{"api_groups": [""], "resources": ["pods/exec"], "verbs": ["create"]}')
        + BINDING % ("RoleBinding", "Role", "custom", *OPERATORS),
        RBAC
        + ROLE % ("Role", '{"api_groups": [""], "resources": ["pods/*", "*/exec"], "verbs": ["get"]}')
        + BINDING % ("RoleBinding", "Role", "custom", *OPERATORS),
        RBAC + BINDING % ("RoleBinding", "ClusterRole", "edit", *OPERATORS),
    ],
)
def kubernetes_binding_allows_exec(binding: Binding, case: Case) -> Answer:
    """`get` is enough where exec goes over WebSockets."""
    if not binding.labels.in_scope and not binding.everywhere:
        return not_applicable(f"the namespace is classified as {binding.labels.classification}")
    if any(one.everything for one in binding.rights):
        return not_applicable("it gives all rights, which kubernetes-cluster-admin-binding judges")
    found = [what for verb, what in EXEC if any(one.allows(verb, "", what) for one in binding.rights)]
    if not found:
        return PASS
    return fail(
        f"{_holders(binding)} may run commands in the containers of {binding.where}: the role {binding.role_name} "
        f"allows {', '.join(dict.fromkeys(found))}.",
        _witness(binding),
    )


@rule(
    id="kubernetes-binding-for-everyone",
    title="Everybody is given rights in a Kubernetes cluster",
    layer="iam",
    severity="critical",
    judges=Binding,
    rationale="""Rights of `system:anonymous` or `system:authenticated` need no account that anybody approved, and every
    pod has them. PCI DSS wants access assigned to the people and systems that need it, and denied to all others.""",
    remediation="Bind the groups, users or service accounts that are meant.",
    compliant=[
        RBAC + BINDING % ("ClusterRoleBinding", "ClusterRole", "view", *OPERATORS),
        RBAC + BINDING % ("ClusterRoleBinding", "ClusterRole", "system:discovery", "Group", "system:authenticated"),
    ],
    violating=[
        RBAC + BINDING % ("ClusterRoleBinding", "ClusterRole", "view", "Group", "system:authenticated"),
        RBAC + BINDING % ("RoleBinding", "ClusterRole", "view", "User", "system:anonymous"),
        RBAC + BINDING % ("RoleBinding", "Role", "custom", "Group", "system:serviceaccounts"),
    ],
)
def kubernetes_binding_for_everyone(binding: Binding, case: Case) -> Answer:
    """The groups that everybody is in; what Kubernetes itself gives them is about the API server alone."""
    if binding.role_name in HARMLESS:
        return PASS
    found = {one.name: EVERYONE[one] for one in binding.subjects if one in EVERYONE}
    if not found:
        return PASS
    names = "; ".join(f"{name} is {who}" for name, who in found.items())
    return fail(
        f"The binding {binding.name} gives the role {binding.role_name} in {binding.where} to everybody: {names}."
    )


@rule(
    id="kubernetes-binding-for-whole-namespace",
    title="Every workload of a namespace is given rights",
    layer="iam",
    severity="medium",
    judges=Binding,
    rationale="""What is bound to the service account `default` or to all accounts of a namespace is had by every pod
    that is put there, also by the one that needs it least. PCI DSS wants application accounts limited to what each
    needs.""",
    remediation="Bind the ServiceAccount of the workload that needs the rights.",
    compliant=[
        RBAC + BINDING % ("RoleBinding", "ClusterRole", "view", "ServiceAccount", "api"),
        RBAC + BINDING % ("RoleBinding", "ClusterRole", "view", *OPERATORS),
    ],
    violating=[
        RBAC + BINDING % ("RoleBinding", "ClusterRole", "view", "ServiceAccount", "default"),
        RBAC + BINDING % ("ClusterRoleBinding", "ClusterRole", "view", "Group", "system:serviceaccounts:payments"),
    ],
)
def kubernetes_binding_for_whole_namespace(binding: Binding, case: Case) -> Answer:
    """The default account, and the group of all accounts."""
    found = [str(one) for one in binding.subjects if _whole(one)]
    if not found:
        return PASS
    return fail(
        f"{binding.name} gives {_given(binding)} to {', '.join(found)}, so to every workload of the namespace that "
        "names no account of its own or has a token."
    )


def _whole(subject: Subject) -> bool:
    if subject.kind == "ServiceAccount":
        return subject.name == "default"
    return subject.kind == "Group" and subject.name.startswith("system:serviceaccounts:")


def _holders(binding: Binding) -> str:
    return ", ".join(map(str, binding.subjects)) or "Whoever is bound"


def _given(binding: Binding) -> str:
    return f"the role {binding.role_name} in {binding.where}"


def _witness(binding: Binding) -> dict[str, object]:
    rights: list[Right] = binding.rights
    return {
        "subjects": [str(one) for one in binding.subjects],
        "role": binding.role_name,
        "rights": [str(one) for one in rights[:10]],
    }
