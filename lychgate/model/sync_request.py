"""What is known of a sync before it begins: plain facts, which the preflight rules judge.

A fact that could not be had is `Unknown`, and says why. A rule reads a fact with `known`, so that none is taken for
granted: whoever reads an unknown one answers unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias, TypeVar

from lychgate.model.values import Unknown

T = TypeVar("T")
Fact: TypeAlias = T | Unknown


class UnknownFact(Exception):
    """A fact was read that could not be had; the text is why."""


def known(fact: Fact[T]) -> T:
    """The fact. Raises UnknownFact, which makes the rule's answer unknown, where it could not be had."""
    if isinstance(fact, Unknown):
        raise UnknownFact(fact.why)
    return fact


@dataclass(frozen=True, slots=True)
class Freeze:
    """An environment in which nothing is synced before a day."""

    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's consent. `commit` is what was consented to; where that was merged, the commit that it became."""

    by: str
    at: Fact[datetime]
    commit: Fact[str]


@dataclass(frozen=True, slots=True)
class Image:
    """What a workload runs: the digest of an image, or a reference that ends with it."""

    workload: str
    reference: str


@dataclass(frozen=True, slots=True)
class AcceptedFinding:
    """A waiver of the stack: its ticket and rule, and its last day."""

    id: str
    expires: date


@dataclass(frozen=True, slots=True)
class Drift:
    """Differences between what was deployed and what is there now, and those of them that nobody has explained."""

    count: int
    unexplained: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limited:
    """A setting that the environment limits: as it is written, as a number, the most it may be, FILE:LINE."""

    setting: str
    value: str
    amount: Fact[float]
    most: float
    place: str


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """By what a verdict judges: digests of the ruleset, of the rules' code, and of each input by its name."""

    ruleset: str
    rules: str
    inputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedVerdict:
    """A verdict that was given, and signed: its file and that file's SHA-256, those of whom the environment believes
    that have signed it, and what it says. `stacks` are those of the platform in it, `as_of` when it was judged."""

    file: str
    sha256: str
    signers: tuple[str, ...]
    decision: str
    strict: bool
    environment: str
    commit: str | None
    stacks: tuple[str, ...]
    as_of: datetime
    judged_by: JudgedBy


@dataclass(frozen=True, slots=True)
class UnsignedVerdict:
    """A file that was given in its place, and why it is none."""

    file: str
    sha256: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """One sync that somebody asks for.

    What the platform's files want: `environments` and `tenants` are those there are, `production_accounts` those of
    production environments. `as_of` is the moment that is judged, `now` the clock's.

    What was found: `account_found` and `region_found` are those of the credentials. `branch` is what is checked out,
    `branch_protected` and `branch_holds_commit` are GitLab's words on the branch of that name; `changed` are files of
    the sync that are not as `commit` has them. `requester` asks for the sync, `authors` have written the change.
    `backend_override` is a backend that the process was told to use instead (None where it was not told),
    `secrets_providers` are those that the stack's files and state name, `locks` the operations that hold the stack.

    `removal` is whether all of the stack is to be taken away. `losses` are the data stores, by name, that it deletes or
    may delete, `may_lose` those of which somebody said that they may be lost.

    `verdict_within` is how old the signed verdict may be that the environment demands (None: it demands none),
    `signed_verdict` the one that was given, `judged_by` what the sync itself is judged by.
    """

    application: Fact[str]
    environment: Fact[str]
    tenant: Fact[str]
    stack: Fact[str]
    environments: Fact[tuple[str, ...]]
    tenants: Fact[tuple[str, ...]]
    production: Fact[bool]
    production_accounts: Fact[tuple[str, ...]]
    frozen: Fact[Freeze | None]
    as_of: Fact[datetime]
    now: Fact[datetime]

    account: Fact[str]
    account_found: Fact[str]
    region: Fact[str]
    region_found: Fact[str]

    branch_wanted: Fact[str]
    branch: Fact[str]
    branch_protected: Fact[bool]
    branch_holds_commit: Fact[bool]
    commit: Fact[str]
    changed: Fact[tuple[str, ...]]
    requester: Fact[str]
    authors: Fact[tuple[str, ...]]
    approvals: Fact[tuple[Approval, ...]]

    backend: Fact[str]
    backend_override: Fact[str | None]
    backend_encrypted: Fact[bool]
    secrets_provider: Fact[str]
    secrets_providers: Fact[tuple[str, ...]]
    locks: Fact[tuple[str, ...]]

    images: Fact[tuple[Image, ...]]
    waivers: Fact[tuple[AcceptedFinding, ...]]
    drift: Fact[Drift]
    limits: Fact[tuple[Limited, ...]]

    removal: Fact[bool]
    losses: Fact[tuple[str, ...]]
    may_lose: Fact[tuple[str, ...]]

    verdict_within: Fact[timedelta | None]
    signed_verdict: Fact[SignedVerdict | UnsignedVerdict | None]
    judged_by: Fact[JudgedBy]
