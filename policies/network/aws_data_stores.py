"""Data stores and the internet: public addresses, public subnets, and paths that lead there."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule, unknown
from lychgate.views.network import doubts
from lychgate.views.network_parts import DataStore
from lychgate.views.network_paths import Way, direct_way, way_over_hosts
from lychgate.views.network_public import PublicStore

from .aws_examples import in_subnets, plain

DATABASE = """
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
NOWHERE = "It has no interface of its own in a VPC."


def with_databases(program: str) -> str:
    """The program after a VPC with subnets, `database(...)`, `opened(...)` (a rule from group to group) and
    `out(...)` (egress into the VPC)."""
    return in_subnets(DATABASE) + in_subnets(program).removeprefix(in_subnets(""))


class Hops(BaseModel):
    """How far an attacker is followed."""

    model_config = ConfigDict(extra="forbid")

    hops: int = Field(default=4, ge=1, le=8, description="steps from an exposed host that are followed")


@rule(
    id="data-store-with-public-address",
    title="A data store gets a public address",
    layer="network",
    severity="high",
    judges=PublicStore,
    scope="resource",
    rationale="""A data store with an address on the internet is one security group rule away from being read by
    everyone. PCI DSS keeps components that store card data where no untrusted network reaches them.""",
    remediation="""Set `publicly_accessible` to false (for OpenSearch give `vpc_options`, for MSK public access
    `DISABLED`) and reach it from inside the VPC.""",
    compliant=[
        plain(
            """
            aws.rds.Instance("orders", engine="postgres", instance_class="db.m7g.large", allocated_storage=20)
            aws.redshift.Cluster(
                "reports", cluster_identifier="reports", node_type="ra3.large", publicly_accessible=False
            )
            aws.opensearch.Domain("logs", vpc_options={"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]})
            """
        ),
        plain(
            """
            cluster = aws.rds.Cluster("orders", engine="aurora-postgresql")
            aws.rds.ClusterInstance(
                "orders", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r8g.large"
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            aws.rds.Instance(
                "orders",
                engine="postgres",
                instance_class="db.m7g.large",
                allocated_storage=20,
                publicly_accessible=True,
            )
            """
        ),
        plain(
            """
            # The cluster says nothing of it, its second instance does.
            cluster = aws.rds.Cluster("orders", engine="aurora-postgresql")
            for at in range(2):
                aws.rds.ClusterInstance(
                    f"orders-{at}",
                    cluster_identifier=cluster.id,
                    engine="aurora-postgresql",
                    instance_class="db.r8g.large",
                    publicly_accessible=at == 1,
                )
            """
        ),
        plain(
            """
            aws.redshift.Cluster(
                "reports", cluster_identifier="reports", node_type="ra3.large", publicly_accessible=True
            )
            aws.dms.ReplicationInstance(
                "copy",
                replication_instance_id="copy",
                replication_instance_class="dms.t3.medium",
                publicly_accessible=True,
            )
            """
        ),
        plain(
            """
            # Without a VPC a domain has a public endpoint.
            aws.opensearch.Domain("logs", cluster_config={"instance_type": "r7g.large.search"})
            """
        ),
        plain(
            """
            aws.msk.Cluster(
                "events",
                kafka_version="3.8.x",
                number_of_broker_nodes=2,
                broker_node_group_info={
                    "instance_type": "kafka.m7g.large",
                    "client_subnets": ["subnet-1", "subnet-2"],
                    "security_groups": ["sg-1"],
                    "connectivity_info": {"public_access": {"type": "SERVICE_PROVIDED_EIPS"}},
                },
            )
            """
        ),
    ],
    remedy=PublicStore.made_private,
)
def data_store_with_public_address(store: PublicStore, case: Case) -> Answer:
    """By its own setting."""
    return fail(f"{store.name} gets a public address: {store.why}.") if store.public else PASS


