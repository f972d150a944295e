"""Capture: one Pulumi program in, its graph out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lychgate.model.errors import InputError
from lychgate.model.graph import Graph, StackInfo
from lychgate.model.redaction import Redactor
from lychgate.model.values import Secret
from lychgate.sources.program.answers import Answers
from lychgate.sources.program.bounds import too_many
from lychgate.sources.program.functions import Fixture, Functions
from lychgate.sources.program.monitor import Monitor, Recorded
from lychgate.sources.program.process import Ended, HostLost, HostProcess, TimedOut
from lychgate.sources.program.project import Configuration, Project
from lychgate.sources.program.serving import MESSAGE_LIMIT, Secrets, serving
from lychgate.sources.program.transforms import Transforms

SHOWN = 4000
LONGEST_LINE = 2000
_SERVERS = itertools.count()


class ProgramFailed(InputError):
    """A program that did not run to its end. `output` is the tail of what it printed, without secrets."""

    def __init__(self, file: str, line: int | None, found: str, expected: str, output: str) -> None:
        super().__init__(file, line, None, found, expected)
        self.output = output


@dataclass(frozen=True, slots=True)
class Setting:
    """What a capture is told beside the program: the environment's account and region, limits, what is known elsewhere.

    `seconds` is the time limit. `stack_outputs` answers StackReferences. `progress` is called with the number of
    resources so far.
    """

    account: str = "111122223333"
    region: str = "us-east-1"
    seconds: float = 300.0
    max_resources: int = 20_000
    fixtures: Sequence[Fixture] = ()
    stack_outputs: Callable[[str], dict[str, Any] | None] = lambda name: None
    progress: Callable[[int], None] = lambda count: None
    organization: str = "organization"
    config: Mapping[str, Any] = field(default_factory=dict)


def capture(host: HostProcess, project: Project, stack: str, config: Configuration, setting: Setting) -> Graph:
    """Run the project's program for one stack and return its graph.

    Raises ProgramFailed where the program does not run to its end: then nothing of it is judged.
    """
    region = config.values.get("aws:region", setting.region)
    transforms = Transforms(host.reach)
    told = Secrets()
    monitor = Monitor(
        project=project.name,
        stack=stack,
        folder=str(project.folder),
        base=str(project.base),
        answers=Answers(host.shapes.get, setting.account, region),
        functions=Functions(host.shapes.get, setting.account, region, setting.fixtures),
        transforms=transforms,
        stack_outputs=setting.stack_outputs,
        provider_config=lambda package: _provider_config(config, package),
        progress=setting.progress,
        limit=setting.max_resources,
        stop=host.abandon,
    )
    address = f"unix:{host.shared}/monitor-{next(_SERVERS)}.sock"
    with serving(monitor, host.shapes, told, address, host.threads):
        ended = _run(host, project, stack, config, setting, address)
    recorded = monitor.close()
    host.abandon()  # what the program has left behind may hear of its end now
    if recorded.elsewhere:
        raise recorded.elsewhere
    stack_info = _info(monitor, config, setting, region, told, recorded)
    if not isinstance(ended, Ended) or not ended.report.get("done") or not recorded.finished or recorded.errors:
        redact = Redactor.of(Graph(recorded.resources.values(), [stack_info]))
        raise explain(project, ended, recorded, redact, setting)
    resources = sorted(recorded.resources.values(), key=lambda resource: resource.urn)
    # Calls arrive in the order of the program's threads, which is another one each time.
    lookups = sorted(recorded.lookups, key=lambda one: (one.token, repr(one.arguments)))
    return Graph(resources, [stack_info], lookups, recorded.not_inspected)


def _info(
    monitor: Monitor, config: Configuration, setting: Setting, region: str, told: Secrets, recorded: Recorded
) -> StackInfo:
    values: dict[str, Any] = {
        key: Secret(value) if key in config.secret_keys else value for key, value in config.values.items()
    }
    return StackInfo(
        monitor.stack,
        monitor.project,
        monitor.stack_name,
        values,
        setting.account,
        region,
        recorded.outputs,
        told.all(),
    )


def _provider_config(config: Configuration, package: str) -> dict[str, Any]:
    """The inputs of a default provider: the configuration of its package."""
    return {
        key.partition(":")[2]: Secret(value) if key in config.secret_keys else value
        for key, value in config.values.items()
        if key.partition(":")[0] == package
    }


def _run(
    host: HostProcess, project: Project, stack: str, config: Configuration, setting: Setting, address: str
) -> Ended | HostLost | TimedOut:
    command = {
        "project": project.name, "stack": stack, "organization": setting.organization, "parallel": 16,
        "config": dict(config.values), "secret_keys": sorted(config.secret_keys), "address": address,
        "folder": str(project.folder), "root": str(project.folder), "program": str(project.program),
        "env": {"AWS_REGION": config.values.get("aws:region", setting.region)},  # what `aws.config.region` says
        "limit": setting.max_resources, "known": host.shapes.known(),
    }  # fmt: skip
    try:
        return host.run(command, setting.seconds)
    except (TimedOut, HostLost) as error:
        return error


def shown(project: Project, path: Path) -> str:
    """A file of the project as locations and messages name it."""
    return str(path.relative_to(project.base)) if path.is_relative_to(project.base) else str(path)


HINTS = {
    "ConfigMissingError": "the value with --config or --secret-config KEY=VALUE, or in the stack's Pulumi.STACK.yaml",
    "ConfigTypeError": "a value of that type; for a `secure:` one, a typed stand-in under `secrets:` in lychgate.yaml",
    "ModuleNotFoundError": "the package in the project's virtual environment (see `runtime.options` in Pulumi.yaml)",
    "SystemExit": "a program that ends by itself: what comes after the exit was never seen",
    "SyntaxError": "Python that can be read",
}


def explain(
    project: Project, ended: Ended | HostLost | TimedOut, recorded: Recorded, redact: Redactor, setting: Setting
) -> ProgramFailed:
    """One message for a program that failed: what, and where in its own files."""
    where = shown(project, project.program / "__main__.py" if project.program.is_dir() else project.program)
    report = ended.report if isinstance(ended, Ended) else {}
    output = redact((ended.stdout[-SHOWN:] + ended.stderr[-SHOWN:]).strip()) if isinstance(ended, Ended) else ""
    kind, text = str(report.get("error", "")), str(report.get("text", ""))
    file, line = _place(project, report.get("place")) or (where, None)
    if recorded.errors and (not kind or kind not in ("SystemExit", *HINTS)):
        said, location = recorded.errors[0]
        place = _stack_trace(project, said) or (location and (location.file, location.line))
        if line is None and place:
            file, line = place
        return ProgramFailed(file, line, _line(redact(said.partition(":\n  File ")[0])), "", output)
    if isinstance(ended, TimedOut):
        file, line = _stack_trace(project, ended.stderr) or (where, None)
        found = f"the program did not end within {setting.seconds:g} s"
        expected = "a program that ends by itself, or a longer --timeout"
        return ProgramFailed(file, line, found, expected, redact(ended.stderr[-SHOWN:].strip()))
    if isinstance(ended, HostLost):
        return ProgramFailed(where, None, redact(str(ended)), "a program that ends by itself", "")
    if "larger than max" in text or "RESOURCE_EXHAUSTED" in text:
        found = f"a resource is larger than {MESSAGE_LIMIT >> 20} MiB, more than any provider takes"
        return ProgramFailed(file, line, found, "smaller properties (an asset or archive for files)", output)
    if kind == "TooManyResources":
        found = too_many(setting.max_resources)
    elif kind == "SystemExit":
        found = f"the program called sys.exit({_line(redact(text))})"
    elif kind:
        beyond = f" in {_line(str(report['beyond']))}" if report.get("beyond") and kind not in HINTS else ""
        found = f"the program raised {kind}{beyond}: {_line(redact(text))}".removesuffix(": ")
    elif ended.code < 0:
        found = f"the program was ended by signal {-ended.code} (out of memory, a limit of the sandbox, or a crash)"
    else:
        found = f"the program left without finishing (exit status {ended.code})"
    return ProgramFailed(file, line, found, HINTS.get(kind, ""), output)


def _line(text: str) -> str:
    """A text of the program on one line."""
    return " ".join(text.split())[:LONGEST_LINE]


def _place(project: Project, told: Any) -> tuple[str, int] | None:
    """A file and line of the project, if the host has told such a thing."""
    match told:
        case [str(file), int(line)]:
            return shown(project, project.folder / file), line
    return None


def _stack_trace(project: Project, text: str) -> tuple[str, int] | None:
    """The innermost of the project's own lines in a stack trace, as faulthandler writes one."""
    for file, line in re.findall(r'File "([^"\n]+)", line (\d{1,9})', text):
        path = Path(file)
        if path.is_relative_to(project.folder) and "site-packages" not in path.parts:
            return shown(project, path), int(line)
    return None
