"""What Checkov says of the chart: nothing but what stands here, with the reason why it stays."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from lychgate.provisioner.chart_rendering import render

from tests.provisioner.chart_example import example

pytestmark = [pytest.mark.checkov, pytest.mark.slow]
VERSION = "3.3.30"
UV = Path(__file__).parents[2] / ".tools" / "uv" / "bin" / "uv"
# Check and workload -> why it stays.
ACCEPTED = {
    # "Prefer using secrets as files over secrets as environment variables"
    ("CKV_K8S_35", "Deployment", "api"): "OpenTelemetry's SDKs take an exporter's headers from a variable only, and "
    "LEGACY_CREDENTIAL stands for software that reads no file",
    ("CKV_K8S_35", "Deployment", "worker"): "OpenTelemetry's SDKs take an exporter's headers from a variable only",
    ("CKV_K8S_35", "CronJob", "report"): "OpenTelemetry's SDKs take an exporter's headers from a variable only",
}


def checkov() -> list[str]:
    """Checkov in an environment of its own: its dependencies are older than ours (CHECKOV names an installed one)."""
    if named := os.environ.get("CHECKOV"):
        return [named]
    uv = str(UV) if UV.exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("no uv to run Checkov with, and CHECKOV names none")
    command = [uv, "tool", "run", "--from", f"checkov=={VERSION}", "checkov"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"Checkov {VERSION} cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
    return command


def test_checkov_finds_what_is_accepted_and_nothing_else(tmp_path: Path) -> None:
    manifests = tmp_path / "platform.yaml"
    manifests.write_text(yaml.safe_dump_all(render(example())))
    options = ["--framework", "kubernetes", "--file", str(manifests), "--output", "json", "--compact", "--quiet"]
    done = subprocess.run(
        [*checkov(), *options, "--skip-download"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0 and report["summary"]["passed"] > 400
    failed = report["results"]["failed_checks"]
    found = {(it["check_id"], *it["resource"].split(".")[::2]): it["check_name"] for it in failed}
    assert found.keys() == ACCEPTED.keys(), found
