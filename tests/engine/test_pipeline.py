"""The component for the default branch, job by job, with the real engine: planned, signed, synced, and looked after."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import git
from tests.engine.groundwork import Groundwork
from tests.engine.harness import Engine
from tests.engine.syncing import SHOP, Platform
from tests.pipeline.conftest import commit
from tests.pipeline.gitlab_ci import Runner, component
from tests.provisioner.sync.gitlab_server import TOKEN, Project, gitlab_server
from tests.reports.signing.key_files import key_files

pytestmark = [pytest.mark.engine, pytest.mark.moto, pytest.mark.slow]
GIVEN = {"image": "x@sha256:0", "environment": "test", "region": "eu-central-1"}
STACKS = ["shop.test.acme", "shop.test.shared"]
ONE = SHOP.replace("[acme, globex]", "[acme]")


class Pushes:
    """The company's repository, and the pipelines of its default branch."""

    def __init__(self, platform: Platform, base: Groundwork, server: Project) -> None:
        self.platform, self.server, self.cloud = platform, server, base
        self.number, work = 0, platform.engine.work
        self.origin, self.builds = work / "origin.git", work / "builds"
        (keys := platform.base / "platform" / "keys").mkdir()
        self.private, public = key_files(work)
        Path(public).rename(keys / "gate.pub")
        file = platform.base / "platform" / "environments" / "test.yaml"
        file.write_text(file.read_text() + "signed_verdict: {keys: [keys/gate.pub]}\n")
        settings = f"platform: platform\ngitlab: {{url: '{server.url}', project: pay/platform}}\n"
        (platform.base / "lychgate.yaml").write_text(settings)
        git(work, "init", "-q", "--bare", "-b", "main", str(self.origin))
        git(platform.base, "init", "-q", "-b", "main")
        git(platform.base, "remote", "add", "origin", str(self.origin))

    def push(self, template: str = "sync", source: str = "push") -> Runner:
        """The pipeline of a commit of all that is there."""
        (self.platform.base / "README.md").write_text(f"Pipeline {self.number}.\n")
        head = commit(self.platform.base)
        git(self.platform.base, "push", "-q", "origin", "main")
        engine = self.platform.engine.environment(self.platform.log_file)
        engine.pop("PULUMI_BACKEND_URL")
        path = f"{Path(sys.executable).parent}{os.pathsep}{engine['PATH']}"
        told = {
            **engine, "PATH": path, "CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": "main",
            "CI_DEFAULT_BRANCH": "main", "CI_PROJECT_ID": "7", "CI_SERVER_URL": self.server.url, "CI_JOB_ID": "12",
            "LYCHGATE_ID_TOKEN": "a.b.c", "AWS_ENDPOINT_URL_STS": self.cloud.endpoint,
            "CI_COMMIT_REF_PROTECTED": "true",
        }  # fmt: skip
        role = self.cloud.environment.deployers[0]
        given = {**GIVEN, "role": role, "sign-with": "$VERDICT_KEY", "record": True}
        scoped = {"lychgate-plan": {"LYCHGATE_GITLAB_TOKEN": TOKEN}, "lychgate-sign": {"VERDICT_KEY": self.private}}
        scoped["lychgate-evidence"] = {"LYCHGATE_EVIDENCE": str(self.builds.with_name("evidence.db"))}
        self.number += 1
        return Runner(self.origin, self.builds / str(self.number), head, component(template, **given), told, scoped)


def test_a_push_is_synced_and_the_next_syncs_what_differs(engine: Engine, base: Groundwork) -> None:
    with gitlab_server() as server:
        server.answers["/deployments"] = []
        pushes = Pushes(platform := Platform.make(engine, base), base, server)
        platform.write(ONE)
        runner = pushes.push()
        for job in ("plan", "sign", "sync"):
            done = runner.run(f"lychgate-{job}-test")
            assert done.returncode == 0, done.stdout + done.stderr
        applied = sorted(one["stack"] for one in records(runner) if one["applied"]["outcome"] == "applied")
        assert applied == STACKS and len(records(runner)) == 2
        assert all(one["request"]["signed_verdict"] for one in records(runner))
        done = runner.run("lychgate-record-test")
        assert done.returncode == 0 and done.stdout.count(": sync shop.test.") == 2, done.stdout + done.stderr
        assert platform.urns() and platform.urns("shop.test.shared")

        server.answers["/deployments"] = [{"id": 1, "sha": runner.commit, "status": "success"}]
        runner = pushes.push()
        done = runner.run("lychgate-plan-test")
        assert done.returncode == 0 and "no stack is affected" in done.stdout, done.stdout + done.stderr
        assert runner.run("lychgate-sign-test").returncode == 0 and runner.run("lychgate-sync-test").returncode == 0
        assert not records(runner)

        platform.write(ONE.replace("{kind: queue}", "{kind: queue, settings: {retention_days: 3}}"))
        runner = pushes.push()
        assert runner.run("lychgate-plan-test").returncode == 0
        done = runner.run("lychgate-sync-test")
        assert done.returncode == 1 and "test is synced with a signed verdict, and none was given" in done.stdout
        assert "shop.test.acme  it refers to shop.test.shared" in done.stdout
        assert all(one["applied"] is None for one in records(runner))

        nightly = pushes.push("nightly", "schedule")
        done = nightly.run("lychgate-drift-test")
        assert done.returncode == 0, done.stdout + done.stderr
        left = nightly.folder / "lychgate-drift-test/build/.lychgate/drift-test"
        assert 'lychgate_drift_stacks{outcome="none"} 2' in (left / "metrics.txt").read_text()
        sqs = base.client("sqs")
        url = sqs.get_queue_url(QueueName="shop-test-acme-orders")["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})
        assert nightly.run("lychgate-drift-test").returncode == 1
        assert 'lychgate_drift_resources{state="changed"} 1' in (left / "metrics.txt").read_text()


def records(runner: Runner) -> list[dict[str, object]]:
    folder = runner.folder / "lychgate-sync-test/build/.lychgate/records"
    return [json.loads(file.read_text()) for file in folder.glob("*.json")]
