"""Security groups and their rules. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html"""

from __future__ import annotations

from typing import Any

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, given, pairs, retag
from tests.engine.plugins.wire import Properties

SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
RULE = frozenset({"securityGroupId", "ipProtocol", "fromPort", "toPort", "description", *SOURCES})


def create(cloud: Cloud, inputs: Properties) -> str:
    ident = cloud("ec2").create_security_group(
        GroupName=inputs["name"], Description=inputs["description"], VpcId=inputs["vpcId"],
        **_tagged("security-group", inputs),
    )["GroupId"]  # fmt: skip
    # AWS gives a group a rule to everywhere, which the provider takes away.
    every = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    cloud("ec2").revoke_security_group_egress(GroupId=ident, IpPermissions=every)
    return str(ident)


def _tagged(kind: str, inputs: Properties) -> dict[str, Any]:
    tags = pairs(all_tags(inputs))
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def outputs(cloud: Cloud, ident: str, known: Properties) -> Properties:
    found = cloud("ec2").describe_security_groups(GroupIds=[ident])["SecurityGroups"][0]
    arn = f"arn:aws:ec2:{cloud.region}:{found['OwnerId']}:security-group/{ident}"
    return {"arn": arn, "ownerId": found["OwnerId"], "vpcId": found["VpcId"]}


def retag_ec2(cloud: Cloud, ident: str, old: Properties, new: Properties) -> None:
    retag(
        old, new,
        lambda tags: cloud("ec2").create_tags(Resources=[ident], Tags=pairs(tags)),
        lambda names: cloud("ec2").delete_tags(Resources=[ident], Tags=[{"Key": name} for name in names]),
    )  # fmt: skip


def _permission(inputs: Properties) -> dict[str, Any]:
    """A rule in the words of AuthorizeSecurityGroupIngress."""
    description = given(inputs, {"description": "Description"})
    made: dict[str, Any] = {"IpProtocol": inputs["ipProtocol"]}
    made |= given(inputs, {"fromPort": "FromPort", "toPort": "ToPort"})
    for ours, theirs, key in (
        ("cidrIpv4", "IpRanges", "CidrIp"),
        ("cidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        ("prefixListId", "PrefixListIds", "PrefixListId"),
        ("referencedSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ):
        if inputs.get(ours):
            made[theirs] = [{key: inputs[ours], **description}]
    return made


def _rule(direction: str) -> Kind:
    """A rule that comes in, or goes out."""

    def authorize(cloud: Cloud, inputs: Properties) -> str:
        call = getattr(cloud("ec2"), f"authorize_security_group_{direction}")
        made = call(
            GroupId=inputs["securityGroupId"], IpPermissions=[_permission(inputs)],
            **_tagged("security-group-rule", inputs),
        )  # fmt: skip
        return str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def revoke(cloud: Cloud, ident: str, known: Properties) -> None:
        call = getattr(cloud("ec2"), f"revoke_security_group_{direction}")
        call(GroupId=known["securityGroupId"], SecurityGroupRuleIds=[ident])

    return Kind(RULE, authorize, revoke, rule, change, frozenset({"securityGroupId"}))


def rule(cloud: Cloud, ident: str, known: Properties) -> Properties | None:
    found = cloud("ec2").describe_security_group_rules(SecurityGroupRuleIds=[ident])["SecurityGroupRules"]
    if not found:
        return None
    owner = outputs(cloud, found[0]["GroupId"], known)["ownerId"]  # moto leaves it out of a rule
    arn = f"arn:aws:ec2:{cloud.region}:{owner}:security-group-rule/{ident}"
    return {"arn": arn, "securityGroupRuleId": ident}


def change(cloud: Cloud, ident: str, old: Properties, new: Properties) -> None:
    if differs(old, new, *(RULE - {"securityGroupId"})):
        names = {
            "ipProtocol": "IpProtocol", "fromPort": "FromPort", "toPort": "ToPort", "description": "Description",
            "cidrIpv4": "CidrIpv4", "cidrIpv6": "CidrIpv6", "prefixListId": "PrefixListId",
            "referencedSecurityGroupId": "ReferencedGroupId",
        }  # fmt: skip
        rules = [{"SecurityGroupRuleId": ident, "SecurityGroupRule": given(new, names)}]
        cloud("ec2").modify_security_group_rules(GroupId=new["securityGroupId"], SecurityGroupRules=rules)
    retag_ec2(cloud, ident, old, new)


KINDS = {
    "aws:ec2/securityGroup:SecurityGroup": Kind(
        frozenset({"name", "description", "vpcId", "revokeRulesOnDelete"}), create,
        lambda cloud, ident, known: cloud("ec2").delete_security_group(GroupId=ident), outputs, retag_ec2,
        frozenset({"description", "vpcId"}),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule("ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule("egress"),
}  # fmt: skip
