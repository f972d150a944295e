"""What the invoker's file says of subnets that the program did not make decides where its databases stand."""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import evaluate
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.graph import Fact, Graph, Lookup, Resource
from tests.views.helpers import resource

SUBNET, TABLE = "aws:ec2/getSubnet:getSubnet", "aws:ec2/getRouteTable:getRouteTable"
ID = "subnet-0d10000000000000a"
RULE = "data-store-in-public-subnet"
TO_INTERNET = {"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-0a1b2c3d4e5f60718", "natGatewayId": ""}
ELSEWHERE = {"cidrBlock": "10.0.0.0/8", "natGatewayId": "nat-0a1b2c3d4e5f60718"}
TO_NAT = {"cidrBlock": "0.0.0.0/0", "gatewayId": "", "natGatewayId": "nat-0a1b2c3d4e5f60718"}
CLOSED: dict[str, Any] = {"routeTableId": "rtb-1", "routes": []}


def database() -> list[Resource]:
    group = resource("aws:rds/subnetGroup:SubnetGroup", "data", {"name": "data", "subnetIds": [ID]}, id="data",
                     outputs={"name": "data"})  # fmt: skip
    cluster = {"engine": "aurora-postgresql", "dbSubnetGroupName": "data", "vpcSecurityGroupIds": ["sg-1"]}
    return [group, resource("aws:rds/cluster:Cluster", "orders", cluster)]


def fact(token: str, arguments: dict[str, Any], result: dict[str, Any], *, told: bool = True) -> Lookup:
    said = Fact(arguments, result) if told else None
    return Lookup("shop/dev", token, arguments, "lychgate.yaml" if told else "assumed", result, said)


def outcome(*lookups: Lookup, more: list[Resource] | None = None) -> str:
    rules = {RULE: built_in_rules()[RULE]}
    graph = Graph([*database(), *(more or [])], lookups=lookups)
    (judged,) = evaluate(graph, rules.values(), load_ruleset("production", built_in_rules()))
    return judged.outcome


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([], "pass"),
        ([TO_NAT], "pass"),
        ([TO_INTERNET], "fail"),
        ([ELSEWHERE, TO_INTERNET], "fail"),
    ],
)
def test_routes_that_are_told_decide(routes: list[Any], expected: str) -> None:
    assert outcome(fact(TABLE, {"subnetId": ID}, {"routeTableId": "rtb-1", "routes": routes})) == expected


def test_what_nobody_tells_is_unknown() -> None:
    assert outcome() == "unknown"
    assert outcome(fact(SUBNET, {"id": ID}, {"id": ID, "vpcId": "vpc-1"})) == "unknown"
    assert outcome(fact(TABLE, {"subnetId": ID}, {"routeTableId": "rtb-1"})) == "unknown"
    assert outcome(fact(TABLE, {"subnetId": "subnet-other"}, CLOSED)) == "unknown"


def test_what_is_made_up_tells_nothing() -> None:
    assert outcome(fact(TABLE, {"subnetId": ID}, CLOSED, told=False)) == "unknown"


def test_answers_that_contradict_each_other_tell_nothing() -> None:
    open_ = {"routeTableId": "rtb-1", "routes": [TO_INTERNET]}
    both = (fact(TABLE, {"subnetId": ID}, CLOSED), fact(TABLE, {"subnetId": ID}, open_))
    assert outcome(*both) == "unknown"


def test_a_route_that_the_program_adds_to_the_table_counts() -> None:
    route = {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
    closed = fact(TABLE, {"subnetId": ID}, CLOSED)
    assert outcome(closed, more=[resource("aws:ec2/route:Route", "out", route)]) == "fail"


def test_a_table_that_the_program_associates_counts_first() -> None:
    open_ = resource("aws:ec2/routeTable:RouteTable", "open", {"vpcId": "vpc-1", "routes": [TO_INTERNET]}, id="rtb-2")
    to = {"subnetId": ID, "routeTableId": "rtb-2"}
    joined = resource("aws:ec2/routeTableAssociation:RouteTableAssociation", "open", to)
    assert outcome(fact(TABLE, {"subnetId": ID}, CLOSED), more=[open_, joined]) == "fail"
