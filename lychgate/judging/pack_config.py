"""What `--policy-pack-config` of the Pulumi engine says for a ruleset, and the JSON Schema of such a file.

The file maps policies to levels and parameters. One that also names exceptions is of version 2 (engines from 3.274 on
read it, older ones refuse it): https://github.com/pulumi/pulumi, pkg/resource/analyzer/config.go and exceptions.go.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset
from lychgate.judging.waivers import Waiver, Waivers

UnknownAs = Literal["advisory", "fail"]
Levels = Mapping[str, Mapping[str, Any]]

UNKNOWN = {
    "type": "string",
    "enum": ["advisory", "fail"],
    "default": "advisory",
    "description": "what an undecided rule reports: an advisory finding, or one of the rule's own level",
}
LEVEL = {"type": "string", "enum": ["advisory", "mandatory", "remediate", "disabled"]}
URN = re.compile(r"urn:pulumi:(?P<stack>[^*]+?)::(?P<project>[^*]+?)::[^*]+?::[^*]+", re.DOTALL)


def pack_config(
    rules: Mapping[str, Rule],
    ruleset: Ruleset,
    waived: Collection[tuple[str, str]] = (),
    remediate: bool = False,
    unknown: UnknownAs | None = None,
) -> dict[str, dict[str, Any]]:
    """The levels and parameters of a ruleset, by rule.

    `waived` are pairs of rule and URN of a sync, which decides about each resource itself (`Events`): such a rule is
    advisory. Without `remediate` nothing is rewritten: what was judged is what is deployed. `unknown` is what an
    undecided rule reports; None leaves it to the pack.
    """
    lowered = {rule for rule, _ in waived}
    config: dict[str, dict[str, Any]] = {}
    for rule in rules.values():
        level = ruleset.level(rule)
        if level == "remediate" and not (remediate and rule.remedy):
            level = "mandatory"
        if level == "mandatory" and rule.id in lowered:
            level = "advisory"
        given = ruleset.parameters(rule)
        config[rule.id] = {"enforcementLevel": level, **(given.model_dump(mode="json") if given else {})}
        if unknown is not None:
            config[rule.id]["unknown"] = unknown
    return config


def with_exceptions(config: Levels, waivers: Waivers) -> tuple[dict[str, Any], list[tuple[Waiver, str]]]:
    """A file of version 2 in which each waiver that is in force is an exception; and those that are not, with why.

    The engine compares URNs exactly, and knows no last day: the file is to be written anew each day.
    """
    exceptions: dict[str, Any] = {}
    left_out: list[tuple[Waiver, str]] = []
    for waiver in waivers.all:
        why = _not_told(waiver)
        if why:
            left_out.append((waiver, why))
            continue
        ticket = re.sub(r"[^A-Za-z0-9._-]", "-", waiver.ticket)
        number = sum(1 for one in exceptions if re.fullmatch(rf"{re.escape(ticket)}(\.\d+)?", one))
        exceptions[f"{ticket}.{number + 1}" if number else ticket] = {
            "reason": f"{waiver.reason} ({waiver.ticket}, approved by {waiver.approver}, until {waiver.expires})",
            "match": [{"policies": [waiver.rule], "targets": [waiver.urn]}],
        }
    return {"version": 2, "policies": dict(config), "exceptions": exceptions}, left_out


def _not_told(waiver: Waiver) -> str:
    """Why a waiver cannot be an exception; empty where it can."""
    if waiver.state != "active":
        return waiver.why or (f"it has expired on {waiver.expires}" if waiver.expired else "it is not yet in force")
    urn = URN.fullmatch(waiver.urn)
    if urn is None:
        return "its URN is a pattern, and Pulumi compares URNs exactly"
    named = f"{urn['project']}/{urn['stack']}"
    return "" if named == waiver.stack else f"its URN is one of the stack {named}, and it is about {waiver.stack}"


def parameters_schema(rule: Rule, ruleset: Ruleset) -> dict[str, dict[str, Any]]:
    """What a rule can be told beside its level, as the JSON Schema of each property (no references in it).

    The defaults are the ruleset's: the engine sends the pack the defaults that it declares, whatever else is said.
    """
    given = ruleset.parameters(rule)
    if given is None:
        return {"unknown": UNKNOWN}
    own = type(given).model_json_schema().get("properties", {})
    said = given.model_dump(mode="json")
    return {**{name: {**one, "default": said[name]} for name, one in own.items()}, "unknown": UNKNOWN}


def config_schema(rules: Mapping[str, Rule], ruleset: Ruleset) -> dict[str, Any]:
    """The JSON Schema of a configuration file for these rules, of both versions."""
    properties: dict[str, Any] = {"all": LEVEL}
    for rule in rules.values():
        told = {"enforcementLevel": LEVEL, **parameters_schema(rule, ruleset)}
        said = {"type": "object", "properties": told, "additionalProperties": False}
        properties[rule.id] = {"description": rule.title, "anyOf": [LEVEL, said]}
    environments = {"type": "array", "items": {"type": "string"}, "description": "ESC environments"}
    texts = {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
    match = {"type": "object", "required": ["policies", "targets"], "properties": {"policies": texts, "targets": texts}}
    exception = {
        "type": "object",
        "required": ["reason", "match"],
        "properties": {
            "reason": {"type": "string", "pattern": r"\S"},
            "match": {"type": "array", "items": match, "minItems": 1},
        },
    }
    second = {
        "version": {"const": 2},
        "environments": environments,
        "policies": {"type": "object", "properties": properties, "additionalProperties": False},
        "exceptions": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Za-z0-9._-]+$"},
            "additionalProperties": exception,
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of the policy pack lychgate (pulumi preview --policy-pack-config)",
        "type": "object",
        "if": {"required": ["version"]},
        "then": {"properties": second, "additionalProperties": False},
        "else": {"properties": {**properties, "environments": environments}, "additionalProperties": False},
    }
