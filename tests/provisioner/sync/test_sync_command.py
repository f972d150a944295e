"""`lychgate sync`, short of applying, `lychgate explain` and `lychgate schema`, as a user calls them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def lychgate(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lychgate"), *arguments]
    environment = {**os.environ, "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "", "COLUMNS": "200"}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_a_plan_of_what_is_not_deployed_yet(tmp_path: Path) -> None:
    asked = ("sync", "notify", "--environment", "production", "--plan")
    done = lychgate(*asked, "--output", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ image-named-by-tag  pass" in done.stdout
    assert "· production-synced-without-approval  not checked" in done.stdout
    assert "+ outbox  aws:sqs/queue:Queue  create" in done.stdout
    assert "its deployed state could not be read" in done.stderr
    assert "clean  " in done.stdout
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert {one["stack"] for one in verdict["stacks"]} >= {"notify.production.single", "notify.production.shared"}
    assert verdict["run"]["strict"] is True


def test_a_frozen_environment_is_a_finding_of_a_plan(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "platform", tmp_path / "platform")
    (tmp_path / "lychgate.yaml").write_text("platform: platform\n")
    file = tmp_path / "platform" / "environments" / "test.yaml"
    file.write_text(file.read_text() + 'frozen: {reason: holidays, until: "2999-01-01"}\n')
    done = lychgate("sync", "notify", "--environment", "test", "--plan", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "✗ sync-into-frozen-environment  fail: " in done.stdout
    assert "holidays" in done.stdout


def test_the_state_of_another_stack_is_refused(tmp_path: Path) -> None:
    urn = "urn:pulumi:payments.production.acme::platform::pulumi:pulumi:Stack::platform-payments.production.acme"
    resource = {"urn": urn, "type": "pulumi:pulumi:Stack", "custom": False}
    file = tmp_path / "state.json"
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": [resource]}}))
    done = lychgate("sync", "notify", "--environment", "production", "--plan", "--state", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert "it is the state of payments.production.acme. expected that of notify.production.single" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("payment", "--environment", "production"),
            "lychgate: payment: there is no application of this name. expected notify, payments or reports; "
            "did you mean 'payments'?\n",
        ),
        (
            ("payments", "--environment", "prod", "--tenant", "acme"),
            "lychgate: prod: there is no environment of this name. expected production or test\n",
        ),
        (
            ("payments", "--environment", "production", "--tenant", "globx"),
            "lychgate: globx: there is no tenant of payments of this name. expected acme, globex, initech or shared; "
            "did you mean 'globex'?\n",
        ),
        (
            ("payments", "--environment", "production"),
            "lychgate: --tenant: payments has several tenants. expected acme, globex, initech\n",
        ),
    ],
)
def test_what_is_not_there_is_told_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    done = lychgate("sync", *arguments, "--plan")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_no_platform_is_told(tmp_path: Path) -> None:
    (tmp_path / "lychgate.yaml").write_text("waivers: waivers.yaml\n")
    done = lychgate("explain", "payments", "--environment", "production", cwd=tmp_path)
    assert done.returncode == 2
    assert "it names no platform. expected `platform: FOLDER`" in done.stderr


def test_drift_of_what_nobody_can_read_is_no_pass(tmp_path: Path) -> None:
    done = lychgate("drift", "notify", "--environment", "production")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lychgate: notify.production.single: its state cannot be read: ")
    empty = tmp_path / "state.json"
    empty.write_text('{"version": 3, "deployment": {"resources": []}}')
    done = lychgate("drift", "notify", "--environment", "production", "--state", str(empty))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_each_setting_says_where_it_came_from() -> None:
    done = lychgate("explain", "payments", "--environment", "production", "--tenant", "acme")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["thing", "setting", "value", "layer", "where"]
    assert ["max_replicas", "4", "application", "payments", "examples/platform/applications/payments.yaml:16"] in rows
    assert ["memory", "64Mi", "default"] in [row[-3:] for row in rows]


@pytest.mark.parametrize("what", ["verdict", "application", "environment", "platform", "tenants"])
def test_each_document_has_a_schema(what: str) -> None:
    done = lychgate("schema", what)
    assert json.loads(done.stdout)["type"] == "object"
