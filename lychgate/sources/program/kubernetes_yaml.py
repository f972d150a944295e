"""Kubernetes manifests in YAML, read as pulumi-kubernetes' provider does for `ConfigFile` and `ConfigGroup`.

https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/provider/invoke_decode_yaml.go; the dialect is that
of sigs.k8s.io/yaml: YAML 1.1's booleans (`on`, `yes`, `y`), octal numbers, dates as text, keys always text.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode
from yaml.resolver import BaseResolver

MAX_VALUES = 1_000_000
_CORE = "tag:yaml.org,2002:"
_TRUE = ("y", "yes", "on", "true")


class _Loader(CParser, BaseResolver):
    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        BaseResolver.__init__(self)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"(?i:y|yes|on|true|n|no|off|false)", list("yYnNtTfFoO")),
    ("int", r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+0123456789.")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(_CORE + _tag, re.compile(rf"(?:{_pattern})\Z"), _first)


def decode(text: str) -> list[dict[str, Any]]:
    """The objects of a manifest; what has no kind or no apiVersion is left out.

    Raises ValueError for what is no YAML, is no object, or expands (by aliases) to more than MAX_VALUES values.
    """
    values = _Values()
    try:
        loader = _Loader(text)
        documents = []
        while (node := loader.get_node() if loader.check_node() else None) is not None:
            documents.append(values.of(node))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or error
        raise ValueError(f"not YAML: {why}{f' (line {mark.line + 1})' if mark else ''}") from error
    objects = []
    for document in documents:
        if not isinstance(document, dict | None):
            raise ValueError(f"a document of the manifest is no object but {str(document)[:80]!r}")
        if document and document.get("kind") and document.get("apiVersion"):
            objects.append(document)
    return objects


class _Values:
    """Nodes to values; counts what aliases expand to."""

    def __init__(self) -> None:
        self.count = 0
        self.open: set[int] = set()

    def of(self, node: Node) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            raise ValueError(f"more than {MAX_VALUES:,} values, counting what aliases repeat")
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if id(node) in self.open:
            raise ValueError("an alias to something that it is part of")
        self.open.add(id(node))
        value = self.mapping(node) if isinstance(node, MappingNode) else [self.of(item) for item in node.value]
        self.open.remove(id(node))
        return value

    def mapping(self, node: MappingNode) -> dict[str, Any]:
        """`<<` brings what is not written; of a key that is written twice, the last counts."""
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, item in node.value:
            if key.tag == _CORE + "merge":
                value = self.of(item)
                for one in reversed(value if isinstance(value, list) else [value]):
                    merged.update(one if isinstance(one, dict) else {})
            else:
                found[_key(key)] = self.of(item)
        return merged | found


def _key(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        raise ValueError(f"a key that is no text (line {node.start_mark.line + 1})")
    value = _scalar(node)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _scalar(node: ScalarNode) -> Any:
    text = node.value
    try:
        if node.tag == _CORE + "null":
            return None
        if node.tag == _CORE + "bool":
            return text.lower() in _TRUE
        if node.tag == _CORE + "int":
            octal = re.fullmatch(r"([-+]?)0([0-7_]+)", text)
            number = int(f"{octal[1]}0o{octal[2]}" if octal else text, 0)
            return number if abs(number) < 1 << 64 else float(number)
        if node.tag == _CORE + "float" and math.isfinite(real := float(text)):
            return real
    except (ValueError, OverflowError):
        return text
    return text
