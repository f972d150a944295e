"""The same permissions in fewer statements: what differs in actions or resources only becomes one, and what the others
allow already goes. Proven by the caller: `compare` says `equivalent`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .language import parse
from .matching import TooComplexError, contains, resources_language
from .proof import within

Document = dict[str, Any]


def minimal(statements: Iterable[Mapping[str, Any]]) -> Document:
    """A policy document for Allow statements with Action, Resource and perhaps a Condition, in their order.

    No statement of it can be left out. Raises TooComplexError where that cannot be proven.
    """
    by_condition: dict[str, dict[str, dict[str, None]]] = {}
    for statement in statements:
        condition = json.dumps(statement.get("Condition") or {}, sort_keys=True)
        resources = by_condition.setdefault(condition, {})
        for resource in _listed(statement["Resource"]):
            resources.setdefault(resource, {}).update(dict.fromkeys(_listed(statement["Action"])))
    _without_repetition(by_condition)
    found = [one for condition, resources in by_condition.items() for one in _merged(condition, resources)]
    return {"Version": "2012-10-17", "Statement": _needed(found)}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _without_repetition(by_condition: dict[str, dict[str, dict[str, None]]]) -> None:
    """Take away actions that a wider resource has under the same condition, or under none."""
    free = by_condition.get("{}", {})
    for resources in by_condition.values():
        for resource, actions in resources.items():
            for others in {id(resources): resources, id(free): free}.values():
                for other, given in others.items():
                    same = others is resources and other == resource
                    if not same and actions.keys() & given.keys() and _wider(other, resource):
                        for action in list(actions):
                            if action in given:
                                del actions[action]


def _wider(wide: str, narrow: str) -> bool:
    return wide == narrow or (
        any(mark in wide for mark in "*?") and contains(resources_language((wide,)), resources_language((narrow,)))
    )


def _merged(condition: str, resources: Mapping[str, Mapping[str, None]]) -> list[Document]:
    """One statement for the resources that have the same actions."""
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for resource, actions in resources.items():
        if actions:
            by_actions.setdefault(tuple(sorted(actions)), []).append(resource)
    extra = {} if condition == "{}" else {"Condition": json.loads(condition)}
    return [
        {"Effect": "Allow", "Action": list(actions), "Resource": named, **extra}
        for actions, named in by_actions.items()
    ]


def _needed(statements: list[Document]) -> list[Document]:
    """Without statements that the others hold together. Raises TooComplexError."""
    kept = list(statements)
    for one in statements:
        others = [other for other in kept if other is not one]
        if not others or not _may_hold(one, others):
            continue
        answer = within(_policy([one]), _policy(others))
        if answer.answer == "unknown":
            raise TooComplexError(answer.reason)
        if answer.answer == "yes":
            kept = others
    return kept


def _may_hold(one: Document, others: Iterable[Document]) -> bool:
    """Whether each action of a statement is in another one at all."""
    return set(one["Action"]) <= {action for other in others for action in other["Action"]}


def _policy(statements: list[Document]) -> Any:
    return parse({"Version": "2012-10-17", "Statement": statements})
