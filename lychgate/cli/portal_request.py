"""`lychgate portal request`: from a run's id to a merge request, or a sync, and the outcome back to the run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lychgate.cli.platforms import Found, file_of, platform_of
from lychgate.cli.portal_judging import Place, drafted, judges_of
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape
from lychgate.portal.actions import Asked, action_of, asked_of
from lychgate.portal.client import Port, ServiceError, address
from lychgate.portal.drafts import FINDINGS, UNDETERMINED
from lychgate.portal.merge_requests import MergeRequests, Proposal, UsedError, branch_of, notes
from lychgate.portal.reporting import Reporter
from lychgate.portal.runs import fetch, identifier, run_id, run_of
from lychgate.provisioner.assembly.scope import Scope
from lychgate.reports import replace
from lychgate.sources.files import read
from lychgate.sources.git import GitError, commit_of, content_of, top_of

FAILED = 4


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What was asked on the command line."""

    file: Path
    into: Path | None
    api: str
    settings: Path | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: the exit status, what the run is told in a few words and in full, and the merge request; what is
    taken away again once the run was told."""

    status: int
    label: str
    summary: str
    link: str = ""
    release: Callable[[], None] | None = None


def run(options: RequestOptions) -> int:
    """Do what a run asks for, and tell it what came of it; the exit status of the contract."""
    id_ = run_id(options.file)
    try:
        port = Port(address(options.api), os.environ)
        told = fetch(port, id_)
        action_of(id_, identifier(told, "action"))
        reporter = Reporter(port, id_)
        try:
            found = platform_of(options.settings, None)
            outcome = _do(options, asked_of(run_of(port, told), found.platform), found, reporter)
        except UsedError:
            raise
        except InputError as error:
            _tell(reporter, "refused", str(error))
            raise
        except ServiceError as error:
            _tell(reporter, "failed", str(error))
            raise
        except Exception:
            _tell(reporter, "failed", "a defect of Lychgate: see the pipeline's log")
            raise
        reporter.end(success=not outcome.status, label=outcome.label, summary=outcome.summary, link=outcome.link)
        if outcome.release is not None:
            with suppress(ServiceError):
                outcome.release()
    except UsedError:
        expected = "a run that nobody has acted on"
        raise InputError(f"run {id_}", found="it is, or was, acted on already", expected=expected) from None
    except ServiceError as error:
        print(f"lychgate: {escape(str(error))}", file=sys.stderr)
        return FAILED
    print(escape(f"{outcome.label}: {outcome.link or outcome.summary}"))
    return outcome.status


def _tell(reporter: Reporter, label: str, why: str) -> None:
    """Tell the run why nothing came of it; where Port does not hear it, the first reason is still the one to show."""
    try:
        reporter.end(success=False, label=label, summary=why)
    except ServiceError as error:
        print(f"lychgate: {escape(str(error))}", file=sys.stderr)


def _do(options: RequestOptions, asked: Asked, found: Found, reporter: Reporter) -> Outcome:
    if asked.action.operation == "sync":
        return _sync(options, asked, found, reporter)
    waives = asked.action.operation == "waive"
    path, what = (
        (found.settings.waivers, "file of waivers")
        if waives
        else (file_of(found, asked.application), "application's file")
    )
    place = _place(path, options, what)

    def valid() -> None:
        reporter.log(f"{place.name} is valid; judging what it makes of {asked.application}")

    draft = drafted(asked, found, place, judges_of(found), valid)
    if draft.status:
        summary = f"Not proposed: it would bring {draft.brings}.\n\n{notes(draft.judged)}"
        return Outcome(draft.status, draft.brings, summary)
    proposed = draft.proposal()
    if options.into is not None:
        return _written(options.into, asked, proposed)
    requests = MergeRequests(found.settings.gitlab, os.environ)
    target = _claim(requests, asked, place.commit, reporter)
    link = requests.open(proposed, asked.run.by.email, target)
    findings = draft.judged.findings
    label = f"draft opened: {findings} findings to accept" if findings else "merge request opened"
    label += "; a second person has to approve it" if draft.judged.questionable else ""
    return Outcome(0, label, proposed.description, link)


def _claim(requests: MergeRequests, asked: Asked, commit: str, reporter: Reporter) -> str:
    """Take a run for this process alone; the project's own branch. What has ended meanwhile is not begun again."""
    branch = branch_of(asked.run.id)
    own = requests.claim(branch, commit)
    try:
        reporter.still_open()
    except InputError:
        requests.release(branch)
        raise UsedError(asked.run.id) from None
    return own


