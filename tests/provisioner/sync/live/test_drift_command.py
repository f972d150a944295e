"""`lychgate drift` as a user calls it, with moto's server in the place of AWS."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from lychgate.cli.drift import DriftOptions, run

ROOT = Path(__file__).parents[4]
TAGS = {"application": "notify", "environment": "test", "tenant": "shared"}
ACCOUNT, REGION, STACK = "123456789012", "eu-central-1", "notify.test.single"
pytestmark = pytest.mark.moto


def state(url: str) -> dict[str, Any]:
    """What Pulumi would have written for one queue."""
    root = f"urn:pulumi:{STACK}::platform::pulumi:pulumi:Stack::platform-{STACK}"
    inputs = {"name": "notify-test-single-outbox", "visibilityTimeoutSeconds": 60, "tags": TAGS}
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{inputs['name']}"
    queue = {
        "urn": f"urn:pulumi:{STACK}::platform::aws:sqs/queue:Queue::outbox", "type": "aws:sqs/queue:Queue",
        "custom": True, "id": url, "parent": root, "inputs": inputs, "outputs": {**inputs, "url": url, "arn": arn},
    }  # fmt: skip
    stack = {"urn": root, "type": "pulumi:pulumi:Stack", "custom": False}
    return {"version": 3, "deployment": {"resources": [stack, queue]}}


def test_drift_is_found_and_told(
    moto_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    shutil.copytree(ROOT / "examples" / "platform", tmp_path / "platform")
    (tmp_path / "lychgate.yaml").write_text("platform: platform\n")
    test = tmp_path / "platform" / "environments" / "test.yaml"
    test.write_text(test.read_text().replace("444455556666", ACCOUNT))
    client = boto3.client("sqs", region_name=REGION, endpoint_url=moto_endpoint)
    attributes = {"VisibilityTimeout": "60"}
    made = client.create_queue(QueueName="notify-test-single-outbox", Attributes=attributes, tags=TAGS)
    url = made["QueueUrl"]
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state(url)))

    def drift() -> int:
        options = DriftOptions(
            application="notify", environment="test", tenant=None, state=file, settings=tmp_path / "lychgate.yaml",
            endpoint=moto_endpoint, json=False, output=None, verbose=False,
        )  # fmt: skip
        return run(options)

    assert drift() == 0, capsys.readouterr().out
    client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    assert drift() == 1
    assert "visibilityTimeoutSeconds" in capsys.readouterr().out
