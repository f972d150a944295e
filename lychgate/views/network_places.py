"""Subnets, route tables, network ACLs, NAT gateways, wherever their routes, entries and associations are declared."""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.model.values import Block
from lychgate.reasoning.network import AclEntry, NatGateway, NetworkAcl, Route, RouteTable, Subnet, Unknown
from lychgate.reasoning.network.addresses import block
from lychgate.reasoning.network.records import RouteTarget
from lychgate.views import network_types as types
from lychgate.views.network_facts import known_subnets
from lychgate.views.network_homes import Homes, acl_of, table_of
from lychgate.views.network_reading import Text, Translation

# Property of a route -> where it leads, and the types of its target.
TARGETS: dict[str, tuple[RouteTarget, tuple[str, ...]]] = {
    "natGatewayId": ("nat", (types.NAT_GATEWAY,)),
    "egressOnlyGatewayId": ("egress-only", (types.EGRESS_ONLY_GATEWAY,)),
    "vpcPeeringConnectionId": ("peering", (types.PEERING,)),
    "transitGatewayId": ("tgw", (types.TRANSIT_GATEWAY,)),
    "networkInterfaceId": ("appliance", (types.INTERFACE, *types.INSTANCES)),
    "instanceId": ("appliance", types.INSTANCES),
    "vpcEndpointId": ("appliance", (types.VPC_ENDPOINT,)),
    "coreNetworkArn": ("appliance", ()),
    "carrierGatewayId": ("vpn", ()),
    "localGatewayId": ("vpn", ()),
    "odbNetworkArn": ("vpn", ()),
}
# How ids begin: https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
GATEWAYS: dict[str, RouteTarget] = {"igw-": "igw", "vgw-": "vpn", "eigw-": "egress-only", "local": "local"}
DESTINATIONS = ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock")
ICMP = ("icmp", "1", "icmpv6", "58")
EVERYWHERE = (("0.0.0.0/0", 100), ("::/0", 101))


