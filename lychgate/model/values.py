"""Property values: known ones are plain Python, the others are `Unknown` and `Secret`.

A rule never meets either marker. It reads through `Block`, which raises `UnknownRead` at an unknown value (the engine
turns that into the outcome `unknown`) and unwraps a secret after noting that the judgement has seen one (the engine
then withholds the judgement's own words, since what is derived from a secret is secret too).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

type_names = {str: "text", bool: "true or false", int: "a number", float: "a number", dict: "an object", list: "a list"}


class Unknown:
    """A value that nobody can know before the deployment. `why` says so in words."""

    __slots__ = ("why",)

    def __init__(self, why: str = "known only after the deployment") -> None:
        self.why = why

    def __repr__(self) -> str:
        return f"Unknown({self.why!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown)

    def __hash__(self) -> int:
        return hash(Unknown)


class Secret:
    """A value that Pulumi marks as secret. It prints as `[secret]`, whatever it holds."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "[secret]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.value == other.value

    def __hash__(self) -> int:
        return hash(Secret)


class Symbol(str):
    """A symbolic text that stands for an output whose content AWS decides: it leads to its resource, but what it says
    cannot be known. `Block.text` refuses it; `Graph.resolve` follows it."""

    __slots__ = ("output", "urn")

    urn: str
    output: str

    @classmethod
    def of(cls, text: str, urn: str, output: str) -> Symbol:
        """The symbol with this text, for an output of a resource."""
        symbol = cls(text)
        symbol.urn, symbol.output = urn, output
        return symbol


UNKNOWN = Unknown()


