"""Tenants and environments apart on a cluster's network: who reaches whom, and who takes whose requests."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule, unknown
from lychgate.reasoning.tenancy import Dimension
from lychgate.views.kubernetes_network import told
from lychgate.views.kubernetes_reach import owner_of, reached_from
from lychgate.views.kubernetes_services import Ingress
from lychgate.views.kubernetes_tenants import competing
from lychgate.views.kubernetes_workloads import Workload
from lychgate.views.ownership import named

CLUSTER = """
        import pulumi_kubernetes as k8s

        def namespace(owner):
            return k8s.core.v1.Namespace(owner, metadata={"name": owner, "labels": {"%s": owner}})

        def run(name, owner):
            labels = {"app": name}
            k8s.apps.v1.Deployment(
                f"{owner}-{name}",
                metadata={"namespace": owner, "labels": labels},
                spec={
                    "selector": {"match_labels": labels},
                    "template": {
                        "metadata": {"labels": labels},
                        "spec": {"containers": [{"name": name, "image": f"example/{name}"}]},
                    },
                },
            )

        def allow(owner, direction="ingress", name="allow", selector={}, **rule):
            k8s.networking.v1.NetworkPolicy(
                f"{owner}-{name}",
                metadata={"namespace": owner},
                spec={
                    "pod_selector": selector,
                    "policy_types": [direction.capitalize()],
                    direction: [rule] if rule else [],
                },
            )
        """
TENANTS = (
    CLUSTER % "tenant"
    + """
        for owner in ("acme", "globex"):
            namespace(owner)
            run("api", owner)
        """
)
STAGES = (
    CLUSTER % "environment"
    + """
        for owner in ("production", "test"):
            namespace(owner)
            run("api", owner)
        """
)
INGRESS = """
        import pulumi_kubernetes as k8s

        for tenant, host, group in (%s):
            k8s.networking.v1.Ingress(
                tenant,
                metadata={
                    "namespace": tenant,
                    "labels": {"tenant": tenant},
                    "annotations": {"alb.ingress.kubernetes.io/group.name": group},
                },
                spec={
                    "ingress_class_name": "alb",
                    "rules": [
                        {
                            "host": host,
                            "http": {
                                "paths": [
                                    {
                                        "path": "/",
                                        "path_type": "Prefix",
                                        "backend": {"service": {"name": "api", "port": {"number": 443}}},
                                    }
                                ]
                            },
                        }
                    ],
                },
            )
        """


def _apart(workload: Workload, dimension: Dimension) -> Answer:
    """Whether nobody of another owner reaches a workload."""
    if not named(workload.graph, dimension):
        return not_applicable(f"no {dimension} is named by anything that is judged")
    if workload.partial:
        return workload.otherwise
    owner = owner_of(workload, dimension)
    if owner is None:
        if dimension in workload.labels.unknown:
            return unknown(f"its {dimension} is known only after the deployment")
        return not_applicable(f"it is shared, or names no {dimension}")
    found = reached_from(workload, dimension)
    if found is None:
        return PASS
    other, reach = found
    theirs = owner_of(other, dimension)
    by = told(workload.graph, reach)
    return fail(
        f"{other.name} of the {dimension} {theirs} can connect to {workload.name} of {owner}: {by}.",
        {
            "source": other.resource.urn,
            "target": workload.resource.urn,
            "from": theirs,
            "to": owner,
            "flows": str(reach.flows),
            "by": by,
        },
    )


@rule(
    id="kubernetes-workload-open-to-another-tenant",
    title="Pods of one tenant can connect to a workload of another",
    layer="tenancy",
    severity="high",
    judges=Workload,
    scope="stacks",
    rationale="""Whatever breaks into one tenant's pods can then attack the other's, whose owner cannot see it coming. A
    provider has to keep its customers' environments apart, so that each reaches its own only.""",
    remediation="""In each tenant's namespace isolate all pods for ingress (`podSelector: {}`, `policyTypes:
    [Ingress]`), and allow by `podSelector` within the namespace or by the label of a namespace that is the same
    tenant's or shared (label `shared: true`).""",
    compliant=[
        TENANTS
        + """
        for owner in ("acme", "globex"):
            allow(owner, from_=[{"pod_selector": {}}])
        """,
        TENANTS
        + """
        # What everybody uses is declared as shared; it may connect to all, and all to it.
        k8s.core.v1.Namespace("edge", metadata={"name": "edge", "labels": {"shared": "true"}})
        run("proxy", "edge")
        for owner in ("acme", "globex"):
            allow(owner, from_=[{"namespace_selector": {"match_labels": {"shared": "true"}}}])
        """,
        TENANTS
        + """
        # Nobody gets out.
        for owner in ("acme", "globex"):
            allow(owner, direction="egress", to=[{"pod_selector": {}}])
        """,
    ],
    violating=[
        TENANTS,
        TENANTS
        + """
        allow("acme", from_=[{"pod_selector": {}}])
        allow("globex", from_=[{"namespace_selector": {}, "pod_selector": {"match_labels": {"app": "api"}}}])
        """,
        TENANTS
        + """
        # Two selectors in two entries are either, not both.
        allow("acme", from_=[{"pod_selector": {}}])
        allow(
            "globex",
            from_=[{"namespace_selector": {"match_labels": {"tenant": "acme"}}}, {"pod_selector": {}}],
        )
        """,
        TENANTS
        + """
        # One policy isolates, another gives it back for some.
        for owner in ("acme", "globex"):
            allow(owner)
        allow("globex", name="metrics", selector={"match_labels": {"app": "api"}}, ports=[{"port": 9090}])
        """,
    ],
)
def kubernetes_workload_open_to_another_tenant(workload: Workload, case: Case) -> Answer:
    """By the policies of both sides."""
    return _apart(workload, "tenant")


