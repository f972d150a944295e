"""Single facts about AWS networks, worked by hand, and the words of the answers."""

import pytest

from lychgate.reasoning.network import (
    EPHEMERAL_PORTS,
    INTERNET,
    AclEntry,
    Endpoint,
    FlowSet,
    Listener,
    LoadBalancer,
    NatGateway,
    Network,
    NetworkAcl,
    Peering,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    SecurityRule,
    Subnet,
    Target,
    TargetGroup,
    TransitAttachment,
    TransitGateway,
    Unknown,
    Vpc,
    default_group_id,
)

ANY = ("0.0.0.0/0", "::/0")


def ingress(name, port, *cidrs, groups=(), protocol="tcp"):
    return SecurityRule(name, "ingress", protocol, port, port, cidrs, groups)


def egress(name, *cidrs):
    return SecurityRule(name, "egress", "-1", cidrs=cidrs)


def site(*more):
    """A VPC with a public and a private subnet."""
    return [
        Vpc("vpc", ("10.0.0.0/16",)),
        RouteTable("public-table", "vpc", (Route("to-igw", "0.0.0.0/0", "igw", "igw"),)),
        Subnet("public", "vpc", "10.0.1.0/24", route_table="public-table"),
        Subnet("private", "vpc", "10.0.2.0/24"),
        *more,
    ]


def web(**fields):
    return Endpoint("web", ("public",), ("web",), public_address=True, **fields)


OPEN_WEB = SecurityGroup("web", (ingress("web-in", 443, "0.0.0.0/0"), egress("web-out", "0.0.0.0/0")))


def test_a_witness_names_address_route_acl_and_rule():
    answer = Network(site(OPEN_WEB, web())).exposed_to_internet("web")
    assert answer.is_yes
    assert [(step.kind, step.record) for step in answer.witness.steps] == [
        ("route", "to-igw"),
        ("network-acl", "default network ACL"),
        ("public-address", "web"),
        ("security-group", "web-in"),
    ]
    assert str(answer.witness.flows) == "tcp 443 from the internet (IPv4) to 10.0.1.0/24"
    assert answer.witness.flows & FlowSet.of("tcp", 443)
    assert not answer.witness.flows & FlowSet.of("tcp", 22)


def test_exposure_needs_each_of_address_route_and_rule():
    closed = SecurityGroup("web", (ingress("in", 443, "10.0.0.0/8"),))
    for records, reason in [
        ([OPEN_WEB, Endpoint("web", ("public",), ("web",))], "web has no public address"),
        ([OPEN_WEB, Endpoint("web", ("private",), ("web",), public_address=True)], "no route to an internet gateway"),
        ([closed, web()], "no rule of web lets it in"),
        ([OPEN_WEB, web(ports=(("tcp", 80, 80),))], "web does not listen there"),
    ]:
        answer = Network(site(*records)).exposed_to_internet("web")
        assert answer.is_no
        assert reason in answer.reason


def test_an_answer_has_no_truth_value():
    with pytest.raises(TypeError, match="is_yes"):
        assert Network(site(OPEN_WEB, web())).exposed_to_internet("web")


def test_the_provider_takes_the_default_egress_rule_away_and_aws_leaves_it():
    for left, state in ((False, "no"), (True, "yes"), (Unknown("web", "origin"), "unknown")):
        group = SecurityGroup("web", (), default_egress=left)
        assert Network(site(group, web())).egress_to_internet("web").state == state


def test_without_a_group_the_vpcs_default_group_applies():
    pair = [
        Endpoint("web", ("public",), public_address=True),
        Endpoint("other", ("private",), (default_group_id("vpc"),)),
    ]
    network = Network(site(*pair))
    assert network.exposed_to_internet("web").is_no
    assert network.egress_to_internet("web").is_yes
    assert network.reachable("web", "other").is_yes
    emptied = [
        Vpc("v", ("10.0.0.0/16",), default_security_group="d"),
        SecurityGroup("d"),
        Subnet("s", "v", "10.0.0.0/24"),
    ]
    assert Network([*emptied, Endpoint("a", ("s",)), Endpoint("b", ("s",))]).reachable("a", "b").is_no


