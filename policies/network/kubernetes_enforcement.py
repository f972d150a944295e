"""Whether NetworkPolicies have any effect."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.kubernetes_enforcement import EnforcingCluster

CLUSTER = """
        import json

        import pulumi_aws as aws
        import pulumi_kubernetes as k8s

        cluster = aws.eks.Cluster(
            "main", role_arn="arn:aws:iam::111122223333:role/eks", vpc_config={"subnet_ids": ["subnet-1"]}, %s
        )
        """
ADDON = """
        aws.eks.Addon("%s", cluster_name=cluster.name, addon_name="%s", configuration_values=json.dumps(%s))
        """


@rule(
    id="eks-cluster-ignoring-network-policies",
    title="An EKS cluster takes NetworkPolicies and does not enforce them",
    layer="network",
    severity="high",
    judges=EnforcingCluster,
    rationale="""The VPC CNI of EKS enforces no NetworkPolicy unless it is told to, and says nothing: all pods reach
    each other, whatever the policies say. PCI DSS wants traffic to and from the cardholder data environment
    limited.""",
    remediation="""Add the add-on `vpc-cni` with `configurationValues: {"enableNetworkPolicy": "true"}`. With Auto Mode,
    add the ConfigMap `amazon-vpc-cni` to kube-system with `enable-network-policy-controller: "true"`.""",
    compliant=[
        CLUSTER % "" + ADDON % ("cni", "vpc-cni", '{"enableNetworkPolicy": "true"}'),
        CLUSTER % 'compute_config={"enabled": True}'
        + """
        k8s.core.v1.ConfigMap(
            "cni",
            metadata={"name": "amazon-vpc-cni", "namespace": "kube-system"},
            data={"enable-network-policy-controller": "true"},
        )
        """,
    ],
    violating=[
        CLUSTER % "",
        CLUSTER % "" + ADDON % ("cni", "vpc-cni", '{"env": {"ENABLE_PREFIX_DELEGATION": "true"}}'),
        CLUSTER % "" + ADDON % ("cni", "vpc-cni", '{"enableNetworkPolicy": "false"}'),
        CLUSTER % "" + ADDON % ("dns", "coredns", '{"enableNetworkPolicy": "true"}'),
        CLUSTER % 'compute_config={"enabled": True}',
    ],
)
def eks_cluster_ignoring_network_policies(cluster: EnforcingCluster, case: Case) -> Answer:
    """Told by the add-on, or in Auto Mode by a ConfigMap."""
    if cluster.enforces:
        return PASS
    by = "EKS Auto Mode" if cluster.automatic else "The VPC CNI"
    return fail(f"{by} is not told to enforce NetworkPolicies in {cluster.name}, so none of them has an effect.")
