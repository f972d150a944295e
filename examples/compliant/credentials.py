"""The token of the acquirer, and the function that changes it every thirty days."""

import pulumi
import pulumi_aws as aws

import keys
import network
import permissions
from settings import ACCOUNT, PREFIX, config, tags

acquirer = aws.secretsmanager.Secret(
    "acquirer",
    name=f"{PREFIX}/acquirer",
    description="Token for the acquirer's API",
    kms_key_id=keys.data.arn,
    recovery_window_in_days=30,
    tags=tags("cardholder"),
)
# The first value only: from then on rotation sets it.
aws.secretsmanager.SecretVersion(
    "acquirer",
    secret_id=acquirer.id,
    secret_string=config.require_secret("acquirerToken"),
    opts=pulumi.ResourceOptions(ignore_changes=["secretString"]),
)

NAME = f"{PREFIX}-rotation"
logs = aws.cloudwatch.LogGroup(
    "rotation", name=f"/aws/lambda/{NAME}", retention_in_days=400, kms_key_id=keys.logs.arn, tags=tags()
)
failed = aws.sqs.Queue(
    "rotation-failed",
    name=f"{NAME}-failed",
    kms_master_key_id=keys.messages.arn,
    message_retention_seconds=14 * 24 * 3600,
    tags=tags(),
)
role = aws.iam.Role(
    "rotation",
    name=NAME,
    assume_role_policy=permissions.trust("lambda.amazonaws.com"),
    permissions_boundary=permissions.boundary.arn,
    tags=tags(),
)
aws.iam.RolePolicy(
    "rotation",
    role=role.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": [
                        "secretsmanager:DescribeSecret",
                        "secretsmanager:GetSecretValue",
                        "secretsmanager:PutSecretValue",
                        "secretsmanager:UpdateSecretVersionStage",
                    ],
                    "Resource": acquirer.arn,
                },
                {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": keys.data.arn},
                {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": failed.arn},
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": pulumi.Output.concat(logs.arn, ":*"),
                },
            ],
        }
    ),
)
aws.iam.RolePolicyAttachment(
    "rotation-network",
    role=role.name,
    policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
)
function = aws.lambda_.Function(
    "rotation",
    name=NAME,
    description="Changes the token of the acquirer",
    runtime="python3.13",
    handler="handler.rotate",
    code=pulumi.AssetArchive({"handler.py": pulumi.FileAsset("rotation/handler.py")}),
    role=role.arn,
    timeout=60,
    reserved_concurrent_executions=1,
    kms_key_arn=keys.data.arn,
    dead_letter_config={"target_arn": failed.arn},
    tracing_config={"mode": "Active"},
    vpc_config={
        "subnet_ids": [subnet.id for subnet in network.private_subnets],
        "security_group_ids": [network.rotation.id],
    },
    tags=tags("cardholder"),
    opts=pulumi.ResourceOptions(depends_on=[logs]),
)
permission = aws.lambda_.Permission(
    "rotation",
    function=function.name,
    action="lambda:InvokeFunction",
    principal="secretsmanager.amazonaws.com",
    source_account=ACCOUNT,
    source_arn=acquirer.arn,
)
aws.secretsmanager.SecretRotation(
    "acquirer",
    secret_id=acquirer.id,
    rotation_lambda_arn=function.arn,
    rotation_rules={"automatically_after_days": 30},
    opts=pulumi.ResourceOptions(depends_on=[permission]),
)
