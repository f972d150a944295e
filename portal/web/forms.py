"""Forms of the kinds of things: a field for each input, and what was typed into it as the input's value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lychgate.portal.actions import Action, check_input, wanted
from lychgate.portal.kinds import NAME, Input, Kind

from lychgate.model.document import Document, parse
from lychgate.model.errors import InputError, shown

YES, NO = "true", "false"


@dataclass(slots=True)
class Field:
    """One field: what it is about, what stands in it, and what is wrong with that."""

    input: Input
    text: str
    required: bool
    error: str = ""
    known: Sequence[str] = ()  # what there is to name in it

    @property
    def name(self) -> str:
        """Of its control."""
        return self.input.name

    @property
    def widget(self) -> str:
        """Which control it is: `choice`, `number`, `pairs` (a line each), `lines`, `yaml` or `text`."""
        schema = self.input.schema
        if "enum" in schema or schema["type"] == "boolean":
            return "choice"
        if schema["type"] in ("integer", "number"):
            return "number"
        if schema["type"] == "array":
            return "lines"
        if schema["type"] == "object":
            return "pairs" if _of_texts(schema) else "yaml"
        return "text"

    @property
    def ranged(self) -> bool:
        """Whether it is a number that has to lie between others."""
        return self.widget == "number" and bool(_range(self.input.schema))

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """What may be chosen: value and words; the first leaves it open."""
        schema = self.input.schema
        yes_or_no = schema["type"] == "boolean"
        options = [(YES, "yes"), (NO, "no")] if yes_or_no else [(str(one), str(one)) for one in schema["enum"]]
        return [("", "choose" if self.required else "not set"), *options]

    @property
    def group(self) -> tuple[str, ...]:
        """What it is a part of: fields of one group stand together."""
        return self.input.path[:-1]

    @property
    def title(self) -> str:
        """What it is called, inside of its group."""
        return self.input.path[-1].replace("_", " ").capitalize()

    @property
    def hint(self) -> str:
        """What goes into it, in words."""
        schema = self.input.schema
        own = self.input.description if not self.group or "description" in schema else ""
        words = [own.rstrip(".") + "."] if own else []
        if self.widget == "number":
            words.append(_range(schema))
        if self.widget == "lines":
            words.append("One a line.")
        if self.widget == "pairs":
            words.append("NAME=VALUE, one a line.")
        if self.widget == "yaml":
            words.append("As in the application's file, in YAML.")
        if self.known:
            words.append(f"Any of {', '.join(self.known)}.")
        if schema.get("default") not in (None, [], {}, ""):
            words.append(f"If it is left open: {_words(schema['default'])}.")
        return " ".join(one for one in words if one)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of an action, and what is wrong with the whole of it."""

    action: Action
    fields: Sequence[Field]
    errors: list[str] = field(default_factory=list)

    @property
    def groups(self) -> list[tuple[tuple[str, ...], list[Field]]]:
        """The fields as they stand together: what is required first, the groups last."""
        found: dict[tuple[str, ...] | str, list[Field]] = {}
        for one in sorted(self.fields, key=lambda one: (bool(one.group), not one.required)):
            found.setdefault(one.group or one.name, []).append(one)
        return [(many[0].group, many) for many in found.values()]

    @property
    def wrong(self) -> bool:
        """Whether it cannot be taken as it is."""
        return bool(self.errors) or any(one.error for one in self.fields)

    def inputs(self, there: Mapping[str, Any]) -> dict[str, Any]:
        """The values of what was filled in; of what is `there` already only those that differ. Errors stay at their
        fields."""
        found: dict[str, Any] = {}
        for one in self.fields:
            try:
                value = _value(one)
                if value is not None:
                    check_input(one.input, value, "")
                    _check_pattern(one.input, value)
                elif one.name in there and there[one.name] is not None:
                    value = _emptied(one)
                elif one.required:
                    one.error = "It has to be filled in."
            except InputError as error:
                one.error = f"It is {shown(one.text)}. {_range(one.input.schema)}" if one.ranged else words(error)
                continue
            if value is not None and (one.name not in there or value != there[one.name]):
                found[one.name] = value
        if self.action.operation == "update" and not found and not self.wrong:
            self.errors.append("Nothing is changed yet.")
        return found

    def take(self, error: InputError, after: str, kind: Kind, name: str) -> None:
        """Put what is wrong with a file beside the fields that it is about, else above all of them."""
        places = _places(after, kind, name) if after else {}
        for one in (error, *error.more):
            field_ = places.get((one.line, one.column))
            into = next((each for each in self.fields if each.name == field_), None)
            if into is None:
                line = f"{one.file}:{one.line}: " if one.line else ""
                self.errors.append(f"{line}{words(one)}")
            else:
                into.error = " ".join(filter(None, (into.error, words(one))))


def blank(action: Action, texts: Mapping[str, str] | None = None) -> Form:
    """The form of an action, with what was typed into it."""
    given = texts or {}
    required = action.required
    return Form(action, [Field(one, given.get(name, ""), name in required) for name, one in action.inputs.items()])


def texts_of(kind: Kind, thing: Mapping[str, Any]) -> dict[str, str]:
    """What a thing's values are when they stand in the fields."""
    return {name: _text(one, value) for name, one, value in _given(kind, thing)}


