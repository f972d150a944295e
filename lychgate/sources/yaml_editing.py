"""Files that people write, changed by a program: comments, order, quotes and line breaks stay as they are."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from lychgate.model.document import parse
from lychgate.model.errors import InputError

_LIST = re.compile(r"^( *)[^\s#-][^#\n]*:[ ]*(?:#[^\n]*)?\n(?:[ ]*(?:#[^\n]*)?\n)*( *)- ", re.MULTILINE)
_MAPPING = re.compile(r"^( *)[^\s#-][^#\n]*:[ ]*(?:#[^\n]*)?\n( +)[^\s#-]", re.MULTILINE)


def edited(text: str, file: str, change: Callable[[CommentedMap], None]) -> str:
    """A YAML text with its mapping changed; an empty one is a mapping of nothing.

    Raises InputError where the text is none that Lychgate reads (see `model.document`).
    """
    parse(text.encode(), file, empty=True)  # what is refused there is not edited either
    yaml = _round_trip(text)
    content = yaml.load(text)
    if content is None:
        content = CommentedMap()
        change(content)
        return (text if text.endswith("\n") or not text else f"{text}\n") + _dumped(yaml, content)
    written = _dumped(yaml, content)
    change(content)
    made = _dumped(yaml, content)
    kept = "".join(_kept(text.splitlines(True), written.splitlines(True), made.splitlines(True)))
    return kept if _says(kept, made, file) else made


def _says(one: str, other: str, file: str) -> bool:
    try:
        return bool(parse(one.encode(), file, empty=True).value == parse(other.encode(), file, empty=True).value)
    except InputError:  # lists that are indented in several ways
        return False


def _round_trip(text: str) -> YAML:
    """The library with the indentation of a text, as its first list and its first mapping show it."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    found, nested = _LIST.search(text), _MAPPING.search(text)
    offset = len(found[2]) - len(found[1]) if found else 2
    mapping = len(nested[2]) - len(nested[1]) if nested else 2
    yaml.indent(mapping=mapping, sequence=offset + 2, offset=offset)
    return yaml


def _dumped(yaml: YAML, content: Any) -> str:
    made = io.StringIO()
    yaml.dump(content, made)
    return made.getvalue()


def _kept(text: list[str], written: list[str], made: list[str]) -> Iterator[str]:
    """The lines of `made`, but what did not change as the text has it, where the library would write it otherwise."""
    original: dict[int, list[str]] = {}
    for _, a, b, c, d in SequenceMatcher(None, written, text, autojunk=False).get_opcodes():
        if b - a == d - c:
            original |= {a + step: [text[c + step]] for step in range(b - a)}
        elif b > a:
            original |= {a: text[c:d]} | {line: [] for line in range(a + 1, b)}
        elif a:
            original[a - 1] = [*original[a - 1], *text[c:d]]
    for tag, a, b, c, d in SequenceMatcher(None, written, made, autojunk=False).get_opcodes():
        if tag == "equal":
            for line in range(a, b):
                yield from original[line]
        else:
            yield from made[c:d]
