"""The example's recorded state, in which somebody was at work by hand: a plan shows just that, and would undo it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STATE = "examples/platform/recorded/payments.production.acme.json"
ASKED = ("sync", "payments", "--environment", "production", "--tenant", "acme", "--plan", "--state", STATE)


@pytest.mark.slow
def test_a_plan_against_a_recorded_state_shows_what_has_drifted() -> None:
    command = [str(Path(sys.executable).parent / "lychgate"), *ASKED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    changes = done.stdout.partition("preflight: ")[2].splitlines()[2:]
    assert changes[: changes.index("")] == [
        "~ receipts  aws:s3/bucketVersioning:BucketVersioning  update",
        '    versioningConfiguration.status: "Suspended" -> "Enabled"',
        "~ data  aws:kms/key:Key  update",
        "    enableKeyRotation: false -> true",
        "~ workloads  aws:cloudwatch/logGroup:LogGroup  update",
        "    retentionInDays: 30 -> 400",
        "+ settlement  aws:sqs/queue:Queue  create",
        "+ settlement  aws:sqs/queuePolicy:QueuePolicy  create",
        "- try-it  aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule  delete",
        "2 create, 3 update, 1 delete, 133 same",
        "1 value could not be compared: encrypted, or in files",
    ]


def test_the_recorded_state_is_of_no_machine() -> None:
    text = (ROOT / STATE).read_text()
    assert "/work/" not in text and "/root/" not in text and "/tmp/tmp" not in text
    assert len(json.loads(text)["deployment"]["resources"]) > 100


@pytest.mark.slow
def test_what_was_done_by_hand_is_mended_and_a_waiver_is_nothing_that_the_change_brings(tmp_path: Path) -> None:
    urn = "urn:pulumi:payments.production.acme::platform::aws:s3/bucket:Bucket::gone"
    (tmp_path / "waivers.yaml").write_text(
        "waivers:\n  - rule: s3-bucket-without-customer-key\n    stack: platform/payments.production.acme\n"
        f"    urn: {urn}\n"
        "    owner: ada\n    reason: it was so\n    ticket: SEC-1\n    approver: grace\n    expires: 2026-12-20\n"
    )
    settings = (ROOT / "lychgate.yaml").read_text().replace("platform: examples", f"platform: {ROOT}/examples")
    (tmp_path / "lychgate.yaml").write_text(f"{settings}waivers: waivers.yaml\n")
    command = [str(Path(sys.executable).parent / "lychgate"), *ASKED, "--format", "json", "--as-of", "2026-11-26"]
    command += ["--settings", str(tmp_path / "lychgate.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    verdict = json.loads(done.stdout)
    assert verdict["compared"]["what"] == "deployed"
    about = [one for one in verdict["judgements"] if one["rule"] == "waiver-unused"]
    assert [(one["outcome"], one["introduced"], one["level"]) for one in about] == [("fail", False, "advisory")]
    mended = {one["rule"] for one in verdict["mended"] if one["how"] == "passes"}
    assert {"kms-key-without-rotation", "s3-bucket-without-versioning"} <= mended
