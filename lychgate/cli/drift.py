"""`lychgate drift`: the deployed state of a stack against the live account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from lychgate.cli.sync import platform_of, scope_of
from lychgate.cli.terminal import Progress
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.errors import InputError
from lychgate.model.graph import Graph
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.attributing import attributed
from lychgate.provisioner.sync.drift import check_drift
from lychgate.provisioner.sync.drift_records import Drift
from lychgate.provisioner.sync.drift_showing import show
from lychgate.provisioner.sync.planning import read_state
from lychgate.provisioner.sync.removing import neighbours

CLEAN, FOUND, INCOMPLETE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class DriftOptions:
    """What was asked on the command line."""

    application: str
    environment: str
    tenant: str | None
    state: Path | None
    settings: Path | None
    endpoint: str | None
    json: bool
    verbose: bool


def run(options: DriftOptions) -> int:
    """Read, compare, show. 0: no drift; 1: drift; 3: none found, but not all could be read."""
    _, _, platform = platform_of(options.settings, options.environment)
    scope = scope_of(platform, options.application, options.environment, options.tenant)
    state = read_state(scope, options.state)
    if state.unread:
        raise InputError(scope.stack, found=f"its state cannot be read: {state.unread}", expected="--state FILE")
    if state.deployed is None:
        raise InputError(scope.stack, found="it is not deployed", expected="a stack that was synced")
    with Progress("reading the account") as progress:
        drift = check_drift(
            state.deployed.graph,
            _session(scope.environment.region),
            options.endpoint,
            progress.count,
            others=_others(scope) if options.state is None else (),
        )
    rules = built_in_rules()
    drift = attributed(drift, rules.values(), load_ruleset(scope.environment.baseline, rules))
    _show(drift, options)
    if drift.found:
        return FOUND
    return CLEAN if drift.complete else INCOMPLETE


def _others(scope: Scope) -> Iterator[Graph]:
    """The states of the environment's other stacks: what they have opened in this one is theirs, and no drift."""
    for one in neighbours(scope):
        deployed = read_state(one, None).deployed
        if deployed is not None:
            yield deployed.graph


def _show(drift: Drift, options: DriftOptions) -> None:
    if options.json:
        print(orjson.dumps(drift.as_dict(), option=orjson.OPT_INDENT_2).decode())
    else:
        show(drift, options.verbose)


def _session(region: str) -> Any:
    try:
        import boto3  # type: ignore[import-untyped]
    except ImportError:
        expected = "`pip install 'lychgate[sync]'`"
        raise InputError("drift", found="boto3 is not installed, which reads the account", expected=expected) from None
    return boto3.session.Session(region_name=region)
