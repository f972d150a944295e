"""A new root folder in which only what the program needs can be seen, read-only, with a small /tmp of its own."""

from __future__ import annotations

import os

from . import kernel

_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8  # MOUNT_ATTR_*
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_OPEN_TREE_CLONE, _O_CLOEXEC, _FROM_DESCRIPTOR = 1, 0o2000000, 4

_DEVICES = ("null", "zero", "full", "random", "urandom")
_DEVICE_LINKS = {"/dev/fd": "/proc/self/fd", "/dev/stdin": "fd/0", "/dev/stdout": "fd/1", "/dev/stderr": "fd/2"}
# File nodes live in kernel memory that the size of a tmpfs does not count.
_NODES_OF_TMP = 65_536
_NO_FOLDER, _NO_FILE = "./dev/.no-folder", "./dev/.no-file"


def enter(
    base: str,
    *,
    shown: list[str],
    shared: str | None,
    links: dict[str, str],
    hidden: list[str],
    files: dict[str, str],
    space: int,
) -> None:
    """Replace the root of this process's (own) mount namespace; the current folder is then the new root.

    `base` is an empty folder to build in, `shown` real paths without links, none inside another, `shared` one that
    can be written; `links` are the symbolic links on the way to them, `hidden` paths below a shown one that shall look
    empty, `files` small texts to write, `space` the bytes that /tmp and /dev/shm may hold each. Raises OSError when
    the system does not allow it.
    """
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    # Detached copies first: nothing that is mounted below can then stand in the way of a path.
    trees = [(path, _copy(path, _RDONLY | _NOSUID | _NODEV)) for path in shown]
    trees += [(shared, _copy(shared, _NOSUID | _NODEV | _NOEXEC))] if shared else []
    devices = [(f"/dev/{name}", _copy(f"/dev/{name}", _RDONLY | _NOSUID | _NOEXEC)) for name in _DEVICES]
    kernel.mount("tmpfs", base, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=4m,mode=755")
    os.chdir(base)
    _scratch("/tmp", space)
    _scratch("/dev/shm", space)
    ways = _ways_through_tmp([*shown, *([shared] if shared else [])])
    for path in ways:
        os.mkdir("." + path)
        kernel.mount("tmpfs", "." + path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=1m,mode=755")
    for path, tree in sorted(devices + trees):
        _attach(tree, path)
    _furnish({**links, **_DEVICE_LINKS}, files)
    for path in hidden:
        _hide(path)
    for path in ways:
        _restrict(_AT_FDCWD, os.fsencode("." + path), _RDONLY | _NOSUID | _NODEV, 0)
    _mount_proc()
    kernel.swap_root()
    _restrict(_AT_FDCWD, b"/", _RDONLY | _NOSUID | _NODEV, 0)


def _ways_through_tmp(paths: list[str]) -> list[str]:
    """The folders right below /tmp and /dev/shm on the way to a path that is deeper: what lies beside that path is no
    scratch space, but would be as writable as one."""
    ways = set()
    for top in ("/tmp", "/dev/shm"):
        for path in paths:
            first, deeper, _ = path.removeprefix(f"{top}/").partition("/")
            if path.startswith(f"{top}/") and deeper:
                ways.add(f"{top}/{first}")
    return sorted(ways)


def _furnish(links: dict[str, str], files: dict[str, str]) -> None:
    """Make links and files in the new root, the current folder."""
    os.mkdir(_NO_FOLDER)
    _touch(_NO_FILE)
    for path, target in links.items():
        os.makedirs("." + os.path.dirname(path), exist_ok=True)
        os.symlink(target, "." + path)
    for path, text in files.items():
        os.makedirs("." + os.path.dirname(path), exist_ok=True)
        with open("." + path, "w", encoding="utf-8") as file:
            file.write(text)


def _copy(path: str, attributes: int) -> int:
    """A detached copy of the mounts at and below a path, with these attributes besides those they have."""
    flags = _OPEN_TREE_CLONE | _O_CLOEXEC | _AT_RECURSIVE
    try:
        tree = kernel.call(kernel.OPEN_TREE, _AT_FDCWD, os.fsencode(path), flags)
        _restrict(tree, b"", attributes, _AT_EMPTY_PATH | _AT_RECURSIVE)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    return tree


def _restrict(tree: int, path: bytes, attributes: int, flags: int) -> None:
    # struct mount_attr: set, clear, propagation, user namespace; mount_setattr(2).
    settings = attributes.to_bytes(8, "little") + bytes(24)
    kernel.call(kernel.MOUNT_SETATTR, tree, path, flags, settings, len(settings))


def _attach(tree: int, path: str) -> None:
    """Put a detached copy at its path below the current folder."""
    place = "." + path
    if os.path.isdir(f"/proc/self/fd/{tree}"):
        os.makedirs(place, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        _touch(place)
    kernel.call(kernel.MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(place), _FROM_DESCRIPTOR)
    os.close(tree)


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o444))


def _scratch(path: str, space: int) -> None:
    os.makedirs("." + path, exist_ok=True)
    options = f"size={space},nr_inodes={_NODES_OF_TMP},mode=1777"
    kernel.mount("tmpfs", "." + path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)


def _hide(path: str) -> None:
    """Lay an empty read-only folder, or an empty file, over what is there."""
    tree = _copy(_NO_FOLDER if os.path.isdir("." + path) else _NO_FILE, _RDONLY | _NOSUID | _NODEV)
    kernel.call(kernel.MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode("." + path), _FROM_DESCRIPTOR)
    os.close(tree)


def _mount_proc() -> None:
    """A /proc that knows this process namespace only.

    A container whose own /proc is partly covered may not mount a new one (a newer kernel allows one without the
    system's files): there the folder stays empty, which Python bears.
    """
    os.mkdir("proc")
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC | kernel.MS_RDONLY
    for options in (None, "subset=pid"):
        try:
            kernel.mount("proc", "./proc", "proc", flags, options)
            return
        except OSError:
            continue
