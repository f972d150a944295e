"""`lychgate environment plan, sync, drift`: which stacks, and each by a command of its own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from lychgate.cli import DEFECT
from lychgate.cli.affected import change_of
from lychgate.cli.interrupts import Interrupts
from lychgate.cli.merge_request_note import refusals
from lychgate.cli.platforms import Found, platform_of, settings_file
from lychgate.cli.signing import SUFFIX
from lychgate.cli.sync import FAILED, SyncOptions
from lychgate.cli.sync_steps import finish, order_of, worst
from lychgate.cli.terminal import Progress
from lychgate.model.errors import InputError
from lychgate.model.escaping import flat
from lychgate.model.values import Unknown
from lychgate.pipeline.affected import stacks_of
from lychgate.pipeline.commenting import deployed_commit
from lychgate.pipeline.judging import together_with
from lychgate.pipeline.merging import write_reports
from lychgate.pipeline.models import PLANNED, Planned, read_planned
from lychgate.pipeline.rollout import INTERRUPTED, Ended, Rollout
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import parts_of
from lychgate.provisioner.sync.capturing import Remembering, refers_to
from lychgate.provisioner.sync.gitlab_project import GitLab
from lychgate.provisioner.sync.planning import read_state
from lychgate.provisioner.sync.syncing import gate_sync
from lychgate.reports import replace
from lychgate.reports.openmetrics import Family, write
from lychgate.sources.git import GitError, commit_of, merge_base, top_of

# -P: the checkout that stands in the current folder is nobody's library.
COMMAND = (sys.executable, "-P", "-c", "from lychgate.cli import main; main()")
COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
VERDICT, METRICS = "verdict", "metrics.txt"
NOTHING = "no stack is affected"
OUTCOMES = {0: "none", 1: "drift", 3: "incomplete"}


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What was asked on the command line."""

    environment: str
    output: Path
    since: str | None
    since_deployed: bool
    settings: Path | None


@refusals
def plan(options: PlanOptions) -> int:
    """Plan, and write what is planned."""
    if options.since is not None and options.since_deployed:
        raise InputError("--since", found="--since-deployed says it as well", expected="one of both")
    if options.output.is_dir() and any(options.output.iterdir()):
        raise InputError(str(options.output), found="something is in it already", expected="an empty folder")
    found = platform_of(options.settings, options.environment)
    scopes = _all(found, options.environment)
    commit = _commit(found)
    since, why = _since(options, found, commit)
    if why:
        print(f"all stacks: {why}")
    else:
        scopes, gone = _affected(scopes, str(since), options)
        for stack in gone:
            print(f"gone, and deployed until `lychgate sync --remove`: {stack}")
    statuses = _plan_each(scopes, found, options)
    names = [one.stack for one in scopes if (options.output / one.stack / f"{VERDICT}.json").is_file()]
    planned = Planned(environment=options.environment, commit=commit, stacks=names)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        verdicts = [orjson.loads((options.output / name / f"{VERDICT}.json").read_bytes()) for name in names]
        write_reports(verdicts, options.output)
        replace(options.output / PLANNED, planned.model_dump_json(indent=2).encode() + b"\n")
    except OSError as error:
        raise InputError(
            str(options.output), found=f"cannot be written: {error.strerror}", expected="a folder"
        ) from None
    return worst(*statuses)


def _plan_each(scopes: Sequence[Scope], found: Found, options: PlanOptions) -> list[int]:
    """Plan stacks, each captured once; the exit status of each, as `sync --plan` has it. Raises InputError."""
    if not scopes:
        print(NOTHING)
        return []
    statuses = []
    with Remembering(found.platform.folder, found.file) as capturing, Progress("capturing") as progress:
        capturing.capture(together_with(scopes).values(), progress.count)
        for scope in scopes:
            asked = SyncOptions(
                application=scope.name, environment=scope.environment_name, tenant=scope.tenant, plan=True,
                remove=False, may_lose=(), explained=(), state=None, settings=options.settings,
                formats=("json", "html"), output=options.output / scope.stack, as_of=None, policy_ref=None,
                verdict=None, verbose=False,
            )  # fmt: skip
            order = order_of(asked, scope, found)
            print(f"── {scope.stack}", flush=True)
            statuses.append(finish(asked, order, gate_sync(order, capturing), Interrupts()))
    return statuses


def sync(environment: str, folder: Path, jobs: int, settings: Path | None) -> int:
    """Sync what was planned."""
    found = platform_of(settings, environment)
    planned = read_planned(folder)
    commit = _commit(found)
    for what, told, here in (("environment", planned.environment, environment), ("commit", planned.commit, commit)):
        if told != here:
            raise InputError(str(folder / PLANNED), found=f"it is of the {what} {told}", expected=str(here))
    scopes = [_scope(found, environment, name) for name in planned.stacks]
    commands = {}
    for one in scopes:
        signed = folder / one.stack / f"{VERDICT}{SUFFIX}"
        given = one.environment.signed_verdict is not None and signed.is_file()
        commands[one.stack] = [*_command("sync", one, settings), *(["--verdict", str(signed)] if given else [])]
    return _status(_run(commands, {one.stack: [used.stack for used in refers_to(one)] for one in scopes}, jobs))


