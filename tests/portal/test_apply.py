"""Port made to have what is exported: all of it, once, and nothing of others."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from lychgate.reports import renderer

from lychgate.cli.portal_catalog import ApplyOptions, apply
from lychgate.model.errors import InputError
from tests.portal import port_server
from tests.portal.conftest import World, judged_stack

# 2 environments, 3 tenants, 3 applications, 6 workloads and 14 resources, and stacks: 2 x (3 + 1 + 2, and 3 shared).
ENTITIES = 2 + 3 + 3 + 6 + 14 + 18


def applied(world: World, *approvers: str, dry_run: bool = False, verdicts: tuple[Path, ...] = ()) -> int:
    return apply(ApplyOptions(dry_run, "main", approvers, verdicts, world.port.url, None))


def test_a_second_time_nothing_is_changed_and_that_is_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert applied(world) == 0
    first = capsys.readouterr().out.splitlines()
    assert len(first) == len(set(first)) == 16 + 10 + 30 + 30 + ENTITIES
    assert "create blueprint lychgate_application" in first and "create action lychgate_sync" in first
    assert len(world.port.blueprints) == 16 and len(world.port.actions) == len(world.port.permissions) == 30
    world.port.asked.clear()
    assert applied(world) == 0
    assert capsys.readouterr().out == "nothing to change\n"
    assert not world.port.writes


def test_a_dry_run_says_the_same_and_changes_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert applied(world, dry_run=True) == 0
    said = capsys.readouterr().out.splitlines()
    assert not world.port.writes and not world.port.blueprints
    assert applied(world) == 0
    assert [f"would {one}" for one in capsys.readouterr().out.splitlines()] == said


def test_what_was_changed_by_hand_is_set_right_and_nothing_else(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    applied(world)
    wanted = copy.deepcopy(world.port.actions)
    capsys.readouterr()
    world.port.asked.clear()
    inputs = world.port.actions["lychgate_create_queue"]["trigger"]["userInputs"]["properties"]
    inputs["ref"] = {"type": "string", "title": "Ref"}
    world.port.blueprints["lychgate_queue"]["schema"]["properties"]["fifo"]["title"] = "FIFO"
    world.port.permissions["lychgate_sync_production"]["execute"]["roles"] = ["Member"]
    card = world.port.scorecards["lychgate_stack", "pci_8"]
    card["rules"][0]["query"]["conditions"][0]["value"] = "finding"
    assert applied(world) == 0
    assert capsys.readouterr().out.splitlines() == [
        "change blueprint lychgate_queue", "change scorecard pci_8", "change action lychgate_create_queue",
        "set who may run lychgate_sync_production",
    ]  # fmt: skip
    assert world.port.actions == wanted and len(world.port.writes) == 4


def test_other_approvers_are_set(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    applied(world)
    capsys.readouterr()
    assert applied(world, "security") == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["set who may run lychgate_sync_production", "set who may run lychgate_waive"]
    assert world.port.permissions["lychgate_waive"]["approve"]["teams"] == ["security"]


@pytest.mark.parametrize("what", ["blueprint", "action", "scorecard"])
def test_what_is_somebody_elses_stops_it_before_anything_is_changed(what: str, world: World) -> None:
    theirs = {"identifier": "", "title": "theirs", "description": "Kept by somebody else", "relations": {}}
    if what == "blueprint":
        world.port.blueprints["lychgate_queue"] = theirs | {"identifier": "lychgate_queue"}
    elif what == "action":
        world.port.actions["lychgate_sync"] = theirs | {"identifier": "lychgate_sync"}
    else:
        applied(world)
        world.port.scorecards["lychgate_stack", "pci_8"] = {"identifier": "pci_8", "title": "theirs", "rules": []}
    before = copy.deepcopy((world.port.blueprints, world.port.actions, world.port.scorecards))
    world.port.asked.clear()
    with pytest.raises(InputError, match=f"there is a {what} .* that Lychgate has not made"):
        applied(world)
    assert (world.port.blueprints, world.port.actions, world.port.scorecards) == before and not world.port.writes


def test_what_else_there_is_stays(world: World) -> None:
    theirs = {"identifier": "service", "title": "Service", "relations": {}}
    world.port.blueprints["service"], world.port.actions["deploy"] = theirs, {"identifier": "deploy"}
    assert applied(world) == 0
    assert world.port.blueprints["service"] == theirs and world.port.actions["deploy"] == {"identifier": "deploy"}
    assert not any("service" in path or "deploy" in path.split("/") for _, path in world.port.writes)


@pytest.mark.parametrize(
    ("faults", "status", "said"),
    [
        ([429], 0, ""),
        ([429] * 4, 4, "rate limit is used up"),
        ([500] * 4, 4, "Port refuses (GET /v1/blueprints: 500): the fault"),
        ([401], 4, "does not take the credentials"),
        ([403], 4, "Port refuses (GET /v1/blueprints: 403)"),
    ],
)
def test_a_port_that_refuses_is_one_message(
    faults: list[int], status: int, said: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.port.faults = faults
    assert applied(world) == status
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == (1 if said else 0) and "\u202e" not in told
    assert port_server.SECRET not in told and port_server.TOKEN not in told


def test_a_port_that_refuses_half_way_is_gone_on_with(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A POST is not sent twice after a fault, as it may have been taken: the next run sees what there is."""
    applied(world)
    del world.port.actions["lychgate_waive"]
    reads = 3 + 29  # the lists, and permissions of each action that there is
    world.port.faults = []
    answer = world.port.answer

    def failing(method: str, path: str, body: object) -> tuple[int, dict[str, object]]:
        if method == "POST":
            answer(method, path, body)
            return 502, {"ok": False, "error": "fault", "message": "bad gateway"}
        return answer(method, path, body)

    world.port.asked.clear()
    world.port.answer = failing  # type: ignore[method-assign]
    assert applied(world) == 4
    assert len(world.port.writes) == 1 and len(world.port.asked) == 1 + reads + 1
    world.port.answer = answer  # type: ignore[method-assign]
    capsys.readouterr()
    assert applied(world) == 0
    assert capsys.readouterr().out == "nothing to change\n"


