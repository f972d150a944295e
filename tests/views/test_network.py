"""The network of a graph, where a program's example does not reach: previews, lookups, secrets, many endpoints."""

from __future__ import annotations

from collections.abc import Hashable
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case
from lychgate.model.graph import Graph, Lookup, Resource, StackInfo
from lychgate.model.outcome import Answer
from lychgate.model.redaction import Redactor
from lychgate.model.values import UNKNOWN, Secret, Symbol
from lychgate.reasoning.network import Bounds, FlowSet, Subnet, Unknown
from lychgate.reasoning.network.addresses import INTERNET_IPV4, block
from lychgate.reasoning.network.flows import PROTOCOL_NUMBERS
from lychgate.reasoning.network.intervals import holds, intersect, normal
from lychgate.views import network_types as types
from lychgate.views.network import network_of
from lychgate.views.network_exposure import is_world, world_ports
from lychgate.views.network_paths import WEB, direct_way, unexpected_way
from tests.views.helpers import STACK, resource

ANYWHERE = ["0.0.0.0/0"]


def stack(name: str = STACK, account: str = "111122223333", region: str = "us-east-1") -> StackInfo:
    return StackInfo(name, name.partition("/")[0], name.rpartition("/")[2], {}, account, region)


def graph(*resources: Resource, lookups: tuple[Lookup, ...] = ()) -> Graph:
    names = dict.fromkeys(one.stack for one in resources)
    return Graph(resources, [stack(name) for name in names], lookups)


def rule(port: int, **source: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "fromPort": port, "toPort": port, **source}


def group(name: str, *ingress: dict[str, Any], **more: Any) -> Resource:
    everything = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ANYWHERE}
    properties = {"vpcId": "vpc-1", "ingress": list(ingress), "egress": [everything]}
    return resource(types.SECURITY_GROUP, name, properties, id=f"sg-{name}", **more)