@rule(
    id="data-store-in-public-subnet",
    title="A data store stands in a subnet with a route to an internet gateway",
    layer="network",
    severity="high",
    judges=DataStore,
    rationale="""In a public subnet only a setting and a rule keep a data store off the internet, and both are changed
    in a minute. PCI DSS wants stored card data in an internal zone, apart from what faces untrusted networks.""",
    remediation="""Give its subnet group only subnets whose route table has no route to an internet gateway (a NAT
    gateway is one way out, and data stores rarely need it).""",
    compliant=[
        with_databases(
            """
            group = aws.ec2.SecurityGroup("orders", vpc_id=vpc.id)
            database("orders", [private], group)
            """
        ),
        with_databases(
            """
            # Out by a NAT gateway in the public subnet; nothing comes in by it.
            nat = aws.ec2.NatGateway("main", subnet_id=public.id, allocation_id=aws.ec2.Eip("nat").id)
            table = aws.ec2.RouteTable("private", vpc_id=vpc.id)
            aws.ec2.Route(
                "out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id
            )
            aws.ec2.RouteTableAssociation("private", subnet_id=private.id, route_table_id=table.id)
            subnets = aws.elasticache.SubnetGroup("sessions", subnet_ids=[private.id])
            aws.elasticache.ReplicationGroup(
                "sessions", description="sessions", engine="valkey", subnet_group_name=subnets.name
            )
            """
        ),
    ],
    violating=[
        with_databases(
            """
            group = aws.ec2.SecurityGroup("orders", vpc_id=vpc.id)
            database("orders", [private, public], group)
            """
        ),
        with_databases(
            """
            # The route is added to the main table, which the subnet has because it has no other.
            aws.ec2.Route(
                "out",
                route_table_id=vpc.main_route_table_id,
                destination_cidr_block="0.0.0.0/0",
                gateway_id=gateway.id,
            )
            group = aws.ec2.SecurityGroup("orders", vpc_id=vpc.id)
            database("orders", [private], group)
            """
        ),
        with_databases(
            """
            # IPv6 only, by a table that becomes the main one, and in halves.
            other = aws.ec2.RouteTable("main", vpc_id=vpc.id)
            aws.ec2.MainRouteTableAssociation("main", vpc_id=vpc.id, route_table_id=other.id)
            for name, block in {"low": "::/1", "high": "8000::/1"}.items():
                aws.ec2.Route(
                    name, route_table_id=other.id, destination_ipv6_cidr_block=block, gateway_id=gateway.id
                )
            subnets = aws.redshift.SubnetGroup("reports", subnet_ids=[private.id])
            aws.redshift.Cluster(
                "reports",
                cluster_identifier="reports",
                node_type="ra3.large",
                cluster_subnet_group_name=subnets.name,
            )
            """
        ),
        plain(
            """
            # Nothing is said, so it stands in the default VPC, whose subnets are public.
            aws.rds.Instance("orders", engine="mysql", instance_class="db.m7g.large", allocated_storage=20)
            """
        ),
        plain(
            """
            # The same, looked up.
            vpc = aws.ec2.get_vpc(default=True)
            subnets = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc.id]}])
            group = aws.rds.SubnetGroup("orders", subnet_ids=subnets.ids)
            aws.rds.Cluster("orders", engine="aurora-mysql", db_subnet_group_name=group.name)
            """
        ),
    ],
)
def data_store_in_public_subnet(store: DataStore, case: Case) -> Answer:
    """Any of its subnets, by its own route table or the VPC's main one."""
    if store.endpoint is None:
        return not_applicable(NOWHERE)
    found = store.public_subnets
    for subnet, answer in found:
        if answer.witness is not None and answer.is_yes:
            routes = store.net.steps(answer.witness)
            return fail(
                f"{store.record} stands in {subnet}, a public subnet: {routes[0]}. It should not be where the internet "
                "can be routed to.",
                {"subnet": subnet, "routes": routes},
            )
    for subnet, answer in found:
        return unknown(
            f"whether {store.record} stands in a public subnet ({subnet}) depends on {doubts(answer.unknowns)}"
        )
    return PASS


