"""The example platform, judged by the command that everybody uses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from examples.demo import faults_of, planted_faults
from lychgate.model.outcome import LAYERS

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("lychgate")


def judge(name: str, status: int) -> dict[str, Any]:
    """The verdict on an example, which ends with this exit status."""
    arguments = ["check", f"examples/{name}", "--format", "json"]
    done = subprocess.run([COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout[-3000:] + done.stderr[-3000:]
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict


@pytest.fixture(scope="module")
def compliant() -> dict[str, Any]:
    return judge("compliant", 0)


@pytest.fixture(scope="module")
def faulty() -> dict[str, Any]:
    return judge("faulty", 1)


def test_the_compliant_stack_is_clean_without_waivers_and_without_doubts(compliant: dict[str, Any]) -> None:
    assert compliant["decision"] == "clean"
    assert compliant["summary"].keys() <= {"pass", "not applicable"}
    assert (compliant["waivers"], compliant["not_inspected"]) == ([], [])


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_judged_the_compliant_stack(layer: str, compliant: dict[str, Any]) -> None:
    passed = {one["rule"] for one in compliant["judgements"] if one["layer"] == layer and one["outcome"] == "pass"}
    assert len(passed) >= 6


def test_every_planted_fault_is_found_and_nothing_else(faulty: dict[str, Any]) -> None:
    assert faults_of(faulty) == planted_faults()
    assert faulty["summary"].keys() <= {"pass", "not applicable", "fail"}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_has_faults(layer: str) -> None:
    assert len(planted_faults()[layer]) >= 3


def test_each_fault_names_a_place_in_the_program(faulty: dict[str, Any]) -> None:
    places = [one["location"] for one in faulty["judgements"] if one["outcome"] == "fail"]
    assert all((ROOT / place["file"]).is_file() and place["line"] > 1 for place in places)


def test_relations_are_proven(faulty: dict[str, Any]) -> None:
    proofs = {(one["rule"], one["name"]): one["message"] for one in faulty["judgements"] if one["outcome"] == "fail"}
    assert "api -> globex-receipts" in proofs["role-reaches-another-tenants-data", "api"]
    assert "bastion" in proofs["data-store-behind-exposed-host", "orders"]
    assert "tester -> support" in proofs["role-reaches-another-environment", "tester"]


def test_the_demo_says_what_it_found_and_what_to_do_next(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "clean  payments/production" in done.stdout
    assert "findings  checkout/production" in done.stdout
    assert "Every one of them was found, and nothing else." in done.stdout
    assert "./dev lychgate check examples/faulty" in done.stdout
    for name in ("compliant", "faulty"):
        assert json.loads((ROOT / "lychgate-out" / name / "verdict.json").read_text())["decision"]
