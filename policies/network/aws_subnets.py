"""Subnets that hand out public addresses, network ACLs that let everyone in."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule, unknown
from lychgate.views.network_parts import NetworkAcl, Subnet

from .aws_examples import in_vpc, plain
from .aws_security_groups import ADMIN_PORTS


class AclPorts(BaseModel):
    """Which ports a network ACL has to close."""

    model_config = ConfigDict(extra="forbid")

    ports: list[int] = Field(
        default=[port for port in ADMIN_PORTS if port < 1024],
        description="ports that must not be open to the world; answers to calls from inside need those from 1024 on",
    )


@rule(
    id="subnet-assigning-public-addresses",
    title="A subnet gives everything in it a public address",
    layer="network",
    severity="medium",
    judges=Subnet,
    scope="resource",
    rationale="""Whoever starts something in such a subnet puts it on the internet without saying so. PCI DSS wants
    only public-facing parts reachable from outside, and those are load balancers and NAT gateways, which need no such
    setting.""",
    remediation="Set `map_public_ip_on_launch` to false.",
    compliant=[
        in_vpc(
            """
            aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
            aws.ec2.Subnet("b", vpc_id=vpc.id, cidr_block="10.0.1.0/24", map_public_ip_on_launch=False)
            aws.ec2.DefaultSubnet("c", availability_zone="us-east-1c", map_public_ip_on_launch=False)
            """
        ),
        in_vpc(
            """
            # Not a part of the cardholder data environment.
            aws.ec2.Subnet(
                "lab",
                vpc_id=vpc.id,
                cidr_block="10.0.0.0/24",
                map_public_ip_on_launch=True,
                tags={"data-classification": "internal"},
            )
            aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
            """
        ),
    ],
    violating=[
        in_vpc(
            """
            aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.0.0/24", map_public_ip_on_launch=True)
            """
        ),
        plain(
            """
            # A default subnet does it unless told otherwise.
            aws.ec2.DefaultSubnet("a", availability_zone="us-east-1a")
            """
        ),
    ],
    remedy=lambda properties, parameters: {**properties, "mapPublicIpOnLaunch": False},
)
def subnet_assigning_public_addresses(subnet: Subnet, case: Case) -> Answer:
    """By its own setting."""
    if not subnet.labels.in_scope:
        return not_applicable("It is not part of the cardholder data environment.")
    if not subnet.assigns_public:
        return PASS
    return fail(f"mapPublicIpOnLaunch of {subnet.name} is true: whatever is started in it stands on the internet.")


@rule(
    id="network-acl-open-on-admin-port",
    title="A network ACL lets the world in on an administration or database port",
    layer="network",
    severity="medium",
    judges=NetworkAcl,
    parameters=AclPorts,
    rationale="""A network ACL is the second lock of a subnet: it holds when a security group is opened by mistake. One
    that lets everyone in on the ports of remote access and databases is none, and PCI DSS wants all traffic refused
    that is not needed.""",
    remediation="""Allow the web's ports, and 1024-65535 for answers where the subnet calls the internet; deny what is
    between with a lower rule number.""",
    compliant=[
        in_vpc(
            """
            tcp = {"action": "allow", "protocol": "tcp"}
            aws.ec2.NetworkAcl(
                "public",
                vpc_id=vpc.id,
                ingress=[
                    {"rule_no": 100, **tcp, "from_port": 443, "to_port": 443, "cidr_block": "0.0.0.0/0"},
                    {"rule_no": 110, **tcp, "from_port": 1024, "to_port": 65535, "cidr_block": "0.0.0.0/0"},
                    {"rule_no": 120, **tcp, "from_port": 22, "to_port": 22, "cidr_block": "198.51.100.0/24"},
                ],
            )
            """
        ),
        in_vpc(
            """
            # What is allowed later was denied before, by entries of their own.
            acl = aws.ec2.NetworkAcl("public", vpc_id=vpc.id)
            for number, (action, low, high) in enumerate([("deny", 0, 79), ("allow", 0, 80)], start=1):
                aws.ec2.NetworkAclRule(
                    f"public-{number}",
                    network_acl_id=acl.id,
                    rule_number=number * 100,
                    rule_action=action,
                    protocol="tcp",
                    from_port=low,
                    to_port=high,
                    cidr_block="0.0.0.0/0",
                )
            """
        ),
    ],
    violating=[
        in_vpc(
            """
            aws.ec2.NetworkAcl(
                "public",
                vpc_id=vpc.id,
                ingress=[
                    {
                        "rule_no": 100,
                        "action": "allow",
                        "protocol": "-1",
                        "from_port": 0,
                        "to_port": 0,
                        "cidr_block": "0.0.0.0/0",
                    }
                ],
            )
            """
        ),
        in_vpc(
            """
            # The deny comes too late, and for IPv4 only.
            acl = aws.ec2.NetworkAcl("public", vpc_id=vpc.id)
            entry = {"network_acl_id": acl.id, "protocol": "6", "from_port": 22, "to_port": 22}
            aws.ec2.NetworkAclRule(
                "deny", rule_number=200, rule_action="deny", cidr_block="0.0.0.0/0", **entry
            )
            aws.ec2.NetworkAclRule(
                "allow", rule_number=100, rule_action="allow", cidr_block="0.0.0.0/0", **entry
            )
            """
        ),
        in_vpc(
            """
            # The VPC's default ACL, taken over; the world in IPv6, within a range.
            aws.ec2.DefaultNetworkAcl(
                "default",
                default_network_acl_id=vpc.default_network_acl_id,
                ingress=[
                    {
                        "rule_no": 100,
                        "action": "allow",
                        "protocol": "tcp",
                        "from_port": 20,
                        "to_port": 80,
                        "ipv6_cidr_block": "::/0",
                    }
                ],
            )
            """
        ),
    ],
)
def network_acl_open_on_admin_port(acl: NetworkAcl, case: Case) -> Answer:
    """Entries in their order: the first that matches decides."""
    ports, world = case.parameters.ports, acl.world
    open_ = world.open(ports)
    acl.net.charge(acl.record)
    if open_:
        listed = ", ".join(map(str, open_[:4])) + (f" and {len(open_) - 4} more" if len(open_) > 4 else "")
        return fail(f"{acl.record} lets the whole internet in on port {listed}.", {"ports": open_})
    perhaps = world.perhaps(ports)
    return unknown(f"whether {acl.record} opens port {perhaps[0]} is known only later") if perhaps else PASS
