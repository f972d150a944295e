"""A resource provider over gRPC: what the engine asks, answered by the package that the executable is named after.

LYCHGATE_PROVIDER_LOG names a file that gets a line of JSON for every resource that is really created, read, updated
or deleted, previews aside: so a test can prove that a deployment was stopped before anything existed.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.engine.plugins.aws import Aws
from tests.engine.plugins.kubernetes import Kubernetes
from tests.engine.plugins.package import Failed, Package, Proposal, Refused, without_defaults
from tests.engine.plugins.wire import DEFAULTS, Properties, from_struct, to_struct

PACKAGES: dict[str, type[Package]] = {"aws": Aws, "kubernetes": Kubernetes}
Diff = provider_pb2.DiffResponse
Change = provider_pb2.PropertyDiff


def provider(package: str) -> Provider:
    """The provider of a package by its name; a package of which nothing is known gets its inputs back."""
    return Provider(PACKAGES.get(package, Package)(package))


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The protocol's side of a package."""

    def __init__(self, package: Package) -> None:
        self.package = package

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=self.package.accepts_secrets, supports_autonaming_configuration=True
        )

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=_version(self.package.name))

    def GetSchema(self, request: Any, context: Any) -> Any:
        schema = {"name": self.package.name, "version": _version(self.package.name)}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return _difference(from_struct(request.old_inputs), from_struct(request.news), frozenset())

    def Configure(self, request: Any, context: Any) -> Any:
        with _told(context):
            self.package.configure({name: _decoded(value) for name, value in from_struct(request.args).items()})
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self.package.accepts_secrets, supportsPreview=True, supports_autonaming_configuration=True
        )

    def Check(self, request: Any, context: Any) -> Any:
        naming = provider_pb2.CheckRequest.AutonamingOptions
        proposal = Proposal(
            type=request.type,
            name=request.name,
            seed=request.randomSeed,
            inputs=from_struct(request.news),
            old_inputs=from_struct(request.olds),
            proposed_name=request.autonaming.proposed_name,
            autoname=request.autonaming.mode != naming.Mode.DISABLE,
        )
        try:
            return provider_pb2.CheckResponse(inputs=to_struct(self.package.check(proposal)))
        except Refused as why:
            failure = provider_pb2.CheckFailure(property=why.property, reason=why.reason)
            return provider_pb2.CheckResponse(failures=[failure])

    def Diff(self, request: Any, context: Any) -> Any:
        old = from_struct(request.old_inputs)
        with _told(context):
            replacing = self.package.replaced_by(request.type)
        return _difference(old, from_struct(request.news), replacing)

    def Create(self, request: Any, context: Any) -> Any:
        inputs = from_struct(request.properties)
        if request.preview:
            outputs = self.package.preview(request.type, inputs)
            return provider_pb2.CreateResponse(properties=to_struct(outputs))
        _trouble(request, context)
        with _told(context):
            ident, outputs = self.package.create(request.type, request.name, inputs)
        self._log("create", request, ident)
        return provider_pb2.CreateResponse(id=ident, properties=to_struct(outputs))

    def Update(self, request: Any, context: Any) -> Any:
        old, inputs = from_struct(request.olds), from_struct(request.news)
        if request.preview:
            outputs = self.package.preview_update(request.type, request.id, old, inputs)
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))
        _trouble(request, context)
        with _told(context):
            outputs = self.package.update(request.type, request.id, old, inputs, from_struct(request.old_inputs))
        self._log("update", request, request.id)
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Read(self, request: Any, context: Any) -> Any:
        with _told(context):
            known = from_struct(request.properties)
            outputs = self.package.read(request.type, request.id, known)
            if outputs is not None:
                inputs = self.package.refreshed(request.type, request.id, from_struct(request.inputs), outputs)
        self._log("read", request, request.id)
        if outputs is None:
            return provider_pb2.ReadResponse()  # without an id: the engine forgets it
        told = {**outputs, **{name: value for name, value in without_defaults(inputs).items() if name in outputs}}
        return provider_pb2.ReadResponse(id=request.id, properties=to_struct(told), inputs=to_struct(inputs))

    def Delete(self, request: Any, context: Any) -> Any:
        _trouble(request, context)
        with _told(context):
            self.package.delete(request.type, request.id, from_struct(request.properties))
        self._log("delete", request, request.id)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        try:
            with _told(context):
                result = self.package.invoke(request.tok, from_struct(request.args))
        except LookupError as why:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(why))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(result))  # a word that Python keeps for itself
        return response

    def Construct(self, request: Any, context: Any) -> Any:
        message = f"the test provider of {self.package.name} has no remote components, so not {request.type}"
        context.abort(grpc.StatusCode.UNIMPLEMENTED, message)

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def _log(self, operation: str, request: Any, ident: str) -> None:
        """Note what was done. Without properties, as they may be secrets."""
        if path := os.environ.get("LYCHGATE_PROVIDER_LOG"):
            line = {"operation": operation, "urn": request.urn, "type": request.type, "name": request.name, "id": ident}
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


@contextmanager
def _told(context: Any) -> Iterator[None]:
    """What fails in the package ends the call, with its message."""
    try:
        yield
    except Failed as why:
        context.abort(grpc.StatusCode.UNKNOWN, str(why))


def _trouble(request: Any, context: Any) -> None:
    """What goes wrong with resources of a name: LYCHGATE_PROVIDER_FAILS and LYCHGATE_PROVIDER_SLOW say of which."""
    if request.name == os.environ.get("LYCHGATE_PROVIDER_FAILS"):
        context.abort(grpc.StatusCode.UNKNOWN, f"AccessDenied: the tests do not let {request.name} come about")
    if request.name == os.environ.get("LYCHGATE_PROVIDER_SLOW"):
        time.sleep(float(os.environ.get("LYCHGATE_PROVIDER_SECONDS", "3")))


def _difference(old: Properties, new: Properties, replacing: frozenset[str]) -> Any:
    """What changed, by top-level property, and which changes need a new resource."""
    changed = sorted(name for name in (old.keys() | new.keys()) - {DEFAULTS} if old.get(name) != new.get(name))
    if not changed:
        return Diff(changes=Diff.DIFF_NONE)
    kinds = {}
    for name in changed:
        kind = "ADD" if name not in old else "DELETE" if name not in new else "UPDATE"
        kinds[name] = Change(kind=Change.Kind.Value(kind + ("_REPLACE" if name in replacing else "")), inputDiff=True)
    replaces = [name for name in changed if name in replacing]
    return Diff(changes=Diff.DIFF_SOME, diffs=changed, replaces=replaces, detailedDiff=kinds, hasDetailedDiff=True)


def _decoded(value: Any) -> Any:
    """A provider's setting: the SDKs send everything but strings as JSON in a string."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(f"pulumi_{package}")
    except importlib.metadata.PackageNotFoundError:
        return "1.0.0"
