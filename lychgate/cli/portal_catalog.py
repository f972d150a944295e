"""`lychgate portal export, apply`: what Port is told of the platform, as files and by its API."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lychgate.cli.platforms import platform_of
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.escaping import escape
from lychgate.portal import exporting
from lychgate.portal.applying import carry_out, plan
from lychgate.portal.client import Port, ServiceError, address
from lychgate.portal.exporting import Backend, Catalog, write

REFUSED = 4


def export(into: Path | None, ref: str, approvers: Sequence[str], settings: Path | None) -> int:
    """Write the catalogue, or print it."""
    catalog = _catalog(ref, approvers, settings)
    if into is None:
        print(
            json.dumps({name: json.loads(one) for name, one in catalog.files().items()}, indent=2, ensure_ascii=False)
        )
    else:
        print(f"{len(write(catalog, into))} files in {escape(str(into))}")
    return 0


def apply(dry_run: bool, ref: str, approvers: Sequence[str], api: str, settings: Path | None) -> int:
    """Bring the catalogue about, and say each change; the exit status of the contract."""
    catalog = _catalog(ref, approvers, settings)
    try:
        port = Port(address(api), os.environ)
        steps = plan(port, catalog)
        for step in steps:
            if not dry_run:
                carry_out(port, step)
            print(f"would {step.words}" if dry_run else step.words)
    except ServiceError as error:
        print(f"lychgate: {escape(str(error))}", file=sys.stderr)
        return REFUSED
    if not steps:
        print("nothing to change")
    return 0


def _catalog(ref: str, approvers: Sequence[str], settings: Path | None) -> Catalog:
    found = platform_of(settings, None)
    ruleset = load_ruleset("production", built_in_rules())
    return exporting.export(ruleset.requirements, Backend.of(found.settings.gitlab, ref), approvers)
