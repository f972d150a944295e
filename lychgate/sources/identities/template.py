"""The small language in which identities are written as data.

A template is text with fields in braces, or a list or mapping of templates:

    {property}           the resource's own property: as given, else from its template, else its autoname
    {property|text}      `text` where the property is not given ("@account" and the like stand for themselves)
    {a.b}                a nested property
    {property:function}  passed through FUNCTIONS or a map of the data file; several may follow each other
    {#uuid} {#hex17}     generated from the URN, so the same in every run: uuid, hexN, alnumN, upperN, base62xN, digitN
    {@region}            where the resource is: region, account, partition, suffix, organization
    {"$on": property, VALUE: template, "else": template}   chosen by a property; "property?" asks only if it is there

A template that is one field alone keeps the value's type; every other gives text. What refers to something absent is
absent itself, what refers to something unknown is unknown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Protocol

from lychgate.sources.identities.arn import parse_arn


class Missing(Enum):
    """Why a value is not there: nobody gave one, or one is given that is not known yet."""

    ABSENT = "absent"
    UNKNOWN = "unknown"


class Scope(Protocol):
    """What a template is evaluated in."""

    urn: str
    place: Mapping[str, str]

    def value(self, name: str) -> object:
        """A property's value, or why there is none."""


Template = Callable[[Scope], object]
Maps = Mapping[str, Mapping[str, object]]

_FIELD = re.compile(r"\{([#@]?[A-Za-z_][\w.]*)(?:\|([^:{}]*))?((?::\w+)*)\}")
_SHAPE = re.compile(r"uuid|(hex|alnum|upper|digit|base62x)(\d+)")
_LOWER, _UPPER, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
_ALPHABETS = {
    "alnum": _LOWER + _DIGITS,
    "upper": _UPPER + _DIGITS,
    "digit": _DIGITS,
    "base62x": _LOWER + _UPPER + _DIGITS,
    "letter": _LOWER,
}


def generate(seed: str, alphabet: str, length: int = 0) -> str:
    """Text of `length` characters (at most 64, hex 128) that depends on `seed` alone; "uuid" has its own length."""
    digest = hashlib.blake2b(seed.encode()).digest()
    if alphabet == "hex":
        return digest.hex()[:length]
    if alphabet == "uuid":
        h = digest.hex()
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"
    letters = _ALPHABETS[alphabet]
    return "".join([letters[byte % len(letters)] for byte in digest[:length]])


def _path(text: str) -> str:
    arn = parse_arn(text)
    return arn.path if arn else text


def _resource(text: str) -> str:
    arn = parse_arn(text)
    return arn.resource if arn else text


def _bus_path(text: str) -> str:
    """The bus as the first part of a rule's path; the default bus is left out."""
    name = _path(text)
    return "" if name == "default" else f"{name}/"


def _function(text: str) -> str:
    """A Lambda function's name from its name, ARN or "ACCOUNT:function:NAME", without a version or alias."""
    name = text.split(":function:", 1)[-1].removeprefix("function:")
    return name.split(":", 1)[0]


FUNCTIONS: Mapping[str, Callable[[str], str]] = {
    "path": _path,
    "resource": _resource,
    "function": _function,
    "busPath": _bus_path,
    "lower": str.lower,
    "bare": lambda text: text.lstrip("/"),
    "host": lambda text: text.removeprefix("https://"),
    "slug": lambda text: text.lower().replace(" ", "-").replace("_", "-"),
    "afterSlash": lambda text: text and f"/{text}",
    "afterUnderscore": lambda text: text and f"_{text}",
    "afterComma": lambda text: text and f",{text}",
    "afterColon": lambda text: text and f":{text}",
    "internalPrefix": lambda text: "internal-" if text == "true" else "",
}


def as_text(value: object) -> str:
    """A property's value as AWS writes it into an identifier."""
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _through(name: str, maps: Maps) -> Callable[[object], object]:
    """A step after a colon: a function, or a look-up; what a map does not have is absent."""
    if name in FUNCTIONS:
        function = FUNCTIONS[name]
        return lambda value: function(as_text(value))
    table = maps[name]
    other = table.get("*")

    def look_up(value: object) -> object:
        text = as_text(value)
        if text in table:
            return table[text]
        return other.replace("{}", text) if isinstance(other, str) else Missing.ABSENT

    return look_up


