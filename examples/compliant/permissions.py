"""Roles: a boundary that none can leave, and one role for each workload with what that workload calls."""

import pulumi
import pulumi_aws as aws

from settings import ACCOUNT, APPLICATION, PREFIX, tags

# The most that any role of this platform can ever do, whatever its policies come to say.
boundary = aws.iam.Policy(
    "boundary",
    name=f"{PREFIX}-boundary",
    description="The most that a role of payments can do",
    policy=aws.iam.get_policy_document(
        statements=[
            {
                "sid": "Services",
                "actions": [
                    "dynamodb:*Item", "dynamodb:Query", "ec2:*NetworkInterface*", "ec2:Describe*", "ecr:BatchGet*",
                    "ecr:Get*", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "logs:*",
                    "rds-db:connect", "s3:GetObject*", "s3:ListBucket", "s3:PutObject", "secretsmanager:*Secret*",
                    "sns:Publish", "sqs:*Message*", "sqs:GetQueueAttributes", "ssm:*Session*", "ssmmessages:*",
                    "xray:Put*",
                ],
                "resources": ["*"],
            },
            {
                "sid": "NeverIdentities",
                "effect": "Deny",
                "actions": ["iam:*", "organizations:*", "sts:AssumeRole"],
                "resources": ["*"],
            },
        ]
    ).json,
    tags=tags(),
)  # fmt: skip


def trust(service: str) -> str:
    """Only this service of AWS, and only for this account."""
    return aws.iam.get_policy_document(
        statements=[
            {
                "actions": ["sts:AssumeRole"],
                "principals": [{"type": "Service", "identifiers": [service]}],
                "conditions": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": [ACCOUNT]}],
            }
        ]
    ).json


class WorkloadRole(pulumi.ComponentResource):
    """The role of one Kubernetes service account, and nobody else's."""

    def __init__(
        self,
        name: str,
        *,
        provider: aws.iam.OpenIdConnectProvider,
        issuer: pulumi.Input[str],
        namespace: str,
        statements: list[dict],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payments:permissions:WorkloadRole", name, None, opts)
        subject = f"system:serviceaccount:{namespace}:{name}"
        host = pulumi.Output.from_input(issuer).apply(lambda url: url.removeprefix("https://"))
        document = aws.iam.get_policy_document_output(
            statements=[
                {
                    "actions": ["sts:AssumeRoleWithWebIdentity"],
                    "principals": [{"type": "Federated", "identifiers": [provider.arn]}],
                    "conditions": [
                        {"test": "StringEquals", "variable": pulumi.Output.concat(host, ":sub"), "values": [subject]},
                        {
                            "test": "StringEquals",
                            "variable": pulumi.Output.concat(host, ":aud"),
                            "values": ["sts.amazonaws.com"],
                        },
                    ],
                }
            ]
        )
        self.role = aws.iam.Role(
            name,
            name=f"{PREFIX}-{name}",
            description=f"What {name} of {APPLICATION} may do",
            assume_role_policy=document.json,
            permissions_boundary=boundary.arn,
            tags=tags("cardholder"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.iam.RolePolicy(
            name,
            role=self.role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"arn": self.role.arn})


flow_logs = aws.iam.Role(
    "flow-logs",
    name=f"{PREFIX}-flow-logs",
    assume_role_policy=trust("vpc-flow-logs.amazonaws.com"),
    permissions_boundary=boundary.arn,
    tags=tags(),
)
monitoring = aws.iam.Role(
    "monitoring",
    name=f"{PREFIX}-monitoring",
    assume_role_policy=trust("monitoring.rds.amazonaws.com"),
    permissions_boundary=boundary.arn,
    tags=tags(),
)
aws.iam.RolePolicyAttachment(
    "monitoring",
    role=monitoring.name,
    policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
)
cluster = aws.iam.Role(
    "cluster",
    name=f"{PREFIX}-cluster",
    assume_role_policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    ),
    permissions_boundary=f"arn:aws:iam::{ACCOUNT}:policy/platform/eks-boundary",
    tags=tags(),
)
aws.iam.RolePolicyAttachment(
    "AmazonEKSClusterPolicy", role=cluster.name, policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
)
node = aws.iam.Role(
    "node",
    name=f"{PREFIX}-node",
    assume_role_policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    ),
    permissions_boundary=f"arn:aws:iam::{ACCOUNT}:policy/platform/eks-boundary",
    tags=tags("cardholder"),
)
for policy in ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"):
    aws.iam.RolePolicyAttachment(policy, role=node.name, policy_arn=f"arn:aws:iam::aws:policy/{policy}")
