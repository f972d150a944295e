"""An application's file with one thing in it created, changed or taken out, all that stands beside it as it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from copy import deepcopy
from typing import Any

from lychgate.portal.actions import Asked
from lychgate.portal.kinds import Kind
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from yaml.nodes import MappingNode, Node, SequenceNode

from lychgate.model.document import Document, parse
from lychgate.model.errors import InputError, either, nearest, shown
from lychgate.sources.yaml_editing import edited

SHORT = 100  # of a thing that is written in one line, as people do
WORDS = {"yes", "no", "on", "off", "y", "n"}  # no text to readers of YAML 1.1


def changed(text: str, file: str, asked: Asked) -> str:
    """The text of an application's file as a run asks for it. Raises InputError where it cannot be.

    A resource is taken out in two steps: what protects its data has to be taken off by a sync before, so that the first
    deletion of it says `retiring: true`.
    """
    kind, name = asked.action.kind, asked.name
    assert kind is not None
    before = parse(text.encode(), file)
    things = before.value.get(kind.section) or {}
    if asked.action.operation == "create":
        _check_new(before, asked)
        value = {"kind": kind.name} | _nested(kind, asked.inputs, defaults=True)
        return _with(text, before, kind.section, name, value)
    thing = things.get(name)
    if not isinstance(thing, dict) or thing.get("kind", "deployment") != kind.name:
        of_kind = sorted(key for key, one in things.items() if one.get("kind", "deployment") == kind.name)
        found = f"{asked.application} has no {kind.words} {shown(name)}"
        raise asked.refused(found, either(of_kind) or f"a {kind.words} that there is", nearest(name, of_kind))
    if asked.action.operation == "update":
        _check_kept(asked, thing)
        new = _nested(kind, asked.inputs, defaults=False)
    elif kind.holds_data and not thing.get("retiring"):
        new = {"retiring": True}
    else:
        return _taken_out(text, before, kind.section, name)
    parts = {one.path[0] for one in kind.inputs.values() if len(one.path) > 1}
    made = edited(text, file, lambda content: _merge(content[kind.section][name], new, parts, _written))
    expected = deepcopy(before.value)
    _merge(expected[kind.section][name], new, parts, lambda value: value)
    if made == text or expected == before.value:
        raise asked.refused(f"{name} is so already", "something to change")
    return _held(made, file, expected)


def _check_new(before: Document, asked: Asked) -> None:
    for section in ("resources", "workloads"):
        if asked.name in (before.value.get(section) or {}):
            found = f"{asked.application} has something of the name {shown(asked.name)} already"
            raise asked.refused(found, "another name")


def _check_kept(asked: Asked, thing: Mapping[str, Any]) -> None:
    """A change may let a thing stand in more places; out of one it goes as by a deletion, data and all."""
    if thing.get("retiring"):
        return
    for part in ("environments", "tenants"):
        said, new = set(thing.get(part) or ()), asked.inputs.get(part)
        if new and not (said and said <= set(new)):
            found = f"with {part} as asked for, {asked.name} leaves others, and what it holds there is deleted"
            raise asked.refused(found, "more of them, or none: all; else delete it, or edit the file by hand")
    shared = thing.get("shared", False)
    if asked.inputs.get("shared", shared) != shared:
        found = f"with shared as asked for, {asked.name} leaves its stacks, and what it holds there is deleted"
        raise asked.refused(found, "shared as it is; else delete it, or edit the file by hand")


def _nested(kind: Kind, inputs: Mapping[str, Any], *, defaults: bool) -> dict[str, Any]:
    """The inputs where they belong in the thing. With `defaults`, those of the model are left out."""
    found: dict[str, Any] = {}
    for name, value in inputs.items():
        one = kind.inputs[name]
        if defaults and "default" in one.schema and one.schema["default"] == value:
            continue
        here = found
        for step in one.path[:-1]:
            here = here.setdefault(step, {})
        here[one.path[-1]] = value
    return found


def _merge(thing: Any, new: Mapping[str, Any], parts: Container[str], written: Callable[[Any], Any]) -> None:
    """Set what is new, key by key in the `parts` that have inputs of their own; `written` makes a value of it."""
    for key, value in new.items():
        if key in parts and isinstance(thing.get(key), dict):
            _merge(thing[key], value, (), written)
        else:
            thing[key] = written(value)


def _written(value: Any, flow: bool = True) -> Any:
    """A value as ruamel.yaml writes it: in one line, and in quotes where it would be read as something else."""
    if isinstance(value, dict):
        made = CommentedMap({_written(key): _written(one) for key, one in value.items()})
        if flow:
            made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        row = CommentedSeq(_written(one) for one in value)
        row.fa.set_flow_style()
        return row
    return DoubleQuotedScalarString(value) if isinstance(value, str) and not _plain(value) else value


def _plain(text: str) -> bool:
    """Whether a text may stand without quotes, also inside of braces."""
    if (
        not re.fullmatch(r"[A-Za-z0-9/][A-Za-z0-9 /:._@+-]*", text)
        or re.search(r": |:$| $", text)
        or text.lower() in WORDS
    ):
        return False
    try:
        return bool(parse(f"x: {text}".encode(), "a value").value == {"x": text})
    except InputError:
        return False


def _with(text: str, before: Document, section: str, name: str, value: dict[str, Any]) -> str:
    """The text with one entry more in a section, as its last."""
    expected = deepcopy(before.value)
    expected[section] = (expected.get(section) or {}) | {name: value}
    lines = _entry(name, value)
    there = _node(before.root, section)
    if isinstance(there, MappingNode) and there.value and not there.flow_style:
        key, last = there.value[-1]
        indent, after = " " * key.start_mark.column, _end(last)
        rows = _rows(text)
        rows[after:after] = [f"{indent}{one}\n" for one in lines]
        if (made := _says("".join(rows), before.file, expected)) is not None:
            return made

    def change(content: CommentedMap) -> None:
        if not content.get(section):
            content[section] = CommentedMap()
        content[section][name] = _written(value, _short(name, value))

    return _held(edited(text, before.file, change), before.file, expected)


def _short(name: str, value: dict[str, Any]) -> bool:
    return len(f"{name}: {value}") <= SHORT


def _entry(name: str, value: dict[str, Any]) -> list[str]:
    """An entry in lines: one, if it is short."""
    made = edited("", "an entry", lambda content: content.update({name: _written(value, _short(name, value))}))
    return made.splitlines()


def _taken_out(text: str, before: Document, section: str, name: str) -> str:
    """The text without an entry. Comments beside it stay, whatever they are about: who merges it sees them."""
    expected = deepcopy(before.value)
    del expected[section][name]
    if not expected[section]:
        del expected[section]
    there = _node(before.root, section)
    if isinstance(there, MappingNode) and len(there.value) > 1:
        for key, value in there.value:
            if key.value == name:
                rows = _rows(text)
                del rows[key.start_mark.line : _end(value)]
                if (made := _says("".join(rows), before.file, expected)) is not None:
                    return made

    def change(content: CommentedMap) -> None:
        del content[section][name]
        if not content[section]:
            del content[section]

    return _held(edited(text, before.file, change), before.file, expected)


def _rows(text: str) -> list[str]:
    """The lines of a text, each with its end; the parser counts only these as lines."""
    rows = re.findall(r"[^\n]*\n|[^\n]+", text)
    return [*rows[:-1], rows[-1] if rows[-1].endswith("\n") else f"{rows[-1]}\n"]


def _node(root: Node, section: str) -> Node | None:
    return next((value for key, value in root.value if key.value == section), None)


def _end(node: Node) -> int:
    """The line after the last one of a value: where a block ends, the parser's own mark is behind what follows it."""
    if isinstance(node, MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    mark = node.end_mark
    return int(mark.line) if mark.column == 0 and mark.line > node.start_mark.line else int(mark.line) + 1


def _says(made: str, file: str, expected: Any) -> str | None:
    try:
        return made if parse(made.encode(), file).value == expected else None
    except InputError:
        return None


def _held(made: str, file: str, expected: Any) -> str:
    """A text that was made, if it says what it has to and nothing else. Raises InputError."""
    if _says(made, file, expected) is None:
        raise InputError(file, found="it cannot be edited without changing something else", expected="an edit by hand")
    return made
