"""A small server that behaves as Port's API does, with the paths and fields of its reference pages.

https://docs.port.io/api-reference/create-an-access-token, .../get-an-action-runs-details, .../update-an-action-run,
.../add-a-log-to-an-action-run, .../get-an-action-runs-approvers, .../get-all-users-in-your-organization,
.../get-a-user, .../create-a-blueprint, .../change-a-blueprint, .../get-all-blueprints, .../create-an-action-automation,
.../change-an-action-automation, .../get-actions-automations, .../update-an-actions-permissions,
.../create-a-scorecard, .../change-a-scorecard, .../get-a-blueprints-scorecards, .../create-an-entity,
.../update-an-entity, .../get-all-entities-of-a-blueprint
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema import Draft7Validator

from tests.serving import Quiet, served

CLIENT, SECRET, TOKEN = "client-of-the-tests", "secret-of-the-tests", "token-of-the-tests"
NOT_FOUND = (404, {"ok": False, "error": "not_found", "message": "A resource was not found"})


@dataclass
class Organization:
    """What Port knows of an organization, and what it was asked. `faults` are statuses that it answers first, in turn,
    to whatever else than a token is asked."""

    url: str = ""
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    approvers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    logs: dict[str, list[str]] = field(default_factory=dict)
    blueprints: dict[str, dict[str, Any]] = field(default_factory=dict)
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    permissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    scorecards: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    entities: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    faults: list[int] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def writes(self) -> list[tuple[str, str]]:
        """What has asked for a change."""
        return [one for one in self.asked if one[0] != "GET" and "access_token" not in one[1]]

    def user(self, name: str, *teams: str, **more: Any) -> str:
        """A user, and their id."""
        email, id_ = f"{name}@example.com", f"auth0|{name}"
        self.users[email] = {"id": id_, "email": email, "status": "ACTIVE", "teams": list(teams), **more}
        return id_

    def run(self, id_: str, action: str, entity: str, inputs: dict[str, Any], by: str, **more: Any) -> None:
        """A run that is in progress."""
        self.runs[id_] = {
            "id": id_, "action": {"identifier": action}, "entity": {"identifier": entity}, "properties": inputs,
            "requiredApproval": False, "source": "UI", "status": "IN_PROGRESS", "createdBy": by, **more,
        }  # fmt: skip

    def answer(self, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        """Status and content."""
        match method, [unquote(one) for one in path.strip("/").split("/")[1:]]:
            case "GET", ["users"]:
                return 200, {
                    "ok": True,
                    "users": [{key: one[key] for key in ("id", "email")} for one in self.users.values()],
                }
            case "GET", ["users", email] if email in self.users:
                return 200, {"ok": True, "user": self.users[email]}
            case "GET", ["actions", "runs", id_] if id_ in self.runs:
                return 200, {"ok": True, "run": self.runs[id_]}
            case "GET", ["actions", "runs", id_, "approvers"] if id_ in self.runs:
                return 200, {"ok": True, "approvers": self.approvers.get(id_, [])}
            case "PATCH", ["actions", "runs", id_] if id_ in self.runs:
                return self._told(id_, body)
            case "POST", ["actions", "runs", id_, "logs"] if id_ in self.runs:
                self.logs.setdefault(id_, []).append(body["message"])
                log = {
                    "id": "l",
                    "runId": id_,
                    "message": body["message"],
                    "createdBy": CLIENT,
                    "createdAt": "2026-11-01T00:00:00Z",
                }
                return 201, {"ok": True, "runLog": log}
            case _:
                return self._of_the_catalog(method, [unquote(one) for one in path.strip("/").split("/")[1:]], body)

    def _told(self, id_: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        run = self.runs[id_]
        known = {"status", "statusLabel", "link", "summary", "externalRunId"}
        if set(body) - known or body.get("status", "SUCCESS") not in ("SUCCESS", "FAILURE"):
            return 422, {"ok": False, "error": "invalid_request", "message": "does not match the route's schema"}
        if run["status"] != "IN_PROGRESS":
            return 422, {"ok": False, "error": "run_ended", "message": "The run has ended"}
        run |= body
        if "status" in body:
            run["endedAt"] = "2026-11-01T00:00:00Z"
        return 200, {"ok": True, "run": run}

    def _of_the_catalog(self, method: str, path: list[str], body: Any) -> tuple[int, dict[str, Any]]:
        match method, path:
            case "GET", ["blueprints", on, "entities"] if on in self.blueprints:
                return 200, {"ok": True, "entities": [one for key, one in self.entities.items() if key[0] == on]}
            case "POST", ["blueprints", on, "entities"] if on in self.blueprints:
                return self._entity(on, body["identifier"], {"properties": {}, "relations": {}, "team": []}, body, 201)
            case "PATCH", ["blueprints", on, "entities", name] if (on, name) in self.entities:
                return self._entity(on, name, self.entities[on, name], body, 200)
            case "GET", ["blueprints"]:
                return 200, {"ok": True, "blueprints": list(self.blueprints.values())}
            case "POST", ["blueprints"]:
                return self._made(self.blueprints, body["identifier"], body, "blueprint")
            case "PUT", ["blueprints", name] if name in self.blueprints:
                return self._replaced(self.blueprints, name, body, "blueprint")
            case "GET", ["actions"]:
                return 200, {"ok": True, "actions": list(self.actions.values())}
            case "POST", ["actions"]:
                return self._made(self.actions, body["identifier"], body, "action")
            case "PUT", ["actions", name] if name in self.actions:
                return self._replaced(self.actions, name, body, "action")
            case "GET", ["actions", name, "permissions"] if name in self.actions:
                return 200, {"ok": True, "permissions": self.permissions.get(name, _everybody())}
            case "PATCH", ["actions", name, "permissions"] if name in self.actions:
                self.permissions[name] = self.permissions.get(name, _everybody()) | body
                return 200, {"ok": True, "permissions": self.permissions[name]}
            case "GET", ["blueprints", on, "scorecards"] if on in self.blueprints:
                return 200, {"ok": True, "scorecards": [one for key, one in self.scorecards.items() if key[0] == on]}
            case "POST", ["blueprints", on, "scorecards"] if on in self.blueprints:
                return self._made(self.scorecards, (on, body["identifier"]), body, "scorecard")
            case "PUT", ["blueprints", on, "scorecards", name] if (on, name) in self.scorecards:
                return self._replaced(self.scorecards, (on, name), body, "scorecard")
        return NOT_FOUND

    def _entity(
        self, on: str, name: str, earlier: dict[str, Any], body: dict[str, Any], status: int
    ) -> tuple[int, dict[str, Any]]:
        """Make or change an entity, if it has what its blueprint knows, and is related to what there is."""
        blueprint = self.blueprints[on]
        for key, value in body.get("properties", {}).items():
            schema = blueprint["schema"]["properties"].get(key)
            if schema is None or (value is not None and not Draft7Validator(_known(schema)).is_valid(value)):
                return 422, {"ok": False, "error": "invalid_request", "message": f"the property {key}"}
        for key, target in body.get("relations", {}).items():
            relation = blueprint["relations"].get(key)
            if relation is None or (target is not None and (relation["target"], target) not in self.entities):
                return 422, {"ok": False, "error": "invalid_request", "message": f"the relation {key}"}
        inner = {key: earlier[key] | body.get(key, {}) for key in ("properties", "relations")}
        self.entities[on, name] = {**earlier, **body, **inner}
        return status, {"ok": True, "entity": self.entities[on, name]}

    def _made(self, kept: dict[Any, Any], key: Any, body: dict[str, Any], what: str) -> tuple[int, dict[str, Any]]:
        if key in kept:
            return 409, {"ok": False, "error": "identifier_taken", "message": f"{what} exists"}
        for relation in body.get("relations", {}).values():
            if relation["target"] not in self.blueprints:
                return 422, {"ok": False, "error": "invalid_request", "message": "relation to nothing"}
        return self._replaced(kept, key, body, what, 201)

    def _replaced(
        self, kept: dict[Any, Any], key: Any, body: dict[str, Any], what: str, status: int = 200
    ) -> tuple[int, dict[str, Any]]:
        kept[key] = body | {"createdBy": CLIENT, "updatedAt": "2026-11-01T00:00:00Z", "icon": body.get("icon")}
        return status, {"ok": True, what: kept[key]}


def _known(schema: dict[str, Any]) -> dict[str, Any]:
    """A property's schema without the groups that only JavaScript can name so."""
    return json.loads(json.dumps(schema).replace("?<", "?P<"))  # type: ignore[no-any-return]


