"""`lychgate merge-request judge`: the job that runs a merge request's code, and so has nothing that is worth having."""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson

from lychgate.cli.affected import change_of
from lychgate.cli.check import EXIT, moment
from lychgate.cli.platforms import Found, platform_of, settings_file
from lychgate.cli.sync_steps import worst
from lychgate.cli.terminal import Progress
from lychgate.cli.waiver_files import read_waivers
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.verdict import RunFacts
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape, flat
from lychgate.pipeline.affected import Stack, affected, stacks_of
from lychgate.pipeline.change import SINCE, Change
from lychgate.pipeline.judging import Clock, Versions, judge
from lychgate.pipeline.merging import PLAN, WIDGETS, write_widgets
from lychgate.pipeline.models import FILE, FileEntry, GoneEntry, Summary, VerdictEntry
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import Platform
from lychgate.provisioner.sync.capturing import HOSTS, Capturing
from lychgate.provisioner.sync.retiring import retired
from lychgate.provisioner.sync.syncing import Policies
from lychgate.reports import FORMATS, replace, write
from lychgate.sources.digests import of_file, of_folder
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.settings import read_settings

REPORTS = ["json", "html", "sarif"]
AS_TARGET = ("environment", "tenants", "platform", "policies")
MOST = 1000


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """What was asked on the command line."""

    since: str
    output: Path
    jobs: int | None
    any_finding: bool
    settings: Path | None
    as_of: str | None


@dataclass(frozen=True, slots=True)
class Work:
    """All that is judged, and by what: environment by environment."""

    options: JudgeOptions
    change: Change
    found: Found
    tree: PolicyTree
    versions: Versions
    stacks: dict[str, list[Stack]]
    clock: Clock


def run(options: JudgeOptions) -> int:
    """Judge, write; the exit status of the contract, by what the change brings."""
    clock = Clock()
    start = settings_file(options.settings).resolve().parent
    _clear(options.output)
    change = change_of(options.since, options.settings)
    with PolicyTree(options.since, start) as tree, PolicyTree(options.since, start) as second:
        try:
            found = platform_of(options.settings, None, tree)
            before, why = _before(change, options.settings, second, start)
            stacks = _stacks(change, before, found.platform)
            applications = affected(before, found.platform, change.places, change.of_applications())
            differing = frozenset(one.name for one in applications.stacks)
            versions = Versions(found.platform, None if why else before, differing, why)
            work = Work(options, change, found, tree, versions, stacks, clock)
            entries, reasons = _all(work)
        except InputError as error:
            raise second.renamed(tree.renamed(error)) from error
    summary = _summary(work, entries, sorted({*reasons, why} - {""}))
    verdicts = [orjson.loads((options.output / one.verdict).read_bytes()) for one in entries]
    try:
        write_widgets(summary, verdicts, options.output)
        replace(options.output / FILE, summary.model_dump_json(indent=2).encode() + b"\n")
    except OSError as error:
        raise _unwritable(options.output, error) from None
    status = _status(summary)
    _show(summary, status, options.output)
    return status


