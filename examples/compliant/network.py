"""One VPC in two zones: public subnets for NAT only, private ones for workloads, data subnets without a way out."""

import pulumi
import pulumi_aws as aws

import keys
import permissions
from settings import ACCOUNT, PREFIX, REGION, config, tags

CIDR = "10.20.0.0/16"
ZONES = aws.get_availability_zones(state="available").names[:2]
PRIVATE = ["10.20.16.0/20", "10.20.32.0/20"]
DATA = ["10.20.64.0/24", "10.20.65.0/24"]
POSTGRES = 5432
ACQUIRER = config.require("acquirer")

vpc = aws.ec2.Vpc(
    "payments", cidr_block=CIDR, enable_dns_support=True, enable_dns_hostnames=True, tags=tags("cardholder")
)
# What AWS makes with every VPC and nobody asked for: no rules, so nothing can be done with it.
aws.ec2.DefaultSecurityGroup("unused", vpc_id=vpc.id, ingress=[], egress=[], tags=tags())

internet = aws.ec2.InternetGateway("internet", vpc_id=vpc.id, tags=tags())
public_routes = aws.ec2.RouteTable("public", vpc_id=vpc.id, tags=tags())
aws.ec2.Route(
    "public-internet", route_table_id=public_routes.id, destination_cidr_block="0.0.0.0/0", gateway_id=internet.id
)
data_routes = aws.ec2.RouteTable("data", vpc_id=vpc.id, tags=tags("cardholder"))

private_subnets: list[aws.ec2.Subnet] = []
private_routes: list[aws.ec2.RouteTable] = []
data_subnets: list[aws.ec2.Subnet] = []
for index, zone in enumerate(ZONES):
    public = aws.ec2.Subnet(
        f"public-{index}", vpc_id=vpc.id, availability_zone=zone, cidr_block=f"10.20.{index}.0/24", tags=tags()
    )
    aws.ec2.RouteTableAssociation(f"public-{index}", subnet_id=public.id, route_table_id=public_routes.id)
    address = aws.ec2.Eip(f"nat-{index}", domain="vpc", tags=tags())
    nat = aws.ec2.NatGateway(f"nat-{index}", subnet_id=public.id, allocation_id=address.id, tags=tags())

    private = aws.ec2.Subnet(
        f"private-{index}",
        vpc_id=vpc.id,
        availability_zone=zone,
        cidr_block=PRIVATE[index],
        tags={**tags("cardholder"), "kubernetes.io/role/internal-elb": "1"},
    )
    routes = aws.ec2.RouteTable(
        f"private-{index}",
        vpc_id=vpc.id,
        routes=[{"cidr_block": "0.0.0.0/0", "nat_gateway_id": nat.id}],
        tags=tags("cardholder"),
    )
    aws.ec2.RouteTableAssociation(f"private-{index}", subnet_id=private.id, route_table_id=routes.id)
    private_subnets.append(private)
    private_routes.append(routes)

    store = aws.ec2.Subnet(
        f"data-{index}", vpc_id=vpc.id, availability_zone=zone, cidr_block=DATA[index], tags=tags("cardholder")
    )
    aws.ec2.RouteTableAssociation(f"data-{index}", subnet_id=store.id, route_table_id=data_routes.id)
    data_subnets.append(store)


def entry(number: int, cidr: str, first: int, last: int) -> dict:
    """A line of a network ACL that lets TCP through."""
    return {
        "rule_no": number,
        "action": "allow",
        "protocol": "tcp",
        "cidr_block": cidr,
        "from_port": first,
        "to_port": last,
    }


aws.ec2.NetworkAcl(
    "data",
    vpc_id=vpc.id,
    subnet_ids=[subnet.id for subnet in data_subnets],
    ingress=[entry(100 + 10 * index, cidr, POSTGRES, POSTGRES) for index, cidr in enumerate(PRIVATE)],
    egress=[entry(100 + 10 * index, cidr, 1024, 65535) for index, cidr in enumerate(PRIVATE)],
    tags=tags("cardholder"),
)