@rule(
    id="data-store-reachable-from-internet",
    title="The internet reaches a data store",
    layer="network",
    severity="critical",
    judges=DataStore,
    rationale="""What answers on the internet is attacked around the clock, and a password is all that is left in the
    way. PCI DSS forbids that a component with stored card data is reached directly from an untrusted network.""",
    remediation="""Take away the public address or the load balancer in front of it, put it into private subnets, and
    name the application's security group as the only source of its ingress rules.""",
    compliant=[
        with_databases(
            """
            # Behind a load balancer and an application.
            web = aws.ec2.SecurityGroup(
                "web",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            app, db = aws.ec2.SecurityGroup("app", vpc_id=vpc.id), aws.ec2.SecurityGroup("db", vpc_id=vpc.id)
            for name, group in {"web": web, "app": app}.items():
                out(name, group)
            opened("app-from-web", app, 8080, web)
            opened("db-from-app", db, 5432, app)
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
            database("orders", [private], db)
            """
        ),
        with_databases(
            """
            # A public address that no rule lets anybody use, and a private one that everybody may use.
            closed = aws.ec2.SecurityGroup("closed", vpc_id=vpc.id)
            database("orders", [public], closed, publicly_accessible=True)
            open_ = aws.ec2.SecurityGroup(
                "open",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            database("reports", [private], open_, publicly_accessible=True)
            """
        ),
    ],
    violating=[
        with_databases(
            """
            group = aws.ec2.SecurityGroup(
                "orders",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            database("orders", [public], group, publicly_accessible=True)
            """
        ),
        with_databases(
            """
            # A range around its port, in a rule of its own, from one half of the internet.
            group = aws.ec2.SecurityGroup("orders", vpc_id=vpc.id)
            database("orders", [public], group, publicly_accessible=True)
            aws.ec2.SecurityGroupRule(
                "orders",
                type="ingress",
                security_group_id=group.id,
                protocol="tcp",
                from_port=5000,
                to_port=6000,
                cidr_blocks=["128.0.0.0/1"],
            )
            """
        ),
        with_databases(
            """
            # Nothing but a Network Load Balancer in between, which has no security group.
            group = aws.ec2.SecurityGroup(
                "orders",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, "cidr_blocks": ["10.0.0.0/16"]}],
            )
            targets = aws.lb.TargetGroup("orders", port=5432, protocol="TCP", target_type="ip", vpc_id=vpc.id)
            balancer = aws.lb.LoadBalancer("orders", load_balancer_type="network", subnets=[public.id])
            aws.lb.Listener(
                "orders",
                load_balancer_arn=balancer.arn,
                port=443,
                protocol="TCP",
                default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
            )
            orders = database("orders", [private], group)
            aws.lb.TargetGroupAttachment("orders", target_group_arn=targets.arn, target_id=orders.address)
            """
        ),
        plain(
            """
            # All by default: the default VPC is public, and its default group is opened by a rule.
            default = aws.ec2.DefaultVpc("default")
            aws.rds.Instance(
                "orders",
                engine="mysql",
                instance_class="db.m7g.large",
                allocated_storage=20,
                publicly_accessible=True,
            )
            aws.vpc.SecurityGroupIngressRule(
                "mysql",
                security_group_id=default.default_security_group_id,
                ip_protocol="tcp",
                from_port=3306,
                to_port=3306,
                cidr_ipv4="0.0.0.0/0",
            )
            """
        ),
    ],
)
def data_store_reachable_from_internet(store: DataStore, case: Case) -> Answer:
    """By its own address, or through a load balancer and nothing else."""
    if store.endpoint is None:
        return not_applicable(NOWHERE)
    return told(store, direct_way(store.net, store.record), "the internet reaches")


