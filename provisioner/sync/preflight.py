"""The first step of a sync: the facts are collected into one request, and the preflight rules judge it.

A plan does not ask what only an applying run can meet: those rules are `not checked`, and decide nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import SHARED
from lychgate.provisioner.models.values import amount, effective, things
from lychgate.provisioner.sync import drift_records
from lychgate.provisioner.sync.account_facts import account_found, region_found
from lychgate.provisioner.sync.capturing import PROJECT
from lychgate.provisioner.sync.change_facts import Change, change_of
from lychgate.provisioner.sync.naming import names_of, told_apart
from lychgate.provisioner.sync.planning import State
from lychgate.provisioner.sync.state_facts import backend_encrypted, backend_override, secrets_providers, stack_locks
from lychgate.provisioner.sync.verdict_facts import signed_verdict, verdict_within

from lychgate.judging.preflight import Preflight, ask, preflight_rules
from lychgate.judging.ruleset import Ruleset
from lychgate.judging.waivers import Waivers
from lychgate.model.sync_request import AcceptedFinding, Drift, Fact, Freeze, Image, JudgedBy, Limited, SyncRequest
from lychgate.model.values import Unknown
from lychgate.sources.settings import GitLabProject

Outcome = Literal["pass", "fail", "unknown", "error", "not applicable", "not checked"]
CLEAN, FINDINGS, UNDETERMINED = 0, 1, 3
NOT_ASKED = "is asked only when applying"
NOT_JUDGED = Unknown("nothing was judged")
NO_DRIFT_KNOWN = Unknown("the account was not compared with what was deployed")


@dataclass(frozen=True, slots=True)
class Judged:
    """What one preflight rule says of a request; `requirements` are ids of those that it serves."""

    id: str
    title: str
    outcome: Outcome
    message: str
    remediation: str
    requirements: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = {name: getattr(self, name) for name in ("id", "title", "outcome", "message", "remediation")}
        return {**told, "requirements": list(self.requirements)}


def preflight(
    request: SyncRequest,
    plan: bool,
    rules: Mapping[str, Preflight] | None = None,
    ruleset: Ruleset | None = None,
) -> list[Judged]:
    """Every preflight rule on a request, in the order of the rules; `rules` replaces the built-in ones.

    `ruleset` is the environment's, which says what requirements each serves.
    """
    return [_judged(rule, request, plan, ruleset) for rule in (preflight_rules() if rules is None else rules).values()]


def _judged(rule: Preflight, request: SyncRequest, plan: bool, ruleset: Ruleset | None) -> Judged:
    requirements = ruleset.requirements_of_preflight(rule.id) if ruleset else ()
    if plan and rule.applying:
        return Judged(rule.id, rule.title, "not checked", NOT_ASKED, rule.remediation, requirements)
    answer = ask(rule, request)
    assert answer.outcome != "waived"  # `ask` lets none through
    return Judged(rule.id, rule.title, answer.outcome, answer.message, rule.remediation, requirements)


def decides(judged: Sequence[Judged]) -> int:
    """The exit status: 1 where a rule fails or has crashed, 3 where one cannot be decided, else 0.

    Where nothing was judged at all, nothing is decided.
    """
    outcomes = {one.outcome for one in judged}
    if outcomes & {"fail", "error"}:
        return FINDINGS
    return UNDETERMINED if "unknown" in outcomes or not outcomes else CLEAN


def collect(
    scope: Scope,
    *,
    as_of: datetime,
    waivers: Waivers,
    state: State,
    plan: bool,
    drift: Fact[Drift] = NO_DRIFT_KNOWN,
    sources: Sequence[Path] = (),
    removal: bool = False,
    losses: Fact[tuple[str, ...]] = (),
    may_lose: Sequence[str] = (),
    gitlab: GitLabProject | None = None,
    verdict: Path | None = None,
    judged_by: Fact[JudgedBy] = NOT_JUDGED,
    environ: Mapping[str, str] = os.environ,
    now: datetime | None = None,
) -> SyncRequest:
    """The facts of a sync. For a plan no service is asked: what only an applying run can meet is unknown then.

    `sources` are files that the sync is made from beside the platform's, such as lychgate.yaml and the waivers. Of what
    a `removal` takes away the application may be gone from the files. `gitlab` is the project that lychgate.yaml names:
    without it, production's change is unknown. `verdict` is the file of a signed one. Raises InputError where that
    cannot be read.
    """
    found = _of_plan() if plan else _of_run(scope, state, drift, sources, gitlab, environ)
    found["signed_verdict"] = Unknown(NOT_ASKED) if plan else signed_verdict(scope, verdict)
    return SyncRequest(
        as_of=as_of,
        now=now or datetime.now(UTC),
        backend_override=backend_override(environ),
        waivers=tuple(_waivers(scope, waivers)),
        removal=removal,
        losses=losses,
        may_lose=tuple(may_lose),
        verdict_within=verdict_within(scope),
        judged_by=judged_by,
        **_of_files(scope),
        **(_of_nothing(scope) if removal else _of_model(scope)),
        **found,
    )


def _of_files(scope: Scope) -> dict[str, Any]:
    """What the platform's files say."""
    there, environments = scope.environment, scope.platform.environments
    return {
        "application": scope.name,
        "environment": scope.environment_name,
        "tenant": scope.tenant,
        "stack": scope.stack,
        "environments": tuple(environments),
        "production": there.production,
        "production_accounts": tuple(sorted({one.account for one in environments.values() if one.production})),
        "frozen": Freeze(there.frozen.until, there.frozen.reason) if there.frozen else None,
        "account": there.account,
        "region": there.region,
        "branch_wanted": there.branch,
        "backend": there.state.backend,
        "secrets_provider": there.state.secrets_provider,
    }


