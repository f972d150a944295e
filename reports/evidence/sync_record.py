"""The record that a sync leaves as a file (`provisioner.sync.recording`), read as hostile data."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lychgate.model.verdict import JudgementEntry, Run, Verdict, WaiverEntry

T = TypeVar("T")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Unknown(_Part):
    """A fact that could not be had, and why."""

    unknown: str


Fact: TypeAlias = T | Unknown | None


class _Open(BaseModel):
    """A part to which later versions add."""

    model_config = ConfigDict(extra="allow", strict=True)


class GivenVerdict(_Open):
    """The signed verdict that was given: the SHA-256 of its file, who has signed it, or why it is none."""

    file: str
    sha256: str
    signers: list[str] = Field(default_factory=list)
    why: str = ""


class Asked(_Open):
    """Who asked for what, and who agreed."""

    application: Fact[str] = None
    environment: Fact[str] = None
    tenant: Fact[str] = None
    account: Fact[str] = None
    requester: Fact[str] = None
    branch: Fact[str] = None
    commit: Fact[str] = None
    authors: Fact[list[str]] = None
    approvals: Fact[list[dict[str, Any]]] = None
    as_of: Fact[str] = None
    may_lose: Fact[list[str]] = None
    signed_verdict: Fact[GivenVerdict] = None
    explained: dict[str, str] = Field(default_factory=dict)


class Applied(_Open):
    """What came of it."""

    stack: str
    id: str
    outcome: Literal["begun", "applied", "refused", "failed", "cancelled"]


class Found(_Part):
    """Of a verdict what format 1 has kept."""

    run: Run
    decision: Literal["clean", "findings", "undetermined"]
    judgements: list[JudgementEntry]
    waivers: list[WaiverEntry]


class _Any(_Part):
    kind: Literal["sync", "removal"]
    stack: Annotated[str, Field(min_length=1)]
    recorded: str
    request: Asked
    preflight: dict[str, Any]
    difference: dict[str, Any]
    applied: Applied | None = None


class First(_Any):
    """Format 1."""

    format: Literal[1]
    verdict: Found | None = None
    after: Found | None = None


class Second(_Any):
    """Format 2: verdicts whole, and what the pipeline says of itself."""

    format: Literal[2]
    pipeline: dict[str, str]
    verdict: Verdict | None = None
    after: Verdict | None = None


FORMATS: dict[Any, type[First] | type[Second]] = {1: First, 2: Second}
