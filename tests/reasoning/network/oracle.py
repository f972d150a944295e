"""A second implementation for the tests: one packet at a time, on addresses of the standard library, no sets.

It knows no unknown values. It asks of each packet what a router, a network ACL and a security group would ask.
"""

from ipaddress import ip_network

from lychgate.reasoning.network import records as r

PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
PRIVATE = [
    ip_network("0.0.0.0/8"),
    ip_network("10.0.0.0/8"),
    ip_network("100.64.0.0/10"),
    ip_network("127.0.0.0/8"),
    ip_network("169.254.0.0/16"),
    ip_network("172.16.0.0/12"),
    ip_network("192.168.0.0/16"),
    ip_network("198.18.0.0/15"),
    ip_network("224.0.0.0/3"),
]


def inside(address, cidr):
    network = ip_network(cidr, strict=False)
    return address.version == network.version and address in network


def on_internet(address):
    return inside(address, "2000::/3") if address.version == 6 else not any(address in network for network in PRIVATE)


class World:
    """Records by kind, and the decisions on single packets."""

    def __init__(self, records, client_ports=range(1, 65536)):
        self.records = list(records)
        self.client_ports = client_ports

    def get(self, kind, name):
        return next(item for item in self.records if isinstance(item, kind) and item.id == name)

    def all(self, kind):
        return [item for item in self.records if isinstance(item, kind)]

    # rules

    @staticmethod
    def service_matches(protocol, from_port, to_port, packet_protocol, packet_port):
        if str(protocol) in ("-1", "all"):
            return True
        number = PROTOCOLS.get(str(protocol)) or int(protocol)
        if number != packet_protocol:
            return False
        if number in (6, 17):
            return (from_port is None or from_port <= packet_port) and (to_port is None or packet_port <= to_port)
        if number in (1, 58):
            kind, code = divmod(packet_port, 256)
            return from_port in (None, -1, kind) and (from_port in (None, -1) or to_port in (None, -1, code))
        return True

    def group_rules(self, group, direction):
        if group.startswith("default security group of "):
            if direction == "ingress":
                return [r.SecurityRule("d", "ingress", "-1", self_reference=True)]
            return [r.SecurityRule("d", "egress", "-1", cidrs=("0.0.0.0/0", "::/0"))]
        found = self.get(r.SecurityGroup, group)
        extra = [r.SecurityRule("x", "egress", "-1", cidrs=("0.0.0.0/0", "::/0"))] if found.default_egress else []
        return [rule for rule in (*found.rules, *extra) if rule.direction == direction]

    def groups_let(self, groups, direction, protocol, port, peer, peer_groups):
        if groups is None:
            return True
        for group in groups:
            for rule in self.group_rules(group, direction):
                if not self.service_matches(rule.protocol, rule.from_port, rule.to_port, protocol, port):
                    continue
                lists = [cidr for name in rule.prefix_lists for cidr in self.get(r.PrefixList, name).cidrs]
                named = set(rule.groups) | ({group} if rule.self_reference else set())
                if any(inside(peer, cidr) for cidr in (*rule.cidrs, *lists)) or named & set(peer_groups or ()):
                    return True
        return False

    def acl_lets(self, subnet, direction, protocol, port, peer):
        name = subnet.network_acl or self.get(r.Vpc, subnet.vpc).default_network_acl
        if name is None:
            return True
        entries = [item for item in self.get(r.NetworkAcl, name).entries if item.direction == direction]
        for entry in sorted(entries, key=lambda item: item.number):
            matches = self.service_matches(entry.protocol, entry.from_port, entry.to_port, protocol, port)
            if matches and inside(peer, entry.cidr):
                return entry.allow
        return False

    # routes

    def next_hop(self, subnet, address):
        vpc = self.get(r.Vpc, subnet.vpc)
        found = [(ip_network(cidr).prefixlen, 0, ("local", None)) for cidr in vpc.cidrs if inside(address, cidr)]
        name = subnet.route_table or vpc.main_route_table
        for route in self.get(r.RouteTable, name).routes if name else ():
            blocks = self.get(r.PrefixList, route.destination).cidrs if route.prefix_list else (route.destination,)
            rank = -1 if route.prefix_list else 1
            found += [
                (ip_network(cidr).prefixlen, rank, (route.kind, route.target))
                for cidr in blocks
                if inside(address, cidr)
            ]
        return max(found, key=lambda item: item[:2])[2] if found else ("none", None)

    def carried(self, subnet, address, other_vpc):
        """Whether a packet to an address gets from a subnet to the other VPC."""
        kind, target = self.next_hop(subnet, address)
        if subnet.vpc == other_vpc:
            return (kind, None) if kind == "local" else None
        if kind == "peering":
            peering = self.get(r.Peering, target)
            if peering.active and {peering.requester, peering.accepter} == {subnet.vpc, other_vpc}:
                return kind, target
        if kind == "tgw" and self.transit(target, subnet.vpc, address) == other_vpc:
            return kind, target
        return None

    def transit(self, gateway, vpc, address):
        mine = [item for item in self.all(r.TransitAttachment) if item.gateway == gateway]
        entering = [item for item in mine if item.vpc == vpc]
        if not entering:
            return None
        tables = [item for item in self.all(r.TransitRouteTable) if entering[0].id in item.associations]
        settings = self.get(r.TransitGateway, gateway)
        if tables:
            table = tables[0]
        elif settings.default_association and settings.default_propagation:
            table = r.TransitRouteTable("d", gateway, propagations=tuple(item.id for item in mine))
        else:
            return None
        found = [
            (ip_network(route.destination).prefixlen, 1, route.attachment)
            for route in table.routes
            if inside(address, route.destination)
        ]
        for attachment in mine:
            for cidr in self.get(r.Vpc, attachment.vpc).cidrs if attachment.id in table.propagations else ():
                found += [(ip_network(cidr).prefixlen, 0, attachment.id)] if inside(address, cidr) else []
        last = max(found, key=lambda item: item[:2])[2] if found else None
        return self.get(r.TransitAttachment, last).vpc if last else None

    # packets

    def groups_of(self, endpoint, subnet):
        if endpoint.security_groups is None:
            return None
        default = self.get(r.Vpc, subnet.vpc).default_security_group or f"default security group of {subnet.vpc}"
        return endpoint.security_groups or (default,)

    @staticmethod
    def listens(endpoint, protocol, port):
        if endpoint.ports is None:
            return True
        return any(World.service_matches(name, low, high, protocol, port) for name, low, high in endpoint.ports)

    def delivered(self, source, near, from_address, target, far, to_address, protocol, port, kept=False):
        """Whether a flow between two interfaces works; `kept`: the source is a client's address that was kept."""
        ways = {self.carried(near, to_address, far.vpc)} if near.id != far.id else {("local", None)}
        if None in ways:
            return False
        way = ways.pop()
        here, there = self.groups_of(source, near), self.groups_of(target, far)
        over = way[0] == "tgw"
        named_in = here if not over or self.get(r.TransitGateway, way[1]).group_references else None
        if not self.groups_let(here, "egress", protocol, port, to_address, None if over else there):
            return False
        if not self.groups_let(there, "ingress", protocol, port, from_address, named_in):
            return False
        if not self.listens(target, protocol, port):
            return False
        if near.id == far.id:
            return True
        if not self.acl_lets(near, "egress", protocol, port, to_address):
            return False
        if not self.acl_lets(far, "ingress", protocol, port, from_address):
            return False
        if protocol != 6:
            return True
        back = self.carried(far, from_address, near.vpc)
        return (kept or back == way) and any(
            self.acl_lets(far, "egress", 6, client, from_address)
            and self.acl_lets(near, "ingress", 6, client, to_address)
            for client in self.client_ports
        )

    def exposed(self, target, subnet, address, outside, protocol, port):
        """Whether a flow from an internet address works."""
        reachable = target.public_address if address.version == 4 else target.ipv6_address
        if not reachable or not on_internet(outside) or self.next_hop(subnet, outside)[0] != "igw":
            return False
        if not self.groups_let(self.groups_of(target, subnet), "ingress", protocol, port, outside, None):
            return False
        if not self.listens(target, protocol, port) or not self.acl_lets(subnet, "ingress", protocol, port, outside):
            return False
        return protocol != 6 or any(self.acl_lets(subnet, "egress", 6, client, outside) for client in self.client_ports)

    def leaves(self, source, subnet, address, outside, protocol, port):
        """Whether a flow to an internet address works."""
        if not on_internet(outside):
            return False
        if not self.groups_let(self.groups_of(source, subnet), "egress", protocol, port, outside, None):
            return False
        kind, target = self.next_hop(subnet, outside)
        if kind == "igw":
            known = source.public_address if address.version == 4 else source.ipv6_address
            return bool(known) and self.crosses(subnet, outside, protocol, port, self.client_ports)
        if kind == "egress-only":
            return address.version == 6 and self.crosses(subnet, outside, protocol, port, self.client_ports)
        if kind != "nat" or address.version == 6:
            return False
        gateway = self.get(r.NatGateway, target)
        home = self.get(r.Subnet, gateway.subnet)
        if not gateway.public or self.next_hop(home, outside)[0] != "igw":
            return False
        own_ports = [port for port in self.client_ports if port >= 1024]
        if not self.crosses(home, outside, protocol, port, own_ports):
            return False
        if home.id == subnet.id:
            return True
        if not self.acl_lets(subnet, "egress", protocol, port, outside):
            return False
        if not self.acl_lets(home, "ingress", protocol, port, address):
            return False
        return protocol != 6 or any(
            self.acl_lets(home, "egress", 6, client, address) and self.acl_lets(subnet, "ingress", 6, client, outside)
            for client in self.client_ports
        )

    def crosses(self, subnet, outside, protocol, port, clients):
        if not self.acl_lets(subnet, "egress", protocol, port, outside):
            return False
        return protocol != 6 or any(self.acl_lets(subnet, "ingress", 6, client, outside) for client in clients)
