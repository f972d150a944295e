"""What a program has started: to count it, and to end it whole. From /proc of the system, which it cannot change."""

from __future__ import annotations

import os
import stat
import time

TYPE_CHECKING = False  # as typing's, without the price of importing it
if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_SOCKETS = 1024
_COUNTED = (b"RssAnon:", b"RssShmem:", b"VmSwap:")  # in KiB, proc(5)
_KILL = 9
_PATIENCE = 10.0  # seconds: a process may be stuck in the kernel, in a write to a broken disk


def can_see_children() -> bool:
    """Whether the kernel tells a process's children (its option CONFIG_PROC_CHILDREN)."""
    return os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def tasks_of_machine() -> int:
    """How many processes and threads there are in all; 0 where the kernel does not say (proc(5), loadavg)."""
    try:
        with open("/proc/loadavg", "rb") as file:
            return int(file.read().split()[3].partition(b"/")[2])
    except (OSError, ValueError, IndexError):
        return 0


def excess(root: int, *, tasks: int, memory: int) -> str | None:
    """The limit that the processes below `root` break together, as "tasks" or "memory"; None when they keep both."""
    count = used = 0
    for process, threads in descendants(root):
        count += threads
        used += _memory(process)
        if count > tasks:
            return "tasks"
        if used > memory:
            return "memory"
    return None


def holds_data(folder: str) -> bool:
    """Whether there is more in a folder than a few sockets."""
    try:
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                if count == _MAX_SOCKETS or not stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                    return True
    except FileNotFoundError:  # one was removed just now
        return False
    except OSError:  # closed to us
        return True
    return False


def descendants(root: int) -> Iterator[tuple[int, int]]:
    """All processes below one, with the number of their threads. Those that end meanwhile may be missing."""
    waiting = list(_children(root)[0])
    while waiting:
        process = waiting.pop()
        children, threads = _children(process)
        waiting.extend(children)
        yield process, threads


def end_descendants() -> None:
    """Kill and bury everything below this process, which orphans fall to (PR_SET_CHILD_SUBREAPER)."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        for process, _ in list(descendants(os.getpid())):
            try:
                os.kill(process, _KILL)
            except ProcessLookupError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def _children(process: int) -> tuple[list[int], int]:
    children: list[int] = []
    try:
        threads = os.listdir(f"/proc/{process}/task")
    except OSError:
        return [], 0
    for thread in threads:
        try:
            with open(f"/proc/{process}/task/{thread}/children", "rb") as file:
                children.extend(int(child) for child in file.read().split())
        except OSError:
            continue
    return children, len(threads)


def _memory(process: int) -> int:
    """Bytes of memory that exist for the process: not the pages of programs and libraries."""
    try:
        with open(f"/proc/{process}/status", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(_COUNTED))