def group(name: str, description: str, classification: str = "cardholder") -> aws.ec2.SecurityGroup:
    """A security group without rules; what may pass is said below, one rule each."""
    return aws.ec2.SecurityGroup(
        name, name=f"{PREFIX}-{name}", description=description, vpc_id=vpc.id, tags=tags(classification)
    )


nodes = group("nodes", "Nodes of the cluster and the pods on them")
control = group("control", "Network interfaces of the control plane")
database = group("database", "The orders database")
endpoints = group("endpoints", "Interface endpoints of AWS services", "internal")
rotation = group("rotation", "The function that rotates credentials")


def allow(
    name: str, source: aws.ec2.SecurityGroup, target: aws.ec2.SecurityGroup, first: int, last: int | None = None
) -> None:
    """Let one group connect to another: the rule of the one side and the rule of the other."""
    ports = {"ip_protocol": "tcp", "from_port": first, "to_port": last or first}
    aws.vpc.SecurityGroupEgressRule(
        name,
        security_group_id=source.id,
        referenced_security_group_id=target.id,
        description=f"{name}: out",
        tags=tags(),
        **ports,
    )
    aws.vpc.SecurityGroupIngressRule(
        name,
        security_group_id=target.id,
        referenced_security_group_id=source.id,
        description=f"{name}: in",
        tags=tags(),
        **ports,
    )


allow("nodes-to-database", nodes, database, POSTGRES)
allow("nodes-to-endpoints", nodes, endpoints, 443)
allow("nodes-to-control", nodes, control, 443)
allow("control-to-kubelets", control, nodes, 10250)
allow("control-to-webhooks", control, nodes, 9443)
allow("nodes-to-dns", nodes, nodes, 53)
allow("nodes-to-pods", nodes, nodes, 8443)
allow("rotation-to-endpoints", rotation, endpoints, 443)
aws.vpc.SecurityGroupIngressRule(
    "dns-over-udp",
    security_group_id=nodes.id,
    referenced_security_group_id=nodes.id,
    ip_protocol="udp",
    from_port=53,
    to_port=53,
    description="DNS between nodes",
    tags=tags(),
)
aws.vpc.SecurityGroupEgressRule(
    "dns-over-udp",
    security_group_id=nodes.id,
    referenced_security_group_id=nodes.id,
    ip_protocol="udp",
    from_port=53,
    to_port=53,
    description="DNS between nodes",
    tags=tags(),
)

aws.vpc.SecurityGroupEgressRule(
    "nodes-to-acquirer",
    security_group_id=nodes.id,
    cidr_ipv4=ACQUIRER,
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
    description="The acquirer's API",
    tags=tags(),
)

storage_endpoints = {
    name: aws.ec2.VpcEndpoint(
        name,
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{REGION}.{name}",
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id for table in private_routes],
        policy=pulumi.Output.json_dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": f"{name}:*",
                        "Resource": "*",
                        "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
                    }
                ],
            }
        ),
        tags=tags("cardholder"),
    )
    for name in ("s3", "dynamodb")
}
for name, endpoint in storage_endpoints.items():
    aws.vpc.SecurityGroupEgressRule(
        f"nodes-to-{name}",
        security_group_id=nodes.id,
        prefix_list_id=endpoint.prefix_list_id,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        description=f"{name} through its gateway endpoint",
        tags=tags(),
    )
for name in ("ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sns", "sqs", "sts"):
    aws.ec2.VpcEndpoint(
        name,
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{REGION}.{name}",
        vpc_endpoint_type="Interface",
        private_dns_enabled=True,
        subnet_ids=[subnet.id for subnet in private_subnets],
        security_group_ids=[endpoints.id],
        tags=tags(),
    )

flows = aws.cloudwatch.LogGroup(
    "flows", name=f"/{PREFIX}/flows", retention_in_days=400, kms_key_id=keys.logs.arn, tags=tags()
)
aws.iam.RolePolicy(
    "flow-logs",
    role=permissions.flow_logs.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    "Resource": pulumi.Output.concat(flows.arn, ":*"),
                }
            ],
        }
    ),
)
aws.ec2.FlowLog(
    "payments",
    vpc_id=vpc.id,
    traffic_type="ALL",
    log_destination=flows.arn,
    iam_role_arn=permissions.flow_logs.arn,
    tags=tags(),
)
