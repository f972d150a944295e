"""The policy pack of a sync: which rules it enforces at which level, and a folder that the engine can start it from."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset
from lychgate.model.errors import InputError

MAIN = "from lychgate.policies.pack import serve\n\nserve()\n"


def waived_of(verdict: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Rule and URN of what a verdict's waivers cover; what is advisory needs none, and stops nothing elsewhere."""
    waived = (one for one in verdict["judgements"] if one["outcome"] == "waived" and one["level"] != "advisory")
    return frozenset((one["rule"], one["urn"]) for one in waived)


def pack_config(
    rules: Mapping[str, Rule], ruleset: Ruleset, waived: Collection[tuple[str, str]] = ()
) -> dict[str, dict[str, Any]]:
    """What --policy-pack-config says: the levels and parameters of a ruleset.

    A pack knows no waiver, so a rule that has one is advisory in it, and `Events` decides per resource. Nothing is
    remediated: what was judged is what is deployed.
    """
    lowered = {rule for rule, _ in waived}
    config: dict[str, dict[str, Any]] = {}
    for rule in rules.values():
        level = {"remediate": "mandatory"}.get(ruleset.level(rule), ruleset.level(rule))
        if level == "mandatory" and rule.id in lowered:
            level = "advisory"
        given = ruleset.parameters(rule)
        config[rule.id] = {"enforcementLevel": level, **(given.model_dump(mode="json") if given else {})}
    return config


def own_pack(folder: Path) -> Path:
    """Write a pack of Lychgate's rules that runs in this very environment. Raises InputError where that cannot be."""
    if importlib.util.find_spec("pulumi_policy") is None:
        expected = "`pip install lychgate[pack]`, or a pack that is named"
        raise InputError("pulumi_policy", found="the SDK of policy packs is not installed", expected=expected)
    options = {"virtualenv": sys.prefix} if sys.prefix != sys.base_prefix else {}
    runtime = {"name": "python", **({"options": options} if options else {})}
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text(yaml.safe_dump({"name": "lychgate", "runtime": runtime}), "utf-8")
    (folder / "__main__.py").write_text(MAIN, "utf-8")
    return folder