def test_a_load_balancer_forwards_to_its_targets_only():
    records = site(
        OPEN_WEB,
        SecurityGroup("app", (ingress("app-in", 8080, groups=("web",)), egress("app-out", "10.0.0.0/16"))),
        SecurityGroup("db", (ingress("db-web", 5432, groups=("web",)), ingress("db-app", 5432, groups=("app",)))),
        web(),
        LoadBalancer("web", (Listener("https", "HTTPS", 443, ("tg",)),)),
        TargetGroup("tg", "HTTP", 8080, (Target("app"),)),
        Endpoint("app", ("private",), ("app",)),
        Endpoint("db", ("private",), ("db",), ports=(("tcp", 5432, 5432),)),
    )
    network = Network(records)
    assert network.exposed_to_internet("app").is_no
    answer = network.paths([INTERNET], "db")
    assert [(hop.source, hop.target) for hop in answer.witness.hops] == [
        (INTERNET, "web"),
        ("web", "app"),
        ("app", "db"),
    ]
    assert [hop.flow.port for hop in answer.witness.hops] == [443, 8080, 5432]
    assert "db-app" in str(answer.witness)
    # The balancer's own group would let it reach the database, but it does not open such a connection.
    assert network.reachable("web", "db").is_yes
    assert network.paths([INTERNET], "db", max_hops=2).is_no


def test_a_network_load_balancer_may_keep_the_clients_address():
    for keeps, cidr, state in [
        (True, "0.0.0.0/0", "yes"),
        (True, "10.0.0.0/8", "no"),
        (False, "10.0.0.0/8", "yes"),
        (False, "8.0.0.0/8", "no"),
        (Unknown("tg", "preserveClientIp"), "10.0.0.0/8", "unknown"),
    ]:
        records = site(
            Endpoint("nlb", ("public",), None, public_address=True),
            LoadBalancer("nlb", (Listener("l", "tcp", 443, ("tg",)),)),
            TargetGroup("tg", "tcp", 443, (Target("app"),), preserves_client_address=keeps),
            SecurityGroup("app", (ingress("in", 443, cidr),)),
            Endpoint("app", ("private",), ("app",)),
        )
        assert Network(records).paths([INTERNET], "app").state == state, (keeps, cidr)


def test_unknown_targets_may_be_any_endpoint():
    records = site(
        OPEN_WEB,
        SecurityGroup("app", (ingress("app-in", 8080, groups=("web",)),)),
        web(),
        LoadBalancer("web", (Listener("https", "tcp", 443, (Unknown("https", "defaultActions"),)),)),
        Endpoint("app", ("private",), ("app",)),
        Endpoint("apart", ("private",), ("closed",)),
        SecurityGroup("closed"),
    )
    network = Network(records)
    answer = network.paths([INTERNET], "app")
    assert answer.unknowns == (Unknown("https", "defaultActions"),)
    assert network.paths([INTERNET], "apart").is_no


def test_a_looked_up_group_is_unknown_and_named():
    answer = Network(site(web())).exposed_to_internet("web")
    assert answer.is_unknown
    assert answer.unknowns == (Unknown("web", "definition"),)
    assert "definition of web" in answer.reason


def test_in_a_looked_up_subnet_two_endpoints_meet_by_their_groups_alone():
    rules = (ingress("in", 80, groups=("g",)),)
    records = [SecurityGroup("g", rules, default_egress=True), *(Endpoint(name, ("s",), ("g",)) for name in "ab")]
    assert Network(records).reachable("a", "b").is_yes
    apart = [
        SecurityGroup("g", rules, default_egress=True),
        Endpoint("a", ("s",), ("g",)),
        Endpoint("b", ("t",), ("g",)),
    ]
    answer = Network(apart).reachable("a", "b")
    assert answer.is_unknown
    assert {doubt.record for doubt in answer.unknowns} == {"s", "t"}


def test_an_unknown_block_of_the_vpc_leaves_rules_on_groups_and_the_whole_internet_certain():
    vpc = Vpc("vpc", (Unknown("vpc", "cidrBlock"),))
    records = [vpc, *site()[1:], OPEN_WEB, web(), SecurityGroup("db", (ingress("in", 1, groups=("web",)),))]
    records[2] = Subnet("public", "vpc", Unknown("public", "cidrBlock"), route_table="public-table")
    network = Network([*records, Endpoint("db", ("private",), ("db",))])
    assert network.exposed_to_internet("web").is_yes
    assert network.reachable("web", "db").is_yes


def test_unknown_ports_are_certain_where_all_ports_are_open():
    port = Unknown("web", "containerPort")
    every_tcp = SecurityGroup("web", (SecurityRule("in", "ingress", "tcp", 0, 65535, ANY),))
    everything = SecurityGroup("web", (SecurityRule("in", "ingress", "-1", cidrs=ANY),))
    for ports, states in [
        ((("tcp", port, port),), ("unknown", "yes", "yes")),
        (port, ("unknown", "unknown", "yes")),
        ((("tcp", port, port), ("tcp", 443, 443)), ("yes", "yes", "yes")),
        ((("tcp", port, port), ("tcp", 80, 80)), ("unknown", "yes", "yes")),
    ]:
        for group, state in zip((OPEN_WEB, every_tcp, everything), states, strict=True):
            answer = Network(site(group, web(ports=ports))).exposed_to_internet("web")
            assert answer.state == state, (ports, group)
            assert answer.unknowns == (() if state == "yes" else (port,))


