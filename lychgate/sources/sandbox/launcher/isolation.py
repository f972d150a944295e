"""The steps of the isolation, and what remains open after those that the system allowed."""

from __future__ import annotations

import os

from . import kernel, landlock, root, syscalls, watch

TYPE_CHECKING = False  # as typing's, without the price of importing it
if TYPE_CHECKING:
    from ..plan import Plan

_USER = 1000
_HOST_NAME = "sandbox"


class Refused(Exception):
    """The system does not allow a step; says which, and its reason."""


class State:
    """What is isolated, and in words what is not."""

    def __init__(self, *, network: list[str], processes: list[str], filesystem: list[str], limits: list[str]) -> None:
        self.network = not network
        self.processes = not processes
        self.filesystem = not filesystem
        self.missing = (*network, *processes, *filesystem, *limits)


def leave_namespaces() -> bool:
    """Leave the system's network, processes (for children) and names; True if for a user namespace as well.

    Raises Refused.
    """
    rest = kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    user, group = os.geteuid(), os.getegid()
    owned = True
    try:
        kernel.unshare(kernel.CLONE_NEWUSER | rest)
    except OSError as error:
        owned = False
        try:
            kernel.unshare(rest)  # the right to do so without a user namespace is root's
        except OSError:
            raise Refused(f"new namespaces: {error.strerror}") from None
    try:
        if owned:
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"{_USER} {user} 1")
            _write("/proc/self/gid_map", f"{_USER} {group} 1")
        kernel.raise_loopback()
        kernel.set_host_name(_HOST_NAME)
    except OSError as error:
        raise Refused(f"rights in new namespaces: {error.strerror}") from None
    return owned


def enter_root(plan: Plan) -> None:
    """Let this process see only what the plan shows; raises Refused."""
    account = f"user:x:{os.getuid()}:{os.getgid()}::{plan['home']}:/bin/sh\n"
    files = {
        "/etc/passwd": account,
        "/etc/group": f"user:x:{os.getgid()}:\n",
        "/etc/hosts": f"127.0.0.1 localhost {_HOST_NAME}\n::1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }
    try:
        kernel.unshare(kernel.CLONE_NEWNS)
        root.enter(
            plan["scratch"],
            shown=plan["shown"],
            shared=plan["shared"],
            links=plan["links"],
            hidden=plan["hidden"],
            files=files,
            space=plan["disk"],
        )
    except OSError as error:
        raise Refused(f"mounting{f' {error.filename}' if error.filename else ''}: {error.strerror}") from None


def confine(plan: Plan) -> State:
    """Give up, in the process that becomes the program, what the namespaces left it; raises OSError."""
    known, filtered = 0, False
    if plan["confine"]:
        kernel.drop_capabilities()
        if not plan["mounts"]:
            known = landlock.version()
            if known:
                landlock.restrict(
                    known,
                    shown=plan["shown"],
                    hidden=plan["hidden"],
                    shared=plan["shared"],
                    writable=plan["scratch"],
                )
        filtered = syscalls.install(network=plan["namespaces"], files=not known)
    return _state(plan, known, filtered)


def _state(plan: Plan, known: int, filtered: bool) -> State:
    """`known`: the version of Landlock in force; `filtered`: whether system calls are."""
    network, processes, filesystem, limits = [], [], [], []
    if not plan["namespaces"] and not filtered:
        network.append("the program can reach the network, the cloud's metadata address included")
    elif not filtered:
        network.append("the program can reach the virtual machine's host (system calls are not filtered)")
    if not plan["mounts"]:
        network.append("the program can talk to Unix sockets that this user may open, such as Docker's")
        limits.append("its temporary files together may fill the disk")
        if not known:
            filesystem.append("the program can read and change all files that this user can")
        elif known < landlock.CHANGES_FORBIDDEN:
            filesystem.append("the program can empty files that this user can write")
    if not plan["namespaces"]:
        if not known:
            processes.append("the program can read the environment of this user's other processes")
        if known < landlock.SIGNALS_FORBIDDEN:
            processes.append("the program can end this user's other processes")
        if not watch.can_see_children():
            processes.append("a process that the program leaves behind may not be found")
    elif not plan["mounts"] and not known:
        processes.append("the program can see the command lines of other processes")
    return State(network=network, processes=processes, filesystem=filesystem, limits=limits)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
