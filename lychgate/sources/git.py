"""Git, asked about a repository that somebody else may have made: nothing that stands in it is run.

A repository's own configuration can name programs (hooks, fsmonitor, filters, transports), and a folder of a checkout
can be made to look like a bare repository. So the repository is named instead of searched for, only commands are used
that read objects, and what configuration could start is switched off.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_SWITCHED_OFF = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never")
# Set by git itself for hooks, or by hand: each would lead to another repository than the one that is named.
_LEADS_ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE",
)  # fmt: skip
_FILES, _LINK = ("100644", "100755"), "120000"
LARGEST_FILE = 10_000_000
_BLAMED = re.compile(r"[0-9a-f]{40,64} \d+ (\d+)")


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
    found: dict[int, tuple[str, ...]] = {}
    line, known = 0, True
    names: list[str] = []
    for entry in told.decode(errors="replace").split("\n"):
        if head := _BLAMED.match(entry):
            line, names, known = int(head[1]), [], True
        elif entry.startswith(("author ", "author-mail ")):
            names.append(entry.partition(" ")[2].strip("<>"))
        elif entry == "boundary":
            known = not shallow
        elif entry.startswith("\t") and known:
            found[line] = tuple(names)
    return found


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
