"""`lychgate watch`: judge again on each save, and say what is new and what is mended."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.text import Text
from watchfiles import DefaultFilter, watch

from lychgate.cli.check import Request, capture, compare_with, judge, policies_of, stacks_of, validate
from lychgate.cli.terminal import COLOURS, show
from lychgate.judging.ruleset import BASELINES
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape, flat
from lychgate.sources.digests import of_folder
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.program.project import Project, read_project
from lychgate.sources.program.warm import Warm
from lychgate.sources.sandbox import Isolate, Limits
from lychgate.sources.settings import find

STEP, LONGEST = 30, 300  # milliseconds: a save is over when nothing has changed for a step
LOOK = 1000  # milliseconds between two looks at the files of the policies
FAILED = ("fail", "error")
Verdict = dict[str, Any]


def run(request: Request) -> int:
    """Judge until interrupted. Raises InputError where there is nothing to watch."""
    validate(request)
    folders = [read_project(path).folder for path in request.paths]
    console = Console(highlight=False, soft_wrap=True)
    with suppress(KeyboardInterrupt), Warm(cast("Isolate", request.isolate), Limits()) as warm:
        watching = Watching(request, warm, console)
        changes = watch(
            *folders, watch_filter=DefaultFilter(), debounce=LONGEST, step=STEP, rust_timeout=LOOK,
            yield_on_timeout=True, raise_interrupt=True,
        )  # fmt: skip
        before = [of_folder(folder) for folder in folders]
        watching.again(saved=False)
        first = True
        for change in changes:  # it listens from now on: what was saved during the first verdict is seen by its digest
            watching.again(saved=bool(change) or (first and [of_folder(folder) for folder in folders] != before))
            first = False
    return 0


class Watching:
    """What was judged last, and by what."""

    def __init__(self, request: Request, warm: Warm, console: Console) -> None:
        self.request, self.warm, self.console = request, warm, console
        self.policies: Mapping[str, int] | None = None
        self.verdict: Verdict | None = None
        self.error = ""
        self.named: list[Path] = []  # what lychgate.yaml names

    def again(self, saved: bool) -> None:
        """Judge, if something was saved or the policies are others, and show what has changed."""
        policies = self._policy_files()
        if policies != self.policies:
            self.warm.forget()  # accounts, fixtures, labels
        elif not saved:
            return
        self.policies = policies
        started = time.perf_counter()
        try:
            verdict, bases = self._judge()
        except InputError as error:
            self._failed(error)
            return
        if self.verdict is None:
            show(verdict, self.request.verbose, self.console)
        else:
            compare_with(verdict, self.verdict)
            self._changed(verdict, self.verdict, bases, time.perf_counter() - started)
        self.verdict, self.error = verdict, ""

    def _judge(self) -> tuple[Verdict, Mapping[str, Path]]:
        """The verdict as of now, and by stack what the files of its locations are relative to."""
        request = self.request
        projects: list[Project] = []
        with PolicyTree(None, request.paths[0]) as tree:
            try:
                policies = policies_of(request, tree)
                named = (policies.settings.waivers, policies.settings.ruleset)
                self.named = [path for path in named if isinstance(path, Path)]
                projects = [read_project(path) for path in request.paths]
                graph, isolation = capture(request, policies.settings, projects, self.warm)
                verdict = judge(request, policies, tree, projects, graph, isolation)
            finally:
                self.warm.prepare(list(self._wanted(projects)))
        bases = {project.name: project.base for project in projects}
        return verdict, {stack["name"]: bases[stack["project"]] for stack in verdict["stacks"]}

    def _wanted(self, projects: list[Project]) -> Iterator[Project]:
        """Each project as often as it has stacks here."""
        for project in projects:
            with suppress(InputError):
                for _ in stacks_of(project, self.request.stacks):
                    yield project

    def _policy_files(self) -> Mapping[str, int]:
        """When each file that decides about a verdict was changed last."""
        request = self.request
        ruleset = Path(request.ruleset) if request.ruleset and request.ruleset not in BASELINES else None
        files = [request.settings or find(request.paths[0]), request.waivers, ruleset, *self.named]
        folders = dict.fromkeys(file.parent for file in files if file is not None)
        seen = [path for folder in folders for path in folder.glob("*.y*ml")]
        seen += [path for folder in request.rules for path in folder.rglob("*.py")]
        times = {}
        for path in seen:
            with suppress(OSError):
                times[str(path)] = path.stat().st_mtime_ns
        return times

    def _failed(self, error: InputError) -> None:
        """One message, once; what was judged before is what the next verdict is compared with."""
        said = escape(str(error))
        if said == self.error:
            return
        self.error = said
        line = Text(f"{_now()}  ", style="dim")
        line.append("not judged", style="bold yellow")
        self.console.print(line)
        self.console.print(Text(said))
        for printed in escape(getattr(error, "output", "")).splitlines():
            self.console.print(Text(f"| {printed}", style="dim"))

    def _changed(self, verdict: Verdict, before: Verdict, bases: Mapping[str, Path], seconds: float) -> None:
        was = {one["fingerprint"]: one["outcome"] for one in before["judgements"]}
        judged = verdict["judgements"]
        new = [one for one in judged if one["outcome"] in FAILED and was.get(one["fingerprint"]) not in FAILED]
        open_ = [one for one in judged if one["outcome"] == "unknown" and was.get(one["fingerprint"]) != "unknown"]
        style = {"clean": "bold green", "findings": "bold red", "undetermined": "bold yellow"}[verdict["decision"]]
        line = Text(f"{_now()}  {seconds:.2f} s  ", style="dim")
        line.append(verdict["decision"], style=style)
        left = sum(one["outcome"] in FAILED for one in judged)
        line.append(f"  {left} failed: {len(new)} new, {len(verdict['mended'])} no longer found")
        line.append(f"; {len(open_)} newly not determined" if open_ else "")
        self.console.print(line)
        rules = {rule["id"]: rule for rule in verdict["rules"]}
        for one in [*new, *open_]:
            self._new(one, rules[one["rule"]]["remediation"], bases[one["stack"]])
        for one in verdict["mended"]:
            what = "mended" if one["how"] == "passes" else f"no longer found ({one['how']})"
            self.console.print(Text(f"  {what}: {one['rule']} on {flat(one['name'])}", style="green"))

    def _new(self, one: Mapping[str, Any], remediation: str, base: Path) -> None:
        """The place comes first, as compilers say it, so that terminals and editors make a link of it."""
        text = Text("  ")
        if one["location"]:
            text.append(f"{flat(_from_here(base / one['location']['file']))}:{one['location']['line']}", style="blue")
            text.append(": ")
        what = "not determined" if one["outcome"] == "unknown" else one["severity"]
        text.append(what, style=COLOURS[one["severity"]])
        text.append(f" {one['rule']}", style="bold")
        text.append(f" on {flat(one['name'])}" + (" (advisory)" if one["level"] == "advisory" else ""))
        self.console.print(text)
        self.console.print(Text(f"    {flat(one['message'])}"))
        if one["outcome"] == "fail":
            self.console.print(Text(f"    fix: {flat(' '.join(remediation.split()))}", style="green"))


def _from_here(path: Path) -> str:
    """A file as the current folder's terminal can open it."""
    near = os.path.relpath(path)
    return str(path) if near.startswith(os.pardir) else near


def _now() -> str:
    return datetime.now().strftime("%H:%M:%S")
