"""The Kubernetes cluster: reached from inside the VPC only, nodes without public addresses, everything logged."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

import keys
import network
import permissions
from settings import PREFIX, REGION, tags

NAME = PREFIX
VERSION = "1.33"

logs = aws.cloudwatch.LogGroup(
    "cluster", name=f"/aws/eks/{NAME}/cluster", retention_in_days=400, kms_key_id=keys.logs.arn, tags=tags()
)
cluster = aws.eks.Cluster(
    "payments",
    name=NAME,
    version=VERSION,
    role_arn=permissions.cluster.arn,
    enabled_cluster_log_types=["api", "audit", "authenticator", "controllerManager", "scheduler"],
    encryption_config={"provider": {"key_arn": keys.data.arn}, "resources": ["secrets"]},
    access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
    deletion_protection=True,
    vpc_config={
        "subnet_ids": [subnet.id for subnet in network.private_subnets],
        "security_group_ids": [network.control.id],
        "endpoint_private_access": True,
        "endpoint_public_access": False,
    },
    tags=tags("cardholder"),
    opts=pulumi.ResourceOptions(depends_on=[logs]),
)
issuer = cluster.identities[0].oidcs[0].issuer
identities = aws.iam.OpenIdConnectProvider("payments", url=issuer, client_id_lists=["sts.amazonaws.com"], tags=tags())
template = aws.ec2.LaunchTemplate(
    "nodes",
    name=f"{PREFIX}-nodes",
    vpc_security_group_ids=[network.nodes.id],
    metadata_options={"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
    block_device_mappings=[
        {
            "device_name": "/dev/xvda",
            "ebs": {
                "encrypted": "true",
                "kms_key_id": keys.data.arn,
                "volume_size": 40,
                "volume_type": "gp3",
                "delete_on_termination": "true",
            },
        }
    ],
    tags=tags("cardholder"),
)
nodes = aws.eks.NodeGroup(
    "nodes",
    cluster_name=cluster.name,
    node_group_name=f"{PREFIX}-nodes",
    node_role_arn=permissions.node.arn,
    subnet_ids=[subnet.id for subnet in network.private_subnets],
    instance_types=["m7g.large"],
    ami_type="BOTTLEROCKET_ARM_64",
    scaling_config={"min_size": 2, "desired_size": 2, "max_size": 6},
    update_config={"max_unavailable": 1},
    launch_template={"id": template.id, "version": template.latest_version.apply(str)},
    tags=tags("cardholder"),
)
for addon, values in {
    "vpc-cni": {"enableNetworkPolicy": "true"},
    "coredns": {},
    "kube-proxy": {},
    "eks-pod-identity-agent": {},
}.items():
    aws.eks.Addon(
        addon,
        cluster_name=cluster.name,
        addon_name=addon,
        resolve_conflicts_on_update="OVERWRITE",
        configuration_values=pulumi.Output.json_dumps(values) if values else None,
        tags=tags(),
        opts=pulumi.ResourceOptions(depends_on=[nodes]),
    )

kubeconfig = pulumi.Output.json_dumps(
    {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": NAME,
                "cluster": {
                    "server": cluster.endpoint,
                    "certificate-authority-data": cluster.certificate_authority.data,
                },
            }
        ],
        "users": [
            {
                "name": "deployer",
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": "aws",
                        "args": ["eks", "get-token", "--region", REGION, "--cluster-name", cluster.name],
                    }
                },
            }
        ],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": "deployer"}}],
        "current-context": NAME,
    }
)
provider = kubernetes.Provider("payments", kubeconfig=kubeconfig)
