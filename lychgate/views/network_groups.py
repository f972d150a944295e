"""Security groups with their rules, wherever these are declared, and prefix lists.

A group that Pulumi creates has no egress rule unless one is stated: the provider removes AWS's own
(https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/, "NOTE on Egress rules"). A VPC's default
group lets its members reach each other, and all of them out, until a DefaultSecurityGroup takes it over: that has the
rules that it states and no others (.../ec2/defaultsecuritygroup/).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from lychgate.model.graph import Resource
from lychgate.model.values import Block
from lychgate.reasoning.network import PrefixList, SecurityGroup, SecurityRule, Unknown
from lychgate.views import network_types as types
from lychgate.views.network_reading import Text, Translation

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
Rules = list[SecurityRule | Unknown]
# Lookups that find prefix lists; those of AWS's services are called `com.amazonaws...`.
LIST_LOOKUPS = ("aws:ec2/getPrefixList:getPrefixList", "aws:ec2/getManagedPrefixList:getManagedPrefixList")
AWS_OWN = "AWS's own"
SERVICE = "com.amazonaws."


def translate(t: Translation) -> None:
    """All groups and prefix lists."""
    separate: dict[str, Rules] = {}
    anywhere: list[Unknown] = []
    for resource, record in t.each(*types.GROUP_RULES):
        rule = _separate(t, resource, record)
        group = t.reference(record, resource, "securityGroupId", *types.SECURITY_GROUPS)
        group = t.group_of_rule[record] = group or Unknown(record, "securityGroupId")
        if isinstance(group, str):
            separate.setdefault(group, []).append(rule)
        else:
            anywhere.append(group)
            _group(t, declared_for(record), [rule])
    for resource, record in t.each(*types.SECURITY_GROUPS, external=True):
        rules = [] if resource.external else inline(t, resource, record)
        own: list[SecurityRule | Unknown] = [Unknown(record, "rules")] if resource.external else []
        _group(t, record, [*rules, *separate.get(record, ()), *own, *anywhere], resource)
    for group in t.implicit_groups:
        _group(t, group, [*_own(group), *separate.get(group, ()), *anywhere])
    _declared_elsewhere(t, separate)
    for group, rules in t.rules.items() if t.narrow else ():
        t.add(SecurityGroup(to_the_world(group), tuple(_without_narrow(t, rule) for rule in rules)))
    _prefix_lists(t)
    _service_lists(t)


def _group(t: Translation, record: str, rules: Rules, resource: Resource | None = None) -> None:
    t.rules.setdefault(record, []).extend(one for one in rules if one not in t.rules.get(record, ()))
    t.add(SecurityGroup(record, tuple(rules)), resource)


def to_the_world(group: str) -> str:
    """The record of a group's rules as far as they may open it to the world, where that is another one."""
    return f"{group}, without the blocks of VPCs"


def _without_narrow(t: Translation, rule: SecurityRule | Unknown) -> SecurityRule | Unknown:
    if isinstance(rule, Unknown):
        return rule
    return replace(rule, cidrs=tuple(one for one in rule.cidrs if one not in t.narrow))


def _own(group: str) -> tuple[SecurityRule, ...]:
    """What AWS puts into a group that it makes itself: members reach each other, and everything."""
    return (
        SecurityRule(f"{AWS_OWN} ingress rule of {group}", "ingress", "-1", self_reference=True),
        SecurityRule(f"{AWS_OWN} egress rule of {group}", "egress", "-1", cidrs=("0.0.0.0/0", "::/0")),
    )


def declared_for(group: str) -> str:
    """The record of what the program adds to a group that it does not manage."""
    return f"rules declared for {group}"


def _declared_elsewhere(t: Translation, separate: dict[str, Rules]) -> None:
    managed = {t.names.of(one) for one in t.graph.of_type(*types.SECURITY_GROUPS) if not one.external}
    for group, rules in separate.items():
        if group not in managed:
            _group(t, declared_for(group), rules)


