"""Git, asked about a repository that somebody else may have made: nothing that stands in it is run.

A repository's own configuration can name programs (hooks, fsmonitor, filters, transports), and a folder of a checkout
can be made to look like a bare repository. So the repository is named instead of searched for, only commands are used
that read objects, and what configuration could start is switched off.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_SWITCHED_OFF = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never")
# Set by git itself for hooks, or by hand: each would lead to another repository than the one that is named.
_LEADS_ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
)  # fmt: skip
_FILES, _LINK, _SUBMODULE = ("100644", "100755"), "120000", "160000"
LARGEST_FILE = 10_000_000
_BLAMED = re.compile(r"([0-9a-f]{40,64}) \d+ (\d+)")


class GitError(Exception):
    """Git refused; the text is what it said."""


def top_of(path: Path) -> Path | None:
    """The folder of the repository (or work tree) that a path lies in: the nearest above it, as written, that has a
    `.git`."""
    path = Path(os.path.abspath(path))
    return next((folder for folder in (path, *path.parents) if os.path.lexists(folder / ".git")), None)


def commit_of(top: Path, name: str) -> str:
    """The id of the commit that a name stands for. Raises GitError, also where it stands for several."""
    done = _run(top, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    if b"ambiguous" in done.stderr:
        raise GitError(f"{name} names a branch and a tag")
    return done.stdout.decode().strip()


def branch_of(top: Path) -> str | None:
    """The branch that is checked out; None where none is. Raises GitError, also before the first commit."""
    name = _run(top, "rev-parse", "--symbolic-full-name", "HEAD").stdout.decode(errors="replace").strip()
    return name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else None


def user_of(top: Path) -> tuple[str, ...]:
    """The name and the address under which who runs this would commit, as far as Git knows them."""
    found = []
    for name in ("user.name", "user.email"):
        with suppress(GitError):
            found.append(_run(top, "config", "--get", name).stdout.decode(errors="replace").strip())
    return tuple(one for one in found if one)


def content_of(top: Path, commit: str, file: str) -> bytes:
    """A file as a commit has it; `file` is its path in the repository. Raises GitError."""
    return _run(top, "cat-file", "blob", f"{commit}:{file}").stdout


def authors_of(top: Path, commit: str, file: str) -> dict[int, tuple[str, ...]]:
    """Who has written each line of a file last, as of a commit: name and address, by line.

    Lines that are older than what a shallow clone holds are left out. Raises GitError.
    """
    shallow = _run(top, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    whole = () if shallow else ("--root",)  # which would make an ordinary commit of the one a shallow clone ends with
    told = _run(top, "blame", "--line-porcelain", *whole, "-w", "-M", "--no-textconv", commit, "--", file).stdout
    lines: dict[int, str] = {}
    head: re.Match[str] | None = None
    for entry in told.decode(errors="replace").split("\n"):
        if found := _BLAMED.match(entry):
            head = found
        elif entry == "boundary" and shallow:
            head = None
        elif entry.startswith("\t") and head:
            lines[int(head[2])] = head[1]
    names = {id_: _author(top, id_) for id_ in set(lines.values())}
    return {line: names[id_] for line, id_ in lines.items()}


def _author(top: Path, commit: str) -> tuple[str, ...]:
    """Name and address of a commit's author as it says itself: blame would tell what a .mailmap makes of them."""
    said = _run(top, "log", "-1", "--no-show-signature", "--format=%an%n%ae", commit, "--").stdout
    return tuple(one for one in said.decode(errors="replace").splitlines() if one)


