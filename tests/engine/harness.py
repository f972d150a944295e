"""Run the real Pulumi engine on a project, in a folder of its own, and see what it said and did.

stack = engine.project({"Pulumi.yaml": "name: shop\nruntime: python\n", "__main__.py": PROGRAM})
run = stack.up(policy_pack=engine.pack(ROOT / "policies"), policy_config={"all": "mandatory"})
assert run.exit_code != 0 and run.violations() and not stack.log("create")
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.engine.toolchain import Toolchain

TIMEOUT = 300.0  # seconds that one command of Pulumi may take
_LEFT_BEHIND = shutil.ignore_patterns(".venv", "venv", "__pycache__", ".pulumi", "node_modules", ".git")

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """One command of Pulumi and what came of it. Pulumi exits with 0 when all went well, policies included."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    events: tuple[dict[str, Any], ...] = ()

    @property
    def output(self) -> str:
        """All that was printed."""
        return self.stdout + self.stderr

    def json(self) -> Any:
        """What was printed as JSON (`preview(as_json=True)`)."""
        return json.loads(self.stdout)

    def violations(self) -> list[dict[str, Any]]:
        """What policies reported, as the engine tells it: policyName, resourceUrn, enforcementLevel, message, ..."""
        return [event["policyEvent"] for event in self.events if "policyEvent" in event]

    def remediations(self) -> list[dict[str, Any]]:
        """What policies rewrote: policyName, resourceUrn, before, after."""
        return [event["policyRemediationEvent"] for event in self.events if "policyRemediationEvent" in event]

    def changes(self) -> dict[str, int]:
        """How many resources the operation created, updated, left the same and so on."""
        return next((event["summaryEvent"]["resourceChanges"] for event in self.events if "summaryEvent" in event), {})

    def expect(self, exit_code: int = 0) -> Run:
        """This run, if it ended as expected; otherwise the test fails and shows what Pulumi printed."""
        assert self.exit_code == exit_code, f"{' '.join(self.command)}: exit {self.exit_code}\n{self.output}"
        return self


