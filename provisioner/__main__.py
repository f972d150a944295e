"""The Pulumi program of every stack of the platform: the stack's name says which application, environment and tenant.

The platform's folder is the one that the configuration `platform:folder` names (relative to this folder), else the one
of the nearest lychgate.yaml above (`platform:`). `platform:base` is what its files are named relative to.
"""

from pathlib import Path

import pulumi
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.assembly.stack import build
from lychgate.provisioner.models.names import parts_of
from lychgate.provisioner.models.platform import read_platform

from lychgate.model.errors import InputError
from lychgate.sources.settings import NAME, find, read_settings

HERE = Path(__file__).resolve().parent


def folder() -> tuple[Path, Path]:
    """The platform's folder, and what its files are named relative to."""
    config = pulumi.Config("platform")
    if named := config.get("folder"):
        return HERE / named, HERE / (config.get("base") or named)
    settings = find(HERE)
    platform = read_settings(settings, None).platform if settings else None
    if settings is None or platform is None:
        raise InputError(str(settings or NAME), found="no platform is named", expected="platform: FOLDER")
    return platform, settings.parent


def main() -> None:
    """Declare the stack that is deployed."""
    parts = parts_of(pulumi.get_stack())
    if parts is None:
        found = f"{pulumi.get_stack()!r} is no stack of the platform"
        raise InputError("stack", found=found, expected="APPLICATION.ENVIRONMENT.TENANT")
    place, base = folder()
    build(Scope.of(read_platform(place, base=base), *parts))


main()
