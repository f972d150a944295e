"""The environment's network, which the platform's base has made: what a stack looks up of it, and asks of it.

A stack looks up the subnets that its databases stand in. A plan is told what the environment's file says of them; a
deployment sees what is there, and stops where something leads from there to the internet.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.assembly.scope import Scope


class OpenSubnetError(Exception):
    """A data subnet from which the internet is reached, or into which it could be."""


def look_up(scope: Scope, provider: aws.Provider) -> None:
    """Look up the data subnets and their route tables, where something of the stack stands in them.

    Raises OpenSubnetError for one that is not as a data subnet must be (PCI DSS 1.4.4).
    """
    if not any(resource.kind == "database" for resource in scope.resources.values()):
        return
    opts = pulumi.InvokeOptions(provider=provider)
    for subnet in scope.environment.network.data:
        check_closed(
            subnet.id,
            aws.ec2.get_subnet(id=subnet.id, opts=opts),
            aws.ec2.get_route_table(subnet_id=subnet.id, opts=opts),
        )


def check_closed(subnet: str, found: Any, table: Any) -> None:
    """Raise OpenSubnetError where a subnet gives public addresses, or has a route to an internet gateway.

    https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
    """
    if found.map_public_ip_on_launch:
        raise OpenSubnetError(f"{subnet} is no data subnet: it gives public addresses")
    for route in table.routes or ():  # in a capture without answers there are none
        if str(route.gateway_id or "").startswith("igw-"):
            raise OpenSubnetError(
                f"{subnet} is no data subnet: a route leads to the internet gateway {route.gateway_id}"
            )