def _clear(folder: Path) -> None:
    """Take away what an earlier run has left: nobody may take it for this one's."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (FILE, PLAN, *(FORMATS[one][1] for one in WIDGETS)):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(str(folder), found=f"cannot be written: {error.strerror}", expected="a folder")


def _before(change: Change, settings: Path | None, tree: PolicyTree, start: Path) -> tuple[Platform | None, str]:
    """The applications as they were where the branch parted, and all else as the target branch has it now; or why no
    comparison with them says anything."""
    code = [path for path, kind in change.affected.files.items() if kind == "code"]
    why = f"{flat(code[0])} changes with it, by which both would be judged" if code else ""
    try:
        with PolicyTree(change.base, start) as applications:
            return platform_of(settings, None, tree, applications).platform, why
    except InputError as error:
        return None, f"the applications as they were do not fit the target branch: {error.found}"


def _stacks(change: Change, before: Platform | None, now: Platform) -> dict[str, list[Stack]]:
    """The affected stacks of each environment, as the target branch names platform and environments: what a change says
    of them takes no stack away from being judged."""
    found: dict[str, list[Stack]] = {}
    for one in affected(before, now, change.places, change.affected.files).stacks:
        found.setdefault(one.environment, []).append(one)
    return found


def _all(work: Work) -> tuple[list[VerdictEntry], list[str]]:
    """Judge every environment, in as many processes as were asked for; entries, and why nothing was compared."""
    environments = list(work.stacks)
    jobs = min(work.options.jobs or max(1, (os.cpu_count() or 1) // HOSTS), len(environments))
    if jobs < 2:
        return _share(work, environments) if environments else ([], [])
    context = multiprocessing.get_context("fork")  # nothing was started yet that a fork would lack
    shares = []
    for number in range(jobs):
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=_in_process, args=(work, environments[number::jobs], there), daemon=False)
        process.start()
        there.close()
        shares.append((process, here))
    entries, reasons = list[VerdictEntry](), list[str]()
    try:
        for _, here in shares:
            told = here.recv()
            if isinstance(told, dict):
                raise _error(told)
            entries += told[0]
            reasons += told[1]
    except EOFError:
        raise RuntimeError("a process that judges has ended") from None
    finally:
        for process, _ in shares:
            process.terminate() if sys.exc_info()[0] else None
            process.join()
    return sorted(entries, key=lambda one: (environments.index(one.environment), one.application)), reasons


def _in_process(work: Work, environments: Sequence[str], there: Connection) -> None:
    try:
        there.send(_share(work, environments))
    except InputError as error:
        error = work.tree.renamed(error)
        names = ("file", "line", "column", "found", "expected", "hint", "output")
        there.send({name: getattr(error, name, None) for name in names})
    except Exception as error:  # as in `main`: what it says may hold a secret
        where = "".join(traceback.format_tb(error.__traceback__))
        print(f"{where}lychgate: {type(error).__name__} while {', '.join(environments)} was judged", file=sys.stderr)


def _error(told: dict[str, Any]) -> InputError:
    output = told.pop("output")
    error = InputError(**told)
    if output:
        error.output = output  # type: ignore[attr-defined]
    return error


def _share(work: Work, environments: Sequence[str]) -> tuple[list[VerdictEntry], list[str]]:
    """Judge some environments, one after another, and write the reports."""
    found, before = work.found, work.versions.before
    entries, reasons = [], set[str]()
    earlier = before.folder if before else None
    with Capturing(found.platform.folder, found.file, earlier=earlier) as capturing, Progress("capturing") as progress:
        rules = built_in_rules()
        for environment in environments:
            policies = _policies(work, environment, rules)
            stacks = work.stacks[environment]
            for one in judge(stacks, work.versions, policies, capturing, work.clock, progress.count):
                entry = one.entry
                try:
                    write(one.verdict, (work.options.output / entry.verdict).parent, REPORTS)
                except OSError as error:
                    raise _unwritable(work.options.output, error) from None
                names = ", ".join(stack.tenant for stack in entry.stacks)
                said = f"{entry.application}.{environment} ({names}): {entry.decision}"
                print(f"lychgate: {entry.seconds} s: {said}", file=sys.stderr, flush=True)
                entries.append(entry)
                reasons.add(one.why)
    return entries, sorted(reasons)


def _policies(work: Work, environment: str, rules: dict[str, Any]) -> Policies:
    """What an environment is judged by, all of it as the target branch has it."""
    found, there = work.found, work.found.platform.environments[environment]
    accepted, as_of = found.settings.waivers, moment(work.options.as_of)
    ruleset = load_ruleset(there.baseline, rules)
    inputs = {f"settings {found.file.name}": of_file(found.file), "platform": of_folder(found.platform.folder)}
    inputs |= {f"waivers {accepted.name}": of_file(accepted)} if accepted else {}
    facts = RunFacts(
        as_of=as_of, environment=environment, strict=True, tool_version=version("lychgate"),
        commit=work.change.commit, policy_ref=work.tree.commit, inputs=inputs,
    )  # fmt: skip
    labels = read_settings(found.file, environment).labels
    waivers = read_waivers(accepted, ruleset, rules, as_of, work.tree)
    scopes = [Scope.of(found.platform, *name) for name in stacks_of(found.platform) if name[1] == environment]
    return Policies(rules, ruleset, waivers.anew(retired(scopes, ruleset)), labels, facts)


def _summary(work: Work, entries: list[VerdictEntry], reasons: list[str]) -> Summary:
    change, found = work.change, work.change.affected
    judged = {one.name for stacks in work.stacks.values() for one in stacks}
    return Summary(
        since=change.since[:MOST],
        base=change.base,
        commit=change.commit,
        any_finding=work.options.any_finding,
        compared=not reasons,
        not_compared="; ".join(reasons)[:MOST],
        as_target=[
            FileEntry(path=flat(path)[:MOST], kind=kind) for path, kind in found.files.items() if kind in AS_TARGET
        ],
        verdicts=entries,
        not_judged=[one.name for one in found.stacks if one.name not in judged],
        gone=[
            GoneEntry(stack=one.name, reasons=[why[:MOST] for why in one.reasons])
            for one in found.gone
            if one.name not in judged
        ],
        without_effect=len(found.without_effect),
        seconds=work.clock.seconds,
    )


def _status(summary: Summary) -> int:
    """The worst of all; with --any also by what was there before, and by what the preflight says."""
    if not summary.any_finding:
        return worst(*(EXIT[one.brought] for one in summary.verdicts))
    preflight = (EXIT[stack.preflight] for one in summary.verdicts for stack in one.stacks)
    return worst(*(EXIT[one.decision] for one in summary.verdicts), *preflight)


def _show(summary: Summary, status: int, folder: Path) -> None:
    for line in _lines(summary):
        print(escape(line))
    words = {0: "nothing against it", 1: "mandatory findings", 3: "undetermined mandatory rules"}
    brings = "" if summary.any_finding or not status else " that the change brings"
    print(f"{words[status]}{brings}; {FILE} and reports in {escape(str(folder))}, {summary.seconds} s")


def _lines(summary: Summary) -> Iterator[str]:
    for one in summary.verdicts:
        for stack in one.stacks:
            counts = ", ".join(f"{number} {name}" for name, number in stack.counts.model_dump().items() if number)
            yield (
                f"{one.application}.{one.environment}.{stack.tenant}  {stack.decision}: {stack.brought} brought, "
                f"{stack.others} there before; {counts or 'nothing changes'}; preflight {stack.preflight}"
            )
    if summary.not_compared:
        yield f"not compared with {summary.since}: {summary.not_compared}"
    yield from (f"gone: {one.stack}" for one in summary.gone)
    yield from (f"not judged, the target branch does not know it: {name}" for name in summary.not_judged)
    yield from (f"judged as {SINCE.strip('-')} {summary.since} has it: {one.path}" for one in summary.as_target)
    if not summary.verdicts:
        yield "no stack is affected"
