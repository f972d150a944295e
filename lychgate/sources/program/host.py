"""Runs in the sandbox, in the judged program's own interpreter: standard library and the program's own Pulumi SDK only.

Lychgate's process tells it over a Unix socket, one JSON object a line, what to do:

    {"op": "preload", "modules": M}  import modules once, before programs are forked
    {"op": "run", ...}               run a program, in a forked child (the SDK is imported once, before)
    {"op": "where"}                  have the running program write its stack trace to its stderr, and end it
    {"op": "end"}                    end it
    {"op": "relay", "port": P}       listen on a Unix socket and pass on to 127.0.0.1:P (the SDK's callback server)

and is told `ready`, `relayed` and, when a program ends, `ended` with its error and the tail of its output. A program
that has come to its end is held there until it is told to `end`: what it has left behind, to begin when it is gone,
begins when nobody listens any more. The program talks to Lychgate's monitor itself; which outputs its resource types
have is told there too (see shapes.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import importlib
import importlib.util
import itertools
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
import types
import typing

TAIL = 64 * 1024
WHERE = 0.3  # seconds in which a stack trace is written


def main() -> None:
    """Serve one Lychgate process until it hangs up."""
    folder = sys.argv[1]
    control = socket.socket(socket.AF_UNIX)
    control.connect(os.path.join(folder, "control.sock"))
    try:
        import grpc._channel  # what a program's first call would import, after the fork  # noqa: F401
        import pulumi
        import pulumi.runtime

        event = {"event": "ready", "version": getattr(pulumi, "__version__", "")}
    except Exception as error:
        event = {"event": "broken", "error": f"{type(error).__name__}: {error}"}
    Host(control, folder, load("shapes")).serve(event)


class Host:
    """The control loop: one thread, one program at a time."""

    def __init__(self, control: socket.socket, folder: str, shapes: types.ModuleType) -> None:
        self.control, self.folder, self.shapes = control, folder, shapes
        self.selector = selectors.DefaultSelector()
        self.buffer = b""
        self.child = 0
        self.hold = -1  # a program that has come to its end waits for this to be closed
        self.held = False
        self.outputs: dict[str, bytearray] = {}

    def send(self, event: dict[str, typing.Any]) -> None:
        """One event to Lychgate."""
        self.control.sendall(json.dumps(event).encode() + b"\n")

    def serve(self, first: dict[str, typing.Any]) -> None:
        """Answer until the other side closes."""
        self.send(first)
        self.selector.register(self.control, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.control:
                    chunk = self.control.recv(1 << 16)
                    if not chunk:
                        return
                    self.buffer += chunk
                    *lines, self.buffer = self.buffer.split(b"\n")
                    for line in lines:
                        self.handle(json.loads(line))
                elif key.fd not in self.selector.get_map():
                    continue  # forgotten a moment ago
                elif key.data == "process":
                    self.finish(self.reap())
                else:
                    self.drain(key.fd, key.data)
                    if key.data == "report" and self.outputs["report"].endswith(b"\n"):
                        self.held = True
                        self.finish(None)

    def handle(self, command: dict[str, typing.Any]) -> None:
        """Do one thing that was asked."""
        operation = command["op"]
        if operation == "run":
            self.run(command)
        elif operation == "preload":
            gc.disable()  # nothing of it is garbage: looking for some takes a fifth of the time
            for module in command["modules"]:
                with contextlib.suppress(ImportError):
                    getattr(importlib.import_module(module), "load", None)  # the SDKs load a module on first look
            gc.freeze()  # so that a fork does not copy what its collector would visit
            gc.enable()
        elif operation in ("where", "end"):
            self.end(where=operation == "where")
        elif operation == "relay":
            self.send({"event": "relayed", "port": command["port"], "path": relay(self.folder, command["port"])})

    def run(self, command: dict[str, typing.Any]) -> None:
        """Fork, and run the program in the child with its outputs and its report in pipes that this loop drains."""
        self.end()
        pipes = [os.pipe() for _ in range(3)]
        held, self.hold = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            self.control.close()
            self.selector.close()
            os.close(self.hold)
            os.dup2(pipes[0][1], 1)
            os.dup2(pipes[1][1], 2)
            for read, _ in pipes:
                os.close(read)
            run_program(command, pipes[2][1], self.shapes)
            os.read(held, 1)
            os._exit(0)
        os.close(held)
        self.selector.register(os.pidfd_open(self.child), selectors.EVENT_READ, "process")
        for name, (read, write) in zip(("stdout", "stderr", "report"), pipes, strict=True):
            os.close(write)
            os.set_blocking(read, False)
            self.outputs[name] = bytearray()
            self.selector.register(read, selectors.EVENT_READ, name)

    def drain(self, descriptor: int, name: str) -> None:
        """Keep the tail of what the program writes."""
        with contextlib.suppress(BlockingIOError):
            chunk = os.read(descriptor, 1 << 16)
            tail = self.outputs[name]
            tail += chunk
            if len(tail) > TAIL:
                del tail[:-TAIL]
            if not chunk:
                self.forget(descriptor)

    def forget(self, descriptor: int) -> None:
        """Stop listening."""
        self.selector.unregister(descriptor)
        os.close(descriptor)

    def end(self, where: bool = False) -> None:
        """End the program, if there is one: with its stack trace, or without."""
        if self.child:
            with contextlib.suppress(ProcessLookupError):
                if where and not self.held:
                    os.kill(self.child, signal.SIGUSR1)
                    time.sleep(WHERE)
                os.kill(self.child, signal.SIGKILL)
            if self.held:  # else this loop hears of its end
                self.reap()

    def reap(self) -> int:
        """Take a process away that has ended, or is about to; its exit code."""
        os.close(self.hold)
        _, status = os.waitpid(self.child, 0)
        self.child, self.held = 0, False
        return os.waitstatus_to_exitcode(status)

    def finish(self, code: int | None) -> None:
        """The program has ended, with an exit code or a report. A process it left behind may hold its pipes open: that
        one is not waited for."""
        for key in list(self.selector.get_map().values()):
            if key.data:
                if key.data != "process":
                    self.drain(key.fd, key.data)
                if key.fd in self.selector.get_map():
                    self.forget(key.fd)
        told = {name: tail.decode(errors="replace") for name, tail in self.outputs.items()}
        try:
            report = json.loads(told.pop("report"))
        except ValueError:
            report = {}
        if code is None:
            code = 0 if report.get("done") else 1
        self.send({"event": "ended", "code": code, "report": report, **told})


def run_program(command: dict[str, typing.Any], report: int, shapes: types.ModuleType) -> None:
    """Run the program as Pulumi's own executor does, and write a line to `report` of how it ended."""
    import pulumi.log
    import pulumi.runtime.stack

    faulthandler.register(signal.SIGUSR1, file=2, all_threads=False)
    os.environ.update(command["env"])
    os.chdir(command["folder"])
    monitor, engine = shapes.connect(command["address"], command["known"])
    pulumi.log.debug = silence
    vars(pulumi.runtime.stack)["asyncio"] = Patient()
    pulumi.runtime.set_all_config(command["config"], command["secret_keys"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=command["project"],
            stack=command["stack"],
            parallel=command["parallel"],
            dry_run=True,
            monitor=monitor,
            engine=engine,
            organization=command["organization"],
            root_directory=command["root"],
        )
    )
    program = command["program"]
    limit_resources(command["limit"])
    gc.set_threshold(100_000, 20, 20)  # outputs by the ten thousand, which stay: looking through them takes long
    sys.argv = [program]
    sys.path.insert(0, program if os.path.isdir(program) else os.path.dirname(program))
    ending: dict[str, typing.Any] = {"done": True}
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: run_file(program)))
    except BaseException as error:
        ending = describe_error(error, command["folder"])
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(report, json.dumps(ending).encode()[: TAIL - 1] + b"\n")


