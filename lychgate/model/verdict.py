"""The verdict document (contract): enough for every report to be made from it alone, also later.

The pydantic models here are the published schema (`lychgate schema verdict`); they are used where a verdict enters.
What is judged is kept in slotted records and written by `judging.verdict`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lychgate.model.outcome import Layer, Level, Outcome, Severity

VERSION: Literal["1"] = "1"


class Document(BaseModel):
    """A part of the verdict: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(Document):
    """File (relative to the judged project) and line, both as the program's SDK reported them."""

    file: str
    line: int


class Run(Document):
    """What was judged by what. Digests are SHA-256, hexadecimal."""

    id: str = Field(description="unique for this run; differs between runs of the same input")
    tool: str
    tool_version: str
    ruleset: str
    ruleset_digest: str
    rules_digest: str
    environment: str
    strict: bool
    as_of: str = Field(description="RFC 3339; the moment at which waivers are judged")
    commit: str | None = None
    policy_ref: str | None = Field(
        default=None,
        description="commit from which settings, ruleset, waivers and rules were read; null: from the working tree",
    )
    inputs: dict[str, str] = Field(description="name of an input -> its digest")
    isolation: list[str] = Field(description="what of the judged program could not be isolated; empty: everything was")


class StackEntry(Document):
    """One stack that was judged."""

    name: str
    project: str
    stack: str
    account: str
    region: str


class ResourceEntry(Document):
    """One resource of the graph."""

    urn: str
    type: str
    name: str
    stack: str
    labels: dict[str, str]
    parent: str | None = None
    dependencies: list[str]
    location: Place | None = None
    external: bool = False
    component: bool = False


class RuleEntry(Document):
    """The texts of one rule, so that a later report needs no rule code."""

    id: str
    title: str
    layer: Layer
    severity: Severity
    level: Level
    rationale: str
    remediation: str
    requirements: list[str]
    population: int


class RequirementEntry(Document):
    """One requirement and what is known of it; never a percentage."""

    id: str
    title: str
    state: Literal["decided", "contributed", "manual", "undetermined"]
    rules: list[str]
    failed: int
    unknown: int
    waived: int


class WaiverEntry(Document):
    """A waiver that stands in the waivers file, used or not."""

    rule: str
    stack: str
    urn: str
    owner: str
    reason: str
    ticket: str
    approver: str
    compensating_control: str | None = None
    created: str | None = Field(default=None, description="its first day, where the file says one")
    expires: str = Field(description="its last day")
    expired: bool
    void: str | None = Field(default=None, description="why it waives nothing, though it has not expired")
    used: bool = Field(description="whether a finding needed it")
    location: Place | None = None


class JudgementEntry(Document):
    """What one rule said of one resource."""

    rule: str
    urn: str
    type: str
    name: str
    stack: str
    outcome: Outcome
    level: Level
    severity: Severity
    layer: Layer
    requirements: list[str]
    message: str = ""
    location: Place | None = None
    fingerprint: str
    witness: dict[str, Any] | None = None
    waiver: str | None = Field(default=None, description="ticket of the waiver that applies or has expired")
    introduced: bool | None = Field(default=None, description="whether the change brought it; null: not compared")


class ComparedEntry(Document):
    """What the verdict was compared with: an earlier verdict, or what is deployed."""

    what: Literal["verdict", "deployed"]
    run: str | None = None
    as_of: str | None = None
    commit: str | None = None
    decision: str | None = None


class MendedEntry(Document):
    """An earlier finding that is none any more, and why: only `passes` is mended."""

    rule: str
    urn: str
    type: str
    name: str
    stack: str
    severity: Severity
    level: Level
    message: str = ""
    was: Outcome
    how: Literal["passes", "waived", "resource gone", "rule not in use", "not judged"]


class NotInspectedEntry(Document):
    """A part that could not be looked into."""

    stack: str
    urn: str
    type: str
    why: str


class LookupEntry(Document):
    """An existing thing the program asked for, and how the question was answered."""

    stack: str
    token: str
    arguments: dict[str, Any]
    answered: str


class Verdict(Document):
    """The whole document. `decision` is what the exit status says."""

    version: Literal["1"] = VERSION
    decision: Literal["clean", "findings", "undetermined"]
    run: Run
    stacks: list[StackEntry]
    summary: dict[str, int] = Field(description="outcome -> number of judgements")
    resources: list[ResourceEntry]
    rules: list[RuleEntry]
    requirements: list[RequirementEntry]
    judgements: list[JudgementEntry]
    waivers: list[WaiverEntry]
    not_inspected: list[NotInspectedEntry]
    lookups: list[LookupEntry]
    compared: ComparedEntry | None = Field(default=None, description="null: with nothing")
    mended: list[MendedEntry] = []
