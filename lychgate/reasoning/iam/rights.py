"""Policies prepared for many questions: which of their statements grant something?

`grants` is exact and answers from scratch. Rules ask some fifty questions of each role, and nearly
all of them are about services that its policies do not mention. `Rights` leaves out the entries that cannot matter
before it asks; what it leaves out does not change an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from .grants import Facts, Grant, grants, left_open
from .language import Condition, Policy, Statement
from .matching import actions_language, overlap
from .pins import Requirement

WILD = re.compile(r"[*?]")
OPEN = re.compile(r"[*?]|\$\{")


class Prepared:
    """One policy with its Allow statements by the service that their actions name; `""` holds those of any service."""

    __slots__ = ("allows", "denies", "policy")

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.denies = tuple(one for one in policy.statements if one.effect == "Deny")
        self.allows: dict[str, list[tuple[Statement, list[str]]]] = {}  # entries in lower case
        for statement in policy.statements:
            if statement.effect == "Allow":
                self._add(statement)

    def _add(self, statement: Statement) -> None:
        if statement.not_action:
            self.allows.setdefault("", []).append((statement, []))
            return
        by_service: dict[str, list[str]] = {}
        for entry in statement.actions:
            by_service.setdefault(service_of(entry), []).append(entry.lower())
        for service, entries in by_service.items():
            self.allows.setdefault(service, []).append((statement, entries))

    def mentions(self, action: str) -> bool:
        """Whether an Allow statement means the action, on whatever resource."""
        return bool(self.relevant(action))

    def relevant(self, action: str) -> list[tuple[Statement, list[str]]]:
        """The Allow statements that may mean the action, each with those of its entries that do, in lower case."""
        service, asked = service_of(action), action.lower()
        keys = ("", service) if service else tuple(self.allows)
        found = []
        for key in keys:
            for statement, entries in self.allows.get(key, ()):
                kept = [entry for entry in entries if entry == asked or _meets(entry, asked)]
                if kept or statement.not_action:
                    found.append((statement, kept))
        return found


class Rights:
    """What some policies together allow, within a permissions boundary where there is one."""

    __slots__ = ("boundary", "prepared", "services")

    def __init__(self, prepared: Iterable[Prepared], boundary: Policy | None = None) -> None:
        self.prepared = list(prepared)
        self.boundary = boundary
        self.services = {service for one in self.prepared for service in one.allows}

    def mentions(self, action: str) -> bool:
        """Whether an Allow statement means the action, on whatever resource."""
        service = service_of(action)
        if service and service not in self.services and "" not in self.services:
            return False
        return any(one.mentions(action) for one in self.prepared)

    def granted(
        self,
        actions: str | Iterable[str],
        resource: str | Iterable[str] = "*",
        facts: Facts | None = None,
        principal: str | None = None,
    ) -> list[Grant]:
        """As `grants`: the Allow statements that may allow any of the actions on any of the resources. Raises
        TooComplexError."""
        asked = [actions] if isinstance(actions, str) else list(actions)
        resources = [resource] if isinstance(resource, str) else list(resource)
        policies, originals, live = self._reduced(asked, resources)
        if not live:
            return []
        if self.boundary is None:
            found = grants(policies, live, resources, facts, principal)
        else:
            found = [
                _conditioned(grant, allow, left)
                for allow, outside in _outside(self.boundary)
                if (left := left_open(allow, facts or {})) is not None
                for grant in grants([*policies, outside], live, resources, facts, principal)
            ]
        return [replace(one, statement=originals[id(one.statement)]) for one in found]

    def _reduced(self, asked: list[str], resources: list[str]) -> tuple[list[Policy], dict[int, Statement], list[str]]:
        """The policies without what cannot matter, each kept Allow with the statement it comes from, and the actions
        that are worth asking about."""
        policies, originals, live = [], {}, set()
        for prepared in self.prepared:
            entries: dict[int, list[str]] = {}
            statements: dict[int, Statement] = {}
            for action in asked:
                for statement, kept in prepared.relevant(action):
                    if statement.index not in statements and not _reaches(statement, resources):
                        continue
                    statements[statement.index] = statement
                    entries.setdefault(statement.index, []).extend(kept)
                    live.add(action)
            kept_statements = list(prepared.denies)
            for index, statement in statements.items():
                reduced = _shorter(statement, entries[index], resources)
                originals[id(reduced)] = statement
                kept_statements.append(reduced)
            if kept_statements:
                policies.append(replace(prepared.policy, statements=tuple(kept_statements)))
        return policies, originals, [action for action in asked if action in live]


@lru_cache(maxsize=65536)
def service_of(action: str) -> str:
    """The service that an action pattern names, empty where it may be any."""
    service, colon, _ = action.partition(":")
    return "" if not colon or WILD.search(service) else service.lower()


@lru_cache(maxsize=65536)
def _meets(entry: str, asked: str) -> bool:
    """Whether two action patterns, both in lower case, have an action in common."""
    if not WILD.search(entry) and not WILD.search(asked):
        return entry == asked
    return overlap(actions_language((entry,)), actions_language((asked,))) is not None


@lru_cache(maxsize=65536)
def _head(pattern: str) -> str:
    """The text before the first wildcard or variable."""
    match = OPEN.search(pattern)
    return pattern[: match.start()] if match else pattern


def _may_meet(one: str, other: str) -> bool:
    first, second = _head(one), _head(other)
    return first.startswith(second) or second.startswith(first)


def _reaches(statement: Statement, resources: list[str]) -> bool:
    if statement.resources is None or statement.not_resource:
        return True
    return any(_may_meet(entry, asked) for entry in statement.resources for asked in resources)


def _shorter(statement: Statement, entries: list[str], resources: list[str]) -> Statement:
    actions = statement.actions
    if not statement.not_action:
        actions = tuple(action for action in statement.actions if action.lower() in entries)
    kept = statement.resources
    if kept is not None and not statement.not_resource:
        kept = tuple(entry for entry in kept if any(_may_meet(entry, asked) for asked in resources))
    return replace(statement, actions=actions, resources=kept)


def _outside(boundary: Policy) -> Iterable[tuple[Statement, Policy]]:
    """A boundary as denies, one policy for each of its Allow statements: everything but what that one allows.

    What one statement of a boundary lets through is what no such policy denies; together they are the boundary.
    """
    denies = [one for one in boundary.statements if one.effect == "Deny"]
    for allow in boundary.statements:
        if allow.effect == "Allow":
            other_actions = replace(
                allow,
                effect="Deny",
                resources=("*",),
                not_resource=False,
                not_action=not allow.not_action,
                conditions=(),
            )
            other_resources = replace(
                allow,
                effect="Deny",
                actions=("*",),
                not_action=False,
                resources=allow.resources or ("*",),
                not_resource=not allow.not_resource,
                conditions=(),
            )
            yield allow, replace(boundary, statements=(other_actions, other_resources, *denies))


def _conditioned(grant: Grant, allow: Statement, left: list[Condition]) -> Grant:
    """The grant with what the boundary's statement demands beside; `left` are its conditions that are not settled."""
    demanded = tuple(Requirement(one, allow.variables) for one in allow.conditions)
    return replace(
        grant,
        conditions=(*grant.conditions, *left),
        requirements=(*grant.requirements, *demanded),
    )