def vpc() -> list[Resource]:
    """A VPC with a public and a private subnet."""
    return [
        resource(types.VPC, "main", {"cidrBlock": "10.0.0.0/16"}, id="vpc-1"),
        resource(types.INTERNET_GATEWAY, "main", {"vpcId": "vpc-1"}, id="igw-1"),
        resource(types.SUBNET, "public", {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24"}, id="subnet-public"),
        resource(types.SUBNET, "private", {"vpcId": "vpc-1", "cidrBlock": "10.0.1.0/24"}, id="subnet-private"),
        resource(
            types.ROUTE_TABLE,
            "public",
            {"vpcId": "vpc-1", "routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]},
            id="rtb-public",
        ),
        resource(types.ROUTE_TABLE_ASSOCIATION, "public", {"subnetId": "subnet-public", "routeTableId": "rtb-public"}),
    ]


def instance(name: str, subnet: Any, groups: Any, **more: Any) -> Resource:
    depends = more.pop("depends", {})
    properties = {"subnetId": subnet, "vpcSecurityGroupIds": groups, **more}
    return resource(types.INSTANCE, name, properties, id=f"i-{name}", property_dependencies=depends)


def answers(name: str, one: Graph) -> dict[str, Answer]:
    """What a rule says of each resource that it judges, by name."""
    found = built_in_rules()[name]
    case = Case(one, found.defaults)
    return {view.name: judge(found, view, case, Redactor.of(one)) for view in found.judges.all(one)}


# Previews


def test_references_by_property_dependencies_in_a_preview() -> None:
    """The ids are unknown; the dependencies of each property tell which resources they are."""
    web, app = group("web", rule(443, cidrBlocks=ANYWHERE)), group("app")
    web.id = app.id = None
    between = resource(
        types.INGRESS_RULE,
        "app-from-web",
        {"securityGroupId": UNKNOWN, "referencedSecurityGroupId": UNKNOWN, "ipProtocol": "tcp", "fromPort": 8080,
         "toPort": 8080},
        property_dependencies={"securityGroupId": (app.urn,), "referencedSecurityGroupId": (web.urn,)},
    )  # fmt: skip
    host = instance("web", "subnet-public", [UNKNOWN], associatePublicIpAddress=True,
                    depends={"vpcSecurityGroupIds": (web.urn,)})  # fmt: skip
    behind = instance("app", "subnet-private", [UNKNOWN], depends={"vpcSecurityGroupIds": (app.urn,)})
    net = network_of(graph(*vpc(), web, app, between, host, behind))
    answer = net.from_internet("instance app", 3)
    assert answer.is_yes and answer.witness is not None
    assert net.words(answer.witness.hops) == (
        "internet -> igw main -> instance web (tcp 443 by ingress[0] of sg web) -> "
        "instance app (tcp 8080 by sg rule app-from-web)"
    )


def test_as_many_unknown_values_as_dependencies_or_none_is_told() -> None:
    web, app = group("web", rule(443, cidrBlocks=ANYWHERE)), group("app")
    for values, known in (([UNKNOWN, UNKNOWN], True), ([UNKNOWN], False), (UNKNOWN, False)):
        host = instance("web", "subnet-public", values, depends={"vpcSecurityGroupIds": (web.urn, app.urn)})
        endpoint = network_of(graph(*vpc(), web, app, host)).network.endpoints["instance web"]
        assert endpoint.security_groups is not None
        assert (set(endpoint.security_groups) == {"sg web", "sg app"}) is known
        assert any(isinstance(one, Unknown) for one in endpoint.security_groups) is not known


def test_the_default_group_of_a_vpc_by_its_dependency() -> None:
    home = vpc()
    ssh = resource(
        types.INGRESS_RULE,
        "ssh",
        {"securityGroupId": UNKNOWN, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"},
        property_dependencies={"securityGroupId": (home[0].urn,)},
    )
    net = network_of(graph(*home, ssh))
    assert net.group_of_rule["sg rule ssh"] == "default sg of vpc main"
    assert len(net.rules["default sg of vpc main"]) == 3


# What is not known


def test_a_rule_of_an_unknown_group_may_be_anyones() -> None:
    lost = resource(
        types.INGRESS_RULE,
        "lost",
        {"securityGroupId": UNKNOWN, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"},
    )
    found = answers("security-group-open-on-admin-port", graph(*vpc(), group("app"), lost))
    assert found["app"].outcome == "unknown" and "sg rule lost" in found["app"].message
    assert found["lost"].outcome == "fail"


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ({"cidrBlocks": [UNKNOWN]}, "unknown"),
        ({"prefixListIds": ["pl-0123456789"]}, "unknown"),
        ({"securityGroups": [UNKNOWN]}, "pass"),
        ({"cidrBlocks": ["10.0.0.0/8"]}, "pass"),
        ({"cidrBlocks": [UNKNOWN, "0.0.0.0/0"]}, "fail"),
        ({"cidrBlocks": Secret(ANYWHERE)}, "fail"),
        ({"cidrBlocks": ["not a block"]}, "unknown"),
    ],
)
def test_sources_that_are_not_known(source: dict[str, Any], outcome: str) -> None:
    found = answers("security-group-open-on-admin-port", graph(*vpc(), group("app", rule(22, **source))))
    assert found["app"].outcome == outcome


def test_the_block_that_aws_gives_a_vpc_is_not_the_world() -> None:
    """It is unknown, but an Amazon-provided IPv6 block is a /56."""
    home = vpc()
    given = Symbol.of("main.ipv6CidrBlock", home[0].urn, "ipv6CidrBlock")
    groups = [group("first", rule(22, cidrBlocks=[UNKNOWN])), group("app", rule(22, ipv6CidrBlocks=[given]))]
    found = answers("security-group-open-on-admin-port", graph(*home, *groups))
    assert {name: answer.outcome for name, answer in found.items()} == {"first": "unknown", "app": "pass"}


def test_an_unknown_port_is_not_a_closed_one() -> None:
    open_ = {"protocol": "tcp", "fromPort": UNKNOWN, "toPort": UNKNOWN, "cidrBlocks": ANYWHERE}
    assert answers("security-group-open-on-admin-port", graph(group("app", open_)))["app"].outcome == "unknown"


def test_a_looked_up_subnet_decides_nothing() -> None:
    """Whether it gives an address and where its routes lead is not known; without an address neither matters."""
    web = group("web", rule(8080, cidrBlocks=ANYWHERE))
    for more, outcome in (({}, "unknown"), ({"associatePublicIpAddress": False}, "pass")):
        one = graph(*vpc(), web, instance("web", "subnet-elsewhere", ["sg-web"], **more))
        assert answers("workload-exposed-beside-the-web", one)["web"].outcome == outcome
    database = resource(types.DATABASE_INSTANCE, "orders", {"engine": "postgres", "dbSubnetGroupName": "elsewhere"})
    assert answers("data-store-in-public-subnet", graph(database))["orders"].outcome == "unknown"
    assert answers("data-store-reachable-from-internet", graph(database))["orders"].outcome == "pass"


def test_a_route_through_an_unknown_gateway() -> None:
    home = vpc()
    home[4].properties["routes"] = [{"cidrBlock": "0.0.0.0/0", "gatewayId": UNKNOWN}]
    host = instance("web", "subnet-public", ["sg-web"], associatePublicIpAddress=True)
    one = graph(*home, group("web", rule(22, cidrBlocks=ANYWHERE)), host)
    assert answers("workload-exposed-beside-the-web", one)["web"].outcome == "unknown"


def test_an_association_of_an_unknown_subnet_may_be_any_subnets() -> None:
    home = vpc()
    home[5].properties["subnetId"] = UNKNOWN
    subnets = {one.id: one for one in network_of(graph(*home)).records if isinstance(one, Subnet)}
    assert isinstance(subnets["subnet public"].route_table, Unknown)


# Secrets


def test_a_secret_is_withheld_where_it_matters_and_nowhere_else() -> None:
    home = [*vpc(), group("office", rule(22, cidrBlocks=Secret(["0.0.0.0/1", "128.0.0.0/1"])))]
    home += [group("app", rule(22, cidrBlocks=ANYWHERE))]
    found = answers("security-group-open-on-admin-port", graph(*home))
    assert "details withheld" in found["office"].message and found["office"].outcome == "fail"
    assert "sg app lets the whole internet in" in found["app"].message


# Names


def test_names_say_no_more_than_they_must() -> None:
    other = Resource(
        "urn:pulumi:test::shop::x::main", types.VPC, "main", {"cidrBlock": "10.1.0.0/16"}, stack="shop/test"
    )
    old = resource(types.GROUP_RULE, "ssh", {"type": "ingress", "securityGroupId": "sg-1", "protocol": "tcp"})
    new = resource(types.INGRESS_RULE, "ssh", {"securityGroupId": "sg-1", "ipProtocol": "tcp"})
    net = network_of(graph(*vpc(), other, old, new, group("app")))
    assert net.record(other) == "vpc main of shop/test"
    assert net.record(old) == "sg rule ssh (SecurityGroupRule)"
    assert net.record(new) == "sg rule ssh (SecurityGroupIngressRule)"
    assert set(net.resources) >= {"sg app", "subnet public", "vpc main of shop/production"}


# What AWS makes by itself


def test_the_default_vpc_of_each_region() -> None:
    east = resource(types.INSTANCE, "east", {}, id="i-east")
    west = resource(types.INSTANCE, "west", {"region": "us-west-2"}, id="i-west")
    net = network_of(graph(east, west))
    homes = {net.vpc_of[str(one.subnets[0])] for one in net.network.endpoints.values()}
    assert homes == {"default vpc (us-east-1)", "default vpc (us-west-2)"}
    assert net.network.reachable("instance east", "instance west").is_no


@pytest.mark.parametrize(
    ("filters", "public"),
    [
        ([{"name": "vpc-id", "values": ["vpc-default"]}], True),
        ([{"name": "default-for-az", "values": ["true"]}], True),
        ([{"name": "vpc-id", "values": ["vpc-default"]}, {"name": "tag:tier", "values": ["private"]}], False),
        ([{"name": "vpc-id", "values": ["vpc-other"]}], False),
    ],
)
def test_lookups_that_can_only_find_the_default_vpc(filters: list[Any], public: bool) -> None:
    lookups = (
        Lookup(STACK, "aws:ec2/getVpc:getVpc", {"default": True}, "assumed", {"id": "vpc-default"}),
        Lookup(STACK, "aws:ec2/getSubnets:getSubnets", {"filters": filters}, "assumed", {"ids": ["subnet-a"]}),
    )
    host = instance("web", "subnet-a", ["sg-web"])
    for order in (lookups, lookups[::-1]):
        net = network_of(graph(host, group("web", rule(22, cidrBlocks=ANYWHERE)), lookups=order))
        assert (direct := direct_way(net, "instance web")) is not None
        assert direct.certain is public


def test_a_default_acl_keeps_its_own_entries_until_it_is_taken_over() -> None:
    home = vpc()
    home[0].outputs = {"defaultNetworkAclId": "acl-1"}
    deny = resource(
        types.NETWORK_ACL_RULE,
        "deny",
        {"networkAclId": "acl-1", "ruleNumber": 1, "ruleAction": "deny", "protocol": "tcp", "fromPort": 22,
         "toPort": 22, "cidrBlock": "0.0.0.0/0"},
    )  # fmt: skip
    host = instance("web", "subnet-public", ["sg-web"], associatePublicIpAddress=True)
    web = group("web", rule(22, cidrBlocks=ANYWHERE), rule(8080, cidrBlocks=ANYWHERE))
    hop = network_of(graph(*home, deny, host, web)).network.exposed_to_internet("instance web").witness
    assert hop is not None
    assert not hop.flows & FlowSet.of("tcp", 22) and hop.flows & FlowSet.of("tcp", 8080)


def test_a_function_in_a_vpc_calls_and_is_not_called() -> None:
    config = {"subnetIds": ["subnet-private"], "securityGroupIds": ["sg-app"]}
    function = resource(types.FUNCTION, "app", {"vpcConfig": config})
    outside = resource(types.FUNCTION, "outside", {})
    caller = instance("caller", "subnet-private", ["sg-app"])
    net = network_of(graph(*vpc(), group("app", rule(443, self=True)), function, outside, caller))
    assert net.network.reachable("function app", "instance caller").is_yes
    assert net.network.reachable("instance caller", "function app").is_no
    assert not net.is_endpoint(outside)


def test_an_auto_scaling_group_by_its_mixed_policy_or_configuration() -> None:
    template = resource(types.LAUNCH_TEMPLATE, "a", {"vpcSecurityGroupIds": ["sg-app"]}, id="lt-1")
    policy = {"launchTemplate": {"launchTemplateSpecification": {"launchTemplateId": "lt-1"}}}
    mixed = resource(
        types.SCALING_GROUP, "mixed", {"mixedInstancesPolicy": policy, "vpcZoneIdentifiers": ["subnet-public"]}
    )
    configuration = resource(
        types.LAUNCH_CONFIGURATION, "b", {"securityGroups": ["sg-app"], "associatePublicIpAddress": True}, id="b-1"
    )
    old = resource(types.SCALING_GROUP, "old", {"launchConfiguration": "b-1", "vpcZoneIdentifiers": ["subnet-public"]})
    net = network_of(graph(*vpc(), group("app"), template, mixed, configuration, old))
    endpoints = net.network.endpoints
    assert endpoints["auto scaling group mixed"].security_groups == ("sg app",)
    assert endpoints["auto scaling group mixed"].public_address is False
    assert endpoints["auto scaling group old"].public_address is True


def test_nodes_have_the_group_of_their_cluster() -> None:
    cluster = resource(types.EKS_CLUSTER, "main", {"vpcConfig": {"subnetIds": ["subnet-private"]}}, id="main-1")
    nodes = resource(types.NODE_GROUP, "nodes", {"clusterName": "main-1", "subnetIds": ["subnet-private"]})
    db = group("db", rule(5432, securityGroups=["sg-cluster"]))
    cluster.outputs = {"vpcConfig": {"clusterSecurityGroupId": "sg-cluster"}}
    database = resource(
        types.DATABASE_INSTANCE,
        "orders",
        {"engine": "postgres", "dbSubnetGroupName": "group-1", "vpcSecurityGroupIds": ["sg-db"]},
    )
    subnets = resource("aws:rds/subnetGroup:SubnetGroup", "orders", {"subnetIds": ["subnet-private"]}, id="group-1")
    net = network_of(graph(*vpc(), cluster, nodes, db, database, subnets))
    assert net.network.reachable("node group nodes", "database orders").is_yes


def test_a_transit_attachment_that_keeps_away_from_the_default_table() -> None:
    gateway = resource(types.TRANSIT_GATEWAY, "hub", {}, id="tgw-1")
    records: list[Resource] = [gateway]
    for name, block_ in (("a", "10.0.0.0/16"), ("b", "10.1.0.0/16")):
        records += [
            resource(
                types.VPC, name, {"cidrBlock": block_}, id=f"vpc-{name}", outputs={"mainRouteTableId": f"rtb-{name}"}
            ),
            resource(types.SUBNET, name, {"vpcId": f"vpc-{name}", "cidrBlock": block_}, id=f"subnet-{name}"),
            resource(
                types.ROUTE,
                name,
                {"routeTableId": f"rtb-{name}", "destinationCidrBlock": "10.0.0.0/8", "transitGatewayId": "tgw-1"},
            ),
        ]
    for away in (False, True):
        attachments = [
            resource(
                types.TRANSIT_ATTACHMENT,
                name,
                {"transitGatewayId": "tgw-1", "vpcId": f"vpc-{name}", "subnetIds": [f"subnet-{name}"],
                 "transitGatewayDefaultRouteTablePropagation": not away},
                id=f"attachment-{name}",
            )
            for name in "ab"
        ]  # fmt: skip
        joined = network_of(graph(*records, *attachments)).network.peers_across("vpc a", "vpc b")
        assert joined.is_no if away else joined.is_yes


def test_two_resources_that_take_over_one_default_group_both_count() -> None:
    one = resource(types.DEFAULT_SECURITY_GROUP, "closed", {"vpcId": "vpc-1"})
    two = resource(types.DEFAULT_SECURITY_GROUP, "open", {"vpcId": "vpc-1", "ingress": [rule(22, cidrBlocks=ANYWHERE)]})
    for row in ((one, two), (two, one)):
        assert answers("default-security-group-not-closed", graph(*vpc(), *row))["main"].outcome == "fail"
    tables = [
        resource(types.DEFAULT_ROUTE_TABLE, name, {"defaultRouteTableId": "rtb-main", "routes": routes})
        for name, routes in (("a", []), ("b", [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]))
    ]
    home = vpc()
    home[0].outputs = {"defaultRouteTableId": "rtb-main"}
    assert network_of(graph(*home, *tables)).network.internet_route("subnet private").is_yes


def test_groups_of_an_instance_by_their_names() -> None:
    web = group("web", rule(22, cidrBlocks=ANYWHERE))
    web.outputs = {**web.properties, "name": "web-1234567"}
    host = resource(types.INSTANCE, "web", {"securityGroups": ["web-1234567"]}, id="i-1")
    found = answers("workload-exposed-beside-the-web", graph(web, host))["web"]
    assert "igw of default vpc (us-east-1) -> instance web (tcp 22 by ingress[0] of sg web)" in found.message


# Which addresses are the world


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 16)), max_size=6), st.integers(0, 65535))
def test_parts_of_the_world_are_added_up_for_each_port(parts: list[tuple[int, int]], port: int) -> None:
    """Against a count by hand: rules of ranges of ports, each for one block."""
    cidrs = [str(ip_network(f"{first}.0.0.0/{bits}", strict=False)) for first, bits in parts]
    rules = [FlowSet.of("tcp", at * 1000 + 1, at * 1000 + 30000, source=cidr) for at, cidr in enumerate(cidrs)]
    flows = FlowSet(tuple(item for one in rules for item in one.blocks))
    opened = world_ports(Bounds(flows, flows), "ingress")
    mine = [cidr for at, cidr in enumerate(cidrs) if at * 1000 + 1 <= port <= at * 1000 + 30000]
    addresses = intersect(normal(pair for cidr in mine for pair in block(cidr)), INTERNET_IPV4)
    size = sum(high - low + 1 for low, high in addresses)
    assert bool(opened.open([port])) is (size > 1 << 24)
    assert bool(opened.open([port])) is any(holds(spans, port) for spans in opened.certain.values())