def silence(*_: object, **__: object) -> None:
    """The SDK says much at debug level, each a call to the engine. Nobody reads it."""


class Patient:
    """asyncio, as the SDK waits for its outputs: not for the next, again and again among all, but for most at once.

    The SDK's own loop costs the square of their number: 40 seconds for 2,000 resources.
    """

    def __getattr__(self, name: str) -> typing.Any:
        return getattr(asyncio, name)

    async def wait(self, tasks: typing.Any, **_: object) -> typing.Any:
        """What has ended (at least one) and what has not, as soon as one has failed, at the latest after a moment."""
        done: set[typing.Any] = set()
        moment = 0.1 + len(tasks) / 10_000  # seconds: a look at all of them must not be what takes the time
        while not done:
            done, rest = await asyncio.wait(tasks, timeout=moment, return_when=asyncio.FIRST_EXCEPTION)
        return done, rest


class TooManyResources(Exception):
    """The program makes more resources than it may."""


def limit_resources(limit: int) -> None:
    """Stop at once a program that makes too many: the SDK registers none before the program's code has ended."""
    import pulumi

    resource: typing.Any = pulumi.Resource
    start, count = resource.__init__, itertools.count(1)

    def counted(self: object, *args: typing.Any, **named: typing.Any) -> None:
        if next(count) > limit:
            raise TooManyResources
        start(self, *args, **named)

    resource.__init__ = counted


