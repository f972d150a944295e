"""The verdict document itself, as JSON: how it is written, its published schema, and how one is read that somebody
else may have written."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson

from lychgate.model.errors import InputError

LARGEST = 512 * 2**20
CHUNK = 2**20
EXPECTED = "a verdict, as `lychgate check --format json` writes it"
SIGNED = "the verdict in it: `lychgate verify FILE --key PUBLIC --into verdict.json` writes that"
# Ids are words of their own in every format; all other text is treated as text.
RULE = re.compile(r"[a-z0-9-]{1,200}")
REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")


def render(verdict: dict[str, Any]) -> bytes:
    """The document: two spaces of indentation, keys in the contract's order, a line feed at the end."""
    return orjson.dumps(verdict, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def schema() -> dict[str, Any]:
    """The JSON Schema of the document, generated from its models."""
    from lychgate.model.verdict import Verdict

    made = Verdict.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:lychgate:verdict:1", **made}


def read(path: Path) -> dict[str, Any]:
    """The verdict in a file, which is hostile data, as `parse` says. Raises InputError."""
    name, chunks, size = str(path), [], 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if size > LARGEST:
                    raise InputError(name, found="the file is too large", expected=f"at most {LARGEST:,} bytes")
    except OSError as error:
        raise InputError(name, found=f"cannot be read: {error.strerror}", expected=EXPECTED) from None
    return parse(b"".join(chunks), name)


def parse(data: bytes, name: str) -> dict[str, Any]:
    """The verdict in some bytes, for every format to be made from. `name` is what a message calls it.

    Raises InputError, with the first of its errors.
    """
    from pydantic import ValidationError

    from lychgate.model.verdict import Verdict

    try:
        verdict = Verdict.model_validate_json(data, strict=True).model_dump()
        orjson.dumps(verdict)  # refuses what pydantic takes and JSON does not: numbers beyond 64 bits
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)
        if any(one["loc"] == ("payloadType",) for one in errors):
            raise InputError(name, found="a signed verdict", expected=SIGNED) from None
        first = errors[0]
        place = ".".join(str(step)[:50] for step in first["loc"])
        more = f", and {error.error_count() - 1:,} more errors" if error.error_count() > 1 else ""
        raise _wrong(name, f"{place}: {first['msg']}{more}" if place else first["msg"]) from None
    except TypeError:
        raise _wrong(name, "a number is too large") from None
    _consistent(verdict, name)
    return verdict


def _wrong(name: str, found: str) -> InputError:
    from lychgate.model.escaping import flat

    return InputError(name, found=f"no verdict: {flat(found)[:500]}", expected=EXPECTED)


def _consistent(verdict: dict[str, Any], name: str) -> None:
    """Raise InputError where a part names another that is not there, or what is a date is none."""
    rules = {rule["id"] for rule in verdict["rules"]}
    requirements = {requirement["id"] for requirement in verdict["requirements"]}
    for what, ids, entries in (
        ("rules", rules, verdict["rules"]),
        ("requirements", requirements, verdict["requirements"]),
    ):
        pattern = RULE if what == "rules" else REQUIREMENT
        if len(ids) != len(entries):
            raise _wrong(name, f"{what}: an id stands there twice")
        for found in ids:
            if not pattern.fullmatch(found):
                raise _wrong(name, f"{what}: {found[:50]!r} is no id")
    for number, one in enumerate(verdict["judgements"]):
        if one["rule"] not in rules or not requirements.issuperset(one["requirements"]):
            raise _wrong(name, f"judgements.{number}: its rule or a requirement is not in the document")
    _moment(name, "run.as_of", verdict["run"]["as_of"], zoned=True)
    for number, waiver in enumerate(verdict["waivers"]):
        _moment(name, f"waivers.{number}.expires", waiver["expires"], zoned=False)


def _moment(name: str, place: str, text: str, zoned: bool) -> None:
    try:
        if zoned:
            moment = datetime.fromisoformat(text)
            moment.astimezone(UTC)  # refuses what is before or after all that a calendar has
            good = moment.utcoffset() is not None
        else:
            good = bool(date.fromisoformat(text))
    except (ValueError, OverflowError):
        good = False
    if not good:
        wanted = "a moment such as 2026-11-30T12:00:00+00:00" if zoned else "a date such as 2027-01-31"
        raise _wrong(name, f"{place}: {text[:50]!r} is not {wanted}")
