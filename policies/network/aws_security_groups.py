"""What security groups open to the world, and to themselves."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule, unknown
from lychgate.reasoning.network import Unknown
from lychgate.views.network import doubts
from lychgate.views.network_exposure import count, ports_words, without
from lychgate.views.network_parts import RuleTexts, SecurityGroup, Vpc

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


class Egress(BaseModel):
    """How much may go out to everywhere."""

    model_config = ConfigDict(extra="forbid")

    most_ports: int = Field(
        default=20, ge=0, le=65535, description="how many ports may be open towards the whole internet"
    )


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
            f"{group.label} lets the whole internet in on administration or database ports ({listed}) by {by}.",
            {"ports": open_, "rules": rules, "open to the world": ports_words(world.certain)},
        )
    perhaps = [port for port in world.perhaps(ports) if port not in open_]
    doubtful = group.blame("ingress", perhaps) if perhaps else []
    if perhaps and (doubtful or group.unknown_rules):
        by = ", ".join([*doubtful, *group.unknown_rules])
        return unknown(f"whether {group.label} opens port {perhaps[0]} to the world depends on what {by} will say")
    return PASS


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
            f"{group.label} lets the whole internet in on {ports_words(rest)} by {', '.join(rules)}.",
            {"open to the world": ports_words(rest), "rules": rules},
        )
    doubtful = [low for row in without(world.possible, allowed).values() for low, _ in row]
    by = [*group.blame("ingress", doubtful), *group.unknown_rules] if doubtful else []
    if by:
        return unknown(f"whether {group.label} is open to the world depends on what {', '.join(by)} will say")
    return PASS


@rule(
    id="security-group-with-unrestricted-egress",
    title="A security group lets everything out to everywhere",
    layer="network",
    severity="medium",
    judges=SecurityGroup,
    parameters=Egress,
    rationale="""A way out to every address and port is how stolen card numbers leave and how malware calls home. PCI
    DSS limits traffic out of the cardholder data environment to what is needed.""",
    remediation="""State the egress that the service needs: other security groups by their ports, prefix lists of VPC
    endpoints, and 443 to named addresses. Without an egress rule a group made by Pulumi lets nothing out.""",
    compliant=[
        in_vpc(
            """
            # No egress is stated, so there is none.
            database = aws.ec2.SecurityGroup("database", vpc_id=vpc.id)
            aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                egress=[
                    {"protocol": "tcp", "from_port": 5432, "to_port": 5432, "security_groups": [database.id]},
                    {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]},
                    {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/16"]},
                ],
            )
            """
        ),
        in_vpc(
            """
            endpoint = aws.ec2.VpcEndpoint("s3", vpc_id=vpc.id, service_name="com.amazonaws.us-east-1.s3")
            app = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            aws.vpc.SecurityGroupEgressRule(
                "s3", security_group_id=app.id, ip_protocol="-1", prefix_list_id=endpoint.prefix_list_id
            )
            """
        ),
        in_vpc(
            """
            # Not a part of the cardholder data environment.
            aws.ec2.SecurityGroup(
                "build",
                vpc_id=vpc.id,
                egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
                tags={"data-classification": "internal"},
            )
            aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            """
        ),
    ],
    violating=[
        in_vpc(
            """
            aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            """
        ),
        in_vpc(
            """
            # All of TCP but port 0, over IPv6, as a rule of its own.
            app = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            aws.vpc.SecurityGroupEgressRule(
                "all", security_group_id=app.id, ip_protocol="tcp", from_port=1, to_port=65535, cidr_ipv6="::/0"
            )
            """
        ),
        in_vpc(
            """
            # The ports in halves to the world in halves.
            app = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            for low, high in ((0, 32767), (32768, 65535)):
                aws.ec2.SecurityGroupRule(
                    f"from-{low}",
                    type="egress",
                    security_group_id=app.id,
                    protocol="tcp",
                    from_port=low,
                    to_port=high,
                    cidr_blocks=["0.0.0.0/1", "128.0.0.0/1"],
                )
            """
        ),
    ],
)
def security_group_with_unrestricted_egress(group: SecurityGroup, case: Case) -> Answer:
    """More ports towards the world than a service can need."""
    if not group.labels.in_scope:
        return not_applicable("It is not part of the cardholder data environment.")
    most, world = case.parameters.most_ports, group.world("egress")
    open_ = count(world.certain)
    rules = group.blame("egress", [low for row in world.certain.values() for low, _ in row])
    if open_ > most and rules:
        return fail(
            f"{group.label} lets its members reach the whole internet on {ports_words(world.certain)} by "
            f"{', '.join(rules)}: card data can leave for anywhere.",
            {"open towards the world": ports_words(world.certain), "rules": rules},
        )
    doubtful = [low for row in world.possible.values() for low, _ in row] if count(world.possible) > most else []
    by = [*group.blame("egress", doubtful), *group.unknown_rules] if doubtful else []
    if by:
        return unknown(f"how much {group.label} lets out depends on what {', '.join(by)} will say")
    return PASS


@rule(
    id="default-security-group-not-closed",
    title="The default security group of a VPC still has rules",
    layer="network",
    severity="medium",
    judges=Vpc,
    rationale="""Whatever is started without a security group gets the VPC's default one, which lets its members reach
    each other and everything outside. PCI DSS wants all traffic that is not needed refused, so the group that nobody
    chose has to refuse all.""",
    remediation="""Add `aws.ec2.DefaultSecurityGroup(..., vpc_id=vpc.id)` without ingress and egress: it takes the
    default group over and removes its rules. Give each workload a group of its own.""",
    compliant=[
        in_vpc(
            """
            aws.ec2.DefaultSecurityGroup("closed", vpc_id=vpc.id)
            """
        ),
        plain(
            """
            # The default VPC's, taken over without naming the VPC.
            aws.ec2.DefaultSecurityGroup("closed")
            aws.ec2.DefaultVpc("default")
            """
        ),
    ],
    violating=[
        in_vpc(
            """
            # AWS's own rules are still there.
            aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            """
        ),
        in_vpc(
            """
            aws.ec2.DefaultSecurityGroup(
                "open",
                vpc_id=vpc.id,
                egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            """
        ),
        in_vpc(
            """
            # It is closed, and a rule of its own opens it again.
            default = aws.ec2.DefaultSecurityGroup("closed", vpc_id=vpc.id)
            aws.vpc.SecurityGroupIngressRule(
                "peers",
                security_group_id=default.id,
                ip_protocol="-1",
                referenced_security_group_id=default.id,
            )
            """
        ),
        in_vpc(
            """
            # A database that names no group stands in it.
            subnets = [
                aws.ec2.Subnet(name, vpc_id=vpc.id, cidr_block=f"10.0.{at}.0/24") for at, name in enumerate(["a", "b"])
            ]
            group = aws.rds.SubnetGroup("orders", subnet_ids=[subnet.id for subnet in subnets])
            aws.rds.Instance(
                "orders",
                engine="postgres",
                instance_class="db.m7g.large",
                allocated_storage=20,
                db_subnet_group_name=group.name,
            )
            """
        ),
    ],
)
def default_security_group_not_closed(vpc: Vpc, case: Case) -> Answer:
    """No rules at all, wherever they are said."""
    known = [one for one in vpc.default_rules if not isinstance(one, Unknown)]
    if known:
        users = vpc.users_of_default_group
        used = f" {', '.join(users[:3])} use it." if users else ""
        rules = [f"{one.id} ({one.direction})" for one in known]
        return fail(
            f"The {vpc.default_group} has rules: {', '.join(rules[:4])}.{used}", {"rules": rules, "users": users}
        )
    open_ = [one for one in vpc.default_rules if isinstance(one, Unknown)]
    return unknown(f"whether the {vpc.default_group} has rules depends on {doubts(open_)}") if open_ else PASS


@rule(
    id="security-group-rule-without-description",
    title="A security group rule does not say what it is for",
    layer="network",
    severity="low",
    judges=RuleTexts,
    scope="resource",
    rationale="""PCI DSS wants to know of every port that is let through why the business needs it, and the rules to be
    reviewed twice a year. Whoever reviews a rule without a description cannot tell.""",
    remediation="Give the rule a `description` that says who uses it for what.",
    compliant=[
        in_vpc(
            """
            group = aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                ingress=[
                    {
                        "protocol": "tcp",
                        "from_port": 8080,
                        "to_port": 8080,
                        "cidr_blocks": ["10.0.0.0/16"],
                        "description": "orders calls the API",
                    }
                ],
            )
            aws.vpc.SecurityGroupEgressRule(
                "card-scheme",
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                cidr_ipv4="198.51.100.7/32",
                description="authorizations to the card scheme",
            )
            """
        ),
    ],
    violating=[
        in_vpc(
            """
            # The group has a description, its rule has none.
            aws.ec2.SecurityGroup(
                "app",
                description="the API of orders",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 8080, "to_port": 8080, "cidr_blocks": ["10.0.0.0/16"]}],
            )
            """
        ),
        in_vpc(
            """
            group = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            aws.vpc.SecurityGroupIngressRule(
                "app",
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=8080,
                to_port=8080,
                cidr_ipv4="10.0.0.0/16",
                description=" ",
            )
            """
        ),
    ],
)
def security_group_rule_without_description(texts: RuleTexts, case: Case) -> Answer:
    """Each rule by itself."""
    missing = texts.undescribed
    return fail(f"There is no description for {', '.join(missing)}, so nobody can review it.") if missing else PASS
