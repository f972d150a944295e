"""What security groups open to the world."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, rule, unknown
from lychgate.views.network_exposure import ports_words, without
from lychgate.views.network_parts import SecurityGroup

from .aws_examples import in_vpc, plain

# Remote administration, file sharing, databases, caches, search, brokers, container and cluster interfaces.
ADMIN_PORTS = (
    *(20, 21, 22, 23, 111, 135, 137, 138, 139, 445, 512, 513, 514, 873, 1433, 1434, 1521, 2049, 2181, 2375, 2376, 2379),
    *(3306, 3389, 4333, 5432, 5439, 5500, 5601, 5672, 5900, 5985, 5986, 6379, 6443, 7001, 8086, 8500, 9042, 9092, 9200),
    *(9300, 10250, 11211, 15672, 27017, 27018, 50000),
)


class AdminPorts(BaseModel):
    """Which ports nobody outside may reach."""

    model_config = ConfigDict(extra="forbid")

    ports: list[int] = Field(default=list(ADMIN_PORTS), description="ports that must not be open to the world")


class PublicPorts(BaseModel):
    """Which ports may be open to everyone."""

    model_config = ConfigDict(extra="forbid")

    ports: list[int] = Field(default=[80, 443], description="ports that may be open to the world")


@rule(
    id="security-group-open-on-admin-port",
    title="A security group opens an administration or database port to the world",
    layer="network",
    severity="critical",
    judges=SecurityGroup,
    parameters=AdminPorts,
    rationale="""Ports of remote access and databases are scanned and tried from all over the internet within minutes.
    PCI DSS limits what comes into the cardholder data environment to what is needed, and nobody needs these from
    everywhere.""",
    remediation="""Name the source: another security group (`security_groups`, `referenced_security_group_id`) or the
    addresses of the office or VPN. For a shell use AWS Systems Manager Session Manager, which needs no open port.""",
    compliant=[
        in_vpc(
            """
            web = aws.ec2.SecurityGroup(
                "web",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            aws.ec2.SecurityGroup(
                "database",
                vpc_id=vpc.id,
                ingress=[
                    {"protocol": "tcp", "from_port": 5432, "to_port": 5432, "security_groups": [web.id]},
                    {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["198.51.100.0/24"]},
                    {"protocol": "tcp", "from_port": 3306, "to_port": 3306, "cidr_blocks": ["10.0.0.0/8", "fd00::/8"]},
                ],
            )
            """
        ),
        in_vpc(
            """
            # To the world, but outwards; a group of its own members only; a list of known addresses.
            office = aws.ec2.ManagedPrefixList(
                "office", address_family="IPv4", max_entries=5, entries=[{"cidr": "198.51.100.0/24"}]
            )
            group = aws.ec2.SecurityGroup(
                "nodes",
                vpc_id=vpc.id,
                ingress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "self": True}],
                egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            aws.vpc.SecurityGroupIngressRule(
                "office",
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=22,
                to_port=22,
                prefix_list_id=office.id,
            )
            """
        ),
    ],
    violating=[
        in_vpc(
            """
            aws.ec2.SecurityGroup(
                "bastion",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            """
        ),
        in_vpc(
            """
            # IPv6 only, and within a range.
            group = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            aws.ec2.SecurityGroupRule(
                "app",
                type="ingress",
                security_group_id=group.id,
                protocol="tcp",
                from_port=3000,
                to_port=4000,
                ipv6_cidr_blocks=["::/0"],
            )
            """
        ),
        in_vpc(
            """
            # Every protocol, whatever the ports say.
            group = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            aws.vpc.SecurityGroupIngressRule(
                "all", security_group_id=group.id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0"
            )
            """
        ),
        in_vpc(
            """
            # The world in two halves, in two rules, by protocol number.
            group = aws.ec2.SecurityGroup("database", vpc_id=vpc.id)
            for name, cidr in {"low": "0.0.0.0/1", "high": "128.0.0.0/1"}.items():
                aws.vpc.SecurityGroupIngressRule(
                    name, security_group_id=group.id, ip_protocol="6", from_port=5432, to_port=5432, cidr_ipv4=cidr
                )
            """
        ),
        plain(
            """
            # The group is looked up, the rule is ours.
            group = aws.ec2.SecurityGroup.get("legacy", "sg-0123456789abcdef0")
            aws.ec2.SecurityGroupRule(
                "rdp",
                type="ingress",
                security_group_id=group.id,
                protocol="tcp",
                from_port=3389,
                to_port=3389,
                cidr_blocks=["0.0.0.0/0"],
            )
            """
        ),
        in_vpc(
            """
            # Behind a prefix list, whose entries come separately.
            partners = aws.ec2.ManagedPrefixList("partners", address_family="IPv4", max_entries=5)
            for index, cidr in enumerate(["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"]):
                aws.ec2.ManagedPrefixListEntry(f"partners-{index}", prefix_list_id=partners.id, cidr=cidr)
            aws.ec2.SecurityGroup(
                "cache",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 6379, "to_port": 6379, "prefix_list_ids": [partners.id]}],
            )
            """
        ),
        in_vpc(
            """
            # The VPC's default group, which nobody declares.
            aws.vpc.SecurityGroupIngressRule(
                "ssh",
                security_group_id=vpc.default_security_group_id,
                ip_protocol="tcp",
                from_port=22,
                to_port=22,
                cidr_ipv4="0.0.0.0/0",
            )
            """
        ),
    ],
)
def security_group_open_on_admin_port(group: SecurityGroup, case: Case) -> Answer:
    """TCP and UDP, from the world, all rules of the group together."""
    ports, world = case.parameters.ports, group.world("ingress")
    open_ = world.open(ports)
    rules = group.blame("ingress", open_)
    if open_ and rules:
        listed = ", ".join(map(str, open_[:4])) + (f" and {len(open_) - 4} more" if len(open_) > 4 else "")
        by = ", ".join(rules)
        return fail(
            f"{group.label} lets the whole internet in on administration or database ports ({listed}) by {by}, "
            "where everyone can try passwords and flaws.",
            {"ports": open_, "rules": rules, "open to the world": ports_words(world.certain)},
        )
    perhaps = [port for port in world.perhaps(ports) if port not in open_]
    by = group.doubted("ingress", perhaps) if perhaps else ""
    return unknown(f"whether {group.label} opens port {perhaps[0]} to the world depends on {by}") if by else PASS


@rule(
    id="security-group-open-to-the-world",
    title="A security group lets the whole internet in on a port that is not meant for everyone",
    layer="network",
    severity="high",
    judges=SecurityGroup,
    parameters=PublicPorts,
    rationale="""Whatever listens on an open port is tried by everyone on the internet. PCI DSS wants each port that is
    let in to be known, needed and approved, and all others closed.""",
    remediation="""Open only 80 and 443 to everyone, at a load balancer, and name the sources of all other rules. If the
    service is public on another port, add it to the rule's parameter `ports`, with its approval.""",
    compliant=[
        in_vpc(
            """
            web = aws.ec2.SecurityGroup(
                "web",
                vpc_id=vpc.id,
                ingress=[
                    {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": ["0.0.0.0/0"]}
                    for port in (80, 443)
                ],
            )
            app = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            aws.vpc.SecurityGroupIngressRule(
                "web",
                security_group_id=app.id,
                ip_protocol="tcp",
                from_port=8080,
                to_port=8080,
                referenced_security_group_id=web.id,
            )
            """
        ),
        plain(
            """
            # A rule for a looked-up group, from CloudFront's addresses only.
            front = aws.ec2.get_managed_prefix_list(name="com.amazonaws.global.cloudfront.origin-facing")
            aws.vpc.SecurityGroupIngressRule(
                "front",
                security_group_id="sg-0123456789abcdef0",
                ip_protocol="tcp",
                from_port=8443,
                to_port=8443,
                prefix_list_id=front.id,
            )
            """
        ),
    ],
    violating=[
        in_vpc(
            """
            aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 8080, "to_port": 8080, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            """
        ),
        in_vpc(
            """
            # A range around the port that is allowed.
            aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 445, "ipv6_cidr_blocks": ["::/0"]}],
            )
            """
        ),
        in_vpc(
            """
            # The rule is declared before the group that it belongs to is known to have others.
            group = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            aws.ec2.SecurityGroupRule(
                "udp",
                type="ingress",
                security_group_id=group.id,
                protocol="udp",
                from_port=514,
                to_port=514,
                cidr_blocks=["0.0.0.0/0"],
            )
            aws.ec2.SecurityGroupRule(
                "app",
                type="ingress",
                security_group_id=group.id,
                protocol="tcp",
                from_port=8080,
                to_port=8080,
                cidr_blocks=["10.0.0.0/8"],
            )
            """
        ),
        in_vpc(
            """
            # Everything but a hole is still the world.
            aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                ingress=[
                    {
                        "protocol": "tcp",
                        "from_port": 9000,
                        "to_port": 9000,
                        "cidr_blocks": ["1.0.0.0/8", "2.0.0.0/7", "4.0.0.0/6"],
                    }
                ],
            )
            """
        ),
    ],
)
def security_group_open_to_the_world(group: SecurityGroup, case: Case) -> Answer:
    """Every port but those that are allowed."""
    allowed = set(case.parameters.ports)
    world = group.world("ingress")
    rest = without(world.certain, allowed)
    first = [low for row in rest.values() for low, _ in row]
    rules = group.blame("ingress", first)
    if rest and rules:
        return fail(
            f"{group.label} lets the whole internet in on {ports_words(rest)} by {', '.join(rules)}, so whatever "
            "listens there is tried by everyone.",
            {"open to the world": ports_words(rest), "rules": rules},
        )
    doubtful = [low for row in without(world.possible, allowed).values() for low, _ in row]
    by = group.doubted("ingress", doubtful) if doubtful else ""
    return unknown(f"whether {group.label} is open to the world depends on {by}") if by else PASS
