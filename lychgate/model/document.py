"""A YAML document that knows where each of its values stands.

The dialect is YAML 1.2's core schema with decimal numbers only: `on`, `yes`, 2027-01-31 and 0123 are text and mean what
a model says they mean, and keys are always text. What a hand-written file does not need is refused: duplicate keys,
tags, control characters, deep nesting, and aliases that expand to more values than a person would write.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from lychgate.model.errors import InputError, shown

MAX_BYTES = 1_000_000
MAX_VALUES = 100_000
MAX_DEPTH = 50

Path: TypeAlias = "tuple[str | int, ...]"

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_CORE = "tag:yaml.org,2002:"
_SCALARS: dict[str, Callable[[str], Any]] = {
    _CORE + "str": str,
    _CORE + "null": lambda text: None,
    _CORE + "bool": lambda text: text.lower() == "true",
    _CORE + "int": int,
    _CORE + "float": float,
}


class _Loader(CParser, BaseResolver):
    """libyaml's parser (which bounds nesting itself) with the core schema's scalars."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        BaseResolver.__init__(self)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?[0-9]+\.[0-9]+", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(_CORE + _tag, re.compile(rf"(?:{_pattern})\Z"), _first)


@dataclass(frozen=True, slots=True)
class Document:
    """The content of a file as plain Python values, and the way back to its lines."""

    file: str
    value: Any
    root: Node

    def position(self, path: Path = (), *, key: bool = False) -> tuple[int, int]:
        """Line and column of the value at a path, or of its key; of what is above it where nothing is written."""
        node, name = self._at(path)
        mark = (name if key and name is not None else node).start_mark
        return mark.line + 1, mark.column + 1

    def lines(self, path: Path) -> range:
        """The lines that the value at a path stands on; those of what is above it where nothing is written."""
        node, _ = self._at(path)
        last = node.end_mark.line + (node.end_mark.column > 0)  # a block ends where the next line begins
        return range(node.start_mark.line + 1, max(last, node.start_mark.line + 1) + 1)

    def _at(self, path: Path) -> tuple[Node, Node | None]:
        """The node at a path and that of its key, or what is above it."""
        node: Node = self.root
        name: Node | None = None
        for step in path:
            child: Node | None = None
            if isinstance(node, MappingNode):
                name, child = next(((k, v) for k, v in node.value if k.value == step), (name, None))
            elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
                child = node.value[step]
            if child is None:
                break
            node = child
        return node, name

    def error(
        self, path: Path, found: str, expected: str = "", hint: str | None = None, *, key: bool = False
    ) -> InputError:
        """An error that stands at a path of this document."""
        return InputError(self.file, *self.position(path, key=key), found, expected, hint)


def parse(data: bytes, file: str, *, empty: bool = False) -> Document:
    """The one document in `data`; `file` is its name in messages. `empty`: where it says nothing it is a mapping of
    nothing.

    Raises InputError for what is not UTF-8, not YAML, larger than MAX_BYTES, or refused as the module says.
    """
    if len(data) > MAX_BYTES:
        raise InputError(file, None, None, "the file is too large", f"at most {MAX_BYTES:,} bytes")
    text = _decode(data, file)
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, text, file) from None
    if root is None and empty:
        start = yaml.Mark(file, 0, 0, 0, None, 0)
        root = MappingNode(_CORE + "map", [], start, start)
    if root is None:
        raise InputError(file, 1, 1, "the file is empty", "a mapping of keys to values")
    return Document(file, _Values(file).of(root), root)


def _decode(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before.rpartition(b"\n")[2].decode(errors="replace")) + 1
        found = f"the byte 0x{data[error.start]:02x} is not UTF-8"
        raise InputError(file, before.count(b"\n") + 1, column, found, "a file in UTF-8") from None
    if bad := _CONTROL.search(text):
        before_bad = text[: bad.start()]
        line, column = before_bad.count("\n") + 1, len(before_bad.rpartition("\n")[2]) + 1
        raise InputError(file, line, column, f"the control character {shown(bad.group())}", "printable text")
    return text


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> InputError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.split("\n")
    if line <= len(lines) and lines[line - 1][column - 1 : column] == "\t":
        return InputError(file, line, column, "a tab", "spaces: YAML takes no tabs for indentation")
    if isinstance(error, yaml.composer.ComposerError) and "document" in (error.problem or ""):
        return InputError(file, line, column, "a second document", "one document in a file")
    return InputError(file, line, column, f"not YAML: {error.problem or error.context}")


class _Values:
    """Nodes to plain values, with the checks of the module; counts what aliases expand to."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self.open: set[int] = set()

    def fail(self, node: Node, found: str, expected: str = "") -> InputError:
        return InputError(self.file, node.start_mark.line + 1, node.start_mark.column + 1, found, expected)

    def of(self, node: Node) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            raise self.fail(node, "too many values, counting what aliases repeat", f"at most {MAX_VALUES:,}")
        if isinstance(node, ScalarNode):
            return self.scalar(node)
        if id(node) in self.open:
            raise self.fail(node, "an alias to something that it is part of")
        if len(self.open) == MAX_DEPTH:
            raise self.fail(node, "nested too deeply", f"at most {MAX_DEPTH} levels")
        self.open.add(id(node))
        value = self.mapping(node) if isinstance(node, MappingNode) else [self.of(item) for item in node.value]
        self.open.remove(id(node))
        return value

    def scalar(self, node: ScalarNode) -> Any:
        make = _SCALARS.get(node.tag)
        if make is None:
            raise self.fail(node, f"the tag {shown(node.tag)}", "a value without a tag")
        if bad := _CONTROL.search(node.value):
            raise self.fail(node, f"the control character {shown(bad.group())}", "printable text")
        try:
            return make(node.value)
        except ValueError:
            raise self.fail(node, f"{shown(node.value)} is not what its tag says") from None

    def mapping(self, node: MappingNode) -> dict[str, Any]:
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise self.fail(key, "a key that is not text", "a word")
            if key.value in result:
                raise self.fail(
                    key, f"the key {shown(key.value)} is already on line {lines[key.value]}", "each key once"
                )
            result[key.value], lines[key.value] = self.of(value), key.start_mark.line + 1
        return result
