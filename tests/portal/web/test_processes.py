"""Judging in a process of its own: what it comes to, what it refuses, and that it is ended whole."""

from __future__ import annotations

import os
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

import pytest
from lychgate.portal.actions import Asked, checked
from lychgate.portal.runs import Run
from lychgate.portal.web import processes
from lychgate.portal.web.asking import ASK_WAIVER
from lychgate.portal.web.processes import JudgingError, Order, Processes
from lychgate.provisioner.models.platform import read_platform

from lychgate.cli.serve_judging import work
from lychgate.model.document import parse
from lychgate.model.errors import InputError
from tests.portal.conftest import ADA, EXAMPLE, World, judged_stack

RULE = "kubernetes-credential-in-plain-text"
SAID = {"reason": "It moves | to a secret", "ticket": "SEC-12", "days": 7, "approver": "grace@example.com"}


def waiver(fingerprint: str) -> Asked:
    run = Run("s_1", ASK_WAIVER.identifier, f"notify.test.single.{fingerprint}", SAID, ADA, (), "the tests")
    return checked(run, ASK_WAIVER, read_platform(EXAMPLE))


def order(world: World, asked: Asked) -> Order:
    return Order(asked, world.root, world.git("rev-parse", "HEAD"), None)


@pytest.mark.slow
def test_a_waiver_is_written_for_a_finding_that_is_open(world: World) -> None:
    world.with_a_password()
    verdict = judged_stack("notify", "test")
    (finding,) = [one for one in verdict["judgements"] if (one["rule"], one["outcome"]) == (RULE, "fail")]
    draft = Processes(work).judge(order(world, waiver(finding["fingerprint"])), lambda words: None)
    assert draft.file == "waivers.yaml" and draft.status == 0
    (entry,) = parse(draft.after.encode(), "w").value["waivers"]
    assert (entry["rule"], entry["urn"]) == (RULE, finding["urn"])
    assert (entry["owner"], entry["approver"]) == ("ada@example.com", "grace@example.com")
    with pytest.raises(InputError, match="has no finding"):
        Processes(work).judge(order(world, waiver("0" * 32)), lambda words: None)
    assert world.git("status", "--porcelain") == ""


def test_a_commit_that_is_gone_is_one_message(world: World) -> None:
    gone = Order(waiver("0" * 32), world.root, "0" * 40, None)
    with pytest.raises(InputError):
        Processes(work).judge(gone, lambda words: None)


def _sleeps(order: Order, there: Connection) -> None:
    there.send(("told", str(os.getpid())))
    time.sleep(600)


def _ends(order: Order, there: Connection) -> None:
    os._exit(3)


def _refuses(order: Order, there: Connection) -> None:
    there.send(("error", [{"file": "f", "line": 1, "column": 2, "found": "no", "expected": "yes", "hint": None}]))


def nothing() -> Any:
    return Order(None, EXAMPLE, "0" * 40, None)  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LONGEST", 10.0)
    told: list[str] = []
    with pytest.raises(JudgingError, match="took more than 10 seconds"):
        Processes(_sleeps).judge(nothing(), told.append)
    assert told and not alive(int(told[0]))


def test_what_ends_early_is_told() -> None:
    with pytest.raises(JudgingError, match="has ended early"):
        Processes(_ends).judge(nothing(), lambda words: None)


def test_an_error_passes_whole() -> None:
    with pytest.raises(InputError, match="no") as raised:
        Processes(_refuses).judge(nothing(), lambda words: None)
    assert str(raised.value) == "f:1:2: no. expected yes"


def test_closing_ends_what_judges_and_begins_nothing() -> None:
    found, told, ended = Processes(_sleeps), list[str](), list[str]()

    def judge() -> None:
        try:
            found.judge(nothing(), told.append)
        except JudgingError as error:
            ended.append(str(error))

    thread = threading.Thread(target=judge)
    thread.start()
    for _ in range(600):
        if told:
            break
        time.sleep(0.05)
    found.close()
    thread.join(30)
    assert ended == ["Judging has ended early: see the server's log."] and not alive(int(told[0]))
    with pytest.raises(JudgingError, match="The server is ending"):
        found.judge(nothing(), told.append)
