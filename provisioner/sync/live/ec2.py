"""Security groups and their rules. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroup.html and
API_SecurityGroupRule.html"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone
from lychgate.provisioner.sync.live.saying import ident, tags, without_none

from lychgate.model.graph import Resource

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def security_group(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A group; its rules are resources of their own."""
    found = calls("ec2", "describe_security_groups", GroupIds=[ident(resource)])["SecurityGroups"][0]
    return {
        "name": found["GroupName"],
        "description": found["Description"],
        "vpcId": found.get("VpcId"),
        "tags": tags(found.get("Tags")),
    }


def rule(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A rule of a group."""
    found = calls("ec2", "describe_security_group_rules", SecurityGroupRuleIds=[ident(resource)])["SecurityGroupRules"]
    if not found or found[0].get("IsEgress", False) != (resource.type == EGRESS):
        raise Gone(ident(resource))
    return _rule(found[0])


def _rule(found: Mapping[str, Any]) -> dict[str, Any]:
    """A rule for every protocol (-1) has no ports."""
    every = found["IpProtocol"] == "-1"
    return {
        "securityGroupId": found["GroupId"],
        "ipProtocol": found["IpProtocol"],
        "fromPort": None if every else found.get("FromPort"),
        "toPort": None if every else found.get("ToPort"),
        "cidrIpv4": found.get("CidrIpv4"),
        "cidrIpv6": found.get("CidrIpv6"),
        "prefixListId": found.get("PrefixListId"),
        "referencedSecurityGroupId": (found.get("ReferencedGroupInfo") or {}).get("GroupId"),
        "description": found.get("Description") or None,
        "tags": tags(found.get("Tags")),
    }


def rules(calls: Calls, resource: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every rule of a group."""
    only = [{"Name": "group-id", "Values": [ident(resource)]}]
    for one in calls.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=only):
        type_ = EGRESS if one.get("IsEgress", False) else INGRESS
        yield type_, one["SecurityGroupRuleId"], without_none(**_rule(one))


READERS = {"aws:ec2/securityGroup:SecurityGroup": security_group, INGRESS: rule, EGRESS: rule}
PARTS = {"aws:ec2/securityGroup:SecurityGroup": rules}
