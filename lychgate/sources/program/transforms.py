"""Transforms that a program registers: functions of the program that rewrite a registration before it is recorded.

The engine calls them back over gRPC: those of the resource first, then those of its parents, then those of the stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

from lychgate.model.graph import Resource
from lychgate.sources.program.wire import output_dependencies

# How the SDK begins what it says of a failed callback.
CALLBACK = re.compile(r"^Invoke callback [0-9a-f-]+ error: ")
SAME_NAME = (
    ("protect", "protect"),
    ("additional_secret_outputs", "additionalSecretOutputs"),
    ("aliases", "aliases"),
    ("custom_timeouts", "customTimeouts"),
    ("delete_before_replace", "deleteBeforeReplace"),
    ("deleted_with", "deletedWith"),
    ("depends_on", "dependencies"),
    ("ignore_changes", "ignoreChanges"),
    ("import", "importId"),
    ("plugin_download_url", "pluginDownloadURL"),
    ("provider", "provider"),
    ("providers", "providers"),
    ("replace_on_changes", "replaceOnChanges"),
    ("retain_on_delete", "retainOnDelete"),
    ("version", "version"),
)


class TransformFailed(ValueError):
    """A transform of the program raised; the text is its own."""


class Transforms:
    """The transforms of one running program. `reach` turns the program's callback address into one we can dial."""

    def __init__(self, reach: Callable[[str], str]) -> None:
        self.reach = reach
        self.stack: list[Any] = []
        self.invokes: list[Any] = []
        self.by_resource: dict[str, list[Any]] = {}
        self.stubs: dict[str, callback_pb2_grpc.CallbacksStub] = {}

    def for_stack(self, callback: Any) -> None:
        """A transform for every later resource."""
        self.stack.append(callback)

    def for_invokes(self, callback: Any) -> None:
        """A transform for every later function call."""
        self.invokes.append(callback)

    def remember(self, urn: str, callbacks: list[Any]) -> None:
        """The transforms of a resource apply to its children too."""
        if callbacks:
            self.by_resource[urn] = callbacks

    def apply(self, request: Any, resources: Mapping[str, Resource]) -> tuple[Any, set[str]]:
        """The request as all transforms leave it, and the URNs that transformed properties depend on."""
        callbacks = list(request.transforms)
        parent = resources.get(request.parent)
        while parent is not None:
            callbacks += self.by_resource.get(parent.urn, [])
            parent = resources.get(parent.parent or "")
        callbacks += self.stack
        for callback in callbacks:
            asked = resource_pb2.TransformRequest(
                type=request.type, name=request.name, custom=request.custom, parent=request.parent,
                properties=request.object, options=_options_of(request),
            )  # fmt: skip
            answer = resource_pb2.TransformResponse.FromString(self._call(callback, asked))
            request.object.CopyFrom(answer.properties)
            if answer.HasField("options"):
                _put_options(request, answer.options)
        refs: set[str] = set()
        if callbacks:
            for value in request.object.fields.values():
                refs |= output_dependencies(value)
        return request, refs

    def apply_invoke(self, request: Any) -> Any:
        """A function call as all invoke transforms leave it."""
        for callback in self.invokes:
            asked = resource_pb2.TransformInvokeRequest(
                token=request.tok,
                args=request.args,
                options=resource_pb2.TransformInvokeOptions(provider=request.provider, version=request.version),
            )
            answer = resource_pb2.TransformInvokeResponse.FromString(self._call(callback, asked))
            request.args.CopyFrom(answer.args)
            if answer.HasField("options"):
                request.provider = answer.options.provider
        return request

    def _call(self, callback: Any, asked: Any) -> bytes:
        stub = self.stubs.get(callback.target)
        if stub is None:
            channel = grpc.insecure_channel(self.reach(callback.target))
            stub = self.stubs[callback.target] = callback_pb2_grpc.CallbacksStub(channel)
        message = callback_pb2.CallbackInvokeRequest(token=callback.token, request=asked.SerializeToString())
        try:
            return bytes(stub.Invoke(message).response)
        except grpc.RpcError as error:
            raise TransformFailed(f"a transform failed: {CALLBACK.sub('', error.details() or '')}") from error


def _options_of(request: Any) -> Any:
    options = resource_pb2.TransformResourceOptions()
    for theirs, ours in SAME_NAME:
        _copy(request, ours, options, theirs)
    if request.deleteBeforeReplaceDefined is False:
        options.ClearField("delete_before_replace")
    return options


def _put_options(request: Any, options: Any) -> None:
    for theirs, ours in SAME_NAME:
        request.ClearField(ours)
        _copy(options, theirs, request, ours)
    request.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")


def _copy(source: Any, name: str, target: Any, other: str) -> None:
    descriptor = source.DESCRIPTOR.fields_by_name[name]
    value = getattr(source, name)
    if descriptor.label == descriptor.LABEL_REPEATED:
        if descriptor.message_type is not None and descriptor.message_type.GetOptions().map_entry:
            getattr(target, other).update(value)
        else:
            getattr(target, other).extend(value)
    elif descriptor.message_type is not None:
        if source.HasField(name):
            getattr(target, other).CopyFrom(value)
    elif descriptor.has_presence:
        if source.HasField(name):
            setattr(target, other, value)
    elif value:
        setattr(target, other, value)
