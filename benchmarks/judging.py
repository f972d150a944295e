"""All rules on a generated graph, beside parsing the same graph from JSON."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from benchmarks.graphs import as_json, graph
from benchmarks.measuring import Row, best, once
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import evaluate
from lychgate.judging.ruleset import load_ruleset


def rows() -> Iterator[Row]:
    rules = built_in_rules()
    ruleset = load_ruleset("production", rules)
    for size, aim in ((1_000, ""), (10_000, "1 s")):
        text = as_json(graph(size))
        floor = best(lambda text=text: orjson.loads(text), 5)
        made = [graph(size) for _ in range(3)]  # a graph keeps what was computed: each run gets a fresh one
        taken = min(once(lambda one=one: evaluate(one, rules.values(), ruleset)) for one in made)
        yield Row(f"{len(rules)} rules, {size:,} resources", taken, "orjson parses the same graph", floor, aim)