class UnknownRead(Exception):
    """Something was read that is not known: which property of which resource, and why."""

    def __init__(self, urn: str, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.urn, self.path, self.why = urn, path, why


NOTHING: frozenset[str] = frozenset()


class Reading:
    """What has been read since `begin`: the only state of an evaluation, so that taint needs no help from a rule."""

    __slots__ = ("secrets",)

    def __init__(self) -> None:
        self.secrets: frozenset[str] = NOTHING

    def begin(self) -> None:
        """Forget what was read before."""
        self.secrets = NOTHING


reading = Reading()


def reveal(value: Any, path: str) -> Any:
    """The value inside a secret, noting that `path` was read; any other value as it is."""
    while isinstance(value, Secret):
        reading.secrets |= {path}
        value = value.value
    return value


def contains_unknown(value: Any) -> bool:
    """Whether an unknown stands anywhere in the value."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Secret):
        return contains_unknown(value.value)
    if isinstance(value, dict):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return False


_BARE = frozenset({str, int, float, bool, type(None)})  # most of what there is, and nothing stands inside


def secret_texts(value: Any) -> Iterator[str]:
    """Every text (or number, as text) that stands inside a secret, for the redaction of what leaves the program."""
    waiting = [value]
    for one in waiting:
        if isinstance(one, dict):
            waiting += [item for item in one.values() if item.__class__ not in _BARE]
        elif isinstance(one, list):
            waiting += [item for item in one if item.__class__ not in _BARE]
        elif isinstance(one, Secret):
            yield from _texts(one.value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        yield from _texts(value.value)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def plain(value: Any, secret: Any = "[secret]", unknown: Any = "[unknown]") -> Any:
    """The value as JSON may show it: secrets and unknowns replaced by a word."""
    if isinstance(value, Secret):
        return secret
    if isinstance(value, Unknown):
        return unknown
    if isinstance(value, dict):
        return {key: plain(item, secret, unknown) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, secret, unknown) for item in value]
    return value


class Block:
    """A reading cursor over an object of properties. It knows its place, so that an unknown can name itself.

    Every method that takes a name accepts a dotted path: `block.text("spec.template.metadata.name")`. A part of the
    path that is missing makes the answer the default; a part that is unknown raises `UnknownRead`.
    """

    __slots__ = ("path", "urn", "values")

    def __init__(self, values: Mapping[str, Any], urn: str = "", path: str = "") -> None:
        self.values, self.urn, self.path = values, urn, path

    def __repr__(self) -> str:
        return f"Block({self.path or self.urn})"

    def _raw(self, name: str) -> Any:
        values: Any = self.values
        if "." not in name:
            value = values.get(name)
            if value.__class__ is Unknown or value.__class__ is Secret:
                return self._open(value, name)
            return value
        for part in name.split("."):
            if not isinstance(values, dict | Mapping):
                return None
            values = values.get(part)
            if values.__class__ is Unknown or values.__class__ is Secret:
                values = self._open(values, name)
        return values

    def _open(self, value: Any, name: str) -> Any:
        value = reveal(value, self.at(name))
        if isinstance(value, Unknown):
            raise UnknownRead(self.urn, self.at(name), value.why)
        return value

    def at(self, name: str) -> str:
        """The full path of a property below this block."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        """Whether the property is given at all; an unknown value is given."""
        values: Any = self.values
        for part in name.split("."):
            if isinstance(values, Secret):
                values = reveal(values, self.at(name))
            if not isinstance(values, Mapping) or values.get(part) is None:
                return False
            values = values[part]
        return True

    def known(self, name: str) -> bool:
        """Whether the whole property can be read (a property that is not given can)."""
        try:
            return not contains_unknown(self._raw(name))
        except UnknownRead:
            return False

    def secret(self, name: str) -> bool:
        """Whether the property itself is marked as secret. Does not count as reading it."""
        return isinstance(self.values.get(name), Secret)

    def value(self, name: str, default: Any = None) -> Any:
        """The whole value, known to its last leaf, with secrets revealed."""
        value = self._raw(name)
        return default if value is None else self._whole(value, name)

    def _whole(self, value: Any, name: str) -> Any:
        value = self._open(value, name)
        if isinstance(value, dict):
            return {key: self._whole(item, f"{name}.{key}") for key, item in value.items()}
        if isinstance(value, list):
            return [self._whole(item, f"{name}[{index}]") for index, item in enumerate(value)]
        return value

    def _wrong(self, name: str, value: Any, expected: str) -> UnknownRead:
        found = type_names.get(type(value), type(value).__name__)
        return UnknownRead(self.urn, self.at(name), f"is {found} where {expected} was expected")

    def text(self, name: str, default: str | None = None) -> str | None:
        """A text; numbers and booleans are written as Pulumi would send them."""
        value = self._raw(name)
        if value is None:
            return default
        if isinstance(value, str):
            if value.__class__ is Symbol:
                why = f"is decided when {value.urn.rpartition('::')[2]} is deployed"
                raise UnknownRead(self.urn, self.at(name), why)
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(int(value)) if value == int(value) else str(value)
        raise self._wrong(name, value, "a text")

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean; the texts `true` and `false` count, as they do for Terraform-based providers."""
        value = self._raw(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise self._wrong(name, value, "true or false")

    def number(self, name: str, default: float | None = None) -> float | None:
        """A number; a text that reads as one counts."""
        value = self._raw(name)
        if value is None:
            return default
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        if isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                pass
        raise self._wrong(name, value, "a number")

    def block(self, name: str) -> Block:
        """An object below; empty where it is not given. A list of one (Terraform's habit) is its one element."""
        value = self._raw(name)
        if isinstance(value, list) and len(value) == 1:
            value, name = self._open(value[0], f"{name}[0]"), f"{name}[0]"
        if value is None or value == []:
            value = {}
        if not isinstance(value, dict):
            raise self._wrong(name, value, "an object")
        return Block(value, self.urn, self.at(name))

    def blocks(self, name: str) -> list[Block]:
        """The objects of a list; a single object counts as a list of one."""
        value = self._raw(name)
        if value is None:
            return []
        if isinstance(value, dict):
            return [Block(value, self.urn, self.at(name))]
        if not isinstance(value, list):
            raise self._wrong(name, value, "a list")
        opened = [(self._open(item, f"{name}[{index}]"), index) for index, item in enumerate(value)]
        for item, index in opened:
            if not isinstance(item, dict):
                raise self._wrong(f"{name}[{index}]", item, "an object")
        return [Block(item, self.urn, self.at(f"{name}[{index}]")) for item, index in opened]

    def texts(self, name: str) -> list[str]:
        """A list of texts; a single text counts as a list of one."""
        value = self._raw(name)
        if value is None:
            return []
        items = value if isinstance(value, list) else [value]
        return [str(self._open(item, f"{name}[{index}]")) for index, item in enumerate(items)]

    def mapping(self, name: str) -> dict[str, Any]:
        """An object as a plain dictionary, known to its last leaf; empty where it is not given."""
        value = self.value(name, {})
        if not isinstance(value, dict):
            raise self._wrong(name, value, "an object")
        return value

    def document(self, name: str) -> Any:
        """A JSON document, given as text or as an object; None where it is not given.

        Raises `UnknownRead` where the text is no JSON: what AWS would make of it cannot be known.
        """
        value = self.value(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise UnknownRead(self.urn, self.at(name), f"is not JSON ({error})") from error
        except RecursionError as error:
            raise UnknownRead(self.urn, self.at(name), "is JSON that is nested too deeply") from error
