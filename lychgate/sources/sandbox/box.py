"""Starting an untrusted program with as little around it as the system lets us take away."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lychgate.sources.sandbox.child import Isolation, Sandboxed, remove
from lychgate.sources.sandbox.launcher import wire
from lychgate.sources.sandbox.paths import View, view
from lychgate.sources.sandbox.plan import Plan

Isolate = Literal["auto", "require", "off"]

_HERE = Path(__file__).parent
_LAUNCH = "import sys; sys.path.append(sys.argv[1]); from launcher.main import main; main(int(sys.argv[2]))"
# The limit counts what is reserved: glibc reserves 64 MiB for the heap of each thread (mallopt(3), M_ARENA_MAX).
_FEW_ARENAS = {"MALLOC_ARENA_MAX": "2"}
# LD_LIBRARY_PATH: some builds of Python do not find their own library without it.
_PASSED_ON = ("PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH")
_START_TIMEOUT = 60_000  # milliseconds
# What is tried, from most to least: (namespaces, mounts).
_LEVELS: dict[Isolate, list[tuple[bool, bool]]] = {
    "auto": [(True, True), (True, False), (False, False)],
    "require": [(True, True)],
    "off": [(False, False)],
}
_SWITCHED_OFF = "isolation is switched off"


class IsolationError(Exception):
    """The system does not allow the isolation that is required; the message says what, and how to permit it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use. Sizes in bytes."""

    memory: int = 4 << 30
    """Address space of one process, and memory of all its processes together."""
    disk: int = 256 << 20
    """Size of one file, and of its /tmp."""
    tasks: int = 512
    """Processes and threads together."""
    open_files: int = 1024
    cpu_seconds: int = 900
    """Of one process."""


_DEFAULT = Limits()


def start(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    readable: Iterable[Path] = (),
    shared: Path | None = None,
    env: Mapping[str, str] | None = None,
    isolate: Isolate = "auto",
    limits: Limits = _DEFAULT,
    keep_output: int = 65_536,
) -> Sandboxed:
    """Start a program that can read `readable`, its folder `cwd` and the system's programs, and change nothing.

    `command` begins with an absolute path. Every path is the same inside. Through sockets in `shared` the program and
    we talk: it can make and remove them there, but not store data; believe nothing that lies there, symbolic links
    least. `env` is added to the few variables of our own that are passed on; HOME and TMPDIR are set. Standard input
    is empty. Of each output the last `keep_output` bytes are kept. `isolate`: "require" refuses to start where
    something would stay open, "auto" says what, "off" does not isolate.

    Raises IsolationError; OSError when the program cannot be run; ValueError for a folder that cannot be shown (see
    `view`).
    """
    if sys.platform != "linux":
        raise IsolationError("programs are isolated by means of Linux: use a container or a virtual machine of it")
    shown = view([*readable, cwd], shared)
    refusal = _SWITCHED_OFF if isolate == "off" else ""
    for level in _LEVELS[isolate]:
        plan = _plan([str(part) for part in command], os.path.abspath(cwd), env or {}, limits, shown, isolate, level)
        answer: Sandboxed | str | None = None
        try:
            answer = _launch(plan, keep_output, refusal)
        finally:
            if not isinstance(answer, Sandboxed):
                remove(plan["scratch"])
        if isinstance(answer, Sandboxed):
            return answer
        refusal = refusal or answer
    raise IsolationError(f"the program cannot be isolated: {refusal}. {how_to_permit()}")


def _plan(
    command: list[str],
    cwd: str,
    env: Mapping[str, str],
    limits: Limits,
    shown: View,
    isolate: Isolate,
    level: tuple[bool, bool],
) -> Plan:
    namespaces, mounts = level
    scratch = os.path.realpath(tempfile.mkdtemp(prefix="lychgate-sandbox-"))
    tmp = "/tmp" if mounts else f"{scratch}/tmp"
    home = "/tmp/.home" if mounts else f"{scratch}/home"
    return Plan(
        command=command,
        cwd=cwd,
        env={
            **_own_environment(),
            **_FEW_ARENAS,
            **env,
            "HOME": home,
            "TMPDIR": tmp,
            "PWD": cwd,
            "USER": "user",
            "LOGNAME": "user",
        },
        home=home,
        tmp=tmp,
        namespaces=namespaces,
        mounts=mounts,
        confine=isolate != "off",
        require=isolate == "require",
        scratch=scratch,
        shown=shown.shown,
        links=shown.links,
        hidden=shown.hidden,
        shared=shown.shared,
        memory=limits.memory,
        disk=limits.disk,
        tasks=limits.tasks,
        open_files=limits.open_files,
        cpu_seconds=limits.cpu_seconds,
    )


def how_to_permit() -> str:
    """What to change so that a program can be isolated: the kernel's settings that forbid it, or a container's."""
    settings = {
        "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl kernel.unprivileged_userns_clone=1"),
        "/proc/sys/user/max_user_namespaces": ("0", "sysctl user.max_user_namespaces=16384"),
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
            "1",
            "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    }
    found = [
        remedy
        for path, (forbidding, remedy) in settings.items()
        if os.path.exists(path) and Path(path).read_text(encoding="ascii").strip() == forbidding
    ]
    if found:
        return "To permit it, as root: " + ", ".join(found) + "."
    return (
        "In a container, its runtime forbids user namespaces. To permit them: `docker run --security-opt "
        "seccomp=unconfined --security-opt apparmor=unconfined`; for a GitLab runner with the Docker executor, "
        'security_opt = ["seccomp:unconfined", "apparmor:unconfined"] below [runners.docker] in its config.toml.'
    )


def _own_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key in _PASSED_ON or key.startswith("LC_")}


def _launch(plan: Plan, keep_output: int, refusal: str) -> Sandboxed | str:
    """Start the launcher on a plan: the running program, or why the system refused."""
    ours, theirs = socket.socketpair()
    arguments = ["-I", "-S", "-c", _LAUNCH, str(_HERE), str(theirs.fileno())]
    with theirs:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env=_own_environment(),
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
    with contextlib.suppress(BrokenPipeError):  # the launcher is dead: its error output says why
        wire.send(ours.fileno(), plan)
    poller = select.poll()
    poller.register(ours, select.POLLIN)
    answer = wire.receive(ours.fileno()) if poller.poll(_START_TIMEOUT) else None
    match answer:
        case ("ready", bool(network), bool(processes), bool(filesystem), tuple(missing)):
            isolation = Isolation(network, processes, filesystem, missing, refusal if missing else "")
            return Sandboxed(plan["command"], process, ours, plan["scratch"], isolation, keep_output)
    with process, ours:
        process.kill()
        match answer:
            case ("refused", str(reason)):
                return reason
            case ("failed", int(number), str(text), str(path)):
                raise OSError(number, text, path or plan["command"][0])
        error = process.stderr.read().decode("utf-8", "replace") if process.stderr else ""
        raise IsolationError(f"the launcher of isolated programs failed: {error.strip() or 'no answer'}")