def _of_model(scope: Scope) -> dict[str, Any]:
    """What the application's file says."""
    return {
        "tenants": (SHARED, *scope.application.tenants),
        "images": tuple(_images(scope)),
        "limits": tuple(_limits(scope)),
    }


def _of_nothing(scope: Scope) -> dict[str, Any]:
    """The same where all goes away: nothing is run any more."""
    spec = scope.platform.applications.get(scope.name)
    return {"tenants": (SHARED, *(spec.tenants if spec else ())), "images": (), "limits": ()}


def _of_plan() -> dict[str, Any]:
    names = (
        "account_found", "region_found", "branch", "branch_protected", "branch_holds_commit", "commit", "changed",
        "requester", "authors", "approvals", "backend_encrypted", "secrets_providers", "locks", "drift",
    )  # fmt: skip
    return dict.fromkeys(names, Unknown(NOT_ASKED))


def _of_run(
    scope: Scope,
    state: State,
    drift: Fact[Drift],
    sources: Sequence[Path],
    gitlab: GitLabProject | None,
    environ: Mapping[str, str],
) -> dict[str, Any]:
    there = scope.environment
    change = change_of(scope, environ, sources, gitlab)
    return {
        "account_found": account_found(there.region, there.endpoint),
        "region_found": region_found(),
        **{name: getattr(change, name) for name in Change.__slots__},
        "backend_encrypted": backend_encrypted(there.state.backend),
        "secrets_providers": secrets_providers(scope, state),
        "locks": stack_locks(there.state.backend, scope.stack),
        "drift": drift,
    }


def drift_of(found: drift_records.Drift, explained: Mapping[str, str] = MappingProxyType({})) -> Fact[Drift]:
    """A comparison with the account as a fact; `explained` says why, by name or id (see `naming`).

    A name that several of them have explains none: a bucket's policy is called as the bucket is. Nothing unexplained
    means that all is known only where every call was answered.
    """
    known = told_apart(
        [names_of(one.type, one.name, one.urn) for one in found.drifted]
        + [names_of(one.type, one.id) for one in found.unmanaged]
    )
    states = [*(one.state for one in found.drifted), *("not managed" for _ in found.unmanaged)]
    unexplained = [
        f"{names[0]} ({state})" for names, state in zip(known, states, strict=True) if not explained.keys() & names
    ]
    if not unexplained and not found.complete:
        return Unknown("not every call of the comparison with the account was answered: `lychgate drift` says which")
    return Drift(len(known), tuple(found.redact(one) for one in unexplained))


def _images(scope: Scope) -> Iterator[Image]:
    for name, workload in scope.application.workloads.items():
        yield Image(name, workload.image)
    if any(workload.cache for workload in scope.application.workloads.values()):
        yield Image("the cache", scope.environment.cluster.cache_image)


def _waivers(scope: Scope, waivers: Waivers) -> Iterator[AcceptedFinding]:
    for one in waivers.all:
        if one.stack in (scope.stack, f"{PROJECT}/{scope.stack}"):
            yield AcceptedFinding(f"{one.ticket} ({one.rule})", one.expires)


def _limits(scope: Scope) -> Iterator[Limited]:
    """What the stack's settings come to where the environment limits them."""
    for kind, name in things(scope.platform, scope.name, scope.environment_name, scope.tenant):
        found = effective(scope.platform, scope.name, scope.environment_name, scope.tenant, kind, name)
        for key, value in found.values.items():
            most = scope.environment.limits.get(f"{kind}.{key}")
            if most is not None:
                number = amount(value)
                comes_to: Fact[float] = Unknown("it is no number") if number is None else number
                place = found.origins[key].place or found.origins[key].layer
                yield Limited(f"{kind}.{key} of {name or scope.name}", str(value), comes_to, most, place)
