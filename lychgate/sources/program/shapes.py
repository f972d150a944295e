"""Runs in the judged program: tells the monitor which outputs a type has, as the program's own SDK declares them.

Standard library and the program's own Pulumi SDK only. A program that tells lies here deceives only itself, and
programs that share its interpreter, as rules' examples do: what their own outputs look like to them.
"""

from __future__ import annotations

import collections.abc
import contextlib
import importlib
import json
import keyword
import pathlib
import sys
import threading
import types
import typing

DEPTH = 6
DESCRIBE = "/lychgate.Capture/Describe"
SECRET = "/lychgate.Capture/Secret"


def connect(address: str, known: list[str]) -> tuple[TellingMonitor, object]:
    """The monitor at an address, told of each type before its first use unless it is known, and the engine there."""
    import grpc
    from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel(address, options=options)
    tell: typing.Any = channel.unary_unary(SECRET)
    tell_secrets(tell)
    monitor = TellingMonitor(resource_pb2_grpc.ResourceMonitorStub(channel), channel, known)
    return monitor, engine_pb2_grpc.EngineStub(channel)


def tell_secrets(tell: typing.Callable[[bytes], object]) -> None:
    """Tell what the program makes a secret of before it can print it: where it fails later, its output is shown."""
    import pulumi

    output: typing.Any = pulumi.Output
    make = output.secret

    def secret(*args: typing.Any, **named: typing.Any) -> typing.Any:
        for text in texts([*args, *named.values()]):
            tell(text.encode(errors="replace"))
        return make(*args, **named)

    output.secret = staticmethod(secret)


def texts(value: object) -> typing.Iterator[str]:
    """Every text and number in a plain value."""
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield str(value)


class TellingMonitor:
    """The SDK's stub, which describes the type of a resource or function to the monitor before it is first used."""

    def __init__(self, stub: object, channel: typing.Any, known: list[str]) -> None:
        self._stub = stub
        self._describe = channel.unary_unary(DESCRIBE)
        self._told = set(known)
        self._lock = threading.Lock()
        self.RegisterResource = self._before("RegisterResource", "type")
        self.ReadResource = self._before("ReadResource", "type")
        self.Invoke = self._before("Invoke", "tok")

    def __getattr__(self, name: str) -> typing.Any:
        return getattr(self._stub, name)

    def _before(self, method: str, field: str) -> typing.Callable[..., typing.Any]:
        call = getattr(self._stub, method)

        def told(request: typing.Any, *args: typing.Any, **named: typing.Any) -> typing.Any:
            self._tell(getattr(request, field))
            return call(request, *args, **named)

        return told

    def _tell(self, token: str) -> None:
        with self._lock:
            if token not in self._told:
                self._told.add(token)
                self._describe(json.dumps({"token": token, "shape": describe(token)}).encode())


def describe(token: str) -> dict[str, typing.Any] | None:
    """The outputs of a resource type, or the fields of a function's result: name -> shape; None where no SDK knows it.

    A shape is `{"kind": "text|number|flag|list|map|object|any", "optional": bool, "of": shape, "fields": {...}}`.
    """
    try:
        cls = find_class(token)
        return None if cls is None else {name: shape(hint, DEPTH) for name, hint in hints(cls).items()}
    except Exception:  # an SDK that cannot be read is as good as none: its outputs are unknown
        return None


def hints(cls: type) -> dict[str, typing.Any]:
    """Pulumi's name -> type hint, of every output that the SDK's class declares as a property."""
    import pulumi
    from pulumi import _types

    scope: dict[str, typing.Any] = {}
    for base in reversed(cls.__mro__):
        scope.update(vars(sys.modules.get(base.__module__, types)))
    local = {"Output": pulumi.Output, "T": type(None)}
    return {
        name: typing.get_type_hints(prop.fget, globalns=scope, localns=local).get("return", typing.Any)
        for _, name, prop in _types._py_properties(cls)
    }


def find_class(token: str) -> type | None:
    """The SDK class of a resource type token, or the result class of a function token."""
    package, _, rest = token.partition(":")
    module_name, _, member = rest.rpartition(":")
    if package == "pulumi" and module_name == "providers":
        return class_of(find_package(member) or types, "Provider")
    if package == "pulumi":  # stacks and references to them: no SDK's
        return None
    root = find_package(package)
    if root is None:
        return None
    from pulumi.runtime import rpc

    for entry in rpc._RESOURCE_MODULES.get(f"{package}:{module_name}", ()):
        facts: typing.Any = getattr(entry, "mod_info", {"classes": {}})
        if token in facts["classes"]:
            return class_of(importlib.import_module(facts["fqn"]), facts["classes"][token])
    result = f"{member[:1].upper()}{member[1:]}Result"
    name = module_name.split("/")[0]
    name += "_" if keyword.iskeyword(name) else ""  # `aws:lambda/...` is pulumi_aws.lambda_
    for candidate in (f"{root.__name__}.{name.replace('-', '_')}" if name and name != "index" else "", root.__name__):
        if candidate:
            with contextlib.suppress(ImportError):
                module = importlib.import_module(candidate)
                if cls := class_of(module, result):
                    return cls
    return None


def class_of(module: types.ModuleType, name: str) -> type | None:
    """A class of a module."""
    found = getattr(module, name, None)
    return found if isinstance(found, type) else None


def find_package(package: str) -> types.ModuleType | None:
    """The SDK module of a Pulumi package: by its usual name, else by the plugin file that every SDK carries."""
    with contextlib.suppress(ImportError):
        return importlib.import_module(f"pulumi_{package.replace('-', '_')}")
    for folder in map(pathlib.Path, sys.path):
        for plugin in folder.glob("*/pulumi-plugin.json"):
            with contextlib.suppress(ImportError, ValueError, OSError):
                if json.loads(plugin.read_text()).get("name") == package:
                    return importlib.import_module(plugin.parent.name)
    return None


def shape(hint: object, depth: int) -> dict[str, typing.Any]:
    """The shape of a type hint of the SDK."""
    import pulumi
    from pulumi import _types

    optional = False
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is pulumi.Output:
        return shape(arguments[0], depth)
    if origin is typing.Union:
        optional = type(None) in arguments
        arguments = tuple(a for a in arguments if a is not type(None))
        if len(arguments) > 1:
            return {"kind": "text" if str in arguments else "any", "optional": optional}
        hint = arguments[0]
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    found: dict[str, typing.Any] = {"kind": "any", "optional": optional}  # an enumeration too: no made-up text is in it
    if hint in (str, int, float, bool):
        found["kind"] = "text" if hint is str else "flag" if hint is bool else "number"
    elif origin in (list, collections.abc.Sequence):
        found["kind"] = "list"
        found["of"] = shape(arguments[0], depth - 1) if arguments and depth else {"kind": "any", "optional": True}
    elif origin in (dict, collections.abc.Mapping):
        found["kind"] = "map"
    elif isinstance(hint, type) and _types.is_output_type(hint):
        found["kind"] = "object"
        fields = hints(hint) if depth else {}
        found["fields"] = {name: shape(one, depth - 1) for name, one in fields.items()}
    return found
