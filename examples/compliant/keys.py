"""The keys that everything here is encrypted with: one for data, one for messages, one for logs."""

import pulumi
import pulumi_aws as aws

from settings import ACCOUNT, PREFIX, REGION, config, tags

ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def key(name: str, purpose: str, classification: str, *services: dict) -> aws.kms.Key:
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
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [administration, use, *services]}),
        tags=tags(classification),
        opts=pulumi.ResourceOptions(protect=True),
    )
    aws.kms.Alias(name, name=f"alias/{PREFIX}-{name}", target_key_id=made.id)
    return made


def used_by(service: str, actions: list[str], condition: dict) -> dict:
    """A statement of a key's policy that lets a service of AWS use it."""
    return {
        "Sid": "UseByService",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": actions,
        "Resource": "*",
        "Condition": condition,
    }


data = key("data", "Cardholder data at rest", "cardholder")
messages = key(
    "messages",
    "Messages between the services of payments",
    "cardholder",
    used_by(
        "sns.amazonaws.com",
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    ),
)
logs = key(
    "logs",
    "Logs of payments",
    "internal",
    used_by(
        f"logs.{REGION}.amazonaws.com",
        ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"}},
    ),
)
