"""`lychgate merge-request note` and `guard`: the job that runs nobody's code, and has the token."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from lychgate.cli.affected import change_of
from lychgate.cli.platforms import platform_of, settings_file, settings_in
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape, flat
from lychgate.model.values import Unknown
from lychgate.pipeline.commenting import FAILURES, GitLabError, job_of, put_note, said
from lychgate.pipeline.guarding import consent, guarded
from lychgate.pipeline.note import Links, render, render_none
from lychgate.pipeline.results import read_results
from lychgate.provisioner.sync.gitlab_project import TOKEN, GitLab
from lychgate.sources.git import top_of
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.settings import PROJECT, GitLabProject, read_settings

P = ParamSpec("P")
DONE, MISSING, REFUSED = 0, 1, 4
FOLDER = re.compile(r"[\w-][\w./-]*")  # as a link may hold it, below the checkout
IID, PIPELINE, COMMIT = "CI_MERGE_REQUEST_IID", "CI_PIPELINE_ID", "CI_COMMIT_SHA"


@dataclass(frozen=True, slots=True)
class NoteOptions:
    """What was asked on the command line."""

    folder: Path
    dry_run: bool
    job: str | None
    policy_ref: str | None
    settings: Path | None


def refusals(command: Callable[P, int]) -> Callable[P, int]:
    """A GitLab that refuses is no defect: what it means, and the exit status for it."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except GitLabError as error:
            print(f"lychgate: {escape(str(error))}", file=sys.stderr)
            return REFUSED

    return run


@refusals
def note(options: NoteOptions) -> int:
    """Make or change the note, or print it."""
    environ = os.environ
    with PolicyTree(options.policy_ref, Path.cwd()) as tree:
        named = _named(options.settings, tree)
        if options.dry_run:
            sys.stdout.write(render(read_results(options.folder, environ.get(COMMIT)), Links()))
            return DONE
        iid, pipeline = _number(environ, IID), _number(environ, PIPELINE)
        project = _project(named, environ)
        try:
            results = read_results(options.folder, environ.get(COMMIT))
        except InputError:
            put_note(project, iid, render_none(environ.get(COMMIT, "")), pipeline)
            raise
        job = job_of(project, pipeline, options.job) if options.job else None
        text = render(results, _links(named, environ, options.folder, pipeline, job))
        outcome = put_note(project, iid, text, pipeline)
    told = "left: a newer pipeline has written it" if outcome == "newer" else outcome
    print(f"note on merge request !{iid} of {flat(named.project)}: {told}")
    return DONE


@refusals
def guard(since: str, settings: Path | None) -> int:
    """List what asks for a second person, and ask whether one has agreed."""
    change = change_of(since, settings)
    found = list(guarded(change.affected, platform_of(settings, None).platform))
    for one in found:
        print(f"{flat(one.path)}: {one.why}")
    if not found:
        print("nothing asks for a second person")
        return DONE
    if not os.environ.get(TOKEN):
        print(f"lychgate: nobody was asked who has agreed: {TOKEN} is not set", file=sys.stderr)
        return MISSING
    top = top_of(settings_file(settings).resolve().parent)
    assert top is not None  # the change is of it
    with PolicyTree(since, top) as tree:
        agreed = consent(_project(_named(settings, tree), os.environ), _number(os.environ, IID), top)
    for why in agreed.others:
        print(f"does not count: {flat(why)}")
    print(f"agreed: {flat(', '.join(agreed.by))}" if agreed.by else "nobody else has agreed to what is there now")
    return DONE if agreed.by else MISSING


def _named(settings: Path | None, tree: PolicyTree) -> GitLabProject:
    """The project that lychgate.yaml names: a merge request's own could name whom it likes. Raises InputError."""
    file = settings_in(tree, settings) if tree.root else settings_file(settings)
    named = read_settings(file, None).gitlab
    if named is None:
        raise InputError(str(file), found="it names no GitLab project", expected="`gitlab: {url: ..., project: ...}`")
    return named


def _project(named: GitLabProject, environ: Mapping[str, str]) -> GitLab:
    """Who is asked. Raises InputError where it cannot be, GitLabError where it refuses."""
    try:
        found = GitLab.of(environ, named, production=True)
    except FAILURES as error:
        raise said(error) from None
    except OSError as error:
        raise InputError(str(named.ca), found=f"cannot be read: {error.strerror}", expected="certificates") from None
    if isinstance(found, Unknown):
        raise InputError("gitlab", found=found.why, expected=f"{TOKEN}, in a pipeline of that project")
    return found


def _number(environ: Mapping[str, str], name: str) -> int:
    told = environ.get(name, "")
    if not told.isascii() or not told.isdigit() or len(told) > 18 or int(told) < 1:
        raise InputError(name, found=repr(told[:30]), expected="a number, as GitLab sets it in a pipeline")
    return int(told)


def _links(named: GitLabProject, environ: Mapping[str, str], folder: Path, pipeline: int, job: int | None) -> Links:
    """Addresses below the GitLab that lychgate.yaml names; of the reports where it is known which job has left them."""
    path = environ.get("CI_PROJECT_PATH") if named.project.isdigit() else named.project
    if not path or not PROJECT.fullmatch(path) or not FOLDER.fullmatch(folder.as_posix()) or ".." in folder.parts:
        return Links()
    base = f"{named.url}/{path}/-"
    files = f"{base}/jobs/{job}/artifacts/file/{folder.as_posix()}"
    return Links(f"{base}/pipelines/{pipeline}", (lambda name: f"{files}/{name}/report.html") if job else None)
