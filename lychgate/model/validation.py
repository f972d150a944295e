"""What pydantic says of a value, as one plain line at the right place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from lychgate.model.document import Document, Path
from lychgate.model.errors import InputError, either, nearest, shown

M = TypeVar("M", bound=BaseModel)

# From a path in the value, and whether its key is meant, to file, line and column.
Place: TypeAlias = Callable[[Path, bool], tuple[str, int, int]]

# By the beginning of pydantic's error type (docs.pydantic.dev/latest/errors/validation_errors).
_EXPECTED = {
    "string_type": "text (in quotes, if it looks like a number)",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date such as 2027-01-31",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "dict": "a mapping of keys to values",
    "model": "a mapping of keys to values",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "string_too_short": "at least {min_length} character(s)",
    "string_too_long": "at most {max_length} character(s)",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "string_pattern_mismatch": "text that matches {pattern}",
}


def load(document: Document, model: type[M]) -> M:
    """The document's content as a model. Raises InputError, with every error of the file."""

    def place(path: Path, key: bool) -> tuple[str, int, int]:
        return document.file, *document.position(path, key=key)

    return validate(model, document.value, place)


def validate(model: type[M], value: Any, place: Place) -> M:
    """A value as a model; `place` says where a part of the value is written. Raises InputError, with every error."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InputError.of([_plain(item, model, place, value) for item in error.errors()]) from None


def _plain(item: Any, model: type[BaseModel], place: Place, whole: Any) -> InputError:
    steps, kind, value = item["loc"], item["type"], item["input"]
    path = _written(steps, whole, kind)
    if kind == "inside":  # a validator of ours that knows the place inside the value
        return InputError(*place((*path, *item["ctx"]["path"]), False), str(item["msg"]))
    name = path[-1] if path else "the content"
    if kind == "extra_forbidden":
        return unknown_key(str(name), field_names(_model_at(model, steps[:-1])), place(path, True))
    if kind == "missing":
        return InputError(*place(path[:-1], False), f"{shown(name)} is missing")
    if name == "[key]":
        return _wrong_key(item, path, place)
    if kind == "union_tag_not_found":
        return InputError(*place(path, False), f"{name} does not say its kind", "a key `kind`")
    if kind == "union_tag_invalid":
        path, value = (*path, "kind"), item["ctx"]["tag"]
        name = "kind"
    what = f"entry {name + 1} of {path[-2]}" if isinstance(name, int) and len(path) > 1 else str(name)
    options = _options(item)
    hint = nearest(value, options) if isinstance(value, str) else None
    return InputError(*place(path, False), f"{what} is {shown(value)}", either(options) or _expected(item), hint)


def _wrong_key(item: Any, path: Path, place: Place) -> InputError:
    key = str(item["input"])
    if _options(item):
        return unknown_key(key, _options(item), place(path[:-1], True))
    return InputError(*place(path[:-1], True), f"the key {shown(key)}", _expected(item))


def _written(steps: Path, value: Any, kind: str) -> Path:
    """The path as it is written: pydantic's has one more step, its kind, in each value that may be of several."""
    path: list[str | int] = []
    for number, step in enumerate(steps):
        absent = isinstance(value, dict) and step not in value and step != "[key]"
        if isinstance(value, dict) and (value.get("kind") == step or (absent and steps[number:] != (step,))):
            value = {name: item for name, item in value.items() if name != "kind"}
            continue
        if absent and kind != "missing":
            continue
        path.append(step)
        if isinstance(value, dict):
            value = value.get(str(step))
        else:
            value = value[step] if isinstance(value, list) and isinstance(step, int) else None
    return tuple(path)


def unknown_key(name: str, valid: Iterable[str], place: tuple[str, int, int], what: str = "key") -> InputError:
    """The error for a key that nothing knows; `what` names the kind of key."""
    names = sorted(valid)
    return InputError(*place, f"unknown {what} {shown(name)}", either(names) or f"no {what}", nearest(name, names))


def field_names(model: type[BaseModel]) -> list[str]:
    """The keys that a model takes."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _options(item: Any) -> list[str]:
    """The values that a Literal or Enum takes."""
    if item["type"] not in ("literal_error", "enum", "union_tag_invalid"):
        return []
    wanted = str(item["ctx"].get("expected") or item["ctx"]["expected_tags"])
    return re.findall(r"'([^']*)'", wanted) or [wanted]


def _expected(item: Any) -> str:
    for start, words in _EXPECTED.items():
        if item["type"].startswith(start):
            return words.format(**item.get("ctx", {}))
    return str(item["msg"]).removeprefix("Value error, ")


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model that a path leads to, through lists, mappings, optional fields and choices by kind."""
    models = [model]
    for step in path:
        tagged = [one for one in models if len(models) > 1 and step in _kinds(one)]
        found = [field for one in models for name, field in one.model_fields.items() if step in (name, field.alias)]
        models = tagged or [inner for field in found for inner in _inner(field.annotation)] or models
    return models[0]


def _kinds(model: type[BaseModel]) -> tuple[Any, ...]:
    return get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()


def _inner(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _inner(part)]
