"""`lychgate check`: programs in, verdict out."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast, get_args

from lychgate.cli.terminal import Progress, show
from lychgate.judging.discovery import built_in_rules, rules_of
from lychgate.judging.evaluation import evaluate
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import BASELINES, load_ruleset
from lychgate.judging.verdict import RunFacts, build, waive
from lychgate.judging.waivers import Waivers, load_waivers
from lychgate.model.errors import InputError, either, nearest
from lychgate.model.graph import Graph
from lychgate.reports import FORMATS, renderer, write
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.program.capture import Setting
from lychgate.sources.program.project import Project, choose_stack, read_project
from lychgate.sources.program.stacks import Stack, capture_together
from lychgate.sources.sandbox import Isolate, Limits
from lychgate.sources.settings import Settings, find, read_settings

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
    strict: bool | None
    formats: Sequence[str]
    output: Path | None
    as_of: str | None
    policy_ref: str | None
    timeout: float
    isolate: str
    max_resources: int
    verbose: bool


def run(request: Request) -> int:
    """Judge, show, write; the exit status of the contract."""
    _valid(request)
    with PolicyTree(request.policy_ref, request.paths[0]) as tree:
        file = tree.path(request.settings) if request.settings else find(tree.path(request.paths[0]))
        settings = read_settings(file, request.environment)
        rules = built_in_rules() | rules_of([tree.path(folder) for folder in request.rules])
        graph, isolation = _capture(request, settings)
        verdict = _judge(request, settings, tree, rules, graph, isolation)
    _report(request, verdict)
    return EXIT[verdict["decision"]]


def _valid(request: Request) -> None:
    for name in request.formats:
        if name not in FORMATS:
            raise InputError(
                "--format",
                found=f"unknown format {name!r}",
                expected=either(list(FORMATS)),
                hint=nearest(name, FORMATS),
            )
    if len(request.formats) > 1 and request.output is None:
        raise InputError("--format", found="several formats and nowhere to put them", expected="--output DIR")
    if request.isolate not in get_args(Isolate):
        raise InputError(
            "--isolate", found=f"unknown word {request.isolate!r}", expected=either(list(get_args(Isolate)))
        )


def _capture(request: Request, settings: Settings) -> tuple[Graph, tuple[str, ...]]:
    projects = [read_project(path) for path in request.paths]
    config = dict(_config(request.config))
    stacks = [Stack(project, name, config) for project in projects for name in _stacks(project, request.stacks)]
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
        return capture_together(stacks, setting, settings, cast("Isolate", request.isolate), Limits())


def _stacks(project: Project, wanted: Sequence[str]) -> list[str]:
    return list(wanted) or [choose_stack(project, None)]


def _config(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in given:
        key, equals, value = entry.partition("=")
        if not equals or not key:
            raise InputError("--config", found=f"{entry!r} has no value", expected="KEY=VALUE")
        yield key, value


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            "--as-of", found=f"{text!r} is no moment", expected="2026-11-30 or 2026-11-30T12:00:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _judge(
    request: Request,
    settings: Settings,
    tree: PolicyTree,
    rules: dict[str, Rule],
    graph: Graph,
    isolation: tuple[str, ...],
) -> dict[str, Any]:
    ruleset = load_ruleset(_ruleset(request, settings, tree), rules)
    as_of = _moment(request.as_of)
    file = tree.path(request.waivers) if request.waivers else settings.waivers
    waivers = load_waivers(file, ruleset, rules, as_of) if file else Waivers()
    facts = RunFacts(
        as_of=as_of,
        environment=request.environment,
        strict=ruleset.strict if request.strict is None else request.strict,
        tool_version=version("lychgate"),
        commit=_commit(request.paths[0]),
        inputs=dict(_digests(request, file)),
        isolation=isolation,
    )
    decided = waive(evaluate(graph, rules.values(), ruleset), waivers)
    return build(graph, rules, ruleset, waivers, decided, facts)


def _ruleset(request: Request, settings: Settings, tree: PolicyTree) -> str | Path:
    """The ruleset that was named, else the environment's baseline."""
    if request.ruleset is None:
        return settings.ruleset or ("test" if request.environment == "test" else "production")
    return request.ruleset if request.ruleset in BASELINES else tree.path(Path(request.ruleset))


def _digests(request: Request, waivers: Path | None) -> Iterator[tuple[str, str]]:
    """SHA-256 of what went in: each project's own files, and the waivers."""
    for path in request.paths:
        folder = path if path.is_dir() else path.parent
        digest = hashlib.sha256()
        for file in sorted(_own_files(folder)):
            digest.update(f"{file.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        yield f"program {path}", digest.hexdigest()
    if waivers:
        yield f"waivers {waivers}", hashlib.sha256(waivers.read_bytes()).hexdigest()


def _own_files(folder: Path) -> Iterator[Path]:
    """The files of a project, without what is installed or generated beside them."""
    for entry in folder.iterdir():
        if entry.name.startswith(".") or entry.name in ("__pycache__", "node_modules", "venv") or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from () if (entry / "pyvenv.cfg").exists() else _own_files(entry)
        elif entry.is_file():
            yield entry


def _commit(path: Path) -> str | None:
    """The commit of the judged tree, where it is one of Git."""
    folder = path if path.is_dir() else path.parent
    done = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, check=False)
    return done.stdout.decode().strip() if done.returncode == 0 else None


def _report(request: Request, verdict: dict[str, Any]) -> None:
    if request.output is not None:
        try:
            written = write(verdict, request.output, list(request.formats) or list(FORMATS))
        except OSError as error:
            raise InputError(
                str(request.output), found=f"cannot be written: {error.strerror}", expected="a folder"
            ) from None
        show(verdict, verbose=request.verbose)
        print(f"reports: {', '.join(map(str, written))}", file=sys.stderr)
    elif request.formats:
        sys.stdout.buffer.write(renderer(request.formats[0])(verdict))
    else:
        show(verdict, verbose=request.verbose)
