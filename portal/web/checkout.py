"""The platform as the newest commit of a checkout has it: what every page shows, and every request begins from.

Files of the working tree are neither read nor written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lychgate.provisioner.models.platform import Platform

from lychgate.judging.waivers import Waiver
from lychgate.model.errors import InputError
from lychgate.sources.git import GitError, branch_of, commit_of, content_of, top_of
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.settings import Settings

Waivers = Mapping[str, tuple[Waiver, ...] | InputError]


@dataclass(frozen=True, slots=True)
class Version:
    """A platform and its settings as a commit has them. `file` is the lychgate.yaml in the working tree, `folder` the
    platform's there; `files` are those of the applications, and `waivers_file` that of waivers, by their paths in the
    repository. `waivers` tells the waivers of each environment, or why they are none."""

    file: Path
    settings: Settings
    platform: Platform
    folder: Path
    files: Mapping[str, str]
    waivers_file: str | None
    waivers: Callable[[], Waivers]


Read = Callable[[PolicyTree], Version]


@dataclass(frozen=True, slots=True)
class Head:
    """A version, the commit that it is of, and the branch that is checked out, if one is."""

    top: Path
    commit: str
    branch: str | None
    day: str
    version: Version

    @property
    def platform(self) -> Platform:
        """Its platform."""
        return self.version.platform

    def file_of(self, application: str) -> str:
        """The path of an application's file in the repository."""
        return self.version.files[application]

    def waivers_file(self) -> str:
        """The path of the file of waivers in the repository. Raises InputError where lychgate.yaml names none."""
        if self.version.waivers_file is None:
            raise InputError("lychgate.yaml", found="it names no file of waivers", expected="`waivers: waivers.yaml`")
        return self.version.waivers_file

    def text_of(self, file: str) -> str:
        """The text of a file. Raises InputError."""
        try:
            return content_of(self.top, self.commit, file).decode("utf-8")
        except (GitError, UnicodeDecodeError):
            raise InputError(file, found="the commit has no such text", expected="a file in UTF-8") from None


class Checkout:
    """A checkout around a folder; what its newest commit says is read once for each commit and day."""

    def __init__(self, start: Path, read: Read) -> None:
        """Raises InputError where it is in no repository."""
        top = top_of(start)
        if top is None:
            raise InputError(str(start), found="it is in no Git repository", expected="a checkout with a commit")
        self.start, self.top = start, top
        self._read = read
        self._lock = threading.Lock()
        self._head: Head | None = None
        self._tree: PolicyTree | None = None
        self._opened = ExitStack()
        self._waivers: tuple[Head, Waivers] | None = None

    def waivers(self, head: Head) -> Waivers:
        """The waivers of each environment, on the day that it is."""
        with self._lock:
            if self._waivers is None or self._waivers[0] is not head:
                self._waivers = head, head.version.waivers()
            return self._waivers[1]

    def commit(self) -> str:
        """The newest commit. Raises InputError."""
        try:
            return commit_of(self.top, "HEAD")
        except GitError as error:
            raise InputError(str(self.top), found=str(error), expected="a checkout with a commit") from None

    def validate(self, head: Head, application: str, text: str) -> None:
        """Raise InputError, with every error, where the platform does not hold with this text of an application."""
        from lychgate.portal.verdicts import edited_copy

        with self._lock:
            if self._tree is None or self._tree.commit != head.commit:
                raise InputError(
                    "HEAD", found="the checkout is at another commit since", expected="the form sent again"
                )
            assert self._tree.root is not None
            file, folder = self._tree.path(head.version.file), self._tree.path(head.version.folder)
            with edited_copy(file, folder, self._tree.root / head.file_of(application), text):
                pass

    def close(self) -> None:
        """Take away the files of the commit."""
        with self._lock:
            self._forget()

    def head(self) -> Head:
        """What the newest commit says. Raises InputError where it holds no valid platform."""
        with self._lock:
            commit, day = self.commit(), datetime.now(UTC).date().isoformat()
            if self._head is None or (self._head.commit, self._head.day) != (commit, day):
                self._forget()
                tree = self._opened.enter_context(PolicyTree(commit, self.start))
                try:
                    version = self._read(tree)
                except InputError as error:
                    raise tree.renamed(error) from None
                self._tree, self._head = tree, Head(self.top, commit, branch_of(self.top), day, version)
            return self._head

    def _forget(self) -> None:
        self._head = self._tree = None
        self._opened.close()
