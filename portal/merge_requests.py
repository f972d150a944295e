"""The merge request of a request: a branch that holds the run's id, one commit in the name of who asked, its text.

GitLab makes a branch of a name only once, so that of two that act on one run at once one goes on.
https://docs.gitlab.com/api/branches/#create-repository-branch, https://docs.gitlab.com/api/commits/,
https://docs.gitlab.com/api/merge_requests/#create-mr
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import TypeVar

from lychgate.portal.actions import Asked
from lychgate.portal.client import ServiceError
from lychgate.portal.verdicts import Judged
from lychgate.provisioner.sync.gitlab_project import TOKEN, GitLab
from lychgate.provisioner.sync.records import ACTIONS
from lychgate.provisioner.sync.showing import DATA_STORE
from lychgate.reports import renderer
from lychgate.reports.texts import code, prose

from lychgate.model.document import parse
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape, flat
from lychgate.sources.settings import GitLabProject

T = TypeVar("T")
# https://docs.gitlab.com/administration/instance_limits/: a description holds 1,048,576 characters.
LONGEST_NOTE = 60_000
LONGEST_DIFF = 20_000
RETIRING = (
    "It holds data, so it goes in two steps: with this change a sync takes off what protects it, and once that is done "
    "the same request takes it out."
)
# https://docs.gitlab.com/user/project/merge_requests/drafts/: by its title it cannot be merged.
DRAFT = "Draft: "
ACCEPTED = "What rules find in that has to be accepted by a waiver first: until then this is a draft."
SECOND = "**Somebody else has to approve this** before it is merged, and again before it is synced into production:"


class UsedError(Exception):
    """Another one acts, or has acted, on the same run."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A merge request before it is made: the file, by its path in the repository, its new text, title and text."""

    branch: str
    file: str
    content: str
    title: str
    description: str


def branch_of(run: str) -> str:
    """The branch of a run."""
    return f"portal/{run}"


def proposal(asked: Asked, file: str, before: str, after: str, judged: Judged) -> Proposal:
    """The merge request for a changed file and the verdicts on it."""
    action, who = asked.action, asked.run.by.email
    what = asked.name or asked.fingerprint[:12]
    thing = action.kind.words if action.kind else "finding"
    open_ = DRAFT if judged.findings else ""
    title = f"{open_}{asked.application}: {action.operation} {thing} {what}"
    agreed = ", ".join(code(one.email) for one in asked.run.approved_by)
    lines = [
        f"Asked for by {code(who)} in {asked.run.through}, run {code(asked.run.id)}, action {code(action.identifier)}.",
        *([f"Approved in {asked.run.through} by {agreed}."] if agreed else []),
        *(["", RETIRING] if retires(asked, after) else []),
        *([ACCEPTED] if judged.findings else []),
        *(["", SECOND, "", *(f"- {prose(why)}" for why in judged.questionable)] if judged.questionable else []),
        "",
        *_fenced("diff", _difference(file, before, after)),
        "",
        *(_changes(judged) if action.kind else []),
    ]
    return Proposal(branch_of(asked.run.id), file, after, flat(title)[:200], "\n".join([*lines, notes(judged)]))


def retires(asked: Asked, after: str) -> bool:
    """Whether a text is the first of the two steps in which data is deleted."""
    kind = asked.action.kind
    there = parse(after.encode(), asked.where).value.get(kind.section) if kind else None
    return asked.action.operation == "delete" and asked.name in (there or {})


def notes(judged: Judged) -> str:
    """The verdicts as Markdown, one after another."""
    found = ((name, renderer("markdown")(verdict).decode()) for name, verdict in judged.verdicts.items())
    return "\n".join(f"# {prose(name)}\n\n{note[:LONGEST_NOTE]}" for name, note in found)


