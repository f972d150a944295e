"""`--policy-ref`: settings, rulesets, waivers and rules as they stand in a commit, so that a merge request brings none.

The commit's tree is laid out in a temporary folder, and paths below the repository lead there.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Self

from lychgate.model.errors import InputError
from lychgate.sources.git import GitError, commit_of, lay_out, top_of


class PolicyTree:
    """Where policies are read from: the working tree, or with `ref` the repository of `start` at that commit.

    `commit` is that commit's id. Entering raises InputError where there is no such commit.
    """

    def __init__(self, ref: str | None, start: Path) -> None:
        self.ref, self.start = ref, start
        self.commit: str | None = None
        self._top: Path | None = None
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        if self.ref is not None:
            self._top = top_of(self.start)
            if self._top is None:
                raise InputError("--policy-ref", found=f"{self.start} is in no Git repository", expected="a checkout")
            self._laid_out = tempfile.TemporaryDirectory(prefix="lychgate-policies-")
            try:
                self.commit = commit_of(self._top, self.ref)
                self._folder = Path(self._laid_out.name).resolve()
                lay_out(self._top, self.commit, self._folder)
            except (GitError, OSError) as error:
                self._laid_out.cleanup()
                raise InputError(
                    "--policy-ref", found=str(error), expected="a commit, such as origin/main or refs/heads/main"
                ) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder:
            self._laid_out.cleanup()

    def path(self, path: Path) -> Path:
        """Where a path is to be read: in the commit if it lies in the repository, else where it is.

        Links of the working tree are not followed: a merge request could make one of `production.yaml` that leads to
        `test.yaml`.
        """
        if self._top is None or self._folder is None:
            return path
        written = Path(os.path.abspath(path))
        for above in reversed((written, *written.parents)):
            if above.exists() and above.samefile(self._top):
                return self._folder / written.relative_to(above)
        real = path.resolve()  # a link elsewhere that leads into the repository
        top = self._top.resolve()
        return self._folder / real.relative_to(top) if real.is_relative_to(top) else path

    def working(self, path: Path) -> Path:
        """Where a path of the commit is in the working tree; any other path is where it is."""
        if self._top is None or self._folder is None or not path.is_relative_to(self._folder):
            return path
        return self._top / path.relative_to(self._folder)

    def committed(self, path: Path) -> tuple[Path, str] | None:
        """The repository, and where in it the file is that a path of the commit leads to; None for any other path.

        Nothing of the working tree is asked: a merge request could put a link there.
        """
        if self._top is None or self._folder is None or not path.is_relative_to(self._folder):
            return None
        real = path.resolve()
        return (self._top, real.relative_to(self._folder).as_posix()) if real.is_relative_to(self._folder) else None

    def shown(self, text: str) -> str:
        """A path, or a message with paths, as who has called knows it: `REF:PATH` for what was read in the commit."""
        return text.replace(f"{self._folder}/", f"{self.ref}:") if self._folder else text

    def renamed(self, error: InputError) -> InputError:
        """The error with its paths as who has called knows them."""
        error.file, error.found = self.shown(error.file), self.shown(error.found)
        for one in error.more:
            self.renamed(one)
        return error

    @property
    def root(self) -> Path | None:
        """The folder that the commit is laid out in; nothing above it is read."""
        return self._folder