def test_private_addresses_are_no_part_of_the_world() -> None:
    assert not is_world(normal([*block("10.0.0.0/8"), *block("172.16.0.0/12"), *block("fd00::/8")]))
    assert is_world(block("0.0.0.0/1")) and is_world(block("2000::/16")) and not is_world(block("198.51.100.0/24"))


# What a witness says


def host(*ingress: dict[str, Any]) -> Graph:
    """An instance with a public address and these rules."""
    machine = instance("host", "subnet-public", ["sg-host"], associatePublicIpAddress=True)
    return graph(*vpc(), group("host", *ingress), machine)


def test_a_way_beside_the_web_names_the_rule_that_opens_it() -> None:
    net = network_of(host(rule(443, cidrBlocks=ANYWHERE), rule(22, cidrBlocks=ANYWHERE)))
    way = unexpected_way(net, "instance host", WEB)
    assert way is not None and "tcp 22 by ingress[1] of sg host" in net.words(way.hops)
    whole = direct_way(net, "instance host")
    assert whole is not None and "tcp 22, 443; tcp 443 by ingress[0] of sg host" in net.words(whole.hops)


def test_a_port_that_is_open_for_certain_hides_none_that_may_be() -> None:
    net = network_of(host(rule(443, cidrBlocks=ANYWHERE), rule(22, cidrBlocks=UNKNOWN)))
    way = unexpected_way(net, "instance host", WEB)
    assert way is not None and not way.certain


