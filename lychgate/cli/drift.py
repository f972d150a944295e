"""`lychgate drift`: the deployed state of a stack against the live account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from lychgate.cli.platforms import platform_of, scope_of
from lychgate.cli.terminal import Progress
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.errors import InputError
from lychgate.provisioner.sync.attributing import attributed
from lychgate.provisioner.sync.drift import check_drift, session
from lychgate.provisioner.sync.drift_records import Drift
from lychgate.provisioner.sync.drift_showing import show
from lychgate.provisioner.sync.planning import around, read_state
from lychgate.reports import replace

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
    output: Path | None
    verbose: bool


def run(options: DriftOptions) -> int:
    """Read, compare, show. 0: no drift; 1: drift; 3: none found, but not all could be read."""
    platform = platform_of(options.settings, options.environment).platform
    scope = scope_of(platform, options.application, options.environment, options.tenant)
    state = read_state(scope, options.state)
    if state.unread:
        raise InputError(scope.stack, found=f"its state cannot be read: {state.unread}", expected="--state FILE")
    if state.deployed is None:
        raise InputError(scope.stack, found="it is not deployed", expected="a stack that was synced")
    # What the environment's other stacks have opened in this one is theirs, and no drift.
    others = around(scope).values() if options.state is None else ()
    with Progress("reading the account") as progress:
        drift = check_drift(
            state.deployed.graph,
            session(scope.environment.region),
            options.endpoint or scope.environment.endpoint,
            progress.count,
            others=[one.deployed.graph for one in others if one.deployed],
        )
    rules = built_in_rules()
    drift = attributed(drift, rules.values(), load_ruleset(scope.environment.baseline, rules))
    _show(drift, options)
    if drift.found:
        return FOUND
    return CLEAN if drift.complete else INCOMPLETE


def _show(drift: Drift, options: DriftOptions) -> None:
    told = orjson.dumps(drift.as_dict(), option=orjson.OPT_INDENT_2)
    if options.output is not None:
        try:
            replace(options.output, told + b"\n")
        except OSError as error:
            found = f"cannot be written: {error.strerror}"
            raise InputError(str(options.output), found=found, expected="a file") from None
    if options.json:
        print(told.decode())
    else:
        show(drift, options.verbose)
