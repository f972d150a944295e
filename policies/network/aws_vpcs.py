"""VPCs as a whole: flow logs, private ways to AWS's services."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.network_vpcs import Network

from .aws_examples import in_subnets, in_vpc

OUT_OF_SCOPE = "It is not part of the cardholder data environment."
LOG = """
            logs = aws.cloudwatch.LogGroup("flows", retention_in_days=400)
            log = {
                "log_destination": logs.arn,
                "iam_role_arn": "arn:aws:iam::111122223333:role/flow-logs",
            }
"""


class Services(BaseModel):
    """Which services have to be reached privately."""

    model_config = ConfigDict(extra="forbid")

    services: list[str] = Field(
        default=["s3"],
        description="AWS services, as the end of a VPC endpoint's service name says them: s3, kms, secretsmanager, ...",
    )


@rule(
    id="vpc-without-flow-logs",
    title="Nobody records the traffic of a VPC",
    layer="network",
    severity="medium",
    judges=Network,
    rationale="""Without flow logs nobody can tell after an incident who talked to which component, or see that a
    security group lets more through than it should. PCI DSS wants audit logs of all components and of access to card
    data.""",
    remediation="""Add an `aws.ec2.FlowLog` with the VPC's id and `traffic_type: ALL`, to CloudWatch Logs or S3.""",
    compliant=[
        in_vpc(
            LOG
            + """
            aws.ec2.FlowLog("main", vpc_id=vpc.id, traffic_type="ALL", **log)
            """
        ),
        in_subnets(
            LOG
            + """
            # Of each subnet, what is accepted and what is refused apart.
            for name, subnet in {"public": public, "private": private}.items():
                for kind in ("ACCEPT", "REJECT"):
                    aws.ec2.FlowLog(f"{name}-{kind}", subnet_id=subnet.id, traffic_type=kind, **log)
            """
        ),
    ],
    violating=[
        in_vpc("""
            aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
            """),
        in_vpc(
            LOG
            + """
            # Only what was refused.
            aws.ec2.FlowLog("main", vpc_id=vpc.id, traffic_type="REJECT", **log)
            """
        ),
        in_subnets(
            LOG
            + """
            # One subnet of two.
            aws.ec2.FlowLog("public", subnet_id=public.id, traffic_type="ALL", **log)
            """
        ),
        in_vpc(
            LOG
            + """
            # Of another VPC.
            other = aws.ec2.Vpc("other", cidr_block="10.1.0.0/16")
            aws.ec2.FlowLog("other", vpc_id=other.id, traffic_type="ALL", **log)
            """
        ),
    ],
)
def vpc_without_flow_logs(vpc: Network, case: Case) -> Answer:
    """Accepted and refused traffic, of the whole VPC."""
    if not vpc.labels.in_scope:
        return not_applicable(OUT_OF_SCOPE)
    missing = sorted({"ACCEPT", "REJECT"} - vpc.logged)
    if not missing:
        return PASS
    what = "traffic" if len(missing) > 1 else "accepted traffic" if missing == ["ACCEPT"] else "refused traffic"
    return fail(f"No flow log records the {what} of {vpc.record} as a whole.", {"not recorded": missing})


@rule(
    id="vpc-without-private-endpoint",
    title="Workloads of a VPC reach AWS's services over the internet",
    layer="network",
    severity="low",
    judges=Network,
    parameters=Services,
    rationale="""Without a VPC endpoint each call to such a service needs a way out to the internet, which then has to
    stay open. PCI DSS limits traffic out of the cardholder data environment to what is needed.""",
    remediation="""Add an `aws.ec2.VpcEndpoint` for the service (for S3 a gateway endpoint with the private route tables
    costs nothing) and narrow the egress rules to it.""",
    compliant=[
        in_subnets(
            """
            routes = aws.ec2.RouteTable("private", vpc_id=vpc.id)
            aws.ec2.VpcEndpoint(
                "s3", vpc_id=vpc.id, service_name="com.amazonaws.us-east-1.s3", route_table_ids=[routes.id]
            )
            aws.ecs.Service("app", network_configuration={"subnets": [private.id]})
            """
        ),
        in_subnets(
            """
            # The route table is associated separately; an interface endpoint would do as well.
            routes = aws.ec2.RouteTable("private", vpc_id=vpc.id)
            endpoint = aws.ec2.VpcEndpoint("s3", vpc_id=vpc.id, service_name="com.amazonaws.us-east-1.s3")
            aws.ec2.VpcEndpointRouteTableAssociation(
                "s3", vpc_endpoint_id=endpoint.id, route_table_id=routes.id
            )
            aws.ecs.Service("app", network_configuration={"subnets": [private.id]})
            """
        ),
    ],
    violating=[
        in_subnets(
            """
            # A function beside the database.
            group = aws.rds.SubnetGroup("orders", subnet_ids=[private.id])
            aws.rds.Instance(
                "orders", engine="postgres", instance_class="db.t4g.micro", db_subnet_group_name=group.name
            )
            inside = aws.ec2.SecurityGroup("orders", vpc_id=vpc.id)
            aws.lambda_.Function(
                "orders", role="worker", vpc_config={"subnet_ids": [private.id], "security_group_ids": [inside.id]}
            )
            """
        ),
        in_subnets(
            """
            aws.ecs.Service("app", network_configuration={"subnets": [private.id]})
            """
        ),
        in_subnets(
            """
            # No route table uses it; another service's name ends alike.
            aws.ec2.VpcEndpoint("s3", vpc_id=vpc.id, service_name="com.amazonaws.us-east-1.s3")
            aws.ec2.VpcEndpoint(
                "other",
                vpc_id=vpc.id,
                service_name="com.amazonaws.us-east-1.dynamodb",
                vpc_endpoint_type="Interface",
            )
            aws.ec2.Instance("app", ami="ami-1", instance_type="m7g.large", subnet_id=private.id)
            """
        ),
    ],
)
def vpc_without_private_endpoint(vpc: Network, case: Case) -> Answer:
    """Each service that has to be reached privately, where there is anything that calls it."""
    if not vpc.labels.in_scope:
        return not_applicable(OUT_OF_SCOPE)
    callers = vpc.callers
    if not callers:
        return not_applicable("Nothing is known to stand in it that calls AWS's services.")
    missing = [service for service in case.parameters.services if service not in vpc.private_services]
    if not missing:
        return PASS
    return fail(
        f"{vpc.record} has no endpoint in use for {', '.join(missing)}, so {vpc.net.record(callers[0])} and whatever "
        "else stands in it reach it over the internet."
    )
