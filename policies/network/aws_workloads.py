"""Compute and the internet: public addresses, ports beside the web."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule, unknown
from lychgate.reasoning.network import Unknown
from lychgate.views.network_parts import Workload
from lychgate.views.network_paths import unexpected_way

from .aws_examples import in_subnets, in_vpc, plain

NOT_ITS_OWN = "It uses the interfaces of the machines that it runs on."
OUT_OF_SCOPE = "It is not part of the cardholder data environment."


class WebPorts(BaseModel):
    """Where the internet may get in."""

    model_config = ConfigDict(extra="forbid")

    ports: list[int] = Field(default=[80, 443], description="ports on which the internet may reach a workload")


@rule(
    id="workload-with-public-address",
    title="A workload has an address on the internet",
    layer="network",
    severity="high",
    judges=Workload,
    rationale="""A workload with its own public address has no load balancer, firewall or log between it and the
    internet. PCI DSS wants a network control wherever the cardholder data environment meets an untrusted network.""",
    remediation="""Put it into a subnet that assigns no public addresses (`map_public_ip_on_launch`), set
    `associate_public_ip_address` or `assign_public_ip` to false, and let a load balancer face the internet. Its own
    calls go out by a NAT gateway or VPC endpoints.""",
    compliant=[
        in_subnets(
            """
            group = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            aws.ecs.Service(
                "app", network_configuration={"subnets": [private.id], "security_groups": [group.id]}
            )
            aws.ec2.Instance(
                "batch",
                ami="ami-1",
                instance_type="m7g.large",
                subnet_id=private.id,
                vpc_security_group_ids=[group.id],
            )
            """
        ),
        plain(
            """
            # The subnet hands out addresses, the template refuses.
            subnet = aws.ec2.Subnet("open", vpc_id="vpc-1", cidr_block="10.0.0.0/24", map_public_ip_on_launch=True)
            template = aws.ec2.LaunchTemplate(
                "app", image_id="ami-1", network_interfaces=[{"associate_public_ip_address": "false"}]
            )
            aws.autoscaling.Group(
                "app",
                min_size=1,
                max_size=3,
                launch_template={"id": template.id},
                vpc_zone_identifiers=[subnet.id],
            )
            """
        ),
    ],
    violating=[
        in_subnets(
            """
            aws.ec2.Instance(
                "web",
                ami="ami-1",
                instance_type="m7g.large",
                subnet_id=private.id,
                associate_public_ip_address=True,
            )
            """
        ),
        in_subnets(
            """
            aws.ecs.Service("app", network_configuration={"subnets": [public.id], "assign_public_ip": True})
            """
        ),
        in_vpc(
            """
            # By its subnet.
            subnet = aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.0.0/24", map_public_ip_on_launch=True)
            aws.ec2.Instance("web", ami="ami-1", instance_type="m7g.large", subnet_id=subnet.id)
            """
        ),
        plain(
            """
            # By default: without a subnet it stands in the default VPC.
            aws.ec2.Instance("web", ami="ami-1", instance_type="m7g.large")
            """
        ),
        in_subnets(
            """
            # By an Elastic IP on an interface of its own.
            interface = aws.ec2.NetworkInterface("web", subnet_id=private.id)
            aws.ec2.Eip("web", network_interface=interface.id)
            aws.ec2.Instance(
                "web",
                ami="ami-1",
                instance_type="m7g.large",
                network_interfaces=[{"device_index": 0, "network_interface_id": interface.id}],
            )
            """
        ),
        in_vpc(
            """
            # Nodes of a cluster get what their subnet assigns.
            subnet = aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.0.0/24", map_public_ip_on_launch=True)
            cluster = aws.eks.Cluster(
                "main", role_arn="arn:aws:iam::111122223333:role/eks", vpc_config={"subnet_ids": [subnet.id]}
            )
            aws.eks.NodeGroup(
                "nodes",
                cluster_name=cluster.name,
                node_role_arn="arn:aws:iam::111122223333:role/nodes",
                scaling_config={"min_size": 1, "max_size": 3, "desired_size": 1},
                subnet_ids=[subnet.id],
            )
            """
        ),
    ],
)
def workload_with_public_address(workload: Workload, case: Case) -> Answer:
    """However it gets it."""
    endpoint = workload.endpoint
    if endpoint is None:
        return not_applicable(NOT_ITS_OWN)
    if not workload.labels.in_scope:
        return not_applicable(OUT_OF_SCOPE)
    public = endpoint.public_address
    if isinstance(public, Unknown):
        return unknown(f"whether {workload.record} gets a public address depends on {workload.net.doubts([public])}")
    if not public:
        return PASS
    workload.net.charge(workload.record)
    where = ", ".join(str(subnet) for subnet in endpoint.subnets)
    return fail(
        f"{workload.record} gets a public address (in {where}), so nothing but its security groups stands between it "
        "and the internet."
    )


@rule(
    id="workload-exposed-beside-the-web",
    title="The internet reaches a workload on a port that is not the web's",
    layer="network",
    severity="high",
    judges=Workload,
    parameters=WebPorts,
    rationale="""Every open port that is not meant for everyone is another way in, and mostly one that nobody watches.
    PCI DSS lets only known, needed and approved ports into the cardholder data environment.""",
    remediation="""Remove the listener, or the rule that lets the internet in, and reach the port from inside: by a
    peer's security group, a VPN, or Session Manager.""",
    compliant=[
        in_subnets(
            """
            web = aws.ec2.SecurityGroup(
                "web",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
                egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/16"]}],
            )
            app = aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 8080, "to_port": 8080, "security_groups": [web.id]}],
            )
            balancer = aws.lb.LoadBalancer("web", subnets=[public.id], security_groups=[web.id])
            targets = aws.lb.TargetGroup("app", port=8080, protocol="HTTP", target_type="ip", vpc_id=vpc.id)
            aws.lb.Listener(
                "web",
                load_balancer_arn=balancer.arn,
                port=443,
                protocol="HTTPS",
                default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
            )
            aws.ecs.Service(
                "app",
                network_configuration={"subnets": [private.id], "security_groups": [app.id]},
                load_balancers=[{"target_group_arn": targets.arn, "container_name": "app", "container_port": 8080}],
            )
            """
        ),
        in_subnets(
            """
            # The group is open to everyone, but no address and no route leads there.
            group = aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                ingress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            machine = {"ami": "ami-1", "instance_type": "m7g.large", "vpc_security_group_ids": [group.id]}
            aws.ec2.Instance("unaddressed", subnet_id=public.id, **machine)
            aws.ec2.Instance("unrouted", subnet_id=private.id, associate_public_ip_address=True, **machine)
            """
        ),
        in_subnets(
            """
            # The network ACL refuses what the group lets in.
            group = aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            allow = {"rule_no": 100, "action": "allow", "cidr_block": "0.0.0.0/0"}
            aws.ec2.NetworkAcl(
                "public",
                vpc_id=vpc.id,
                subnet_ids=[public.id],
                ingress=[{**allow, "protocol": "tcp", "from_port": 443, "to_port": 443}],
                egress=[{**allow, "protocol": "-1", "from_port": 0, "to_port": 0}],
            )
            aws.ec2.Instance(
                "web",
                ami="ami-1",
                instance_type="m7g.large",
                subnet_id=public.id,
                vpc_security_group_ids=[group.id],
                associate_public_ip_address=True,
            )
            """
        ),
    ],
    violating=[
        in_subnets(
            """
            group = aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 8080, "to_port": 8080, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            aws.ecs.Service(
                "app",
                network_configuration={
                    "subnets": [public.id],
                    "security_groups": [group.id],
                    "assign_public_ip": True,
                },
            )
            """
        ),
        in_subnets(
            """
            # A second listener, and a listener rule that hands it on.
            web = aws.ec2.SecurityGroup("web", vpc_id=vpc.id)
            for port in (443, 8443):
                aws.vpc.SecurityGroupIngressRule(
                    f"web-{port}",
                    security_group_id=web.id,
                    ip_protocol="tcp",
                    from_port=port,
                    to_port=port,
                    cidr_ipv4="0.0.0.0/0",
                )
            app = aws.ec2.SecurityGroup(
                "app",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 8080, "to_port": 8080, "security_groups": [web.id]}],
            )
            aws.vpc.SecurityGroupEgressRule(
                "web-out", security_group_id=web.id, ip_protocol="-1", referenced_security_group_id=app.id
            )
            targets = aws.lb.TargetGroup("app", port=8080, protocol="HTTP", target_type="ip", vpc_id=vpc.id)
            aws.ecs.Service(
                "app",
                network_configuration={"subnets": [private.id], "security_groups": [app.id]},
                load_balancers=[{"target_group_arn": targets.arn, "container_name": "app", "container_port": 8080}],
            )
            balancer = aws.lb.LoadBalancer("web", subnets=[public.id], security_groups=[web.id])
            forward = [{"type": "forward", "target_group_arn": targets.arn}]
            refuse = [{"type": "fixed-response", "fixed_response": {"content_type": "text/plain"}}]
            aws.lb.Listener(
                "web", load_balancer_arn=balancer.arn, port=443, protocol="HTTPS", default_actions=forward
            )
            other = aws.lb.Listener(
                "admin", load_balancer_arn=balancer.arn, port=8443, protocol="HTTPS", default_actions=refuse
            )
            aws.lb.ListenerRule(
                "admin",
                listener_arn=other.arn,
                actions=forward,
                conditions=[{"path_pattern": {"values": ["/admin/*"]}}],
            )
            """
        ),
        in_vpc(
            """
            # IPv6 only: every address of it is public where a route leads out.
            gateway = aws.ec2.InternetGateway("main", vpc_id=vpc.id)
            subnet = aws.ec2.Subnet(
                "six",
                vpc_id=vpc.id,
                cidr_block="10.0.0.0/24",
                ipv6_cidr_block="2600:1f18:1234:5600::/64",
                assign_ipv6_address_on_creation=True,
            )
            table = aws.ec2.RouteTable("six", vpc_id=vpc.id)
            aws.ec2.RouteTableAssociation("six", subnet_id=subnet.id, route_table_id=table.id)
            aws.ec2.Route(
                "six", route_table_id=table.id, destination_ipv6_cidr_block="::/0", gateway_id=gateway.id
            )
            group = aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            aws.vpc.SecurityGroupIngressRule(
                "ssh", security_group_id=group.id, ip_protocol="tcp", from_port=22, to_port=22, cidr_ipv6="::/0"
            )
            aws.ec2.Instance(
                "app",
                ami="ami-1",
                instance_type="m7g.large",
                subnet_id=subnet.id,
                vpc_security_group_ids=[group.id],
            )
            """
        ),
        in_subnets(
            """
            # A key for SSH without sources: EKS opens port 22 of the nodes to everyone.
            subnet = aws.ec2.Subnet("nodes", vpc_id=vpc.id, cidr_block="10.0.2.0/24", map_public_ip_on_launch=True)
            aws.ec2.RouteTableAssociation("nodes", subnet_id=subnet.id, route_table_id=table.id)
            cluster = aws.eks.Cluster(
                "main", role_arn="arn:aws:iam::111122223333:role/eks", vpc_config={"subnet_ids": [subnet.id]}
            )
            aws.eks.NodeGroup(
                "nodes",
                cluster_name=cluster.name,
                node_role_arn="arn:aws:iam::111122223333:role/nodes",
                scaling_config={"min_size": 1, "max_size": 3, "desired_size": 1},
                subnet_ids=[subnet.id],
                remote_access={"ec2_ssh_key": "ops"},
            )
            """
        ),
        in_subnets(
            """
            # A Classic Load Balancer passes SSH on.
            host = aws.ec2.SecurityGroup("host", vpc_id=vpc.id)
            edge = aws.ec2.SecurityGroup(
                "edge",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 2222, "to_port": 2222, "cidr_blocks": ["0.0.0.0/0"]}],
                egress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "security_groups": [host.id]}],
            )
            aws.ec2.SecurityGroupRule(
                "host",
                type="ingress",
                security_group_id=host.id,
                source_security_group_id=edge.id,
                protocol="tcp",
                from_port=22,
                to_port=22,
            )
            machine = aws.ec2.Instance(
                "host",
                ami="ami-1",
                instance_type="m7g.large",
                subnet_id=private.id,
                vpc_security_group_ids=[host.id],
            )
            balancer = aws.elb.LoadBalancer(
                "edge",
                subnets=[public.id],
                security_groups=[edge.id],
                listeners=[{"lb_port": 2222, "lb_protocol": "tcp", "instance_port": 22, "instance_protocol": "tcp"}],
            )
            aws.elb.Attachment("host", elb=balancer.id, instance=machine.id)
            """
        ),
    ],
)
def workload_exposed_beside_the_web(workload: Workload, case: Case) -> Answer:
    """By its own address, or handed on by a load balancer."""
    if workload.endpoint is None:
        return not_applicable(NOT_ITS_OWN)
    if not workload.labels.in_scope:
        return not_applicable(OUT_OF_SCOPE)
    way = unexpected_way(workload.net, workload.record, frozenset(case.parameters.ports))
    if way is None:
        return PASS
    path = workload.net.words(way.hops)
    if not way.certain:
        why = workload.net.doubts(way.unknowns)
        return unknown(f"whether the internet reaches {workload.record} ({path}) depends on {why}")
    return fail(
        f"The internet reaches {workload.record} beside the web's ports: {path}.", workload.net.witness(way.hops)
    )
