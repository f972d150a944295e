"""The verdict document itself, as JSON, and its published schema."""

from __future__ import annotations

from typing import Any

import orjson


def render(verdict: dict[str, Any]) -> bytes:
    """The document: two spaces of indentation, keys in the contract's order, a line feed at the end."""
    return orjson.dumps(verdict, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def schema() -> dict[str, Any]:
    """The JSON Schema of the document, generated from its models."""
    from lychgate.model.verdict import Verdict

    made = Verdict.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:lychgate:verdict:1", **made}
