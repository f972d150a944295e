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
