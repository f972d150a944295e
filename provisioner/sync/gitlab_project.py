"""A project on GitLab, as Lychgate asks it.

Which one that is, lychgate.yaml says; only before production a pipeline may say it itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gitlab
from lychgate.provisioner.sync.facts import fact
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from lychgate.model.sync_request import Approval, Fact
from lychgate.model.values import Unknown
from lychgate.sources.settings import GitLabProject, may_have_token

TOKEN, URL, PROJECT = "LYCHGATE_GITLAB_TOKEN", "LYCHGATE_GITLAB_URL", "LYCHGATE_GITLAB_PROJECT"
TIMEOUT = 20.0
# What GitLab refuses for coming too often is asked again when it says so, three times and within half a minute each.
PATIENCE = Retry(
    total=None, connect=0, read=0, redirect=0, other=0, status=3, status_forcelist=[429], allowed_methods=None,
    backoff_factor=0.5, retry_after_max=30, raise_on_status=False,
)  # fmt: skip


class _Client(gitlab.Gitlab):
    """python-gitlab would wait as long as it is told to."""

    def http_request(self, *args: Any, **kwargs: Any) -> Any:
        return super().http_request(*args, **{"obey_rate_limit": False, **kwargs})


class GitLab:
    """A project on GitLab, asked for what it says of branches, commits and merge requests.

    https://docs.gitlab.com/api/merge_request_approvals/ and https://docs.gitlab.com/api/merge_requests/
    """

    def __init__(self, url: str, project: str, token: str, *, ca: Path | None = None, variables: bool = True) -> None:
        """`variables`: whether the process's may name a proxy or certificates, which could make anybody GitLab."""
        verify = str(ca) if ca else True
        self._client = _Client(url, token, timeout=TIMEOUT, keep_base_url=True, ssl_verify=verify)
        self._client.session.max_redirects = 0  # the token would go along
        self._client.session.trust_env = variables
        for scheme in ("https://", "http://"):
            self._client.session.mount(scheme, HTTPAdapter(max_retries=PATIENCE))
        self.project = self._client.projects.get(project, lazy=True)

    @classmethod
    def of(cls, environ: Mapping[str, str], named: GitLabProject | None, production: bool) -> Fact[GitLab]:
        """The project that lychgate.yaml names; where it names none, and before production, what the variables say."""
        if named is None and production:
            return Unknown("GitLab was not asked: lychgate.yaml names no GitLab project")
        return cls._of_variables(environ) if named is None else cls._of_settings(environ, named)

    @classmethod
    def _of_settings(cls, environ: Mapping[str, str], named: GitLabProject) -> Fact[GitLab]:
        if not environ.get(TOKEN):
            return Unknown(f"GitLab was not asked: {TOKEN} is not set")
        for name in (URL, "CI_SERVER_URL"):
            if environ.get(name) and _normal(environ[name]) != _normal(named.url):
                return Unknown(f"GitLab was not asked: {name} is of another GitLab than lychgate.yaml's {named.url}")
        found = cls(named.url, named.project, environ[TOKEN], ca=named.ca, variables=False)
        told = {environ[name].lower() for name in (PROJECT, "CI_PROJECT_ID", "CI_PROJECT_PATH") if environ.get(name)}
        if told - {named.project.lower()} and not told <= found.names(named.project):
            return Unknown(f"the pipeline is of another project than lychgate.yaml's {named.project}")
        return found

    @classmethod
    def _of_variables(cls, environ: Mapping[str, str]) -> Fact[GitLab]:
        token = environ.get(TOKEN)
        url = environ.get(URL) or environ.get("CI_SERVER_URL")
        project = environ.get(PROJECT) or environ.get("CI_PROJECT_ID")
        if not token or not url or not project:
            missing = TOKEN if not token else URL if not url else PROJECT
            return Unknown(f"GitLab was not asked: {missing} is not set")
        if not may_have_token(url):
            return Unknown(f"GitLab was not asked: a token is sent by HTTPS only, not to {urlsplit(url).netloc}")
        pipeline = {environ.get("CI_PROJECT_ID"), environ.get("CI_PROJECT_PATH")} - {None}
        if pipeline and project not in pipeline:
            return Unknown(f"GitLab was not asked: the pipeline is of another project than {project}")
        return cls(url, project, token)

    def names(self, project: str) -> set[str]:
        """The number and the path of a project, in lower case: whichever of both it was asked for by."""
        found = self._client.projects.get(project)
        return {str(found.id), str(found.path_with_namespace).lower()}

    def protected(self, branch: str) -> Fact[bool]:
        """Whether a branch is protected, by its name or by a pattern."""
        return fact("whether the branch is protected", lambda: self.project.branches.get(branch).protected is True)

    def holds(self, branch: str, commit: Fact[str]) -> Fact[bool]:
        """Whether a commit is on a branch of the project."""
        if isinstance(commit, Unknown):
            return commit

        def ask() -> bool:
            refs = self.project.commits.get(commit, lazy=True).refs("branch", get_all=True)
            return any(ref["type"] == "branch" and ref["name"] == branch for ref in refs)

        return fact("the branches that hold the commit", ask)

    def own_name(self) -> Fact[str]:
        """Whose token it is."""

        return fact("whose token it is", lambda: str(self.user().username))

    def user(self) -> Any:
        """Whose token it is, as GitLab tells it."""
        self._client.auth()
        assert self._client.user is not None
        return self._client.user

    def approvals(self, commit: Fact[str], branch: str) -> Fact[tuple[tuple[str, ...], tuple[Approval, ...]]]:
        """Who wrote, and who approved, the merge requests that have brought a commit to a branch."""
        if isinstance(commit, Unknown):
            return commit

        def ask() -> tuple[tuple[str, ...], tuple[Approval, ...]]:
            found = self.project.commits.get(commit, lazy=True).merge_requests(get_all=True)
            merged = [one for one in found if one["state"] == "merged" and one["target_branch"] == branch]
            requests = [self.project.mergerequests.get(one["iid"]) for one in merged]
            authors = tuple(sorted({str(one.author["username"]) for one in requests}))
            return authors, tuple(approval for one in requests for approval in approvals_of(one, commit))

        return fact("the approvals of the commit", ask)


def approvals_of(request: Any, commit: str) -> Iterable[Approval]:
    """The approvals of a merge request that became a commit, or whose head it is.

    GitLab keeps one when it is pushed again, unless a project's setting says otherwise: so each counts for the version
    that was there when it was given.
    """
    versions = sorted(
        (datetime.fromisoformat(one.created_at), one.head_commit_sha) for one in request.diffs.list(get_all=True)
    )
    became = {request.sha, request.merge_commit_sha, request.squash_commit_sha}
    for one in request.approvals.get().approved_by:
        name, told = one["user"]["username"], one.get("approved_at")
        at: Fact[datetime] = datetime.fromisoformat(told) if told else Unknown("GitLab does not say when")
        seen = _head_at(versions, at)
        yield Approval(name, at, commit if seen == request.sha and commit in became else seen)


def _head_at(versions: Sequence[tuple[datetime, str]], at: Fact[datetime]) -> Fact[str]:
    if len(versions) == 1:
        return versions[0][1]
    if isinstance(at, Unknown):
        return at
    before = [head for made, head in versions if made <= at]
    return before[-1] if before else Unknown("it is older than every version that GitLab knows")


def _normal(url: str) -> tuple[str, str, int | None, str]:
    """An address as it is compared: letters of its host, a usual port and a slash at its end make no difference."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or usual, parts.path.rstrip("/")
