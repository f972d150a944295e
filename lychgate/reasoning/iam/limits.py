"""Whether a policy fits where it is to be attached: its size and the elements that its kind takes.

Sizes: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (white space does not count),
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html and the pages of the services.
Elements: reference_policies_elements_principal.html; RCPs: orgs_manage_policies_rcps_syntax.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from .language import Policy, Statement, parse

Place = Literal[
    "managed",
    "inline user",
    "inline group",
    "inline role",
    "trust",
    "session",
    "scp",
    "rcp",
    "s3",
    "sqs",
    "sns",
    "kms",
    "secretsmanager",
    "lambda",
    "ecr",
    "dynamodb",
]
# Characters. For the inline kinds the sum of all inline policies of the identity counts; trust is the default quota.
SIZES: dict[Place, int] = {
    "managed": 6_144,
    "inline user": 2_048,
    "inline group": 5_120,
    "inline role": 10_240,
    "trust": 2_048,
    "session": 2_048,
    "scp": 5_120,
    "rcp": 5_120,
    "s3": 20_480,
    "sns": 30_720,
    "kms": 32_768,
    "secretsmanager": 20_480,
    "lambda": 20_480,
    "dynamodb": 20_480,
}
_WITH_PRINCIPAL: frozenset[Place] = frozenset(
    {"trust", "rcp", "s3", "sqs", "sns", "kms", "secretsmanager", "lambda", "ecr", "dynamodb"}
)
_WITHOUT_RESOURCE: frozenset[Place] = frozenset({"trust", "ecr"})


def problems(document: str | Mapping[str, Any], place: Place) -> list[str]:
    """Why AWS would refuse the policy at this place, in sentences; empty if nothing is known against it.

    Raises PolicyError where it is no policy at all.
    """
    policy = parse(document)
    found = [sentence for statement in policy.statements for sentence in _elements(statement, place)]
    found += _twice(policy)
    size, limit = length(document), SIZES.get(place)
    if limit is not None and size > limit:
        found.append(f"the policy has {size} characters, {place} policies take {limit}")
    return found


def length(document: str | Mapping[str, Any]) -> int:
    """Characters of the policy without white space between its parts, as AWS counts them."""
    value = json.loads(document) if isinstance(document, str) else document
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _elements(statement: Statement, place: Place) -> list[str]:
    found = []
    if place in _WITH_PRINCIPAL and statement.principals is None:
        found.append(f"{statement.name} names no Principal, which {place} policies need")
    if place not in _WITH_PRINCIPAL and statement.principals is not None:
        found.append(f"{statement.name} names a Principal, which {place} policies cannot")
    if place == "trust" and statement.resources is not None:
        found.append(f"{statement.name} names a Resource, which trust policies cannot: they are about their role")
    if place not in _WITHOUT_RESOURCE and statement.resources is None:
        found.append(f"{statement.name} names no Resource, which {place} policies need")
    excluding = statement.principals is not None and statement.principals.excluded
    if excluding and (place in ("trust", "rcp") or statement.effect == "Allow"):
        found.append(f"{statement.name} uses NotPrincipal, which is only for a Deny in a resource's policy")
    return found


def _twice(policy: Policy) -> list[str]:
    names = [statement.sid for statement in policy.statements if statement.sid]
    return [f"the Sid {name!r} is used twice" for name in sorted({name for name in names if names.count(name) > 1})]
