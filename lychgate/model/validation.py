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
        raise InputError.of([_plain(item, model, place) for item in error.errors()]) from None


def _plain(item: Any, model: type[BaseModel], place: Place) -> InputError:
    path, kind, value = item["loc"], item["type"], item["input"]
    name = path[-1] if path else "the content"
    if kind == "extra_forbidden":
        return unknown_key(str(name), field_names(_model_at(model, path[:-1])), place(path, True))
    if kind == "missing":
        return InputError(*place(path[:-1], False), f"{shown(name)} is missing")
    if name == "[key]":
        return unknown_key(str(value), _options(item), place(path[:-1], True))
    what = f"entry {name + 1} of {path[-2]}" if isinstance(name, int) and len(path) > 1 else str(name)
    options = _options(item)
    hint = nearest(value, options) if isinstance(value, str) else None
    return InputError(*place(path, False), f"{what} is {shown(value)}", either(options) or _expected(item), hint)


def unknown_key(name: str, valid: Iterable[str], place: tuple[str, int, int], what: str = "key") -> InputError:
    """The error for a key that nothing knows; `what` names the kind of key."""
    names = sorted(valid)
    return InputError(*place, f"unknown {what} {shown(name)}", either(names) or f"no {what}", nearest(name, names))


def field_names(model: type[BaseModel]) -> list[str]:
    """The keys that a model takes."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _options(item: Any) -> list[str]:
    """The values that a Literal or Enum takes."""
    if item["type"] not in ("literal_error", "enum"):
        return []
    wanted = str(item["ctx"]["expected"])
    return re.findall(r"'([^']*)'", wanted) or [wanted]


def _expected(item: Any) -> str:
    for start, words in _EXPECTED.items():
        if item["type"].startswith(start):
            return words.format(**item.get("ctx", {}))
    return str(item["msg"]).removeprefix("Value error, ")


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model that a path leads to, through lists, mappings and optional fields."""
    for step in path:
        field = next((field for name, field in model.model_fields.items() if step in (name, field.alias)), None)
        model = (field and _inner(field.annotation)) or model
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part))), None)