def acl_site(*entries):
    return site(
        NetworkAcl("acl", entries),
        OPEN_WEB,
        Subnet("guarded", "vpc", "10.0.3.0/24", route_table="public-table", network_acl="acl"),
        Endpoint("guarded", ("guarded",), ("web",), public_address=True),
    )


def entry(number, direction, low, high, allow=True, cidr="0.0.0.0/0"):
    return AclEntry(f"{direction}-{number}", number, direction, allow, "tcp", low, high, cidr)


def test_acls_are_stateless_and_ordered():
    answers = entry(100, "egress", 1024, 65535)
    assert Network(acl_site(entry(100, "ingress", 443, 443))).exposed_to_internet("guarded").is_no
    exposed = Network(acl_site(entry(100, "ingress", 443, 443), answers)).exposed_to_internet("guarded")
    assert "egress entry 100 allows tcp 1024-65535 to 0.0.0.0/0 (answers, to port 65535)" in str(exposed.witness)
    denied = acl_site(entry(90, "ingress", 0, 65535, allow=False), entry(100, "ingress", 443, 443), answers)
    assert Network(denied).exposed_to_internet("guarded").is_no


def test_an_attacker_picks_the_port_that_answers_may_come_back_to():
    records = acl_site(entry(100, "ingress", 443, 443), entry(100, "egress", 443, 443))
    assert Network(records).exposed_to_internet("guarded").is_yes
    assert Network(records, client_ports=EPHEMERAL_PORTS).exposed_to_internet("guarded").is_no


def test_icmp_rules_are_on_type_and_code():
    group = SecurityGroup("web", (SecurityRule("ping", "ingress", "icmp", 8, -1, ANY),))
    flows = Network(site(group, web())).exposed_to_internet("web").witness.flows
    assert flows.same_as(flows & FlowSet.of("icmp", 8 * 256, 8 * 256 + 255))
    assert "icmp type 8 code 0" in str(flows.example())


def test_prefix_lists_count_and_unknown_ones_are_unknown():
    rule = SecurityRule("in", "ingress", "tcp", 443, 443, prefix_lists=("pl",))
    group = SecurityGroup("web", (rule,))
    assert Network(site(group, web(), PrefixList("pl", ("8.0.0.0/8",)))).exposed_to_internet("web").is_yes
    assert Network(site(group, web(), PrefixList("pl", ("10.0.0.0/8",)))).exposed_to_internet("web").is_no
    assert Network(site(group, web())).exposed_to_internet("web").unknowns == (Unknown("pl", "definition"),)


def test_egress_by_nat_gateway_names_both_routes():
    table = RouteTable("private-table", "vpc", (Route("to-nat", "0.0.0.0/0", "nat", "nat"),))
    records = [
        *site(OPEN_WEB, table, NatGateway("nat", "public")),
        Subnet("inner", "vpc", "10.0.9.0/24", route_table="private-table"),
        Endpoint("app", ("inner",), ("web",)),
    ]
    answer = Network(records).egress_to_internet("app")
    assert [step.record for step in answer.witness.steps if step.kind == "route"] == ["to-nat", "to-igw"]
    assert Network(records).exposed_to_internet("app").is_no


def test_an_inspection_appliance_is_unknown_in_both_directions():
    table = RouteTable("t", "vpc", (Route("to-firewall", "0.0.0.0/0", "appliance", "firewall"),))
    records = site(OPEN_WEB, table, Subnet("s", "vpc", "10.0.9.0/24", route_table="t"))
    records.append(Endpoint("app", ("s",), ("web",), public_address=True))
    for answer in (Network(records).egress_to_internet("app"), Network(records).exposed_to_internet("app")):
        assert answer.unknowns == (Unknown("to-firewall", "what lies behind appliance firewall"),)


def test_ipv6_is_apart_and_an_egress_only_gateway_lets_nothing_in():
    table = RouteTable("six", "vpc", (Route("out", "::/0", "egress-only", "eigw"),))
    group = SecurityGroup("web", (ingress("in", 443, *ANY), egress("out", *ANY)))
    records = site(group, table, Subnet("s", "vpc", "10.0.9.0/24", "2600:1::/64", route_table="six"))
    network = Network([*records, Endpoint("app", ("s",), ("web",), ipv6_address=True)])
    assert network.exposed_to_internet("app").is_no
    assert str(network.egress_to_internet("app").witness.flows).endswith("from 2600:1::/64 to the internet (IPv6)")


def joined(*more):
    return [
        *(Vpc(name, (f"10.{at}.0.0/16",), f"{name}-table") for at, name in enumerate("abc")),
        *(Subnet(f"{name}-subnet", name, f"10.{at}.0.0/24") for at, name in enumerate("abc")),
        *more,
    ]


