"""The policy pack of a sync: what is waived in it, and a folder that the engine can start it from."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from lychgate.model.errors import InputError


def waived_of(verdict: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Rule and URN of what a verdict's waivers cover; what is advisory needs none, and stops nothing elsewhere."""
    waived = (one for one in verdict["judgements"] if one["outcome"] == "waived" and one["level"] != "advisory")
    return frozenset((one["rule"], one["urn"]) for one in waived)


def pack_files(environment: str | None, said: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The files of a policy pack of Lychgate's rules, by name: in a virtual environment, and with what `serve` is told.

    The environment's path may be relative to the pack's folder; None is the interpreter that the engine finds.
    """
    options = {"options": {"toolchain": "pip", "virtualenv": environment}} if environment else {}
    project = {"name": "lychgate", "version": version("lychgate"), "runtime": {"name": "python", **options}}
    told = ", ".join(f"{name}={value!r}" for name, value in (said or {}).items())
    return {
        "PulumiPolicy.yaml": yaml.safe_dump(project, sort_keys=False),
        "__main__.py": f"from lychgate.policies.pack import serve\n\nserve({told})\n",
    }


def own_pack(folder: Path) -> Path:
    """Write a pack of Lychgate's rules that runs in this very environment. Raises InputError where that cannot be."""
    if importlib.util.find_spec("pulumi_policy") is None:
        expected = "`pip install lychgate[pack]`, or a pack that is named"
        raise InputError("pulumi_policy", found="the SDK of policy packs is not installed", expected=expected)
    folder.mkdir()
    for name, text in pack_files(sys.prefix if sys.prefix != sys.base_prefix else None).items():
        (folder / name).write_text(text, "utf-8")
    return folder