class Places:
    """The subnets of a network, with what an interface in them gets by itself: a public address, an IPv6 one."""

    def __init__(self, t: Translation, homes: Homes) -> None:
        self.t, self.homes = t, homes
        self.public: dict[str, bool | Unknown] = {}
        self.ipv6: dict[str, bool | Unknown] = {}
        self._with_record: set[str] = set()
        self._known_tables: dict[str, tuple[Resource, Text]] = {}
        self._gateways: dict[str, RouteTarget] = {
            **{t.names.of(one): "igw" for one in t.graph.of_type(types.INTERNET_GATEWAY)},
            **{t.names.of(one): "vpn" for one in t.graph.of_type(types.VPN_GATEWAY)},
        }

    def subnets(self) -> None:
        """The subnets and the ACLs: what endpoints ask for comes first."""
        t = self.t
        tables = self._associations(types.ROUTE_TABLE_ASSOCIATION, "routeTableId", types.ROUTE_TABLES)
        acls = self._associations(types.NETWORK_ACL_ASSOCIATION, "networkAclId", types.NETWORK_ACLS)
        self._inline_associations(acls)
        self._with_record = self._acls()
        for resource, record in t.each(*types.SUBNETS):
            default = resource.type == types.DEFAULT_SUBNET
            vpc = self.homes.default_vpc(resource) if default else t.reference(record, resource, "vpcId", *types.VPCS)
            acl = acls.get(record, acls.get(""))
            if isinstance(acl, str) and acl.startswith(acl_of("")) and acl not in self._with_record:
                acl = None  # AWS's own lets all through
            self.public[record] = t.flag(record, resource.read, "mapPublicIpOnLaunch", default)
            self.ipv6[record] = t.flag(record, resource.read, "assignIpv6AddressOnCreation")
            cidr, ipv6 = self._blocks(resource, record)
            table = tables.get(record, tables.get(""))
            t.add(Subnet(record, vpc or Unknown(record, "vpcId"), cidr, ipv6, table, acl), resource)
        self._known_subnets(tables, acls)

    def _known_subnets(self, tables: dict[str, Text], acls: dict[str, Text]) -> None:
        """Those outside of the program that the invoker tells of. AWS refuses another table while a subnet has one, so
        that what the program attaches counts where the told table leads nowhere, and is doubtful elsewhere."""
        t = self.t
        for known in known_subnets(t.graph):
            record, read = known.id, known.own.read
            vpc = t.reference(record, known.own, "vpcId", *types.VPCS) or Unknown(record, "vpcId")
            if read.has("mapPublicIpOnLaunch"):
                self.public[record] = t.flag(record, read, "mapPublicIpOnLaunch")
            if read.has("assignIpv6AddressOnCreation"):
                self.ipv6[record] = t.flag(record, read, "assignIpv6AddressOnCreation")
            cidr = t.text(record, read, "cidrBlock") or Unknown(record, "cidrBlock")
            ipv6 = t.text(record, read, "ipv6CidrBlock") if read.has("ipv6CidrBlock") else Unknown(record, "IPv6 block")
            table = tables.get(record, tables.get(""))
            if known.table is not None:
                self._known_tables[known.table.name] = (known.table, vpc)
                if table is None:
                    table = known.table.name
                elif table != known.table.name and known.table.properties["routes"]:
                    table = t.unknown(record, "route table", "the program attaches another than lychgate.yaml tells")
            acl = acls.get(record) or Unknown(record, "network ACL")
            t.add(Subnet(record, vpc, cidr, ipv6, table or Unknown(record, "route table"), acl))

    def others(self) -> None:
        """The VPCs, also those that something stands in by default, their route tables and NAT gateways."""
        t = self.t
        main = self._associations(types.MAIN_ROUTE_TABLE_ASSOCIATION, "routeTableId", types.ROUTE_TABLES, "vpcId")
        for resource, record in t.each(types.NAT_GATEWAY):
            subnet = t.reference(record, resource, "subnetId", *types.SUBNETS) or Unknown(record, "subnetId")
            kind = t.text(record, resource.read, "connectivityType")
            t.add(NatGateway(record, subnet, kind if isinstance(kind, Unknown) else kind != "private"), resource)
        self.homes.translate(main, self._with_record)
        self._route_tables()

    def assigns_public(self, subnets: tuple[Text, ...]) -> bool | Unknown:
        """Whether an interface in any of these subnets gets a public IPv4 address by itself."""
        return self._assigned(subnets, self.public, True, "mapPublicIpOnLaunch")

    def assigns_ipv6(self, subnets: tuple[Text, ...]) -> bool | Unknown:
        """Whether an interface in any of these subnets gets an IPv6 address by itself."""
        return self._assigned(subnets, self.ipv6, False, "assignIpv6AddressOnCreation")

    def _assigned(
        self, subnets: tuple[Text, ...], known: dict[str, bool | Unknown], default: bool, field: str
    ) -> bool | Unknown:
        doubt: bool | Unknown = False
        for subnet in subnets:
            if isinstance(subnet, Unknown):
                flag: bool | Unknown = subnet
            elif subnet in self.homes.default_subnets:
                flag = default
            else:
                flag = known.get(subnet, Unknown(subnet, field))
            if flag is True:
                return True
            doubt = flag if isinstance(flag, Unknown) else doubt
        return doubt

    def _blocks(self, resource: Resource, record: str) -> tuple[Text | None, Text | None]:
        t, read = self.t, resource.read
        v4, v6 = t.text(record, read, "cidrBlock"), t.text(record, read, "ipv6CidrBlock")
        if v6 is None and (read.has("ipv6IpamPoolId") or read.has("ipv6NetmaskLength")):
            v6 = Unknown(record, "ipv6CidrBlock")
        if v4 is None and t.flag(record, read, "ipv6Native") is not True:
            v4 = "172.31.0.0/16" if resource.type == types.DEFAULT_SUBNET else Unknown(record, "cidrBlock")
        return v4, v6

    # Associations

    def _associations(self, type_: str, to: str, types_: tuple[str, ...], of: str = "subnetId") -> dict[str, Text]:
        """Subnet (or VPC) -> what it is associated with. Under the empty name: what may be anyone's."""
        t, found = self.t, dict[str, Text]()
        targets = types.VPCS if of == "vpcId" else types.SUBNETS
        for resource, record in t.each(type_):
            if not resource.read.has(of):
                continue  # of a gateway
            name = t.reference(record, resource, of, *targets)
            table = t.reference(record, resource, to, *types_) or Unknown(record, to)
            if isinstance(name, str):
                found.setdefault(name, table)
            elif name is not None:
                found.setdefault("", name)
        return found

    def _inline_associations(self, acls: dict[str, Text]) -> None:
        for resource, record in self.t.each(*types.NETWORK_ACLS):
            for subnet in self.t.references(record, resource, "subnetIds", *types.SUBNETS):
                if isinstance(subnet, str):
                    acls.setdefault(subnet, record)
                else:
                    acls.setdefault("", subnet)

    # Route tables

    def _route_tables(self) -> None:
        t = self.t
        routes: dict[str, list[Route | Unknown]] = {}
        anywhere: list[Unknown] = []
        for resource, record in t.each(types.ROUTE):
            table = t.reference(record, resource, "routeTableId", *types.ROUTE_TABLES)
            if isinstance(table, str):
                routes.setdefault(table, []).append(self._route(resource, resource.read, record))
            else:
                anywhere.append(table or Unknown(record, "routeTableId"))
        made = set()
        for resource, record in t.each(*types.ROUTE_TABLES):
            own = [
                block if isinstance(block, Unknown) else self._route(resource, block, f"routes[{index}] of {record}")
                for index, block in enumerate(t.blocks(record, resource.read, "routes"))
            ]
            vpc = t.reference(record, resource, "vpcId", *types.VPCS) or self._vpc_of_main(record)
            t.add(RouteTable(record, vpc, (*own, *routes.get(record, ()), *anywhere)), resource)
            made.add(record)
        homes = {table_of(vpc) for vpc in self.homes.known}
        strangers = [
            one for name, row in routes.items() if name not in made | homes | self._known_tables.keys() for one in row
        ]
        for name, (resource, vpc) in self._known_tables.items():
            own = [
                block if isinstance(block, Unknown) else self._route(resource, block, f"routes[{index}] of {name}")
                for index, block in enumerate(t.blocks(name, resource.read, "routes"))
            ]
            added = routes.get(name, [])
            doubts = [*_refused(added, own), *anywhere]
            if resource.id is None:  # a table whose id is not told may be any that is not known
                doubts += [Unknown(one.id if isinstance(one, Route) else name, "routeTableId") for one in strangers]
            t.add(RouteTable(name, vpc, (*added, *own, *doubts)))
        for vpc in self.homes.known:
            if table_of(vpc) not in made:
                own = [_to_internet(vpc)] if vpc in self.homes.default else []
                t.add(RouteTable(table_of(vpc), vpc, (*own, *routes.get(table_of(vpc), ()), *anywhere)))

    def _vpc_of_main(self, record: str) -> Text:
        return next((vpc for vpc in self.homes.known if table_of(vpc) == record), Unknown(record, "vpcId"))

    def _route(self, resource: Resource, block: Block, record: str) -> Route:
        t = self.t
        destination: Text | None = None
        for name in DESTINATIONS:
            destination = destination or t.text(record, block, name)
        listed = False
        if destination is None:
            kinds = (types.PREFIX_LIST, types.VPC_ENDPOINT)
            destination = t.reference(record, resource, "destinationPrefixListId", *kinds, block=block)
            listed = destination is not None
        kind, target = self._target(resource, block, record)
        t.note(record)
        return Route(record, destination or Unknown(record, "destination"), kind, target, listed)

    def _target(self, resource: Resource, block: Block, record: str) -> tuple[RouteTarget | Unknown, Text | None]:
        t = self.t
        if block.has("gatewayId"):
            gateways = (types.INTERNET_GATEWAY, types.VPN_GATEWAY, types.VPC_ENDPOINT)
            found = t.reference(record, resource, "gatewayId", *gateways, block=block)
            return self._gateway(found or Unknown(record, "gatewayId")), found
        for name, (kind, kinds) in TARGETS.items():
            if block.has(name):
                return kind, t.reference(record, resource, name, *kinds, block=block)
        return Unknown(record, "target"), None

    def _gateway(self, name: Text) -> RouteTarget | Unknown:
        if isinstance(name, Unknown):
            return name
        for prefix, kind in GATEWAYS.items():
            if name.startswith(prefix):
                return kind
        return self._gateways.get(name, "appliance")

    # Network ACLs

    def _acls(self) -> set[str]:
        """The ACLs, and which of them there are. A default one that nothing changes has no record."""
        t = self.t
        entries: dict[str, list[AclEntry | Unknown]] = {}
        anywhere: list[Unknown] = []
        for resource, record in t.each(types.NETWORK_ACL_RULE):
            acl = t.reference(record, resource, "networkAclId", *types.NETWORK_ACLS)
            if isinstance(acl, str):
                entries.setdefault(acl, []).append(self._separate_entry(resource.read, record))
            else:
                anywhere.append(acl or Unknown(record, "networkAclId"))
        made = set()
        for resource, record in t.each(*types.NETWORK_ACLS):
            own = [
                block if isinstance(block, Unknown) else self._entry(block, f"{way}[{index}] of {record}", way)
                for way in ("ingress", "egress")
                for index, block in enumerate(t.blocks(record, resource.read, way))
            ]
            t.add(NetworkAcl(record, (*own, *entries.get(record, ()), *anywhere)), resource)
            made.add(record)
        for vpc in self.homes.known:
            acl = acl_of(vpc)
            if acl not in made and acl in entries:
                t.add(NetworkAcl(acl, (*_all_through(acl), *entries[acl], *anywhere)))
                made.add(acl)
        return made

    def _entry(self, block: Block, record: str, way: str) -> AclEntry:
        t = self.t
        action = t.text(record, block, "action")
        number = t.number(record, block, "ruleNo")
        return self._made(block, record, way, action, number)

    def _separate_entry(self, block: Block, record: str) -> AclEntry | Unknown:
        t = self.t
        egress = t.flag(record, block, "egress")
        if isinstance(egress, Unknown):
            return egress
        action, number = t.text(record, block, "ruleAction"), t.number(record, block, "ruleNumber")
        return self._made(block, record, "egress" if egress else "ingress", action, number)

    def _made(self, block: Block, record: str, way: str, action: Text | None, number: int | Unknown | None) -> AclEntry:
        t = self.t
        protocol = t.text(record, block, "protocol") or Unknown(record, "protocol")
        icmp = isinstance(protocol, str) and protocol.lower() in ICMP
        cidr = t.text(record, block, "cidrBlock") or t.text(record, block, "ipv6CidrBlock")
        entry = AclEntry(
            record,
            Unknown(record, "number") if number is None else number,
            "egress" if way == "egress" else "ingress",
            action if isinstance(action, Unknown) else (action or "").lower() == "allow",
            protocol,
            t.number(record, block, "icmpType" if icmp else "fromPort"),
            t.number(record, block, "icmpCode" if icmp else "toPort"),
            cidr or Unknown(record, "cidrBlock"),
        )
        t.note(record)
        return entry


