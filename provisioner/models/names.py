"""Names: what people may write, and what stacks are called.

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
