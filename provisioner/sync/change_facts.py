"""Which change a sync brings, and who has approved it: from git, and from GitLab.

Of the variables of a pipeline only what speaks against a sync is taken at its word, since a pipeline's own file, and
whoever starts one, can set them; that a branch is protected and holds the commit, and who approved, GitLab says. Which
GitLab that is, and which project, lychgate.yaml says; only before production a pipeline may say it itself.
https://docs.gitlab.com/ci/variables/#cicd-variable-precedence
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.facts import fact

from lychgate.model.sync_request import Approval, Fact
from lychgate.model.values import Unknown
from lychgate.sources.git import branch_of, commit_of, lay_out, top_of
from lychgate.sources.settings import GitLabProject, may_have_token

TOKEN, URL, PROJECT = "LYCHGATE_GITLAB_TOKEN", "LYCHGATE_GITLAB_URL", "LYCHGATE_GITLAB_PROJECT"
TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Change:
    """The facts of a change, as a `SyncRequest` has them."""

    branch: Fact[str]
    branch_protected: Fact[bool]
    branch_holds_commit: Fact[bool]
    commit: Fact[str]
    changed: Fact[tuple[str, ...]]
    requester: Fact[str]
    authors: Fact[tuple[str, ...]]
    approvals: Fact[tuple[Approval, ...]]


def change_of(
    scope: Scope, environ: Mapping[str, str], sources: Sequence[Path], named: GitLabProject | None = None
) -> Change:
    """The change that a checkout is of. `sources` are files beside the platform's that the sync is made from; `named`
    is the project that lychgate.yaml names."""
    sources = [*sources, named.ca] if named and named.ca else sources
    top = top_of(scope.platform.folder)
    none: Unknown = Unknown(f"{scope.platform.folder} is in no Git repository")
    commit = fact("the commit", lambda: _commit(top, environ)) if top else none
    changed: Fact[tuple[str, ...]] = commit if isinstance(commit, Unknown) else none
    if top and not isinstance(commit, Unknown):
        changed = _changed(top, commit, scope, sources)
    branch = fact("the branch", lambda: _branch(top, environ)) if top else none
    gitlab = fact("GitLab", lambda: GitLab.of(environ, named, scope.environment.production))
    if isinstance(gitlab, Unknown):
        requester = environ.get("GITLAB_USER_LOGIN") or gitlab
        protected = False if _unprotected(environ) else gitlab
        return Change(branch, protected, gitlab, commit, changed, requester, gitlab, gitlab)
    wanted = scope.environment.branch
    reviewed = gitlab.approvals(commit, wanted)
    return Change(
        branch=branch,
        branch_protected=False if _unprotected(environ) else gitlab.protected(wanted),
        branch_holds_commit=gitlab.holds(wanted, commit),
        commit=commit,
        changed=changed,
        requester=environ.get("GITLAB_USER_LOGIN") or gitlab.own_name(),
        authors=reviewed if isinstance(reviewed, Unknown) else reviewed[0],
        approvals=reviewed if isinstance(reviewed, Unknown) else reviewed[1],
    )


def _commit(top: Path, environ: Mapping[str, str]) -> Fact[str]:
    found, told = commit_of(top, "HEAD"), environ.get("CI_COMMIT_SHA")
    if told and told != found:
        return Unknown(f"the checkout is of commit {found[:12]}, the pipeline of {told[:12]}")
    return found


def _branch(top: Path, environ: Mapping[str, str]) -> Fact[str]:
    found, told = branch_of(top), environ.get("CI_COMMIT_BRANCH")
    if found and told and found != told:
        return Unknown(f"the checkout is of branch {found}, the pipeline of {told}")
    return (
        found or told or Unknown("no branch is checked out, and the pipeline is of none: a tag's, or a merge request's")
    )


def _unprotected(environ: Mapping[str, str]) -> bool:
    """Whether the pipeline itself says that its branch is not protected; that it is, it cannot say."""
    return environ.get("CI_COMMIT_REF_PROTECTED") not in (None, "true")


def _files(folder: Path) -> list[Path]:
    """What a platform is read from."""
    found = [folder / "platform.yaml", folder / "tenants.yaml"]
    return found + [path for kind in ("environments", "applications") for path in (folder / kind).glob("*.y*ml")]


def _changed(top: Path, commit: str, scope: Scope, sources: Sequence[Path]) -> Fact[tuple[str, ...]]:
    """Files that are not as the commit has them, or that only one of both has."""

    def ask() -> tuple[str, ...]:
        with tempfile.TemporaryDirectory(prefix="lychgate-commit-") as name:
            committed, real = Path(name).resolve(), top.resolve()
            lay_out(top, commit, committed)
            folder = scope.platform.folder.resolve()
            here = {one for path in (*_files(folder), *sources) for one in (path.absolute(), path.resolve())}
            inside = folder.relative_to(real)
            both = {_below(path, real) for path in here} | {
                str(path.relative_to(committed)) for path in _files(committed / inside)
            }
            outside = {one for one in both if Path(one).is_absolute()}
            differs = {one for one in both - outside if _content(real / one) != _content(committed / one)}
            return tuple(sorted(outside | differs))

    return fact("what differs from the commit", ask)


def _below(path: Path, top: Path) -> str:
    """A path relative to the repository; as it is where it leads elsewhere, where the commit has nothing."""
    return str(path.relative_to(top)) if path.is_relative_to(top) else str(path)


def _content(path: Path) -> bytes | str | None:
    """What a file holds, or where a link leads; what a link leads to is looked at by itself."""
    if path.is_symlink():
        return f"a link to {path.readlink()}"
    return path.read_bytes() if path.is_file() else None


class GitLab:
    """A project on GitLab, asked for what it says of branches, commits and merge requests.

    https://docs.gitlab.com/api/merge_request_approvals/ and https://docs.gitlab.com/api/merge_requests/
    """

    def __init__(self, url: str, project: str, token: str, *, ca: Path | None = None, variables: bool = True) -> None:
        """`variables`: whether the process's may name a proxy or certificates, which could make anybody GitLab."""
        import gitlab

        verify = str(ca) if ca else True
        self._client = gitlab.Gitlab(url, token, timeout=TIMEOUT, keep_base_url=True, ssl_verify=verify)
        self._client.session.max_redirects = 0  # the token would go along
        self._client.session.trust_env = variables
        self._project = self._client.projects.get(project, lazy=True)

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
        return fact("whether the branch is protected", lambda: self._project.branches.get(branch).protected is True)

    def holds(self, branch: str, commit: Fact[str]) -> Fact[bool]:
        """Whether a commit is on a branch of the project."""
        if isinstance(commit, Unknown):
            return commit

        def ask() -> bool:
            refs = self._project.commits.get(commit, lazy=True).refs("branch", get_all=True)
            return any(ref["type"] == "branch" and ref["name"] == branch for ref in refs)

        return fact("the branches that hold the commit", ask)

    def own_name(self) -> Fact[str]:
        """Whose token it is."""

        def ask() -> str:
            self._client.auth()
            assert self._client.user is not None
            return str(self._client.user.username)

        return fact("whose token it is", ask)

    def approvals(self, commit: Fact[str], branch: str) -> Fact[tuple[tuple[str, ...], tuple[Approval, ...]]]:
        """Who wrote, and who approved, the merge requests that have brought a commit to a branch."""
        if isinstance(commit, Unknown):
            return commit

        def ask() -> tuple[tuple[str, ...], tuple[Approval, ...]]:
            found = self._project.commits.get(commit, lazy=True).merge_requests(get_all=True)
            merged = [one for one in found if one["state"] == "merged" and one["target_branch"] == branch]
            requests = [self._project.mergerequests.get(one["iid"]) for one in merged]
            authors = tuple(sorted({str(one.author["username"]) for one in requests}))
            return authors, tuple(approval for one in requests for approval in _approvals(one, commit))

        return fact("the approvals of the commit", ask)


def _approvals(request: Any, commit: str) -> Iterable[Approval]:
    """The approvals of a merged request. GitLab keeps one when it is pushed again, unless a project's setting says
    otherwise: so each counts for the version that was there when it was given."""
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
