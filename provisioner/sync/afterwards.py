"""After a sync: what is deployed now is judged as what was planned has been."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lychgate.provisioner.sync.planning import Plan, State, as_said

from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset
from lychgate.judging.verdict import RunFacts, verdict_of
from lychgate.judging.waivers import Waivers
from lychgate.model.graph import Graph
from lychgate.model.labels import LabelSettings


def judge_deployed(
    plan: Plan,
    state: State,
    rules: Mapping[str, Rule],
    ruleset: Ruleset,
    waivers: Waivers,
    labels: LabelSettings,
    facts: RunFacts,
) -> dict[str, Any]:
    """The verdict of a stack as it is deployed, with its siblings as they are planned; `state` is read after the sync.

    What was looked up of existing things is the plan's: a state does not say it.
    """
    deployed = as_said(state.deployed.graph) if state.deployed else Graph()
    there = Graph(deployed.resources, deployed.stacks.values(), plan.planned.lookups, deployed.not_inspected)
    graph = plan.together(there)
    graph.settings = labels
    return verdict_of(graph, rules, ruleset, waivers, facts)
