"""A system that refuses system calls, as a container's runtime does: forbids them to this process and its children."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

_NUMBERS = {
    "unshare": (272, 97),
    "mount": (165, 40),
    "open_tree": (428, 428),
    "landlock_create_ruleset": (444, 444),
    "seccomp": (317, 277),
}
COLUMN = {"x86_64": 0, "aarch64": 1}.get(os.uname().machine)
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2


def refuse(*names: str) -> None:
    """These calls fail with EPERM from now on."""
    assert COLUMN is not None
    program = [struct.pack("HBBI", _LOAD, 0, 0, 0)]
    for name in names:
        program.append(struct.pack("HBBI", _EQUAL, 0, 1, _NUMBERS[name][COLUMN]))
        program.append(struct.pack("HBBI", _RETURN, 0, 0, _ERROR | errno.EPERM))
    program.append(struct.pack("HBBI", _RETURN, 0, 0, _ALLOW))
    body = ctypes.create_string_buffer(b"".join(program))
    settings = struct.pack("HxxxxxxP", len(program), ctypes.addressof(body))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
    assert libc.prctl(_SET_SECCOMP, _FILTER, settings, 0, 0) == 0