def run_file(program: str) -> None:
    """The program's own code, as `python PROGRAM` would run it."""
    runpy.run_path(program, run_name="__main__")


def load(name: str) -> types.ModuleType:
    """A module beside this one, without its folder on the program's import path."""
    spec = importlib.util.spec_from_file_location(
        f"lychgate_{name}", os.path.join(os.path.dirname(__file__), f"{name}.py")
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def describe_error(error: BaseException, folder: str) -> dict[str, typing.Any]:
    """What went wrong, and where in the program's own files: the deepest such frame of the error or its causes. Where
    there is none, `beyond` is the place in the package that raised it."""
    place = None
    chain, seen = [error], set()
    while chain:
        one = chain.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        chain += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
        if isinstance(one, SyntaxError) and one.filename:
            place = place or own(one.filename, one.lineno or 1, folder)
        for frame in reversed(traceback.extract_tb(one.__traceback__)):
            place = place or own(frame.filename, frame.lineno or 1, folder)
    text = str(error.code if isinstance(error, SystemExit) else error)
    frames = traceback.extract_tb(error.__traceback__)
    beyond = "" if place or not frames else f"{'/'.join(frames[-1].filename.split(os.sep)[-2:])}:{frames[-1].lineno}"
    return {"error": type(error).__name__, "text": text[:4000], "place": place, "beyond": beyond}


def own(file: str, line: int, folder: str) -> list[typing.Any] | None:
    """The place, relative to the program's folder, if it is in it and no installed package."""
    path = os.path.realpath(file)
    inside = os.path.relpath(path, os.path.realpath(folder))
    if inside.startswith("..") or "site-packages" in inside.split(os.sep) or not os.path.exists(path):
        return None
    return [inside, line]


def relay(folder: str, port: int) -> str:
    """A Unix socket in the shared folder that leads to a port of the sandbox's own loopback."""
    path = os.path.join(folder, f"relay-{port}.sock")
    if not os.path.exists(path):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(8)
        threading.Thread(target=accept, args=(listener, port), daemon=True).start()
    return path


def accept(listener: socket.socket, port: int) -> None:
    """Connect both sides of every caller."""
    while True:
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", port))
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=pump, args=(source, target), daemon=True).start()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Pass bytes on until the source ends."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(1 << 16):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
