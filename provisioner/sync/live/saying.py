"""What readers share: what a deployed resource says of itself, and AWS's ways of writing tags and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lychgate.provisioner.sync.live.calling import Gone

from lychgate.model.graph import Resource


def said(resource: Resource, *names: str) -> str:
    """The first of these properties that is a text, in inputs, then outputs; else the id. Raises Gone without any."""
    for values in (resource.properties, resource.outputs):
        for name in names:
            if isinstance(values.get(name), str) and values[name]:
                return str(values[name])
    return ident(resource)


def ident(resource: Resource) -> str:
    """The id by which the provider knows it. Raises Gone where the state has none: it was never made."""
    if not isinstance(resource.id, str) or not resource.id:
        raise Gone(f"{resource.name} has no id in the state")
    return resource.id


def tags(rows: Iterable[Mapping[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as an object, without AWS's own (`aws:...`), which nobody can set."""
    return {row[key]: row[value] for row in rows or () if not row[key].startswith("aws:")}


def own(found: Mapping[str, str] | None) -> dict[str, str]:
    """The same of tags that AWS gives as an object."""
    return {key: value for key, value in (found or {}).items() if not key.startswith("aws:")}


def without_none(**values: Any) -> dict[str, Any]:
    """An object of what there is."""
    return {key: value for key, value in values.items() if value is not None}


def as_named(wanted: Any, live: str | None) -> str | None:
    """A version as the program names it, where that is a prefix of the live one (`17` of `17.9`): minor versions come
    by themselves."""
    if isinstance(wanted, str) and live is not None and live.startswith(f"{wanted}."):
        return wanted
    return live
