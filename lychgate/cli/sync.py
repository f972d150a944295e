"""`lychgate sync --plan`: what is to be deployed is compared with what is, and judged."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lychgate.cli.check import EXIT, check_formats, moment, report
from lychgate.cli.terminal import Progress
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset, load_ruleset
from lychgate.judging.verdict import RunFacts
from lychgate.judging.waivers import Waivers, load_waivers
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import SINGLE
from lychgate.provisioner.models.platform import Platform, read_platform
from lychgate.provisioner.sync.capturing import Capturing
from lychgate.provisioner.sync.planning import Plan, judge_plan, make_plan, read_state
from lychgate.provisioner.sync.preflight import collect, decides, preflight
from lychgate.provisioner.sync.preflight_showing import show as show_preflight
from lychgate.provisioner.sync.showing import show
from lychgate.sources.digests import of_file, of_folder
from lychgate.sources.git import GitError, commit_of, top_of
from lychgate.sources.settings import NAME, Settings, find, read_settings


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """What was asked on the command line."""

    application: str
    environment: str
    tenant: str | None
    plan: bool
    state: Path | None
    settings: Path | None
    formats: Sequence[str]
    output: Path | None
    as_of: str | None
    verbose: bool


def platform_of(given: Path | None, environment: str | None) -> tuple[Path, Settings, Platform]:
    """The lychgate.yaml that names a platform (`given`, else the nearest above the current folder), what it says, and
    the platform. Raises InputError."""
    file = given or find(Path.cwd())
    if file is None:
        raise InputError(NAME, found="there is none here or above", expected=f"a {NAME} with `platform: FOLDER`")
    settings = read_settings(file, environment)
    if settings.platform is None:
        raise InputError(str(file), found="it names no platform", expected="`platform: FOLDER`")
    return file, settings, read_platform(settings.platform, base=file.resolve().parent)


def scope_of(platform: Platform, application: str, environment: str, tenant: str | None) -> Scope:
    """What is synced. A single-tenant application needs no tenant named. Raises InputError."""
    spec = platform.applications.get(application)
    if tenant is None:
        if spec is not None and spec.tenants != [SINGLE]:
            raise InputError("--tenant", found=f"{application} has several tenants", expected=", ".join(spec.tenants))
        tenant = SINGLE
    return Scope.of(platform, application, environment, tenant)


def run(options: SyncOptions) -> int:
    """Plan, show, judge; the exit status of the contract."""
    check_formats(options)
    if not options.plan:
        raise InputError("sync", found="applying is not possible yet", expected="--plan")
    as_of = moment(options.as_of)
    file, settings, platform = platform_of(options.settings, options.environment)
    scope = scope_of(platform, options.application, options.environment, options.tenant)
    with Capturing(platform.folder, file) as capturing, Progress("capturing") as progress:
        # While the interpreter there loads what the stacks need, what judging needs is read here.
        policies = _policies(scope, settings, as_of)
        state = read_state(scope, options.state)
        plan = make_plan(scope, state, capturing, progress.count)
    verdict = _judge(plan, policies, settings, file)
    request = collect(scope, as_of=as_of, waivers=policies.waivers, state=state, plan=True)
    before = preflight(request, plan=True)
    if not options.formats or options.output is not None:
        show_preflight(before)
        print()
        show(plan.difference, options.verbose)
        print()
    if state.unread:
        why = f"{scope.stack}: its deployed state could not be read ({escape(state.unread)}): all is shown as if new"
        print(f"lychgate: {why}", file=sys.stderr)
    report(options, verdict)
    return worst(decides(before), EXIT[verdict["decision"]])


def worst(*statuses: int) -> int:
    """The exit status of several: a finding outranks what is undetermined, which outranks what is clean."""
    return min((one for one in statuses if one), default=0)


@dataclass(frozen=True, slots=True)
class _Policies:
    rules: Mapping[str, Rule]
    ruleset: Ruleset
    waivers: Waivers
    as_of: datetime


def _policies(scope: Scope, settings: Settings, as_of: datetime) -> _Policies:
    rules = built_in_rules()
    ruleset = load_ruleset(scope.environment.baseline, rules)
    accepted = settings.waivers
    waivers = load_waivers(accepted, ruleset, rules, as_of) if accepted else Waivers()
    return _Policies(rules, ruleset, waivers, as_of)


def _judge(plan: Plan, policies: _Policies, settings: Settings, file: Path) -> dict[str, Any]:
    accepted = settings.waivers
    inputs = {f"settings {file.name}": of_file(file), "platform": of_folder(plan.scope.platform.folder)}
    inputs |= {f"waivers {accepted.name}": of_file(accepted)} if accepted else {}
    facts = RunFacts(
        as_of=policies.as_of,
        environment=plan.scope.environment_name,
        strict=True,  # every sync is
        tool_version=version("lychgate"),
        commit=_commit(plan.scope.platform.folder),
        policy_ref=None,
        inputs=inputs,
        isolation=plan.captured.not_isolated,
    )
    return judge_plan(plan, policies.rules, policies.ruleset, policies.waivers, settings.labels, facts)


def _commit(folder: Path) -> str | None:
    top = top_of(folder)
    try:
        return commit_of(top, "HEAD") if top else None
    except GitError:
        return None
