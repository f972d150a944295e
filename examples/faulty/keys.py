"""The keys that everything here is encrypted with: one for data, one for messages, one for logs."""

import pulumi
import pulumi_aws as aws

from settings import ACCOUNT, PREFIX, REGION, config, tags

ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def key(name: str, purpose: str, classification: str, *services: dict, rotated: bool = True) -> aws.kms.Key:
    """A key that the account administers and IAM policies give use of; `services` are more statements."""
    administration = {
        "Sid": "Administration",
        "Effect": "Allow",
        "Principal": {"AWS": config.require("deployers")},
        "Action": [
            "kms:CancelKeyDeletion", "kms:DescribeKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
            "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription",
        ],
        "Resource": "*",
    }  # fmt: skip
    use = {
        "Sid": "UseAsIamPoliciesSay",
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    }
    made = aws.kms.Key(
        name,
        description=purpose,
        enable_key_rotation=rotated,
        deletion_window_in_days=30,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [administration, use, *services]}),
        tags=tags(classification),
        opts=pulumi.ResourceOptions(protect=True),
    )
    aws.kms.Alias(name, name=f"alias/{PREFIX}-{name}", target_key_id=made.id)
    return made


data = key("data", "Cardholder data at rest", "cardholder", rotated=False)
messages = key(
    "messages",
    "Messages between the services of checkout",
    "cardholder",
    {
        "Sid": "Partners",
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    },
)
logs = key(
    "logs",
    "Logs of checkout",
    "internal",
    {
        "Sid": "UseByService",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"}
        },
    },
)
