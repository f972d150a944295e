"""A program in a network that somebody else made, checked with what lychgate.yaml says of that network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run, lay

RULE = "data-store-in-public-subnet"
ID = "subnet-0d10000000000000a"
# The program asks more than the second fixture's arguments, and names a subnet: that subnet is none of the fixture's.
PROGRAM = f"""
import pulumi_aws as aws

aws.ec2.get_route_table(subnet_id="{ID}")
aws.ec2.get_route_table(subnet_id="subnet-public", vpc_id="vpc-0c10000000000000a")
subnets = {{"looked-up": aws.ec2.get_subnet(id="{ID}").id, "literal": "{ID}", "other": "subnet-public"}}
for name, subnet in subnets.items():
    group = aws.rds.SubnetGroup(name, subnet_ids=[subnet])
    aws.rds.Instance(name, engine="postgres", instance_class="db.m7g.large", allocated_storage=20,
        db_subnet_group_name=group.name)
"""
SETTINGS = """
invokes:
  - token: aws:ec2/getRouteTable:getRouteTable
    arguments: {{subnetId: {id}}}
    result: {{{routes}}}
  - token: aws:ec2/getRouteTable:getRouteTable
    arguments: {{vpcId: vpc-0c10000000000000a}}
    result: {{routes: []}}
"""
NAT = "routeTableId: rtb-0b10000000000000a, routes: [{cidrBlock: 0.0.0.0/0, natGatewayId: nat-0e10000000000000a}]"
OPEN = "routeTableId: rtb-0b10000000000000a, routes: [{cidrBlock: 0.0.0.0/0, gatewayId: igw-0f10000000000000a}]"
RULESET = f"""
name: mine
description: One rule counts.
strict: true
default_level: disabled
rules:
  {RULE}: mandatory
"""


@pytest.mark.parametrize(
    ("routes", "expected"), [(NAT, "pass"), (OPEN, "fail"), ("routeTableId: rtb-0b10000000000000a", "unknown")]
)
def test_a_database_in_a_looked_up_subnet(
    cheap: Callable[..., Run], tmp_path: Path, routes: str, expected: str
) -> None:
    top = lay(
        tmp_path / "shop",
        {
            "Pulumi.yaml": "name: shop\nruntime: python\n",
            "__main__.py": PROGRAM,
            "lychgate.yaml": SETTINGS.format(id=ID, routes=routes),
            "mine.yaml": RULESET,
        },
    )
    run = cheap("check", top, "--ruleset", top / "mine.yaml", "--format", "json")
    found = {one["name"]: one["outcome"] for one in json.loads(run.stdout)["judgements"] if one["rule"] == RULE}
    assert found == {"looked-up": expected, "literal": expected, "other": "unknown"}, run.stderr