def _source(name: str, default: str | None, salt: str) -> Template:
    """Where a field's value comes from."""
    if name[0] == "#":
        shape = _SHAPE.fullmatch(name[1:])
        if shape is None:
            raise ValueError(f"{{{name}}} is no shape: uuid, hexN, alnumN, upperN, base62xN or digitN")
        alphabet, length = shape[1] or "uuid", int(shape[2] or 0)
        return lambda scope: generate(scope.urn + salt, alphabet, length)
    if name[0] == "@":
        key = name[1:]
        return lambda scope: scope.place.get(key, Missing.UNKNOWN)
    if default is None:
        return lambda scope: scope.value(name)
    fallback = _source(default, None, salt) if default.startswith("@") else lambda scope: default

    def with_default(scope: Scope) -> object:
        value = scope.value(name)
        return fallback(scope) if value is Missing.ABSENT else value

    return with_default


def _field(match: re.Match[str], salt: str, maps: Maps) -> Template:
    source = _source(match[1], match[2], f"|{salt}|{match.start()}")
    steps = [_through(step, maps) for step in match[3].split(":")[1:]]
    if not steps:
        return source

    def piped(scope: Scope) -> object:
        value = source(scope)
        for step in steps:
            if isinstance(value, Missing):
                break
            value = step(value)
        return value

    return piped


def _text(text: str, salt: str, maps: Maps) -> Template:
    fields = [_field(match, salt, maps) for match in _FIELD.finditer(text)]
    rest = _FIELD.sub("", text)
    if "{" in rest or "}" in rest:
        raise ValueError(f"{text!r}: a brace that opens or closes no field")
    if not fields:
        return lambda scope: text
    if not rest and len(fields) == 1:
        return fields[0]
    layout = _FIELD.sub("%s", text.replace("%", "%%"))

    def joined(scope: Scope) -> object:
        values = []
        for field in fields:
            value = field(scope)
            if not isinstance(value, str):
                if isinstance(value, Missing):
                    return value
                value = as_text(value)
            values.append(value)
        return layout % tuple(values)

    return joined


def _switch(node: Mapping[str, object], salt: str, maps: Maps) -> Template:
    on = str(node["$on"])
    asks_presence = on.endswith("?")
    chooser = _text("{" + on.rstrip("?") + "}", salt, maps)
    cases = {key: compile_template(case, f"{salt}|{key}", maps) for key, case in node.items() if key != "$on"}
    otherwise = cases.get("else")

    def chosen(scope: Scope) -> object:
        value = chooser(scope)
        if value is Missing.UNKNOWN:
            return value
        key = as_text(value is not Missing.ABSENT if asks_presence else value)
        case = cases.get(key, otherwise)
        return Missing.ABSENT if case is None else case(scope)

    return chosen


def _structure(
    children: list[tuple[object, Template]], build: Callable[[list[tuple[object, object]]], object]
) -> Template:
    def built(scope: Scope) -> object:
        values = [(key, child(scope)) for key, child in children]
        missing = next((value for _, value in values if isinstance(value, Missing)), None)
        return build(values) if missing is None else missing

    return built


def compile_template(node: object, salt: str, maps: Maps) -> Template:
    """The function that a template stands for.

    `salt` makes the generated parts of different properties differ. Raises ValueError for text that is no template and
    KeyError for a function or map that does not exist.
    """
    if isinstance(node, str):
        return _text(node, salt, maps)
    if isinstance(node, Mapping):
        if "$on" in node:
            return _switch(node, salt, maps)
        children = [(key, compile_template(child, f"{salt}.{key}", maps)) for key, child in node.items()]
        return _structure(children, dict)
    if isinstance(node, list):
        children = [(i, compile_template(child, f"{salt}.{i}", maps)) for i, child in enumerate(node)]
        return _structure(children, lambda values: [value for _, value in values])
    return lambda scope: node