ports = st.sampled_from([22, 80, 443, 8080])
opened = st.builds(
    lambda low, high, protocol, sources: {
        "protocol": protocol, "fromPort": min(low, high), "toPort": max(low, high), "cidrBlocks": sources
    },
    ports, ports, st.sampled_from(["tcp", "udp"]), st.sampled_from([ANYWHERE, ["8.0.0.0/8"], ["10.0.0.0/8"]]),
)  # fmt: skip


@given(st.lists(opened, max_size=5), st.frozensets(ports))
@settings(max_examples=100, deadline=None)
def test_every_rule_of_a_way_lets_its_flow_through(rules: list[dict[str, Any]], allowed: frozenset[int]) -> None:
    net = network_of(host(*rules))
    for way in (unexpected_way(net, "instance host", allowed), direct_way(net, "instance host")):
        for hop in way.hops if way else ():
            said = [step.record for step in hop.steps if step.kind == "security-group"]
            index = int(said[-1].partition("[")[2].partition("]")[0])
            named = rules[index]
            assert hop.flow.protocol == PROTOCOL_NUMBERS[named["protocol"]]
            assert named["fromPort"] <= hop.flow.port <= named["toPort"]
            assert any(holds(block(cidr), hop.flow.source) for cidr in named["cidrBlocks"])
            assert hop.flows.holds(hop.flow)


