from collections.abc import Sequence

import pulumi
import pulumi_aws as aws


class Vpc(pulumi.ComponentResource):
    """A VPC with a public and a private subnet in each of a number of zones."""

    vpc: aws.ec2.Vpc
    public: Sequence[aws.ec2.Subnet]
    private: Sequence[aws.ec2.Subnet]

    def __init__(
        self, name: str, cidr: str = "10.0.0.0/16", zones: int = 2, opts: pulumi.ResourceOptions | None = None
    ):
        super().__init__("custom:network:Vpc", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(
            f"{name}-vpc", cidr_block=cidr, enable_dns_hostnames=True, tags={"Name": f"{name}-vpc"}, opts=child
        )
        gateway = aws.ec2.InternetGateway(
            f"{name}-igw",
            vpc_id=self.vpc.id,
            tags={"Name": f"{name}-igw"},
            opts=pulumi.ResourceOptions(parent=self.vpc),
        )
        route_table = aws.ec2.RouteTable(
            f"{name}-public",
            vpc_id=self.vpc.id,
            routes=[aws.ec2.RouteTableRouteArgs(cidr_block="0.0.0.0/0", gateway_id=gateway.id)],
            opts=pulumi.ResourceOptions(parent=self.vpc),
        )
        names = aws.get_availability_zones(state="available").names
        self.public, self.private = [], []
        for index in range(zones):
            subnet = aws.ec2.Subnet(
                f"{name}-public-{index}",
                vpc_id=self.vpc.id,
                cidr_block=f"10.0.{index}.0/24",
                availability_zone=names[index],
                map_public_ip_on_launch=True,
                opts=pulumi.ResourceOptions(parent=self.vpc),
            )
            aws.ec2.RouteTableAssociation(
                f"{name}-public-{index}",
                route_table_id=route_table.id,
                subnet_id=subnet.id,
                opts=pulumi.ResourceOptions(parent=route_table),
            )
            self.public.append(subnet)
            self.private.append(
                aws.ec2.Subnet(
                    f"{name}-private-{index}",
                    vpc_id=self.vpc.id,
                    cidr_block=f"10.0.{100 + index}.0/24",
                    availability_zone=names[index],
                    opts=pulumi.ResourceOptions(parent=self.vpc),
                )
            )
        self.register_outputs({"vpc_id": self.vpc.id})
