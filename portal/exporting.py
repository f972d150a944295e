"""All that Port is told of the platform, as the JSON that its API takes: blueprints, scorecards, actions, permissions.

https://docs.port.io/api-reference/create-an-action-automation,
https://docs.port.io/api-reference/update-an-actions-permissions
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lychgate.portal.actions import ACTIONS, STACK, Action
from lychgate.portal.catalog import MARKER, blueprints, scorecards
from lychgate.reports import replace

from lychgate.judging.framework import Requirement
from lychgate.model.errors import InputError
from lychgate.sources.settings import GitLabProject

OPERATIONS = {"delete": "DELETE"}  # of the others Port knows only that they are about an entity
DAY_2 = "DAY-2"


@dataclass(frozen=True, slots=True)
class Backend:
    """The pipeline that does what an action asks for: a project by its path, and the branch that is run."""

    group: str
    project: str
    ref: str

    @classmethod
    def of(cls, named: GitLabProject | None, ref: str) -> Backend:
        """The project that lychgate.yaml names. Raises InputError where it does not, or by its number."""
        group, _, project = named.project.rpartition("/") if named else ("", "", "")
        if not group:
            found = "it names no GitLab project by its path"
            raise InputError("lychgate.yaml", found=found, expected="`gitlab: {url: ..., project: GROUP/NAME}`")
        return cls(group, project, ref)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The documents, in the order in which they can be made; scorecards are of stacks, permissions by action."""

    blueprints: Sequence[dict[str, Any]]
    scorecards: Sequence[dict[str, Any]]
    actions: Sequence[dict[str, Any]]
    permissions: dict[str, dict[str, Any]]

    def files(self) -> dict[str, bytes]:
        """Each document in a file of its own: path -> content."""
        found = {f"blueprints/{one['identifier']}.json": one for one in self.blueprints}
        found |= {f"scorecards/{one['identifier']}.json": one for one in self.scorecards}
        found |= {f"actions/{one['identifier']}.json": one for one in self.actions}
        found |= {f"permissions/{name}.json": one for name, one in self.permissions.items()}
        return {path: (json.dumps(one, indent=2, ensure_ascii=False) + "\n").encode() for path, one in found.items()}


def export(requirements: Iterable[Requirement], backend: Backend, approvers: Sequence[str]) -> Catalog:
    """The whole catalogue; `approvers` are the teams of Port that may agree to what needs a second person, else its
    administrators."""
    requirements = list(requirements)
    return Catalog(
        blueprints=list(blueprints(requirements)),
        scorecards=list(scorecards(requirements)),
        actions=[_action(one, backend) for one in ACTIONS.values()],
        permissions={one.identifier: _permissions(one, approvers) for one in ACTIONS.values()},
    )


def _action(one: Action, backend: Backend) -> dict[str, Any]:
    """An action. Its inputs are not in what the pipeline is given but by the way: it asks Port for them."""
    inputs = {name: value.property(default=one.operation == "create") for name, value in one.inputs.items()}
    trigger: dict[str, Any] = {
        "type": "self-service",
        "operation": OPERATIONS.get(one.operation, DAY_2),
        "blueprintIdentifier": one.blueprint,
        "userInputs": {"properties": inputs, "required": one.required, "order": list(inputs)},
    }
    if one.blueprint == STACK:
        rule = {"property": "production", "operator": "=", "value": one.approval}
        trigger["condition"] = {"type": "SEARCH", "rules": [rule], "combinator": "and"}
    return {
        "identifier": one.identifier,
        "title": one.title,
        "description": f"{one.description} {MARKER}".strip(),
        "trigger": trigger,
        "invocationMethod": {
            "type": "GITLAB",
            "projectName": backend.project,
            "groupName": backend.group,
            "defaultRef": backend.ref,
            "pipelineVariables": {"LYCHGATE_RUN": "{{ .run.id }}"},
        },
        "requiredApproval": {"type": "ANY"} if one.approval else False,
        "publish": True,
    }


def _permissions(one: Action, approvers: Sequence[str]) -> dict[str, Any]:
    """Who may run an action: whoever the entity belongs to. Who may agree to it: not they, which the pipeline holds."""
    by = {"users": [], "roles": [] if approvers else ["Admin"], "teams": list(approvers)}
    nobody: dict[str, Any] = {"users": [], "roles": [], "teams": []}
    return {
        "execute": {"users": [], "roles": [], "teams": [], "ownedByTeam": True, "policy": None},
        "approve": (by if one.approval else nobody) | {"policy": None},
    }


def write(catalog: Catalog, folder: Path) -> list[Path]:
    """Write the documents into a folder. Raises InputError."""
    written = []
    try:
        for name, content in catalog.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path, content)
            written.append(path)
    except OSError as error:
        raise InputError(str(folder), found=f"cannot be written: {error.strerror}", expected="a folder") from None
    return written
