"""Roles and what they may do. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""

from __future__ import annotations

import uuid

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, first, given, pairs, retag
from tests.engine.plugins.wire import Properties

MADE_WITH = {
    "name": "RoleName", "path": "Path", "description": "Description", "assumeRolePolicy": "AssumeRolePolicyDocument",
    "permissionsBoundary": "PermissionsBoundary", "maxSessionDuration": "MaxSessionDuration",
}  # fmt: skip


def create(cloud: Cloud, inputs: Properties) -> str:
    made = cloud("iam").create_role(Tags=pairs(all_tags(inputs)), **given(inputs, MADE_WITH))
    return str(made["Role"]["RoleName"])


def outputs(cloud: Cloud, name: str, known: Properties) -> Properties:
    found = cloud("iam").get_role(RoleName=name)["Role"]
    return {
        "arn": found["Arn"], "name": found["RoleName"], "uniqueId": found["RoleId"],
        "createDate": found["CreateDate"].isoformat(),
    }  # fmt: skip


def update(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    iam = cloud("iam")
    if differs(old, new, "assumeRolePolicy"):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=new["assumeRolePolicy"])
    if differs(old, new, "description", "maxSessionDuration"):
        names = {"maxSessionDuration": "MaxSessionDuration"}
        iam.update_role(RoleName=name, Description=new.get("description", ""), **given(new, names))
    if differs(old, new, "permissionsBoundary"):
        if boundary := new.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        else:
            iam.delete_role_permissions_boundary(RoleName=name)
    retag(
        old, new,
        lambda tags: iam.tag_role(RoleName=name, Tags=pairs(tags)),
        lambda names: iam.untag_role(RoleName=name, TagKeys=names),
    )  # fmt: skip


def put_policy(cloud: Cloud, inputs: Properties) -> str:
    owner, name = inputs["role"], inputs["name"]
    cloud("iam").put_role_policy(RoleName=owner, PolicyName=name, PolicyDocument=inputs["policy"])
    return f"{owner}:{name}"


def policy(cloud: Cloud, ident: str, known: Properties) -> Properties:
    owner, _, name = ident.partition(":")
    found = cloud("iam").get_role_policy(RoleName=owner, PolicyName=name)
    return {"role": found["RoleName"], "name": found["PolicyName"]}


def delete_policy(cloud: Cloud, ident: str, known: Properties) -> None:
    owner, _, name = ident.partition(":")
    cloud("iam").delete_role_policy(RoleName=owner, PolicyName=name)


def attach(cloud: Cloud, inputs: Properties) -> str:
    """Its id is made up: https://github.com/hashicorp/terraform-provider-aws, iam/role_policy_attachment.go"""
    cloud("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return f"{inputs['role']}-{uuid.uuid4().hex[:26]}"


def attached(cloud: Cloud, ident: str, known: Properties) -> Properties | None:
    pages = cloud("iam").get_paginator("list_attached_role_policies").paginate(RoleName=known["role"])
    arns = (one["PolicyArn"] for page in pages for one in page["AttachedPolicies"])
    return None if first(arn for arn in arns if arn == known["policyArn"]) is None else {}


def detach(cloud: Cloud, ident: str, known: Properties) -> None:
    cloud("iam").detach_role_policy(RoleName=known["role"], PolicyArn=known["policyArn"])


KINDS = {
    "aws:iam/role:Role": Kind(
        frozenset({*MADE_WITH, "forceDetachPolicies"}), create,
        lambda cloud, name, known: cloud("iam").delete_role(RoleName=name), outputs, update, frozenset({"path"}),
    ),
    "aws:iam/rolePolicy:RolePolicy": Kind(
        frozenset({"role", "name", "policy"}), put_policy, delete_policy, policy,
        lambda cloud, ident, old, new: put_policy(cloud, new), frozenset({"role"}),
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Kind(
        frozenset({"role", "policyArn"}), attach, detach, attached
    ),
}  # fmt: skip
