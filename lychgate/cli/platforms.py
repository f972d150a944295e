"""The platform that a command is about: found by lychgate.yaml, here or as a commit has it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lychgate.model.errors import InputError
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import SINGLE
from lychgate.provisioner.models.platform import Platform, read_platform
from lychgate.provisioner.sync.unchanged import snapshot
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.settings import NAME, Settings, find, read_settings

APPLICATIONS = "applications"


@dataclass(frozen=True, slots=True)
class Found:
    """A platform, the lychgate.yaml that names it and what that says. `checkout` is its folder in the working tree,
    `files` what its files held when it was read."""

    file: Path
    settings: Settings
    platform: Platform
    checkout: Path
    files: Mapping[str, str]


def settings_file(given: Path | None) -> Path:
    """`given`, else the nearest lychgate.yaml above the current folder. Raises InputError."""
    file = given or find(Path.cwd())
    if file is None:
        raise InputError(NAME, found="there is none here or above", expected=f"a {NAME} with `platform: FOLDER`")
    return file


def platform_of(
    given: Path | None,
    environment: str | None,
    tree: PolicyTree | None = None,
    applications: PolicyTree | None = None,
) -> Found:
    """The platform that lychgate.yaml names. Raises InputError.

    With a `tree` of a commit all that the platform team writes comes from there, and the applications from the working
    tree, or from another commit's: a merge request of a product team brings no environment of its own.
    """
    file = settings_in(tree, given) if tree and tree.root else settings_file(given)
    settings = read_settings(file, environment)
    folder = settings.platform
    if folder is None:
        raise InputError(str(file), found="it names no platform", expected="`platform: FOLDER`")
    checkout = tree.working(folder) if tree else folder
    source = applications.path(checkout) if applications else checkout
    if source != folder:
        _take_over(source / APPLICATIONS, folder / APPLICATIONS)
    files = snapshot(folder)
    return Found(file, settings, read_platform(folder, base=file.resolve().parent), checkout, files)


def settings_in(tree: PolicyTree, given: Path | None) -> Path:
    """The lychgate.yaml of a commit, where the working tree may have none, or one that is nearer."""
    return (None if given else find(tree.path(Path.cwd()), tree.root)) or tree.path(settings_file(given))


def _take_over(source: Path, target: Path) -> None:
    """Put one folder's YAML files in the place of another's. Links stay links. Raises InputError."""
    if target.is_symlink():  # to another folder of the commit, whose files would stay
        target.unlink()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in source.glob("*.y*ml"):
        try:
            shutil.copy2(file, target / file.name, follow_symlinks=False)
        except OSError as error:  # a folder or a pipe of such a name, or one that may not be read
            found = f"cannot be read: {error.strerror or error}"
            raise InputError(str(file), found=found, expected="a file") from None


def file_of(found: Found, application: str) -> Path:
    """The file of an application of a platform."""
    document = found.platform.documents[f"applications/{application}"]
    return found.platform.folder / APPLICATIONS / Path(document.file).name


def scope_of(platform: Platform, application: str, environment: str, tenant: str | None) -> Scope:
    """What a command is about. A single-tenant application needs no tenant named. Raises InputError."""
    return Scope.of(platform, application, environment, tenant_of(platform, application, tenant))


def tenant_of(platform: Platform, application: str, tenant: str | None) -> str:
    """The tenant that was named; that of a single-tenant application needs no name. Raises InputError."""
    spec = platform.applications.get(application)
    if tenant is None and spec is not None and spec.tenants != [SINGLE]:
        raise InputError("--tenant", found=f"{application} has several tenants", expected=", ".join(spec.tenants))
    return tenant or SINGLE
