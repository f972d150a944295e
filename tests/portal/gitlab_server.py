"""A small server that behaves as GitLab's API does for branches, commits and merge requests that are made.

https://docs.gitlab.com/api/branches/, https://docs.gitlab.com/api/commits/, https://docs.gitlab.com/api/merge_requests/
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.serving import Quiet, served

TOKEN = "glpat-for-the-tests"
PROJECT = "pay/platform"


@dataclass
class Project:
    """What the server knows of the project. `main` are the commits on its branch main."""

    url: str = ""
    main: set[str] = field(default_factory=set)
    branches: dict[str, str] = field(default_factory=dict)
    commits: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    fault: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        """Status and content."""
        match method, path.split("/"):
            case "GET", [""]:
                return 200, {"id": 7, "path_with_namespace": PROJECT, "default_branch": "main"}
            case "GET", ["repository", "commits", sha, "refs"]:
                return 200, [{"type": "branch", "name": "main"}] if sha in self.main else []
            case "GET", ["merge_requests"]:
                return 200, [one for one in self.requests if [one["source_branch"]] == query.get("source_branch")]
            case "POST", ["repository", "branches"]:
                if body["branch"] in self.branches:
                    return 400, {"message": "Branch already exists"}
                self.branches[body["branch"]] = body["ref"]
                return 201, {"name": body["branch"], "commit": {"id": body["ref"]}}
            case "POST", ["repository", "commits"] if body["branch"] in self.branches:
                self.commits.append(body)
                return 201, {"id": "c" * 40}
            case "POST", ["merge_requests"]:
                iid = len(self.requests) + 1
                self.requests.append(
                    body | {"iid": iid, "web_url": f"https://gitlab.example.com/{PROJECT}/-/merge_requests/{iid}"}
                )
                return 201, self.requests[-1]
            case "DELETE", ["repository", "branches", *name] if "/".join(name) in self.branches:
                del self.branches["/".join(name)]
                return 204, None
        return 404, {"message": "404 Not Found"}


@contextmanager
def gitlab_server() -> Iterator[Project]:
    """The server, on a port of this machine; its one project is `pay/platform`."""
    project = Project()

    class Handler(Quiet):
        def _do(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = unquote(parts.path).removeprefix(f"/api/v4/projects/{PROJECT}").lstrip("/")
            with project.lock:
                if self.headers.get("PRIVATE-TOKEN") != TOKEN:
                    status, content = 401, {"message": "401 Unauthorized"}
                elif project.fault and self.command == "POST":
                    status, content = project.fault, {"message": "no"}
                else:
                    status, content = project.answer(self.command, path, parse_qs(parts.query), body)
            data = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _do

    with served(Handler) as project.url:
        yield project
