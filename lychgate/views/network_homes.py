"""VPCs, and what AWS makes with them: the account's default VPC, default groups, main route tables, default ACLs.

A VPC brings along a main route table with local routes only, a network ACL that lets all through, and a default
security group (VPC User Guide). The account's default VPC is 172.31.0.0/16, its main table leads to an internet
gateway, and its subnets give every instance a public address
(https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html). A default thing is known by its VPC's
name, whether or not the program takes it over with a resource of its own.
"""

from __future__ import annotations

from typing import Any

from lychgate.model.graph import Resource
from lychgate.reasoning.network import Subnet, Unknown, Vpc
from lychgate.views import network_types as types
from lychgate.views.network_reading import Text, Translation

DEFAULT_CIDR = "172.31.0.0/16"
BLOCK_ASSOCIATIONS = {
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": "cidrBlock",
    "aws:ec2/vpcIpv6CidrBlockAssociation:VpcIpv6CidrBlockAssociation": "ipv6CidrBlock",
}
VPC_LOOKUP = "aws:ec2/getVpc:getVpc"
SUBNET_LOOKUPS = {"aws:ec2/getSubnets:getSubnets": "ids", "aws:ec2/getSubnet:getSubnet": "id"}

Place = tuple[str, str]


def group_of(vpc: str) -> str:
    """The default security group of a VPC."""
    return f"default sg of {vpc}"


def table_of(vpc: str) -> str:
    """The main route table that AWS made with a VPC."""
    return f"main route table of {vpc}"


def acl_of(vpc: str) -> str:
    """The default network ACL of a VPC."""
    return f"default network ACL of {vpc}"


# What a VPC brings along: its name, the types that stand for it, the VPC's outputs that name it, the property by which
# a resource takes it over.
BROUGHT = (
    (group_of, types.SECURITY_GROUPS, ("defaultSecurityGroupId",)),
    (table_of, types.ROUTE_TABLES, ("defaultRouteTableId", "mainRouteTableId")),
    (acl_of, types.NETWORK_ACLS, ("defaultNetworkAclId",)),
)
ADOPTIONS = {
    types.DEFAULT_ROUTE_TABLE: ("defaultRouteTableId", types.ROUTE_TABLES),
    types.DEFAULT_NETWORK_ACL: ("defaultNetworkAclId", types.NETWORK_ACLS),
}


def _texts(found: Any) -> list[str]:
    """What is known of one id or a list of them."""
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str)]


