"""What a declared use of a thing allows: by kind and mode, the actions on each part of it, and on the key behind it.

The one place that says so: the platform's components take the statements of their roles from here, and the rule
`iam-role-exceeds-declared-access` takes what it holds every role to.

Which actions a use needs: https://docs.aws.amazon.com/service-authorization/latest/reference/. Which of the key's, in
https://docs.aws.amazon.com/: AmazonS3/latest/userguide/UsingKMSEncryption.html (an upload in parts reads its parts
again), AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html, sns/latest/dg/sns-key-management.html,
amazondynamodb/latest/developerguide/encryption.howitworks.html,
secretsmanager/latest/userguide/security-encryption.html, streams/latest/dev/permissions-user-key-KMS.html,
systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Statement = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mode:
    """Actions by the part of a thing that they are on, and actions on the key that encrypts it, by way of its
    service."""

    rights: Mapping[str, tuple[str, ...]]
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: its service, as `kms:ViaService` calls it, and its modes. `tenant` makes the condition, by part,
    that keeps a tenant to its own share of what several use; where it is empty, AWS has none."""

    service: str
    modes: Mapping[str, Mode]
    tenant: Mapping[str, Callable[[str], Statement]] = field(default_factory=dict)


def _both(*modes: Mode) -> Mode:
    """What several modes allow together."""
    parts = dict.fromkeys(part for mode in modes for part in mode.rights)
    rights = {part: _sorted(action for mode in modes for action in mode.rights.get(part, ())) for part in parts}
    return Mode(rights, _sorted(action for mode in modes for action in mode.key))


def _sorted(actions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(actions)))


def _of_prefix(tenant: str) -> Statement:
    return {"StringLike": {"s3:prefix": f"{tenant}/*"}}


