"""Roles and what they may do. https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone
from lychgate.provisioner.sync.live.saying import ident, said, tags

from lychgate.model.graph import Resource

INLINE, ATTACHED = "aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


def role(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A role."""
    found = calls("iam", "get_role", RoleName=ident(resource))["Role"]
    return {
        "name": found["RoleName"],
        "path": found.get("Path"),
        "description": found.get("Description", ""),
        "assumeRolePolicy": found["AssumeRolePolicyDocument"],
        "permissionsBoundary": (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        "maxSessionDuration": found.get("MaxSessionDuration"),
        "tags": tags(found.get("Tags")),
    }


def inline_policy(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A policy inside of a role; the provider's id is ROLE:NAME."""
    owner, _, last = ident(resource).partition(":")
    owner, name = str(resource.properties.get("role") or owner), str(resource.properties.get("name") or last)
    return _inline(calls, owner, name)


def _inline(calls: Calls, owner: str, name: str) -> dict[str, Any]:
    found = calls("iam", "get_role_policy", RoleName=owner, PolicyName=name)
    return {"role": found["RoleName"], "name": found["PolicyName"], "policy": found["PolicyDocument"]}


def attachment(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A managed policy on a role."""
    owner, arn = said(resource, "role"), said(resource, "policyArn")
    found = calls.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=owner)
    if arn not in [one["PolicyArn"] for one in found]:
        raise Gone(f"{arn} is not attached to {owner}")
    return {"role": owner, "policyArn": arn}


def policies(calls: Calls, resource: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Everything that a role may do."""
    owner = ident(resource)
    for name in calls.pages("iam", "list_role_policies", "PolicyNames", RoleName=owner):
        yield INLINE, f"{owner}:{name}", _inline(calls, owner, name)
    for one in calls.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=owner):
        arn = one["PolicyArn"]
        yield ATTACHED, f"{owner}/{arn}", {"role": owner, "policyArn": arn}


READERS = {"aws:iam/role:Role": role, INLINE: inline_policy, ATTACHED: attachment}
PARTS = {"aws:iam/role:Role": policies}
