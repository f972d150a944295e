"""A small server that speaks the part of GitLab's API that is asked, with the paths and fields of its pages.

https://docs.gitlab.com/api/notes/, https://docs.gitlab.com/api/merge_request_approvals/, https://docs.gitlab.com/api/merge_requests/,
https://docs.gitlab.com/api/commits/, https://docs.gitlab.com/api/branches/
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.serving import Quiet, served

TOKEN = "glpat-for-the-tests"
OWN = re.compile("^/api/v4/projects/(7|pay/platform)(?=/|$)", re.IGNORECASE)
NOTES = re.compile(r"/merge_requests/(\d+)/notes(?:/(\d+))?")
ME = {"id": 9, "username": "deployer"}


@dataclass
class Project:
    """What the server knows of one project, 7 or pay/platform: answers by path below it; `notes` by their id.

    `refusals` are answers of (status, headers) that come first, by method and end of path. `meanwhile` is done once,
    when a note was made.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    url: str = ""
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[tuple[str, str], list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    meanwhile: Callable[[], None] | None = None
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def note(self, body: str, author: dict[str, Any] = ME, **more: Any) -> dict[str, Any]:
        """A note that somebody has made."""
        number = next(self.numbers)
        self.notes[number] = {"id": number, "body": body, "author": author, "system": False, **more}
        return self.notes[number]

    def opened(
        self, iid: int, head: str, *, author: str = "ada", committers: tuple[str, ...] = ("ada",),
        versions: tuple[tuple[str, str], ...] = (), approved: tuple[tuple[str, str], ...] = (),
    ) -> None:  # fmt: skip
        """A merge request that waits; `versions` are (time, head), `approved` (who, time)."""
        self.merged(iid, head, head=head, author=author, versions=versions, approved=approved)
        self.answers[f"/merge_requests/{iid}"] |= {
            "state": "opened", "merge_commit_sha": None, "author": {"id": 1, "username": author, "name": author.title()}
        }  # fmt: skip
        self.answers[f"/merge_requests/{iid}/commits"] = [
            {"id": head, **{f"{who}_{what}": text for who in ("author", "committer")
                            for what, text in (("name", one.title()), ("email", f"{one}@example.com"))}}
            for one in committers
        ]  # fmt: skip

    def branch(self, name: str, protected: bool = True, *commits: str) -> None:
        self.answers[f"/repository/branches/{name}"] = {"name": name, "protected": protected}
        for commit in commits:
            refs = self.answers.setdefault(f"/repository/commits/{commit}/refs", [])
            refs.append({"type": "branch", "name": name})

    def merged(
        self,
        iid: int,
        commit: str,
        *,
        head: str,
        author: str = "ada",
        versions: tuple[tuple[str, str], ...] = (),
        approved: tuple[tuple[str, str | None], ...] = (),
        **more: Any,
    ) -> None:
        """A merge request that became `commit`; `versions` are (time, head), `approved` (who, time)."""
        request = {
            "id": 100 + iid, "iid": iid, "project_id": 7, "state": "merged", "target_branch": "main", "sha": head,
            "merge_commit_sha": commit, "squash_commit_sha": None, "author": {"id": 1, "username": author}, **more,
        }  # fmt: skip
        self.answers.setdefault(f"/repository/commits/{commit}/merge_requests", []).append(request)
        self.answers[f"/merge_requests/{iid}"] = request
        self.answers[f"/merge_requests/{iid}/versions"] = [
            {"id": number, "head_commit_sha": sha, "created_at": at, "merge_request_id": 100 + iid}
            for number, (at, sha) in enumerate(versions)
        ]
        self.answers[f"/merge_requests/{iid}/approvals"] = {
            "iid": iid,
            "approved": bool(approved),
            "approved_by": [
                {"user": {"id": 5, "username": name, "name": name.title()}, **({"approved_at": at} if at else {})}
                for name, at in approved
            ],
        }


@contextmanager
def gitlab_server() -> Iterator[Project]:
    """The server, on a port of this machine; its project has the id 7 and the path pay/platform."""
    project = Project({"": {"id": 7, "path_with_namespace": "pay/platform"}})

    class Handler(Quiet):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            project.asked.append(path)
            project.queries.append(urlsplit(self.path).query)
            own = OWN.sub("", path)
            refused = next((left.pop(0) for (method, end), left in project.refusals.items()
                            if left and method == self.command and own.endswith(end)), None)  # fmt: skip
            if refused:
                self.reply(refused[0], {"message": "no @all"}, refused[1])
            elif self.headers.get("PRIVATE-TOKEN") != TOKEN:
                self.reply(401, {"message": "401 Unauthorized"})
            elif path == "/api/v4/user":
                self.reply(200, ME)
            elif (found := NOTES.fullmatch(own)) and f"/merge_requests/{found[1]}" in project.answers:
                self.reply(*self.of_notes(int(found[2] or 0)))
            elif self.command == "GET" and (answer := project.answers.get(own)) is not None:
                headers = {"Location": "http://127.0.0.1:9/"} if answer == 302 else {}
                self.reply(answer, {"message": "no"}, headers) if isinstance(answer, int) else self.reply(200, answer)
            else:
                self.reply(404, {"message": "404 Not Found"})

        do_POST = do_PUT = do_DELETE = do_GET

        def of_notes(self, number: int) -> tuple[int, Any]:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not number and self.command == "GET":
                return 200, list(project.notes.values())
            if not number:
                made = project.note(json.loads(sent)["body"])
                if project.meanwhile:
                    project.meanwhile()
                    project.meanwhile = None
                return 201, made
            if number not in project.notes:
                return 404, {"message": "404 Not found"}
            if self.command == "DELETE":
                del project.notes[number]
                return 204, None
            project.notes[number]["body"] = json.loads(sent)["body"]
            return 200, project.notes[number]

        def reply(self, status: int, answer: Any, headers: Mapping[str, str] = MappingProxyType({})) -> None:
            body = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with served(Handler) as project.url:
        yield project
