"""Which change a sync brings, and who has approved it: from git, and from GitLab.

Of the variables of a pipeline only what speaks against a sync is taken at its word, since a pipeline's own file, and
whoever starts one, can set them; that a branch is protected and holds the commit, and who approved, GitLab says.
https://docs.gitlab.com/ci/variables/#cicd-variable-precedence
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.facts import fact

from lychgate.model.sync_request import Approval, Fact
from lychgate.model.values import Unknown
from lychgate.sources.git import branch_of, commit_of, lay_out, top_of
from lychgate.sources.settings import GitLabProject

if TYPE_CHECKING:
    from lychgate.provisioner.sync.gitlab_project import GitLab


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
    gitlab = fact("GitLab", lambda: _gitlab(environ, named, scope.environment.production))
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


def _gitlab(environ: Mapping[str, str], named: GitLabProject | None, production: bool) -> Fact[GitLab]:
    from lychgate.provisioner.sync.gitlab_project import GitLab  # a plan asks nobody, and its library loads long

    return GitLab.of(environ, named, production)


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
