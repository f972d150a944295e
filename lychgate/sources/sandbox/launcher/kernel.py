"""System calls for which Python 3.11 has no function. Numbers and flags are those of Linux's include/uapi headers."""

from __future__ import annotations

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.unshare.argtypes = (ctypes.c_int,)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.umount2.argtypes = (ctypes.c_char_p, ctypes.c_int)
_libc.pivot_root.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REC, MS_PRIVATE = 0x4000, 0x40000
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38

# The same on every machine type since Linux 5.2.
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
LANDLOCK_CREATE, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT = 444, 445, 446

_LAST_CAPABILITY = 63
_CAPABILITY_VERSION = 0x20080522


def call(number: int, *arguments: int | bytes | None) -> int:
    """Make the system call of that number; raises OSError with the kernel's reason."""
    converted = [ctypes.c_long(a) if isinstance(a, int) else ctypes.c_char_p(a) for a in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *converted))


def unshare(flags: int) -> None:
    """Leave the namespaces that the CLONE_NEW* flags name, for new ones; raises OSError."""
    _checked(_libc.unshare(flags))


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount as mount(2) does; raises OSError."""
    encoded = options.encode() if options else None
    _checked(_libc.mount(source.encode(), os.fsencode(target), kind.encode() if kind else None, flags, encoded))


def swap_root() -> None:
    """Make the current folder, which must be a mount, the root, and let go of the old one; raises OSError.

    Both arguments "." put the old root over the new one, from where it is unmounted: pivot_root(2), NOTES.
    """
    _checked(_libc.pivot_root(b".", b"."))
    _checked(_libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def prctl(option: int, value: int) -> None:
    """Set one attribute of this process; raises OSError."""
    _checked(_libc.prctl(option, value, 0, 0, 0))


def drop_capabilities() -> None:
    """Give up every capability of this process, and the way to get one back by running a program; raises OSError."""
    for capability in range(_LAST_CAPABILITY + 1):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # not known to this kernel, or we never had the right: no_new_privs holds then
            continue
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)()))
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def raise_loopback() -> None:
    """Bring the interface `lo` of this network namespace up; raises OSError."""
    inet, datagram, set_flags, up_and_running = 2, 2, 0x8914, 0x41
    socket = _checked(_libc.socket(inet, datagram, 0))
    try:
        request = b"lo".ljust(16, b"\0") + up_and_running.to_bytes(2, "little").ljust(24, b"\0")
        _checked(_libc.ioctl(socket, ctypes.c_ulong(set_flags), request))
    finally:
        os.close(socket)


def set_host_name(name: str) -> None:
    """Name the machine, in its own namespace; raises OSError."""
    _checked(_libc.sethostname(name.encode(), ctypes.c_size_t(len(name))))


def default_signals() -> None:
    """Undo that Python ignores SIGPIPE and SIGXFSZ: what this process becomes would inherit it."""
    for signal in (13, 25):
        _libc.signal(signal, None)


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
