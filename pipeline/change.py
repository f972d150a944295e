"""What a branch changes: its files since it has parted from the target branch, and the platform on both sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lychgate.pipeline.affected import Affected, affected
from lychgate.pipeline.places import Places
from lychgate.provisioner.models.platform import Platform

from lychgate.model.errors import InputError
from lychgate.sources.git import GitError, changed_since, commit_of, merge_base, top_of
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.settings import Settings

SINCE = "--since"


@dataclass(frozen=True, slots=True)
class Version:
    """A platform, the lychgate.yaml that names it, and what that says."""

    file: Path
    settings: Settings
    platform: Platform


@dataclass(frozen=True, slots=True)
class Change:
    """A change: `since` is the branch that it is for, `base` the commit where it has parted from it, `commit` its own
    newest one."""

    since: str
    base: str
    commit: str
    places: Places
    affected: Affected

    def of_applications(self) -> list[str]:
        """The files of applications that it changes."""
        return [path for path, kind in self.affected.files.items() if kind == "application"]


Read = Callable[[PolicyTree | None], Version]


def change_since(since: str, start: Path, read: Read) -> Change:
    """The change that the working tree around `start` holds. `read` gives the platform as a commit has it, or with None
    as it is. Raises InputError."""
    top = top_of(start)
    if top is None:
        raise InputError(SINCE, found=f"{start} is in no Git repository", expected="a checkout")
    try:
        base, commit = merge_base(top, commit_of(top, since), "HEAD"), commit_of(top, "HEAD")
        files = changed_since(top, base)
    except GitError as error:
        raise InputError(SINCE, found=str(error), expected="a commit, such as origin/main") from None
    except OSError as error:
        raise InputError(str(error.filename), found=f"cannot be read: {error.strerror}", expected="a file") from None
    now = read(None)
    sides = [(top, now.file, now.settings)]
    before = None
    with PolicyTree(base, start) as tree:
        assert tree.root is not None
        try:
            earlier = read(tree)
            before = earlier.platform
            sides.append((tree.root, earlier.file, earlier.settings))
        except InputError:  # then all are affected, and it is said why
            pass
        places = Places.of(top, sides)
        return Change(since, base, commit, places, affected(before, now.platform, places, files))
