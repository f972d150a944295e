"""The record of a sync: one file, whole or not at all, that only its owner reads."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lychgate.provisioner.sync.applied import Applied, Finding, Step
from lychgate.provisioner.sync.enforcing import waived_of
from lychgate.provisioner.sync.recording import PIPELINE, Record, write_record

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.pack_config import pack_config
from lychgate.judging.ruleset import load_ruleset

STEP = Step("done", "create", "aws:sqs/queue:Queue", "urn:pulumi:s::platform::aws:sqs/queue:Queue::orders")
VERDICT: dict[str, Any] = {
    "run": {"commit": "c0ffee"}, "decision": "clean", "waivers": [], "resources": ["many"], "rules": ["many"],
    "judgements": [
        {"rule": "a", "urn": "u", "outcome": "pass"},
        {"rule": "b", "urn": "u", "outcome": "waived", "level": "mandatory"},
        {"rule": "c", "urn": "u", "outcome": "waived", "level": "advisory"},
    ],
}  # fmt: skip


def record(**more: Any) -> Record:
    finding = Finding("rule", "urn", "advisory", "low", "message", "up")
    applied = Applied("s", "0123456789abcdef", "failed", "denied", findings=(finding,), done=(STEP,), seconds={"up": 1})
    return Record(
        "sync", "shop.test.acme", {"by": "jo"}, recorded=datetime(2026, 11, 27, 5, tzinfo=UTC), applied=applied, **more
    )


def test_a_record_says_how_far_it_came(tmp_path: Path) -> None:
    difference = {"summary": {"create": 1}, "changes": ["many"]}
    path = write_record(tmp_path, record(verdict=VERDICT, difference=difference))
    assert path == tmp_path / ".lychgate/records/20261127T050000Z-shop.test.acme-0123456789ab.json"
    told = json.loads(path.read_text())
    assert told["applied"]["outcome"] == "failed" and told["applied"]["done"][0]["name"] == "orders"
    assert told["verdict"] == VERDICT  # whole: who asks later, asks what was judged by what, and passed
    assert told["difference"] == difference and told["after"] is None
    assert path.stat().st_mode & 0o077 == 0 and os.listdir(path.parent) == [path.name]


def test_a_record_says_what_its_pipeline_says_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in PIPELINE.values():
        monkeypatch.delenv(variable, raising=False)
    assert record().as_dict()["pipeline"] == {}
    monkeypatch.setenv("CI_PIPELINE_URL", "https://gitlab.example/shop/-/pipelines/7")
    assert record().as_dict()["pipeline"] == {"url": "https://gitlab.example/shop/-/pipelines/7"}


def test_a_record_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_record(tmp_path, Record("sync", "s", {"by": object()}))
    assert not any((tmp_path / ".lychgate/records").iterdir())


def test_words_that_are_no_text_are_recorded(tmp_path: Path) -> None:
    asked = {"as_of": datetime(2026, 11, 27, tzinfo=UTC), "approvals": (STEP,), "explained": {"x": "a\udcffb"}}
    told = json.loads(write_record(tmp_path, Record("sync", "s", asked)).read_text())["request"]
    assert told["explained"] == {"x": "a\udcffb"} and told["approvals"][0]["operation"] == "create"


def test_the_pack_gets_levels_and_parameters_of_the_ruleset() -> None:
    rules = built_in_rules()
    ruleset = load_ruleset("production", rules)
    mandatory = next(rule.id for rule in rules.values() if ruleset.level(rule) == "mandatory")
    config = pack_config(rules, ruleset)
    assert config.keys() == rules.keys() and config[mandatory]["enforcementLevel"] == "mandatory"
    assert {one["enforcementLevel"] for one in config.values()} <= {"mandatory", "advisory", "disabled"}
    lowered = pack_config(rules, ruleset, [(mandatory, "urn")])
    assert lowered[mandatory]["enforcementLevel"] == "advisory"
    assert waived_of(VERDICT) == {("b", "u")}
