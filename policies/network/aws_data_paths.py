"""Paths from the internet to data stores."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule, unknown
from lychgate.views.network_parts import DataStore
from lychgate.views.network_paths import Way, direct_way, way_over_hosts

from .aws_examples import plain, with_databases

NOWHERE = "It has no interface of its own in a VPC."


class Hops(BaseModel):
    """How far an attacker is followed."""

    model_config = ConfigDict(extra="forbid")

    hops: int = Field(default=4, ge=1, le=8, description="steps from an exposed host that are followed")


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
        return unknown(f"whether {what} {store.record} ({path}) depends on {store.net.doubts(way.unknowns)}")
    witness: dict[str, Any] = store.net.witness(way.hops)
    return fail(f"{what[0].upper()}{what[1:]} {store.record}: {path}.", witness)
