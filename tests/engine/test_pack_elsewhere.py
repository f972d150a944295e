"""The pack for projects that are not of the platform: each example of examples/pack, run by the real engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, git
from tests.engine.harness import Engine, Run
from tests.examples.test_platform import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.slow]

EXAMPLES = ROOT / "examples/pack"
CONFIG = EXAMPLES / "config.json"
TAGS = "ecr-repository-with-mutable-tags"
URN = "urn:pulumi:dev::shop::aws:ecr/repository:Repository::api"


def install(folder: Path, *options: object) -> Path:
    """`lychgate pack install`, as a user runs it."""
    command = [COMMAND, "pack", "install", folder, *options]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment of its own."""
    return install(tmp_path_factory.mktemp("installed") / "pack")


def levels(run: Run) -> dict[str, str]:
    """What the rule that the example breaks was reported as."""
    return {one["policyName"]: one["enforcementLevel"] for one in run.violations() if one["policyName"] == TAGS}


def fixed(text: str) -> str:
    return text.replace('"MUTABLE"', '"IMMUTABLE"')


def test_a_folder_stops_and_lets_through(engine: Engine, installed: Path) -> None:
    stack = engine.project(EXAMPLES / "project")
    stopped = stack.preview(policy_pack=installed)
    assert stopped.exit_code != 0 and levels(stopped) == {TAGS: "mandatory"}
    lowered = stack.preview(policy_pack=installed, policy_config=json.loads(CONFIG.read_text())).expect()
    assert levels(lowered) == {TAGS: "advisory"}
    stack.write({"__main__.py": fixed((EXAMPLES / "project/__main__.py").read_text())})
    assert levels(stack.up(policy_pack=installed).expect()) == {}


def test_the_whole_configuration_of_a_ruleset_is_taken(engine: Engine, installed: Path) -> None:
    stack = engine.project(EXAMPLES / "project")
    for ruleset, level in (("production", "mandatory"), ("test", "advisory")):
        command = [COMMAND, "pack", "config", "--ruleset", ruleset]
        config = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        run = stack.preview(policy_pack=installed, policy_config=config)
        assert levels(run) == {TAGS: config[TAGS]["enforcementLevel"]}, run.output
        assert level in config[TAGS]["enforcementLevel"]


def test_a_ruleset_that_is_installed_keeps_its_parameters(engine: Engine, tmp_path: Path) -> None:
    """The engine sends a pack the defaults that it has declared: they are the ruleset's."""
    own = tmp_path / "mine.yaml"
    rule = "log-group-with-short-retention"
    own.write_text(f"name: m\ndescription: d\nextends: production\nrules:\n  {rule}: {{parameters: {{days: 731}}}}\n")
    pack = engine.pack(install(tmp_path / "own", "--no-environment", "--ruleset", own))
    logs = "import pulumi_aws as aws\naws.cloudwatch.LogGroup('logs', retention_in_days=400)\n"
    stack = engine.project({"Pulumi.yaml": (EXAMPLES / "project/Pulumi.yaml").read_text(), "__main__.py": logs})
    run = stack.preview(policy_pack=pack)
    assert any(one["policyName"] == rule and "731" in one["message"] for one in run.violations()), run.output


def waiver(folder: Path, days: int) -> Path:
    """A waivers file whose one waiver of the example ends so many days from now."""
    today = datetime.now(UTC).date()
    said = {
        "rule": TAGS, "stack": "shop/dev", "urn": URN, "owner": "ada", "reason": "The build comes.", "ticket": "SEC-7",
        "approver": "grace", "created": str(today - timedelta(days=20)), "expires": str(today + timedelta(days=days)),
    }  # fmt: skip
    file = folder / "waivers.yaml"
    file.write_text(json.dumps({"waivers": [said]}))
    return file


def test_a_waiver_counts_until_it_ends(engine: Engine, tmp_path: Path) -> None:
    """The pack reads the file each time it starts."""
    pack = engine.pack(install(tmp_path / "own", "--no-environment", "--waivers", waiver(tmp_path, 10)))
    stack = engine.project(EXAMPLES / "project")
    run = stack.preview(policy_pack=pack).expect()
    (told,) = [one for one in run.violations() if one["policyName"] == TAGS]
    assert told["enforcementLevel"] == "advisory" and "SEC-7, approved by grace" in told["message"]
    waiver(tmp_path, -1)
    run = stack.preview(policy_pack=pack)
    assert run.exit_code != 0 and levels(run) == {TAGS: "mandatory"} and "SEC-7 expired on" in run.output