def shown_of(kind: Kind, thing: Mapping[str, Any]) -> dict[str, str]:
    """The same in one line each; of what is nested the names alone."""
    found = {}
    for name, one, value in _given(kind, thing):
        nested = isinstance(value, dict) and not _of_texts(one.schema)
        found[name] = ", ".join(map(str, value)) if nested else ", ".join(_text(one, value).split("\n"))
    return found


def values_of(kind: Kind, thing: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a thing has, by input."""
    return {name: value for name, _, value in _given(kind, thing)}


def words(error: InputError) -> str:
    """What is wrong, in words, without where."""
    found = re.sub(r"^[a-z_]+ is ", "It is ", error.found)
    parts = [f"{found[:1].upper()}{found[1:]}."]
    parts += [f"Expected: {error.expected}."] if error.expected else []
    parts += [f"Did you mean {error.hint}?"] if error.hint else []
    return " ".join(parts)


def _given(kind: Kind, thing: Mapping[str, Any]) -> Iterable[tuple[str, Input, Any]]:
    for name, one in kind.inputs.items():
        value: Any = thing
        for step in one.path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            yield name, one, value


def _of_texts(schema: Mapping[str, Any]) -> bool:
    """Whether an object's values are texts; its keys may be held to a pattern."""
    inner = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    told = [one for one in inner if isinstance(one, dict)]
    return bool(told) and all(one.get("type") == "string" or "enum" in one for one in told)


def _text(one: Input, value: Any) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if isinstance(value, dict) and _of_texts(one.schema):
        return "\n".join(f"{key}={text}" for key, text in value.items())
    return _yaml(value) if isinstance(value, dict) else str(value)


def _yaml(value: Mapping[str, Any], depth: int = 0) -> str:
    """A nested mapping as lines of YAML; what is inside of the second level stands in one line."""
    rows = []
    for key, one in value.items():
        if isinstance(one, dict) and depth == 0:
            rows.append(f"{key}:\n{_yaml(one, 1)}")
        else:
            inner = ", ".join(f"{name}: {text}" for name, text in one.items()) if isinstance(one, dict) else one
            rows.append(f"{'  ' * depth}{key}: " + (f"{{{inner}}}" if isinstance(one, dict) else str(inner)))
    return "\n".join(rows)


def _value(one: Field) -> Any:
    """What a text stands for; None where nothing was typed. Raises InputError."""
    text = one.text.strip().replace("\r\n", "\n")
    if not text:
        return None
    widget, type_ = one.widget, one.input.schema["type"]
    if type_ == "boolean":
        return {YES: True, NO: False}.get(text, text)
    if widget == "choice" and type_ == "string":
        return text
    if type_ in ("integer", "number"):
        return _number(text, one.input)
    if widget == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if widget == "pairs":
        return _pairs(text)
    if widget == "yaml":
        value: Any = parse(f"value:\n{_indented(text)}".encode(), one.name).value["value"]
        return value
    return text


def _number(text: str, one: Input) -> int | float:
    if re.fullmatch(r"-?[0-9]{1,15}", text):
        return int(text)
    if one.schema["type"] == "number" and re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,6}", text):
        return float(text)
    raise InputError(one.name, found="it is no such number", expected=wanted(one))


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        name, sign, value = line.partition("=")
        if not sign or not name.strip():
            raise InputError("pairs", found="a line is no pair", expected="NAME=VALUE")
        if name.strip() in found:
            raise InputError("pairs", found=f"{name.strip()} stands there twice", expected="each name once")
        found[name.strip()] = value.strip()
    return found


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))


def _emptied(one: Field) -> Any:
    """What a field is that was filled in before. Raises InputError where nothing says that it is no more."""
    if one.widget == "lines":
        return []
    if one.widget in ("pairs", "yaml") and not one.input.schema.get("minProperties"):
        return {}
    raise InputError(
        one.name, found="a value that is set stays set", expected="a value; or take it out of the file by hand"
    )


def _check_pattern(one: Input, value: Any) -> None:
    pattern = one.schema.get("pattern")
    if pattern and isinstance(value, str) and not re.fullmatch(pattern.strip("^$"), value):
        expected = one.description if "description" in one.schema or one is NAME else f"text that matches {pattern}"
        raise InputError(one.name, found=f"{one.name} is {shown(value)}", expected=expected)


def _range(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"From {least:,} to {most:,}."
    return f"At least {least:,}." if least is not None else f"At most {most:,}." if most is not None else ""


def _words(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _places(after: str, kind: Kind, name: str) -> dict[tuple[int | None, int | None], str]:
    """Where each field's value stands in an edited file, and each entry of it."""
    document = parse(after.encode(), "")
    found: dict[tuple[int | None, int | None], str] = {}
    for input_name, one in kind.inputs.items():
        path: tuple[str | int, ...] = (kind.section, name, *one.path)
        value = _at(document, path)
        inside = range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
        for place in [path, *((*path, step) for step in inside)] if value is not None else []:
            found.setdefault(document.position(place), input_name)
            found.setdefault(document.position(place, key=True), input_name)
    return found


def _at(document: Document, path: tuple[str | int, ...]) -> Any:
    value: Any = document.value
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