@rule(
    id="kubernetes-workload-open-to-another-environment",
    title="Pods of one environment can connect to a workload of another",
    layer="tenancy",
    severity="high",
    judges=Workload,
    scope="stacks",
    rationale="""Test has weaker guards and more people in it, so a way from test to production is the way in. PCI DSS
    wants the two separated, and the separation enforced.""",
    remediation="""Give each environment a cluster of its own; where they share one, isolate the pods of every namespace
    and allow only what carries the label of the same environment.""",
    compliant=[
        STAGES
        + """
        for owner in ("production", "test"):
            allow(owner, from_=[{"namespace_selector": {"match_labels": {"environment": owner}}}])
        """,
        """
        import pulumi
        import pulumi_kubernetes as k8s

        # A cluster for each.
        for environment in ("production", "test"):
            cluster = k8s.Provider(environment, context=environment)
            labels = {"app": "api", "environment": environment}
            k8s.core.v1.Pod(
                environment,
                metadata={"namespace": "default", "labels": labels},
                spec={"containers": [{"name": "api", "image": "example/api"}]},
                opts=pulumi.ResourceOptions(provider=cluster),
            )
        """,
    ],
    violating=[
        STAGES,
        STAGES
        + """
        allow("test")
        some = {"match_expressions": [{"key": "environment", "operator": "Exists"}]}
        allow("production", from_=[{"namespace_selector": some}])
        """,
    ],
)
def kubernetes_workload_open_to_another_environment(workload: Workload, case: Case) -> Answer:
    """By the policies of both sides, within one cluster."""
    return _apart(workload, "environment")


@rule(
    id="kubernetes-ingress-contested-by-another-tenant",
    title="Ingresses of two tenants claim the same host or share a load balancer",
    layer="tenancy",
    severity="high",
    judges=Ingress,
    scope="stacks",
    rationale="""A controller merges the rules of all Ingresses for a host, so one tenant can take the requests of
    another with a longer path, or with a rule that comes first. A customer must reach nothing that is another's.""",
    remediation="""Give every tenant hosts of its own and, on Application Load Balancers, a group (`group.name`) of its
    own.""",
    compliant=[INGRESS % '("acme", "acme.example.com", "acme"), ("globex", "globex.example.com", "globex")'],
    violating=[
        INGRESS % '("acme", "pay.example.com", "acme"), ("globex", "pay.example.com", "globex")',
        INGRESS % '("acme", "acme.example.com", "edge"), ("globex", "globex.example.com", "edge")',
        INGRESS % '("acme", None, "acme"), ("globex", None, "globex")',
    ],
)
def kubernetes_ingress_contested_by_another_tenant(ingress: Ingress, case: Case) -> Answer:
    """The same host of the same class, or the same group of a load balancer."""
    owner = owner_of(ingress, "tenant")
    if owner is None:
        return not_applicable("it is shared, or names no tenant")
    found = competing(ingress)
    if found is None:
        return PASS
    other, what = found
    theirs = owner_of(other, "tenant")
    return fail(
        f"{ingress.name} of the tenant {owner} and {other.name} of {theirs} both claim {what}, so one can take the "
        "other's requests.",
        {"ingresses": [ingress.resource.urn, other.resource.urn], "tenants": [owner, theirs]},
    )
