"""`--policy-ref`: settings, rulesets, waivers and rules as they stand in a commit, so that a merge request brings none.

The commit's tree is laid out in a temporary folder, and paths below the repository lead there.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Self

from lychgate.model.errors import InputError


class PolicyTree:
    """Where policies are read from: the working tree, or with `ref` the repository of `start` at that commit."""

    def __init__(self, ref: str | None, start: Path) -> None:
        self.ref, self.start = ref, start
        self._top: Path | None = None
        self._laid_out: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        if self.ref is not None:
            folder = self.start if self.start.is_dir() else self.start.parent
            self._top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip()).resolve()
            commit = (
                _git(folder, "rev-parse", "--verify", "--end-of-options", f"{self.ref}^{{commit}}").decode().strip()
            )
            self._laid_out = tempfile.TemporaryDirectory(prefix="lychgate-policies-")
            with tarfile.open(fileobj=io.BytesIO(_git(self._top, "archive", commit))) as archive:
                archive.extractall(self._laid_out.name, filter="data")
        return self

    def __exit__(self, *_: object) -> None:
        if self._laid_out:
            self._laid_out.cleanup()

    def path(self, path: Path) -> Path:
        """Where a path is to be read: in the commit if it lies in the repository, else where it is."""
        if self._top is None or self._laid_out is None:
            return path
        real = path.resolve()
        return Path(self._laid_out.name) / real.relative_to(self._top) if real.is_relative_to(self._top) else path


def _git(folder: Path, *command: str) -> bytes:
    done = subprocess.run(["git", "-C", str(folder), *command], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise InputError(
            "--policy-ref", found=said[-1] if said else "git failed", expected="a commit of this repository"
        )
    return done.stdout