def _everybody() -> dict[str, Any]:
    """The permissions of an action that nobody has set: https://docs.port.io/.../set-self-service-actions-rbac."""
    return {
        "execute": {"users": [], "roles": ["Member", "Admin"], "teams": [], "ownedByTeam": False, "policy": None},
        "approve": {"users": [], "roles": [], "teams": [], "policy": None},
    }


@contextmanager
def port_server() -> Iterator[Organization]:
    """The server, on a port of this machine."""
    organization = Organization()

    class Handler(Quiet):
        def _do(self) -> None:
            path = urlsplit(self.path).path
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            with organization.lock:
                status, content = self._answer(path, body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("x-ratelimit-reset", "0")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _answer(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
            organization.asked.append((self.command, path))
            if (self.command, path) == ("POST", "/v1/auth/access_token"):
                if body == {"clientId": CLIENT, "clientSecret": SECRET}:
                    return 200, {"ok": True, "accessToken": TOKEN, "expiresIn": 10800, "tokenType": "Bearer"}
                return 401, {"ok": False, "error": "unauthorized", "message": "Unauthorized"}
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return 401, {"ok": False, "error": "unauthorized", "message": "Unauthorized"}
            if organization.faults:
                status = organization.faults.pop(0)
                return status, {"ok": False, "error": "fault", "message": f"the fault \u202e{status}"}
            return organization.answer(self.command, path, body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do

    with served(Handler) as organization.url:
        yield organization
