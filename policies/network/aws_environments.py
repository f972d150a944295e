"""Networks of production that others get into: joined VPCs, and reach from other environments."""

from collections.abc import Hashable

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule, unknown
from lychgate.model.graph import Graph, Resource
from lychgate.views.labels import labels_of
from lychgate.views.network import Foreign, network_of
from lychgate.views.network_parts import Interfaced
from lychgate.views.network_vpcs import Network

from .aws_examples import plain

NOT_PRODUCTION = "It is not labelled as production."
VPCS = """
def network(environment, block):
    tags = {"environment": environment}
    vpc = aws.ec2.Vpc(environment, cidr_block=f"{block}.0.0/16", tags=tags)
    subnet = aws.ec2.Subnet(environment, vpc_id=vpc.id, cidr_block=f"{block}.1.0/24", tags=tags)
    table = aws.ec2.RouteTable(environment, vpc_id=vpc.id, tags=tags)
    aws.ec2.RouteTableAssociation(environment, subnet_id=subnet.id, route_table_id=table.id)
    return vpc, subnet, table


def instance(environment, subnet, group, name=None):
    return aws.ec2.Instance(
        name or environment,
        ami="ami-1",
        instance_type="m7g.large",
        subnet_id=subnet.id,
        vpc_security_group_ids=[group.id],
        tags={"environment": environment},
    )


def group(name, vpc, port, **source):
    rule = {"protocol": "tcp", "from_port": port, "to_port": port}
    anywhere = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/8"]}
    return aws.ec2.SecurityGroup(name, vpc_id=vpc.id, ingress=[{**rule, **source}], egress=[anywhere])

"""


def networks(program: str) -> str:
    """The program after `network(environment, block)`, `instance(environment, subnet, group)` and
    `group(name, vpc, port, ...)`."""
    return plain(VPCS) + plain(program).removeprefix(plain(""))


class Environments(BaseModel):
    """Which environments are production."""

    model_config = ConfigDict(extra="forbid")

    production: list[str] = Field(
        default=["production", "prod", "prd", "live"], description="names of environments that hold live data"
    )


