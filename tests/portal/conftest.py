"""A platform in a repository of its own, beside a Port and a GitLab."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lychgate.portal.runs import Person, Run
from lychgate.portal.verdicts import verdict_of
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.capturing import Capturing

from lychgate.cli.platforms import platform_of
from lychgate.cli.portal_judging import judges_of
from tests.portal import gitlab_server, port_server

EXAMPLE = Path(__file__).parents[2] / "examples" / "platform"
ADA = Person("auth0|ada", "ada@example.com", frozenset({"team-payments", "team-platform", "team-finance"}))
GRACE = Person("auth0|grace", "grace@example.com", frozenset({"security"}))


def run_of(action: str, entity: str, inputs: dict[str, Any], by: Person = ADA, *approved: Person) -> Run:
    """A run that Port has told."""
    return Run("r_QOz6WoOB1Q2lmhZZ", action, entity, inputs, by, approved)


@dataclass
class World:
    """The checkout, the Port and the GitLab that a request is between."""

    root: Path
    port: port_server.Organization
    gitlab: gitlab_server.Project

    @property
    def folder(self) -> Path:
        return self.root / "platform"

    def application(self, name: str) -> str:
        return (self.folder / "applications" / f"{name}.yaml").read_text()

    def with_a_password(self) -> None:
        """A credential in the open, committed: a mandatory finding in each environment."""
        file = self.folder / "applications" / "notify.yaml"
        said = "    environment: {DB_PASSWORD: hunter2hunter2}\n    uses: [outbox"
        file.write_text(file.read_text().replace("    uses: [outbox", said))
        self.git("commit", "-q", "-a", "-m", "a password")
        self.gitlab.main.add(self.git("rev-parse", "HEAD"))

    def payload(self, id_: str) -> Path:
        file = self.root.parent / f"{id_}.json"
        file.write_text(f'{{"context": {{"runId": "{id_}"}}}}')
        return file

    def git(self, *arguments: str) -> str:
        name = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        done = subprocess.run(["git", *name, *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    root = tmp_path / "checkout"
    shutil.copytree(EXAMPLE, root / "platform")
    with port_server.port_server() as port, gitlab_server.gitlab_server() as gitlab:
        where = f"gitlab: {{url: '{gitlab.url}', project: {gitlab_server.PROJECT}}}"
        (root / "lychgate.yaml").write_text(f"platform: platform\nwaivers: waivers.yaml\n{where}\n")
        (root / "waivers.yaml").write_text("# What is accepted, and until when.\nwaivers: []\n")
        found = World(root, port, gitlab)
        found.git("init", "-q", "-b", "main")
        found.git("add", "-A")
        found.git("commit", "-q", "-m", "all")
        gitlab.main.add(found.git("rev-parse", "HEAD"))
        port.user("ada", "team-payments", "team-platform", "team-finance")
        port.user("grace", "security")
        monkeypatch.chdir(root)
        for name, value in (
            ("PORT_CLIENT_ID", port_server.CLIENT), ("PORT_CLIENT_SECRET", port_server.SECRET),
            ("LYCHGATE_GITLAB_TOKEN", gitlab_server.TOKEN),
        ):  # fmt: skip
            monkeypatch.setenv(name, value)
        yield found


def judged_stack(application: str, environment: str) -> dict[str, Any]:
    """The verdict on a stack of the checkout, captured and judged (a few seconds)."""
    found = platform_of(None, None)
    with Capturing(found.platform.folder, found.file) as capturing:
        tenant = found.platform.applications[application].tenants[0]
        return verdict_of(Scope.of(found.platform, application, environment, tenant), capturing, judges_of(found))
