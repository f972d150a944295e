"""One VPC in two zones. The data subnets share the public route table, as somebody needed to restore a dump quickly."""

import pulumi_aws as aws

from settings import PREFIX, tags

CIDR = "10.30.0.0/16"
ZONES = aws.get_availability_zones(state="available").names[:2]
PRIVATE = ["10.30.16.0/20", "10.30.32.0/20"]
DATA = ["10.30.64.0/24", "10.30.65.0/24"]
POSTGRES = 5432
ANYWHERE = "0.0.0.0/0"

vpc = aws.ec2.Vpc(
    "checkout", cidr_block=CIDR, enable_dns_support=True, enable_dns_hostnames=True, tags=tags("cardholder")
)
internet = aws.ec2.InternetGateway("internet", vpc_id=vpc.id, tags=tags())
public_routes = aws.ec2.RouteTable("public", vpc_id=vpc.id, tags=tags())
aws.ec2.Route(
    "public-internet", route_table_id=public_routes.id, destination_cidr_block=ANYWHERE, gateway_id=internet.id
)

public_subnets: list[aws.ec2.Subnet] = []
private_subnets: list[aws.ec2.Subnet] = []
data_subnets: list[aws.ec2.Subnet] = []
for index, zone in enumerate(ZONES):
    public = aws.ec2.Subnet(
        f"public-{index}",
        vpc_id=vpc.id,
        availability_zone=zone,
        cidr_block=f"10.30.{index}.0/24",
        map_public_ip_on_launch=True,
        tags=tags(),
    )
    aws.ec2.RouteTableAssociation(f"public-{index}", subnet_id=public.id, route_table_id=public_routes.id)
    public_subnets.append(public)
    address = aws.ec2.Eip(f"nat-{index}", domain="vpc", tags=tags())
    nat = aws.ec2.NatGateway(f"nat-{index}", subnet_id=public.id, allocation_id=address.id, tags=tags())

    private = aws.ec2.Subnet(
        f"private-{index}", vpc_id=vpc.id, availability_zone=zone, cidr_block=PRIVATE[index], tags=tags("cardholder")
    )
    routes = aws.ec2.RouteTable(
        f"private-{index}",
        vpc_id=vpc.id,
        routes=[{"cidr_block": ANYWHERE, "nat_gateway_id": nat.id}],
        tags=tags("cardholder"),
    )
    aws.ec2.RouteTableAssociation(f"private-{index}", subnet_id=private.id, route_table_id=routes.id)
    private_subnets.append(private)

    store = aws.ec2.Subnet(
        f"data-{index}", vpc_id=vpc.id, availability_zone=zone, cidr_block=DATA[index], tags=tags("cardholder")
    )
    aws.ec2.RouteTableAssociation(f"data-{index}", subnet_id=store.id, route_table_id=public_routes.id)
    data_subnets.append(store)

# The way in for administrators, and from there to the database: each rule alone looks harmless.
bastion = aws.ec2.SecurityGroup(
    "bastion",
    name=f"{PREFIX}-bastion",
    description="Administrators",
    vpc_id=vpc.id,
    ingress=[
        {
            "description": "SSH",
            "protocol": "tcp",
            "from_port": 22,
            "to_port": 22,
            "cidr_blocks": [ANYWHERE],
        }
    ],
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [ANYWHERE]}],
    tags=tags(),
)
nodes = aws.ec2.SecurityGroup(
    "nodes",
    name=f"{PREFIX}-nodes",
    description="Nodes of the cluster and the pods on them",
    vpc_id=vpc.id,
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [ANYWHERE]}],
    tags=tags("cardholder"),
)
database = aws.ec2.SecurityGroup(
    "database",
    name=f"{PREFIX}-database",
    description="The orders database",
    vpc_id=vpc.id,
    tags=tags("cardholder"),
)
for name, source in {"nodes": nodes, "bastion": bastion}.items():
    aws.vpc.SecurityGroupIngressRule(
        f"database-from-{name}",
        security_group_id=database.id,
        referenced_security_group_id=source.id,
        ip_protocol="tcp",
        from_port=POSTGRES,
        to_port=POSTGRES,
        description=f"From {name}",
        tags=tags(),
    )

image = aws.ec2.get_ami(
    most_recent=True, owners=["amazon"], filters=[{"name": "name", "values": ["al2023-ami-2023.*-arm64"]}]
)
aws.ec2.Instance(
    "bastion",
    ami=image.id,
    instance_type="m7g.8xlarge",
    subnet_id=public_subnets[0].id,
    associate_public_ip_address=True,
    vpc_security_group_ids=[bastion.id],
    tags=tags(),
)
