import pulumi
import pulumi_aws as aws

ami = aws.ec2.get_ami(
    most_recent=True,
    owners=["137112412989"],
    filters=[aws.ec2.GetAmiFilterArgs(name="name", values=["al2023-ami-*-x86_64"])],
)
default_vpc = aws.ec2.get_vpc(default=True)
default_subnets = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [default_vpc.id]}])

group = aws.ec2.SecurityGroup(
    "web",
    description="Enable HTTP access",
    vpc_id=default_vpc.id,
    ingress=[
        {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]},
        {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"]},
    ],
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
)
user_data = """#!/bin/bash
echo "Hello, World!" > index.html
nohup python3 -m http.server 80 &
"""
server = aws.ec2.Instance(
    "web",
    instance_type="t3.micro",
    vpc_security_group_ids=[group.id],
    subnet_id=default_subnets.ids[0],
    user_data=user_data,
    ami=ami.id,
)

# The company's own network, which another team's program has made.
network = aws.ec2.get_vpc_output(tags={"Name": "platform"})
subnets = aws.ec2.get_subnets_output(
    filters=[
        {"name": "vpc-id", "values": [network.id]},
        {"name": "tag:tier", "values": ["private"]},
    ]
)
zone = aws.route53.get_zone_output(name="internal.example.com", private_zone=True)
shared = aws.ec2.SecurityGroup.get("shared", "sg-0123456789abcdef0")
inside = aws.ec2.SecurityGroup(
    "inside",
    vpc_id=network.id,
    ingress=[{"protocol": "tcp", "from_port": 8080, "to_port": 8080, "cidr_blocks": [network.cidr_block]}],
)
internal = aws.ec2.Instance(
    "internal",
    instance_type="t3.small",
    vpc_security_group_ids=[inside.id, shared.id],
    subnet_id=subnets.ids[0],
    ami=ami.id,
    root_block_device={"encrypted": True},
    metadata_options={"http_tokens": "required"},
)
aws.route53.Record(
    "internal",
    zone_id=zone.zone_id,
    name=zone.name.apply(lambda name: f"web.{name}"),
    type="A",
    ttl=300,
    records=[internal.private_ip],
)

pulumi.export("public_ip", server.public_ip)
pulumi.export("public_dns", server.public_dns)
pulumi.export("account", aws.get_caller_identity().account_id)
