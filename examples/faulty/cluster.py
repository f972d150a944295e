"""The Kubernetes cluster."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

import network
import permissions
from settings import PREFIX, REGION, tags

NAME = PREFIX

cluster = aws.eks.Cluster(
    "checkout",
    name=NAME,
    version="1.33",
    role_arn=permissions.cluster.arn,
    enabled_cluster_log_types=["api", "scheduler"],
    vpc_config={
        "subnet_ids": [subnet.id for subnet in network.private_subnets],
        "endpoint_private_access": True,
        "endpoint_public_access": True,
        "public_access_cidrs": ["0.0.0.0/0"],
    },
    tags=tags("cardholder"),
)
issuer = cluster.identities[0].oidcs[0].issuer
identities = aws.iam.OpenIdConnectProvider("checkout", url=issuer, client_id_lists=["sts.amazonaws.com"], tags=tags())
template = aws.ec2.LaunchTemplate(
    "nodes",
    name=f"{PREFIX}-nodes",
    vpc_security_group_ids=[network.nodes.id],
    metadata_options={"http_endpoint": "enabled", "http_tokens": "optional"},
    block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"volume_size": 500, "volume_type": "gp3"}}],
    tags=tags("cardholder"),
)
nodes = aws.eks.NodeGroup(
    "nodes",
    cluster_name=cluster.name,
    node_group_name=f"{PREFIX}-nodes",
    node_role_arn=permissions.node.arn,
    subnet_ids=[subnet.id for subnet in network.private_subnets],
    instance_types=["m7g.16xlarge"],
    ami_type="BOTTLEROCKET_ARM_64",
    scaling_config={"min_size": 6, "desired_size": 6, "max_size": 60},
    launch_template={"id": template.id, "version": template.latest_version.apply(str)},
    tags=tags("cardholder"),
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
provider = kubernetes.Provider("checkout", kubeconfig=kubeconfig)
application_logs = aws.cloudwatch.LogGroup("application", name=f"/{PREFIX}/application", tags=tags("cardholder"))
