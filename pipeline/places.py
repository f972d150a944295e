"""What a file of a repository is to its platform: whose stacks it can change, and who decides over it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Literal

import lychgate
from lychgate.model.errors import InputError
from lychgate.sources.files import read
from lychgate.sources.settings import NAME, Settings

# `code` makes and judges every stack, `policies` is what all are judged by, `pipeline` what a pipeline does and who is
# asked; `other` says nothing of a stack.
Kind = Literal["application", "environment", "tenants", "platform", "policies", "code", "pipeline", "other"]
CODE = ("provisioner", "policies", "rulesets", "lychgate", "pyproject.toml", "uv.lock")
# https://docs.gitlab.com/user/project/codeowners/#codeowners-file
PIPELINE = (".gitlab-ci.yml", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
FOLDERS: dict[str, Kind] = {"applications": "application", "environments": "environment"}
FILES: dict[str, Kind] = {"platform.yaml": "platform", "tenants.yaml": "tenants"}
WRITTEN = "*.y*ml"  # as platforms are read


@dataclass(frozen=True, slots=True)
class Places:
    """Where things stand in a repository, as paths in it.

    `platforms` are folders of the platform, `policies` files that its lychgate.yaml reads, `code` the folders that a
    copy of Lychgate stands in, `named` words of .gitlab-ci.yml that may be paths or patterns of such. `linked`: files
    of the platform are links, so that any of its folder may be one of them.
    """

    platforms: frozenset[str]
    policies: frozenset[str]
    code: frozenset[str]
    named: frozenset[str]
    linked: bool

    @classmethod
    def of(cls, top: Path, found: Iterable[tuple[Path, Path, Settings]]) -> Places:
        """The places of some versions of a platform: each the folder that it is read below, its lychgate.yaml, and what
        that says."""
        platforms, policies, named, linked = set[str](), set[str](), set[str](), False
        for root, file, settings in found:
            ruleset = settings.ruleset if isinstance(settings.ruleset, Path) else None
            policies |= {inside for one in (file, settings.waivers, ruleset) if one for inside in _inside(root, one)}
            named |= _words(root / PIPELINE[0])
            if settings.platform:
                platforms |= _inside(root, settings.platform)
                linked |= any(one.is_symlink() for one in _read(settings.platform))
        source = Path(lychgate.__file__).resolve().parents[1]
        own = {source.relative_to(top.resolve()).as_posix()} if source.is_relative_to(top.resolve()) else set()
        return cls(frozenset(platforms), frozenset(policies), frozenset({".", *own}), frozenset(named), linked)

    def kind(self, path: str) -> tuple[Kind, str]:
        """What a file is, and the name of the application or environment that it is of; else empty."""
        for folder in self.platforms:
            if folder == "." or path.startswith(f"{folder}/"):
                kind, name = self._of_platform(path if folder == "." else path[len(folder) + 1 :])
                if kind != "other":
                    return kind, name
            elif path == folder or folder.startswith(f"{path}/"):  # a link in the place of a folder
                return "platform", ""
        if path in self.policies or PurePosixPath(path).name == NAME:
            return "policies", ""
        if any(_below(path, name if folder == "." else f"{folder}/{name}") for folder in self.code for name in CODE):
            return "code", ""
        if (
            path in PIPELINE
            or path.startswith((".gitlab/", ".ci/"))
            or any(fnmatchcase(path, one) for one in self.named)
        ):
            return "pipeline", ""
        return "other", ""

    def _of_platform(self, path: str) -> tuple[Kind, str]:
        parts = PurePosixPath(path)
        if path in FILES:
            return FILES[path], ""
        if path in FOLDERS:
            return "platform", ""
        if len(parts.parts) == 2 and parts.parts[0] in FOLDERS and fnmatchcase(parts.name, WRITTEN):
            return FOLDERS[parts.parts[0]], parts.stem
        return ("platform" if self.linked else "other"), ""


def _inside(root: Path, path: Path) -> set[str]:
    """A path as it is written and where it leads, as far as that lies below the root."""
    ways = (Path(os.path.abspath(path)), path.resolve())
    tops = (Path(os.path.abspath(root)), root.resolve())
    return {way.relative_to(top).as_posix() for way in ways for top in tops if way.is_relative_to(top)}


def _read(folder: Path) -> list[Path]:
    """The files and folders that a platform is read from."""
    return [folder / name for name in (*FILES, *FOLDERS)] + [
        file for name in FOLDERS for file in (folder / name).glob(WRITTEN)
    ]


def _words(file: Path) -> set[str]:
    """The words of a pipeline's file that may be paths: what it includes, and the scripts that its jobs run."""
    try:
        text = read(file).decode(errors="replace")
    except InputError:
        return set()
    words = (one.removeprefix("./").lstrip("/") for one in re.findall(r"[\w./*-]+", text))
    return {one for one in words if "." in one or "/" in one} - {"*", "**", "*.*"}


def _below(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")
