"""The plan of a sync: a stack captured with its siblings, compared with what is deployed, and judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import SHARED, SINGLE, parts_of
from lychgate.provisioner.sync.capturing import PROJECT, Captured, Capturing, siblings
from lychgate.provisioner.sync.difference import difference
from lychgate.provisioner.sync.records import Difference

from lychgate.judging.comparison import compare, of_verdict
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset
from lychgate.judging.verdict import RunFacts, verdict_of
from lychgate.judging.waivers import Waivers
from lychgate.model.errors import InputError
from lychgate.model.graph import Graph
from lychgate.model.labels import LabelSettings
from lychgate.sources.analyzer import without_defaults
from lychgate.sources.deployed.backend import ENDINGS, STACKS, BackendError, open_backend, read_file, read_stack
from lychgate.sources.deployed.checkpoint import Deployed


@dataclass(frozen=True, slots=True)
class State:
    """What is deployed, or why that is not known. `deployed` is None where nothing is, and where it is not known."""

    deployed: Deployed | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A stack as it is to be, its siblings, and how it differs from what is deployed."""

    scope: Scope
    captured: Captured
    state: State
    difference: Difference

    @property
    def planned(self) -> Graph:
        """The stack alone."""
        return self.captured.graphs[self.scope.stack]

    def together(self, stack: Graph | None = None) -> Graph:
        """The stack and its siblings as one graph; with `stack`, that in the stack's place."""
        others = [graph for name, graph in self.captured.graphs.items() if name != self.scope.stack]
        return Graph.together([*others, stack or self.planned])


def read_state(scope: Scope, file: Path | None) -> State:
    """The deployed state of a stack, from a file or the environment's backend.

    Raises InputError where the file, or what the backend holds, is no state of this stack; a backend that does not
    answer leaves the state unread, which is said.
    """
    if file is not None:
        deployed = read_file(file)
        if deployed.stack not in ("", scope.stack):
            raise InputError(str(file), found=f"it is the state of {deployed.stack}", expected=f"that of {scope.stack}")
        return State(deployed)
    try:
        return State(read_stack(scope.environment.state.backend, PROJECT, scope.stack))
    except BackendError as error:
        return State(unread=error.found)


def neighbours(scope: Scope) -> list[Scope]:
    """The stacks of the environment that might use something of this one.

    The application, or its tenant, may be gone from the platform's files already.
    """
    found: dict[str, Scope] = {}
    for name in (*scope.platform.applications, scope.name):
        spec = scope.platform.applications.get(name)
        tenants = [*(spec.tenants if spec else ()), SHARED]
        if name == scope.name:
            tenants += [*scope.platform.tenants, SINGLE]
        for tenant in tenants:
            one = Scope(scope.platform, name, scope.environment_name, tenant)
            found.setdefault(one.stack, one)
    found.pop(scope.stack, None)
    return list(found.values())


def state_now(scope: Scope) -> State:
    """What a backend has of a stack now; unread too where that is broken."""
    try:
        return read_state(scope, None)
    except InputError as error:
        return State(unread=str(error))


def around(scope: Scope) -> dict[str, State]:
    """The deployed states of a stack's neighbours, by stack: one that is broken is for its own syncs to tell."""
    return {one.stack: state_now(one) for one in neighbours(scope)}


def everything_around(scope: Scope) -> dict[str, State]:
    """The same of every stack that the backend has of the environment, and that the files may say nothing of."""
    found = {one.stack: one for one in neighbours(scope)}
    for name in _kept(scope.environment.state.backend):
        parts = parts_of(name)
        if parts and parts[1] == scope.environment_name and name != scope.stack:
            found.setdefault(name, Scope(scope.platform, *parts))
    return {name: state_now(one) for name, one in found.items()}


def _kept(url: str) -> set[str]:
    """The names of the stacks that a backend has; none where it does not answer, as then no state is read either."""
    try:
        backend = open_backend(url)
        entries = [*backend.files(f"{STACKS}/{PROJECT}"), *backend.files(STACKS)]
    except BackendError:
        return set()
    names = (entry.key.rpartition("/")[2] for entry in entries)
    return {name.removesuffix(ending) for name in names for ending in ENDINGS if name.endswith(ending)}


def make_plan(
    scope: Scope, state: State, capturing: Capturing, progress: Callable[[int], None] = lambda count: None
) -> Plan:
    """Capture a stack with its siblings, and compare it with its state. Raises InputError."""
    captured = capturing.capture(siblings(scope), progress)
    deployed = state.deployed
    there = deployed.graph if deployed else Graph()
    leftovers = deployed.leftovers if deployed else ()
    return Plan(scope, captured, state, difference(captured.graphs[scope.stack], there, leftovers=leftovers))


def judge_plan(
    plan: Plan,
    rules: Mapping[str, Rule],
    ruleset: Ruleset,
    waivers: Waivers,
    labels: LabelSettings,
    facts: RunFacts,
) -> dict[str, Any]:
    """The verdict of a stack and its siblings. Where the state is known, each finding says whether the change brings
    it, or whether it was there."""
    graph = plan.together()
    graph.settings = labels
    verdict = verdict_of(graph, rules, ruleset, waivers, facts)
    if not plan.state.unread:
        there = plan.together(as_said(plan.state.deployed.graph) if plan.state.deployed else Graph())
        there.settings = labels
        earlier = verdict_of(there, rules, ruleset, waivers.anew(), facts)  # what each is needed for is told anew
        compare(verdict, of_verdict(earlier), graph.stacks, {"what": "deployed"}, by_words=False)
    return verdict


def as_said(deployed: Graph) -> Graph:
    """A deployed stack as rules judge it: without the provider's own lists of what it filled in."""
    resources = [replace(one, properties=without_defaults(one.properties)) for one in deployed.resources]
    return Graph(resources, deployed.stacks.values(), deployed.lookups, deployed.not_inspected)
