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


@pytest.mark.parametrize(
    ("told", "adds", "expected"),
    [
        ([TO_INTERNET], {"natGatewayId": "nat-1"}, "unknown"),  # refused, and the one to the internet stays
        ([TO_INTERNET], {"natGatewayId": "nat-1", "destinationCidrBlock": "0.0.0.1/0"}, "unknown"),
        ([TO_NAT], {"gatewayId": "igw-1"}, "fail"),  # the program's own route, as this change leaves it
        ([TO_NAT], {"natGatewayId": TO_NAT["natGatewayId"]}, "pass"),
        ([TO_INTERNET], {"gatewayId": "igw-1"}, "fail"),
    ],
)
def test_a_route_to_where_the_table_has_another(told: list[Any], adds: dict[str, Any], expected: str) -> None:
    route = resource(
        "aws:ec2/route:Route", "out", {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"} | adds
    )
    assert outcome(fact(TABLE, {"subnetId": ID}, {"id": "rtb-1", "routes": told}), more=[route]) == expected


def test_a_route_of_another_table_may_be_of_one_whose_id_is_not_told() -> None:
    route = {"routeTableId": "rtb-made-up", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
    out = [resource("aws:ec2/route:Route", "out", route)]
    assert outcome(fact(TABLE, {"subnetId": ID}, {"routes": []}), more=out) == "unknown"
    assert outcome(fact(TABLE, {"subnetId": ID}, CLOSED), more=out) == "pass"


@pytest.mark.parametrize(
    ("told", "attached", "expected"),
    [
        ([], [TO_INTERNET], "fail"),
        ([TO_INTERNET], [], "unknown"),  # refused, and the subnet stays public
        ([TO_NAT], [TO_NAT], "unknown"),
        ([], [], "pass"),
    ],
)
def test_a_table_that_the_program_attaches(told: list[Any], attached: list[Any], expected: str) -> None:
    table = resource("aws:ec2/routeTable:RouteTable", "own", {"vpcId": "vpc-1", "routes": attached}, id="rtb-2")
    to = {"subnetId": ID, "routeTableId": "rtb-2"}
    joined = resource("aws:ec2/routeTableAssociation:RouteTableAssociation", "own", to)
    assert outcome(fact(TABLE, {"subnetId": ID}, {"id": "rtb-1", "routes": told}), more=[table, joined]) == expected
    same = resource("aws:ec2/routeTableAssociation:RouteTableAssociation", "own", to | {"routeTableId": "rtb-1"})
    once = outcome(fact(TABLE, {"subnetId": ID}, {"id": "rtb-1", "routes": told}), more=[same])
    assert once == ("fail" if TO_INTERNET in told else "pass")


def test_one_table_with_two_sets_of_routes_tells_nothing() -> None:
    other = fact(TABLE, {"subnetId": "subnet-other"}, {"id": "rtb-1", "routes": [TO_INTERNET]})
    assert outcome(fact(TABLE, {"subnetId": ID}, {"id": "rtb-1", "routes": []}), other) == "unknown"


def test_an_answer_for_another_subnet_than_was_asked_for_tells_nothing() -> None:
    assert outcome(fact(TABLE, {"subnetId": ID}, {"subnetId": "subnet-other", **CLOSED})) == "unknown"
    assert outcome(fact(TABLE, {"vpcId": "vpc-1"}, {"subnetId": ID, **CLOSED})) == "unknown"


def test_a_subnet_of_which_no_ipv6_block_is_told_may_have_one() -> None:
    everyone = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "ipv6CidrBlocks": ["::/0"]}
    group = resource(
        "aws:ec2/securityGroup:SecurityGroup", "web", {"vpcId": "vpc-1", "ingress": [everyone]}, id="sg-web"
    )
    own = {"subnetId": ID, "vpcSecurityGroupIds": ["sg-web"], "associatePublicIpAddress": False, "ipv6AddressCount": 1}
    host = resource("aws:ec2/instance:Instance", "web", own)
    table = fact(TABLE, {"subnetId": ID}, {"id": "rtb-1", "routes": [{"ipv6CidrBlock": "::/0", "gatewayId": "igw-1"}]})
    name = "workload-exposed-beside-the-web"
    for told, expected in (({}, "unknown"), ({"ipv6CidrBlock": ""}, "pass")):
        graph = Graph([group, host], lookups=[table, fact(SUBNET, {"id": ID}, {"cidrBlock": "10.0.1.0/24"} | told)])
        (judged,) = evaluate(graph, [built_in_rules()[name]], load_ruleset("production", built_in_rules()))
        assert judged.outcome == expected
