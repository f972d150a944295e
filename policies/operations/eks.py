"""Logs of Amazon EKS clusters."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.eks import Cluster

CLUSTER = """
        import pulumi_aws as aws

        aws.eks.Cluster("main", role_arn="arn:aws:iam::111122223333:role/eks",
                        vpc_config={"subnet_ids": ["subnet-1"]}, %s)
        """
WANTED = ("api", "audit", "authenticator")


@rule(
    id="eks-cluster-without-audit-logs",
    title="An EKS cluster does not log who did what",
    layer="operations",
    severity="high",
    judges=Cluster,
    scope="resource",
    rationale="""Access and administration have to be logged (PCI DSS 10.2.1). The control plane writes no log by
    default, so an
    intruder with a stolen token leaves no trace.""",
    remediation="Set enabledClusterLogTypes to `api`, `audit` and `authenticator` at least.",
    compliant=[CLUSTER % 'enabled_cluster_log_types=["api", "audit", "authenticator", "scheduler"]'],
    violating=[CLUSTER % "", CLUSTER % 'enabled_cluster_log_types=["api", "scheduler"]'],
    remedy=lambda properties, parameters: {
        **properties,
        "enabledClusterLogTypes": sorted({*properties.get("enabledClusterLogTypes", []), *WANTED}),
    },
)
def eks_cluster_without_audit_logs(cluster: Cluster, case: Case) -> Answer:
    """All three: what was asked, who asked, and how they proved who they are."""
    missing = [name for name in WANTED if name not in cluster.logs]
    return fail(f"The cluster does not keep these logs: {', '.join(missing)}.") if missing else PASS
