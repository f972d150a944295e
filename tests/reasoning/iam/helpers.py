"""Short ways to write policies in tests."""

from __future__ import annotations

from typing import Any

from lychgate.reasoning.iam import Policy, parse

ACCOUNT = "111122223333"
OTHER = "444455556666"
USER = f"arn:aws:iam::{ACCOUNT}:user/ana"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/api"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/api/i-1"


def allow(action: Any = "s3:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return statement("Allow", action, resource, **more)


def deny(action: Any = "s3:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return statement("Deny", action, resource, **more)


def statement(effect: str, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    """`condition=`, `principal=`, `not_principal=`, `not_action=True`, `not_resource=True`, `sid=`."""
    found: dict[str, Any] = {"Effect": effect}
    found["NotAction" if more.pop("not_action", False) else "Action"] = action
    if resource is not None:
        found["NotResource" if more.pop("not_resource", False) else "Resource"] = resource
    names = {"condition": "Condition", "principal": "Principal", "not_principal": "NotPrincipal", "sid": "Sid"}
    return {**found, **{names[name]: value for name, value in more.items()}}


def policy(*statements: dict[str, Any], label: str = "policy", version: str = "2012-10-17") -> Policy:
    return parse({"Version": version, "Statement": list(statements)}, label)
