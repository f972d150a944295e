"""The environment's network, which the platform's base has made: what a stack looks up of it, and what is known of it.

A stack looks up the subnets that its databases stand in, so that a plan sees, and a deployment proves, that nothing
leads from there to the internet.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.assembly.scope import Scope


def look_up(scope: Scope, provider: aws.Provider) -> None:
    """Look up the data subnets and their route tables, where something of the stack stands in them."""
    if not any(resource.kind == "database" for resource in scope.resources.values()):
        return
    opts = pulumi.InvokeOptions(provider=provider)
    for subnet in scope.environment.network.data:
        aws.ec2.get_subnet(id=subnet.id, opts=opts)
        aws.ec2.get_route_table(subnet_id=subnet.id, opts=opts)
