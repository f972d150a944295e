"""A running untrusted program: what it printed, how it ended, and the means to end it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass
from typing import IO, Literal, cast

from lychgate.sources.sandbox.launcher import wire

_PATIENCE = 15.0  # seconds for the guard to end everything; it gives up after ten itself
_PIECE = 65_536

Stopped = Literal["stopped", "tasks", "memory", "shared"]


@dataclass(frozen=True, slots=True)
class Isolation:
    """What a program is isolated from; `missing` says in words what is still open, `reason` why (empty: nothing is)."""

    network: bool
    processes: bool
    filesystem: bool
    missing: tuple[str, ...]
    reason: str = ""


class _Tail:
    """The end of a stream, read to its end in a thread, so that who writes never waits and we never fill up."""

    def __init__(self, stream: IO[bytes], keep: int) -> None:
        self.total = 0
        """Bytes seen so far."""
        self._keep = keep
        self._data = bytearray()
        self._stream = stream
        self._thread = threading.Thread(target=self._drain, name="program output", daemon=True)
        self._thread.start()

    def text(self) -> str:
        """What is kept, decoded; bytes that are no UTF-8 are replaced."""
        return bytes(self._data[-self._keep :]).decode("utf-8", "replace")

    def join(self, timeout: float) -> None:
        """Wait until the stream has ended, or for so many seconds."""
        self._thread.join(timeout)

    def _drain(self) -> None:
        with self._stream:
            while piece := os.read(self._stream.fileno(), _PIECE):
                self.total += len(piece)
                self._data += piece
                if len(self._data) > 2 * self._keep + _PIECE:
                    del self._data[: -self._keep]


class Sandboxed:
    """A handle like subprocess.Popen's. Use it as a context manager: leaving it ends the program whole."""

    def __init__(
        self,
        command: list[str],
        process: subprocess.Popen[bytes],
        line: socket.socket,
        scratch: str,
        isolation: Isolation,
        keep: int,
    ) -> None:
        self.command = command
        self.isolation = isolation
        self.returncode: int | None = None
        """As subprocess.Popen's: the exit status, or minus the signal's number."""
        self.stopped: Stopped | None = None
        """Why it was ended, if it did not end itself: `kill()`, or the limit that it broke."""
        self._stdout = _Tail(cast("IO[bytes]", process.stdout), keep)
        self._stderr = _Tail(cast("IO[bytes]", process.stderr), keep)
        self._process = process
        self._line = line
        self._scratch = scratch
        self._lock = threading.Lock()

    def __enter__(self) -> Sandboxed:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def stdout(self) -> str:
        """The end of what it printed. An untrusted program's text: escape it."""
        return self._stdout.text()

    def stderr(self) -> str:
        """The end of what it printed as errors. An untrusted program's text: escape it."""
        return self._stderr.text()

    def printed(self) -> int:
        """Bytes that it has printed in all, on both."""
        return self._stdout.total + self._stderr.total

    def poll(self) -> int | None:
        """The return code, or None while it runs."""
        return self._finish() if self._process.poll() is not None else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the program has ended, and with it all it started; raises subprocess.TimeoutExpired."""
        self._process.wait(timeout)
        return self._finish()

    def kill(self) -> int:
        """End the program and all it started, and wait for that. Does no harm after its end."""
        with contextlib.suppress(OSError):  # has ended already
            self._line.shutdown(socket.SHUT_WR)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return self._finish()

    def _finish(self) -> int:
        with self._lock:
            if self.returncode is None:
                match wire.receive(self._line.fileno()):
                    case ("ended", int(status), reason):
                        self.returncode = os.waitstatus_to_exitcode(status)
                        self.stopped = cast("Stopped | None", reason)
                    case _:  # the guard itself was killed
                        self.returncode = -signal.SIGKILL
                self._line.close()
                self._stdout.join(_PATIENCE)
                self._stderr.join(_PATIENCE)
                remove(self._scratch)
        return self.returncode


def remove(folder: str) -> None:
    """Remove a folder of ours that a program may have filled."""
    try:
        os.rmdir(folder)
    except OSError:  # the program wrote there, maybe folders too deep for Python to follow
        subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)
