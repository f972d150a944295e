"""What identities can reach by their policies: the resources that an IAM policy can name, by ARN."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.views.ownership_types import ACCESS_POINTS, BELOW, SERVICES
from lychgate.views.s3 import BUCKETS

# The id by which IAM database authentication knows a database:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
DATABASE_IDS = {"aws:rds/cluster:Cluster": "clusterResourceId", "aws:rds/instance:Instance": "resourceId"}


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What a policy can name: `asked` are the ARNs that stand for it, `service` the one whose actions reach it."""

    arn: str
    service: str
    resource: Resource
    asked: tuple[str, ...]


class Targets:
    """All of a graph, so that those a pattern may mean are found without looking at each."""

    def __init__(self, graph: Graph) -> None:
        rows = [row for type_ in SERVICES for one in graph.of_type(type_) for row in _rows(graph, one)]
        self.rows = sorted(rows, key=lambda row: (row.arn, row.resource.urn))
        self.arns = [row.arn for row in self.rows]
        self._at_home = {(row.resource.stack, row.arn) for row in self.rows}

    def matching(self, pattern: str, stack: str) -> Iterator[Target]:
        """Those whose ARN begins as the pattern does before its first wildcard, or the other way round (bucket/*).

        Where an ARN stands in several stacks, these are in accounts of their own: that of `stack` is meant.
        """
        for row in self._alike(pattern):
            if row.resource.stack == stack or (stack, row.arn) not in self._at_home:
                yield row

    def _alike(self, pattern: str) -> Iterator[Target]:
        head = pattern.split("*")[0].split("?")[0].split("${")[0]
        for index in range(bisect_left(self.arns, head), len(self.rows)):
            if not self.arns[index].startswith(head):
                break
            yield self.rows[index]
        for shorter in _shorter(head):
            index = bisect_left(self.arns, shorter)
            while index < len(self.rows) and self.arns[index] == shorter:
                yield self.rows[index]
                index += 1


def _shorter(head: str) -> Iterator[str]:
    """What a name of something below a resource begins with: a bucket's object, a table's index, a function's alias."""
    for at, character in enumerate(head):
        if character in "/:" and head.count(":", 0, at) >= 5:
            yield head[:at]


def _rows(graph: Graph, resource: Resource) -> Iterator[Target]:
    arn = resource.outputs.get("arn")
    if resource.external or not isinstance(arn, str):
        return
    for service in SERVICES[resource.type]:
        if service == "rds-db":
            found = _login(resource, arn)
            if found:
                yield Target(found, service, resource, (f"{found}/*",))
        elif resource.type in ACCESS_POINTS:
            yield Target(arn, service, _bucket(graph, resource), (arn, f"{arn}/*"))
        else:
            below = BELOW.get(service)
            yield Target(arn, service, resource, (arn, f"{arn}{below}") if below else (arn,))


def _login(database: Resource, arn: str) -> str:
    name: Any = database.outputs.get(DATABASE_IDS[database.type])
    fields = arn.split(":")
    if not isinstance(name, str) or len(fields) < 6:
        return ""
    return f"{fields[0]}:{fields[1]}:rds-db:{fields[3]}:{fields[4]}:dbuser:{name}"


def _bucket(graph: Graph, access_point: Resource) -> Resource:
    """The bucket behind an access point, where it is in the graph."""
    try:
        return graph.target(access_point, "bucket", *BUCKETS) or access_point
    except UnknownRead:
        return access_point
