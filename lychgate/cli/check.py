"""`lychgate check`: programs in, verdict out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast, get_args

from lychgate.cli.report import check_formats, report
from lychgate.cli.terminal import Progress
from lychgate.cli.waiver_files import read_waivers
from lychgate.judging.comparison import compare, of_verdict
from lychgate.judging.discovery import all_rules
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset, load_ruleset
from lychgate.judging.verdict import RunFacts, verdict_of
from lychgate.judging.waivers import Waivers
from lychgate.model.errors import InputError, either
from lychgate.model.escaping import escape
from lychgate.model.graph import Graph
from lychgate.reports.document import read as read_verdict
from lychgate.sources.digests import of_file, of_folder
from lychgate.sources.git import GitError, commit_of, top_of
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.program.capture import Setting, shown
from lychgate.sources.program.project import Project, choose_stack, read_project
from lychgate.sources.program.stacks import Stack, capture_together
from lychgate.sources.program.warm import Warm
from lychgate.sources.sandbox import Isolate, Limits
from lychgate.sources.settings import Settings, find, read_settings

LONGEST_RUN = 86_400
EXIT = {"clean": 0, "findings": 1, "undetermined": 3}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked on the command line."""

    paths: Sequence[Path]
    stacks: Sequence[str]
    environment: str
    ruleset: str | None
    waivers: Path | None
    settings: Path | None
    rules: Sequence[Path]
    config: Sequence[str]
    secret_config: Sequence[str]
    strict: bool | None
    formats: Sequence[str]
    output: Path | None
    as_of: str | None
    policy_ref: str | None
    previous: Path | None
    timeout: float
    isolate: str
    max_resources: int
    verbose: bool


def run(request: Request) -> int:
    """Judge, show, write; the exit status of the contract."""
    validate(request)
    previous = read_verdict(request.previous) if request.previous else None
    with PolicyTree(request.policy_ref, request.paths[0]) as tree:
        try:
            policies = policies_of(request, tree)
            projects = [read_project(path) for path in request.paths]
            graph, isolation = capture(request, policies.settings, projects)
            verdict = judge(request, policies, tree, projects, graph, isolation)
        except InputError as error:
            raise tree.renamed(error) from error
    if previous is not None:
        compare_with(verdict, previous)
    report(request, verdict)
    return EXIT[verdict["decision"]]


def compare_with(verdict: dict[str, Any], previous: dict[str, Any]) -> None:
    """Write into a verdict what it is beside an earlier one."""
    names = ("as_of", "commit")
    told = {"what": "verdict", "run": previous["run"]["id"], **{name: previous["run"][name] for name in names}}
    stacks = (stack["name"] for stack in previous["stacks"])
    compare(verdict, of_verdict(previous), stacks, told | {"decision": previous["decision"]})


@dataclass(frozen=True, slots=True)
class Policies:
    """What is judged by, all of it read before the first program is run; `inputs` are the digests of its files."""

    settings: Settings
    rules: dict[str, Rule]
    ruleset: Ruleset
    waivers: Waivers
    as_of: datetime
    inputs: dict[str, str]


def policies_of(request: Request, tree: PolicyTree) -> Policies:
    """What is judged by. Raises InputError."""
    given = tree.path(request.settings) if request.settings else None
    file = given or find(tree.path(request.paths[0]), tree.root)
    settings = read_settings(file, request.environment)
    folders = [tree.path(folder) for folder in request.rules]
    rules = all_rules(folders)
    ruleset = load_ruleset(_ruleset(request, settings, tree), rules)
    as_of = moment(request.as_of)
    accepted = tree.path(request.waivers) if request.waivers else settings.waivers
    waivers = read_waivers(accepted, ruleset, rules, as_of, tree)
    inputs = {f"settings {_name(file, request, tree)}": of_file(file)} if file else {}
    inputs |= {f"waivers {_name(accepted, request, tree)}": of_file(accepted)} if accepted else {}
    inputs |= {f"rules {_name(folder, request, tree)}": of_folder(folder) for folder in folders}
    return Policies(settings, rules, ruleset, waivers, as_of, inputs)