def drift(environment: str, output: Path, jobs: int, settings: Path | None) -> int:
    """Look for drift in what is deployed."""
    found = platform_of(settings, environment)
    scopes = [one for one in _all(found, environment) if _is_deployed(one)]
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(output), found=f"cannot be written: {error.strerror}", expected="a folder") from None
    files = {one.stack: output / f"{one.stack}.json" for one in scopes}
    for file in files.values():
        file.unlink(missing_ok=True)
    commands = {
        one.stack: [*_command("drift", one, settings), "--output", str(files[one.stack])] for one in scopes
    }  # fmt: skip
    ended = _run(commands, {}, jobs)
    replace(
        output / METRICS,
        write(_metrics(ended, [orjson.loads(file.read_bytes()) for file in files.values() if file.is_file()])),
    )
    return _status(ended)


def _is_deployed(scope: Scope) -> bool:
    """Whether there is a state, or none that can be read: that one's own command tells why."""
    state = read_state(scope, None)
    if state.deployed is None and not state.unread:
        print(f"not deployed: {scope.stack}")
        return False
    return True


def _metrics(ended: Iterable[Ended], found: Sequence[Mapping[str, object]]) -> list[Family]:
    stacks = dict.fromkeys([*OUTCOMES.values(), "unreadable"], 0)
    for one in ended:
        stacks[OUTCOMES.get(one.status if one.status is not None else -1, "unreadable")] += 1
    counts = dict.fromkeys(("changed", "missing", "unmanaged", "unread"), 0)
    for drift in found:
        summary = drift["summary"]
        assert isinstance(summary, dict)
        for name in counts:
            counts[name] += summary.get(name, 0)
    return [
        Family(
            "drift_stacks",
            "Stacks by what a comparison with the account found.",
            ("outcome",),
            {(name,): number for name, number in stacks.items()},
        ),
        Family(
            "drift_resources",
            "Resources that are not as they were deployed.",
            ("state",),
            {(name,): number for name, number in counts.items()},
        ),
    ]


def _all(found: Found, environment: str) -> list[Scope]:
    """Every stack of an environment. Raises InputError where there is no such."""
    platform = found.platform
    if environment not in platform.environments:
        expected = ", ".join(sorted(platform.environments))
        raise InputError(environment, found="there is no environment of this name", expected=expected)
    return [Scope.of(platform, *name) for name in stacks_of(platform) if name[1] == environment]


def _scope(found: Found, environment: str, stack: str) -> Scope:
    parts = parts_of(stack)
    if parts is None or parts[1] != environment:
        raise InputError(PLANNED, found=f"the stack {flat(stack)}", expected=f"stacks of {environment}")
    return Scope.of(found.platform, *parts)


def _commit(found: Found) -> str:
    try:
        return commit_of(_top(found), "HEAD")
    except GitError as error:
        raise InputError(str(found.file), found=str(error), expected="a commit") from None


def _top(found: Found) -> Path:
    top = top_of(found.file.resolve().parent)
    if top is None:
        raise InputError(str(found.file), found="it is in no Git repository", expected="a checkout")
    return top


def _since(options: PlanOptions, found: Found, commit: str) -> tuple[str | None, str]:
    """The commit since which something may differ; or why anything may. Raises InputError, GitLabError."""
    since = options.since
    if options.since_deployed:
        project = GitLab.of(os.environ, found.settings.gitlab, production=True)
        if isinstance(project, Unknown):
            return None, project.why
        since = deployed_commit(project, options.environment)
    if since is None:
        return (
            None,
            f"GitLab knows no deployment of {options.environment}" if options.since_deployed else "of the environment",
        )
    if since and not since.strip("0"):
        return None, "there is no commit before"
    top = _top(found)
    try:
        since = commit_of(top, since)
        rewritten = merge_base(top, since, commit) != since
    except GitError as error:
        if not COMMIT.fullmatch(str(since)):
            raise InputError("--since", found=str(error), expected="a commit, such as origin/main") from None
        return None, f"{str(since)[:12]} is not in the history that is here"
    return (None, f"{since[:12]} is no ancestor of what is here") if rewritten else (since, "")


def _affected(scopes: Sequence[Scope], since: str, options: PlanOptions) -> tuple[list[Scope], list[str]]:
    """Those of some stacks that differ since a commit, and those that are no longer there."""
    settings = settings_file(options.settings)
    change = change_of(since, settings).affected
    names = {one.name for one in change.stacks}
    gone = [one.name for one in change.gone if one.environment == options.environment]
    return [one for one in scopes if one.stack in names], gone


def _command(what: str, scope: Scope, settings: Path | None) -> list[str]:
    given = ["--settings", str(settings)] if settings else []
    return [*COMMAND, what, scope.name, "--environment", scope.environment_name, "--tenant", scope.tenant, *given]


def _run(commands: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]], jobs: int) -> list[Ended]:
    if not commands:
        print(NOTHING)
    ended = Rollout(commands, after).run(jobs, _tell)
    for one in ended:
        print(
            f"{one.stack}  {f'exit status {one.status}, {one.seconds:.0f} s' if one.status is not None else one.text}"
        )
    return ended


def _tell(one: Ended) -> None:
    print(f"── {one.stack}: {one.text if one.status is None else ''}".rstrip(": "), flush=True)
    if one.status is not None:
        sys.stdout.write(one.text if one.text.endswith("\n") else f"{one.text}\n")
        sys.stdout.flush()


def _status(ended: Sequence[Ended]) -> int:
    """The worst; a command that ended otherwise than it may is a defect, and one that was interrupted has failed."""
    statuses = [one.status for one in ended if one.status is not None]
    if any(status not in range(5) for status in statuses):
        return DEFECT
    return worst(*statuses, *(FAILED for one in ended if one.status is None and one.text == INTERRUPTED))