def test_vpcs_are_joined_by_a_peering_with_a_route_and_never_through_a_third():
    tables = [
        RouteTable(
            "a-table", "a", (Route("a-b", "10.1.0.0/16", "peering", "ab"), Route("a-c", "10.2.0.0/16", "peering", "ab"))
        ),
        RouteTable(
            "b-table", "b", (Route("b-a", "10.0.0.0/16", "peering", "ab"), Route("b-c", "10.2.0.0/16", "peering", "bc"))
        ),
        RouteTable("c-table", "c", ()),
    ]
    network = Network(joined(*tables, Peering("ab", "a", "b"), Peering("bc", "b", "c")))
    answer = network.peers_across("a", "b")
    assert answer.is_yes
    assert {step.record for step in answer.witness.steps} >= {"a-b", "b-a"}
    assert network.peers_across("a", "c").is_no
    assert network.peers_across("c", "b").is_yes, "one direction is enough"
    waiting = Network(joined(*tables, Peering("ab", "a", "b", active=Unknown("ab", "accepted"))))
    assert waiting.peers_across("a", "b").unknowns == (Unknown("ab", "accepted"),)
    assert Network(joined(*tables)).peers_across("a", "b").reason == "a and b are not joined"


def test_group_references_hold_over_a_peering_but_not_over_a_transit_gateway():
    def network(kind, target, *more):
        tables = [
            RouteTable(f"{name}-table", name, (Route(f"{name}-on", "10.0.0.0/8", kind, target),)) for name in "ab"
        ]
        group = SecurityGroup("g", (ingress("in", 80, groups=("g",)),), default_egress=True)
        ends = [Endpoint(name, (f"{name}-subnet",), ("g",)) for name in "ab"]
        return Network(joined(*tables, RouteTable("c-table", "c"), group, *ends, *more))

    assert network("peering", "ab", Peering("ab", "a", "b")).reachable("a", "b").is_yes
    attached = [TransitAttachment(f"att-{name}", "tgw", name) for name in "ab"]
    assert network("tgw", "tgw", TransitGateway("tgw"), *attached).reachable("a", "b").is_no
    assert network("tgw", "tgw", TransitGateway("tgw", group_references=True), *attached).reachable("a", "b").is_yes
    assert network("tgw", "tgw", *attached).reachable("a", "b").is_unknown


def test_what_stands_outside_of_every_vpc_is_reached_over_the_internet():
    records = site(OPEN_WEB, web(), Endpoint("bucket", public_address=True), Endpoint("function"))
    network = Network(records)
    assert network.exposed_to_internet("bucket").is_yes
    assert network.exposed_to_internet("function").is_no
    assert network.reachable("web", "bucket").is_yes
    assert network.reachable("function", "web").is_yes


def test_two_records_with_one_id_are_an_error_and_unknown_ids_too():
    with pytest.raises(ValueError, match="two different records Vpc with the id 'vpc'"):
        Network(site(Vpc("vpc", ("10.9.0.0/16",))))
    with pytest.raises(KeyError):
        Network(site()).exposed_to_internet("nobody")


def test_a_malformed_block_is_unknown_not_an_error():
    group = SecurityGroup("web", (ingress("in", 443, "10.0.0.0/33"),))
    answer = Network(site(group, web())).exposed_to_internet("web")
    assert answer.unknowns == (Unknown("in", "address block '10.0.0.0/33'"),)


# Large networks (benchmarks/ holds how long they take).


def large(endpoints, groups):
    records = [Vpc("vpc", ("10.0.0.0/8",)), RouteTable("rt", "vpc", (Route("r", "0.0.0.0/0", "igw", "igw"),))]
    records += [Subnet(f"s{at}", "vpc", f"10.{at}.0.0/16", route_table="rt" if at % 2 else None) for at in range(100)]
    for at in range(groups):
        cidr = "0.0.0.0/0" if at % 3 else "10.0.0.0/8"
        rules = (
            ingress(f"g{at}-in", 1000 + at % 5000, cidr, groups=(f"g{at - 1}",)),
            egress(f"g{at}-out", "0.0.0.0/0"),
        )
        records.append(SecurityGroup(f"g{at}", rules))
    for at in range(endpoints):
        records.append(Endpoint(f"e{at}", (f"s{at % 100}",), (f"g{at % groups}",), public_address=at % 2 == 1))
    return records


@pytest.mark.parametrize("groups", [10000, 100])
def test_ten_thousand_endpoints(groups):
    records = large(10000, groups)
    network = Network(records)
    exposed = sum(network.exposed_to_internet(name).is_yes for name in network.endpoints)
    assert exposed in (3333, 3300)


@pytest.mark.parametrize("groups", [1000, 20])
def test_paths_among_a_thousand_endpoints(groups):
    network = Network(large(1000, groups))
    found = network.reached_from([INTERNET])
    assert all(answer.is_yes for answer in found.values())
