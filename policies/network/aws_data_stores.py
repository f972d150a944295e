"""Data stores and the internet: public addresses, public subnets."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule, unknown
from lychgate.views.network_parts import DataStore
from lychgate.views.network_public import PublicStore

from .aws_examples import plain, with_databases


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
        return not_applicable("It has no interface of its own in a VPC.")
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
        why = store.net.doubts(answer.unknowns)
        return unknown(f"whether {store.record} stands in a public subnet ({subnet}) depends on {why}")
    return PASS
