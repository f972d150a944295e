"""Several plans of one version of a platform: no stack is captured twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync.capturing import Captured, Capturing, Remembering, siblings

from lychgate.model.graph import Graph

EXAMPLE = Path(__file__).parents[3] / "examples" / "platform"


def test_each_stack_is_captured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[str], set[str]]] = []

    def capture(self: Capturing, scopes: Sequence[Scope], progress: object, known: Mapping[str, Graph]) -> Captured:
        asked.append(([one.stack for one in scopes], set(known)))
        return Captured({one.stack: Graph() for one in scopes}, ())

    monkeypatch.setattr(Capturing, "__init__", lambda *_: None)
    monkeypatch.setattr(Capturing, "capture", capture)
    remembering = Remembering(EXAMPLE, EXAMPLE)
    platform = read_platform(EXAMPLE)
    notify = siblings(Scope.of(platform, "notify", "test", "single"))
    payments = siblings(Scope.of(platform, "payments", "test", "acme"))
    first, second = remembering.capture(notify), remembering.capture(payments)
    assert [*first.graphs] == [one.stack for one in notify] and [*second.graphs] == [one.stack for one in payments]
    names = [name for called, _ in asked for name in called]
    assert len(names) == len(set(names)) and set(names) == {*first.graphs, *second.graphs}
    assert asked[1][1] == set(first.graphs)  # those that refer to them find them
    assert second.graphs["notify.test.single"] is first.graphs["notify.test.single"]
