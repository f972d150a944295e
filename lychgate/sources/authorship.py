"""Who has written the lines of a file last: what Git says, and who is at work for what is not committed yet."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from pathlib import Path

from lychgate.sources.git import GitError, authors_of, commit_of, content_of, top_of, user_of

Authors = Mapping[int, tuple[str, ...]]


def authors_by_line(file: Path) -> Authors | None:
    """Names and addresses of the authors of a file of the working tree, by line; None where Git cannot tell.

    Lines of which the author is not known are left out.
    """
    top = top_of(file.resolve().parent)
    if top is None:
        return None
    inside = file.resolve().relative_to(top.resolve()).as_posix()
    try:
        return _with_changes(file, top, inside)
    except (GitError, OSError):
        return None


def authors_in_commit(top: Path, commit: str, inside: str) -> Authors | None:
    """The same of a file as a commit has it; `inside` is its path in the repository, links of the commit followed."""
    try:
        return authors_of(top, commit, inside)
    except GitError:
        return None


def _with_changes(file: Path, top: Path, inside: str) -> Authors:
    """Lines that no commit has are of who is at work, if that is known."""
    now, user = file.read_bytes().splitlines(), user_of(top)
    try:
        head = commit_of(top, "HEAD")
        before, authors = content_of(top, head, inside).splitlines(), authors_of(top, head, inside)
    except GitError:  # never committed
        before, authors = [], {}
    found = dict.fromkeys(range(1, len(now) + 1), user) if user else {}
    for old, new, size in SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks():
        for step in range(1, size + 1):
            found.pop(new + step, None)
            if old + step in authors:
                found[new + step] = authors[old + step]
    return found
