"""What the examples of network rules have in common: a VPC with a public and a private subnet."""

from textwrap import dedent

_VPC = """\
import pulumi_aws as aws

vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
"""
_SUBNETS = """\
gateway = aws.ec2.InternetGateway("main", vpc_id=vpc.id)
public = aws.ec2.Subnet("public", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
private = aws.ec2.Subnet("private", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
table = aws.ec2.RouteTable("public", vpc_id=vpc.id, routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}])
aws.ec2.RouteTableAssociation("public", subnet_id=public.id, route_table_id=table.id)
"""

_DATABASE = """
def database(name, subnets, group, **more):
    subnet_group = aws.rds.SubnetGroup(name, subnet_ids=[subnet.id for subnet in subnets])
    return aws.rds.Instance(
        name,
        engine="postgres",
        instance_class="db.m7g.large",
        allocated_storage=20,
        db_subnet_group_name=subnet_group.name,
        vpc_security_group_ids=[group.id],
        **more,
    )


def opened(name, group, port, source):
    aws.vpc.SecurityGroupIngressRule(
        name,
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        referenced_security_group_id=source.id,
    )


def out(name, group):
    aws.vpc.SecurityGroupEgressRule(name, security_group_id=group.id, ip_protocol="-1", cidr_ipv4="10.0.0.0/16")

"""


def plain(program: str) -> str:
    """The program after the import of pulumi_aws."""
    return "import pulumi_aws as aws\n\n" + dedent(program).lstrip("\n")


def in_vpc(program: str) -> str:
    """The program after a VPC `vpc`."""
    return _VPC + dedent(program).lstrip("\n")


def in_subnets(program: str) -> str:
    """The program after a VPC `vpc` with the subnets `public`, whose route leads to an internet gateway, and
    `private`."""
    return _VPC + _SUBNETS + "\n" + dedent(program).lstrip("\n")


def with_databases(program: str) -> str:
    """The program after a VPC with subnets, `database(...)`, `opened(...)` (a rule from group to group) and
    `out(...)` (egress into the VPC)."""
    return in_subnets(_DATABASE) + in_subnets(program).removeprefix(in_subnets(""))