# Who calls AWS's services


def test_a_database_alone_calls_no_service_of_aws() -> None:
    subnets = resource(
        "aws:rds/subnetGroup:SubnetGroup", "db", {"name": "db", "subnetIds": ["subnet-private"]}, id="db"
    )
    database = resource(types.DATABASE_INSTANCE, "db", {"dbSubnetGroupName": "db", "vpcSecurityGroupIds": ["sg-db"]})
    balancer = resource(types.BALANCERS[0], "web", {"subnets": ["subnet-public"]}, id="lb-1")
    own = [*vpc(), group("db"), subnets, database, balancer]
    assert answers("vpc-without-private-endpoint", graph(*own))["main"].outcome == "not applicable"
    code = resource(
        types.FUNCTION, "api", {"vpcConfig": {"subnetIds": ["subnet-private"], "securityGroupIds": ["sg-db"]}}
    )
    answer = answers("vpc-without-private-endpoint", graph(*own, code))["main"]
    assert answer.outcome == "fail" and "function api" in answer.message


# Who is reached by others


def test_who_of_another_owner_reaches_each_of_many() -> None:
    """Hundreds of owners in one VPC: each gets one witness, and only from another owner."""
    home = vpc()
    for number in range(300):
        source = "sg-0" if number % 3 == 0 else f"sg-{number}"
        home += [
            group(str(number), rule(8080, securityGroups=[source])),
            instance(str(number), "subnet-private", [f"sg-{number}"]),
        ]
    net = network_of(graph(*home))

    def owner(one: Resource) -> Hashable:
        return int(one.name) % 50

    found = net.reached_from_others(owner)
    reached = {int(urn.rpartition("::")[2]) for urn in found}
    assert reached == {number for number in range(300) if number % 3 == 0 and number % 50 != 0}
    assert {one.source.name for one in found.values()} == {"0"}
    assert all(one.answer.is_yes for one in found.values())
