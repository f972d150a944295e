"""What the installed SDK says about a resource type or function: its inputs, its outputs and their types.

Test providers have no schema of their own; the generated SDK classes carry what is needed of it. Where the SDK of a
package is not installed, a shape is empty and a provider echoes the inputs.
"""

from __future__ import annotations

import functools
import importlib
import json
import re
import threading
import types
import typing
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi import _types

Hints = Mapping[str, Any]
# The SDK loads its modules when they are first looked at, which threads must not do at the same time.
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Shape:
    """Inputs and outputs by Pulumi's property names. An output whose type is not optional is set by the provider."""

    inputs: frozenset[str] = frozenset()
    outputs: Hints = field(default_factory=dict)

    def computed(self) -> dict[str, Any]:
        """Outputs that always have a value after a deployment, with their types."""
        return {name: hint for name, hint in self.outputs.items() if not is_optional(hint)}


@functools.cache
def resource(token: str) -> Shape:
    """The shape of a resource type such as `aws:s3/bucket:Bucket`."""
    where = _classes(token.split(":")[0]).get(token)
    if where is None:
        return Shape()
    with _LOADING, warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of classes nobody asked for
        module = importlib.import_module(where[0])
        # Where an object in an input has the name already, the resource's own arguments are called otherwise.
        arguments = getattr(module, where[1] + "InitArgs", None) or getattr(module, where[1] + "Args", None)
        inputs = frozenset(_types.input_type_types(arguments)) if arguments else frozenset[str]()
        hints = _types._raw_return_hints(getattr(module, where[1]))
    return Shape(inputs, {name: _inner(hint) for name, hint in hints.items() if name not in ("id", "urn")})


@functools.cache
def function(token: str) -> Hints:
    """The results of a function such as `aws:ec2/getVpc:getVpc`, by name."""
    package, module, name = token.split(":")
    folder = module.split("/")[0]
    path = f"pulumi_{package.replace('-', '_')}" + ("" if folder == "index" else f".{folder}")
    try:
        with _LOADING, warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            result = getattr(importlib.import_module(path), name[0].upper() + name[1:] + "Result")
    except (ImportError, AttributeError):
        return {}
    return _types._raw_return_hints(result)


def is_optional(hint: Any) -> bool:
    """Whether a value of this type may be missing."""
    return type(None) in typing.get_args(hint)


def example(hint: Any, text: str, within: frozenset[type] = frozenset()) -> Any:
    """A plausible value of a type: `text` for a string, zero, false, an empty map, objects filled in.

    A list has one element, and none where `text` is empty: nothing that was found, or made, has no text.
    """
    hint = _types.unwrap_optional_type(hint)
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType, typing.Literal):
        first = typing.get_args(hint)[0]
        return first if origin is typing.Literal else example(first, text, within)
    if isinstance(hint, type) and _types.is_output_type(hint):
        inside = within | {hint}  # some types contain themselves
        return {
            name: example(member, f"{text}-{name}", inside)
            for name, member in members(hint).items()
            if objects(member) not in inside
        }
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        element = typing.get_args(hint)[0]
        return [] if not text or objects(element) in within else [example(element, text, within)]
    return {str: text, int: 0, float: 0, bool: False}.get(hint, [])


def objects(hint: Any) -> type | None:
    """The class of the object, or of the objects in the list, that a property of this type holds; None for others."""
    hint = _types.unwrap_optional_type(hint)
    for candidate in (hint, *typing.get_args(hint)):
        if isinstance(candidate, type) and _types.is_output_type(candidate):
            return candidate
    return None


def members(cls: type) -> Hints:
    """The properties of an object's class."""
    return _types._raw_return_hints(cls)


def _inner(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is pulumi.Output else hint


@functools.cache
def _classes(package: str) -> dict[str, tuple[str, str]]:
    """Type token -> module and class, as the package registers them when it is imported."""
    try:
        source = importlib.import_module(f"pulumi_{package.replace('-', '_')}").__file__
    except ImportError:
        return {}
    assert source is not None
    with open(source, encoding="utf-8") as file:
        found = re.search(r'resource_modules="""\n(.*?)\n"""', file.read(), re.DOTALL)
    modules = json.loads(found[1]) if found else []
    return {token: (each["fqn"], name) for each in modules for token, name in each["classes"].items()}
