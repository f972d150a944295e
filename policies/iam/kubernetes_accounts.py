"""Service accounts of workloads, and the tokens that stand for them."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.kubernetes import SecretObject
from lychgate.views.kubernetes_rbac import bound
from lychgate.views.kubernetes_workloads import Workload, sharing_account

POD = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Pod(
            "api",
            metadata={"namespace": "payments"},
            spec={"containers": [{"name": "api", "image": "example/api"}], %s},
        )
        """
ACCOUNT = """
        k8s.core.v1.ServiceAccount("api", metadata={"name": "api", "namespace": "payments"}, %s)
        """
BOUND = """
        k8s.rbac.v1.RoleBinding(
            "api",
            metadata={"namespace": "payments"},
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": "api"},
            subjects=[%s],
        )
        """
TOGETHER = """
        import pulumi_kubernetes as k8s

        for name, account, application in (("api", "%s", "%s"), ("export", "%s", "%s")):
            labels = {"app.kubernetes.io/part-of": application, "component": name}
            k8s.apps.v1.Deployment(
                name,
                metadata=k8s.meta.v1.ObjectMetaArgs(namespace="payments", labels=labels),
                spec=k8s.apps.v1.DeploymentSpecArgs(
                    selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels),
                    template=k8s.core.v1.PodTemplateSpecArgs(
                        metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels),
                        spec=k8s.core.v1.PodSpecArgs(
                            service_account_name=account,
                            containers=[k8s.core.v1.ContainerArgs(name=name, image=f"example/{name}")],
                        ),
                    ),
                ),
            )
        """


@rule(
    id="kubernetes-workload-with-default-account",
    title="A workload uses the default service account of its namespace, with its token",
    layer="iam",
    severity="medium",
    judges=Workload,
    rationale="""Every pod that names no account is the same `default` to the API server, so what one of them is given
    all have, and no log tells them apart. PCI DSS wants the vendor's default accounts not used, and application
    accounts with no more rights than they need.""",
    remediation="""Give the workload a ServiceAccount of its own and name it in `serviceAccountName`; if it never asks
    the API server for anything, set `automountServiceAccountToken: false` as well.""",
    compliant=[
        POD % '"service_account_name": "api"',
        POD % '"automount_service_account_token": False',
        POD % ""
        + """
        # The account that every namespace has, without its token.
        k8s.core.v1.ServiceAccountPatch(
            "default",
            metadata={"name": "default", "namespace": "payments"},
            automount_service_account_token=False,
        )
        """,
    ],
    violating=[
        POD % "",
        POD % '"service_account_name": "default"',
        # What the account says counts for pods that say nothing.
        POD % '"automount_service_account_token": True'
        + """
        k8s.core.v1.ServiceAccountPatch(
            "default",
            metadata={"name": "default", "namespace": "payments"},
            automount_service_account_token=False,
        )
        """,
        POD % '"service_account": ""',
    ],
)
def kubernetes_workload_with_default_account(workload: Workload, case: Case) -> Answer:
    """No account of its own, and a token to use the default one with."""
    account = workload.said(lambda: workload.account)
    if account is None or account != "default":
        return workload.otherwise
    if not workload.mounts_token:
        return PASS
    return fail(f"{workload.name} runs as the service account default of its namespace, and has its token.")


