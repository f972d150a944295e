"""One sync, or one removal, from what is asked for to its record. What is shown of it is the caller's affair."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.afterwards import judge_deployed
from lychgate.provisioner.sync.applied import Applied, Progress, Step
from lychgate.provisioner.sync.capturing import Capturing
from lychgate.provisioner.sync.drift import check_drift, session
from lychgate.provisioner.sync.enforcing import waived_of
from lychgate.provisioner.sync.facts import fact
from lychgate.provisioner.sync.naming import names_of, told_apart
from lychgate.provisioner.sync.planning import (
    Plan,
    State,
    around,
    everything_around,
    judge_plan,
    make_plan,
    state_now,
)
from lychgate.provisioner.sync.preflight import NOT_ASKED, NOT_JUDGED, Judged, collect, drift_of, preflight
from lychgate.provisioner.sync.recording import Record, write_record
from lychgate.provisioner.sync.records import Difference
from lychgate.provisioner.sync.removing import Removal, judge_removal
from lychgate.provisioner.sync.replacing import Replaces
from lychgate.provisioner.sync.unchanged import differing
from lychgate.provisioner.sync.verdict_facts import judged_by

from lychgate.judging.pack_config import pack_config
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset
from lychgate.judging.verdict import RunFacts
from lychgate.judging.waivers import Waivers
from lychgate.model.labels import LabelSettings
from lychgate.model.sync_request import Drift, Fact, JudgedBy, SyncRequest
from lychgate.model.values import Unknown
from lychgate.sources.settings import GitLabProject

Count = Callable[[int], None]
DELETES = ("delete", "delete-replaced")  # in the engine's words
# Of the facts of a sync, what its record begins with: who asked for what, and who agreed.
ASKED = (
    "application", "environment", "tenant", "account", "requester", "branch", "commit", "authors", "approvals", "as_of",
    "may_lose", "signed_verdict",
)  # fmt: skip


def uncounted(number: int) -> None:
    """A count that nobody sees."""


@dataclass(frozen=True, slots=True)
class Policies:
    """What a sync is judged by."""

    rules: Mapping[str, Rule]
    ruleset: Ruleset
    waivers: Waivers
    labels: LabelSettings
    facts: RunFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for.

    `state` is what is deployed now, `settings` the lychgate.yaml that names the platform, `sources` all files beside
    the platform's that the sync is made from, `files` what the platform's held when they were read. `gitlab` is the
    project that vouches for a change, `may_lose` the data stores of which somebody said that they may be lost,
    `explained` why a thing has drifted, by its name, `verdict` the file of a signed one. A `plan` changes nothing, and
    asks no service.
    """

    scope: Scope
    state: State
    policies: Policies
    settings: Path
    sources: tuple[Path, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    gitlab: GitLabProject | None = None
    verdict: Path | None = None
    plan: bool = False
    may_lose: tuple[str, ...] = ()
    explained: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """What stands for and against a sync: its facts, what the preflight says of them, what would change, and the
    verdict on what is planned. A removal has no plan and no verdict, but what is against it."""

    request: SyncRequest
    preflight: list[Judged]
    plan: Plan | None = None
    verdict: dict[str, Any] | None = None
    removal: Removal | None = None

    @property
    def difference(self) -> Difference:
        """What would change."""
        found = self.plan or self.removal
        return found.difference if found else Difference()


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a sync, what is deployed since, and the verdict on that (None where it could not be had)."""

    applied: Applied
    state: State
    after: dict[str, Any] | None = None


def gate_sync(order: Order, capturing: Capturing, progress: Count = uncounted) -> Gate:
    """Capture, compare, judge. Raises InputError."""
    plan = make_plan(order.scope, order.state, capturing, progress)
    policies = order.policies
    facts = replace(policies.facts, isolation=plan.captured.not_isolated)
    verdict = judge_plan(plan, policies.rules, policies.ruleset, policies.waivers, policies.labels, facts)
    others = around(order.scope) if not order.plan else {}
    request = _request(order, plan.difference, others, removal=False, by=judged_by(verdict["run"]))
    return Gate(request, preflight(request, order.plan, ruleset=policies.ruleset), plan, verdict)


def gate_removal(order: Order) -> Gate:
    """What goes, and what is against it. Raises InputError."""
    others = everything_around(order.scope)
    removal = judge_removal(order.scope, order.state, others)
    request = _request(order, removal.difference, others, removal=True)
    judged = preflight(request, order.plan, ruleset=order.policies.ruleset)
    return Gate(request, judged, removal=removal)


def _request(
    order: Order,
    difference: Difference,
    others: Mapping[str, State],
    *,
    removal: bool,
    by: Fact[JudgedBy] = NOT_JUDGED,
) -> SyncRequest:
    state = order.state
    lost = told_apart(names_of(one.type, one.name, one.urn) for one in difference.data_stores_deleted)
    losses = tuple(difference.redact(names[0]) for names in lost)
    return collect(
        order.scope,
        as_of=order.policies.facts.as_of,
        waivers=order.policies.waivers,
        state=state,
        plan=order.plan,
        drift=Unknown(NOT_ASKED) if order.plan else live_drift(order.scope, state, others, order.explained),
        sources=order.sources,
        gitlab=order.gitlab,
        removal=removal,
        losses=Unknown(state.unread) if state.unread else losses,
        may_lose=order.may_lose,
        verdict=order.verdict,
        judged_by=by,
    )


def live_drift(scope: Scope, state: State, others: Mapping[str, State], explained: Mapping[str, str]) -> Fact[Drift]:
    """How the account differs from what was deployed; nothing, where nothing was."""
    if state.unread:
        return Unknown(f"what was deployed could not be read: {state.unread}")
    if state.deployed is None or not state.deployed.graph.resources:  # an empty stack, as a refused first sync leaves
        return Drift(0)
    deployed, known = state.deployed.graph, [one.deployed.graph for one in others.values() if one.deployed]
    there = scope.environment

    def ask() -> Fact[Drift]:
        return drift_of(check_drift(deployed, session(there.region), there.endpoint, others=known), explained)

    return fact("the drift", ask)


def carry_out(order: Order, gate: Gate, progress: Progress) -> Done:
    """Bring about what was judged, and judge what is deployed then.

    Raises InputError where it cannot even begin, such as without the `pulumi` command.
    """
    from lychgate.provisioner.sync.applying import apply, remove

    redact = gate.difference.redact
    if gate.plan is None:
        applied = remove(order.scope, progress=progress, redact=redact, against=lambda: _other_state(order))
        return Done(applied, state_now(order.scope))
    policies, waived = order.policies, waived_of(gate.verdict or {"judgements": ()})
    applied = apply(
        order.scope,
        settings=order.settings,
        pack_config=pack_config(policies.rules, policies.ruleset, waived),
        rules=policies.rules,
        waived=waived,
        mend=isinstance(drift := gate.request.drift, Drift) and drift.count > 0,
        against=lambda steps: _other_files(order) or _other_losses(gate, steps),
        progress=progress,
        redact=redact,
    )
    state = state_now(order.scope)
    if state.unread:
        return Done(applied, state)
    after = judge_deployed(
        gate.plan, state, policies.rules, policies.ruleset, policies.waivers, policies.labels, policies.facts
    )
    return Done(applied, state, after)


def _other_files(order: Order) -> str:
    """Why what the engine's program has read is not what was judged."""
    changed = differing(order.files, order.scope.platform.folder)
    return f"files have changed while they were judged: {', '.join(changed)}. Sync again." if changed else ""


def _other_losses(gate: Gate, steps: Iterable[Step]) -> str:
    """Why the engine would delete data in production that nobody was asked about, as the state has changed since."""
    stores = Replaces.standard().data_stores
    asked = {one.urn for one in gate.difference.changes if one.data_store}
    lost = {one.urn: one.name for one in steps if one.operation in DELETES and one.type in stores}
    names = sorted(name for urn, name in lost.items() if urn not in asked)
    if not names or gate.request.production is False:
        return ""
    return f"the engine would delete data stores of which the plan says nothing: {', '.join(names)}. Sync again."


def _other_state(order: Order) -> str:
    """Why what is deployed is not what was judged."""
    now = state_now(order.scope)
    if now.unread:
        return f"what is deployed could not be read: {now.unread}"
    return "" if _urns(now) == _urns(order.state) else "the stack has changed since this was judged. Look again."


def _urns(state: State) -> set[str]:
    return {one.urn for one in state.deployed.graph.resources} if state.deployed else set()


def keep(order: Order, gate: Gate, done: Done | None) -> Path:
    """Write the record of a sync beside lychgate.yaml, be it refused (`done` is None then) or carried out; its path.

    Raises OSError.
    """
    return _write(order, gate, done.applied if done else None, done.after if done else None)


def keep_begun(order: Order, gate: Gate) -> Path:
    """The same before anything is touched, for what never comes to another record; its path. Raises OSError."""
    return _write(order, gate, Applied(order.scope.stack, uuid.uuid4().hex, "begun"), None)


def _write(order: Order, gate: Gate, applied: Applied | None, after: dict[str, Any] | None) -> Path:
    removal = gate.removal
    record = Record(
        "removal" if removal else "sync",
        order.scope.stack,
        {name: _told(getattr(gate.request, name)) for name in ASKED} | {"explained": dict(order.explained)},
        preflight={"judged": [one.as_dict() for one in gate.preflight]},
        difference=removal.as_dict() if removal else gate.difference.as_dict(),
        verdict=gate.verdict,
        applied=applied,
        after=after,
    )
    return write_record(order.settings.resolve().parent, record)


def _told(fact: Any) -> Any:
    return {"unknown": fact.why} if isinstance(fact, Unknown) else fact
