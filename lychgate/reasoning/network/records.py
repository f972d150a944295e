"""Plain records of an AWS network: what views fill in, and `Network` reasons on.

An `id` is any string that is unique among the records; a reference names such an id. Every field that may be unknown
takes an `Unknown` in the value's place, and a list may hold an `Unknown` for members that nobody knows ("perhaps
more"). A reference to an id that is not among the records (a looked-up thing) counts as unknown, never as absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lychgate.reasoning.network.answers import Unknown

Text = str | Unknown
Number = int | Unknown
Flag = bool | Unknown
Texts = tuple[Text, ...]

# Where a route leads. "local" stays in the VPC; "appliance" is a network interface, instance, Gateway Load Balancer
# endpoint or anything else whose own filtering is not known here; "gateway-endpoint" is a VPC gateway endpoint (S3,
# DynamoDB); "vpn" a virtual private gateway, Outpost or carrier gateway; "none" a blackhole.
RouteTarget = Literal[
    "local", "igw", "nat", "egress-only", "peering", "tgw", "gateway-endpoint", "appliance", "vpn", "none"
]


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC. None for the main route table, default network ACL or default security group means AWS's own, untouched.

    AWS's own main table has local routes only, its default ACL lets all through, its default group lets its members
    reach each other and everything out (VPC User Guide, "Main route table", "Default network ACL", "Default security
    groups"). `cidrs` holds all blocks, secondary and IPv6 ones too. For the account's default VPC
    (`aws:ec2/defaultVpc`), whose main table leads to an internet gateway, give a RouteTable that says so.
    """

    id: str
    cidrs: Texts
    main_route_table: Text | None = None
    default_network_acl: Text | None = None
    default_security_group: Text | None = None


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. Without a route table of its own it uses the VPC's main one, without an ACL the VPC's default one.

    `cidr` is None for an IPv6-only subnet, `ipv6_cidr` None for one without IPv6.
    """

    id: str
    vpc: Text
    cidr: Text | None
    ipv6_cidr: Text | None = None
    route_table: Text | None = None
    network_acl: Text | None = None


@dataclass(frozen=True, slots=True)
class PrefixList:
    """A managed prefix list and its blocks."""

    id: str
    cidrs: Texts


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `destination` is an IPv4 or IPv6 block, or the id of a PrefixList where `prefix_list` is true."""

    id: str
    destination: Text
    kind: RouteTarget | Unknown
    target: Text | None = None
    prefix_list: bool = False


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table; local routes need not be listed. An `Unknown` among the routes: perhaps more routes."""

    id: str
    vpc: Text
    routes: tuple[Route | Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class AclEntry:
    """One numbered entry of a network ACL. For ICMP `from_port` is the type and `to_port` the code, -1 or None for all.

    Protocol: a name, a number as text or integer, or -1 / "all" / "-1". A None block matches nothing.
    """

    id: str
    number: Number
    direction: Literal["ingress", "egress"]
    allow: Flag
    protocol: str | int | Unknown
    from_port: Number | None
    to_port: Number | None
    cidr: Text


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """A network ACL: the lowest numbered matching entry decides, nothing matching is denied. Stateless."""

    id: str
    entries: tuple[AclEntry | Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """One rule of a security group, inline or a resource of its own; `cidrs` takes IPv4 and IPv6 blocks alike.

    For ICMP `from_port` is the type and `to_port` the code. Ports do not count for protocols other than TCP, UDP and
    ICMP (EC2 API, IpPermission).
    """

    id: str
    direction: Literal["ingress", "egress"]
    protocol: str | int | Unknown
    from_port: Number | None = None
    to_port: Number | None = None
    cidrs: Texts = ()
    groups: Texts = ()
    prefix_lists: Texts = ()
    self_reference: Flag = False


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group with all its rules, from wherever they were declared.

    `default_egress`: whether AWS's own allow-all egress rule is still there. The Pulumi and Terraform providers remove
    it when they create a group (pulumi_aws, SecurityGroup, "NOTE on Egress rules"), CloudFormation and the API leave
    it.
    """

    id: str
    rules: tuple[SecurityRule | Unknown, ...] = ()
    default_egress: Flag = False


# Protocol, first port, last port.
Service = tuple[str | int, Number, Number]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Anything with network interfaces: an instance, database, function, pod, load balancer, interface endpoint.

    `security_groups`: () means none was given, so the VPC's default group; None means that none can apply (a Network
    Load Balancer without groups, a NAT gateway). `public_address` is a public IPv4 address, `ipv6_address` any IPv6
    one. `addresses` are the private addresses where they are known, else any address of the subnets. `ports` are what
    it listens on, as (protocol, from, to): None for anything, () for nothing, Unknown for some TCP or UDP service of
    which nothing is known; a single port may be Unknown too. Without subnets and without a VPC it stands outside of
    every VPC, in AWS's own network (a function that is not in a VPC, a bucket).
    """

    id: str
    subnets: Texts = ()
    security_groups: Texts | None = ()
    public_address: Flag = False
    ipv6_address: Flag = False
    ports: tuple[Service, ...] | Unknown | None = None
    addresses: Texts = ()
    vpc: Text | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A registered target: an endpoint, and the port where it differs from its target group's."""

    endpoint: Text
    port: Number | None = None


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group. `preserves_client_address`: targets see the client's address (Network Load Balancers, by default
    for instance targets and for UDP; ELB User Guide, "Edit target group attributes", client IP preservation).
    """

    id: str
    protocol: str | int | Unknown
    port: Number | None
    targets: tuple[Target | Unknown, ...] = ()
    preserves_client_address: Flag = False


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener: protocol (HTTP, HTTPS, TLS and so on too) and port, and where all its rules forward to."""

    id: str
    protocol: str | int | Unknown
    port: Number
    target_groups: Texts = ()


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """What makes an endpoint a load balancer: it connects to its targets only, and only after a request."""

    endpoint: str
    listeners: tuple[Listener | Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class NatGateway:
    """A NAT gateway. `public` is false for one with private connectivity."""

    id: str
    subnet: Text
    public: Flag = True


@dataclass(frozen=True, slots=True)
class Peering:
    """A VPC peering connection; not transitive. `active` is false until the other side accepts it."""

    id: str
    requester: Text
    accepter: Text
    active: Flag = True


@dataclass(frozen=True, slots=True)
class TransitAttachment:
    """A VPC's attachment to a transit gateway."""

    id: str
    gateway: Text
    vpc: Text
    subnets: Texts = ()


@dataclass(frozen=True, slots=True)
class TransitRoute:
    """A static route of a transit gateway; attachment None is a blackhole."""

    id: str
    destination: Text
    attachment: Text | None


@dataclass(frozen=True, slots=True)
class TransitRouteTable:
    """A route table of a transit gateway: for whom it is (associations), whose blocks it knows (propagations)."""

    id: str
    gateway: Text
    associations: Texts = ()
    propagations: Texts = ()
    routes: tuple[TransitRoute | Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class TransitGateway:
    """A transit gateway.

    With default association and propagation an attachment that no TransitRouteTable names uses one common table that
    knows the blocks of all such attachments. Security group references work across it only where support is switched
    on, and only in ingress rules (Transit Gateways guide, "Security group referencing").
    """

    id: str
    default_association: Flag = True
    default_propagation: Flag = True
    group_references: Flag = False


Record = (
    Vpc
    | Subnet
    | PrefixList
    | RouteTable
    | NetworkAcl
    | SecurityGroup
    | Endpoint
    | TargetGroup
    | LoadBalancer
    | NatGateway
    | Peering
    | TransitAttachment
    | TransitRouteTable
    | TransitGateway
)
