"""A Python language host: runs programs and policy packs for the engine, in the interpreters their projects name.

Follows pulumi/pulumi, sdk/python/cmd/pulumi-language-python, for what `preview`, `up`, `destroy` and `install` need;
code generation is left out. Programs are started by Pulumi's own `pulumi-language-python-exec`, which the toolchain
has on PATH.
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from tests.engine.plugins.interpreter import Interpreter, NoInterpreter, interpreter
from tests.engine.plugins.policy_proxy import PolicyProxy

# How a program says that the user has been told already why it failed.
TOLD = 32


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """The protocol's side; `engine` is the address that programs talk to."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.running: list[subprocess.Popen[bytes]] = []

    def Handshake(self, request: Any, context: Any) -> Any:
        self.engine = request.engine_address or self.engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def About(self, request: Any, context: Any) -> Any:
        python = _interpreter(request.info, context)
        version = _output(python, "-c", "import platform; print(platform.python_version())")
        return language_pb2.AboutResponse(executable=str(python.python), version=version.strip())

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        packages = _packages(_interpreter(request.info, context), context)
        found = [language_pb2.DependencyInfo(name=each["name"], version=each["version"]) for each in packages]
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        python = _interpreter(request.info, context)
        required = []
        for each in _packages(python, context):
            name, version = each["name"].replace("_", "-"), each["version"]
            if name.startswith("pulumi-") and name != "pulumi-policy":
                package = name.removeprefix("pulumi-")
                required.append(plugin_pb2.PackageDependency(name=package, version=f"v{version}", kind="resource"))
        return language_pb2.GetRequiredPackagesResponse(packages=required)

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """Make the environment that the options name and put the project's requirements into it."""
        folder = Path(request.info.program_directory)
        options = json_format.MessageToDict(request.info.options)
        if options.get("toolchain") == "uv":
            commands = [["uv", "sync"]]
        else:
            environment = str(Path(request.info.root_directory) / options.get("virtualenv", "venv"))
            commands = [[sys.executable, "-m", "venv", environment]]
            if (folder / "requirements.txt").exists():
                commands.append([f"{environment}/bin/python", "-m", "pip", "install", "-r", "requirements.txt"])
        for command in commands:
            done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            yield language_pb2.InstallDependenciesResponse(stdout=done.stdout)
            if done.returncode != 0:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"`{' '.join(command)}` failed")

    def Run(self, request: Any, context: Any) -> Any:
        python = _interpreter(request.info, context)
        shim = shutil.which("pulumi-language-python-exec")
        if shim is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "pulumi-language-python-exec is not on PATH")
        values = {
            "monitor": request.monitor_address,
            "engine": self.engine,
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        options = [part for name, value in values.items() if value for part in (f"--{name}", value)]
        environ = python.environ()
        environ["PULUMI_CONFIG"] = json.dumps(dict(request.config))
        environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
        command = [str(python.python), "-u", shim, *options, request.info.entry_point or ".", *request.args]
        # The program's own output goes where this process's goes: the engine shows it as the program's diagnostics.
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL)
        context.add_callback(process.terminate)
        self.running.append(process)
        status = process.wait()
        if status == TOLD:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {status}" if status else "")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        python = _interpreter(request.info, context, plugin=request.kind != "analyzer")
        folder = request.info.program_directory
        environ = {**python.environ(), **dict(each.split("=", 1) for each in request.env if "=" in each)}
        if python.environment is not None:
            environ |= {name: python.environ()[name] for name in ("PATH", "VIRTUAL_ENV")}
        if request.kind != "analyzer":
            yield from self._stream([str(python.python), folder, *request.args], request.pwd, environ, context)
            return
        # The pack's SDK reads project, stack and configuration from its environment when it starts, and the engine
        # says them only to a running pack: so a stand-in is running first.
        with PolicyProxy() as proxy:
            context.add_callback(proxy.stop)
            yield language_pb2.RunPluginResponse(stdout=f"{proxy.port}\n".encode())
            environ |= proxy.wait_for_configuration()
            command = [str(python.python), "-u", "-m", "pulumi.policy", *request.args, folder]
            stream = self._stream(command, folder, environ, context)
            for message in stream:
                if message.stdout and not proxy.attached:
                    proxy.attach(message.stdout)
                else:
                    yield message

    def Cancel(self, request: Any, context: Any) -> Any:
        for process in self.running:
            process.terminate()
        return empty_pb2.Empty()

    def _stream(self, command: list[str], folder: str, environ: dict[str, str], context: Any) -> Iterator[Any]:
        """Run a command and pass on what it prints, line by line, and at last its exit code."""
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        context.add_callback(process.terminate)
        self.running.append(process)
        lines: queue.Queue[tuple[str, bytes] | None] = queue.Queue()

        def read(name: str, pipe: IO[bytes]) -> None:
            for line in pipe:
                lines.put((name, line))
            lines.put(None)

        assert process.stdout is not None and process.stderr is not None
        for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
            threading.Thread(target=read, args=(name, pipe), daemon=True).start()
        for _ in range(2):  # one end mark from each pipe
            for name, line in iter(lines.get, None):
                if name == "stdout":
                    yield language_pb2.RunPluginResponse(stdout=line)
                else:
                    yield language_pb2.RunPluginResponse(stderr=line)
        yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _interpreter(info: Any, context: Any, plugin: bool = False) -> Interpreter:
    """The interpreter of a program or plugin; ends the call with the reason when there is none."""
    options = json_format.MessageToDict(info.options)
    if plugin and options.get("toolchain", "pip") == "pip":
        options.setdefault("virtualenv", "venv")
    try:
        return interpreter(Path(info.root_directory), Path(info.program_directory), options)
    except NoInterpreter as why:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(why))
        raise  # never reached: abort raises


def _packages(python: Interpreter, context: Any) -> list[dict[str, str]]:
    """Name and version of the packages that pip sees. An environment without pip fails, as with the real host."""
    try:
        found: list[dict[str, str]] = json.loads(_output(python, "-m", "pip", "list", "--format", "json"))
    except subprocess.CalledProcessError as failed:
        why = f"calling `{python.python} -m pip list`: {failed.stderr.strip()}"
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, why)
        raise
    return found


def _output(python: Interpreter, *arguments: str) -> str:
    command = [str(python.python), *arguments]
    return subprocess.run(command, env=python.environ(), capture_output=True, text=True, check=True).stdout
