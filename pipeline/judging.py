"""The affected stacks of an environment, captured and judged as they are to be, and as they were.

No backend is asked what is deployed: the job that runs a merge request's code has no credentials, and what the change
brings is what differs from where its branch has parted. So the difference is that of both versions too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lychgate.pipeline.affected import Stack
from lychgate.pipeline.models import ChangedResource, Counts, Decision, StackEntry, VerdictEntry
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import parts_of
from lychgate.provisioner.models.platform import Platform
from lychgate.provisioner.sync.capturing import PROJECT, Capturing, siblings
from lychgate.provisioner.sync.difference import difference
from lychgate.provisioner.sync.naming import names_of, told_apart
from lychgate.provisioner.sync.planning import State
from lychgate.provisioner.sync.preflight import Judged as Preflight
from lychgate.provisioner.sync.preflight import collect, decides, preflight
from lychgate.provisioner.sync.records import Difference
from lychgate.provisioner.sync.syncing import Policies
from lychgate.provisioner.sync.verdict_facts import judged_by
from lychgate.reports.reading import blocks

from lychgate.judging.comparison import compare, of_verdict
from lychgate.judging.verdict import verdict_of
from lychgate.model.errors import InputError
from lychgate.model.graph import Graph
from lychgate.model.values import Unknown

DECISIONS: dict[int, Decision] = {0: "clean", 1: "findings", 3: "undetermined"}
MOST_CHANGES, MOST_REASONS, LONGEST = 50, 20, 1000
IMPORTANT = ("delete", "replace", "update or replace", "update", "create")


@dataclass(frozen=True, slots=True)
class Versions:
    """A platform as the change has it, and as it was; None where no comparison says anything, and `why`.

    `differing` are the stacks that may differ between both.
    """

    now: Platform
    before: Platform | None
    differing: frozenset[str]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Captured:
    """The graphs of an environment, by stack: as they are to be, and as they were (None: they are not compared)."""

    now: Mapping[str, Graph]
    before: Mapping[str, Graph] | None
    not_isolated: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict, and what the summary says of it. `why` is why nothing was compared; empty where it was."""

    verdict: dict[str, Any]
    entry: VerdictEntry
    why: str


@dataclass(frozen=True, slots=True)
class Clock:
    """Runs since it was made."""

    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since then."""
        return round(time.monotonic() - self.started, 1)


def judge(
    stacks: Sequence[Stack], versions: Versions, policies: Policies, capturing: Capturing, clock: Clock,
    progress: Callable[[int], None] = lambda count: None,
) -> Iterable[Judged]:  # fmt: skip
    """The verdicts on affected stacks of one environment, one for each application: its stacks are judged together.

    Raises InputError where the change cannot be captured.
    """
    captured = capture(stacks, versions, capturing, progress)
    for name in sorted({one.application for one in stacks}):
        own = [one for one in stacks if one.application == name]
        yield _judged(own, versions, captured, policies, clock)


def capture(
    stacks: Sequence[Stack], versions: Versions, capturing: Capturing, progress: Callable[[int], None]
) -> Captured:
    """The graphs of affected stacks and of all that they are judged with. What does not differ is captured once."""
    now = together_with(Scope.of(versions.now, one.application, one.environment, one.tenant) for one in stacks)
    found = capturing.capture(now.values(), progress)
    if versions.before is None:
        return Captured(found.graphs, None, found.not_isolated, versions.why)
    before = together_with(one for name in now if (one := _scope(versions.before, name)) is not None)
    known = {name: graph for name, graph in found.graphs.items() if name in before and name not in versions.differing}
    try:
        earlier = capturing.capture([one for name, one in before.items() if name not in known], progress, known)
    except InputError as error:
        return Captured(found.graphs, None, found.not_isolated, f"what was there cannot be captured: {error.found}")
    return Captured(found.graphs, {**known, **earlier.graphs}, found.not_isolated, "")


def together_with(scopes: Iterable[Scope]) -> dict[str, Scope]:
    """Stacks with what they are judged with, each after what it refers to."""
    found: dict[str, Scope] = {}
    for scope in scopes:
        if scope.stack not in found:
            for one in siblings(scope):
                found.setdefault(one.stack, one)
    return found


def _scope(platform: Platform, stack: str) -> Scope | None:
    """The scope of a stack, where the platform has it."""
    parts = parts_of(stack)
    try:
        return Scope.of(platform, *parts) if parts else None
    except InputError:
        return None


def _judged(
    stacks: Sequence[Stack], versions: Versions, captured: Captured, policies: Policies, clock: Clock
) -> Judged:
    first = stacks[0]
    scope = Scope.of(versions.now, first.application, first.environment, first.tenant)
    names = [one.stack for one in siblings(scope)]
    verdict = _verdict([captured.now[name] for name in names], policies, captured.not_isolated)
    if captured.before is not None:
        was = _scope(versions.before, scope.stack) if versions.before else None
        there = {*names, *(one.stack for one in (siblings(was) if was else ()))}
        graphs = [graph for name, graph in captured.before.items() if name in there]
        _compare(verdict, _verdict(graphs, policies, captured.not_isolated))
    entries = [_entry(one, versions, captured, policies, verdict) for one in stacks]
    folder = f"{first.application}.{first.environment}"
    entry = VerdictEntry(
        application=first.application, environment=first.environment, verdict=f"{folder}/verdict.json",
        decision=verdict["decision"], brought=decided(verdict, brought), seconds=clock.seconds, stacks=entries,
    )  # fmt: skip
    return Judged(verdict, entry, captured.why)


def _verdict(graphs: Sequence[Graph], policies: Policies, not_isolated: tuple[str, ...]) -> dict[str, Any]:
    graph = Graph.together(graphs)
    graph.settings = policies.labels
    facts = replace(policies.facts, isolation=not_isolated)
    # They remember what they were needed for.
    return verdict_of(graph, policies.rules, policies.ruleset, policies.waivers.anew(), facts)


def _compare(verdict: dict[str, Any], earlier: dict[str, Any]) -> None:
    """Say in a verdict what the change brings."""
    told = {"what": "verdict", "run": earlier["run"]["id"], "decision": earlier["decision"]}
    stacks = [one["name"] for one in verdict["stacks"]]
    compare(verdict, of_verdict(earlier), stacks, {**told, "as_of": earlier["run"]["as_of"], "commit": None})


def brought(one: Mapping[str, Any]) -> bool:
    """Whether the change brings a judgement; so it is taken where nothing says that it was there before."""
    return one["introduced"] is not False


def decided(
    verdict: Mapping[str, Any], counts: Callable[[Mapping[str, Any]], bool], stack: str | None = None
) -> Decision:
    """The decision by some of a verdict's judgements alone."""
    outcomes = {
        one["outcome"]
        for one in verdict["judgements"]
        if blocks(dict(one), verdict["run"]["strict"]) and counts(one) and stack in (None, one["stack"])
    }
    return "clean" if not outcomes else "undetermined" if outcomes == {"unknown"} else "findings"


