"""A run of an action: by the id that the pipeline was given, what Port itself says of it, and who asked for it.

Nothing else of what the pipeline was given is looked at. https://docs.port.io/api-reference/get-an-action-runs-details
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lychgate.portal.client import Port, ServiceError, part

from lychgate.model.document import MAX_BYTES
from lychgate.model.errors import InputError, shown
from lychgate.sources.files import read

# As in Port's documentation: r_QOz6WoOB1Q2lmhZZ.
RUN_ID = re.compile(r"r_[A-Za-z0-9]{4,64}")
# Where the id stands: in Port's own message, in that as its agent passes it on, and as our actions name it.
PLACES = (
    ("context", "runId"),
    ("port_payload", "context", "runId"),
    ("variables", "LYCHGATE_RUN"),
    ("LYCHGATE_RUN",),
)
IN_PROGRESS = "IN_PROGRESS"
ACTIVE = "ACTIVE"
LARGEST_INPUT = 64_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as Port knows them: their id, their address, and the teams they are in."""

    id: str
    email: str
    teams: frozenset[str]

    def owns(self, owner: str) -> bool:
        """Whether they are, or belong to, whom an application's file names as its owner. Compared letter by letter."""
        return owner in self.teams or owner == self.email


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is in progress: which action, on which entity, with which inputs, and who has started it.

    `approved_by` are those who have approved it, without whoever started it; nobody, where the action needs none.
    `through` is where it was asked for.
    """

    id: str
    action: str
    entity: str
    inputs: Mapping[str, Any]
    by: Person
    approved_by: tuple[Person, ...]
    through: str = "Port"


def run_id(file: Path) -> str:
    """The id of the run that a file is about: a message of Port, in JSON. Raises InputError."""
    data = read(file)
    if len(data) > MAX_BYTES:
        raise InputError(str(file), found="the file is too large", expected=f"at most {MAX_BYTES:,} bytes")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError(str(file), found="it is not JSON", expected="the payload of an action of Port") from None
    found = {one for place in PLACES if (one := _at(content, place)) is not None}
    wanted = "one run's id, such as r_QOz6WoOB1Q2lmhZZ, at " + " or ".join(".".join(place) for place in PLACES)
    if len(found) != 1:
        raise InputError(str(file), found=f"{len(found) or 'no'} ids of a run", expected=wanted)
    (said,) = found
    if not RUN_ID.fullmatch(said):
        raise InputError(str(file), found=f"the id {shown(said)}", expected=wanted)
    return said


def _at(content: Any, place: tuple[str, ...]) -> str | None:
    for step in place:
        content = content.get(step) if isinstance(content, dict) else None
    return None if content is None else str(content)


def fetch(port: Port, id_: str) -> dict[str, Any]:
    """The run as Port has it. Raises InputError where it may not be acted on any more, or yet, ServiceError."""
    where = f"run {id_}"
    answer = port.asked("GET", f"/v1/actions/runs/{part(id_)}", query={"version": "v2"})
    told = answer.get("run") if answer else None
    if not isinstance(told, dict) or told.get("id") != id_:
        raise InputError(where, found="Port knows no such run", expected="the id of a run of an action")
    status = told.get("status")
    if status != IN_PROGRESS or told.get("endedAt"):
        found = f"its status is {shown(status)}"
        raise InputError(where, found=found, expected=f"one that is {IN_PROGRESS}: each run is acted on once")
    return told


def run_of(port: Port, told: Mapping[str, Any]) -> Run:
    """What there is to know of a run, and of who has to do with it. Raises InputError, ServiceError."""
    id_, where = str(told["id"]), f"run {told['id']}"
    if told.get("impersonatedBy"):
        raise InputError(where, found="it was started in the name of somebody else", expected="one's own")
    inputs = told.get("properties")
    if not isinstance(inputs, dict):
        raise InputError(where, found="it has no inputs", expected="those of the action's form")
    if len(json.dumps(inputs)) > LARGEST_INPUT:
        found = "its inputs are too large"
        raise InputError(where, found=found, expected=f"at most {LARGEST_INPUT:,} characters")
    people = dict(_people(port))
    by = _person(port, people, told.get("createdBy"), where)
    approvers = _approvers(port, id_) if told.get("requiredApproval") else ()
    approved_by = tuple(_person(port, people, one, where) for one in approvers if one != by.id)
    return Run(id_, identifier(told, "action"), identifier(told, "entity"), inputs, by, approved_by)


def identifier(told: Mapping[str, Any], what: str) -> str:
    """The identifier of what a run is about; empty where it names none."""
    found = told.get(what)
    name = found.get("identifier") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""


def _people(port: Port) -> Iterator[tuple[str, str]]:
    """The address of each user by the user's id: a run names only that. An id that two bear is nobody's."""
    found: dict[str, set[str]] = {}
    for one in _entries(port.get("/v1/users", fields=["id", "email"]), "users"):
        if isinstance(one.get("id"), str) and isinstance(one.get("email"), str):
            found.setdefault(one["id"], set()).add(one["email"])
    for id_, emails in found.items():
        if len(emails) == 1:
            yield id_, emails.pop()


def _person(port: Port, people: Mapping[str, str], id_: Any, where: str) -> Person:
    """A user, and the teams they are in now. Raises InputError where there is none, or no active one."""
    email = people.get(id_) if isinstance(id_, str) else None
    answer = port.asked("GET", f"/v1/users/{part(email)}") if email else None
    told = answer.get("user") if answer else None
    if not isinstance(told, dict) or told.get("email") != email or told.get("id", id_) != id_:
        raise InputError(where, found=f"{shown(id_)} is no user of Port", expected="a run that a person has started")
    if told.get("status") != ACTIVE:
        raise InputError(where, found=f"the user {shown(email)} is not active", expected="an active one")
    teams = told.get("teamsIdentifiers")  # of its name a team may have many, of its identifier one
    teams = told.get("teams", []) if teams is None else teams
    if not isinstance(teams, list):
        raise ServiceError("Port does not say in which teams a user is")
    return Person(str(id_), str(email), frozenset(one for one in teams if isinstance(one, str)))


def _approvers(port: Port, id_: str) -> Iterator[str]:
    """Who has approved a run. https://docs.port.io/api-reference/get-an-action-runs-approvers"""
    path = f"/v1/actions/runs/{part(id_)}/approvers"
    for one in _entries(port.get(path, include_pending_approvers="false"), "approvers"):
        if str(one.get("state")).startswith("APPROVE") and isinstance(one.get("userId"), str):
            yield one["userId"]


def _entries(answer: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """The entries of a list that Port answers. Raises ServiceError where it is none."""
    found = answer.get(name)
    if not isinstance(found, list):
        raise ServiceError(f"Port does not answer with a list of {name}")
    yield from (one for one in found if isinstance(one, dict))
