"""A small server that speaks the part of GitLab's API that a preflight asks, with the paths and fields of its pages.

https://docs.gitlab.com/api/merge_request_approvals/, https://docs.gitlab.com/api/merge_requests/,
https://docs.gitlab.com/api/commits/, https://docs.gitlab.com/api/branches/
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "glpat-for-the-tests"
OWN = re.compile("^/api/v4/projects/(7|pay/platform)(?=/|$)", re.IGNORECASE)


@dataclass
class Project:
    """What the server knows of one project, 7 or pay/platform: answers by path below it."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

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
                {"user": {"id": 5, "username": name}, **({"approved_at": at} if at else {})} for name, at in approved
            ],
        }


@contextmanager
def gitlab_server() -> Iterator[Project]:
    """The server, on a port of this machine; its project has the id 7 and the path pay/platform."""
    project = Project({"": {"id": 7, "path_with_namespace": "pay/platform"}})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            project.asked.append(path)
            answer: Any = {"message": "404 Not Found"}
            status = 404
            if self.headers.get("PRIVATE-TOKEN") != TOKEN:
                status, answer = 401, {"message": "401 Unauthorized"}
            elif path == "/api/v4/user":
                status, answer = 200, {"id": 9, "username": "deployer"}
            elif (found := project.answers.get(OWN.sub("", path))) is not None:
                status, answer = (found, {"message": "no"}) if isinstance(found, int) else (200, found)
            body = json.dumps(answer).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:9/")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    project.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield project
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
