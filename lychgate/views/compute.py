"""What costs by its size: EC2 instances, NAT gateways."""

from __future__ import annotations

import re

from lychgate.model.graph import Resource
from lychgate.views.base import View

MACHINES = (
    "aws:ec2/instance:Instance",
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
    "aws:eks/nodeGroup:NodeGroup",
)
NAT_GATEWAYS = ("aws:ec2/natGateway:NatGateway",)


class Machine(View):
    """An EC2 instance, or what says of which type instances will be: a launch template, a node group of EKS."""

    types = MACHINES
    __slots__ = ()

    @property
    def instance_types(self) -> list[str]:
        """`m7g.large`, ...; empty where something else says it."""
        return self.read.texts("instanceType") + self.read.texts("instanceTypes")


class NatGateway(View):
    """A NAT gateway: 0.045 USD an hour in us-east-1, whether it is used or not, and as much again per GB."""

    types = NAT_GATEWAYS
    __slots__ = ()

    @property
    def siblings(self) -> list[Resource]:
        """All NAT gateways of the same stack, this one among them, by name."""
        index: dict[str, list[Resource]] = self.graph.once("nat gateways by stack", self._by_stack)
        return index[self.resource.stack]

    def _by_stack(self) -> dict[str, list[Resource]]:
        index: dict[str, list[Resource]] = {}
        for one in sorted(self.graph.of_type(*NAT_GATEWAYS), key=lambda one: one.name):
            if not one.external:
                index.setdefault(one.stack, []).append(one)
        return index


# Sizes of instance classes in ascending order; `metal` is the whole machine.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html
SIZES = ("nano", "micro", "small", "medium", "large", "xlarge")
SIZE = r"(nano|micro|small|medium|large|\d*xlarge|metal)"
_SIZED = re.compile(rf"\.{SIZE}(?=[-.]|$)")


def size_of(instance_class: str) -> float:
    """How large an instance class is, in units of `large`: m7g.large 1, m7g.2xlarge 4, t3.micro 1/8. 0 for serverless,
    infinite for the whole machine and for what names no size.

    RDS writes more behind the size where it is optimized: `db.r5.4xlarge.tpc2.mem2x`
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Oracle.Concepts.InstanceClasses.html).
    """
    if instance_class.endswith(".serverless"):
        return 0
    found = _SIZED.search(instance_class)
    size = found.group(1) if found else ""
    if size in SIZES:
        return 2.0 ** (SIZES.index(size) - SIZES.index("large"))
    return 2.0 * int(size.removesuffix("xlarge")) if size.endswith("xlarge") else float("inf")