def _of_partitions(tenant: str) -> Statement:
    """All partition keys of a request are the tenant's, and there are some.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    keys = {"dynamodb:LeadingKeys": [tenant, f"{tenant}#*"]}
    return {"ForAllValues:StringLike": keys, "Null": {"dynamodb:LeadingKeys": "false"}}


_DECRYPT, _ENCRYPT = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
# Nothing deletes objects by reading or writing: their expiry does, and versions are kept in between.
_BUCKET_READ = Mode({"objects": ("s3:GetObject",), "itself": ("s3:ListBucket",)}, _DECRYPT)
_BUCKET_WRITE = Mode({"objects": ("s3:AbortMultipartUpload", "s3:PutObject")}, _ENCRYPT)
_QUEUE_SEND = Mode({"itself": ("sqs:GetQueueAttributes", "sqs:SendMessage")}, _ENCRYPT)
_QUEUE_RECEIVE = Mode(
    {
        "itself": (
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        )
    },
    _DECRYPT,
)
_PUBLISH = Mode({"itself": ("sns:Publish",)}, _ENCRYPT)
# No Scan: it reads, and is charged for, the whole table.
_TABLE_READ = Mode(
    {
        "items": ("dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query"),
        "itself": ("dynamodb:DescribeTable",),
    },
    _DECRYPT,
)
_TABLE_WRITE = Mode(
    {
        "items": ("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        "itself": ("dynamodb:DescribeTable",),
    },
    _DECRYPT,
)
_CONNECT = Mode({"writer": ("rds-db:connect",)})
_SECRET_READ = Mode({"itself": ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")}, _DECRYPT)
_STREAM_READ = Mode(
    {
        "itself": (
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        )
    },
    _DECRYPT,
)
_STREAM_WRITE = Mode(
    {"itself": ("kinesis:DescribeStreamSummary", "kinesis:PutRecord", "kinesis:PutRecords")}, ("kms:GenerateDataKey",)
)
_KEY_DECRYPT = Mode({"itself": ("kms:Decrypt", "kms:DescribeKey")})
_KEY_ENCRYPT = Mode({"itself": ("kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")})

KINDS: dict[str, Kind] = {
    "bucket": Kind(
        "s3",
        {
            "read": _BUCKET_READ,
            "write": _BUCKET_WRITE,
            "delete": Mode({"objects": ("s3:DeleteObject",)}),
            "use": _both(_BUCKET_READ, _BUCKET_WRITE),
        },
        {"itself": _of_prefix},
    ),
    "queue": Kind("sqs", {"send": _QUEUE_SEND, "receive": _QUEUE_RECEIVE, "use": _both(_QUEUE_SEND, _QUEUE_RECEIVE)}),
    "topic": Kind("sns", {"publish": _PUBLISH, "use": _PUBLISH}),
    "table": Kind(
        "dynamodb",
        {"read": _TABLE_READ, "write": _TABLE_WRITE, "use": _both(_TABLE_READ, _TABLE_WRITE)},
        {"items": _of_partitions},
    ),
    "database": Kind("rds", {"connect": _CONNECT, "read": Mode({"reader": ("rds-db:connect",)}), "use": _CONNECT}),
    "secret": Kind("secretsmanager", {"read": _SECRET_READ, "use": _SECRET_READ}),
    "parameter": Kind("ssm", {"read": Mode({"itself": ("ssm:GetParameter", "ssm:GetParameters")}, _DECRYPT)}),
    "stream": Kind(
        "kinesis", {"read": _STREAM_READ, "write": _STREAM_WRITE, "use": _both(_STREAM_READ, _STREAM_WRITE)}
    ),
    "function": Kind("lambda", {"invoke": Mode({"versions": ("lambda:InvokeFunction",)})}),
    "log-group": Kind("logs", {"write": Mode({"streams": ("logs:CreateLogStream", "logs:PutLogEvents")})}),
    "repository": Kind(
        "ecr",
        {
            "pull": Mode(
                {
                    "itself": ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                    "account": ("ecr:GetAuthorizationToken",),
                }
            )
        },
    ),
    "key": Kind(
        "kms",
        {"decrypt": _KEY_DECRYPT, "encrypt": _KEY_ENCRYPT, "use": _both(_KEY_DECRYPT, _KEY_ENCRYPT)},
    ),
    "role": Kind("sts", {"assume": Mode({"itself": ("sts:AssumeRole", "sts:TagSession")})}),
    # https://docs.aws.amazon.com/xray/latest/devguide/security_iam_id-based-policy-examples.html
    "tracing": Kind(
        "xray",
        {
            "write": Mode(
                {
                    "account": (
                        "xray:GetSamplingRules",
                        "xray:GetSamplingTargets",
                        "xray:PutTelemetryRecords",
                        "xray:PutTraceSegments",
                    )
                }
            )
        },
    ),
}
# Users of a database, which its migrations make with `GRANT rds_iam` or AWSAuthenticationPlugin: who writes, and who
# only reads. https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html
WRITER, READER = "application", "reader"


def parts_of(arn: str) -> dict[str, list[str]]:
    """The parts of a thing by its ARN; those of a database are its users, which are named by its id."""
    return {
        "itself": [arn],
        "versions": [arn, f"{arn}:*"],
        "objects": [f"{arn}/*"],
        "items": [arn, f"{arn}/index/*"],
        "streams": [f"{arn}:*"],
        "account": ["*"],
    }


def statements(
    kind: str, mode: str, parts: Mapping[str, Any], *, key: Any = None, region: str = "", tenant: str | None = None
) -> list[Statement]:
    """The statements of one use. `parts` maps a part to its ARNs, which may be anything that stands for one; `key` is
    the ARN of the customer managed key that encrypts the thing, used by way of its service in `region`. With `tenant`,
    of a tenant's share only. Raises KeyError for a kind or mode that there is not."""
    known = KINDS[kind]
    chosen = known.modes[mode]
    found: list[Statement] = []
    for part, actions in chosen.rights.items():
        one: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": parts[part]}
        if tenant is not None and part in known.tenant:
            one["Condition"] = known.tenant[part](tenant)
        found.append(one)
    if key is not None and chosen.key:
        found.append(via(known.service, region, key, chosen.key))
    return found


def via(service: str, region: str, key: Any, actions: Iterable[str]) -> Statement:
    """The statement that gives the use of a key by way of one service only.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": key,
        "Condition": {"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com"}},
    }
