"""`aws.iam.get_policy_document`, computed as the provider does: the same text, byte for byte.

Semantics from terraform-provider-aws, internal/service/iam/policy_document_data_source.go and policy_model.go, and its
set order from terraform-plugin-sdk, helper/schema/set.go and serialize.go (both on https://github.com/hashicorp).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from typing import Any

VERSIONS = ("2012-10-17", "2008-10-17")
ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
SID = re.compile(r"[a-zA-Z0-9]*")

Statement = dict[str, Any]
Document = dict[str, Any]


def policy_document(arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of getPolicyDocument: its arguments, and `json`, `minifiedJson` and `id`.

    `sourceJson` and `overrideJson` work as before version 5 of the Terraform provider (later ones refuse them).
    Raises ValueError, in the provider's words, for what the provider refuses.
    """
    version = arguments.get("version") or VERSIONS[0]
    if version not in VERSIONS:
        raise ValueError(f"version must be one of {', '.join(sorted(VERSIONS))}, got {version}")
    merged: Document = {}
    if arguments.get("sourceJson"):
        merged = read_document(arguments["sourceJson"], "source document")
    _merge_sources(merged, [text for text in arguments.get("sourcePolicyDocuments") or () if text is not None])
    own: Document = {"Version": version, "Statement": _statements(arguments.get("statements") or [], version)}
    if arguments.get("policyId"):
        own["Id"] = arguments["policyId"]
    merge(merged, own)
    overrides = [text for text in arguments.get("overridePolicyDocuments") or () if text is not None]
    for index, text in enumerate(overrides):
        merge(merged, read_document(text, f"override document {index}"))
    if arguments.get("overrideJson"):
        merge(merged, read_document(arguments["overrideJson"], "override document"))
    shown = {key: merged[key] for key in ("Version", "Id", "Statement") if merged.get(key)}
    text = go_json(shown, indent=2)
    result = {name: value for name, value in arguments.items() if value is not None}
    if "statements" in result:
        result["statements"] = [{"effect": "Allow"} | statement for statement in result["statements"]]
    computed = {"id": str(zlib.crc32(text.encode())), "json": text, "minifiedJson": go_json(shown), "version": version}
    return result | computed


def go_json(value: Any, indent: int | None = None) -> str:
    """JSON as Go's encoder writes it: HTML's characters escaped, an empty list or object on one line."""
    separators = (",", ": ") if indent else (",", ":")
    return json.dumps(value, indent=indent, separators=separators, ensure_ascii=False).translate(ESCAPES)


def merge(into: Document, new: Document) -> None:
    """Add a document: its id, the later of both versions, and its statements, each in the place of one with its sid."""
    if new.get("Id"):
        into["Id"] = new["Id"]
    into["Version"] = max(into.get("Version", ""), new.get("Version", ""))
    statements: list[Statement] = into.setdefault("Statement", [])
    places = {one["Sid"]: index for index, one in reversed(list(enumerate(statements))) if one.get("Sid")}
    for statement in new.get("Statement", ()):
        sid = statement.get("Sid")
        if sid and sid in places:
            statements[places[sid]] = statement
            continue
        if sid:
            places[sid] = len(statements)
        statements.append(statement)


def _merge_sources(into: Document, texts: list[str]) -> None:
    sids = {one["Sid"] for one in into.get("Statement", ()) if one.get("Sid")}
    for index, text in enumerate(texts):
        document = read_document(text, f"source document {index}")
        for place, statement in enumerate(document["Statement"]):
            sid = statement.get("Sid")
            if sid and sid in sids:
                raise ValueError(
                    f"merging source document {index}: duplicate Sid ({sid}) in source_policy_documents "
                    f"(statement {place}). Remove the Sid or ensure Sids are unique."
                )
            sids.add(sid)
        merge(into, document)


# -- statements given as arguments ------------------------------------------------------------------------------------


def _statements(given: list[dict[str, Any]], version: str) -> list[Statement]:
    statements, sids = [], set()
    for one in given:
        sid = one.get("sid") or ""
        if not SID.fullmatch(sid):
            raise ValueError(f'invalid value for sid (must only include alphanumeric characters): "{sid}"')
        if sid and sid in sids:
            raise ValueError(f"duplicate Sid ({sid}). Remove the Sid or ensure the Sid is unique.")
        sids.add(sid)
        statements.append(_statement(one, sid, version))
    return statements


def _statement(one: dict[str, Any], sid: str, version: str) -> Statement:
    effect = one.get("effect") or "Allow"
    if effect not in ("Allow", "Deny"):
        raise ValueError(f"expected effect to be one of Allow, Deny, got {effect}")

    def replaced(value: str | list[str]) -> str | list[str]:
        return _variables(value, version)

    statement: Statement = {"Sid": sid} if sid else {}
    statement["Effect"] = effect
    for key, name in (("Action", "actions"), ("NotAction", "notActions")):
        if one.get(name):
            statement[key] = _texts(one[name])
    for key, name in (("Resource", "resources"), ("NotResource", "notResources")):
        if one.get(name):
            statement[key] = replaced(_texts(one[name]))
    for key, name in (("Principal", "principals"), ("NotPrincipal", "notPrincipals")):
        if one.get(name):
            ordered = _set(one[name], _principal_code)
            given = [(item["type"], replaced(_texts(item["identifiers"]))) for item in ordered]
            statement[key] = _principals(given)
    if one.get("conditions"):
        ordered = _set(one["conditions"], _condition_code)
        statement["Condition"] = _conditions(
            [(item["test"], item["variable"], replaced([text or "" for text in item["values"]])) for item in ordered]
        )
    return statement


def _texts(given: list[str]) -> str | list[str]:
    """A set of texts as the provider writes it: one alone as a text, several in reverse order."""
    texts = sorted(set(given), reverse=True)
    return texts[0] if len(texts) == 1 else texts


