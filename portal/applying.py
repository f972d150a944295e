"""Port made to have what is exported: what is missing is created, what is other is replaced, and only what is ours."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lychgate.portal.actions import FINDING, STACK
from lychgate.portal.catalog import MARKER
from lychgate.portal.client import TRIES, Port, ServiceError, part
from lychgate.portal.entities import Entity, mended
from lychgate.portal.exporting import Catalog

from lychgate.model.errors import InputError
from lychgate.model.escaping import flat

# Where keys are names that people give: one more there is a difference; elsewhere Port may say more than it was told.
NAMED = ("properties", "relations", "mirrorProperties", "calculationProperties")


@dataclass(frozen=True, slots=True)
class Step:
    """One change, in words and as a call."""

    words: str
    method: str
    path: str
    body: Mapping[str, Any]


def plan(port: Port, catalog: Catalog) -> list[Step]:
    """What has to be changed, in an order in which it can be. Nothing is changed by asking.

    Raises InputError where something of the same name is not ours, ServiceError.
    """
    there = _by_name(port.get("/v1/blueprints").get("blueprints"))
    actions = _by_name(port.get("/v1/actions", version="v2").get("actions"))
    cards = port.get(f"/v1/blueprints/{STACK}/scorecards").get("scorecards") if STACK in there else []
    foreign = [
        *_foreign("blueprint", catalog.blueprints, there),
        *_foreign("action", catalog.actions, actions),
        *_foreign("scorecard", catalog.scorecards, _by_name(cards)),
    ]
    if foreign:
        raise InputError.of(foreign)
    steps = [
        *_steps("blueprint", catalog.blueprints, there, "/v1/blueprints"),
        *_steps("scorecard", catalog.scorecards, _by_name(cards), f"/v1/blueprints/{STACK}/scorecards"),
        *_steps("action", catalog.actions, actions, "/v1/actions"),
    ]
    for name, wanted in catalog.permissions.items():
        path = f"/v1/actions/{part(name)}/permissions"
        found = port.get(path).get("permissions") if name in actions else None
        if not same(wanted, found):
            steps.append(Step(f"set who may run {name}", "PATCH", path, wanted))
    return steps


def carry_out(port: Port, step: Step) -> None:
    """Make a change. Raises ServiceError.

    Port makes the permissions of a new action a little after it, as its Terraform provider's client knows.
    """
    for attempt in range(TRIES):
        if port.asked(step.method, step.path, step.body) is not None:
            return
        time.sleep(0.5 * 2**attempt)
    raise ServiceError(f"Port knows nothing at {step.method} {step.path}")


def fill(port: Port, wanted: Sequence[Entity]) -> tuple[list[Step], list[str]]:
    """What has to be changed of the entities, and which of them Port has that nothing speaks of any more: these are for
    people to delete. Raises ServiceError."""
    there: dict[str, dict[str, Mapping[str, Any]]] = {}
    for blueprint in dict.fromkeys(one["blueprint"] for one in wanted):
        answer = port.asked("GET", f"/v1/blueprints/{blueprint}/entities")
        there[blueprint] = _by_name(answer.get("entities")) if answer else {}
    steps: dict[tuple[str, str], Step] = {}
    for one in [*wanted, *mended(there.get(FINDING, {}), wanted)]:
        blueprint, name = one["blueprint"], one["identifier"]
        body = {key: value for key, value in one.items() if key != "blueprint"}
        path = f"/v1/blueprints/{blueprint}/entities"
        earlier = steps.get((blueprint, name))
        if earlier is not None:  # a stack, of which files and verdict speak
            body = _merged(earlier.body, body)
        if name not in there[blueprint]:
            steps[blueprint, name] = Step(f"create {blueprint} {name}", "POST", path, body)
        elif not all(same(value, there[blueprint][name].get(key)) for key, value in body.items()):
            steps[blueprint, name] = Step(f"change {blueprint} {name}", "PATCH", f"{path}/{part(name)}", body)
    kept = {(one["blueprint"], one["identifier"]) for one in wanted}
    left = [f"{on} {name}" for on, found in there.items() for name in found if on != FINDING and (on, name) not in kept]
    return list(steps.values()), left


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    inner = {key: {**one[key], **other[key]} for key in ("properties", "relations")}
    return {**one, **other, **inner}


def _by_name(found: Any) -> dict[str, Mapping[str, Any]]:
    if not isinstance(found, list):
        raise ServiceError("Port does not answer with a list")
    return {str(one["identifier"]): one for one in found if isinstance(one, dict) and "identifier" in one}


def _ours(there: Mapping[str, Any]) -> bool:
    """Whether something in Port carries our mark; a scorecard carries it at each of its rules."""
    marked = [there, *(one for one in there.get("rules") or () if isinstance(one, dict))]
    return any(str(one.get("description")).endswith(MARKER) for one in marked)


def _foreign(what: str, wanted: Iterable[Mapping[str, Any]], there: Mapping[str, Any]) -> Iterator[InputError]:
    for one in wanted:
        name = one["identifier"]
        if name in there and not _ours(there[name]):
            found = f"there is a {what} {flat(name)} that Lychgate has not made"
            yield InputError("Port", found=found, expected="it renamed or removed, by whoever made it")


def _steps(what: str, wanted: Iterable[Mapping[str, Any]], there: Mapping[str, Any], path: str) -> Iterator[Step]:
    for one in wanted:
        name = one["identifier"]
        if name not in there:
            yield Step(f"create {what} {name}", "POST", path, one)
        elif not same(one, there[name]):
            yield Step(f"change {what} {name}", "PUT", f"{path}/{part(name)}", one)


def same(wanted: Any, found: Any, exact: bool = False) -> bool:
    """Whether Port has what is wanted; it may have more, but not where the keys are names (`exact`)."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or (exact and wanted.keys() != found.keys()):
            return False
        return all(
            same(value, found.get(key), key in NAMED) if key in found else value in (None, {}, [], False)
            for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(wanted) != len(found):
            return False
        return all(same(one, other) for one, other in zip(wanted, found, strict=True))
    return bool(wanted == found and isinstance(wanted, bool) == isinstance(found, bool))
