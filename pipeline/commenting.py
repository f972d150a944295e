"""One note on a merge request, made once and changed in place.

It is found by a marker that nobody sees, and that counts only in a note of who the token is of. Two pipelines at once
end with one: each looks again after it has made one, and the oldest stays. An older pipeline never writes over a newer
one.

https://docs.gitlab.com/api/notes/#merge-requests
"""

from __future__ import annotations

import re
from typing import Any, Literal

import gitlab
import requests
from lychgate.provisioner.sync.gitlab_project import GitLab

MARKER = re.compile(r"<!-- lychgate:merge-request (\d{1,18}) -->\n")
Outcome = Literal["created", "updated", "unchanged", "newer"]
MEANS = {
    401: "the token is not valid, or has expired",
    403: "the token may not do that: it needs the scope `api`, and the role Reporter",
    404: "there is no such project or merge request, or the token does not see it",
    409: "somebody else has changed it in this moment: run the job again",
    422: "it refuses what was sent",
    429: "it is asked too often: run the job again later",
}


class GitLabError(Exception):
    """GitLab refuses, or cannot be asked; the text says what to do, without what it has answered."""


def said(error: Exception) -> GitLabError:
    """What a failure of its client means."""
    if isinstance(error, gitlab.GitlabError) and error.response_code:
        number = error.response_code
        return GitLabError(f"GitLab answers {number}: {MEANS.get(number, 'it fails' if number >= 500 else 'refused')}")
    return GitLabError(f"GitLab cannot be asked: {type(error).__name__}")


FAILURES = (gitlab.GitlabError, requests.RequestException)


def put_note(project: GitLab, iid: int, text: str, pipeline: int) -> Outcome:
    """Make or change the note. Raises GitLabError."""
    try:
        return _put(project, iid, f"<!-- lychgate:merge-request {pipeline} -->\n{text}", pipeline)
    except FAILURES as error:
        raise said(error) from None


def job_of(project: GitLab, pipeline: int, name: str) -> int | None:
    """The id of the newest job of a name in a pipeline. Raises GitLabError."""
    try:
        jobs = project.project.pipelines.get(pipeline, lazy=True).jobs.list(iterator=True, per_page=100)
        return max((int(one.id) for one in jobs if one.name == name), default=None)
    except FAILURES as error:
        raise said(error) from None


def deployed_commit(project: GitLab, environment: str) -> str | None:
    """The commit of the newest deployment to an environment that succeeded. Raises GitLabError.

    https://docs.gitlab.com/api/deployments/#list-project-deployments
    """
    try:
        asked = {"environment": environment, "status": "success", "order_by": "finished_at", "sort": "desc"}
        found = project.project.deployments.list(query_parameters=asked, per_page=1, get_all=False)
        return str(found[0].sha) if found else None
    except FAILURES as error:
        raise said(error) from None


def _put(project: GitLab, iid: int, body: str, pipeline: int) -> Outcome:
    notes = project.project.mergerequests.get(iid).notes  # not lazily: a vanished one is told as such
    me = project.user().id
    own = _own(notes, me)
    if own and (outcome := _change(own[0], body, pipeline)) is not None:
        _remove(own[1:])
        return outcome
    made = notes.create({"body": body})
    oldest, *others = _own(notes, me) or [made]
    if oldest.id != made.id and _change(oldest, body, pipeline) is None:
        return "created"  # what was older has gone meanwhile: this one stays
    _remove(others)
    return "created"


def _own(notes: Any, me: int) -> list[Any]:
    """The notes with the marker that are by who the token is of, the oldest first."""
    found = [
        one
        for one in notes.list(iterator=True, per_page=100, order_by="created_at", sort="asc")
        if not one.system and one.author["id"] == me and MARKER.match(one.body)
    ]
    return sorted(found, key=lambda one: int(one.id))


def _change(note: Any, body: str, pipeline: int) -> Outcome | None:
    """Change a note; None where it is no longer there."""
    marker = MARKER.match(note.body)
    if marker and int(marker[1]) > pipeline:
        return "newer"
    if note.body.rstrip("\n") == body.rstrip("\n"):
        return "unchanged"
    note.body = body
    try:
        note.save()
    except gitlab.GitlabError as error:
        if error.response_code == 404:
            return None
        raise
    return "updated"


def _remove(notes: list[Any]) -> None:
    for one in notes:
        try:
            one.delete()
        except gitlab.GitlabError as error:
            if error.response_code != 404:  # the other one was quicker
                raise
