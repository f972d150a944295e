"""Reading a policy document from a property, however it was given: JSON text, or an object (`PolicyDocumentArgs`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lychgate.model.values import Block, Symbol, UnknownRead
from lychgate.reasoning.iam import Policy, PolicyError, parse


def read_policy(block: Block, name: str, label: str) -> Policy | None:
    """The policy in a property; None where it is not given or empty. `label` names it in answers.

    Raises `UnknownRead` where anything in it is not known, or where it is no policy that AWS would take.
    """
    value = block.value(name)
    if value is None or value == "":
        return None
    if isinstance(value, Symbol):
        block.text(name)  # says which resource decides it
    if not isinstance(value, str | Mapping):
        raise UnknownRead(block.urn, block.at(name), "is no policy document")
    try:
        return _parse(value, label)
    except PolicyError as error:
        raise UnknownRead(block.urn, block.at(name), f"is no policy that AWS accepts ({error})") from error


def _parse(value: str | Mapping[str, Any], label: str) -> Policy:
    """The fast parser first; the one that knows places has the word on whatever that one does not like."""
    if isinstance(value, str):
        try:
            return parse(_DECODER.decode(value), label)
        except (ValueError, RecursionError):
            pass
    return parse(value, label)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)