@rule(
    id="data-store-behind-exposed-host",
    title="A data store is reached from a host that stands on the internet",
    layer="network",
    severity="high",
    judges=DataStore,
    parameters=Hops,
    rationale="""A host with an address on the internet, or with an open port other than the web's, is the one that is
    taken first, and from there its security group opens the way to the data. PCI DSS wants stored card data in a zone
    that is apart from what faces the internet.""",
    remediation="""Put the host behind a load balancer into private subnets, close its other ports (use Session Manager
    for a shell), or take its security group out of the data store's ingress rules.""",
    compliant=[
        with_databases(
            """
            # A web server on the internet calls the application, and only that calls the database.
            web = aws.ec2.SecurityGroup(
                "web",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            app, db = aws.ec2.SecurityGroup("app", vpc_id=vpc.id), aws.ec2.SecurityGroup("db", vpc_id=vpc.id)
            out("web", web)
            out("app", app)
            opened("app-from-web", app, 8080, web)
            opened("db-from-app", db, 5432, app)
            machine = {"ami": "ami-1", "instance_type": "m7g.large"}
            aws.ec2.Instance(
                "web",
                subnet_id=public.id,
                vpc_security_group_ids=[web.id],
                associate_public_ip_address=True,
                **machine,
            )
            aws.ec2.Instance("app", subnet_id=private.id, vpc_security_group_ids=[app.id], **machine)
            database("orders", [private], db)
            """
        ),
    ],
    violating=[
        with_databases(
            """
            bastion = aws.ec2.SecurityGroup(
                "bastion",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            db = aws.ec2.SecurityGroup("db", vpc_id=vpc.id)
            out("bastion", bastion)
            opened("db-from-bastion", db, 5432, bastion)
            aws.ec2.Instance(
                "bastion",
                ami="ami-1",
                instance_type="t4g.micro",
                subnet_id=public.id,
                vpc_security_group_ids=[bastion.id],
                associate_public_ip_address=True,
            )
            database("orders", [private], db)
            """
        ),
        with_databases(
            """
            # A chain of three groups, declared from its end; the address is an Elastic IP.
            db = aws.ec2.SecurityGroup("db", vpc_id=vpc.id)
            database("orders", [private], db)
            app, jump = aws.ec2.SecurityGroup("app", vpc_id=vpc.id), aws.ec2.SecurityGroup("jump", vpc_id=vpc.id)
            opened("db-from-app", db, 5432, app)
            opened("app-from-jump", app, 22, jump)
            out("app", app)
            out("jump", jump)
            aws.ec2.SecurityGroupRule(
                "jump",
                type="ingress",
                security_group_id=jump.id,
                protocol="tcp",
                from_port=2222,
                to_port=2222,
                cidr_blocks=["0.0.0.0/0"],
            )
            machine = {"ami": "ami-1", "instance_type": "t4g.micro"}
            aws.ec2.Instance("app", subnet_id=private.id, vpc_security_group_ids=[app.id], **machine)
            host = aws.ec2.Instance("jump", subnet_id=public.id, vpc_security_group_ids=[jump.id], **machine)
            aws.ec2.EipAssociation("jump", instance_id=host.id, allocation_id=aws.ec2.Eip("jump").id)
            """
        ),
        with_databases(
            """
            # One group for all: its members reach each other, and one of them is a public web server.
            shared = aws.ec2.SecurityGroup(
                "shared",
                vpc_id=vpc.id,
                ingress=[
                    {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]},
                    {"protocol": "-1", "from_port": 0, "to_port": 0, "self": True},
                ],
                egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
            )
            template = aws.ec2.LaunchTemplate(
                "web",
                image_id="ami-1",
                instance_type="m7g.large",
                network_interfaces=[{"associate_public_ip_address": "true", "security_groups": [shared.id]}],
            )
            aws.autoscaling.Group(
                "web",
                min_size=1,
                max_size=3,
                launch_template={"id": template.id},
                vpc_zone_identifiers=[public.id],
            )
            database("orders", [private], shared)
            """
        ),
        with_databases(
            """
            # A load balancer hands SSH on; the web's listener beside it comes first.
            host, db = aws.ec2.SecurityGroup("host", vpc_id=vpc.id), aws.ec2.SecurityGroup("db", vpc_id=vpc.id)
            for port in (22, 443):
                aws.vpc.SecurityGroupIngressRule(
                    f"host-{port}",
                    security_group_id=host.id,
                    ip_protocol="tcp",
                    from_port=port,
                    to_port=port,
                    cidr_ipv4="0.0.0.0/0",
                )
            out("host", host)
            opened("db-from-host", db, 5432, host)
            machine = aws.ec2.Instance(
                "host",
                ami="ami-1",
                instance_type="t4g.micro",
                subnet_id=private.id,
                vpc_security_group_ids=[host.id],
            )
            balancer = aws.lb.LoadBalancer("hosts", load_balancer_type="network", subnets=[public.id])
            for port in (443, 22):
                targets = aws.lb.TargetGroup(f"host-{port}", port=port, protocol="TCP", vpc_id=vpc.id)
                aws.lb.TargetGroupAttachment(f"host-{port}", target_group_arn=targets.arn, target_id=machine.id)
                aws.lb.Listener(
                    f"host-{port}",
                    load_balancer_arn=balancer.arn,
                    port=port,
                    protocol="TCP",
                    default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
                )
            database("orders", [private], db)
            """
        ),
    ],
)
def data_store_behind_exposed_host(store: DataStore, case: Case) -> Answer:
    """One hop from any host on the internet, several from one that is open beside the web."""
    if store.endpoint is None:
        return not_applicable(NOWHERE)
    if not store.labels.in_scope:
        return not_applicable("It holds no cardholder data.")
    return told(store, way_over_hosts(case.graph, store.record, case.parameters.hops), "an exposed host leads to")


def told(store: DataStore, way: Way | None, what: str) -> Answer:
    """A way in words."""
    if way is None:
        return PASS
    path = store.net.words(way.hops)
    if not way.certain:
        return unknown(f"whether {what} {store.record} ({path}) depends on {doubts(way.unknowns)}")
    witness: dict[str, Any] = store.net.witness(way.hops)
    return fail(f"{what[0].upper()}{what[1:]} {store.record}: {path}.", witness)
