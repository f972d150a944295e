"""A verdict that somebody else may have written: taken as it is or refused with one message, never half."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lychgate.reports import FORMATS, document, renderer

from lychgate.model.errors import InputError
from tests.reports.conftest import hostile_texts, poisoned


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_what_was_written_is_read_as_it_was(each: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    path.write_bytes(document.render(each))
    assert document.read(path) == each
    assert document.render(document.read(path)) == path.read_bytes()


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "another version": (lambda v: v.update(version="2"), "version: Input should be '1'"),
    "a key that nothing knows": (lambda v: v.update(more=1), "more: Extra inputs are not permitted"),
    "a part that is missing": (lambda v: v.pop("run"), "run: Field required"),
    "a line that is text": (
        lambda v: v["judgements"][0]["location"].update(line="7"), "judgements.0.location.line: Input should be",
    ),
    "a severity of its own": (
        lambda v: v["judgements"][0].update(severity="worst"), "judgements.0.severity: Input should be 'low'",
    ),
    "a rule that is not there": (lambda v: v["judgements"][0].update(rule="x-y"), "its rule or a requirement is not"),
    "a requirement that is not there": (lambda v: v["judgements"][0].update(requirements=["9.9"]), "its rule or a"),
    "a rule twice": (lambda v: v["rules"].append(v["rules"][0]), "rules: an id stands there twice"),
    "a rule with no id": (lambda v: v["rules"][0].update(id="\x1b[31m"), r"rules: '\x1b[31m' is no id"),
    "a moment that is none": (lambda v: v["run"].update(as_of="now"), "run.as_of: 'now' is not a moment such as"),
    "a moment nowhere": (lambda v: v["run"].update(as_of="2026-11-30T12:00:00"), "is not a moment such as"),
    "a moment before all": (lambda v: v["run"].update(as_of="0001-01-01T00:00:00+02:00"), "is not a moment such as"),
    "a number beyond JSON": (lambda v: v["rules"][0].update(population=10**30), "a number is too large"),
    "nesting without end": (lambda v: v["judgements"][0].update(witness={"a": nested(900)}), "recursion limit"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_no_verdict_is_refused_with_one_message(name: str, verdict: dict[str, Any]) -> None:
    change, said = CHANGES[name]
    made = deepcopy(verdict)
    made["judgements"].sort(key=lambda one: one["location"] is None)
    change(made)
    with pytest.raises(InputError) as refused:
        document.parse(json.dumps(made).encode(), "v.json")
    message = str(refused.value)
    assert message.startswith("v.json: no verdict: ") and said in message
    assert "\n" not in message and len(message) < 800


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[]", b"{", b"null", b'"\\ud800"', b"[" * 10_000, b"NaN"])
def test_bytes_that_are_no_verdict_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no verdict"):
        document.parse(data, "v.json")


def test_a_million_errors_are_one_message(verdict: dict[str, Any]) -> None:
    made = verdict | {"judgements": [{}] * 20_000}
    with pytest.raises(InputError) as refused:
        document.parse(json.dumps(made).encode(), "v.json")
    assert "and 219,999 more errors" in str(refused.value)


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(document.LARGEST * 1000)
    with pytest.raises(InputError, match="too large"):
        monkeypatch.setattr(document, "LARGEST", 10 * document.CHUNK)
        document.read(tmp_path / "large")
    with pytest.raises(InputError, match="cannot be read"):
        document.read(tmp_path)


@settings(max_examples=30, deadline=None)
@given(hostile_texts, st.sampled_from(sorted(FORMATS)))
def test_every_format_can_be_made_of_whatever_is_read(text: str, name: str) -> None:
    made = poisoned(text)
    made["requirements"][0]["id"] = "1.2.3"
    for one in [*made["rules"], *made["judgements"]]:
        one["requirements"] = ["1.2.3"]
    assert renderer(name)(document.parse(json.dumps(made).encode(), "v.json"))
