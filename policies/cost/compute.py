"""Sizes and counts of EC2 instances, NAT gateways and volumes."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.compute import SIZE, Machine, NatGateway, size_of
from lychgate.views.storage import Volume


class InstanceSize(BaseModel):
    """The largest instance that the environment pays for."""

    model_config = ConfigDict(extra="forbid")
    largest: str = Field(
        default="m7g.2xlarge",
        pattern=rf"^[a-z0-9-]+\.{SIZE}$",
        description="instance type whose size (large, 2xlarge, ...) must not be exceeded, whatever the family",
    )


INSTANCE = """
        import pulumi_aws as aws

        aws.ec2.Instance("worker", ami="ami-0a1b2c3d4e5f60718", %s)
        """


NODES = """
        import pulumi_aws as aws

        aws.eks.NodeGroup("nodes", cluster_name="shop", node_role_arn="arn:aws:iam::111122223333:role/node",
                          subnet_ids=["subnet-1"], instance_types=[%s],
                          scaling_config={"min_size": 2, "desired_size": 2, "max_size": 4})
        """


@rule(
    id="ec2-instance-type-too-large",
    title="An EC2 instance is larger than the environment allows",
    layer="cost",
    severity="medium",
    judges=Machine,
    parameters=InstanceSize,
    scope="resource",
    rationale="""An instance is paid for by the hour, whether it works or waits, and each size up doubles its price.""",
    remediation="Choose a smaller instanceType.",
    compliant=[
        INSTANCE % 'instance_type="t4g.small"',
        INSTANCE % 'instance_type="c7i.2xlarge"',
        NODES % '"m7g.large", "m7g.xlarge"',
    ],
    violating=[
        INSTANCE % 'instance_type="m7i.8xlarge"',
        INSTANCE % 'instance_type="c7i.metal-24xl"',
        NODES % '"m7g.large", "m7g.16xlarge"',
        """
        import pulumi_aws as aws

        aws.ec2.LaunchTemplate("workers", instance_type="m7g.8xlarge")
        """,
        """
        import pulumi_aws as aws

        aws.ec2.LaunchConfiguration("workers", image_id="ami-0a1b2c3d4e5f60718", instance_type="m7g.8xlarge")
        """,
    ],
)
def ec2_instance_type_too_large(machine: Machine, case: Case) -> Answer:
    """By size, not by family; the largest type counts."""
    if not machine.instance_types:
        return not_applicable("something else says the type")
    given, largest = max(machine.instance_types, key=size_of), case.parameters.largest
    if size_of(given) <= size_of(largest):
        return PASS
    return fail(f"The type {given} is larger than {largest}, the largest that is paid for here.")


class NatGateways(BaseModel):
    """How many NAT gateways a stack may have."""

    model_config = ConfigDict(extra="forbid")
    gateways: int = Field(default=3, ge=0, description="NAT gateways of a stack at most (one per zone is three)")


NETWORK = """
        import pulumi_aws as aws

        for index in range(%d):
            aws.ec2.NatGateway(f"nat-{index}", subnet_id=f"subnet-{index}", connectivity_type="private")
        """


@rule(
    id="stack-with-many-nat-gateways",
    title="A stack has more NAT gateways than the environment pays for",
    layer="cost",
    severity="medium",
    judges=NatGateway,
    parameters=NatGateways,
    rationale="""A NAT gateway costs about 33 USD a month before the first byte, and as much again per 730 GB. VPC
    endpoints are
    cheaper for traffic to AWS, and keep it inside.""",
    remediation="Share NAT gateways between subnets of a zone, and use VPC endpoints for AWS services.",
    compliant=[NETWORK % 3],
    violating=[NETWORK % 5],
)
def stack_with_many_nat_gateways(gateway: NatGateway, case: Case) -> Answer:
    """Those beyond the allowed number fail, in order of their names."""
    position, most = gateway.siblings.index(gateway.resource), case.parameters.gateways
    if position < most:
        return PASS
    return fail(
        f"This is NAT gateway {position + 1} of {len(gateway.siblings)} in the stack; {most} are paid for here."
    )


@rule(
    id="ebs-volume-of-an-old-type",
    title="An EBS volume is of a type that costs more for less",
    layer="cost",
    severity="low",
    judges=Volume,
    scope="resource",
    rationale="""gp3 costs a fifth less than gp2 and is as fast or faster; io1 costs as much as io2, which lasts
    longer. AWS makes a
    gp2 volume unless told otherwise.""",
    remediation="Set type to `gp3` (or `io2` for io1).",
    compliant=[
        """
        import pulumi_aws as aws

        aws.ebs.Volume("data", availability_zone="us-east-1a", size=100, type="gp3")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.ebs.Volume("data", availability_zone="us-east-1a", size=100)
        """,
        """
        import pulumi_aws as aws

        aws.ebs.Volume("data", availability_zone="us-east-1a", size=100, type="io1", iops=1000)
        """,
    ],
)
def ebs_volume_of_an_old_type(volume: Volume, case: Case) -> Answer:
    """gp2 by default: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html"""
    kind = volume.read.text("type") or "gp2"
    return fail(f"The volume is of type {kind}.") if kind in ("gp2", "io1", "standard") else PASS