def _variables(value: str | list[str], version: str) -> str | list[str]:
    """`&{...}` (an IAM policy variable, written so that Terraform leaves it alone) becomes `${...}`."""
    if isinstance(value, list):
        return [str(_variables(text, version)) for text in value]
    if version == VERSIONS[1] and "&{" in value:
        raise ValueError(f"found &{{ sequence in ({value}), which is not supported in document version {version}")
    return value.replace("&{", "${")


def _principals(given: list[tuple[str, str | list[str]]]) -> str | dict[str, Any]:
    if len(given) == 1 and given[0] in (("*", "*"), ("*", ["*"])):
        return "*"
    found: dict[str, Any] = {}
    for type_, identifiers in given:
        if isinstance(identifiers, list):
            identifiers = sorted(identifiers, reverse=True)
        if type_ in found:
            earlier = found[type_]
            identifiers = [
                *([earlier] if isinstance(earlier, str) else earlier),
                *([identifiers] if isinstance(identifiers, str) else identifiers),
            ]
        found[type_] = identifiers
    return dict(sorted(found.items()))


def _conditions(given: list[tuple[str, str, str | list[str]]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for test, variable, values in given:
        found.setdefault(test, {}).setdefault(variable, []).extend([values] if isinstance(values, str) else values)
    return {
        test: {key: one[0] if len(one) == 1 else one for key, one in sorted(variables.items())}
        for test, variables in sorted(found.items())
    }


# -- the order of a set in Terraform's plugin SDK: by a checksum of each element, compared as decimal text -------------


def _set(items: list[dict[str, Any]], code: Callable[[dict[str, Any]], str]) -> list[dict[str, Any]]:
    unique: dict[str, dict[str, Any]] = {}
    for item in items:
        unique.setdefault(_checksum(code(item)), item)
    return [item for _, item in sorted(unique.items())]


def _checksum(text: str) -> str:
    return str(zlib.crc32(text.encode()))


def _principal_code(item: dict[str, Any]) -> str:
    ordered = sorted(set(item["identifiers"]), key=lambda text: _checksum(f"{text};"))
    return f"identifiers:{{{''.join(f'{text};' for text in ordered)}}};type:{item['type']};"


def _condition_code(item: dict[str, Any]) -> str:
    values = "".join(f"{text or ''};" for text in item["values"])
    return f"test:{item['test']};values:({values});variable:{item['variable']};"


# -- documents given as JSON ------------------------------------------------------------------------------------------


def read_document(text: str, what: str) -> Document:
    """A policy document from JSON, as the provider's Go types take it: keys in any case, unknown ones dropped.

    Raises ValueError where Go could not: among others, a `Statement` that is one object instead of a list.
    """
    try:
        data = json.loads(text)
        if data is None:
            return {"Statement": []}
        fields = _fields(data, "the document")
        document: Document = {"Statement": [_read_statement(one) for one in _list(fields.get("statement"))]}
        for key in ("Version", "Id"):
            if fields.get(key.lower()) is not None:
                document[key] = _text(fields[key.lower()], key)
        return document
    except (ValueError, RecursionError) as error:
        raise ValueError(f"merging {what}: {error}") from error


def _fields(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no JSON object")
    return {key.lower(): item for key, item in value.items()}


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | None):
        raise ValueError("Statement is no list")
    return value or []


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} is no text")
    return value


def _read_statement(value: Any) -> Statement:
    fields = _fields(value, "a statement")
    statement: Statement = {}
    for key in ("Sid", "Effect"):
        if fields.get(key.lower()):
            statement[key] = _text(fields[key.lower()], key)
    for key in ("Action", "NotAction", "Resource", "NotResource"):
        if fields.get(key.lower()) is not None:
            statement[key] = _sorted_keys(fields[key.lower()])
    for key in ("Principal", "NotPrincipal"):
        if key.lower() in fields and (principals := _read_principals(fields[key.lower()])):
            statement[key] = _principals(principals)
    if fields.get("condition"):
        statement["Condition"] = _conditions(_read_conditions(fields["condition"]))
        if not statement["Condition"]:
            del statement["Condition"]
    return statement


def _sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted_keys(item) for key, item in sorted(value.items())}
    return [_sorted_keys(item) for item in value] if isinstance(value, list) else value


def _read_principals(value: Any) -> list[tuple[str, str | list[str]]]:
    """Any text (not only `*`) becomes `*`: so does the provider."""
    if isinstance(value, str):
        return [("*", ["*"])]
    if not isinstance(value, dict):
        raise ValueError("a principal is neither a text nor an object")
    found: list[tuple[str, str | list[str]]] = []
    for type_, identifiers in value.items():
        if not isinstance(identifiers, str | list):
            raise ValueError(f"the principals of type {type_} are neither a text nor a list")
        for one in identifiers if isinstance(identifiers, list) else ():
            _text(one, f"a principal of type {type_}")
        found.append((type_, identifiers))
    return found


def _read_conditions(value: Any) -> list[tuple[str, str, str | list[str]]]:
    """Values that are neither text, flag nor list are dropped: so does the provider."""
    found: list[tuple[str, str, str | list[str]]] = []
    if not isinstance(value, dict):
        raise ValueError("a condition is no object")
    for test, variables in value.items():
        if not isinstance(variables, dict | None):
            raise ValueError(f"the condition {test} is no object")
        for variable, values in (variables or {}).items():
            if isinstance(values, bool):
                found.append((test, variable, "true" if values else "false"))
            elif isinstance(values, str):
                found.append((test, variable, values))
            elif isinstance(values, list):
                found.append((test, variable, [_text(one, f"a value of {variable}") for one in values]))
    return found
