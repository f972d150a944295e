"""`lychgate schema`: the published JSON Schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from lychgate.model.errors import InputError, either, nearest


def schema_of(what: str) -> str:
    """The JSON Schema of a kind of document, as text. Raises InputError for another kind."""
    if what not in _SCHEMAS:
        found, names = f"unknown document {what!r}", sorted(_SCHEMAS)
        raise InputError("schema", found=found, expected=either(names), hint=nearest(what, names))
    return orjson.dumps(_SCHEMAS[what](), option=orjson.OPT_INDENT_2).decode()


def _verdict() -> dict[str, Any]:
    from lychgate.reports.document import schema

    return schema()


def _written(name: str) -> Callable[[], dict[str, Any]]:
    """The schema of a file of the platform, for editors to complete by."""

    def make() -> dict[str, Any]:
        from pydantic import BaseModel

        from lychgate.provisioner.models.application import Application
        from lychgate.provisioner.models.environment import Environment, PlatformFile, Tenants

        models: dict[str, type[BaseModel]] = {
            "application": Application,
            "environment": Environment,
            "platform": PlatformFile,
            "tenants": Tenants,
        }
        schema = models[name].model_json_schema()
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

    return make


_SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "verdict": _verdict,
    **{name: _written(name) for name in ("application", "environment", "platform", "tenants")},
}
