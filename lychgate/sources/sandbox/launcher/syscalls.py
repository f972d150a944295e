"""A filter of system calls: what no Pulumi program needs, and what the other means of isolation do not cover.

Numbers: Linux's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h (aarch64); the filter's
format: include/uapi/linux/seccomp.h and linux/bpf_common.h.
"""

from __future__ import annotations

import ctypes
import errno
import os

from . import kernel

# name: (x86_64, aarch64); a call that one of them lacks is None there.
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "add_key": (248, 217), "bpf": (321, 280), "chmod": (90, None), "chown": (92, None), "clone": (56, 220),
    "clone3": (435, 435), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "fchown": (93, 55),
    "fchownat": (260, 54), "file_setattr": (469, 469), "fremovexattr": (199, 16), "fsetxattr": (190, 7),
    "futimesat": (261, None),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_uring_setup": (425, 425), "ioctl": (16, 29),
    "keyctl": (250, 219), "lchown": (94, None), "lremovexattr": (198, 15), "lsetxattr": (189, 6),
    "memfd_create": (319, 279), "mq_open": (240, 180), "msgget": (68, 186),
    "perf_event_open": (298, 241), "pidfd_getfd": (438, 438), "prlimit64": (302, 261),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117), "removexattr": (197, 14),
    "removexattrat": (466, 466), "request_key": (249, 218), "seccomp": (317, 277), "semget": (64, 190),
    "setns": (308, 268), "setxattr": (188, 5), "setxattrat": (463, 463), "shmget": (29, 194), "socket": (41, 198),
    "syslog": (103, 116), "unshare": (272, 97), "userfaultfd": (323, 282), "utime": (132, None),
    "utimensat": (280, 88), "utimes": (235, None),
}  # fmt: skip
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH_*

# Each would reach past the namespaces (kernel keys, other processes' memory), or has been a way out of sandboxes, or
# makes memory that no limit counts and that may outlive the program (memfd, message queues, System V).
_REFUSED = (
    "add_key", "bpf", "io_uring_enter", "io_uring_register", "io_uring_setup", "keyctl", "memfd_create",
    "mq_open", "msgget", "perf_event_open", "pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace",
    "request_key", "semget", "setns", "shmget", "syslog", "unshare", "userfaultfd",
)  # fmt: skip
# Landlock does not cover a file's mode, owner, times and attributes. Saying "done" keeps shutil.copytree working.
_PRETENDED = (
    "chmod", "chown", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "file_setattr", "fremovexattr",
    "fsetxattr", "futimesat", "lchown", "lremovexattr", "lsetxattr", "removexattr", "removexattrat", "setxattr",
    "setxattrat", "utime", "utimensat", "utimes",
)  # fmt: skip
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEW*: every kind that clone can make
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
# TIOCSTI and TIOCLINUX type into a terminal; FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR change a file opened for reading.
_IOCTLS = (0x5412, 0x541C, 0x40086602, 0x401C5820)

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT = 0, 4
_KILL, _ALLOW, _ERROR = 0x80000000, 0x7FFF0000, 0x00050000
_SET_FILTER, _NO_SPECULATION_PENALTY = 1, 4  # SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW
_X32 = 0x40000000


class _Filter(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_char_p)]


def install(*, network: bool, files: bool) -> bool:
    """Filter this process and its children; False when the machine type or the kernel has no such filter.

    `network`: sockets of the internet families are allowed (there is a network namespace around them). `files`: a
    change of a file's mode, owner, times and attributes is allowed. no_new_privs must be set.
    """
    machine = os.uname().machine
    if machine not in _MACHINES:
        return False
    column, audit = _MACHINES[machine]
    program = _program(column, audit, network=network, files=files)
    body = b"".join(
        code.to_bytes(2, "little") + bytes((yes, no)) + value.to_bytes(4, "little") for code, yes, no, value in program
    )
    number = _NUMBERS["seccomp"][column]
    assert number is not None
    settings = bytes(_Filter(len(program), body))
    try:
        kernel.call(number, _SET_FILTER, _NO_SPECULATION_PENALTY, settings)
    except OSError:
        return False
    return True


def _program(column: int, audit: int, *, network: bool, files: bool) -> list[tuple[int, int, int, int]]:
    """The filter's instructions: (code, jump if true, jump if false, value)."""
    program = [(_LOAD, 0, 0, _MACHINE_AT), (_EQUAL, 1, 0, audit), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER_AT)]
    if column == _MACHINES["x86_64"][0]:
        program += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]

    def rule(name: str, answer: int, *tests: tuple[int, int, int, int]) -> None:
        number = _NUMBERS[name][column]
        if number is not None:
            body = [*tests, (_RETURN, 0, 0, answer)]
            program.append((_EQUAL, 0, len(body), number))
            program.extend(body)

    for name in _REFUSED:
        rule(name, _ERROR | errno.EPERM)
    for name in () if files else _PRETENDED:
        rule(name, _ERROR)
    rule("clone3", _ERROR | errno.ENOSYS)  # its flags lie in memory, out of a filter's sight: libc falls back to clone
    rule("clone", _ERROR | errno.EPERM, _load(0), (_ANY_BIT, 1, 0, _NEW_NAMESPACES), (_RETURN, 0, 0, _ALLOW))
    families = (_UNIX, _INET, _INET6, _NETLINK) if network else (_UNIX,)
    rule("socket", _ERROR | errno.EAFNOSUPPORT, _load(0), *_allow_any(families))
    rule("prlimit64", _ERROR | errno.EPERM, _load(0), *_allow_any((0,)))  # of this process only
    refused = [(_EQUAL, len(_IOCTLS) - position, 0, value) for position, value in enumerate(_IOCTLS)]
    rule("ioctl", _ERROR | errno.EPERM, _load(1), *refused, (_RETURN, 0, 0, _ALLOW))
    program.append((_RETURN, 0, 0, _ALLOW))
    return program


def _load(argument: int) -> tuple[int, int, int, int]:
    """The low half of a call's argument: all that the kernel looks at for the calls above."""
    return (_LOAD, 0, 0, 16 + 8 * argument)


def _allow_any(values: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    tests = [(_EQUAL, len(values) - position, 0, value) for position, value in enumerate(values)]
    return [*tests, (_EQUAL, 1, 1, 0), (_RETURN, 0, 0, _ALLOW)]