@rule(
    id="kubernetes-workload-with-unneeded-token",
    title="A workload gets a token of the API server that it has no use for",
    layer="iam",
    severity="low",
    judges=Workload,
    rationale="""Whoever gets into the pod can talk to the API server as its service account, and is a member of
    `system:authenticated`. An account that no role is bound to can do nothing useful with that.""",
    remediation="""Set `automountServiceAccountToken: false` in the pod, or in its ServiceAccount. IRSA and EKS Pod
    Identity bring a token of their own.""",
    compliant=[
        POD % '"service_account_name": "api"' + ACCOUNT % "automount_service_account_token=False",
        POD % '"service_account_name": "api", "automount_service_account_token": False' + ACCOUNT % "",
        POD % '"service_account_name": "api"'
        + ACCOUNT % ""
        + BOUND % '{"kind": "ServiceAccount", "name": "api", "namespace": "payments"}',
        POD % '"service_account_name": "api"'
        + ACCOUNT % ""
        + BOUND % '{"kind": "User", "name": "system:serviceaccount:payments:api"}',
    ],
    violating=[
        POD % '"service_account_name": "api"' + ACCOUNT % "",
        POD % '"service_account_name": "api", "automount_service_account_token": True'
        + ACCOUNT % "automount_service_account_token=False",
        POD % '"service_account_name": "api"'
        + ACCOUNT % ""
        + BOUND % '{"kind": "ServiceAccount", "name": "api", "namespace": "orders"}',
    ],
)
def kubernetes_workload_with_unneeded_token(workload: Workload, case: Case) -> Answer:
    """The pod decides whether there is a token, else its account; a binding of the account is a use for it."""
    account = workload.said(lambda: workload.account)
    if account is None:
        return workload.otherwise
    if account == "default":
        return not_applicable("it uses the default account, which kubernetes-workload-with-default-account judges")
    if not workload.mounts_token or bound(workload):
        return PASS
    return fail(f"{workload.name} gets a token of the service account {account}, to which no role is bound.")


@rule(
    id="kubernetes-account-shared-by-applications",
    title="Workloads of different applications share a service account",
    layer="iam",
    severity="medium",
    judges=Workload,
    rationale="""Each of them has the rights that any of them needs, in the cluster and, by IRSA, in AWS. PCI DSS wants
    the accounts of applications limited to what each needs, and actions that can be told apart.""",
    remediation="Give every application a ServiceAccount of its own, and bind each to what it needs.",
    compliant=[
        TOGETHER % ("api", "payments", "export", "reports"),
        TOGETHER % ("api", "payments", "api", "payments"),
    ],
    violating=[TOGETHER % ("shared", "payments", "shared", "reports")],
)
def kubernetes_account_shared_by_applications(workload: Workload, case: Case) -> Answer:
    """The default account is another rule's."""
    account = workload.said(lambda: workload.account)
    application = workload.labels.application
    if account in (None, "default") or application is None:
        return workload.otherwise if workload.partial else PASS
    for other in sharing_account(workload):
        theirs = other.labels.application
        if theirs not in (None, application):
            return fail(
                f"{workload.name} of the application {application} and {other.name} of {theirs} share the service "
                f"account {account}, so each has the rights of both.",
                {
                    "account": f"{workload.namespace}/{account}",
                    "workloads": [workload.resource.urn, other.resource.urn],
                },
            )
    return PASS


@rule(
    id="kubernetes-long-lived-account-token",
    title="A Secret holds a token of a service account that never expires",
    layer="iam",
    severity="high",
    judges=SecretObject,
    scope="resource",
    rationale="""Such a token is valid until the Secret is deleted, anywhere, for whoever has read it once. PCI DSS
    wants the passwords of system accounts protected against misuse and changed as often as their risk asks.""",
    remediation="""Leave the Secret out. Pods get a token that is renewed by itself (a `projected` volume with
    `serviceAccountToken` for other audiences); others ask for one with the TokenRequest API or use their IAM role.""",
    compliant=[
        """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Secret("registry", type="kubernetes.io/dockerconfigjson")
        k8s.core.v1.Secret("database")
        """,
        """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Secret(
            "tls", metadata={"annotations": {"cert-manager.io/issuer": "internal"}}, type="kubernetes.io/tls"
        )
        """,
    ],
    violating=[
        """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Secret(
            "ci",
            type="kubernetes.io/service-account-token",
            metadata={"annotations": {"kubernetes.io/service-account.name": "ci"}},
        )
        """,
        """
        import pulumi_kubernetes as k8s

        k8s.yaml.ConfigGroup(
            "ci",
            yaml=[
                '''
        apiVersion: v1
        kind: Secret
        metadata: {name: ci, annotations: {kubernetes.io/service-account.name: ci}}
        type: kubernetes.io/service-account-token
        '''
            ],
        )
        """,
    ],
)
def kubernetes_long_lived_account_token(secret: SecretObject, case: Case) -> Answer:
    """By the type of the Secret, which makes the control plane fill it in."""
    if secret.read.text("type") != "kubernetes.io/service-account-token":
        return secret.otherwise
    account = secret.entry("metadata.annotations", "kubernetes.io/service-account.name") or "an account"
    return fail(f"The Secret {secret.name} holds a token of {account} that never expires.")