class Homes:
    """The VPCs of a network. `known`: their records; `default`: those that are an account's default VPC."""

    def __init__(self, t: Translation) -> None:
        self.t = t
        self.known: dict[str, Resource | None] = {}
        self.adopted: set[str] = set()
        self._default: dict[Place, str] = {}
        self._default_subnets: dict[str, str] = {}
        for resource, record in t.each(*types.VPCS):
            self._brings(resource, record)
        self._look_up()
        self._adopt()

    @property
    def default(self) -> set[str]:
        """The default VPCs that something stands in."""
        return set(self._default.values())

    def _brings(self, resource: Resource, record: str) -> None:
        self.known[record] = resource
        if resource.type == types.DEFAULT_VPC:
            self._default.setdefault(self._place(resource.stack, resource.outputs), record)
        for name, kinds, outputs in BROUGHT:
            for output in outputs:
                value = resource.outputs.get(output)
                if isinstance(value, str):
                    self.t.aliases[value] = name(record)
            for kind in kinds:
                self.t.defaults[resource.urn, kind] = name(record)

    def _place(self, stack: str, facts: dict[str, Any]) -> Place:
        info = self.t.graph.stacks.get(stack)
        region = facts.get("region")
        if not isinstance(region, str):
            region = info.region if info else ""
        return info.account if info else "", region

    def default_vpc(self, resource: Resource) -> str:
        """The default VPC of the account and region in which a resource stands."""
        return self._default_at(self._place(resource.stack, resource.properties | resource.outputs))

    def _default_at(self, place: Place) -> str:
        if place not in self._default:
            several = len({one.account for one in self.t.graph.stacks.values()}) > 1
            where = " ".join(part for part in (place[0] if several else "", place[1]) if part)
            self._default[place] = f"default vpc ({where})" if where else "default vpc"
            self.known[self._default[place]] = None
        return self._default[place]

    def default_subnet(self, resource: Resource) -> str:
        """A subnet of the default VPC, for what names none."""
        return self._subnet_of(self.default_vpc(resource))

    def _subnet_of(self, vpc: str) -> str:
        if vpc not in self._default_subnets:
            self._default_subnets[vpc] = f"default subnet of {vpc}"
            self.t.add(Subnet(self._default_subnets[vpc], vpc, DEFAULT_CIDR))
        return self._default_subnets[vpc]

    @property
    def default_subnets(self) -> set[str]:
        """The subnets that stand for any subnet of a default VPC."""
        return set(self._default_subnets.values())

    def _look_up(self) -> None:
        """Lookups that can only find the default VPC, or its subnets: all VPCs first, in whichever order they came."""
        t, lookups = self.t, self.t.graph.lookups
        for lookup in (one for one in lookups if one.token == VPC_LOOKUP and one.arguments.get("default") is True):
            for found in _texts(lookup.result.get("id")):
                t.aliases[found] = self._default_at(self._place(lookup.stack, lookup.arguments))
        for lookup in (one for one in lookups if one.token in SUBNET_LOOKUPS and self._of_default_vpc(one.arguments)):
            for found in _texts(lookup.result.get(SUBNET_LOOKUPS[lookup.token])):
                t.aliases[found] = self._subnet_of(self._default_at(self._place(lookup.stack, lookup.arguments)))

    def _of_default_vpc(self, arguments: dict[str, Any]) -> bool:
        given = {name: value for name, value in arguments.items() if value is not None}
        wanted: list[Any] = [given.pop("vpcId", None), given.pop("defaultForAz", None)]
        for one in given.pop("filters", ()):
            if not isinstance(one, dict) or one.get("name") not in ("vpc-id", "default-for-az"):
                return False
            wanted += one.get("values") or ()
        given.pop("region", None), given.pop("availabilityZone", None)
        wanted = [one for one in wanted if one is not None]
        return (
            not given and bool(wanted) and all(one is True or one == "true" or self._is_default(one) for one in wanted)
        )

    def _is_default(self, value: Any) -> bool:
        if isinstance(value, str) and self.t.aliases.get(value) in self._default.values():
            return True
        return self.t.graph.resolve(value, types.DEFAULT_VPC) is not None

    def _adopt(self) -> None:
        """Resources that take over what a VPC brought along get its name."""
        t = self.t
        for resource, record in t.each(types.DEFAULT_SECURITY_GROUP):
            vpc = t.reference(record, resource, "vpcId", *types.VPCS) or self.default_vpc(resource)
            if isinstance(vpc, str):
                self._take_over(resource, group_of(vpc))
        for type_, (property_, kinds) in ADOPTIONS.items():
            for resource, record in t.each(type_):
                name = t.reference(record, resource, property_, *kinds)
                if isinstance(name, str):
                    self._take_over(resource, name)

    def _take_over(self, resource: Resource, name: str) -> None:
        self.t.names.rename(resource, name)
        self.adopted.add(name)

    def translate(self, main_tables: dict[str, Text], acls: set[str]) -> None:
        """The records of the VPCs. `main_tables`: those that are given another main table; `acls`: default ACLs that
        have a record of their own, the others let all through."""
        blocks = self._blocks()
        for vpc, resource in self.known.items():
            cidrs = (DEFAULT_CIDR,) if resource is None else (*self._own_blocks(resource, vpc), *blocks.get(vpc, ()))
            acl = acl_of(vpc) if acl_of(vpc) in acls else None
            record = Vpc(vpc, cidrs, main_tables.get(vpc, table_of(vpc)), acl, group_of(vpc))
            self.t.add(record, resource)

    def groups(self) -> list[str]:
        """The default groups that no resource takes over."""
        return [group for vpc in self.known if (group := group_of(vpc)) not in self.adopted]

    def _own_blocks(self, resource: Resource, record: str) -> tuple[Text, ...]:
        t, read = self.t, resource.read
        v4 = DEFAULT_CIDR if resource.type == types.DEFAULT_VPC else t.text(record, read, "cidrBlock")
        v6 = t.text(record, read, "ipv6CidrBlock")
        generated = read.has("assignGeneratedIpv6CidrBlock") or read.has("ipv6IpamPoolId")
        if v6 is None and generated and t.flag(record, read, "assignGeneratedIpv6CidrBlock", True) is not False:
            v6 = Unknown(record, "ipv6CidrBlock")
        return (v4 or Unknown(record, "cidrBlock"), *((v6,) if v6 is not None else ()))

    def _blocks(self) -> dict[str, list[Text]]:
        found: dict[str, list[Text]] = {}
        for type_, property_ in BLOCK_ASSOCIATIONS.items():
            for resource, record in self.t.each(type_):
                vpc = self.t.reference(record, resource, "vpcId", *types.VPCS)
                if isinstance(vpc, str):
                    block = self.t.text(record, resource.read, property_) or Unknown(record, property_)
                    found.setdefault(vpc, []).append(block)
        return found
