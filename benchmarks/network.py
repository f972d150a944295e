"""Reachability on a large network, beside building its records; loading a ruleset beside parsing its YAML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Row, best
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.document import parse
from lychgate.reasoning.network import Endpoint, Network, Route, RouteTable, SecurityGroup, SecurityRule, Subnet, Vpc

PCI = Path(__file__).parent.parent / "rulesets" / "pci-dss-4.0.1.yaml"


def rows() -> Iterator[Row]:
    for groups in (100, 10_000):
        floor = best(lambda groups=groups: records(groups))
        what = f"exposure of 10,000 endpoints, {groups:,} security groups"
        yield Row(what, best(lambda groups=groups: exposed(groups)) - floor, "making the records", floor, "1 s")
    rules = built_in_rules()
    text = PCI.read_bytes()
    loaded = best(lambda: load_ruleset("production", rules), 5)
    yield Row("loading the production ruleset", loaded, "parsing its largest file", best(lambda: parse(text, "pci"), 5))


def records(groups: int) -> list[object]:
    made: list[object] = [Vpc("vpc", ("10.0.0.0/8",))]
    made.append(RouteTable("rt", "vpc", (Route("r", "0.0.0.0/0", "igw", "igw"),)))
    made += [Subnet(f"s{at}", "vpc", f"10.{at}.0.0/16", route_table="rt" if at % 2 else None) for at in range(100)]
    for at in range(groups):
        port = 1000 + at % 5000
        cidr = "0.0.0.0/0" if at % 3 else "10.0.0.0/8"
        made.append(SecurityGroup(f"g{at}", (SecurityRule(f"g{at}-in", "ingress", "tcp", port, port, (cidr,)),)))
    for at in range(10_000):
        made.append(Endpoint(f"e{at}", (f"s{at % 100}",), (f"g{at % groups}",), public_address=at % 2 == 1))
    return made


def exposed(groups: int) -> int:
    network = Network(records(groups))
    return sum(network.exposed_to_internet(name).is_yes for name in network.endpoints)
