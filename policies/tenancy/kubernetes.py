"""Tenants apart in a cluster: namespaces, the objects in them, paths of nodes, and the share that each may use."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.kubernetes import KubernetesObject, Namespace
from lychgate.views.kubernetes_reach import owner_of
from lychgate.views.kubernetes_tenants import neighbour, sharing_host_path
from lychgate.views.kubernetes_workloads import Workload

POD = """
        import pulumi_kubernetes as k8s

        def pod(tenant, namespace=None, **spec):
            k8s.core.v1.Pod(
                tenant,
                metadata={"namespace": namespace or tenant, "labels": {"tenant": tenant}},
                spec={"containers": [{"name": "api", "image": "example/api"}], **spec},
            )
        """
OBJECTS = """
        import pulumi_kubernetes as k8s

        def named(name, **labels):
            return {"name": name, "namespace": "shop", "labels": labels}

        k8s.core.v1.Secret("database", metadata=named("database", tenant="globex"))
        k8s.core.v1.ServiceAccount("api", metadata=named("api", tenant="globex"))
        k8s.core.v1.ConfigMap("common", metadata=named("common", shared="true"))
        k8s.core.v1.Pod(
            "api",
            metadata={"namespace": "shop", "labels": {"tenant": "%s"}},
            spec={"containers": [{"name": "api", "image": "example/api", %s}], %s},
        )
        """
QUOTA = """
        import pulumi_kubernetes as k8s

        acme = k8s.core.v1.Namespace("acme")
        k8s.core.v1.ResourceQuota("acme", metadata={"namespace": acme.metadata.name}, spec={%s})
        """


@rule(
    id="kubernetes-namespace-shared-by-tenants",
    title="Workloads of two tenants stand in the same namespace",
    layer="tenancy",
    severity="high",
    judges=Workload,
    scope="stacks",
    rationale="""Roles, quotas, policies and Secrets are given by namespace, so within one nothing keeps two tenants
    apart. A customer of a provider must reach its own data only.""",
    remediation="Give every tenant a namespace of its own.",
    compliant=[
        POD
        + """
        pod("acme")
        pod("globex")
        """,
        POD
        + """
        # A helper that is declared as shared.
        pod("acme")
        pod("shared", namespace="acme")
        """,
    ],
    violating=[
        POD
        + """
        pod("acme", namespace="shop")
        pod("globex", namespace="shop")
        """,
        POD
        + """
        # The one that says nothing is in `default`.
        pod("acme", namespace="default")
        k8s.batch.v1.Job(
            "report",
            metadata={"labels": {"tenant": "globex"}},
            spec={
                "template": {
                    "spec": {"restart_policy": "Never", "containers": [{"name": "report", "image": "example/report"}]}
                }
            },
        )
        """,
    ],
)
def kubernetes_namespace_shared_by_tenants(workload: Workload, case: Case) -> Answer:
    """By the labels of the workloads themselves."""
    owner = owner_of(workload, "tenant")
    if owner is None:
        return not_applicable("it is shared, or names no tenant")
    other = neighbour(workload, "tenant")
    if other is None:
        return PASS
    theirs = owner_of(other, "tenant")
    return fail(
        f"{workload.name} of the tenant {owner} and {other.name} of {theirs} stand in the namespace "
        f"{workload.namespace}, where nothing keeps them apart.",
        {"namespace": workload.namespace, "workloads": [workload.resource.urn, other.resource.urn]},
    )


@rule(
    id="kubernetes-workload-using-another-tenants-object",
    title="A workload uses a Secret, ConfigMap, volume or service account of another tenant",
    layer="tenancy",
    severity="critical",
    judges=Workload,
    scope="stacks",
    rationale="""The workload reads the other tenant's passwords or data, or acts with its rights. A customer of a
    provider must reach nothing but its own data.""",
    remediation="Give the workload an object of its own; what all tenants may use gets the label `shared: true`.",
    compliant=[
        OBJECTS % ("globex", '"env_from": [{"secret_ref": {"name": "database"}}]', '"service_account_name": "api"'),
        OBJECTS % ("acme", '"env_from": [{"config_map_ref": {"name": "common"}}]', '"service_account_name": "other"'),
    ],
    violating=[
        OBJECTS % ("acme", '"env_from": [{"secret_ref": {"name": "database"}}]', ""),
        OBJECTS % ("acme", "", '"service_account_name": "api"'),
        OBJECTS
        % (
            "acme",
            "",
            '"volumes": [{"name": "all", "projected": {"sources": [{"secret": {"name": "database"}}]}}]',
        ),
        OBJECTS
        % (
            "acme",
            """
                        "env": [
                            {
                                "name": "PASSWORD",
                                "value_from": {"secret_key_ref": {"name": "database", "key": "password"}},
                            }
                        ],
                    """,
            "",
        ),
    ],
)
def kubernetes_workload_using_another_tenants_object(workload: Workload, case: Case) -> Answer:
    """Whatever its pods name: variables, volumes, the account."""
    owner = owner_of(workload, "tenant")
    if owner is None:
        return not_applicable("it is shared, or names no tenant")
    for kind, name, by in workload.said(lambda: list(workload.used())) or ():
        found = workload.sibling(kind, name)
        theirs = None if found is None else owner_of(KubernetesObject.of(case.graph, found), "tenant")
        if found is not None and theirs not in (None, owner):
            return fail(
                f"{workload.name} of the tenant {owner} uses the {kind} {found.name} of {theirs}, by {by}.",
                {"workload": workload.resource.urn, "object": found.urn, "by": by, "from": owner, "to": theirs},
            )
    return workload.otherwise


@rule(
    id="kubernetes-host-path-shared-by-tenants",
    title="Workloads of two tenants mount the same path of their node",
    layer="tenancy",
    severity="critical",
    judges=Workload,
    scope="stacks",
    rationale="""What one tenant writes the other reads, wherever their pods land on the same node. A customer of a
    provider must reach its own data only.""",
    remediation="Use a PersistentVolumeClaim of the tenant's own instead of `hostPath`.",
    compliant=[
        POD
        + """
        pod("acme", volumes=[{"name": "data", "host_path": {"path": "/data/acme"}}])
        pod("globex", volumes=[{"name": "data", "host_path": {"path": "/data/globex"}}])
        """,
        POD
        + """
        pod("acme", volumes=[{"name": "data", "persistent_volume_claim": {"claim_name": "data"}}])
        pod("globex", volumes=[{"name": "data", "persistent_volume_claim": {"claim_name": "data"}}])
        """,
    ],
    violating=[
        POD
        + """
        pod("acme", volumes=[{"name": "data", "host_path": {"path": "/data"}}])
        pod("globex", volumes=[{"name": "data", "host_path": {"path": "/data/"}}])
        """,
        POD
        + """
        # Above it.
        pod("acme", volumes=[{"name": "root", "host_path": {"path": "/"}}])
        pod("globex", volumes=[{"name": "data", "host_path": {"path": "/data/globex"}}])
        """,
    ],
)
def kubernetes_host_path_shared_by_tenants(workload: Workload, case: Case) -> Answer:
    """The same path, or one within the other."""
    owner = owner_of(workload, "tenant")
    if owner is None:
        return not_applicable("it is shared, or names no tenant")
    found = workload.said(lambda: sharing_host_path(workload))
    if found is None:
        return workload.otherwise
    other, path = found
    theirs = owner_of(other, "tenant")
    return fail(
        f"{workload.name} of the tenant {owner} mounts {path} of its node, and {other.name} of {theirs} mounts it too.",
        {"path": path, "workloads": [workload.resource.urn, other.resource.urn], "tenants": [owner, theirs]},
    )


@rule(
    id="kubernetes-namespace-without-quota",
    title="A namespace may use all of a cluster's CPU and memory",
    layer="tenancy",
    severity="medium",
    judges=Namespace,
    rationale="""One tenant's error, or an attack on it, then takes what the others need, and the bill grows unseen. A
    customer of a provider must be able to use only the resources that are allotted to it.""",
    remediation="""Add a ResourceQuota to the namespace with `requests.cpu` and `requests.memory` (or the limits) in
    `hard`, and a LimitRange with defaults for containers that say nothing.""",
    compliant=[
        QUOTA % '"hard": {"requests.cpu": "8", "requests.memory": "16Gi", "pods": "50"}',
        QUOTA % '"hard": {"cpu": "8", "limits.memory": "16Gi"}',
    ],
    violating=[
        """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Namespace("acme")
        """,
        QUOTA % '"hard": {"pods": "50", "requests.cpu": "8"}',
        # Only of pods that ask for nothing.
        QUOTA % '"hard": {"pods": "50", "cpu": "8", "memory": "16Gi"}, "scopes": ["NotBestEffort"]',
        """
        import pulumi_kubernetes as k8s

        # The quota is another namespace's.
        k8s.core.v1.Namespace("acme")
        k8s.core.v1.ResourceQuota("acme", spec={"hard": {"cpu": "8", "memory": "16Gi"}})
        """,
    ],
)
def kubernetes_namespace_without_quota(namespace: Namespace, case: Case) -> Answer:
    """CPU and memory, of all pods together, by requests or by limits."""
    limited = set().union(*(one.limits for one in namespace.quotas))
    missing = [name for name in ("cpu", "memory") if not limited & {f"requests.{name}", f"limits.{name}"}]
    if not missing:
        return PASS
    return fail(f"No ResourceQuota limits the {' and '.join(missing)} of the namespace {namespace.name}.")
