"""What a registration says beside names and properties: where it stands, what it waits for, its options."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from lychgate.model.graph import Location, Resource
from lychgate.sources.program.bounds import LONGEST_NAME
from lychgate.sources.program.wire import output_dependencies

# Resources by which a provider makes others that the program never registers, and why nobody has seen these.
HIDING = {
    "kubernetes:helm.sh/v3:Release": "a Helm release: its objects are made from the chart at deployment",
    "aws:cloudformation/stack:Stack": "a CloudFormation stack: its resources are made from the template at deployment",
    "aws:cloudformation/stackSet:StackSet": "CloudFormation stacks: their resources are made at deployment",
    "aws:cloudcontrol/resource:Resource": "a resource of any type, described in a text that no rule reads",
    "aws:servicecatalog/provisionedProduct:ProvisionedProduct": "a product: its resources are made at deployment",
    "aws:serverlessrepository/cloudFormationStack:CloudFormationStack": (
        "a published application: its resources are made at deployment"
    ),
}


def location(request: Any, folder: PurePosixPath, base: PurePosixPath) -> Location | None:
    """The first frame of the user's own files, which are those below `folder`; named relative to `base`."""
    if "sourcePosition" not in request.DESCRIPTOR.fields_by_name:
        return None
    for frame in [frame.pc for frame in request.stackTrace.frames] or [request.sourcePosition]:
        try:
            path = PurePosixPath(unquote(urlsplit(frame.uri).path))
        except ValueError:
            continue
        if not path.is_relative_to(folder) or ".." in path.parts or len(str(path)) > LONGEST_NAME:
            continue
        if "site-packages" not in path.relative_to(folder).parts:
            return Location(str(path.relative_to(base)), max(frame.line, 1))
    return None


def inherit(request: Any, parent: Resource | None) -> None:
    """Give a registration what the engine has it take from its parent where it says nothing itself.

    https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/source_eval.go (inheritFromParent)
    """
    if parent is None:
        return
    for name in ("protect", "retainOnDelete"):
        if name in parent.options and not request.HasField(name):
            setattr(request, name, parent.options[name])
    request.deletedWith = request.deletedWith or parent.options.get("deletedWith", "")
    package = request.type.partition(":")[0]
    if not request.provider and parent.provider and f"::pulumi:providers:{package}::" in parent.provider:
        request.provider = parent.provider


def property_dependencies(request: Any) -> dict[str, tuple[str, ...]]:
    """The URNs that each property waits for, as told and as its output values say themselves."""
    found = {name: set(entry.urns) for name, entry in request.propertyDependencies.items()}
    for name, value in request.object.fields.items():
        more = output_dependencies(value)
        if more:
            found.setdefault(name, set()).update(more)
    return {name: tuple(sorted(urns)) for name, urns in found.items() if urns}


def options(request: Any) -> dict[str, Any]:
    """The resource options that are set, by Pulumi's names."""
    found: dict[str, Any] = {}
    for name in ("protect", "retainOnDelete"):
        if request.HasField(name):
            found[name] = getattr(request, name)
    for name in ("ignoreChanges", "replaceOnChanges", "additionalSecretOutputs", "aliasURNs"):
        if getattr(request, name):
            found[name] = list(getattr(request, name))
    if request.deleteBeforeReplaceDefined:
        found["deleteBeforeReplace"] = request.deleteBeforeReplace
    for name in ("importId", "deletedWith", "version", "pluginDownloadURL"):
        if getattr(request, name):
            found[name] = getattr(request, name)
    if request.aliases:
        found["aliases"] = [alias.urn or f"name={alias.spec.name} type={alias.spec.type}" for alias in request.aliases]
    if request.providers:
        found["providers"] = dict(request.providers)
    if request.HasField("customTimeouts"):
        timeouts = request.customTimeouts
        given = {"create": timeouts.create, "update": timeouts.update, "delete": timeouts.delete}
        found["customTimeouts"] = {key: value for key, value in given.items() if value}
    return found
