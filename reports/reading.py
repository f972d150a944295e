"""What several formats ask of a verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from lychgate.model.outcome import SEVERITIES

Record: TypeAlias = "dict[str, Any]"

OPEN = ("fail", "error", "unknown")
TOLD = (*OPEN, "waived")
# What stands for the place of a finding of which no line is known: GitHub and GitLab drop results without one.
STAND_IN = ("Pulumi.yaml", 1)
LAST_LINE = 2**31 - 1


def mandatory(one: Record) -> bool:
    """Whether the rule that says it is mandatory; a rule that crashed counts as one at any level."""
    return one["level"] in ("mandatory", "remediate") or one["outcome"] == "error"


def blocks(one: Record, strict: bool) -> bool:
    """Whether a judgement stops a deployment."""
    return mandatory(one) and (one["outcome"] in ("fail", "error") or (strict and one["outcome"] == "unknown"))


def rank(one: Record) -> tuple[bool, bool, bool, int]:
    """For sorting, the most important first: mandatory, failed, brought by the change, severe."""
    return (
        not mandatory(one),
        one["outcome"] == "unknown",
        one["introduced"] is False,
        SEVERITIES.index(one["severity"]),
    )


def place(one: Record) -> tuple[str, int]:
    """File and line of a judgement, as paths in a repository are written; STAND_IN where it lies nowhere inside."""
    if not one["location"]:
        return STAND_IN
    file = one["location"]["file"].replace("\\", "/")
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or not path.parts or re.match("[A-Za-z]:", file):
        return STAND_IN
    return str(path), min(max(one["location"]["line"], 1), LAST_LINE)


def where(one: Record) -> str:
    """FILE:LINE as the program's SDK reported it; empty where it is not known."""
    return f"{one['location']['file']}:{one['location']['line']}" if one["location"] else ""


def sentence(verdict: Record) -> str:
    """What was decided, and what by."""
    stopping = [one for one in verdict["judgements"] if blocks(one, verdict["run"]["strict"])]
    undetermined = sum(one["outcome"] == "unknown" for one in stopping)
    failed = len(stopping) - undetermined
    if verdict["decision"] == "findings":
        more = f" {undetermined:,} more could not be determined." if undetermined else ""
        return f"Blocked by {failed:,} mandatory finding{'s' * (failed != 1)}.{more}"
    if verdict["decision"] == "undetermined":
        return f"Blocked: {undetermined:,} mandatory judgement{'s' * (undetermined != 1)} could not be determined."
    return "No mandatory rule is broken."


def moment(verdict: Record) -> datetime:
    """The moment of a verdict, in UTC."""
    return datetime.fromisoformat(verdict["run"]["as_of"]).astimezone(UTC)


def days_left(verdict: Record, waiver: Record) -> int | None:
    """Days from the moment of a verdict to a waiver's last one; None where that is no date."""
    try:
        return (date.fromisoformat(waiver["expires"]) - moment(verdict).date()).days
    except ValueError:
        return None


def by_requirement(verdict: Record) -> dict[str, list[Record]]:
    """Requirement -> the judgements that count for it, in the order of the verdict; requirements without any too."""
    found: dict[str, list[Record]] = {requirement["id"]: [] for requirement in verdict["requirements"]}
    for one in verdict["judgements"]:
        for name in one["requirements"]:
            found.setdefault(name, []).append(one)
    return found


def grouped(judgements: Iterable[Record]) -> list[list[Record]]:
    """Judgements by resource, each group and the groups with the most important first."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for one in judgements:
        groups.setdefault((one["stack"], one["urn"]), []).append(one)
    return sorted((sorted(group, key=rank) for group in groups.values()), key=lambda group: rank(group[0]))


def waiver_of(verdict: Record) -> Callable[[Record], Record | None]:
    """From a judgement to the waiver that it names, if the verdict holds it."""
    known: dict[tuple[str, str, str], list[Record]] = {}
    for waiver in verdict["waivers"]:
        known.setdefault((waiver["rule"], waiver["stack"], waiver["ticket"]), []).append(waiver)

    def find(one: Record) -> Record | None:
        entries = known.get((one["rule"], one["stack"], one["waiver"]), [])
        return next((entry for entry in entries if _fits(entry["urn"], one["urn"])), None)

    return find


def _fits(pattern: str, urn: str) -> bool:
    """Whether a waiver's URN, in which `*` stands for any run of characters, means this one."""
    first, *parts = pattern.split("*")
    if not parts:
        return first == urn
    *middle, last = parts
    if len(first) + len(last) > len(urn) or not (urn.startswith(first) and urn.endswith(last)):
        return False
    position, end = len(first), len(urn) - len(last)
    for part in middle:
        position = urn.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
