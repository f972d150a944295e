"""The launcher's roles, each in a process of its own: the guard, the first process and the program.

guard    keeps the line to Lychgate, watches the limits, ends everything when the line breaks, says how it ended.
first    is process 1 of its namespace, where there is one: with it the kernel ends whatever the program left behind.
program  gives up its rights and becomes the untrusted program.
"""

from __future__ import annotations

import os
import resource
import select
import sys

from . import isolation, kernel, watch, wire

TYPE_CHECKING = False  # as typing's, without the price of importing it
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from ..plan import Plan

_KILL = 9
_LOOK_EVERY = 20  # milliseconds; at the machine's number of tasks, which costs next to nothing
_CHECK_EVERY = 10  # looks; each process is counted, and its memory
_SUDDEN = 50  # more tasks on the machine: a fork bomb doubles in a few milliseconds, and later none gets its turn


def main(control: int) -> NoReturn:
    """Be the guard; `control` is the descriptor of the line to Lychgate, on which the plan arrives."""
    os.set_inheritable(control, False)
    plan: Plan = wire.receive(control)  # type: ignore[assignment]  # only our own parent writes it
    _go_first()
    priority = _come_first()
    user_namespace = False
    if plan["namespaces"]:
        try:
            user_namespace = isolation.leave_namespaces()
        except isolation.Refused as refused:
            wire.send(control, ("refused", str(refused)))
            sys.exit(1)
    # The program runs as the same user: it must not look into this process or the first one.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    told, tell = os.pipe()
    first = _fork(control, lambda: _first(control, plan, tell, user_namespace, priority))
    os.close(tell)
    reason = _guard(control, told, first, plan)
    os.kill(first, _KILL)  # not reaped yet, so the number is still its own
    watch.end_descendants()
    status = os.read(told, 4)
    try:
        wire.send(control, ("ended", int.from_bytes(status, "little") if status else _KILL, reason))
    except OSError:  # Lychgate itself is gone, and cannot tidy up
        os.execv("/bin/rm", ["rm", "-rf", "--", plan["scratch"]])
    os._exit(0)  # no time for the interpreter's own tidying up


def _go_first() -> None:
    """When memory runs out, nothing else on the machine shall be ended before this."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    except OSError:  # some containers do not allow even that
        return


def _come_first() -> int:
    """Let no fork bomb keep the guard waiting: root may, whom the kernel does not count. The priority before.

    Ten thousand processes of a bomb outweigh any priority, so that the guard comes before all of them (sched(7)); where
    that is not allowed, priority must do. What it starts is scheduled as before.
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:  # who may not do the one may not do the other
        return before
    return before


def _fork(control: int, role: Callable[[], NoReturn]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        role()
    except isolation.Refused as refused:
        wire.send(control, ("refused", str(refused)))
    except OSError as error:
        wire.send(control, ("failed", error.errno or 0, error.strerror or "", str(error.filename or "")))
    finally:
        os._exit(1)


def _guard(control: int, told: int, first: int, plan: Plan) -> str | None:
    """Wait until the first process tells the program's end, or ends; or say which limit is broken, or "stopped"."""
    poller = select.poll()
    poller.register(told, select.POLLIN)
    poller.register(control, select.POLLIN)
    looks, seen = 0, watch.tasks_of_machine()
    while True:
        ready = [descriptor for descriptor, _ in poller.poll(_LOOK_EVERY)]
        if told in ready:
            return None
        if control in ready:
            return "stopped"
        looks += 1
        if looks % _CHECK_EVERY and watch.tasks_of_machine() < seen + _SUDDEN:
            continue
        looks, seen = 0, watch.tasks_of_machine()
        broken = watch.excess(first, tasks=plan["tasks"], memory=plan["memory"])
        if plan["shared"] and watch.holds_data(plan["shared"]):
            broken = "shared"
        if broken:
            return broken


def _first(control: int, plan: Plan, tell: int, user_namespace: bool, priority: int) -> NoReturn:
    os.setpriority(os.PRIO_PROCESS, 0, priority)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, _KILL)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    if plan["mounts"]:
        isolation.enter_root(plan)
    program = _fork(control, lambda: _program(control, plan, user_namespace))
    while True:
        child, status = os.wait()
        if child == program:
            os.write(tell, status.to_bytes(4, "little"))
            os._exit(0)


def _program(control: int, plan: Plan, user_namespace: bool) -> NoReturn:
    os.setsid()
    os.chdir(plan["cwd"])
    for folder in (plan["home"], plan["tmp"]):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    command = plan["command"]
    os.stat(command[0])
    _limit(plan, user_namespace)
    state = isolation.confine(plan)
    if state.missing and plan["require"]:
        raise isolation.Refused("; ".join(state.missing))
    kernel.default_signals()
    wire.send(control, ("ready", state.network, state.processes, state.filesystem, state.missing))
    try:
        os.execve(command[0], command, plan["env"])
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127)


def _limit(plan: Plan, user_namespace: bool) -> None:
    limits = {
        resource.RLIMIT_AS: plan["memory"],
        resource.RLIMIT_FSIZE: plan["disk"],
        resource.RLIMIT_NOFILE: plan["open_files"],
        resource.RLIMIT_CPU: plan["cpu_seconds"],
        resource.RLIMIT_CORE: 0,
    }
    if user_namespace:
        # Elsewhere it would count all processes of the user; and it never holds for root: the guard counts, too.
        limits[resource.RLIMIT_NPROC] = plan["tasks"]
    for kind, wanted in limits.items():
        allowed = resource.getrlimit(kind)[1]
        value = wanted if allowed == resource.RLIM_INFINITY else min(wanted, allowed)
        resource.setrlimit(kind, (value, value))