def _changes(judged: Judged) -> list[str]:
    """How many resources change in each stack, and how; by name those with which data may be lost."""
    found = []
    for stack, changes in judged.changes.items():
        counts = Counter(one.action for one in changes)
        told = ", ".join(f"{counts[action]} {action}" for action in ACTIONS if counts[action])
        lost = ", ".join(code(one.name) for one in changes if DATA_STORE in one.notes)
        found.append(f"- {code(stack)}: {told or 'nothing changes'}{f'; data may be lost with {lost}' if lost else ''}")
    found += [f"- in {code(name)}: not known, as it is now it could not be captured" for name in judged.not_compared]
    return ["Resources, compared with the files as they are:", "", *found, ""] if found else []


def _difference(file: str, before: str, after: str) -> str:
    made = unified_diff(before.splitlines(), after.splitlines(), file, file, lineterm="")
    text = escape("\n".join(made))
    return text if len(text) <= LONGEST_DIFF else f"{text[:LONGEST_DIFF]}\n... and more"


def _fenced(language: str, text: str) -> list[str]:
    """A block of code that nothing in it can end."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return [f"{fence}{language}", text, fence]


class MergeRequests:
    """Those of the project that lychgate.yaml names, with a token that may push branches and open them."""

    def __init__(self, named: GitLabProject | None, environ: Mapping[str, str]) -> None:
        """Raises InputError where it is not named, or there is no token."""
        if named is None:
            raise InputError("lychgate.yaml", found="it names no GitLab project", expected="`gitlab:`, or --into DIR")
        if not environ.get(TOKEN):
            expected = "a token with the scope `api`, or --into DIR"
            raise InputError(TOKEN, found="it is not set", expected=expected)
        self._project = GitLab(named.url, named.project, environ[TOKEN], ca=named.ca, variables=False).project

    def claim(self, branch: str, commit: str) -> str:
        """Make a run's branch where the checkout is, and say which branch is the project's own.

        Raises InputError where the checkout is not of that one, UsedError where the run's was there, ServiceError.
        """
        import gitlab

        def ask() -> str:
            self._project.refresh()
            own = str(self._project.default_branch)
            refs = self._project.commits.get(commit, lazy=True).refs("branch", get_all=True)
            if not any(ref["type"] == "branch" and ref["name"] == own for ref in refs):
                found = f"the checkout is of commit {commit[:12]}"
                raise InputError("GitLab", found=found, expected=f"one of the project's branch {flat(own)}")
            if self._project.mergerequests.list(source_branch=branch, state="all", per_page=1, page=1):
                raise UsedError(branch)
            try:
                self._project.branches.create({"branch": branch, "ref": commit})
            except gitlab.GitlabCreateError as error:
                if error.response_code == 400 and "already exists" in str(error.error_message):
                    raise UsedError(branch) from None
                raise
            return own

        return _refused(ask)

    def release(self, branch: str) -> None:
        """Take away a branch that only kept others from acting on a run that has ended. Raises ServiceError."""
        _refused(lambda: self._project.branches.delete(branch))

    def open(self, proposed: Proposal, author: str, target: str, name: str | None = None) -> str:
        """Put the change on its branch, in the name of who asked, and open the merge request; its address."""

        def ask() -> str:
            change = {"action": "update", "file_path": proposed.file, "content": proposed.content}
            self._project.commits.create(
                {
                    "branch": proposed.branch, "commit_message": proposed.title, "author_email": author,
                    "author_name": name or author, "actions": [change],
                }
            )  # fmt: skip
            made = self._project.mergerequests.create(
                {
                    "source_branch": proposed.branch, "target_branch": target, "title": proposed.title,
                    "description": proposed.description, "remove_source_branch": True,
                }
            )  # fmt: skip
            return str(made.web_url)

        return _refused(ask)


def _refused(ask: Callable[[], T]) -> T:
    """What GitLab answers. Raises ServiceError where it refuses or cannot be asked."""
    import gitlab
    import requests

    try:
        return ask()
    except gitlab.GitlabError as error:
        raise ServiceError(f"GitLab refuses ({error.response_code}): {flat(str(error.error_message))[:300]}") from None
    except requests.RequestException as error:
        raise ServiceError(f"GitLab cannot be asked: {type(error).__name__}") from None
