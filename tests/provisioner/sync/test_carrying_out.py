"""Between the gate and the record: what was judged is what is applied, and whatever comes between is kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lychgate.policies.preflight.examples import PRODUCTION, TEST
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync import syncing
from lychgate.provisioner.sync.applied import Applied, Outcome, Step
from lychgate.provisioner.sync.planning import State
from lychgate.provisioner.sync.records import Change, Difference
from lychgate.provisioner.sync.removing import Removal
from lychgate.provisioner.sync.syncing import Done, Gate, Order
from lychgate.provisioner.sync.unchanged import differing, snapshot

from lychgate.cli import sync_steps as steps
from lychgate.cli.interrupts import Interrupts
from lychgate.cli.sync import SyncOptions
from lychgate.model.errors import InputError
from lychgate.model.graph import Graph, Resource
from lychgate.model.sync_request import Drift
from lychgate.sources.deployed.checkpoint import Deployed

EXAMPLE = Path(__file__).parents[3] / "examples" / "platform"
TABLE = "aws:dynamodb/table:Table"
CLEAN: dict[str, Any] = {"decision": "clean", "judgements": [], "run": {}, "waivers": []}
FOUND = CLEAN | {"decision": "findings"}
OPTIONS = SyncOptions("payments", "test", "acme", False, False, (), (), None, None, (), None, None, None, None, False)


def step(name: str, operation: str = "delete", type_: str = TABLE) -> Step:
    return Step("begins", operation, type_, f"urn:pulumi:s::p::{type_}::{name}")


@pytest.fixture
def order(tmp_path: Path) -> Order:
    folder = tmp_path / "platform"
    shutil.copytree(EXAMPLE, folder)
    settings = tmp_path / "lychgate.yaml"
    settings.write_text("platform: platform\n")
    scope = Scope(read_platform(folder), "payments", "test", "acme")
    policies: Any = None
    return Order(scope=scope, state=State(), policies=policies, settings=settings, files=snapshot(folder))


def gate(**facts: Any) -> Gate:
    lost = Change(step("ledger").urn, TABLE, "ledger", "delete", data_store=True)
    return Gate(replace(PRODUCTION, **facts), [], removal=Removal("s", Difference((lost,)), ()))


def records(order: Order) -> list[Any]:
    return [json.loads(file.read_text())["applied"] for file in (order.settings.parent / ".lychgate/records").iterdir()]


def carried(
    order: Order, monkeypatch: pytest.MonkeyPatch, done: Any, options: SyncOptions = OPTIONS, status: int = 0
) -> int:
    monkeypatch.setattr(steps, "carry_out", done)
    with Interrupts() as interrupts:
        return steps._carry_out(options, order, gate(), status, interrupts)


def came_to(outcome: Outcome, after: dict[str, Any] | None = CLEAN) -> Any:
    def done(order: Order, gate: Gate, progress: Any) -> Done:
        progress("up", None)
        assert "begun" in [one["outcome"] for one in records(order)]
        return Done(Applied(order.scope.stack, "0123456789abcdef", outcome, "why"), State(), after)

    return done


@pytest.mark.parametrize(
    ("outcome", "after", "status"),
    [("applied", CLEAN, 0), ("applied", FOUND, 1), ("applied", None, 0), ("refused", None, 1), ("failed", CLEAN, 4),
     ("cancelled", CLEAN, 4)],
)  # fmt: skip
def test_one_record_of_what_came_of_it(
    order: Order, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, after: Any, status: int
) -> None:
    monkeypatch.setattr(steps, "show_verdict", lambda verdict: None)
    assert carried(order, monkeypatch, came_to(outcome, after)) == status
    assert [one["outcome"] for one in records(order)] == [outcome]


def test_what_cannot_even_begin_leaves_no_record_of_a_beginning(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def done(*_: Any) -> Done:
        raise InputError("pulumi", found="there is no such command on PATH", expected="one")

    with pytest.raises(InputError):
        carried(order, monkeypatch, done)
    assert records(order) == []


def test_an_interrupt_before_anything_is_touched_ends_it(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def done(*_: Any) -> Done:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError

    with pytest.raises(KeyboardInterrupt):
        carried(order, monkeypatch, done)
    assert records(order) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_after_it_hinders_no_record(
    order: Order, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def done(order: Order, gate: Gate, progress: Any) -> Done:
        found: Done = came_to("cancelled", None)(order, gate, progress)
        os.kill(os.getpid(), number)
        return found

    assert carried(order, monkeypatch, done) == 4
    assert [one["outcome"] for one in records(order)] == ["cancelled"]


def test_what_breaks_in_the_middle_was_begun(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def done(order: Order, gate: Gate, progress: Any) -> Done:
        progress("up", None)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carried(order, monkeypatch, done)
    assert [one["outcome"] for one in records(order)] == ["begun"]


def test_a_record_that_cannot_be_written_is_a_failure(
    order: Order, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(steps, "keep", full)
    assert carried(order, monkeypatch, came_to("applied")) == 4
    assert "No space left" in capsys.readouterr().err and [one["outcome"] for one in records(order)] == ["begun"]
    monkeypatch.setattr(steps, "keep_begun", full)
    with pytest.raises(InputError, match="no record can be kept"):
        carried(order, monkeypatch, came_to("applied"))


def test_a_programs_json_stays_alone_on_stdout(
    order: Order, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = replace(OPTIONS, formats=("json",))
    assert carried(order, monkeypatch, came_to("applied", FOUND), options) == 1
    assert carried(order, monkeypatch, came_to("refused", None), options) == 1
    told = capsys.readouterr()
    assert not told.out and "judged as it is deployed now: findings" in told.err and "refused: why" in told.err


def test_a_stack_that_is_empty_has_not_drifted(order: Order) -> None:
    for state in (State(), State(Deployed(Graph()))):  # as a first sync that was refused leaves it, or a removal
        assert syncing.live_drift(order.scope, state, {}, {}) == Drift(0)


def test_files_that_change_are_told(order: Order) -> None:
    assert syncing._other_files(order) == ""
    folder = order.scope.platform.folder
    (folder / "stacks").mkdir()
    (folder / "stacks" / "Pulumi.payments.test.acme.yaml").write_text("encryptionsalt: v1\n")
    assert differing(order.files, folder) == []  # the sync's own
    (folder / "applications" / "more.yml").write_text("owner: me\n")
    (folder / "tenants.yaml").unlink()
    (folder / "environments" / "test.yaml").write_text("account: other\n")
    assert differing(order.files, folder) == ["applications/more.yml", "environments/test.yaml", "tenants.yaml"]
    assert "tenants.yaml" in syncing._other_files(order)


def test_data_that_nobody_was_asked_about_is_not_deleted() -> None:
    assert syncing._other_losses(gate(), [step("ledger"), step("rates", "update"), step("x", type_="a:b:C")]) == ""
    for operation in ("delete", "delete-replaced"):
        why = syncing._other_losses(gate(), [step("ledger"), step("rates", operation)])
        assert "data stores of which the plan says nothing: rates" in why
    assert syncing._other_losses(gate(production=TEST.production), [step("rates")]) == ""


def test_a_stack_that_changes_is_not_removed(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def deployed(*names: str) -> State:
        found = [Resource(step(name).urn, TABLE, name, {}, custom=True) for name in names]
        return State(Deployed(Graph(found)))

    judged = replace(order, state=deployed("ledger"))
    for now, word in ((deployed("ledger"), ""), (deployed("ledger", "rates"), "changed"), (State(unread="no"), "no")):
        monkeypatch.setattr(syncing, "state_now", lambda scope, now=now: now)
        assert word in syncing._other_state(judged) and bool(word) == bool(syncing._other_state(judged))