@rule(
    id="production-vpc-joined-with-another-environment",
    title="The VPC of production is joined with one of another environment",
    layer="network",
    severity="high",
    judges=Network,
    parameters=Environments,
    scope="stacks",
    rationale="""Over a peering or transit gateway a single security group rule lets test systems, which are watched and
    patched less, into production. PCI DSS wants pre-production separated from production, enforced by access
    controls.""",
    remediation="""Remove the peering or attachment, or the routes and propagations that lead from one to the other
    (give the transit gateway a route table of its own for each environment). Share data through a service instead.""",
    compliant=[
        networks(
            """
            network("production", "10.0")
            network("staging", "10.1")
            """
        ),
        networks(
            """
            # One transit gateway, one route table for each environment.
            gateway = aws.ec2transitgateway.TransitGateway(
                "hub", default_route_table_association="disable", default_route_table_propagation="disable"
            )
            for environment, block in {"production": "10.0", "staging": "10.1"}.items():
                vpc, subnet, table = network(environment, block)
                attachment = aws.ec2transitgateway.VpcAttachment(
                    environment, transit_gateway_id=gateway.id, vpc_id=vpc.id, subnet_ids=[subnet.id]
                )
                own = aws.ec2transitgateway.RouteTable(environment, transit_gateway_id=gateway.id)
                pair = {"transit_gateway_route_table_id": own.id, "transit_gateway_attachment_id": attachment.id}
                aws.ec2transitgateway.RouteTableAssociation(environment, **pair)
                aws.ec2transitgateway.RouteTablePropagation(environment, **pair)
                aws.ec2.Route(
                    environment,
                    route_table_id=table.id,
                    destination_cidr_block="10.0.0.0/8",
                    transit_gateway_id=gateway.id,
                )
            """
        ),
        networks(
            """
            # Both are production.
            a, _, routes = network("production", "10.0")
            b = aws.ec2.Vpc("other", cidr_block="10.2.0.0/16", tags={"environment": "production"})
            peering = aws.ec2.VpcPeeringConnection("both", vpc_id=a.id, peer_vpc_id=b.id, auto_accept=True)
            aws.ec2.Route(
                "both",
                route_table_id=routes.id,
                destination_cidr_block="10.2.0.0/16",
                vpc_peering_connection_id=peering.id,
            )
            """
        ),
    ],
    violating=[
        networks(
            """
            a, _, routes = network("production", "10.0")
            b, _, _ = network("staging", "10.1")
            peering = aws.ec2.VpcPeeringConnection("both", vpc_id=a.id, peer_vpc_id=b.id, auto_accept=True)
            aws.ec2.Route(
                "staging",
                route_table_id=routes.id,
                destination_cidr_block="10.1.0.0/16",
                vpc_peering_connection_id=peering.id,
            )
            """
        ),
        networks(
            """
            # Asked for from staging, accepted by a resource of its own, routed from staging only.
            b, _, routes = network("staging", "10.1")
            a, _, _ = network("production", "10.0")
            peering = aws.ec2.VpcPeeringConnection("both", vpc_id=b.id, peer_vpc_id=a.id)
            aws.ec2.VpcPeeringConnectionAccepter(
                "both", vpc_peering_connection_id=peering.id, auto_accept=True
            )
            aws.ec2.Route(
                "production",
                route_table_id=routes.id,
                destination_cidr_block="10.0.1.0/24",
                vpc_peering_connection_id=peering.id,
            )
            """
        ),
        networks(
            """
            # A transit gateway as it comes joins everything that is attached.
            gateway = aws.ec2transitgateway.TransitGateway("hub")
            for environment, block in {"production": "10.0", "test": "10.1"}.items():
                vpc, subnet, table = network(environment, block)
                aws.ec2transitgateway.VpcAttachment(
                    environment, transit_gateway_id=gateway.id, vpc_id=vpc.id, subnet_ids=[subnet.id]
                )
                aws.ec2.Route(
                    environment,
                    route_table_id=table.id,
                    destination_cidr_block="10.0.0.0/8",
                    transit_gateway_id=gateway.id,
                )
            """
        ),
    ],
)
def production_vpc_joined_with_another_environment(vpc: Network, case: Case) -> Answer:
    """Linked, and routed in either direction."""
    production = case.parameters.production
    if vpc.labels.environment not in production:
        return not_applicable(NOT_PRODUCTION)
    perhaps = ""
    for other, answer in vpc.joined_to(lambda one: labels_of(case.graph, one).environment not in production):
        environment = vpc.environment_of(other)
        if environment is None:
            perhaps = perhaps or f"{other}, to which it is joined, is production is said nowhere"
        elif answer.is_yes and answer.witness is not None:
            routes = vpc.net.steps(answer.witness.steps)
            links = ", ".join(link.record for link in answer.witness.links)
            return fail(
                f"{vpc.record} ({vpc.labels.environment}) is joined with {other} ({environment}) by {links}; "
                f"{routes[0]}.",
                {"pair": [vpc.record, other], "links": links, "routes": routes},
            )
        else:
            why = vpc.net.doubts(answer.unknowns)
            perhaps = perhaps or f"it is joined with {other} ({environment}) depends on {why}"
    return unknown(f"whether {perhaps}") if perhaps else PASS