@dataclass(slots=True)
class Engine:
    """Makes projects to run. `python` is the interpreter, in a virtual environment, of programs and packs."""

    toolchain: Toolchain
    work: Path
    python: Path = field(default_factory=lambda: Path(sys.executable))
    _made: int = 0

    def project(
        self,
        source: Path | Files,
        stack: str = "dev",
        *,
        config: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        keep_runtime: bool = False,
    ) -> Stack:
        """A new stack of a copy of a project: a folder, or the files of one by name.

        The copy runs in `python`'s environment; `keep_runtime` leaves the options in Pulumi.yaml as they are. Encrypted
        values in its configuration are left out, as nobody here can read them: `secrets` takes their place.
        """
        home = self._folder()
        project = self._copy(source, home / "project", None if keep_runtime else "Pulumi.yaml")
        _forget_encrypted(project / f"Pulumi.{stack}.yaml")
        made = Stack(self, home, project, stack)
        made.run("stack", "init", stack).expect()
        values = [f"--plaintext={name}={value}" for name, value in (config or {}).items()]
        values += [f"--secret={name}={value}" for name, value in (secrets or {}).items()]
        if values:
            made.run("config", "set-all", *values).expect()
        return made

    def pack(self, source: Path | Files, *, keep_runtime: bool = False) -> Path:
        """A copy of a policy pack, a folder or its files by name, that runs in `python`'s environment."""
        return self._copy(source, self._folder() / "pack", None if keep_runtime else "PulumiPolicy.yaml")

    def environment(self, provider_log: Path) -> dict[str, str]:
        """The variables that a command of Pulumi, or the Automation API, needs.

        All stacks of an engine share a backend, so that they can refer to each other. Nothing of the tests' own
        environment gets in but PATH and the locale.
        """
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        path = [*map(str, self.toolchain.path), str(self.toolchain.pulumi.parent), os.environ.get("PATH", "")]
        home = self.work / "home"
        (home / "state").mkdir(parents=True, exist_ok=True)
        return {
            **kept,
            "PATH": os.pathsep.join(path),
            "HOME": str(home),
            "PULUMI_HOME": str(home / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_COMMANDS": "true",  # has --event-log; the Automation API sets it as well
            "PULUMI_PYTHON_CMD": str(self.python),
            "LYCHGATE_PYTHON": sys.executable,
            "LYCHGATE_PROVIDER_LOG": str(provider_log),
        }

    def _folder(self) -> Path:
        self._made += 1
        folder = self.work / f"{self._made:03}"
        folder.mkdir(parents=True)
        return folder

    def _copy(self, source: Path | Files, target: Path, settings: str | None) -> Path:
        if isinstance(source, Path):
            shutil.copytree(source, target, ignore=_LEFT_BEHIND)
        else:
            for name, text in source.items():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_text(text, encoding="utf-8")
        if settings is not None:
            self._set_runtime(target / settings)
        return target

    def _set_runtime(self, settings: Path) -> None:
        """Name `python`'s environment in the options, which both our language host and Pulumi's own obey."""
        yaml = YAML()
        document = yaml.load(settings)
        runtime = document["runtime"]
        name = runtime if isinstance(runtime, str) else runtime["name"]
        if name == "python":
            options = {"toolchain": "pip", "virtualenv": str(self.python.parent.parent)}
            document["runtime"] = {"name": name, "options": options}
            yaml.dump(document, settings)


def _forget_encrypted(settings: Path) -> None:
    """Take encrypted values, and what they are encrypted with, out of a stack's configuration file."""
    if not settings.exists():
        return
    yaml = YAML()
    document = yaml.load(settings) or {}
    for name in ("encryptionsalt", "encryptedkey", "secretsprovider"):
        document.pop(name, None)
    values = document.get("config") or {}
    for name in [name for name, value in values.items() if isinstance(value, dict) and "secure" in value]:
        del values[name]
    yaml.dump(document, settings)


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack of a project and the commands to run on it."""

    engine: Engine
    home: Path
    project: Path
    name: str

    def preview(
        self,
        *arguments: str,
        policy_pack: Path | Sequence[Path] = (),
        policy_config: Mapping[str, Any] | None = None,
        as_json: bool = False,
    ) -> Run:
        """`pulumi preview`; `policy_config` is what --policy-pack-config reads, given to every pack."""
        more = [*arguments, *self._policies(policy_pack, policy_config), *(["--json"] if as_json else [])]
        return self._operate("preview", *more)

    def up(
        self,
        *arguments: str,
        policy_pack: Path | Sequence[Path] = (),
        policy_config: Mapping[str, Any] | None = None,
        skip_preview: bool = False,
    ) -> Run:
        """`pulumi up`: a preview, and if it succeeds the deployment. The Automation API skips the preview."""
        more = [*arguments, *self._policies(policy_pack, policy_config), *(["--skip-preview"] if skip_preview else [])]
        return self._operate("up", "--yes", *more)

    def refresh(self, *arguments: str) -> Run:
        """`pulumi refresh`."""
        return self._operate("refresh", "--yes", "--skip-preview", *arguments)

    def destroy(self, *arguments: str) -> Run:
        """`pulumi destroy`."""
        return self._operate("destroy", "--yes", "--skip-preview", *arguments)

    def export(self, *arguments: str) -> Any:
        """The deployment of the stack: `pulumi stack export`. Secrets stay encrypted."""
        return self.run("stack", "export", "--stack", self.name, *arguments).expect().json()

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state."""
        found: list[dict[str, Any]] = self.export()["deployment"].get("resources", [])
        return found

    def write(self, files: Files) -> None:
        """Change files of the project."""
        for name, text in files.items():
            (self.project / name).write_text(text, encoding="utf-8")

    def log(self, *operations: str) -> list[dict[str, str]]:
        """What the test providers really did: operation (create, read, update, delete), urn, type, name, id."""
        path = self.home / "provider.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [line for line in map(json.loads, lines) if not operations or line["operation"] in operations]

    def run(self, *arguments: str, events: Path | None = None) -> Run:
        """Any command of Pulumi, in the project's folder. Ends it, with its children, after TIMEOUT seconds."""
        command = [str(self.engine.toolchain.pulumi), "--non-interactive", "--color", "never", *arguments]
        environment = self.engine.environment(self.home / "provider.jsonl")
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=self.project, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            stdout, stderr = process.communicate(timeout=TIMEOUT)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        lines = events.read_text(encoding="utf-8").splitlines() if events is not None and events.exists() else []
        seen = tuple(json.loads(line) for line in lines)
        return Run(tuple(command), process.returncode, stdout, stderr, time.monotonic() - started, seen)

    def _operate(self, operation: str, *arguments: str) -> Run:
        events = self.home / "events.jsonl"
        events.unlink(missing_ok=True)
        options = ["--stack", self.name, "--suppress-progress", "--event-log", str(events)]
        return self.run(operation, *options, *arguments, events=events)

    def _policies(self, packs: Path | Sequence[Path], config: Mapping[str, Any] | None) -> list[str]:
        arguments: list[str] = []
        for pack in [packs] if isinstance(packs, Path) else packs:
            arguments += ["--policy-pack", str(pack)]
            if config is not None:
                path = self.home / "policy-config.json"
                path.write_text(json.dumps(config), encoding="utf-8")
                arguments += ["--policy-pack-config", str(path)]
        return arguments
