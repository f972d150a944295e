"""The project's own pipeline: against GitLab's schema as check-jsonschema ships it, and its jobs that record, run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson

from lychgate.model.graph import Resource
from lychgate.sources.files import read_document
from tests.reports.conftest import of

ROOT = Path(__file__).parent.parent
PIPELINE = read_document(ROOT / ".gitlab-ci.yml").value


def test_gitlab_ci_fits_gitlabs_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    command += ["--data-transform", "gitlab-ci", str(ROOT / ".gitlab-ci.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run(job: str, folder: Path, **variables: str) -> str:
    """What a job's script prints, run line by line as a runner does; `./dev` is this installation's command."""
    (folder / "dev").write_text(f'#!/bin/sh\nshift\nexec {Path(sys.executable).with_name("lychgate")} "$@"\n')
    (folder / "dev").chmod(0o755)
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **variables}
    script = "set -eu\n" + "\n".join(PIPELINE[job]["script"])
    done = subprocess.run(["sh", "-c", script], cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_only_jobs_that_run_nobodys_program_see_the_environment_of_evidence() -> None:
    secret = {name for name, job in PIPELINE.items() if isinstance(job, dict) and job.get("extends") == ".evidence"}
    assert secret == {"record", "checkpoint"} and PIPELINE[".evidence"]["cache"] == []
    for name, job in PIPELINE.items():
        lines = job.get("script", []) if isinstance(job, dict) else []
        judging = any(
            word in line
            for line in lines
            for word in ("lychgate check", "lychgate sync", "merge-request judge", "dev test")
        )
        assert not (judging and ("environment" in job or name in secret)), name
        if "KEY" in str(job) or "LYCHGATE_EVIDENCE" in str(job):
            assert name in secret
    for name in secret:
        for rule in PIPELINE[name]["rules"]:
            assert "merge_request" not in rule["if"] and "$LYCHGATE_RECORDS" in rule["if"]


def test_a_verdict_is_signed_recorded_and_kept(tmp_path: Path) -> None:
    for name in ("verdict", "checkpoint"):
        command = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(tmp_path / f"{name}.pem")]
        subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "gate").mkdir()
    verdict = of([Resource("urn:pulumi:s::p::aws:s3/bucket:Bucket::b", "aws:s3/bucket:Bucket", "b", stack="p/s")])
    verdict["run"]["commit"] = "c" * 40
    (tmp_path / "gate" / "verdict.json").write_bytes(orjson.dumps(verdict))
    store = {"LYCHGATE_EVIDENCE": str(tmp_path / "evidence.db")}
    pipeline = {"CI_PIPELINE_ID": "7", "CI_COMMIT_REF_NAME": "main", "GITLAB_USER_LOGIN": "ada"}
    assert "record 1" in run("record", tmp_path, VERDICT_KEY=str(tmp_path / "verdict.pem"), **store, **pipeline)
    assert (tmp_path / "gate" / "verdict.intoto.json").is_file()
    key = str(tmp_path / "checkpoint.pem")
    for _ in range(2):  # the second night has nothing new
        run("checkpoint", tmp_path, CHECKPOINT_KEY=key, CHECKPOINTS=str(tmp_path / "kept"), **store)
    assert [one.name for one in (tmp_path / "kept").iterdir()] == ["checkpoint-000000000001.json"]
    assert {"trend.html", "metrics.txt"} == {one.name for one in (tmp_path / "trend").iterdir()}