def merge_base(top: Path, one: str, other: str) -> str:
    """The id of the commit where two have parted. Raises GitError where the history that is here knows none."""
    try:
        return _run(top, "merge-base", one, other).stdout.decode().strip()
    except GitError as error:
        if _run(top, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
            raise GitError("the clone is too shallow to know where both have parted (GIT_DEPTH: 0)") from error
        raise GitError("both have no commit in common") from error


def changed_since(top: Path, commit: str) -> tuple[str, ...]:
    """The files that differ between a commit and the working tree, one of both having none included, sorted.

    Contents are compared as they lie there, no filter applied. New files that Git is told to ignore are left out.
    Raises GitError, OSError.
    """
    before, head = _entries(top, commit), _entries(top, "HEAD")
    listed = _run(top, "-C", str(top), f"--work-tree={top}", "ls-files", "-c", "-o", "--exclude-standard", "-z").stdout
    names = {*before, *head, *(os.fsdecode(name) for name in listed.split(b"\0") if name)}
    return tuple(sorted(name for name in names if _differs(top, name, before.get(name), head.get(name))))


def _entries(top: Path, commit: str) -> dict[str, tuple[str, str]]:
    """The mode and the id of each file of a commit."""
    found = {}
    for entry in _run(top, "ls-tree", "-r", "-z", "--full-tree", commit).stdout.split(b"\0")[:-1]:
        facts, _, name = entry.partition(b"\t")
        mode, _, blob = facts.decode().split()
        found[os.fsdecode(name)] = (mode, blob)
    return found


def _differs(top: Path, name: str, before: tuple[str, str] | None, head: tuple[str, str] | None) -> bool:
    if _SUBMODULE in {one[0] for one in (before, head) if one}:
        return before != head
    path = top / name
    try:
        facts = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return before is not None
    if before is None:
        return True
    if stat.S_ISLNK(facts.st_mode):
        target = os.fsencode(os.readlink(path))
        return before != (_LINK, _blob([target], len(target), before[1]))
    if not stat.S_ISREG(facts.st_mode) or before[0] == _LINK:
        return True
    with path.open("rb") as stream:
        return before[1] != _blob(iter(lambda: stream.read(1 << 20), b""), facts.st_size, before[1])


def _blob(parts: Iterable[bytes], size: int, like: str) -> str:
    """The id that Git gives a content, by the hash that another id is made with."""
    digest = hashlib.new("sha1" if len(like) == 40 else "sha256", b"blob %d\0" % size, usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def lay_out(top: Path, commit: str, folder: Path) -> None:
    """Write the files of a commit into an empty folder: as they were committed, no filter applied, no attribute obeyed.

    Left out: submodules, files of more than `LARGEST_FILE` bytes, links that lead out of the folder. Raises GitError,
    OSError.
    """
    wanted: list[tuple[Path, str, str]] = []
    for entry in _run(top, "ls-tree", "-r", "-l", "-z", "--full-tree", commit).stdout.split(b"\0")[:-1]:
        facts, _, name = entry.partition(b"\t")
        mode, _, blob, size = facts.decode().split()
        path = Path(os.fsdecode(name))
        if mode in (*_FILES, _LINK) and int(size) <= LARGEST_FILE and not {"..", ".git"} & set(path.parts):
            wanted.append((folder / path, mode, blob))
    links = {}
    for (path, mode, _), content in zip(wanted, _contents(top, [blob for *_, blob in wanted]), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode == _LINK:
            links[path] = os.fsdecode(content)
        else:
            path.write_bytes(content)
    for path, target in links.items():  # after all files: none is written through a link
        path.symlink_to(target)
    for path in links:
        if not Path(os.path.realpath(path)).is_relative_to(folder.resolve()):
            path.unlink()


def _contents(top: Path, blobs: list[str]) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{blob}\n" for blob in blobs).encode())
        asked.seek(0)
        command = _command(top, "cat-file", "--batch")
        with subprocess.Popen(command, env=_environment(), stdin=asked, stdout=subprocess.PIPE) as git:
            assert git.stdout
            for blob in blobs:
                head = git.stdout.readline().split()
                if len(head) != 3:
                    raise GitError(f"the object {blob} cannot be read")
                yield git.stdout.read(int(head[2]) + 1)[:-1]


def _run(top: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        done = subprocess.run(_command(top, *arguments), env=_environment(), capture_output=True, check=False)
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise GitError(said[-1].removeprefix("fatal: ") if said else "git failed")
    return done


def _command(top: Path, *arguments: str) -> list[str]:
    options = [part for setting in _SWITCHED_OFF for part in ("-c", setting)]
    return ["git", "--no-optional-locks", *options, f"--git-dir={top / '.git'}", *arguments]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _LEADS_ELSEWHERE}
    return kept | {
        "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
    }  # fmt: skip
