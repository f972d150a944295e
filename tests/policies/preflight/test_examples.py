"""Every example of every preflight rule: compliant ones never stop a sync, violating ones always do."""

from __future__ import annotations

import pytest

from lychgate.judging.preflight import Preflight, ask, preflight_rules
from lychgate.model.sync_request import SyncRequest

CASES = [
    pytest.param(rule, kind == "compliant", request_, id=f"{rule.id}-{kind}-{index + 1}")
    for rule in preflight_rules().values()
    for kind, requests in (("compliant", rule.compliant), ("violating", rule.violating))
    for index, request_ in enumerate(requests)
]


@pytest.mark.parametrize(("rule", "compliant", "sync"), CASES)
def test_examples(rule: Preflight, compliant: bool, sync: SyncRequest) -> None:
    answer = ask(rule, sync)
    assert answer.outcome in (("pass", "not applicable") if compliant else ("fail",)), answer
    assert compliant or answer.message.endswith(".")


@pytest.mark.parametrize("rule", preflight_rules().values(), ids=lambda rule: rule.id)
def test_each_passes_something_and_says_what_it_does(rule: Preflight) -> None:
    assert "pass" in {ask(rule, sync).outcome for sync in rule.compliant}
    assert rule.rationale.endswith(".") and rule.remediation.endswith(".") and not rule.title.endswith(".")
    assert rule.check.__doc__
