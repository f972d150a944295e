"""Who can do what, and who can become whom, on graphs of resources that are captured already."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.graphs import graph
from benchmarks.measuring import Row, best, once
from lychgate.model.graph import Graph
from lychgate.views.escalation import reach_of
from lychgate.views.iam_principals import Role
from lychgate.views.permitted import what_can, who_can
from lychgate.views.things import thing_of


def rows() -> Iterator[Row]:
    yield Row("`iam who-can`, 200 resources", best(lambda: ask_who(graph(200))), "", 0.0, "1 s")
    yield Row("`iam what-can`, 200 resources", best(lambda: what_can(Role.all(graph(200))[0])), "", 0.0, "1 s")
    large = graph(10_000)
    yield Row("every chain of 400 roles, 10,000 resources", once(lambda: reach_all(large)), "", 0.0, "")


def ask_who(made: Graph) -> None:
    bucket = next(one for one in made.resources if one.type.endswith(":Bucket"))
    who_can(made, "s3:GetObject", thing_of(made, bucket.urn))


def reach_all(made: Graph) -> None:
    for role in Role.all(made):
        reach_of(role)
