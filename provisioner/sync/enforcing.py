"""The policy pack of a sync: what is waived in it, and a folder that the engine can start it from."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lychgate.model.errors import InputError

MAIN = "from lychgate.policies.pack import serve\n\nserve()\n"


def waived_of(verdict: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Rule and URN of what a verdict's waivers cover; what is advisory needs none, and stops nothing elsewhere."""
    waived = (one for one in verdict["judgements"] if one["outcome"] == "waived" and one["level"] != "advisory")
    return frozenset((one["rule"], one["urn"]) for one in waived)


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
