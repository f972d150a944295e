"""The process that runs judged programs, seen from Lychgate's side. What it says is hostile data."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lychgate.model.errors import InputError
from lychgate.sources.program.hosting import Shapes, deep_threads
from lychgate.sources.sandbox import Isolate, IsolationError, Limits, Sandboxed, interpreter_folders, start

HOST = Path(__file__).with_name("host.py")
SHAPES = Path(__file__).with_name("shapes.py")
LINE_LIMIT = 32 << 20
START_SECONDS = 60.0
WHERE_SECONDS = 5.0
MOST_ANSWERS = 64
LONGEST_FOLDER = 85


class HostLost(Exception):
    """The process has gone, or speaks nonsense; the text says what is known."""


class TimedOut(Exception):
    """A program was stopped at its time limit; `stderr` is the tail of its own, with a stack trace at the end."""

    def __init__(self, stderr: str) -> None:
        super().__init__("the program did not end in time")
        self.stderr = stderr


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: exit code, its report (see host.py), the tails of its output."""

    code: int
    report: dict[str, Any]
    stdout: str
    stderr: str


class HostProcess:
    """One interpreter in a sandbox, ready to run programs of `folder` one after the other. Use as a context manager."""

    def __init__(
        self, interpreter: Path, folder: Path, readable: Sequence[Path], isolate: Isolate, limits: Limits
    ) -> None:
        self.shared = _folder_for_sockets()
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue(MOST_ANSWERS)
        self._ended: queue.Queue[Ended | None] = queue.Queue()
        self._asking, self._sending = threading.Lock(), threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.shared / "control.sock"))
        self._listener.listen(1)
        self._control: socket.socket | None = None
        self._handles: list[int] = []
        self.threads, self.shapes = deep_threads(), Shapes()
        try:
            self.process: Sandboxed = start(
                [str(interpreter), "-P", str(HOST), str(self.shared)],
                cwd=folder,
                readable=[folder, HOST, SHAPES, *interpreter_folders(interpreter, folder), *readable],
                shared=self.shared,
                isolate=isolate,
                limits=limits,
            )
        except (IsolationError, OSError, ValueError) as error:
            self._clean()
            raise _not_started(error, interpreter, folder) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self._clean()

    def _clean(self) -> None:
        self.threads.shutdown(wait=False)
        if self._control:
            self._control.close()
        self._listener.close()
        for handle in self._handles:
            os.close(handle)
        shutil.rmtree(self.shared, ignore_errors=True)

    def ready(self) -> None:
        """Wait until the SDK is imported. Raises InputError where the interpreter or its SDK is not usable."""
        self._listener.settimeout(0.2)
        waited = 0.0
        while self._control is None:
            try:
                self._control, _ = self._listener.accept()
            except TimeoutError:
                waited += 0.2
                if self.process.poll() is not None or waited > START_SECONDS:
                    raise InputError(
                        str(self.process.command[0]),
                        found=f"the interpreter does not start: {self.process.stderr().strip()[-500:] or 'no output'}",
                        expected="a working Python",
                    ) from None
        self._control.settimeout(None)
        threading.Thread(target=self._listen, args=(self._control,), daemon=True).start()
        first = self._wait(START_SECONDS)
        if first.get("event") != "ready":
            raise InputError(
                str(self.process.command[0]),
                found=f"Pulumi cannot be imported: {first.get('error')}",
                expected="the pulumi package in the project's virtual environment",
            )

    def _listen(self, control: socket.socket) -> None:
        try:
            with control.makefile("rb") as stream:
                while line := stream.readline(LINE_LIMIT):
                    event = json.loads(line)
                    if event["event"] == "ended":
                        self._ended.put(
                            Ended(int(event["code"]), dict(event["report"]), str(event["stdout"]), str(event["stderr"]))
                        )
                    else:
                        self._answers.put(event)
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            pass
        self._ended.put(None)
        self._answers.put({"event": "gone"})

    def _send(self, command: dict[str, Any]) -> None:
        assert self._control is not None
        try:
            with self._sending:
                self._control.sendall(json.dumps(command).encode() + b"\n")
        except OSError as error:
            raise HostLost(self.epitaph()) from error

    def _wait(self, seconds: float) -> dict[str, Any]:
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise HostLost("the program's process does not answer") from None
        if answer.get("event") == "gone":
            self._answers.put(answer)
            raise HostLost(self.epitaph())
        return answer

    def epitaph(self) -> str:
        """What is known of a process that has gone."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10.0)
        broken = {
            "memory": "it used more memory than it may",
            "tasks": "it started more processes than it may",
            "shared": "it wrote where only sockets may be",
        }.get(self.process.stopped or "", self.process.stderr().strip()[-500:])
        return "the program's process was ended" + (f": {broken}" if broken else "")

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        with self._asking:
            self._send(command)
            return self._wait(START_SECONDS)

    def reach(self, target: str) -> str:
        """An address of ours that leads to a port of the program's loopback."""
        port = int(target.rpartition(":")[2])
        path = str(self._ask({"op": "relay", "port": port}).get("path"))
        try:
            if Path(path).parent != self.shared:
                raise OSError
            # Held, so that what is dialled is what was looked at: a link put in its place leads nowhere.
            handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (OSError, ValueError):
            raise HostLost("the program's process names something that is no socket of its folder") from None
        self._handles.append(handle)
        if not stat.S_ISSOCK(os.fstat(handle).st_mode):
            raise HostLost("the program's process names something that is no socket of its folder")
        return f"unix:/proc/self/fd/{handle}"

    def preload(self, modules: Iterable[str]) -> None:
        """Import modules before programs are forked, so that many programs import them once."""
        self._send({"op": "preload", "modules": list(modules)})

    def run(self, settings: dict[str, Any], seconds: float) -> Ended:
        """Run a program to its end. Raises TimedOut, HostLost."""
        self._send({"op": "run", **settings})
        try:
            ended = self._ended.get(timeout=seconds)
        except queue.Empty:
            raise TimedOut(self._where()) from None
        if ended is None:
            raise HostLost(self.epitaph())
        return ended

    def _where(self) -> str:
        """Have the program end with a stack trace: the tail of its stderr, empty where it cannot be had."""
        try:
            self._send({"op": "where"})
            ended = self._ended.get(timeout=WHERE_SECONDS)
        except (HostLost, queue.Empty):
            return ""
        return ended.stderr if ended else ""

    def abandon(self) -> None:
        """End the program that runs, or has come to its end."""
        with contextlib.suppress(HostLost):
            self._send({"op": "end"})


def _folder_for_sockets() -> Path:
    """A new folder, whose path leaves room for names: the address of a socket has 107 bytes (unix(7))."""
    folder = Path(tempfile.mkdtemp(prefix="lychgate-"))
    if len(os.fsencode(folder)) <= LONGEST_FOLDER:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="lychgate-", dir="/tmp"))


def _not_started(error: IsolationError | OSError | ValueError, interpreter: Path, folder: Path) -> InputError:
    """Why the process could not be started, in words for who has called."""
    if isinstance(error, IsolationError):
        return InputError("--isolate", found=str(error))
    if isinstance(error, OSError):
        found = f"the interpreter cannot be run: {error.strerror or error}"
        return InputError(str(interpreter), found=found, expected="a working Python")
    return InputError(str(folder), found=str(error))