def _refused(added: list[Route | Unknown], told: list[Route | Unknown]) -> list[Unknown]:
    """Doubts about the routes that the program makes where a table has another for the destination: AWS refuses them,
    unless they are the told ones, changed. One to the internet counts at once."""
    pairs = ((one, other) for one in added for other in told if isinstance(one, Route) and isinstance(other, Route))
    return [
        Unknown(one.id, "destination, which has another route in lychgate.yaml")
        for one, other in pairs
        if one.kind != "igw" and (one.kind, one.target) != (other.kind, other.target) and _meet(one, other)
    ]


def _meet(one: Route, other: Route) -> bool:
    """Whether two routes are for the same destination; two that nobody can read are left to what reads them."""
    if isinstance(one.destination, Unknown) or isinstance(other.destination, Unknown) or one.prefix_list:
        return one.destination == other.destination
    try:
        return one.destination == other.destination or block(one.destination) == block(other.destination)
    except ValueError:
        return False


def _to_internet(vpc: str) -> Route:
    return Route(f"AWS's own route of {table_of(vpc)}", "0.0.0.0/0", "igw", f"igw of {vpc}")


def _all_through(acl: str) -> list[AclEntry]:
    """https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html"""
    return [
        AclEntry(f"AWS's own {way} entry {number} of {acl}", number, way, True, "-1", None, None, cidr)
        for way in ("ingress", "egress")
        for cidr, number in EVERYWHERE
    ]
