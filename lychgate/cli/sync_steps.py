"""The steps of `lychgate sync`, once it is known what is asked for: gate, show, bring about, keep a record."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from lychgate.cli.check import EXIT, moment
from lychgate.cli.interrupts import Interrupts
from lychgate.cli.platforms import Found, tenant_of
from lychgate.cli.report import report
from lychgate.cli.sync import FAILED, SyncOptions
from lychgate.cli.terminal import show as show_verdict
from lychgate.cli.waiver_files import read_waivers
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.verdict import RunFacts
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.applied import Stage, Step
from lychgate.provisioner.sync.applied_showing import Steps, show_objections
from lychgate.provisioner.sync.applied_showing import show as show_applied
from lychgate.provisioner.sync.capturing import siblings
from lychgate.provisioner.sync.planning import State, read_state
from lychgate.provisioner.sync.preflight import decides
from lychgate.provisioner.sync.preflight_showing import show as show_preflight
from lychgate.provisioner.sync.recording import FOLDER
from lychgate.provisioner.sync.retiring import retired
from lychgate.provisioner.sync.showing import show
from lychgate.provisioner.sync.syncing import (
    Done,
    Gate,
    Order,
    Policies,
    carry_out,
    gate_removal,
    keep,
    keep_begun,
)
from lychgate.provisioner.sync.unchanged import STACKS
from lychgate.provisioner.sync.verdict_facts import trusted_files
from lychgate.sources.digests import of_file, of_folder
from lychgate.sources.git import GitError, commit_of, top_of
from lychgate.sources.policy_ref import PolicyTree

FINDINGS, UNDETERMINED = 1, 3


def finish(options: SyncOptions, order: Order, gate: Gate, interrupts: Interrupts) -> int:
    """Show the gate, and without --plan bring about what it lets through; the exit status of the contract."""
    _show(options, order, gate)
    assert gate.verdict is not None
    report(options, gate.verdict)
    status = worst(decides(gate.preflight), EXIT[gate.verdict["decision"]])
    return status if options.plan else _carry_out(options, order, gate, status, interrupts)


def remove(options: SyncOptions, found: Found, interrupts: Interrupts) -> int:
    """Gate and take away a stack, of which the files may say nothing any more; the exit status of the contract."""
    if options.formats or options.output:
        raise InputError("--format", found="a removal has no verdict", expected="neither --format nor --output")
    tenant = tenant_of(found.platform, options.application, options.tenant)
    order = order_of(options, Scope.gone(found.platform, options.application, options.environment, tenant), found)
    gate = gate_removal(order)
    _show(options, order, gate)
    assert gate.removal is not None
    show_objections(gate.removal)
    against = UNDETERMINED if gate.removal.undetermined else FINDINGS
    status = worst(decides(gate.preflight), 0 if gate.removal.allowed else against)
    return status if options.plan else _carry_out(options, order, gate, status, interrupts)


def worst(*statuses: int) -> int:
    """The exit status of several: a finding outranks what is undetermined, which outranks what is clean."""
    return min((one for one in statuses if one), default=0)


def _show(options: SyncOptions, order: Order, gate: Gate) -> None:
    """What must hold before, and what would change."""
    if options.told:
        show_preflight(gate.preflight)
        print()
        if gate.removal is None or gate.difference.changes:
            show(gate.difference, options.verbose)
            print()
    _note(order.scope, order.state, gate.removal is not None)


def _note(scope: Scope, state: State, removal: bool) -> None:
    """What is to be known of the state."""
    if state.unread and not removal:  # against a removal it is an objection
        why = f"its deployed state could not be read ({escape(state.unread)}): all is shown as if new"
        print(f"lychgate: {scope.stack}: {why}", file=sys.stderr)
    for one in state.deployed.pending if state.deployed else ():
        what = f"{one.operation} {one.urn}"
        print(f"lychgate: {scope.stack}: an earlier operation did not end: {escape(what)}", file=sys.stderr)


def _carry_out(options: SyncOptions, order: Order, gate: Gate, status: int, interrupts: Interrupts) -> int:
    """Bring about what the gate lets through, and keep a record either way."""
    try:
        if status:
            print(f"lychgate: {order.scope.stack}: not applied, nothing was touched", file=sys.stderr)
            print(f"record: {keep(order, gate, None)}", file=sys.stderr)
            return status
        begun = keep_begun(order, gate)  # before anything is touched: what has no record is not done
    except OSError as error:
        folder, expected = str(order.settings.resolve().parent), "a folder that can be written"
        raise InputError(folder, found=f"no record can be kept: {error.strerror}", expected=expected) from None
    with Steps() as steps:

        def take(stage: Stage, step: Step | None) -> None:
            interrupts.begun = True
            steps.take(stage, step)

        try:
            done = carry_out(order, gate, take)
        except BaseException:
            if not interrupts.begun:
                begun.unlink(missing_ok=True)
            raise
    interrupts.begun = True
    try:
        record = keep(order, gate, done)  # first of all: a terminal may be gone
    except OSError as error:
        _tell(options, done)
        why = f"what came of it could not be recorded ({error.strerror}): {begun} only says that it was begun"
        print(f"lychgate: {order.scope.stack}: {why}", file=sys.stderr)
        return FAILED
    begun.unlink(missing_ok=True)
    _tell(options, done)
    print(f"record: {record}", file=sys.stderr)
    return _status(options, order, done)


def _tell(options: SyncOptions, done: Done) -> None:
    """What came of it."""
    if options.told:
        show_applied(done.applied)
    elif done.applied.outcome != "applied":
        why = escape(done.applied.reason)
        print(f"lychgate: {done.applied.stack}: {done.applied.outcome}: {why}", file=sys.stderr)


def _status(options: SyncOptions, order: Order, done: Done) -> int:
    if done.applied.outcome == "refused":
        return FINDINGS
    if done.applied.outcome != "applied":
        return FAILED
    if done.state.unread:
        why = escape(done.state.unread)
        print(f"lychgate: {order.scope.stack}: what is deployed now could not be read: {why}", file=sys.stderr)
        return FAILED
    if done.after is None:
        return 0
    if done.after["decision"] != "clean":
        print(f"lychgate: {order.scope.stack}: judged as it is deployed now: {done.after['decision']}", file=sys.stderr)
        if options.told:
            show_verdict(done.after)
    return EXIT[done.after["decision"]]


def order_of(options: SyncOptions, scope: Scope, found: Found, tree: PolicyTree | None = None) -> Order:
    """What is asked for, with all that it is judged by. Raises InputError."""
    file, accepted = found.file, found.settings.waivers
    as_of = moment(options.as_of)
    rules = built_in_rules()
    ruleset = load_ruleset(scope.environment.baseline, rules)
    folder = scope.platform.folder
    kept = (file.resolve().parent / FOLDER.parent, folder / STACKS)  # by syncs themselves
    inputs = {f"settings {file.name}": of_file(file), "platform": of_folder(folder, *kept)}
    inputs |= {f"waivers {accepted.name}": of_file(accepted)} if accepted else {}
    facts = RunFacts(
        as_of=as_of,
        environment=scope.environment_name,
        strict=True,  # every sync is
        tool_version=version("lychgate"),
        commit=_commit(found.checkout),
        policy_ref=tree.commit if tree else None,
        inputs=inputs,
    )
    waivers = read_waivers(accepted, ruleset, rules, as_of, tree)
    declared = {} if options.remove else retired(siblings(scope), ruleset)
    return Order(
        scope=scope,
        state=read_state(scope, options.state),
        policies=Policies(rules, ruleset, waivers.anew(declared), found.settings.labels, facts),
        settings=file,
        sources=(file, *([accepted] if accepted else []), *trusted_files(scope)),
        files=found.files,
        gitlab=found.settings.gitlab,
        verdict=_verdict(options, scope),
        plan=options.plan,
        may_lose=tuple(options.may_lose),
        explained=dict(_explanations(options.explained)),
    )


def _verdict(options: SyncOptions, scope: Scope) -> Path | None:
    """The signed verdict that was given. Raises InputError where nobody would look at it."""
    if options.verdict is None:
        return None
    why = "a removal has no verdict" if options.remove else ""
    if options.plan:
        why = "it is asked for only when applying"
    elif scope.environment.signed_verdict is None:
        why = f"the environment {scope.environment_name} demands none"
    if why:
        raise InputError("--verdict", found=why, expected="to be left out")
    return options.verdict


def _explanations(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in given:
        name, _, why = entry.partition("=")
        if not name or not why.strip():
            raise InputError("--explain-drift", found=f"{entry!r} gives no reason", expected="NAME=WHY")
        yield name, why.strip()


def _commit(folder: Path) -> str | None:
    top = top_of(folder)
    try:
        return commit_of(top, "HEAD") if top else None
    except GitError:
        return None
