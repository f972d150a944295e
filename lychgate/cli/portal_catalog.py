"""`lychgate portal export, apply`: what Port is told of the platform, as files and by its API."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lychgate.cli.platforms import Found, platform_of
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.framework import Requirement
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.escaping import escape, flat
from lychgate.portal import exporting
from lychgate.portal.applying import Step, carry_out, fill, plan
from lychgate.portal.client import Port, ServiceError, address
from lychgate.portal.entities import of_platform, of_verdict
from lychgate.portal.exporting import Backend, Catalog, write
from lychgate.reports.document import read as read_verdict

REFUSED = 4


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What was asked on the command line."""

    dry_run: bool
    ref: str
    approvers: Sequence[str]
    verdicts: Sequence[Path]
    api: str
    settings: Path | None


def export(into: Path | None, ref: str, approvers: Sequence[str], settings: Path | None) -> int:
    """Write the catalogue, or print it."""
    catalog = _catalog(ref, approvers, platform_of(settings, None))
    if into is None:
        print(
            json.dumps({name: json.loads(one) for name, one in catalog.files().items()}, indent=2, ensure_ascii=False)
        )
    else:
        print(f"{len(write(catalog, into))} files in {escape(str(into))}")
    return 0


def apply(options: ApplyOptions) -> int:
    """Bring the catalogue about and fill it, and say each change; the exit status of the contract."""
    found = platform_of(options.settings, None)
    catalog = _catalog(options.ref, options.approvers, found)
    entities = [*of_platform(found.platform)]
    for file in options.verdicts:
        entities += of_verdict(read_verdict(file), found.platform, _requirements())
    try:
        port = Port(address(options.api), os.environ)
        steps = plan(port, catalog)
        _take(port, steps, options.dry_run)
        more, left = fill(port, entities)
        _take(port, more, options.dry_run)
    except ServiceError as error:
        print(f"lychgate: {escape(str(error))}", file=sys.stderr)
        return REFUSED
    if not steps and not more:
        print("nothing to change")
    for one in left:
        print(f"lychgate: the platform does not speak of {flat(one)} any more: delete it in Port", file=sys.stderr)
    return 0


def _take(port: Port, steps: Sequence[Step], dry_run: bool) -> None:
    for step in steps:
        if not dry_run:
            carry_out(port, step)
        print(flat(f"would {step.words}" if dry_run else step.words))


def _catalog(ref: str, approvers: Sequence[str], found: Found) -> Catalog:
    return exporting.export(_requirements(), Backend.of(found.settings.gitlab, ref), approvers)


def _requirements() -> Sequence[Requirement]:
    return load_ruleset("production", built_in_rules()).requirements
