"""What Kubernetes roles allow."""

from lychgate import Answer, Case, fail, rule
from lychgate.views.kubernetes_rbac import Right, Role

ROLE = """
        import pulumi_kubernetes as k8s

        k8s.rbac.v1.%s("deployer", rules=[%s])
        """


@rule(
    id="kubernetes-role-with-wildcards",
    title="A role allows all verbs, all resources or all API groups",
    layer="iam",
    severity="high",
    judges=Role,
    rationale="""Nobody can say what such a role allows: it takes in what is dangerous beside what was meant, and every
    kind that is installed later. PCI DSS wants access to be what a job needs and no more.""",
    remediation="Name the API groups, resources and verbs that are needed.",
    compliant=[
        ROLE
        % (
            "Role",
            '{"api_groups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch", "patch"]}',
        ),
        # Everything that can be done with one object.
        ROLE
        % (
            "Role",
            """
                {
                    "api_groups": ["coordination.k8s.io"],
                    "resources": ["leases"],
                    "resource_names": ["deployer"],
                    "verbs": ["*"],
                }
            """,
        ),
    ],
    violating=[
        ROLE % ("ClusterRole", '{"api_groups": [""], "resources": ["*"], "verbs": ["get", "list"]}'),
        ROLE % ("Role", '{"api_groups": ["apps"], "resources": ["deployments"], "verbs": ["*"]}'),
        ROLE % ("Role", '{"api_groups": ["*"], "resources": ["deployments"], "verbs": ["get"]}'),
        ROLE % ("ClusterRole", '{"non_resource_urls": ["*"], "verbs": ["*"]}'),
        """
        import pulumi_kubernetes as k8s

        # The role says nothing itself, and takes in one that says it all.
        k8s.rbac.v1.ClusterRole(
            "part",
            metadata={"labels": {"team": "platform"}},
            rules=[{"api_groups": ["*"], "resources": ["*"], "verbs": ["*"]}],
        )
        k8s.rbac.v1.ClusterRole(
            "whole", aggregation_rule={"cluster_role_selectors": [{"match_labels": {"team": "platform"}}]}, rules=[]
        )
        """,
    ],
)
def kubernetes_role_with_wildcards(role: Role, case: Case) -> Answer:
    """A wildcard in any list, unless the objects are named."""
    found = [text for one in role.rights if (text := _wild(one))]
    if not found:
        return role.otherwise
    return fail(f"The {role.kind} {role.name} allows {'; '.join(dict.fromkeys(found))}.")


def _wild(right: Right) -> str:
    if right.names and "*" not in right.resources:
        return ""
    verbs = "every verb" if "*" in right.verbs else ", ".join(sorted(right.verbs))
    if right.urls and not right.resources:
        wild = "*" in right.verbs and "*" in right.urls
        return f"{verbs} on every path of the API server" if wild else ""
    if "*" not in right.verbs | right.resources | right.groups:
        return ""
    what = "every resource" if "*" in right.resources else ", ".join(sorted(right.resources))
    groups = "every API group" if "*" in right.groups else ", ".join(sorted(one or "core" for one in right.groups))
    return f"{verbs} on {what} of {groups}"
