"""What security groups let out, what default ones let through, and rules that nobody can review."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule, unknown
from lychgate.reasoning.network import Unknown
from lychgate.views.network_exposure import count, ports_words
from lychgate.views.network_parts import RuleTexts, SecurityGroup, Vpc

from .aws_examples import in_vpc, plain


class Egress(BaseModel):
    """How much may go out to everywhere."""

    model_config = ConfigDict(extra="forbid")

    most_ports: int = Field(
        default=20, ge=0, le=65535, description="how many ports may be open towards the whole internet"
    )


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
    by = group.doubted("egress", doubtful) if doubtful else ""
    return unknown(f"how much {group.label} lets out depends on {by}") if by else PASS


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
        users, rules = vpc.users_of_default_group, [one.id for one in known]
        used = f" It is that of {', '.join(users[:3])}." if users else ""
        own = "AWS's own ones, by which its members reach each other and everything outside"
        what = own if vpc.default_untouched else ", ".join(rules[:4])
        return fail(f"The {vpc.default_group} has rules: {what}.{used}", {"rules": rules, "users": users})
    open_ = [one for one in vpc.default_rules if isinstance(one, Unknown)]
    return unknown(f"whether the {vpc.default_group} has rules depends on {vpc.net.doubts(open_)}") if open_ else PASS


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
