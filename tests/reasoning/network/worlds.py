"""Random small networks without unknown values, and ways to make parts of them unknown."""

import dataclasses
from ipaddress import ip_address

from hypothesis import strategies as st

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.answers import Unknown

CIDRS = [
    "10.0.0.0/16",
    "10.0.0.0/24",
    "10.0.0.0/29",
    "10.0.1.0/24",
    "10.0.1.9/32",
    "10.1.0.0/16",
    "10.1.0.0/24",
    "0.0.0.0/0",
    "8.0.0.0/8",
    "8.8.8.8/32",
    "128.0.0.0/1",
    "::/0",
    "fd00::/8",
    "2001:500::/32",
]
# Addresses at both sides of every border that the blocks above draw.
_OUTSIDE = ("8.8.8.8", "8.8.8.9", "9.9.9.9", "203.0.113.5", "2001:500::1", "2600::1", "10.9.9.9")
INTERNET = [ip_address(text) for text in _OUTSIDE]
PORTS = (0, 22, 23, 80, 443, 1023, 1024, 65535)
CLIENT_PORTS = (1, 22, 23, 80, 443, 1023, 1024, 65535)
SERVICES = [(protocol, port) for protocol in (6, 17) for port in PORTS] + [
    (1, 0),
    (1, 8 * 256),
    (1, 8 * 256 + 1),
    (50, 0),
]
ADDRESSES = {
    "a0": ["10.0.0.5", "10.0.0.200", "2001:500:0:1::5"],
    "a1": ["10.0.1.9", "10.0.1.200"],
    "b0": ["10.1.0.5", "2001:500:0:2::5"],
}

cidrs = st.sampled_from(CIDRS)
group_names = st.sampled_from(["g0", "g1", "g2"])


@st.composite
def services(draw):
    protocol = draw(st.sampled_from(["-1", "tcp", "tcp", "udp", "icmp", "6", 50]))
    if protocol == "icmp":
        return protocol, *draw(st.sampled_from([(-1, -1), (8, -1), (8, 0), (0, 0)]))
    low, high = sorted((draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS))))
    return (protocol, None, None) if protocol == "-1" else (protocol, low, high)


@st.composite
def rules(draw, name):
    return r.SecurityRule(
        name,
        draw(st.sampled_from(["ingress", "egress"])),
        *draw(services()),
        cidrs=tuple(draw(st.lists(cidrs, max_size=2))),
        groups=tuple(draw(st.lists(group_names, max_size=1))),
        prefix_lists=tuple(draw(st.lists(st.just("pl"), max_size=1))),
        self_reference=draw(st.booleans()),
    )


@st.composite
def groups(draw, name):
    count = draw(st.integers(0, 3))
    return r.SecurityGroup(
        name, tuple(draw(rules(f"{name}-{at}")) for at in range(count)), default_egress=draw(st.booleans())
    )


@st.composite
def acls(draw, name):
    numbers = draw(st.lists(st.integers(1, 9), max_size=4, unique=True))
    # Half of the ACLs end in allow-all, so that more than nothing passes.
    entries = [
        r.AclEntry(
            f"{name}-{number}",
            number,
            draw(st.sampled_from(["ingress", "egress"])),
            draw(st.booleans()),
            *draw(services()),
            cidr=draw(cidrs),
        )
        for number in numbers
    ]
    if draw(st.booleans()):
        entries += [
            r.AclEntry(f"{name}-{way}", 99, way, True, "-1", None, None, "0.0.0.0/0") for way in ("ingress", "egress")
        ]
    return r.NetworkAcl(name, tuple(entries))


TARGETS = [
    ("igw", "igw"),
    ("igw", "igw"),
    ("nat", "nat"),
    ("peering", "pcx"),
    ("tgw", "tgw"),
    ("egress-only", "eigw"),
    ("none", None),
]


@st.composite
def tables(draw, name, vpc):
    blocks = draw(
        st.lists(
            st.sampled_from(
                ["0.0.0.0/0", "::/0", "8.0.0.0/8", "10.1.0.0/16", "10.0.0.0/16", "10.1.0.0/24", "10.0.1.0/24"]
            ),
            max_size=4,
            unique=True,
        )
    )
    # A route for the VPC's own block would replace its local route: too rare to be drawn.
    own = {"a": "10.0.0.0/16", "b": "10.1.0.0/16"}[vpc]
    targets = st.sampled_from(TARGETS)
    found = [r.Route(f"{name} {block}", block, *draw(targets)) for block in blocks if block != own]
    if draw(st.booleans()):
        found.append(r.Route(f"{name} pl", "pl", *draw(st.sampled_from(TARGETS)), prefix_list=True))
    return r.RouteTable(name, vpc, tuple(found))


maybe_acl = st.sampled_from([None, "n0", "n1"])


