"""A platform of the tests' own, and syncs of its stacks with the real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lychgate.sources.deployed.backend import Lock, locks, read_stack
from lychgate.sources.deployed.checkpoint import Deployed
from tests.engine.groundwork import Groundwork
from tests.engine.harness import TIMEOUT, Engine
from tests.interrupts import heeding

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "platform"
ACME, GLOBEX = "shop.test.acme", "shop.test.globex"

SHOP = """
owner: team-shop
classification: sensitive
tenancy: [acme, globex]
workloads:
  api:
    image: sha256:5f0b8c1e2d3a4f5061728394a5b6c7d8e9f00112233445566778899aabbccdde
    uses: [orders, receipts:write]
resources:
  orders: {kind: queue}
  receipts: {kind: bucket}
"""


@dataclass(slots=True)
class Sync:
    """A sync that is running, or has ended: its progress line by line, and what came of it."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _reader: threading.Thread | None = None

    def follow(self) -> Sync:
        """Read the progress from now on."""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self.lines.append(line.rstrip())
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, line: str) -> Sync:
        """Until the progress has a line."""

        def seen() -> bool:
            return line in self.lines or self.process.poll() is not None

        with self._changed:
            assert self._changed.wait_for(seen, TIMEOUT)
        assert line in self.lines, "\n".join(self.lines)
        return self

    def interrupt(self, number: signal.Signals, *, group: bool = False) -> Sync:
        """Send a signal: to the process, or as a terminal's Ctrl-C to its whole group."""
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self

    def result(self) -> dict[str, Any]:
        """What came of it, as the driver says."""
        found: dict[str, Any] = json.loads(self.expect(0).splitlines()[-1])
        return found

    def expect(self, *statuses: int) -> str:
        """What it printed, if it ended as expected; otherwise the test fails and shows all."""
        stdout = self.process.stdout.read() if self.process.stdout else ""
        self.process.wait(TIMEOUT)
        assert self._reader is not None
        self._reader.join()
        assert self.process.returncode in statuses, f"exit {self.process.returncode}\n{stdout}\n" + "\n".join(
            self.lines
        )
        return stdout


@dataclass(slots=True)
class Platform:
    """A copy of the example's environments with one small application, and a backend of files.

    Where it has a `cloud`, what the environment `test` is made of really exists there.
    """

    engine: Engine
    base: Path
    cloud: Groundwork | None = None

    @classmethod
    def make(cls, engine: Engine, cloud: Groundwork | None = None) -> Platform:
        """The platform, in a folder of the engine's."""
        made = cls(engine, engine.work / "company", cloud)
        folder = made.base / "platform"
        (folder / "environments").mkdir(parents=True)
        (folder / "applications").mkdir()
        for name in ("platform.yaml", "tenants.yaml"):
            (folder / name).write_text((EXAMPLE / name).read_text())
        for file in (EXAMPLE / "environments").iterdir():
            text = file.read_text().split("\nstate:\n")
            rest = text[1].split("\n", 2)[2]
            state = f"state:\n  backend: {made.backend}\n  secrets_provider: passphrase\n"
            (folder / "environments" / file.name).write_text(f"{text[0]}\n{state}{rest}")
        if cloud is not None:
            cloud.place(folder / "environments" / "test.yaml")
        (made.base / "lychgate.yaml").write_text("platform: platform\n")
        made.write(SHOP)
        return made

    @property
    def backend(self) -> str:
        """Where its states are."""
        return self.engine.environment(self.log_file)["PULUMI_BACKEND_URL"]

    @property
    def log_file(self) -> Path:
        """What the test providers did."""
        return self.engine.work / "provider.jsonl"

    def write(self, shop: str) -> None:
        """Another application."""
        (self.base / "platform" / "applications" / "shop.yaml").write_text(shop)

    def start(
        self,
        stack: str = ACME,
        *,
        remove: bool = False,
        pack_config: Mapping[str, Any] | None = None,
        packs: Sequence[Path] = (),
        waived: Sequence[tuple[str, str]] = (),
        at_up: Mapping[str, str] | None = None,
        **variables: str,
    ) -> Sync:
        """Begin a sync of a stack; `variables` are of the environment, such as those of the test provider."""
        request = {"base": str(self.base), "stack": stack, "remove": remove, "pack_config": dict(pack_config or {})}
        request |= {"packs": [*map(str, packs)], "waived": [*waived], "at_up": dict(at_up or {})}
        file = self.engine.work / f"request-{os.urandom(4).hex()}.json"
        file.write_text(json.dumps(request))
        return self._begin([sys.executable, "-m", "tests.engine.sync_driver", str(file)], ROOT, variables)

    def _begin(self, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Sync:
        environment = self.engine.environment(self.log_file) | variables
        environment.pop("PULUMI_BACKEND_URL")
        process = subprocess.Popen(
            heeding(*command), cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        return Sync(process).follow()

    def command(self, *arguments: str, **variables: str) -> Sync:
        """Begin a command of `lychgate`, as a user calls it, with the cloud's credentials."""
        lychgate = str(Path(sys.executable).parent / "lychgate")
        credentials = self.cloud.variables() if self.cloud else {}
        return self._begin([lychgate, *arguments], self.base, {**credentials, **variables})

    def records(self) -> list[dict[str, Any]]:
        """What is on record, the oldest first."""
        files = sorted((self.base / ".lychgate" / "records").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        return [json.loads(file.read_text()) for file in files]

    def sync(self, stack: str = ACME, **options: Any) -> dict[str, Any]:
        """A whole sync, and what came of it."""
        return self.start(stack, **options).result()

    def log(self, *operations: str) -> list[str]:
        """The URNs of the resources that the test providers did something to."""
        lines = self.log_file.read_text().splitlines() if self.log_file.exists() else []
        return [one["urn"] for one in map(json.loads, lines) if not operations or one["operation"] in operations]

    def state(self, stack: str = ACME) -> Deployed | None:
        """What is deployed."""
        return read_stack(self.backend, "platform", stack)

    def urns(self, stack: str = ACME) -> set[str]:
        """The URNs of what is deployed."""
        state = self.state(stack)
        return {one.urn for one in state.graph.resources} if state else set()

    def locks(self, stack: str = ACME) -> list[Lock]:
        """Who holds a stack."""
        return locks(self.backend, "platform", stack)