def _entry(
    stack: Stack, versions: Versions, captured: Captured, policies: Policies, verdict: dict[str, Any]
) -> StackEntry:
    scope = Scope.of(versions.now, stack.application, stack.environment, stack.tenant)
    changes = Difference()
    if captured.before is not None:
        changes = difference(captured.now[stack.name], captured.before.get(stack.name, Graph()))
    known = captured.before is not None
    judged = _preflight(scope, policies, changes if known else Unknown(captured.why), verdict)
    name = f"{PROJECT}/{stack.name}"
    own = [one for one in verdict["judgements"] if one["stack"] == name and blocks(one, verdict["run"]["strict"])]
    return StackEntry(
        tenant=stack.tenant,
        reasons=[one[:LONGEST] for one in stack.reasons[:MOST_REASONS]],
        decision=decided(verdict, lambda one: True, name),
        brought=sum(map(brought, own)),
        others=sum(not brought(one) for one in own),
        preflight=DECISIONS[decides(judged)],
        preflight_failed=[
            f"{one.id}: {one.message}"[:LONGEST] for one in judged if one.outcome in ("fail", "error", "unknown")
        ],
        counts=_counts(changes),
        changes=list(_changes(changes)),
    )


def _preflight(
    scope: Scope, policies: Policies, changes: Difference | Unknown, verdict: dict[str, Any]
) -> list[Preflight]:
    losses: tuple[str, ...] | Unknown = changes if isinstance(changes, Unknown) else ()
    if isinstance(changes, Difference):
        lost = told_apart(names_of(one.type, one.name, one.urn) for one in changes.data_stores_deleted)
        losses = tuple(changes.redact(names[0]) for names in lost)
    request = collect(
        scope, as_of=policies.facts.as_of, waivers=policies.waivers, state=State(), plan=True, losses=losses,
        judged_by=judged_by(verdict["run"]),
    )  # fmt: skip
    return preflight(request, True, ruleset=policies.ruleset)


def _counts(changes: Difference) -> Counts:
    found = changes.counts
    return Counts(
        create=found.get("create", 0), update=found.get("update", 0), delete=found.get("delete", 0),
        replace=found.get("replace", 0) + found.get("update or replace", 0),
    )  # fmt: skip


def _changes(changes: Difference) -> Iterable[ChangedResource]:
    """The most important of what changes: losses of data first."""
    found = [one for one in changes.changed if not one.type.startswith("pulumi:")]
    found.sort(key=lambda one: (not (one.data_store and one.deletes), IMPORTANT.index(one.action), one.urn))
    for one in found[:MOST_CHANGES]:
        name, type_ = changes.redact(one.name)[:LONGEST], one.type[:LONGEST]
        assert one.action != "same"
        yield ChangedResource(name=name, type=type_, action=one.action, data_store=one.data_store and one.deletes)