@rule(
    id="production-reached-from-another-environment",
    title="A system of another environment reaches one of production",
    layer="network",
    severity="high",
    judges=Interfaced,
    parameters=Environments,
    scope="stacks",
    rationale="""What test systems can connect to, whoever takes a test system can attack. PCI DSS wants pre-production
    separated from production, enforced by access controls.""",
    remediation="""Give each environment security groups of its own and name only those of production as sources; take
    addresses of other environments out of the ingress rules.""",
    compliant=[
        networks(
            """
            for environment, block in {"production": "10.0", "staging": "10.1"}.items():
                vpc, subnet, _ = network(environment, block)
                own = group(environment, vpc, 8080, cidr_blocks=["10.0.0.0/8"])
                instance(environment, subnet, own)
            """
        ),
        networks(
            """
            # One VPC for both, and groups that name only their own environment.
            vpc, subnet, _ = network("production", "10.0")
            for environment in ("production", "staging"):
                callers = group(f"{environment}-callers", vpc, 443, cidr_blocks=["198.51.100.0/24"])
                own = group(f"{environment}-app", vpc, 8080, security_groups=[callers.id])
                instance(environment, subnet, callers, f"{environment}-caller")
                instance(environment, subnet, own, f"{environment}-app")
            """
        ),
    ],
    violating=[
        networks(
            """
            # A rule names the group of staging.
            vpc, subnet, _ = network("production", "10.0")
            staging = group("staging", vpc, 443, cidr_blocks=["198.51.100.0/24"])
            production = group("production", vpc, 8080, security_groups=[staging.id])
            instance("staging", subnet, staging)
            instance("production", subnet, production)
            """
        ),
        networks(
            """
            # Both wear the same group, which lets its members in.
            vpc, subnet, _ = network("production", "10.0")
            shared = group("shared", vpc, 8080, self=True)
            instance("production", subnet, shared)
            instance("staging", subnet, shared)
            """
        ),
        networks(
            """
            # Over a peering, by addresses; the database names no environment but through its own tags.
            a, production, routes = network("production", "10.0")
            b, staging, other = network("staging", "10.1")
            peering = aws.ec2.VpcPeeringConnection("both", vpc_id=a.id, peer_vpc_id=b.id, auto_accept=True)
            for name, table, block in (("a", routes, "10.1.0.0/16"), ("b", other, "10.0.0.0/16")):
                aws.ec2.Route(
                    name,
                    route_table_id=table.id,
                    destination_cidr_block=block,
                    vpc_peering_connection_id=peering.id,
                )
            db = group("orders", a, 5432, cidr_blocks=["10.0.0.0/8"])
            subnets = aws.rds.SubnetGroup("orders", subnet_ids=[production.id])
            aws.rds.Instance(
                "orders",
                engine="postgres",
                instance_class="db.m7g.large",
                allocated_storage=20,
                db_subnet_group_name=subnets.name,
                vpc_security_group_ids=[db.id],
                tags={"environment": "production"},
            )
            instance("staging", staging, group("staging", b, 443, cidr_blocks=["10.1.0.0/16"]))
            """
        ),
    ],
)
def production_reached_from_another_environment(target: Interfaced, case: Case) -> Answer:
    """By private addresses, in one hop."""
    production = frozenset(case.parameters.production)
    if target.labels.environment not in production:
        return not_applicable(NOT_PRODUCTION)
    if target.endpoint is None:
        return not_applicable("It has no interface of its own in a VPC.")
    found = reached(case.graph, production).get(target.resource.urn)
    if found is None or found.answer.witness is None:
        return PASS
    net, source = network_of(case.graph), labels_of(case.graph, found.source).environment
    path = net.words([found.answer.witness])
    if found.answer.is_unknown:
        return unknown(f"whether {path} (from {source}) depends on {net.doubts(found.answer.unknowns)}")
    return fail(
        f"{net.record(found.source)} of {source} reaches {target.record} of production: {path}.",
        net.witness([found.answer.witness]),
    )


def reached(graph: Graph, production: frozenset[str]) -> dict[str, Foreign]:
    """What an endpoint of another environment reaches."""

    def owner(resource: Resource) -> Hashable:
        environment = labels_of(graph, resource).environment
        return None if environment is None else environment in production

    return graph.once(
        ("reached from other environments", production), lambda: network_of(graph).reached_from_others(owner)
    )
