"""Which part of the file system a program may see: the system's programs, an interpreter, its folder; no secrets."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store")
_CONFIGURATION = (
    "/etc/alternatives", "/etc/ca-certificates", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/etc/localtime", "/etc/mime.types", "/etc/pki/ca-trust", "/etc/pki/tls/certs", "/etc/pki/tls/openssl.cnf",
    "/etc/ssl/cert.pem", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/timezone",
)  # fmt: skip
# Where a checkout keeps the token it was fetched with, and a virtual environment its index's password.
_SECRETS_IN_FOLDERS = (".git/config", ".git/config.worktree", ".git/modules", ".git/FETCH_HEAD", "pip.conf")
# The sandbox makes these itself; to show the system's would show every secret, or every socket.
_OWN = ("/", "/dev", "/dev/shm", "/etc", "/proc", "/run", "/sys", "/tmp", "/var", "/var/run")
_OWN_BELOW = ("/dev/", "/proc/", "/sys/")
_BUT = "/dev/shm/"
_MAX_LINKS = 40  # as the kernel's own limit, path_resolution(7)


@dataclass(frozen=True, slots=True)
class View:
    """What is visible: `shown` real paths, none below another; `links` on the way to them; `hidden` below them."""

    shown: list[str]
    shared: str | None
    links: dict[str, str]
    hidden: list[str]


def view(readable: Iterable[Path], shared: Path | None = None) -> View:
    """The view that shows the system's programs and libraries, and what the caller names, under the same paths.

    Below what is named, these look empty: the files in which git and pip keep passwords and, if a home folder is
    shown, every entry of it that begins with a dot and leads to nothing that is named. What is named but does not
    exist is left out. `shared` is a folder for sockets, which the program can write. Raises ValueError for a folder
    that cannot be shown, such as / or /tmp.
    """
    links: dict[str, str] = {}
    named = [real for path in readable if (real := _resolve(os.path.abspath(path), links))]
    writable = _resolve(os.path.abspath(shared), links) if shared else None
    wanted = [*named, writable] if writable else named
    for real in wanted:
        if real in _OWN or (real.startswith(_OWN_BELOW) and not real.startswith(_BUT)):
            raise ValueError(
                f"{real} cannot be shown to an isolated program: move the project into a folder of its own"
            )
    system = [real for path in (*_SYSTEM, *_CONFIGURATION) if (real := _resolve(path, links))]
    shown = _outermost({*named, *system})
    links = {path: target for path, target in links.items() if not any(_below(path, root) for root in shown)}
    return View(shown=shown, shared=writable, links=links, hidden=_outermost(_secrets(shown, wanted)))


def interpreter_folders(python: Path, within: Path) -> list[Path]:
    """What an interpreter needs to be readable: its virtual environment, its installation, editable packages.

    Read from files, nothing is run. The files may be an attacker's (a virtual environment can be committed to the
    judged tree), so they are believed only as far as they name a Python installation, and editable packages only
    below `within`, the judged tree's own top folder.
    """
    folders = []
    for step in _links_of(python):
        folder = step.parent.parent
        if (folder / "pyvenv.cfg").is_file():
            folders += [folder, *_editable(folder, within)]
            home = _venv_home(folder / "pyvenv.cfg")
            folders += [home.parent] if home and _is_installation(home.parent) else []
        elif _is_installation(folder):
            folders.append(folder)
    return list(dict.fromkeys(folders))


def _resolve(path: str, links: dict[str, str]) -> str | None:
    """The real path, with the links on the way added to `links`; None when there is nothing."""
    waiting = path.split("/")[::-1]
    here, steps = "/", 0
    while waiting:
        name = waiting.pop()
        if name in ("", "."):
            continue
        if name == "..":
            here = os.path.dirname(here)
            continue
        following = os.path.join(here, name)
        try:
            target = os.readlink(following)
        except OSError as error:
            if error.errno != errno.EINVAL:  # EINVAL: there, and no link
                return None
            here = following
            continue
        steps += 1
        if steps > _MAX_LINKS:
            return None
        links[following] = target
        waiting.extend(target.split("/")[::-1])
        here = "/" if target.startswith("/") else here
    return here


def _secrets(shown: list[str], named: list[str]) -> Iterator[str]:
    for root in named:
        for name in _SECRETS_IN_FOLDERS:
            path = os.path.realpath(os.path.join(root, name))
            if os.path.exists(path) and any(_below(path, other) for other in shown):
                yield path
    for home in {os.path.realpath(os.path.expanduser("~")), os.path.realpath(_home_of_record())}:
        if any(home == root or _below(home, root) for root in shown) and os.path.isdir(home):
            for name in os.listdir(home):
                path = os.path.realpath(os.path.join(home, name))
                used = any(path == root or _below(root, path) for root in named)
                if name.startswith(".") and not used and _below(path, home) and os.path.exists(path):
                    yield path


def _home_of_record() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a container's user often has no account
        return "/nonexistent"


def _outermost(paths: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not any(_below(path, root) for root in kept):
            kept.append(path)
    return kept


def _below(path: str, root: str) -> bool:
    return path.startswith(root.rstrip("/") + "/")


def _links_of(python: Path) -> Iterator[Path]:
    """The path, and every path that its last component leads to."""
    path = Path(os.path.abspath(python))
    for _ in range(_MAX_LINKS):
        yield path
        if not path.is_symlink():
            return
        path = Path(os.path.normpath(path.parent / os.readlink(path)))


def _is_installation(folder: Path) -> bool:
    return any(folder.glob("lib/python3.*/os.py")) and str(folder) not in _OWN


def _venv_home(configuration: Path) -> Path | None:
    for line in configuration.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            return Path(value.strip())
    return None


def _editable(environment: Path, within: Path) -> Iterator[Path]:
    """Folders that .pth files add to the import path."""
    for file in environment.glob("lib/python3.*/site-packages/*.pth"):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            folder = Path(line.strip())
            if folder.is_absolute() and folder.is_dir() and _below(os.path.realpath(folder), os.path.realpath(within)):
                yield folder
