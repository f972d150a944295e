"""Small accounts for tests: roles, users, groups and what acts as them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lychgate.reasoning.escalation import Principal
from lychgate.reasoning.iam import parse
from lychgate.reasoning.iam.rights import Prepared, Rights

ACCOUNT = "111122223333"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def arn(kind: str, name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:{kind}/{name}"


def allow(action: str | Sequence[str], resource: str | Sequence[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | Sequence[str], resource: str | Sequence[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trusting(principal: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


SERVICE = trusting({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]})


def role(
    name: str,
    *statements: Mapping[str, Any],
    trust: Mapping[str, Any] | None = SERVICE,
    boundary: Mapping[str, Any] | None = None,
    account: str = ACCOUNT,
    **more: Any,
) -> Principal:
    return _principal("role", name, statements, trust, boundary, account, **more)


def user(
    name: str, *statements: Mapping[str, Any], boundary: Mapping[str, Any] | None = None, **more: Any
) -> Principal:
    return _principal("user", name, statements, None, boundary, ACCOUNT, **more)


def group(name: str, *statements: Mapping[str, Any]) -> Principal:
    return _principal("group", name, statements, None, None, ACCOUNT)


def _principal(
    kind: Any,
    name: str,
    statements: Sequence[Mapping[str, Any]],
    trust: Mapping[str, Any] | None,
    boundary: Mapping[str, Any] | None,
    account: str,
    **more: Any,
) -> Principal:
    policies = [Prepared(parse(document(*statements), f"policy of {name}"))] if statements else []
    limit = None if boundary is None else parse(boundary, f"boundary of {name}")
    own = arn(kind, name, account)
    given = {
        "boundary": arn("policy", f"boundary-of-{name}", account) if boundary else "",
        "facts": {"aws:PrincipalArn": own, "aws:PrincipalAccount": account},
        **more,
    }
    return Principal(
        key=name,
        name=f"{kind} {name}",
        kind=kind,
        arn=own,
        account=account,
        rights=Rights(policies, limit),
        trust=None if trust is None else parse(trust, f"trust policy of role {name}"),
        **given,
    )
