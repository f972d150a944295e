"""Capture: one Pulumi program in, its graph out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from lychgate.model.errors import InputError
from lychgate.model.graph import Graph, StackInfo
from lychgate.model.redaction import Redactor
from lychgate.model.values import Secret
from lychgate.sources.program.answers import Answers
from lychgate.sources.program.functions import Fixture, Functions
from lychgate.sources.program.monitor import Monitor, Recorded
from lychgate.sources.program.process import Ended, HostLost, HostProcess
from lychgate.sources.program.project import Configuration, Project
from lychgate.sources.program.transforms import Transforms

MESSAGE_LIMIT = 64 << 20
CHANNEL = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
]


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
    shapes = Shapes()
    monitor = Monitor(
        project=project.name,
        stack=stack,
        folder=str(project.folder),
        base=str(project.base),
        answers=Answers(shapes.get, setting.account, region),
        functions=Functions(shapes.get, setting.account, region, setting.fixtures),
        transforms=transforms,
        stack_outputs=setting.stack_outputs,
        provider_config=lambda package: _provider_config(config, package),
        progress=setting.progress,
        limit=setting.max_resources,
    )
    server = grpc.server(ThreadPoolExecutor(16), options=CHANNEL)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(monitor, server)
    server.add_generic_rpc_handlers((shapes.handler(),))
    address = f"unix:{host.shared}/monitor-{abs(hash(stack)) % 10**8}.sock"
    server.add_insecure_port(address)
    server.start()
    try:
        _run(host, project, stack, config, setting, monitor, address)
    finally:
        server.stop(None)
    recorded = monitor.recorded
    resources = sorted(recorded.resources.values(), key=lambda resource: resource.urn)
    return Graph(resources, [_info(monitor, config, setting, region)], recorded.lookups, recorded.not_inspected)


class Shapes:
    """Which outputs each type has, as the program's own SDK declares it (told by shapes.py in the program)."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any] | None] = {}

    def get(self, token: str) -> dict[str, Any] | None:
        """Name of an output -> its shape; None where no SDK knows the type."""
        return self._known.get(token)

    def handler(self) -> grpc.GenericRpcHandler:
        """The call by which the program tells them."""
        method: Any = grpc.unary_unary_rpc_method_handler(self._take)
        return grpc.method_handlers_generic_handler("lychgate.Capture", {"Describe": method})

    def _take(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        told = json.loads(request)
        shape = told["shape"]
        self._known[str(told["token"])] = shape if isinstance(shape, dict) else None
        return b""


def _info(monitor: Monitor, config: Configuration, setting: Setting, region: str) -> StackInfo:
    values: dict[str, Any] = {
        key: Secret(value) if key in config.secret_keys else value for key, value in config.values.items()
    }
    return StackInfo(
        monitor.stack, monitor.project, monitor.stack_name, values, setting.account, region, monitor.recorded.outputs
    )


def _provider_config(config: Configuration, package: str) -> dict[str, Any]:
    """The inputs of a default provider: the configuration of its package."""
    return {
        key.partition(":")[2]: Secret(value) if key in config.secret_keys else value
        for key, value in config.values.items()
        if key.partition(":")[0] == package
    }


def _run(
    host: HostProcess,
    project: Project,
    stack: str,
    config: Configuration,
    setting: Setting,
    monitor: Monitor,
    address: str,
) -> None:
    command = {
        "project": project.name, "stack": stack, "organization": setting.organization, "parallel": 16,
        "config": dict(config.values), "secret_keys": sorted(config.secret_keys), "address": address,
        "folder": str(project.folder), "root": str(project.folder), "program": str(project.program), "env": {},
    }  # fmt: skip
    where = shown(project, project.program / "__main__.py" if project.program.is_dir() else project.program)
    try:
        ended = host.run(command, setting.seconds)
    except TimeoutError:
        raise _stuck(host, project, where, setting.seconds) from None
    except HostLost as lost:
        raise ProgramFailed(where, None, str(lost), "a program that ends by itself", "") from None
    if not ended.report.get("done") or monitor.recorded.errors:
        raise explain(project, where, ended, monitor.recorded)


def shown(project: Project, path: Path) -> str:
    """A file of the project as locations and messages name it."""
    return str(path.relative_to(project.base)) if path.is_relative_to(project.base) else str(path)


def _stuck(host: HostProcess, project: Project, where: str, seconds: float) -> ProgramFailed:
    """A program that was stopped; the host had it write where it stood."""
    try:
        ended = host._ended.get(timeout=0.5)
    except Exception:
        ended = None
    text = ended.stderr if ended else ""
    frames = re.findall(r'File "([^"]+)", line (\d+)', text)
    found_own = (
        (shown(project, Path(file)), int(line)) for file, line in frames if Path(file).is_relative_to(project.folder)
    )
    own = next(found_own, (where, None))
    found = f"the program did not end within {seconds:g} s"
    return ProgramFailed(own[0], own[1], found, "a program that ends by itself, or a longer --timeout", text[-2000:])


HINTS = {
    "ConfigMissingError": "the value with --config KEY=VALUE or in the stack's Pulumi.STACK.yaml",
    "ConfigTypeError": "a typed stand-in for the secret under `secrets:` in lychgate.yaml, or a value of that type",
    "ModuleNotFoundError": "the package in the project's virtual environment (see `runtime.options` in Pulumi.yaml)",
    "SystemExit": "a program that ends by itself: what comes after the exit was never seen",
    "SyntaxError": "Python that can be read",
}


def explain(project: Project, where: str, ended: Ended, recorded: Recorded) -> ProgramFailed:
    """One message for a program that failed: what, and where in its own files."""
    report = ended.report
    redact = Redactor.of(Graph(recorded.resources.values()))
    output = redact((ended.stdout[-4000:] + ended.stderr[-4000:]).strip())
    kind, text, place = str(report.get("error", "")), str(report.get("text", "")), report.get("place")
    file, line = where, None
    if isinstance(place, list) and len(place) == 2:
        file, line = shown(project, project.folder / str(place[0])), int(place[1])
    if recorded.errors and (not kind or kind not in ("SystemExit", *HINTS)):
        return ProgramFailed(file, line, redact(recorded.errors[0]), "", output)
    if "larger than max" in text or "RESOURCE_EXHAUSTED" in text:
        found = f"a resource is larger than {MESSAGE_LIMIT >> 20} MiB, more than any provider takes"
        return ProgramFailed(file, line, found, "smaller properties (an asset or archive for files)", output)
    if kind == "SystemExit":
        found = f"the program called sys.exit({text})"
    elif kind:
        found = f"the program raised {kind}: {redact(text.strip())}"
    elif ended.code < 0:
        found = f"the program was ended by signal {-ended.code} (out of memory, a limit of the sandbox, or a crash)"
    else:
        found = f"the program left without finishing (exit status {ended.code})"
    return ProgramFailed(file, line, found, HINTS.get(kind, ""), output)