def inline(t: Translation, resource: Resource, record: str) -> Rules:
    """The rules that stand in the group itself."""
    found: Rules = []
    for direction in DIRECTIONS:
        for index, block in enumerate(t.blocks(record, resource.read, direction)):
            if isinstance(block, Unknown):
                found.append(block)
            else:
                found.append(_old_form(t, resource, block, f"{direction}[{index}] of {record}", direction))
    return found


def _old_form(t: Translation, resource: Resource, block: Block, record: str, direction: Direction) -> SecurityRule:
    """A rule in the form of inline rules and of SecurityGroupRule."""
    groups = "securityGroups" if not block.has("sourceSecurityGroupId") else "sourceSecurityGroupId"
    rule = SecurityRule(
        record,
        direction,
        _protocol(t, record, block, "protocol"),
        t.number(record, block, "fromPort"),
        t.number(record, block, "toPort"),
        _addresses(t, record, block, "cidrBlocks", "ipv6CidrBlocks"),
        _without_accounts(t.references(record, resource, groups, *types.SECURITY_GROUPS, block=block)),
        lists(t, record, resource, block, "prefixListIds"),
        t.flag(record, block, "self"),
    )
    t.note(record)
    return rule


def _addresses(t: Translation, record: str, block: Block, *names: str) -> tuple[Text, ...]:
    return tuple(one for name in names for one in t.blocks_of_addresses(record, block, name))


def _protocol(t: Translation, record: str, block: Block, name: str) -> Text:
    return t.text(record, block, name) or Unknown(record, name)


def _separate(t: Translation, resource: Resource, record: str) -> SecurityRule | Unknown:
    read = resource.read
    if resource.type == types.GROUP_RULE:
        direction = t.text(record, read, "type")
        if isinstance(direction, Unknown):
            return direction
        return _old_form(t, resource, read, record, "egress" if direction == "egress" else "ingress")
    return SecurityRule(
        record,
        "ingress" if resource.type == types.INGRESS_RULE else "egress",
        _protocol(t, record, read, "ipProtocol"),
        t.number(record, read, "fromPort"),
        t.number(record, read, "toPort"),
        _addresses(t, record, read, "cidrIpv4", "cidrIpv6"),
        _without_accounts(t.references(record, resource, "referencedSecurityGroupId", *types.SECURITY_GROUPS)),
        lists(t, record, resource, read, "prefixListId"),
    )


def _without_accounts(groups: tuple[Text, ...]) -> tuple[Text, ...]:
    """Groups of another account are written ACCOUNT/GROUP."""
    return tuple(one.rpartition("/")[2] if isinstance(one, str) and one[:1].isdigit() else one for one in groups)


def lists(t: Translation, record: str, resource: Resource, block: Block, name: str) -> tuple[Text, ...]:
    """The prefix lists that a rule names."""
    return t.references(record, resource, name, types.PREFIX_LIST, types.VPC_ENDPOINT, block=block)


def _prefix_lists(t: Translation) -> None:
    separate: dict[str, list[Text]] = {}
    for resource, record in t.each(types.PREFIX_LIST_ENTRY):
        group = t.reference(record, resource, "prefixListId", types.PREFIX_LIST)
        if isinstance(group, str):
            separate.setdefault(group, []).append(t.text(record, resource.read, "cidr") or Unknown(record, "cidr"))
    for resource, record in t.each(types.PREFIX_LIST):
        cidrs: list[Text] = list(separate.get(record, ()))
        for block in t.blocks(record, resource.read, "entries"):
            known = block if isinstance(block, Unknown) else t.text(record, block, "cidr")
            cidrs.append(known or Unknown(record, "entries"))
        t.add(PrefixList(record, tuple(cidrs)), resource)


def _service_lists(t: Translation) -> None:
    """The addresses of an AWS service are neither the internet nor an endpoint of a VPC: they count as none."""
    for _, record in t.each(types.VPC_ENDPOINT):
        t.add(PrefixList(record, ()))
    for lookup in t.graph.lookups:
        if lookup.token in LIST_LOOKUPS and SERVICE in str(lookup.arguments):
            found = lookup.result.get("id")
            if isinstance(found, str):
                t.add(PrefixList(found, ()))