def test_a_waivers_file_that_is_wrong_stops_everything(engine: Engine, tmp_path: Path) -> None:
    pack = engine.pack(install(tmp_path / "own", "--no-environment", "--waivers", waiver(tmp_path, 10)))
    (tmp_path / "waivers.yaml").write_text("waivers: {}\n")
    run = engine.project(EXAMPLES / "project").preview(policy_pack=pack)
    assert run.exit_code != 0 and "waivers.yaml:1" in run.output and "Traceback" not in run.output


def test_waivers_are_exceptions_of_the_engine(engine: Engine, installed: Path, tmp_path: Path) -> None:
    stack = engine.project(EXAMPLES / "project")
    command = [COMMAND, "pack", "config", "--exceptions", "--waivers", waiver(tmp_path, 10)]
    config = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert list(config["exceptions"]) == ["SEC-7"]
    stack.preview(policy_pack=installed, policy_config=config).expect()
    del config["exceptions"]
    assert stack.preview(policy_pack=installed, policy_config=config).exit_code != 0


def test_a_checkout_at_a_tag_is_a_pack(engine: Engine, tmp_path: Path) -> None:
    """As policies/README.md says: clone at the tag, `pulumi install` in policies/, name the folder."""
    source, clone = tmp_path / "source", tmp_path / "lychgate"
    git(tmp_path, "clone", "-q", "--no-local", "--depth", "1", f"file://{ROOT}", str(source))
    for name in ("policies/requirements.txt", "policies/pack.py", "policies/PulumiPolicy.yaml"):
        shutil.copyfile(ROOT / name, source / name)  # what is at work here, committed or not
    git(source, "add", "-A")
    git(source, "commit", "-q", "--allow-empty", "-m", "release")
    git(source, "tag", "v9.9.9")
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "v9.9.9", f"file://{source}", str(clone))
    stack = engine.project(EXAMPLES / "project")
    environment = engine.environment(stack.home / "provider.jsonl")
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    subprocess.run(
        [engine.toolchain.pulumi, "install"], cwd=clone / "policies", env=environment | kept, check=True,
        capture_output=True,
    )  # fmt: skip
    run = stack.preview(policy_pack=clone / "policies")
    assert run.exit_code != 0 and levels(run) == {TAGS: "mandatory"}, run.output


@dataclass(frozen=True)
class Automation:
    """An Automation API program of a folder; its environment is that of `pulumi` itself."""

    engine: Engine
    folder: Path
    command: Sequence[str]

    def __call__(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        environment = self.engine.environment(self.folder / "provider.jsonl")
        return subprocess.run(
            [*self.command, *map(str, arguments)], cwd=self.folder, env=environment, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip

    def created(self) -> int:
        """How many resources were made."""
        log = self.folder / "provider.jsonl"
        return log.read_text().count('"operation": "create"') if log.exists() else 0


def judged(run: Automation, program: Path, installed: Path) -> None:
    """Stopped by a finding, let through at a lower level, and with the fix."""
    stopped = run(installed)
    assert stopped.returncode == 1 and TAGS in stopped.stdout, stopped.stdout + stopped.stderr
    assert "stopped" in stopped.stderr and run.created() == 0
    lowered = run(installed, CONFIG)
    assert lowered.returncode == 0 and "[advisory]" in lowered.stdout, lowered.stdout + lowered.stderr
    assert run.created() == 3
    program.write_text(fixed(program.read_text()))
    mended = run(installed)
    assert mended.returncode == 0 and TAGS not in mended.stdout, mended.stdout + mended.stderr


def test_an_inline_program_in_python(engine: Engine, installed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "automation", tmp_path / "automation"))
    judged(Automation(engine, folder, [sys.executable, "inline.py"]), folder / "inline.py", installed)


def test_a_folder_in_python(engine: Engine, installed: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))
    run = Automation(engine, folder, [sys.executable, "automation/local.py", "project"])
    judged(run, folder / "project/__main__.py", installed)


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of the Node example, from npm: LYCHGATE_NODE_MODULES, else installed here."""
    if shutil.which("npm") is None:
        pytest.skip("no npm")
    if given := os.environ.get("LYCHGATE_NODE_MODULES"):
        return Path(given)
    folder = tmp_path_factory.mktemp("node")
    shutil.copyfile(EXAMPLES / "automation-node/package.json", folder / "package.json")
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot install: {done.stderr.decode()[-300:]}")
    return folder / "node_modules"


def test_an_inline_program_in_typescript(engine: Engine, installed: Path, node_modules: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "automation-node", tmp_path / "automation"))
    (folder / "node_modules").symlink_to(node_modules)
    run = Automation(engine, folder, [str(node_modules / ".bin/tsx"), "inline.ts"])
    judged(run, folder / "inline.ts", installed)
