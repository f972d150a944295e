"""The `pulumi` command for one stack: its project folder, its interrupts, and what must survive of its settings.

The program is the provisioner as a program of its own, not a function in this process: it is what is captured, its
crash ends nothing else, and what it prints or imports is its own affair. Its project file stands in a temporary folder
and names the program by `main`, so nothing is written where Lychgate is installed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

import yaml
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.capturing import PROGRAM, PROJECT
from lychgate.provisioner.sync.unchanged import STACKS
from lychgate.reports import replace
from pulumi.automation import CommandResult, InvalidVersionError, PulumiCommand
from pulumi.automation.errors import create_command_error

from lychgate.model.errors import InputError

# What a stack's settings file must keep from run to run: with what its secrets are encrypted.
KEPT = ("secretsprovider", "encryptedkey", "encryptionsalt")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Cancelled(Exception):
    """Somebody has interrupted the sync before the command was started."""


class Command(PulumiCommand):
    """The `pulumi` command, which an interrupt of ours reaches once and by our hand.

    It runs in a session of its own: a terminal's Ctrl-C would reach it and us alike, and the second that it gets means
    to end at once and to leave things half done.
    """

    def __init__(self) -> None:
        self.interrupts = 0
        self.result: CommandResult | None = None
        self.codes: dict[str, int] = {}
        self.pid = 0
        self._process: subprocess.Popen[str] | None = None
        if shutil.which("pulumi") is None:
            expected = "Pulumi's command line (https://www.pulumi.com/docs/install/); `--plan` works without it"
            raise InputError("pulumi", found="there is no such command on PATH", expected=expected)
        try:
            super().__init__()
        except (InvalidVersionError, OSError, subprocess.CalledProcessError) as error:
            raise InputError(
                "pulumi", found=str(error), expected="a version that the installed SDK works with"
            ) from None

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> CommandResult:
        """Run it to its end. Raises CommandError where it fails, Cancelled where it is not even started."""
        if self.interrupts:
            raise Cancelled
        command = [self.command, "--non-interactive", *(one for one in args if one != "--non-interactive")]
        process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            errors="replace", start_new_session=True,
        )  # fmt: skip
        self._process, self.pid = process, process.pid
        if self.interrupts:  # it came while the process was made
            self._send(process)
        texts = _read(process, on_output, on_error)
        code = process.wait()
        self._process = None
        operation = next(one for one in args if not one.startswith("-"))
        self.codes[operation] = code
        self.result = CommandResult(stdout=texts[0], stderr=texts[1], code=code)
        if code != 0:
            raise create_command_error(self.result)
        return self.result

    def interrupt(self) -> None:
        """Ask it to end: what is under way is ended properly, nothing else begins. Asked again, it ends at once; a
        third time, it is killed."""
        self.interrupts += 1
        if self._process is not None:
            self._send(self._process)

    def _send(self, process: subprocess.Popen[str]) -> None:
        with suppress(ProcessLookupError):
            if self.interrupts > 2:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.send_signal(signal.SIGINT)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """SIGINT, SIGTERM and SIGHUP become interrupts of the command. In another thread than the main one they stay
        as they are, and so does one that is ignored."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def handle(number: int, frame: FrameType | None) -> None:
            self.interrupt()

        heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, handle) for number in heard}
        try:
            yield
        finally:
            for number, old in before.items():
                signal.signal(number, old)


def _read(process: subprocess.Popen[str], *callbacks: Callable[[str], Any] | None) -> list[str]:
    """What a process prints, stdout and stderr, until it closes both."""
    texts: list[list[str]] = [[], []]

    def consume(stream: IO[str], lines: list[str], callback: Callable[[str], Any] | None) -> None:
        with stream:
            for line in stream:
                lines.append(line.rstrip())
                if callback is not None:
                    callback(lines[-1])

    assert process.stdout is not None and process.stderr is not None
    streams = (process.stdout, process.stderr)
    threads = [threading.Thread(target=consume, args=three) for three in zip(streams, texts, callbacks, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ["\n".join(lines) for lines in texts]


class Folder:
    """The temporary folder of a project, and the settings of one stack in it."""

    def __init__(self, path: Path, scope: Scope, provider: str) -> None:
        self.path, self.provider = path, provider
        self.file = path / f"Pulumi.{scope.stack}.yaml"
        self.kept = scope.platform.folder / STACKS / self.file.name

    def prepare(self) -> None:
        """Write the project, and what was kept of the stack's settings. Raises InputError where that does not fit."""
        options = {"toolchain": "pip", "virtualenv": sys.prefix} if sys.prefix != sys.base_prefix else {}
        runtime: dict[str, Any] = {"name": "python", "options": options} if options else {"name": "python"}
        project = {"name": PROJECT, "main": str(PROGRAM), "runtime": runtime}
        (self.path / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
        if self.kept.exists():
            kept = _settings(self.kept)
            if (named := kept.get("secretsprovider", self.provider)) != self.provider:
                expected = f"{self.provider}, as the environment says (`pulumi stack change-secrets-provider`)"
                raise InputError(str(self.kept), found=f"secretsprovider is {named}", expected=expected)
            self.file.write_text(yaml.safe_dump(kept), encoding="utf-8")

    def configure(self, values: Mapping[str, str]) -> None:
        """Add configuration to the stack's settings."""
        settings = _settings(self.file) if self.file.exists() else {}
        self.file.write_text(yaml.safe_dump({**settings, "config": dict(values)}), encoding="utf-8")

    def keep(self) -> None:
        """Write what must survive to the platform's folder, where that is not there already. Raises InputError."""
        settings = _settings(self.file) if self.file.exists() else {}
        if not settings or (self.kept.exists() and _settings(self.kept) == settings):
            return
        try:
            self.kept.parent.mkdir(exist_ok=True)
            replace(self.kept, yaml.safe_dump(settings).encode())
        except OSError as error:
            found = f"cannot be written: {error.strerror}"
            expected = "a place for what encrypts the stack's secrets"
            raise InputError(str(self.kept), found=found, expected=expected) from None


def _settings(file: Path) -> dict[str, Any]:
    """Of a stack's settings, what must survive."""
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    told = told if isinstance(told, dict) else {}
    return {name: told[name] for name in KEPT if isinstance(told.get(name), str)}