def test_credentials_are_in_no_file(world: World, tmp_path: Path) -> None:
    assert applied(world) == 0
    said = json.dumps([world.port.blueprints, world.port.actions, world.port.permissions])
    assert port_server.SECRET not in said and port_server.CLIENT not in said.replace(
        '"createdBy": "' + port_server.CLIENT, ""
    )


def test_the_platform_is_what_its_files_say(world: World) -> None:
    assert applied(world) == 0
    there = world.port.entities
    assert there["lychgate_application", "payments"]["team"] == ["team-payments"]
    queue = there["lychgate_queue", "notify.outbox"]
    assert queue["properties"]["fifo"] is True and queue["relations"] == {"application": "notify"}
    table = there["lychgate_table", "payments.ledger"]["properties"]
    assert table["partition"] == {"payment": "S"} and table["indexes"]["by-merchant"]["sort"] == {"entry": "S"}
    stack = there["lychgate_stack", "payments.production.acme"]
    assert stack["properties"] == {"production": True}
    assert stack["relations"] == {"application": "payments", "environment": "production", "tenant": "acme"}


def test_what_has_left_the_platform_is_told_and_not_deleted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    applied(world)
    file = world.folder / "applications" / "payments.yaml"
    file.write_text(file.read_text().replace("  settlements: {kind: bucket}\n", "").replace(" settlements,", ""))
    capsys.readouterr()
    assert applied(world) == 0
    said = capsys.readouterr()
    assert said.out == "change lychgate_deployment payments.settle\n"
    assert said.err == (
        "lychgate: the platform does not speak of lychgate_bucket payments.settlements any more: delete it in Port\n"
    )
    assert ("lychgate_bucket", "payments.settlements") in world.port.entities


@pytest.mark.slow
def test_a_verdict_fills_findings_and_scorecards_and_the_next_one_ends_them(world: World, tmp_path: Path) -> None:
    file = tmp_path / "verdict.json"
    mended = renderer("json")(judged_stack("notify", "test"))
    world.with_a_password()
    file.write_bytes(renderer("json")(judged_stack("notify", "test")))
    assert applied(world, verdicts=(file,)) == 0
    there = world.port.entities
    stack = there["lychgate_stack", "notify.test.single"]["properties"]
    assert (stack["decision"], stack["production"], stack["pci_8_6_2"]) == ("findings", False, "finding")
    assert there["lychgate_verdict", "notify.test.single"]["properties"]["findings"] == 1
    (name,) = [
        name for (on, name), one in there.items()
        if on == "lychgate_finding" and one["properties"]["rule"] == "kubernetes-credential-in-plain-text"
    ]  # fmt: skip
    assert there["lychgate_finding", name]["properties"]["outcome"] == "fail"
    world.port.asked.clear()
    assert applied(world, verdicts=(file,)) == 0
    assert not world.port.writes
    file.write_bytes(mended)
    assert applied(world, verdicts=(file,)) == 0
    assert there["lychgate_finding", name]["properties"]["outcome"] == "gone"
    stack = there["lychgate_stack", "notify.test.single"]["properties"]
    assert (stack["decision"], stack["pci_8_6_2"]) == ("clean", "no finding")
    assert "decision" not in there["lychgate_stack", "payments.test.acme"]["properties"]