def _written(into: Path, asked: Asked, proposed: Proposal) -> Outcome:
    """The changed file and the text, in a folder of the run's own, which is made only once."""
    folder = _claimed(into, asked)
    target = folder / proposed.file
    target.parent.mkdir(parents=True, exist_ok=True)
    replace(target, proposed.content.encode())
    replace(folder / "merge_request.md", f"# {proposed.title}\n\n{proposed.description}".encode())
    return Outcome(0, "written", f"{proposed.title}: {folder}")


def _claimed(into: Path, asked: Asked) -> Path:
    folder = into / asked.run.id
    try:
        into.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except FileExistsError:
        raise UsedError(asked.run.id) from None
    except OSError as error:
        raise InputError(str(into), found=f"cannot be written: {error.strerror}", expected="a folder") from None
    return folder


def _sync(options: RequestOptions, asked: Asked, found: Found, reporter: Reporter) -> Outcome:
    """Sync a stack, by all that a sync asks for; with --into only its plan."""
    from lychgate.cli.sync import SyncOptions
    from lychgate.cli.sync import run as sync

    environment, tenant = asked.stack
    Scope.of(found.platform, asked.application, environment, tenant)
    plan = options.into is not None
    output: Path | None = None
    release: Callable[[], None] | None = None
    if options.into is not None:
        output = _claimed(options.into, asked)
    else:
        requests = MergeRequests(found.settings.gitlab, os.environ)
        _claim(requests, asked, _commit(found.file), reporter)
        release = partial(requests.release, branch_of(asked.run.id))
    reporter.log(f"{'planning' if plan else 'syncing'} {asked.run.entity}")
    status = sync(
        SyncOptions(
            application=asked.application, environment=environment, tenant=tenant, plan=plan, remove=False, may_lose=(),
            explained=(), state=None, settings=found.file, formats=("json", "markdown") if plan else (), output=output,
            as_of=None, policy_ref=None, verdict=None, verbose=False,
        )
    )  # fmt: skip
    words = {0: "planned" if plan else "synced", FINDINGS: "findings", UNDETERMINED: "undetermined"}
    summary = f"{asked.run.entity}: see the pipeline's log"
    return Outcome(status, words.get(status, "failed"), summary, release=release)


def _place(path: Path | None, options: RequestOptions, what: str) -> Place:
    """A file of the checkout, as its commit has it; without a repository only where it is only written elsewhere.

    Raises InputError.
    """
    if path is None:
        raise InputError("lychgate.yaml", found=f"it names no {what}", expected="`waivers: waivers.yaml`")
    data, top = read(path), top_of(path.resolve().parent)
    name = path.resolve().relative_to(top.resolve()).as_posix() if top else path.name
    commit = ""
    if options.into is None:
        commit = _commit(path)
        try:
            same = top is not None and content_of(top, commit, name) == data
        except GitError:
            same = False
        if not same:
            raise InputError(name, found="it is not as the commit has it", expected="a clean checkout")
    return Place(path, name, commit, data.decode("utf-8-sig"))


def _commit(path: Path) -> str:
    top = top_of(path.resolve().parent)
    try:
        if top is not None:
            return commit_of(top, "HEAD")
    except GitError:
        pass
    raise InputError(str(path), found="it is in no commit of a Git repository", expected="a checkout, or --into DIR")