def _name(path: Path, request: Request, tree: PolicyTree) -> str:
    """A file as the verdict names it: REF:PATH, else its path in the repository, else as it is."""
    known = tree.shown(str(path))
    top = top_of(request.paths[0])
    inside = known == str(path) and top is not None and path.resolve().is_relative_to(top.resolve())
    return str(path.resolve().relative_to(top.resolve())) if inside and top else known


def validate(request: Request) -> None:
    """Raises InputError for an option that says nothing possible."""
    check_formats(request)
    if not 1 <= request.timeout <= LONGEST_RUN:
        raise InputError("--timeout", found=f"{request.timeout:g} s", expected=f"1 to {LONGEST_RUN} seconds")
    if request.isolate not in get_args(Isolate):
        raise InputError(
            "--isolate", found=f"unknown word {request.isolate!r}", expected=either(list(get_args(Isolate)))
        )


def capture(
    request: Request, settings: Settings, projects: Sequence[Project], warm: Warm | None = None
) -> tuple[Graph, tuple[str, ...]]:
    """The programs' graph, and what of them could not be isolated. Raises InputError."""
    config = dict(_config("--config", request.config))
    secret = dict(_config("--secret-config", request.secret_config))
    for project in projects:
        if project.note:
            print(f"lychgate: {escape(project.note)}", file=sys.stderr)
    named = ((project, name) for project in projects for name in stacks_of(project, request.stacks))
    stacks = [Stack(project, name, config, secret) for project, name in named]
    place = settings.environments.get(request.environment)
    with Progress("capturing") as progress:
        setting = Setting(
            seconds=request.timeout,
            max_resources=request.max_resources,
            fixtures=settings.fixtures,
            progress=progress.count,
        )
        if place:
            setting = replace(setting, account=place.account, region=place.region)
        return capture_together(stacks, setting, settings, cast("Isolate", request.isolate), Limits(), warm)


def stacks_of(project: Project, wanted: Sequence[str]) -> list[str]:
    """The stacks of a project that are asked for, else the one that there is. Raises InputError."""
    return [choose_stack(project, name) for name in wanted] or [choose_stack(project, None)]


def _config(option: str, given: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in given:
        key, equals, value = entry.partition("=")
        if not equals or not key:
            what = repr(entry) if option == "--config" else "an entry"  # which may be the secret itself
            raise InputError(option, found=f"{what} has no value", expected="KEY=VALUE")
        yield key, value


def moment(text: str | None) -> datetime:
    """A moment that was given, else now. Raises InputError."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            "--as-of", found=f"{text!r} is no moment", expected="2026-11-30 or 2026-11-30T12:00:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def judge(
    request: Request,
    policies: Policies,
    tree: PolicyTree,
    projects: Sequence[Project],
    graph: Graph,
    isolation: tuple[str, ...],
) -> dict[str, Any]:
    """The verdict on what was captured."""
    ruleset, waivers = policies.ruleset, policies.waivers
    programs = {
        f"program {project.name} in {shown(project, project.folder)}": of_folder(project.folder, request.output)
        for project in projects
    }
    facts = RunFacts(
        as_of=policies.as_of,
        environment=request.environment,
        strict=ruleset.strict if request.strict is None else request.strict,
        tool_version=version("lychgate"),
        commit=_commit(projects[0]),
        policy_ref=tree.commit,
        inputs=policies.inputs | programs,
        isolation=isolation,
    )
    return verdict_of(graph, policies.rules, ruleset, waivers, facts)


def _ruleset(request: Request, settings: Settings, tree: PolicyTree) -> str | Path:
    """The ruleset that was named, else the environment's baseline."""
    if request.ruleset is None:
        return settings.ruleset or ("test" if request.environment == "test" else "production")
    is_path = "/" in request.ruleset or request.ruleset.endswith((".yaml", ".yml"))
    return tree.path(Path(request.ruleset)) if is_path else request.ruleset


def _commit(project: Project) -> str | None:
    """The commit of the judged tree, where it is one of Git."""
    top = top_of(project.folder)
    try:
        return commit_of(top, "HEAD") if top else None
    except GitError:
        return None
