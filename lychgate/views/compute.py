"""What costs by its size: EC2 instances, NAT gateways."""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.views.base import View

MACHINES = ("aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate", "aws:eks/nodeGroup:NodeGroup")
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


def size_of(instance_class: str) -> float:
    """How large an instance class is, in units of `large`: m7g.large 1, m7g.2xlarge 4, t3.micro 1/8. 0 for
    serverless."""
    size = instance_class.rpartition(".")[2]
    if size == "serverless":
        return 0
    if size.startswith("metal"):
        return float("inf")
    if size.endswith("xlarge"):
        return 2.0 * int(size.removesuffix("xlarge") or 1)
    if size in SIZES:
        return 2.0 ** (SIZES.index(size) - SIZES.index("large"))
    return float("inf")
