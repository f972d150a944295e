"""Subnets and route tables that stand outside of the program, as the invoker's own file tells them.

A program looks them up (`aws.ec2.get_subnet`, `aws.ec2.get_route_table`); what lychgate.yaml answers to that is a fact,
whoever asks. What a capture makes up for an answer is none.
https://www.pulumi.com/registry/packages/aws/api-docs/ec2/getroutetable/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lychgate.model.graph import Fact, Graph, Resource
from lychgate.views.network_types import ROUTE_TABLES, SUBNETS

GET_SUBNET = "aws:ec2/getSubnet:getSubnet"
GET_ROUTE_TABLE = "aws:ec2/getRouteTable:getRouteTable"


@dataclass(frozen=True, slots=True)
class KnownSubnet:
    """What is told of a subnet: its own properties, and its route table's, as the provider's functions return them;
    None where nothing is told, or not one thing only."""

    id: str
    own: Resource
    table: Resource | None


def known_subnets(graph: Graph) -> list[KnownSubnet]:
    """The subnets that facts tell of, and that no resource of the program makes."""
    tables = dict(_agreed(_told(graph, GET_ROUTE_TABLE, "subnetId")))
    subnets = dict(_agreed(_told(graph, GET_SUBNET, "id")))
    found = [
        KnownSubnet(one, _resource(SUBNETS[0], one, subnets.get(one) or {}), _table(one, tables.get(one)))
        for one in sorted(subnets.keys() | tables.keys())
        if graph.resolve(one, *SUBNETS) is None
    ]
    routes: dict[str, list[Any]] = {}
    for one in found:
        if one.table is not None and one.table.properties not in (row := routes.setdefault(one.table.name, [])):
            row.append(one.table.properties)
    return [
        replace(one, table=None) if one.table is not None and len(routes[one.table.name]) > 1 else one for one in found
    ]


def _told(graph: Graph, token: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The facts of a function, by the subnet that the question names, or else the answer."""
    for fact in _facts(graph, token):
        subnet = fact.arguments.get(name) or (fact.result.get(name) if name == "id" else None)
        if isinstance(subnet, str) and subnet:
            yield subnet, fact.result if fact.result.get(name) in (None, "", subnet) else {}


def _facts(graph: Graph, token: str) -> Iterable[Fact]:
    return (one.fact for one in graph.lookups if one.token == token and one.fact is not None)


def _agreed(
    told: Iterable[tuple[str, Mapping[str, Any]]],
) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """What is told of each, None where answers contradict one another."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name, result in told:
        if result not in (row := found.setdefault(name, [])):
            row.append(result)
    for name, row in found.items():
        yield name, row[0] if len(row) == 1 else None


def _table(subnet: str, result: Mapping[str, Any] | None) -> Resource | None:
    """The route table, where its routes are told. The provider writes what a route does not have as empty text."""
    if result is None or not isinstance(result.get("routes"), list):
        return None
    routes = [
        {key: value for key, value in route.items() if value != ""} if isinstance(route, dict) else route
        for route in result["routes"]
    ]
    name = result.get("routeTableId") or result.get("id")
    if isinstance(name, str):
        return _resource(ROUTE_TABLES[0], name, {"routes": routes}, name)
    return _resource(ROUTE_TABLES[0], f"{subnet} routes", {"routes": routes})


def _resource(type_: str, name: str, properties: Mapping[str, Any], id_: str | None = None) -> Resource:
    """A resource that is not part of the graph, to be read as those of the graph are."""
    return Resource(f"looked up:{name}", type_, name, dict(properties), id=id_, external=True)
