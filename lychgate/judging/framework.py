"""A compliance framework as data: requirements, what infrastructure code can say of each, and the rules that say it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from lychgate.model.document import Document
from lychgate.model.errors import InputError, nearest, shown
from lychgate.model.validation import load

Kind: TypeAlias = Literal["decided", "contributed", "manual"]
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

WORDS = {"rules": "rules", "preflight": "preflight rules"}


class Requirement(BaseModel):
    """One requirement. The texts are ours, not the standard's.

    `kind` is the most that rules can ever say: `decided` (its infrastructure part, wholly), `contributed` (evidence;
    people or things outside the graph decide), `manual` (nothing). A decided requirement without rules is not decided.
    `rules` judge resources, and a verdict says what they found; `preflight` are ids of preflight rules, which judge a
    sync, so that what they say is in its record and in no verdict.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[A-Za-z]?\d+(\.\d+)+$")
    title: Text
    summary: Text
    evidence: Text = Field(description="how infrastructure code can evidence it, or where else the evidence is")
    kind: Kind
    rules: tuple[str, ...] = ()
    preflight: tuple[str, ...] = ()
    best_practice_until: date | None = Field(default=None, description="last day on which it was only a best practice")
    profile: str | None = Field(default=None, description="binds only where a ruleset switches this profile on")


class Framework(BaseModel):
    """The file of a framework. `profiles` says whom each profile binds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    framework: Text
    title: Text
    profiles: dict[str, Text] = {}
    requirements: tuple[Requirement, ...]


def load_framework(document: Document) -> Framework:
    """A framework from its file. Raises InputError, with every error of the file."""
    framework = load(document, Framework)
    errors, seen = [], set[str]()
    for index, requirement in enumerate(framework.requirements):
        path = ("requirements", index)
        if requirement.id in seen:
            errors.append(document.error((*path, "id"), f"the requirement {requirement.id} stands here twice"))
        seen.add(requirement.id)
        if requirement.profile and requirement.profile not in framework.profiles:
            found = f"unknown profile {shown(requirement.profile)}"
            hint = nearest(requirement.profile, framework.profiles)
            errors.append(document.error((*path, "profile"), found, "one that `profiles` describes", hint))
        for key in ("rules", "preflight"):
            if requirement.kind == "manual" and getattr(requirement, key):
                found = f"the requirement {requirement.id} is manual, but has {WORDS[key]}"
                errors.append(document.error((*path, key), found, f"no {WORDS[key]}, or another kind"))
    if errors:
        raise InputError.of(errors)
    return framework
