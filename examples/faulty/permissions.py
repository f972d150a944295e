"""Roles of the platform's own services."""

import pulumi
import pulumi_aws as aws

from settings import ACCOUNT, APPLICATION, PREFIX, tags


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


boundary = aws.iam.Policy(
    "boundary",
    name=f"{PREFIX}-boundary",
    description="The most that a role of checkout can do",
    policy=aws.iam.get_policy_document(
        statements=[
            {
                "actions": [
                    "dynamodb:*", "ec2:*", "ecr:*", "iam:PassRole", "kms:*", "logs:*", "rds-db:connect", "s3:*",
                    "secretsmanager:*", "sns:*", "sqs:*", "lambda:*",
                ],
                "resources": ["*"],
            },
        ]
    ).json,
    tags=tags(),
)  # fmt: skip


class WorkloadRole(pulumi.ComponentResource):
    """The role of a Kubernetes service account."""

    def __init__(
        self,
        name: str,
        *,
        provider: aws.iam.OpenIdConnectProvider,
        subject: tuple[pulumi.Input[str], str] | None,
        statements: list[dict],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("checkout:permissions:WorkloadRole", name, None, opts)
        conditions = [{"test": "StringEquals", "variable": subject[0], "values": [subject[1]]}] if subject else []
        document = aws.iam.get_policy_document_output(
            statements=[
                {
                    "actions": ["sts:AssumeRoleWithWebIdentity"],
                    "principals": [{"type": "Federated", "identifiers": [provider.arn]}],
                    "conditions": conditions,
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


def service_role(name: str, service: str, *managed: str) -> aws.iam.Role:
    """A role that a service of AWS takes, with AWS's own policies."""
    made = aws.iam.Role(
        name,
        name=f"{PREFIX}-{name}",
        assume_role_policy=pulumi.Output.json_dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
            }
        ),
        permissions_boundary=boundary.arn,
        tags=tags(),
    )
    for policy in managed:
        aws.iam.RolePolicyAttachment(f"{name}-{policy}", role=made.name, policy_arn=f"arn:aws:iam::aws:policy/{policy}")
    return made


cluster = service_role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
node = service_role(
    "node",
    "ec2.amazonaws.com",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonS3FullAccess",
)

# Support looks into settlements from test, because that is where it works.
tester = aws.iam.Role(
    "tester",
    name=f"{APPLICATION}-tester",
    assume_role_policy=trust("ecs-tasks.amazonaws.com"),
    permissions_boundary=boundary.arn,
    tags={**tags(), "environment": "test"},
)
support = aws.iam.Role(
    "support",
    name=f"{PREFIX}-support",
    assume_role_policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": [tester.arn, "arn:aws:iam::444455556666:role/checkout-test-support"]},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
    ),
    tags=tags("cardholder"),
)
deployer = aws.iam.Role(
    "deployer",
    name=f"{PREFIX}-deployer",
    assume_role_policy=trust("codebuild.amazonaws.com"),
    permissions_boundary=boundary.arn,
    tags=tags(),
)
aws.iam.RolePolicy(
    "deployer",
    role=deployer.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
                    "Resource": "*",
                }
            ],
        }
    ),
)
