"""A second tenant, taken on for the season: its bucket, queue and worker beside those of acme."""

import pulumi
import pulumi_aws as aws

import keys
import network
import storage
from permissions import boundary, trust
from settings import APPLICATION, ENVIRONMENT, tags

OWNER = {"tenant": "globex"}
NAME = f"{APPLICATION}-globex-{ENVIRONMENT}"

bucket = aws.s3.Bucket("globex-receipts", bucket=f"{NAME}-receipts", tags={**tags("cardholder"), **OWNER})
storage.encrypted("globex-receipts", bucket)
storage.versioned("globex-receipts", bucket)
storage.only_with_tls("globex-receipts", bucket)

group = aws.ec2.SecurityGroup(
    "globex-worker",
    name=f"{NAME}-worker",
    description="The worker of globex",
    vpc_id=network.vpc.id,
    tags={**tags("cardholder"), **OWNER},
)
aws.vpc.SecurityGroupIngressRule(
    "database-from-globex",
    security_group_id=network.database.id,
    referenced_security_group_id=group.id,
    ip_protocol="tcp",
    from_port=network.POSTGRES,
    to_port=network.POSTGRES,
    description="Until globex has a database of its own",
    tags=tags(),
)
role = aws.iam.Role(
    "globex-worker",
    name=f"{NAME}-worker",
    assume_role_policy=trust("ecs-tasks.amazonaws.com"),
    permissions_boundary=boundary.arn,
    tags={**tags("cardholder"), **OWNER},
)
aws.iam.RolePolicy(
    "globex-worker",
    role=role.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": pulumi.Output.concat(bucket.arn, "/*")},
                {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": storage.ledger.arn},
                {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": keys.data.arn},
            ],
        }
    ),
)
