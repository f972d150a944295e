"""Landlock: what a process without any privilege can forbid itself. The second best, where mounting is refused.

It lets nothing outside the named folders be read or changed, but what is not named can still be seen to exist, and
a Unix socket that the user may open can still be talked to. Numbers: Linux's include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import os

from . import kernel

TYPE_CHECKING = False  # as typing's, without the price of importing it
if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGES_FORBIDDEN = 3
"""The version since which truncating a file is covered: before it, Landlock does not keep files from being changed."""
SIGNALS_FORBIDDEN = 6
"""The version since which processes and abstract sockets outside cannot be reached (Linux 6.12)."""

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL_DEV = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_REMOVE_FILE, _MAKE_SOCKET = 1 << 5, 1 << 9
_ALL_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2
_PATH_BENEATH, _ASK_VERSION = 1, 1
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def version() -> int:
    """The version of Landlock that this kernel has; 0 when it has none or may not be asked."""
    try:
        return kernel.call(kernel.LANDLOCK_CREATE, None, 0, _ASK_VERSION)
    except OSError:
        return 0


def restrict(known: int, *, shown: list[str], hidden: list[str], shared: str | None, writable: str) -> None:
    """Leave this process and its children the reading of `shown` without `hidden`, and all rights below `writable`.

    In `shared` they can make and remove sockets. `known` is what `version()` said; no_new_privs must be set.
    Raises OSError.
    """
    handled = max(rights for since, rights in _ALL_RIGHTS.items() if since <= known)
    scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if known >= SIGNALS_FORBIDDEN else 0
    network = 0  # not here: it would cover TCP alone, the filter of system calls covers all
    attributes = b"".join(value.to_bytes(8, "little") for value in (handled, network, scoped))
    size = 24 if known >= SIGNALS_FORBIDDEN else 8
    rules = kernel.call(kernel.LANDLOCK_CREATE, attributes[:size], size, 0)
    for root in shown:
        for path, rights in _spread(root, [h for h in hidden if h == root or h.startswith(root + "/")]):
            _allow(rules, path, rights & handled)
    for device in _DEVICES:
        _allow(rules, device, handled & _OF_FILES & ~_EXECUTE)
    _allow(rules, writable, handled)
    if shared:
        _allow(rules, shared, _READ_FILE | _READ_DIR | _MAKE_SOCKET | _REMOVE_FILE)
    kernel.call(kernel.LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)


def _spread(path: str, hidden: list[str]) -> Iterator[tuple[str, int]]:
    """The folders to allow so that all below `path` is readable, except what is hidden: Landlock knows no exceptions.

    Symbolic links are left out: a rule would hold for what they point to.
    """
    if path in hidden:
        return
    if not any(h.startswith(path + "/") for h in hidden):
        yield path, _READ
        return
    yield path, _READ_DIR
    with os.scandir(path) as entries:
        for entry in entries:
            if not entry.is_symlink():
                yield from _spread(entry.path, hidden)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # not there, or not for this user: nothing to allow
        return
    try:
        if not os.path.isdir(f"/proc/self/fd/{place}"):
            rights &= _OF_FILES
        rule = rights.to_bytes(8, "little") + place.to_bytes(4, "little")
        kernel.call(kernel.LANDLOCK_ADD_RULE, rules, _PATH_BENEATH, rule, 0)
    finally:
        os.close(place)
