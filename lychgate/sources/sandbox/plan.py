"""What the launcher is told to do, in the simple types that the line to it carries."""

from __future__ import annotations

from typing import TypedDict


class Plan(TypedDict):
    """One start of one program."""

    command: list[str]
    """Absolute path of the executable, and the arguments from argv[0] on."""
    cwd: str
    env: dict[str, str]
    home: str
    tmp: str
    namespaces: bool
    """Network, processes, System V IPC and host name of its own."""
    mounts: bool
    """A file system of its own; needs namespaces."""
    confine: bool
    """Give up capabilities, filter system calls; Landlock where there are no mounts."""
    require: bool
    """Refuse rather than leave anything open."""
    scratch: str
    """An empty folder of this start: where the new root is built, or the only place that can be written."""
    shown: list[str]
    """Real paths that can be read, none below another."""
    links: dict[str, str]
    """Symbolic links on the way to them: path to target."""
    hidden: list[str]
    """Real paths below a shown one that look empty."""
    shared: str | None
    """A real path that can be written, for sockets only."""
    memory: int
    """Bytes: address space of one process, and memory of all together."""
    disk: int
    """Bytes: one file, and each of /tmp and /dev/shm."""
    tasks: int
    """Processes and threads together."""
    open_files: int
    cpu_seconds: int
