"""The platform's folder: `platform.yaml`, `environments/*.yaml`, `tenants.yaml`, `applications/*.yaml`.

All of it is read and checked together, so that a name which leads nowhere is told where it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TypeVar

from lychgate.provisioner.models.application import Application
from lychgate.provisioner.models.environment import Environment, PlatformFile, Tenant, Tenants
from lychgate.provisioner.models.names import NAME, RESERVED
from lychgate.provisioner.models.settings import Layer, Part

from lychgate.model.document import Document, parse
from lychgate.model.errors import InputError
from lychgate.model.validation import load
from lychgate.sources.files import read_document

M = TypeVar("M", bound=Part)
DEFAULTS, PLATFORM, TENANTS = "defaults", "platform", "tenants"
LONGEST_NAME = 30


@dataclass(frozen=True, slots=True)
class Platform:
    """All that a platform's folder says.

    `documents` leads from `platform`, `tenants`, `environments/NAME` and `applications/NAME` to what was read, for the
    places of errors and declarations.
    """

    folder: Path
    defaults: Layer
    file: PlatformFile
    environments: Mapping[str, Environment]
    tenants: Mapping[str, Tenant]
    applications: Mapping[str, Application]
    documents: Mapping[str, Document]

    def place(self, document: str, *path: str | int) -> str:
        """FILE:LINE of a key; the file is relative to the platform's folder where it is below it."""
        written = self.documents[document]
        line, _ = written.position(path, key=True)
        return f"{written.file}:{line}"


def read_platform(folder: Path, *, base: Path | None = None) -> Platform:
    """The platform in a folder; files are named relative to `base`. Raises InputError with every error there is."""
    from lychgate.provisioner.models.references import check

    if not folder.is_dir():
        raise InputError(str(folder), found="no such folder", expected="the folder of a platform's files")
    reader = _Reader(folder, base)
    file = reader.read(PLATFORM, folder / "platform.yaml", PlatformFile)
    tenants = reader.read(TENANTS, folder / "tenants.yaml", Tenants)
    environments = reader.read_all("environments", Environment)
    applications = reader.read_all("applications", Application)
    if reader.errors or file is None or tenants is None:
        raise InputError.of(reader.errors)
    platform = Platform(folder, _defaults(), file, environments, tenants.tenants, applications, reader.documents)
    if errors := list({str(error): error for error in check(platform)}.values()):
        raise InputError.of(errors)
    return platform


def _defaults() -> Layer:
    data = (resources.files("lychgate.provisioner") / "models" / "defaults.yaml").read_bytes()
    return load(parse(data, "the defaults of Lychgate"), Layer)


class _Reader:
    """Reads files one after another, and keeps the errors of all."""

    def __init__(self, folder: Path, base: Path | None) -> None:
        self.folder, self.base = folder, base
        self.documents: dict[str, Document] = {}
        self.errors: list[InputError] = []

    def read(self, name: str, path: Path, model: type[M]) -> M | None:
        try:
            document = read_document(path, within=self.folder)
            if self.base is not None and path.resolve().is_relative_to(self.base):
                document = Document(str(path.resolve().relative_to(self.base)), document.value, document.root)
            self.documents[name] = document
            return load(document, model)
        except InputError as error:
            self.errors += [error, *error.more]
            return None

    def read_all(self, kind: str, model: type[M]) -> dict[str, M]:
        """Every file of a folder, by the file's name."""
        found: dict[str, M] = {}
        paths = sorted((self.folder / kind).glob("*.y*ml"))
        if not paths:
            self.errors.append(InputError(str(self.folder / kind), found="there is no file", expected="NAME.yaml"))
        for path in paths:
            if not re.fullmatch(NAME, path.stem) or len(path.stem) > LONGEST_NAME or path.stem in RESERVED:
                expected = f"a name of small letters, digits and single hyphens, {LONGEST_NAME} characters at most"
                self.errors.append(InputError(str(path), found=f"the name {path.stem!r}", expected=expected))
            elif (made := self.read(f"{kind}/{path.stem}", path, model)) is not None:
                found[path.stem] = made
        return found