@st.composite
def endpoints(draw, name):
    subnets = draw(st.lists(st.sampled_from(["a0", "a1", "b0"]), min_size=1, max_size=2, unique=True))
    if "b0" in subnets:
        subnets = ["b0"]
    return r.Endpoint(
        name,
        tuple(subnets),
        draw(st.one_of(st.none(), st.lists(group_names, max_size=2, unique=True).map(tuple))),
        public_address=draw(st.booleans()),
        ipv6_address=draw(st.booleans()) if subnets != ["a1"] else False,
        ports=draw(st.sampled_from([None, None, (("tcp", 22, 443),), (("udp", 80, 80), ("tcp", 1024, 65535))])),
    )


@st.composite
def networks(draw, count=3):
    found: list[r.Record] = [
        r.Vpc("a", ("10.0.0.0/16", "2001:500:0:1::/64"), draw(st.sampled_from([None, "ra"])), draw(maybe_acl)),
        r.Vpc("b", ("10.1.0.0/16", "2001:500:0:2::/64"), None, None, draw(st.sampled_from([None, "g0"]))),
        r.Subnet("a0", "a", "10.0.0.0/24", "2001:500:0:1::/64", draw(st.sampled_from([None, "ra"])), draw(maybe_acl)),
        r.Subnet("a1", "a", "10.0.1.0/24", None, "rx", draw(maybe_acl)),
        r.Subnet("b0", "b", "10.1.0.0/24", "2001:500:0:2::/64", "rb", draw(maybe_acl)),
        r.PrefixList("pl", tuple(draw(st.lists(cidrs, max_size=2, unique=True)))),
        r.NatGateway("nat", draw(st.sampled_from(["a0", "a1"])), draw(st.booleans())),
        r.Peering("pcx", "a", "b", draw(st.booleans())),
        r.TransitGateway("tgw", draw(st.booleans()), draw(st.booleans()), draw(st.booleans())),
        r.TransitAttachment("ta", "tgw", "a"),
        r.TransitAttachment("tb", "tgw", "b"),
    ]
    if draw(st.booleans()):
        static = draw(
            st.lists(st.sampled_from([("10.1.0.0/24", "tb"), ("10.1.0.0/16", None), ("0.0.0.0/0", "tb")]), max_size=2)
        )
        routes = tuple(r.TransitRoute(f"tr{at}", *item) for at, item in enumerate(dict(static).items()))
        both = st.lists(st.sampled_from(["ta", "tb"]), unique=True).map(tuple)
        found.append(r.TransitRouteTable("trt", "tgw", draw(both), draw(both), routes))
    found += [draw(groups(f"g{at}")) for at in range(3)]
    found += [draw(acls(f"n{at}")) for at in range(2)]
    found += [draw(tables("ra", "a")), draw(tables("rx", "a")), draw(tables("rb", "b"))]
    found += [draw(endpoints(f"e{at}")) for at in range(count)]
    return found


# Making things unknown

KEPT = {
    "id",
    "direction",
    "rules",
    "entries",
    "routes",
    "prefix_list",
    "vpc",
    "addresses",
    "associations",
    "propagations",
}


def _blur(draw, record):
    """A record with one of its fields unknown."""
    names = [item.name for item in dataclasses.fields(record) if item.name not in KEPT]
    if isinstance(record, r.Endpoint) and record.ports is None:
        names.remove("ports")  # who takes anything is no listener whose ports are not known
    name = draw(st.sampled_from(names))
    value, hole = getattr(record, name), Unknown(record.id, name)
    if isinstance(value, tuple) and name != "ports":
        at = draw(st.integers(0, len(value)))
        hidden = value[at : at + draw(st.integers(0, 2))]
        return dataclasses.replace(record, **{name: (*value[:at], hole, *value[at + len(hidden) :])})
    return dataclasses.replace(record, **{name: (hole,) if name == "security_groups" else hole})


def _blur_member(draw, record, name):
    """A record with one of its rules, entries or routes blurred, or any number of them hidden behind an Unknown."""
    members = getattr(record, name)
    if not members or draw(st.integers(0, 3)) == 0 or any(isinstance(item, Unknown) for item in members):
        at = draw(st.integers(0, len(members)))
        return dataclasses.replace(record, **{name: (*members[:at], Unknown(record.id, name))})
    at = draw(st.integers(0, len(members) - 1))
    return dataclasses.replace(record, **{name: (*members[:at], _blur(draw, members[at]), *members[at + 1 :])})


@st.composite
def blurred(draw, records):
    """The same network with one to three things unknown: every network it may stand for includes the given one."""
    found = list(records)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(found) - 1))
        record = found[at]
        inner = {
            r.SecurityGroup: "rules",
            r.NetworkAcl: "entries",
            r.RouteTable: "routes",
            r.TransitRouteTable: "routes",
        }
        referred = not isinstance(record, r.Endpoint | r.Peering | r.TransitAttachment | r.TransitRouteTable)
        if referred and draw(st.integers(0, 4)) == 0:
            del found[at]
        elif type(record) in inner and draw(st.integers(0, 4)):
            found[at] = _blur_member(draw, record, inner[type(record)])
        elif not isinstance(record, r.RouteTable | r.NetworkAcl | r.TransitRouteTable | r.TransitAttachment):
            found[at] = _blur(draw, record)
    return found
