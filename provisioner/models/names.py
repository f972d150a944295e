"""Names: what people may write, and how long what is made of them may become.

A stack is named APPLICATION.ENVIRONMENT.TENANT. No name holds a dot, so no two stacks share one.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

# A label of DNS (RFC 1123) that begins with a letter and holds no two hyphens in a row, as RDS wants its identifiers:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html
NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
Name = Annotated[str, Field(pattern=NAME, max_length=30)]

SINGLE = "single"
SHARED = "shared"
RESERVED = (SINGLE, SHARED)

# The longest physical name per kind, as its service allows, less what a component adds to it itself.
LONGEST = {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (63, with `-` and the account's 12)
    "bucket": 50,
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html (80, `-failed.fifo`)
    "queue": 68,
    # https://docs.aws.amazon.com/general/latest/gr/sns.html (256, `.fifo`)
    "topic": 251,
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    "table": 255,
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/CHAP_Limits.html (63, with `-12` of an instance and
    # the `-final` of its last snapshot)
    "database": 57,
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
    "secret": 512,
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (role names)
    "workload": 64,
    # https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ (a namespace is a DNS label)
    "namespace": 63,
}


def stack_name(application: str, environment: str, tenant: str) -> str:
    """The name of a stack."""
    return f"{application}.{environment}.{tenant}"


def parts_of(stack: str) -> tuple[str, str, str] | None:
    """Application, environment and tenant of a stack's name; None for any other name."""
    parts = stack.split(".")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 and all(parts) else None


def prefix(application: str, environment: str, tenant: str) -> str:
    """What the physical names of a stack's things begin with."""
    return f"{application}-{environment}-{tenant}"
