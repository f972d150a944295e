"""What of a change asks for a second person, and whether one has agreed: what all are judged by, and what data is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lychgate.pipeline.affected import Affected
from lychgate.pipeline.commenting import FAILURES, said
from lychgate.pipeline.places import Kind
from lychgate.provisioner.models.platform import Platform
from lychgate.provisioner.models.questionable import questionable
from lychgate.provisioner.sync.gitlab_project import GitLab, approvals_of

from lychgate.model.people import is_one_of, same_person
from lychgate.sources.git import GitError, commit_of

WHY: dict[Kind, str] = {
    "environment": "says what an environment may be, and where it stands",
    "tenants": "says whom the platform serves, and who is kept apart from whom",
    "platform": "holds for every application",
    "policies": "says what is accepted, and by what is judged",
    "code": "makes and judges every stack",
    "pipeline": "says what a pipeline runs, or who is asked",
}


@dataclass(frozen=True, slots=True)
class Guarded:
    """A file that a second person has to look at, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Consent:
    """What GitLab says of a merge request: who has agreed to its newest commit and counts, and why others do not."""

    by: tuple[str, ...]
    others: tuple[str, ...]


def guarded(change: Affected, now: Platform) -> Iterator[Guarded]:
    """What of a change asks for a second person."""
    for path, kind in change.files.items():
        if kind in WHY:
            yield Guarded(path, WHY[kind])
        elif kind == "application" and change.before is None:
            yield Guarded(path, "may lower the class of its data: the platform as it was cannot be read")
    if change.before is not None:
        yield from (Guarded(*one) for one in questionable(change.before, now))


def consent(project: GitLab, iid: int, top: Path) -> Consent:
    """Who has agreed to what is checked out. Who has written or committed any of it does not count.

    Raises GitLabError.
    """
    try:
        request = project.project.mergerequests.get(iid)
        names = {str(request.author[name]) for name in ("username", "name")}
        for one in request.commits():
            names |= {one.author_name, one.author_email, one.committer_name, one.committer_email}
        called = {one["user"]["username"]: one["user"]["name"] for one in request.approvals.get().approved_by}
        approvals = list(approvals_of(request, request.sha))
    except FAILURES as error:
        raise said(error) from None
    if request.sha not in _heads(top):
        return Consent((), (f"the merge request is at commit {request.sha[:12]}, and that is not what is checked out",))
    by, others = [], []
    for approval in approvals:
        if is_one_of(approval.by, names) or any(same_person(called.get(approval.by, ""), name) for name in names):
            others.append(f"{approval.by} has written or committed some of it")
        elif approval.commit != request.sha:
            others.append(f"{approval.by} has approved an earlier commit")
        else:
            by.append(approval.by)
    return Consent(tuple(by), tuple(others))


def _heads(top: Path) -> set[str]:
    """The commit that is checked out; of one that GitLab has merged for a pipeline also the one that it is of."""
    found = set()
    for name in ("HEAD", "HEAD^2"):
        try:
            found.add(commit_of(top, name))
        except GitError:
            continue
    return found
